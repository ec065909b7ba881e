"""Building XML elements of CDA: a child in one line, and the document as text.

A document is built once, from the top, and written once; elements of our own do that in half the
time of a tree that can be searched and edited.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ips.cda.names import PHARM, V3, XSI

_UNPRINTABLE = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
_NAMES = {"type_": "xsi:type", "class_": "classCode"}
_HEAD = "<?xml version='1.0' encoding='UTF-8'?>\n"
_SPACES = {"xmlns": V3, "xmlns:pharm": PHARM, "xmlns:xsi": XSI}
_odd = re.compile('[&<>"\t\n\r]').search
_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_IN_VALUE = _IN_TEXT | str.maketrans({'"': "&quot;", "\t": "&#9;", "\n": "&#10;"})


class Element:
    """An element under construction.

    Attributes:
        name: local name; ``pharm:formCode`` for the pharmacy extension; empty for bare text
            between elements.
        text: character content before the first child; None when there is none.
        attributes: by their name in the document.
        parts: the children.
    """

    __slots__ = ("attributes", "name", "parts", "text")

    def __init__(self, name: str, text: str | None = None) -> None:
        self.name = name
        self.text = text
        self.attributes: dict[str, str] = {}
        self.parts: list[Element] = []

    def set(self, name: str, value: str) -> None:
        """Set an attribute to a value that XML can carry."""
        self.attributes[name] = value

    def place(self, name: str) -> int:
        """Return the place of the first child of a name."""
        return next(i for i, part in enumerate(self.parts) if part.name == name)

    def words(self) -> str:
        """Return all its text, without blanks at the ends and with single ones between."""
        return " ".join("".join(self._said()).split())

    def _said(self) -> list[str]:
        return [self.text or "", *(said for part in self.parts for said in part._said())]


def add(parent: Element, name: str, text: str = "", /, **attributes: str) -> Element:
    """Append a child and return it.

    Args:
        parent: the element.
        name: local name; ``pharm:formCode`` for the pharmacy extension.
        text: character content.
        attributes: those that are empty are left out; ``type_`` is ``xsi:type``, ``class_`` is
            ``classCode``.
    """
    child = Element(name, printable(text) if text else None)
    parent.parts.append(child)
    if attributes:
        into = child.attributes
        for key, value in attributes.items():
            if value:
                shown = value if value.isprintable() else printable(value)
                if shown:
                    into[_NAMES.get(key, key)] = shown
    return child


def put(element: Element, name: str, value: str) -> None:
    """Set an attribute to a text of foreign origin; an empty one is left out."""
    text = printable(value)
    if text:
        element.attributes[name] = text


def templates(parent: Element, *roots: str) -> None:
    """Append template ids."""
    for root in roots:
        child = Element("templateId")
        child.attributes["root"] = root
        parent.parts.append(child)


def document(name: str) -> Element:
    """Return the outermost element of a document."""
    made = Element(name)
    made.attributes.update(_SPACES)
    return made


def printable(text: str) -> str:
    """Return text without the characters that XML 1.0 cannot carry."""
    return text if text.isprintable() else _UNPRINTABLE.sub("", text)


def to_bytes(document: Element) -> bytes:
    """Return a document as UTF-8."""
    out = [_HEAD]
    _write(document, out.append)
    out.append("\n")
    return "".join(out).encode()


def _write(element: Element, put: Callable[[str], None]) -> None:
    name, text = element.name, element.text
    head = f"<{name}"
    for key, value in element.attributes.items():
        head += f' {key}="{value.translate(_IN_VALUE) if _odd(value) else value}"'
    if text and _odd(text):
        text = text.translate(_IN_TEXT)
    if not name:
        put(text or "")
    elif element.parts:
        put(f"{head}>{text or ''}")
        for part in element.parts:
            _write(part, put)
        put(f"</{name}>")
    else:
        put(f"{head}/>" if text is None else f"{head}>{text}</{name}>")
