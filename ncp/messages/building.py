"""Making elements: one place where text becomes XML and a character that cannot is told."""

from __future__ import annotations

from lxml import etree

from ncp.soap.safe import checked


def add(
    parent: etree._Element,
    tag: str,
    attributes: dict[str, str] | None = None,
    text: str | None = None,
) -> etree._Element:
    """Append an element.

    Args:
        parent: where it goes.
        tag: ``{namespace}name``.
        attributes: attributes by name.
        text: its text, or None.

    Raises:
        InputError: a character that XML cannot carry.
    """
    try:
        child = etree.SubElement(parent, tag, attributes)
        if text is not None:
            child.text = text
    except ValueError:
        for value in (*(attributes or {}).values(), text or ""):
            checked(value)
        raise
    return child
