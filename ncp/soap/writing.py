"""Writing a SOAP 1.2 message: assertions go in byte for byte, documents inline or as MTOM parts.

An assertion is signed over its canonical form; a parser that reads and writes it again may move
namespaces and break the signature. So the envelope is text around bytes that are never parsed, and
it declares prefixes only, no default namespace that an assertion could inherit.
"""

from __future__ import annotations

import base64
import copy
import re
import uuid
from collections.abc import Sequence
from xml.sax.saxutils import escape

from lxml import etree

from ncp.codes import SOAP, WSA, WSA_ANONYMOUS, WSSE, XDS, XOP
from ncp.soap import mime
from ncp.soap.safe import checked

DOCUMENT = f"{{{XDS}}}Document"

_PROLOG = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml\s[^>]*\?>)?\s*")


def write(
    body: etree._Element,
    *,
    action: str,
    to: str = "",
    message_id: str = "",
    relates_to: str = "",
    assertions: Sequence[bytes] = (),
) -> bytes:
    """Return a message as UTF-8.

    Args:
        body: the one element of the body.
        action: ``wsa:Action``, which must be understood.
        to: address of the receiver.
        message_id: ``urn:uuid:...``; a request without one gets a new one.
        relates_to: message id of the request; makes the message an answer.
        assertions: SAML assertions in their order; an XML declaration before one is left out,
            every other byte stays.

    Raises:
        InputError: a character that XML cannot carry.
        ValueError: an assertion that is not one UTF-8 element.
    """
    content = etree.tostring(body, encoding="UTF-8", xml_declaration=False, with_tail=False)
    head = _head(action, to, message_id, relates_to)
    security = _security(assertions)
    return b"".join(
        (head, security, b"</env:Header><env:Body>", content, b"</env:Body></env:Envelope>")
    )


def write_mtom(
    body: etree._Element,
    *,
    action: str,
    to: str = "",
    message_id: str = "",
    relates_to: str = "",
    assertions: Sequence[bytes] = (),
) -> tuple[bytes, str]:
    """Return a message with its documents as parts of their own, and the Content-Type.

    The base64 text of every ``xds:Document`` becomes an ``xop:Include``; ``body`` itself stays as
    it is. Arguments and errors as in ``write``.
    """
    body = copy.deepcopy(body)
    attachments: dict[str, bytes] = {}
    for document in body.iter(DOCUMENT):
        name = f"{uuid.uuid4().hex}@ehds"
        attachments[name] = base64.b64decode(document.text or "")
        document.text = None
        etree.SubElement(document, f"{{{XOP}}}Include", {"href": f"cid:{name}"}, nsmap={"xop": XOP})
    message = write(
        body, action=action, to=to, message_id=message_id, relates_to=relates_to,
        assertions=assertions,
    )  # fmt: skip
    return mime.join(message, attachments, action)


def content_type(action: str) -> str:
    """Return the Content-Type of a message without attachments."""
    return f'{mime.SOAP_TYPE}; charset=UTF-8; action="{action}"'


def _head(action: str, to: str, message_id: str, relates_to: str) -> bytes:
    if not (message_id or relates_to):
        message_id = f"urn:uuid:{uuid.uuid4()}"
    parts = [f'<env:Envelope xmlns:env="{SOAP}" xmlns:wsa="{WSA}"><env:Header>']
    if to:
        parts.append(f"<wsa:To>{_text(to)}</wsa:To>")
    if message_id:
        parts.append(f"<wsa:MessageID>{_text(message_id)}</wsa:MessageID>")
    parts.append(f'<wsa:Action env:mustUnderstand="1">{_text(action)}</wsa:Action>')
    if relates_to:
        parts.append(f"<wsa:RelatesTo>{_text(relates_to)}</wsa:RelatesTo>")
    else:
        parts.append(f"<wsa:ReplyTo><wsa:Address>{WSA_ANONYMOUS}</wsa:Address></wsa:ReplyTo>")
    return "".join(parts).encode()


def _security(assertions: Sequence[bytes]) -> bytes:
    if not assertions:
        return b""
    start = f'<wsse:Security xmlns:wsse="{WSSE}" env:mustUnderstand="1">'.encode()
    return b"".join((start, *map(_bare, assertions), b"</wsse:Security>"))


def _bare(assertion: bytes) -> bytes:
    """The element alone: a declaration may not stand inside a document."""
    found = _PROLOG.match(assertion)
    element = assertion[found.end() :] if found else assertion
    if not element.startswith(b"<") or element.startswith(b"<!"):
        raise ValueError("an assertion is one XML element in UTF-8, without DOCTYPE")
    return element.rstrip()


def _text(text: str) -> str:
    return escape(checked(text))
