"""Narrative safety: the XHTML that FHIR allows (txt-1, txt-2; R4 2.4.0), and nothing else.

A summary from another country is shown to a clinician as it came; its narrative is the one place
where it could carry script, forms, styles that hide text, or calls to other servers.
"""

from __future__ import annotations

import re
from html.entities import html5
from xml.parsers import expat

TAGS = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "b",
        "big",
        "blockquote",
        "br",
        "caption",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "ins",
        "li",
        "ol",
        "p",
        "pre",
        "q",
        "samp",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
        "kbd",
        "strike",
    ]
)
ATTRIBUTES = frozenset(
    [
        "title",
        "style",
        "class",
        "id",
        "lang",
        "xml:lang",
        "xml:space",
        "dir",
        "accesskey",
        "tabindex",
        "span",
        "width",
        "align",
        "valign",
        "char",
        "charoff",
        "abbr",
        "axis",
        "headers",
        "scope",
        "rowspan",
        "colspan",
        "summary",
        "border",
        "frame",
        "rules",
        "cellspacing",
        "cellpadding",
        "nowrap",
        "cite",
        "compact",
        "start",
        "type",
        "value",
        "datetime",
        "xmlns",
        "idref",
        "bgcolor",
    ]
)
OWN_ATTRIBUTES = {
    "a": frozenset(
        ["href", "name", "rel", "rev", "hreflang", "charset", "type", "shape", "coords", "target"]
    ),
    "img": frozenset(["src", "alt", "height", "width", "longdesc", "usemap", "ismap"]),
}
VOID = frozenset(["br", "col", "hr", "img"])
XHTML = "http://www.w3.org/1999/xhtml"

_TAG = re.compile(r"<(?:[^>\"']|\"[^\"]*\"|'[^']*')*>")
_SIMPLE_TAG = re.compile(r"<[^>]*>")
_WORD = re.compile(r">\s*[^<\s]")
_OPEN = re.compile(
    r"^<([A-Za-z][A-Za-z0-9]*)((?:\s+[A-Za-z][\w:.-]*\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*)\s*(/?)>$"
)
_CLOSE = re.compile(r"^</([A-Za-z][A-Za-z0-9]*)\s*>$")
_ATTRIBUTE = re.compile(r"([A-Za-z][\w:.-]*)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_COMMENT = re.compile(r"<!--(?:(?!--).)*-->", re.DOTALL)
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9A-Fa-f]+|([A-Za-z][A-Za-z0-9]*));")
_SAFE_LINK = re.compile(r"^(https?:|mailto:|tel:|#|[^:]*$)", re.IGNORECASE)
_SAFE_IMAGE = re.compile(r"^(data:image/(png|gif|jpe?g|svg\+xml)?;|#|[^:/][^:]*$)", re.IGNORECASE)
_BAD_STYLE = re.compile(
    r"(?i)expression\s*\(|url\s*\(|javascript:|@import|behavior\s*:|-moz-binding"
)

_known: dict[str, tuple[str, int]] = {}
"""Tags already judged safe: name and +1 open, -1 close, 0 empty. Bounded."""
_roots: set[str] = set()
_MAX_KNOWN = 20_000


def problems(div: object) -> list[tuple[str, str]]:
    """Judge the ``div`` of a Narrative.

    Returns:
        Pairs of rule (txt-1, txt-2) and what is wrong; an empty list when all is well.
    """
    if not isinstance(div, str):
        return [("txt-1", "the narrative is not text")]
    if _clean(div):
        return []
    text = _COMMENT.sub("", div) if "<!--" in div else div
    tags = _TAG.findall(text)
    words = _TAG.split(text)
    found = _structure(tags, words)
    if "&" in text:
        found += _characters(text)
    if not found and not any(w and not w.isspace() for w in words) and "<img" not in text:
        found.append(("txt-2", "the narrative has no content"))
    return found


def _clean(div: str) -> bool:
    """Whether a narrative is surely in order: known tags, well-formed, some text in it."""
    tags = _SIMPLE_TAG.findall(div)
    if not tags or not _known.keys() >= set(tags) or tags[0] not in _roots:
        return False
    if not div.startswith("<div") or not _WORD.search(div):
        return False
    try:
        expat.ParserCreate().Parse(div, True)
    except expat.ExpatError:
        return False
    return True


def _structure(tags: list[str], words: list[str]) -> list[tuple[str, str]]:
    """Judge the elements and how they are nested."""
    found: list[tuple[str, str]] = []
    if not tags or not tags[0].startswith("<div") or words[0].strip():
        return [("txt-1", "the narrative does not begin with a div element")]
    if XHTML in tags[0]:
        _roots.add(tags[0])
    else:
        found.append(("txt-1", f"the div is not in the namespace {XHTML}"))
    stack: list[str] = []
    last = len(tags) - 1
    for at, tag in enumerate(tags):
        judged = _known[tag] if tag in _known else _judge(tag, found)
        if judged is None:
            return found or [("txt-1", f"not well-formed: {tag[:60]}")]
        name, step = judged
        if step > 0:
            stack.append(name)
        elif step < 0:
            if not stack or stack.pop() != name:
                return [*found, ("txt-1", f"not well-formed: </{name}> closes nothing")]
            if not stack and at < last:
                return [*found, ("txt-1", "content after the closing div")]
    if stack:
        found.append(("txt-1", f"not well-formed: <{stack[-1]}> is not closed"))
    elif words[-1].strip() or any("<" in w for w in words if w):
        found.append(("txt-1", "not well-formed: content outside the div, or a bare <"))
    return found


def _judge(tag: str, found: list[tuple[str, str]]) -> tuple[str, int] | None:
    """Judge a tag by itself; a safe one is remembered."""
    closing = _CLOSE.match(tag)
    if closing:
        return _remember(tag, (closing[1], -1))
    opening = _OPEN.match(tag)
    if not opening:
        if tag.startswith(("<!", "<?")):
            found.append(
                ("txt-1", "declarations, CDATA and processing instructions are not allowed")
            )
        return None
    name, attributes, empty = opening.groups()
    wrong = _attribute_problems(name, attributes)
    if name not in TAGS:
        wrong.append(f"the element <{name}> is not allowed")
    found.extend(("txt-1", what) for what in wrong)
    judged = (name, 0 if empty else 1)
    return judged if wrong else _remember(tag, judged)


def _remember(tag: str, judged: tuple[str, int]) -> tuple[str, int]:
    if len(_known) > _MAX_KNOWN:
        _known.clear()
        _roots.clear()
    if len(tag) < 400:
        _known[tag] = judged
    return judged


def _attribute_problems(name: str, attributes: str) -> list[str]:
    wrong = []
    seen = set()
    for match in _ATTRIBUTE.finditer(attributes):
        key, value = match[1], match[2] if match[2] is not None else match[3]
        if key in seen:
            wrong.append(f"the attribute {key} stands twice on <{name}>")
        seen.add(key)
        if key == "xmlns" and value != XHTML:
            wrong.append(f"the namespace {value[:60]} is not allowed")
        if key not in ATTRIBUTES and key not in OWN_ATTRIBUTES.get(name, ()):
            wrong.append(f"the attribute {key} is not allowed on <{name}>")
        elif key == "href" and not _SAFE_LINK.match(_plain(value)):
            wrong.append(f"a link to {value[:60]} is not allowed")
        elif key == "src" and not _SAFE_IMAGE.match(_plain(value)):
            wrong.append(f"an image from {value[:60]} is not allowed")
        elif key == "style" and _BAD_STYLE.search(_plain(value)):
            wrong.append("the style calls something outside the narrative")
    return wrong


def _plain(value: str) -> str:
    """Return an attribute value without what hides its scheme: entities and white space."""
    import html

    return "".join(html.unescape(value).split())


def _characters(text: str) -> list[tuple[str, str]]:
    """Judge entities: those of XML and HTML by name, and numbers."""
    for at in (m.start() for m in re.finditer("&", text)):
        entity = _ENTITY.match(text, at)
        if entity is None or (entity[1] and f"{entity[1]};" not in html5):
            return [("txt-1", f"not an entity: {text[at : at + 12]!r}")]
    return []
