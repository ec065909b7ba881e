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
}  # fmt: skip
_CELLS = frozenset({"th", "td"})
_ONLY_IN_TABLES = frozenset({"table", "thead", "tbody", "tfoot", "tr"})
_ID = re.compile(r"[A-Za-z_][\w.-]{0,120}", re.ASCII)
_SPACES = re.compile(r"\s+")
_NUMBER = re.compile(r"[1-9][0-9]{0,3}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Z]{2})?")
_STYLES = {"bold": "b", "italics": "i", "underline": "u"}


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
        parts = [_words(element.text, parent)]
        for child in element.iterchildren(etree.Element):
            parts.append(self._element(child, parent))
            parts.append(_words(child.tail, parent))
        return "".join(parts)

    def _element(self, element: etree._Element, parent: str) -> str:
        name = local_name(element)
        tag = _TAGS.get(name, "")
        if tag == "br":
            return "<br/>"
        if tag == "ul" and element.get("listType") == "ordered":
            tag = "ol"
        if tag == "caption" and parent != "table":
            tag = "p"
        if name == "colgroup" or name == "col":
            return ""
        inside = self._inside(element, tag or parent)
        if not tag or not _fits(tag, parent):
            return inside
        if tag in ("ul", "ol", "tr", "table", "tbody", "thead", "tfoot") and not inside.strip():
            return ""
        attributes = self._attributes(element, tag)
        for style in (element.get("styleCode") or "").lower().split():
            mark = _STYLES.get(style)
            if mark and tag == "span":
                inside = f"<{mark}>{inside}</{mark}>"
        return f"<{tag}{attributes}>{inside}</{tag}>"

    def _attributes(self, element: etree._Element, tag: str) -> str:
        if not element.attrib:
            return ""
        found = []
        own = element.get("ID") or ""
        if _ID.fullmatch(own) and own not in self.ids:
            self.ids.add(own)
            found.append(f' id="{own}"')
        language = element.get("language") or ""
        if _LANGUAGE.fullmatch(language):
            found.append(f' lang="{language}" xml:lang="{language}"')
        if tag in _CELLS:
            for key in ("colspan", "rowspan"):
                if _NUMBER.fullmatch(element.get(key) or ""):
                    found.append(f' {key}="{element.get(key)}"')
        link = (element.get("href") or "").strip()
        if tag == "a" and re.match(r"https?://|#|mailto:", link):
            found.append(f' href="{escape(clean(link), quote=True)}"')
        return "".join(found)


def _words(text: str | None, parent: str) -> str:
    if not text or ((parent in _ONLY_IN_TABLES or parent in ("ul", "ol")) and not text.strip()):
        return ""
    if "  " in text or not text.isprintable():
        text = clean(_SPACES.sub(" ", text))
    return escape(text, quote=False)


def _fits(tag: str, parent: str) -> bool:
    """Whether HTML admits the element there; otherwise only what is in it is written."""
    allowed = {
        "tr": ("table", "thead", "tbody", "tfoot"),
        "td": ("tr",),
        "th": ("tr",),
        "li": ("ul", "ol"),
        "thead": ("table",),
        "tbody": ("table",),
        "tfoot": ("table",),
    }
    return parent in allowed[tag] if tag in allowed else not (tag == "p" and parent == "p")
