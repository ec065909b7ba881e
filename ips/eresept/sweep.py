"""The last look at a message: what no reader knew is named, so that nothing is lost in silence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from lxml import etree

from ips import xml
from ips.loss import Fate
from ips.sources.base import Reading
from ips.sources.element import Element

UNKNOWN = "Not known to this reader; the European document has no place for it."
_PERSONAL = ("/Patient", "/Sender", "/Utlending", "/Instituert", "/EkspAnm", "/Rekvirent")


def sweep(roots: Iterable[Element], reading: Reading, obligations: Iterable[str]) -> None:
    """Note every element with a value that no note of the loss report covers.

    Args:
        roots: the root of the file, and the roots inside its base64.
        reading: the notebook with the notes so far.
        obligations: ids of the catalogue for the new notes.
    """
    noted = {item.element for item in reading.loss.items}
    inside = {item.element.split("/Base64Container", 1)[0] for item in reading.loss.items
              if "/Base64Container/" in item.element}  # fmt: skip
    for root in roots:
        if root.element is None:
            continue
        start = f"{root.root}/{xml.local(root.element)}"
        for place, element in _uncovered(root.element, start, noted):
            if xml.local(element) == "Base64Container" and place.rpartition("/")[0] in inside:
                continue
            words = [element.get(name) for name in ("V", "U", "DN")]
            shown = " ".join(w for w in (*words, (element.text or "").strip()) if w)
            if any(part in place for part in _PERSONAL):
                shown = "(given)"
            reading.lose(place, shown, Fate.NOT_CARRIED, UNKNOWN, obligations)


def _uncovered(
    element: etree._Element, place: str, noted: set[str]
) -> Iterator[tuple[str, etree._Element]]:
    if place in noted:
        return
    if (element.text or "").strip() or element.get("V") or element.get("DN"):
        yield place, element
    children = list(xml.children(element))
    many = Counter(child.tag for child in children)  # as ips.xml.xpath counts
    seen: Counter[object] = Counter()
    for child in children:
        name = xml.local(child)
        seen[child.tag] += 1
        step = f"{name}[{seen[child.tag]}]" if many[child.tag] > 1 else name
        yield from _uncovered(child, f"{place}/{step}", noted)
