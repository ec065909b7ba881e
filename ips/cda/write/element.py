"""Building XML elements of CDA: a child in one line, and the names of the two namespaces."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from lxml import etree

from ips.cda.names import PHARM, V3, XSI

Element = etree._Element

NAMESPACES: Any = {None: V3, "pharm": PHARM, "xsi": XSI}
TYPE = f"{{{XSI}}}type"

_UNPRINTABLE = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
_TAGS = {"": f"{{{V3}}}", "pharm": f"{{{PHARM}}}"}
_new = etree.SubElement
_TEMPLATE = f"{{{V3}}}templateId"
_NAMES = {"type_": TYPE, "class_": "classCode"}


def add(parent: Element, name: str, text: str = "", /, **attributes: str) -> Element:
    """Append a child and return it.

    Args:
        parent: the element.
        name: local name; ``pharm:formCode`` for the pharmacy extension.
        text: character content.
        attributes: those that are empty are left out; ``type_`` is ``xsi:type``, ``class_`` is
            ``classCode``.
    """
    child = _new(parent, _tag(name))
    for key, value in attributes.items():
        if value:
            shown = value if value.isprintable() else printable(value)
            if shown:
                child.set(_NAMES.get(key, key), shown)
    if text:
        child.text = printable(text)
    return child


@cache
def _tag(name: str) -> str:
    prefix, _, local = name.rpartition(":")
    return _TAGS[prefix] + local


def put(element: Element, name: str, value: str) -> None:
    """Set an attribute to a text of foreign origin; an empty one is left out."""
    text = printable(value)
    if text:
        element.set(name, text)


def templates(parent: Element, *roots: str) -> None:
    """Append template ids."""
    for root in roots:
        _new(parent, _TEMPLATE).set("root", root)


def root(name: str) -> Element:
    """Return a new element that stands alone."""
    return etree.Element(f"{{{V3}}}{name}", nsmap=NAMESPACES)


def printable(text: str) -> str:
    """Return text without the characters that XML 1.0 cannot carry."""
    return text if text.isprintable() else _UNPRINTABLE.sub("", text)
