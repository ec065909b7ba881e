"""Does the balance hold? Every leaf of a message must stand under some place of the loss report."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from lxml import etree

from ips import xml
from ips.eresept.sweep import UNKNOWN
from ips.loss import LossReport


def leaves(content: bytes) -> Iterator[str]:
    """Yield the place of every element that says something, inside base64 too."""
    yield from _leaves(etree.fromstring(content), "")


def _leaves(root: etree._Element, prefix: str) -> Iterator[str]:
    for element in root.iter(etree.Element):
        place = prefix + xml.xpath(element)
        if xml.local(element) == "Base64Container":
            text = "".join((element.text or "").split())
            if text:
                yield from _leaves(etree.fromstring(base64.b64decode(text)), place)
        elif (element.text or "").strip() or element.get("V") or element.get("DN"):
            yield place


def unaccounted(content: bytes, loss: LossReport) -> list[str]:
    """Return the leaves that no note of the loss report names."""
    noted = {item.element for item in loss.items}
    return [leaf for leaf in leaves(content) if not _named(leaf, noted)]


def unforeseen(loss: LossReport) -> list[str]:
    """Return the places that only the last sweep named."""
    return [item.element for item in loss.items if item.reason == UNKNOWN]


def _named(leaf: str, noted: set[str]) -> bool:
    if leaf in noted:
        return True
    steps = leaf.split("/")
    return any("/".join(steps[:n]) in noted for n in range(2, len(steps)))
