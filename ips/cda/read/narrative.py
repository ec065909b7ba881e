"""The narrative of a CDA section as the XHTML that FHIR admits (R4 narrative, txt-1 and txt-2).

Only a fixed set of elements and attributes is written and every text is escaped, so that nothing
a stranger put there can act; ids are made unique within the document.
"""

from __future__ import annotations

import re
from html import escape

from lxml import etree

from ips.cda.read.node import clean, local_name

_TAGS = {
    "paragraph": "p", "content": "span", "list": "ul", "item": "li", "br": "br", "sub": "sub",
    "sup": "sup", "table": "table", "thead": "thead", "tbody": "tbody", "tfoot": "tfoot",
    "tr": "tr", "th": "th", "td": "td", "caption": "caption", "footnote": "span", "linkHtml": "a",
    "col": "col", "colgroup": "col",
}  # fmt: skip
_SPECIAL = frozenset({"br", "col", "ul", "caption"})
_CELLS = frozenset({"th", "td"})
_ONLY_IN_TABLES = frozenset({"table", "thead", "tbody", "tfoot", "tr"})
_FULL = frozenset({"ul", "ol", *_ONLY_IN_TABLES})
"""Elements that are not written empty."""
_ID = re.compile(r"[A-Za-z_][\w.-]{0,120}", re.ASCII)
_SPACES = re.compile(r"\s+")
_MARKUP = re.compile("[&<>]")
_NUMBER = re.compile(r"[1-9][0-9]{0,3}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Z]{2})?")
_STYLES = {"bold": "b", "italics": "i", "underline": "u"}

_INSIDE = {
    "tr": ("table", "thead", "tbody", "tfoot"), "td": ("tr",), "th": ("tr",), "li": ("ul", "ol"),
    "thead": ("table",), "tbody": ("table",), "tfoot": ("table",),
}  # fmt: skip
"""Where HTML admits the parts of tables and lists."""


class Narrative:
    """Writes the narrative of the sections of one document.

    Attributes:
        ids: ids already given in the document.
    """

    def __init__(self) -> None:
        self.ids: set[str] = set()

    def div(self, text: etree._Element | None, lang: str, otherwise: str) -> str:
        """Return the ``div`` of a section.

        Args:
            text: the ``text`` of the section, or None.
            lang: language of the document.
            otherwise: the sentence that stands where there are no words.
        """
        body = self._inside(text, "div") if text is not None else ""
        if not re.sub(r"<[^>]*>", "", body).strip():
            body = f"<p>{escape(otherwise)}</p>"
        tag = escape(lang, quote=True)
        return (
            f'<div xmlns="http://www.w3.org/1999/xhtml" lang="{tag}" xml:lang="{tag}">{body}</div>'
        )

    def _inside(self, element: etree._Element, parent: str) -> str:
        if not len(element):
            return _words(element.text, parent)
        parts = [_words(element.text, parent)]
        for child in element:
            if isinstance(child.tag, str):
                parts.append(self._element(child, parent))
                parts.append(_words(child.tail, parent))
        return "".join(parts)

    def _element(self, element: etree._Element, parent: str) -> str:
        tag = _TAGS.get(local_name(element), "")
        if tag in _SPECIAL:
            if tag == "br":
                return "<br/>"
            if tag == "col":
                return ""
            if tag == "ul" and element.get("listType") == "ordered":
                tag = "ol"
            if tag == "caption" and parent != "table":
                tag = "p"
        inside = self._inside(element, tag or parent)
        if not tag or not _fits(tag, parent):
            return inside
        if tag in _FULL and not inside.strip():
            return ""
        attributes = self._attributes(element, tag)
        for style in (element.get("styleCode") or "").lower().split() if tag == "span" else ():
            mark = _STYLES.get(style)
            if mark:
                inside = f"<{mark}>{inside}</{mark}>"
        return f"<{tag}{attributes}>{inside}</{tag}>"

    def _attributes(self, element: etree._Element, tag: str) -> str:
        if not element.keys():
            return ""
        found = []
        own = element.get("ID") or ""
        if own and own not in self.ids and _ID.fullmatch(own):
            self.ids.add(own)
            found.append(f' id="{own}"')
        language = element.get("language")
        if language and _LANGUAGE.fullmatch(language):
            found.append(f' lang="{language}" xml:lang="{language}"')
        for key in ("colspan", "rowspan") if tag in _CELLS else ():
            if _NUMBER.fullmatch(element.get(key) or ""):
                found.append(f' {key}="{element.get(key)}"')
        link = (element.get("href") or "").strip() if tag == "a" else ""
        if re.match(r"https?://|#|mailto:", link):
            found.append(f' href="{escape(clean(link), quote=True)}"')
        return "".join(found)


def _words(text: str | None, parent: str) -> str:
    if not text or ((parent in _ONLY_IN_TABLES or parent in ("ul", "ol")) and not text.strip()):
        return ""
    if "  " in text or not text.isprintable():
        text = clean(_SPACES.sub(" ", text))
    return escape(text, quote=False) if _MARKUP.search(text) else text


def _fits(tag: str, parent: str) -> bool:
    """Whether HTML admits the element there; otherwise only what is in it is written."""
    return parent in _INSIDE[tag] if tag in _INSIDE else not (tag == "p" and parent == "p")
