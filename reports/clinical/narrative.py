"""A stranger's narrative, written anew from elements that cannot do harm."""

from __future__ import annotations

from lxml import etree
from markupsafe import Markup, escape

from ips.show import clean, narrative_lines

_KEPT = frozenset(
    {"p", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "ul", "ol", "li", "b",
     "i", "em", "strong", "br", "span", "dl", "dt", "dd", "sub", "sup"}
)  # fmt: skip
_AS = {"div": "div", "h1": "p", "h2": "p", "h3": "p", "h4": "p", "h5": "p", "h6": "p"}
_DROPPED = frozenset(
    {"script", "style", "iframe", "object", "embed", "svg", "math", "form", "template", "noscript",
     "head", "title", "video", "audio"}
)  # fmt: skip
_SPANS = ("colspan", "rowspan")


def safe_narrative(div: str) -> Markup:
    """Return XHTML of a stranger as HTML without attributes, links, pictures, styles or scripts.

    Elements that are not known keep their text and lose their tags; scripts, styles and embedded
    things lose both. What is not well-formed is shown as plain lines.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(div.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        lines = Markup("<br>").join(clean(line) for line in narrative_lines(div))
        return Markup("<p>{}</p>").format(lines)
    pieces: list[Markup] = []
    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        name = _name(element)
        if event == "start":
            if name in _DROPPED:
                walk.skip_subtree()
            else:
                pieces.append(_opening(name, element) + _text(element.text))
            continue
        if event == "end" and name not in _DROPPED:
            pieces.append(_closing(name))
        if element is not root:
            pieces.append(_text(element.tail))
    return Markup("").join(pieces)


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname.lower() if isinstance(element.tag, str) else ""


def _text(text: str | None) -> Markup:
    return escape(clean(text or ""))


def _opening(name: str, element: etree._Element) -> Markup:
    tag = _AS.get(name, name)
    if name not in _KEPT and name not in _AS:
        return Markup("")
    spans = "".join(
        f' {key}="{int(value)}"'
        for key in _SPANS
        if (value := str(element.get(key) or "")).isascii() and value.isdigit() and len(value) < 4
    )
    return Markup(f"<{tag}{spans}>")  # noqa: S704 - a tag of ours and digits


def _closing(name: str) -> Markup:
    tag = _AS.get(name, name)
    if tag == "br" or (name not in _KEPT and name not in _AS):
        return Markup("")
    return Markup(f"</{tag}>")  # noqa: S704 - a tag of ours
