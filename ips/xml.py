"""Reading XML from strangers: no entities, no network, bounded size and depth, clear errors.

A document type declaration is refused before the parser sees it, so that no entity is ever
defined; the text is decoded here, so that no exotic encoding hides one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from data.errors import InputError, Problem
from ips.identifiers import mask

MAX_BYTES = 16 * 1024 * 1024
"""The largest message that is read; a medication list with all its dispensations is far smaller."""
MAX_ELEMENTS = 10_000
"""Elements of one message; a list of fifteen medicines has about a thousand."""
MAX_DEPTH = 256
"""How deep elements may lie in each other; libxml2 goes no deeper."""

_ENCODINGS = {"utf-8": "utf-8", "us-ascii": "utf-8", "ascii": "utf-8", "iso-8859-1": "iso-8859-1",
              "windows-1252": "windows-1252"}  # fmt: skip
_DECLARATION = re.compile(rb"<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_LEAD = re.compile(r"\s*<\?xml\s.*?\?>", re.DOTALL)
_PROLOG = re.compile(r"\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*", re.DOTALL)


def parse(
    content: bytes, *, name: str, limit: int = MAX_BYTES, elements: int = MAX_ELEMENTS
) -> etree._Element:
    """Return the root element of an XML document.

    Args:
        content: the document as it came.
        name: file name for error messages.
        limit: largest size in bytes.
        elements: how many elements it may have; an answer with many documents has more than one
            message.

    Raises:
        InputError: too large, an encoding that is not read, a document type declaration, or not
            well-formed; the place is given as ``name:line``.
    """
    check_size(content, name, limit)
    text = _decode(content, name)
    start = _PROLOG.match(text)
    begin = start.end() if start else 0
    if text.startswith("<!DOCTYPE", begin):
        line = text.count("\n", 0, begin) + 1
        raise InputError(
            Problem("the document declares a document type", f"{name}:{line}",
                    rule="messages are read without DOCTYPE and entities",
                    remedy="remove the <!DOCTYPE …> declaration")
        )  # fmt: skip
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
        huge_tree=False, remove_comments=True, remove_pis=True, encoding="utf-8",
    )  # fmt: skip
    try:
        root = etree.fromstring(_without_declaration(text).encode(), parser)
    except etree.XMLSyntaxError as error:
        raise InputError(_unreadable(error, name)) from None
    if root is None:
        raise InputError(Problem("the document has no element", name))
    # Every element needs three characters at least, which is soon seen of most messages.
    if len(text) > 3 * elements and sum(1 for _ in root.iter()) > elements:
        raise InputError(
            Problem(f"more than {elements} elements in one message", name,
                    remedy="check that this is one patient's message")
        )  # fmt: skip
    return root


def _unreadable(error: etree.XMLSyntaxError, name: str) -> Problem:
    """Say why a document could not be parsed; the limits of libxml2 are named in our words."""
    place = f"{name}:{error.lineno}" if error.lineno else name
    message = error.msg or "unreadable"
    if message.startswith("Start tag expected"):
        return Problem("this is not XML: it does not start with «<»", place,
                       remedy="check that this is the file you meant; JSON, PDF and pictures are "
                              "not read here")  # fmt: skip
    if "XML_PARSE_HUGE" not in message:
        return Problem(f"not well-formed XML: {mask(message)}", place,
                       remedy="fetch the file again; it may be cut off or damaged")  # fmt: skip
    if "depth" in message.lower():
        return Problem(f"elements lie more than {MAX_DEPTH} deep in each other", place,
                       rule="messages are read to a bounded depth",
                       remedy="check that this is the file you meant")  # fmt: skip
    return Problem("one text or attribute is longer than 10 MB", place,
                   rule="a text in XML may have 10 million bytes",
                   remedy="send the attachment (a picture, a PDF) apart from the document, or make "
                          "it smaller")  # fmt: skip


def check_size(content: bytes, name: str, limit: int) -> None:
    """Refuse a content that is empty or larger than a limit in bytes.

    Raises:
        InputError: empty or too large.
    """
    if not content.strip():
        raise InputError(Problem("the file is empty", name, remedy="fetch it again"))
    if len(content) > limit:
        raise InputError(
            Problem(f"{len(content) / 2**20:.1f} MiB is more than the {limit // 2**20} MiB that "
                    "one source file may have", name,
                    remedy="check that this is one patient's file; split a larger export")
        )  # fmt: skip


def _decode(content: bytes, name: str) -> str:
    declared = _DECLARATION.search(content[:512])
    encoding = declared[1].decode().lower() if declared else "utf-8"
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    if encoding not in _ENCODINGS:
        raise InputError(
            Problem(f"the encoding «{encoding}» is not read", f"{name}:1",
                    rule="messages and documents are UTF-8", remedy="save the file as UTF-8")
        )  # fmt: skip
    try:
        return content.removeprefix(b"\xef\xbb\xbf").decode(_ENCODINGS[encoding])
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            Problem(f"byte {content[error.start]:#04x} is not {encoding.upper()}",
                    f"{name}:{line}", remedy="save the file as UTF-8")
        ) from None  # fmt: skip


def _without_declaration(text: str) -> str:
    """Blank out the XML declaration: the text is UTF-8 now, whatever it says (lines stay)."""
    match = _LEAD.match(text)
    if not match:
        return text
    return "\n" * match[0].count("\n") + text[match.end() :]


def local(element: etree._Element) -> str:
    """Return the name of an element without its namespace."""
    tag = str(element.tag)
    return tag[tag.rfind("}") + 1 :]


def namespace(element: etree._Element) -> str:
    """Return the namespace of an element, empty when it has none."""
    return etree.QName(element).namespace or ""


def children(element: etree._Element, name: str = "") -> Iterator[etree._Element]:
    """Yield child elements, all or those of one local name (namespaces vary between versions)."""
    for child in element:
        if isinstance(child.tag, str) and (not name or local(child) == name):
            yield child


def xpath(element: etree._Element) -> str:
    """Return the place of an element, as ``/MsgHead/Document[2]/RefDoc``."""
    parts: list[str] = []
    here: etree._Element | None = element
    while here is not None:
        tag = str(here.tag)
        number = 1 + sum(1 for _ in here.itersiblings(tag, preceding=True))
        alone = number == 1 and next(here.itersiblings(tag), None) is None
        parts.append(local(here) if alone else f"{local(here)}[{number}]")
        here = here.getparent()
    return "/" + "/".join(reversed(parts))
