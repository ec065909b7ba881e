"""One XML element under reading (KITH messages): values come out typed, the rest is reported.

KITH types: ``V`` is the code or value, ``DN`` its name, ``S`` the code system, ``OT`` the original
text, ``U`` the unit. Namespaces change between versions of a message, so names are local.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from lxml import etree

from ips import xml
from ips.loss import Fate
from ips.sources import dates
from ips.sources.base import Reading
from ips.sources.treatment import Code


class Element:
    """An XML element with its place; an absent one is empty and answers nothing."""

    def __init__(self, element: etree._Element | None, reading: Reading, root: str = "") -> None:
        self.element = element
        self.reading = reading
        self.root = root
        self._read: dict[etree._Element, Element] = {}

    def __bool__(self) -> bool:
        """Whether the element is there."""
        return self.element is not None

    @property
    def path(self) -> str:
        """The place of the element; inside base64 it starts with the place of the container."""
        return self.root + (xml.xpath(self.element) if self.element is not None else "")

    @property
    def value(self) -> str:
        """The text of the element itself, with single blanks at line level kept."""
        if self.element is None:
            return ""
        return (self.element.text or "").strip()

    def attribute(self, name: str) -> str:
        """Return an attribute, empty when absent."""
        return "" if self.element is None else (self.element.get(name) or "").strip()

    def child(self, name: str) -> Element:
        """Return the first child of a name; an empty element when there is none."""
        return next(self.children(name), Element(None, self.reading, f"{self.path}/{name}"))

    def children(self, name: str) -> Iterator[Element]:
        """Yield the children of a name."""
        if self.element is None:
            return
        for child in xml.children(self.element, name):
            yield self._child(child)

    def _child(self, child: etree._Element) -> Element:
        if child not in self._read:
            self._read[child] = Element(child, self.reading, self.root)
        return self._read[child]

    def text(self, name: str) -> str:
        """Return the text of a child, or its ``V`` where it has no text."""
        child = self.child(name)
        return child.value or child.attribute("V")

    def code(self, name: str) -> Code:
        """Return a coded child (CS or CV)."""
        return self.child(name).as_code()

    def as_code(self) -> Code:
        """Return the element itself as a code with its name."""
        return Code(self.attribute("V"), self.attribute("DN") or self.attribute("OT") or self.value)

    def flag(self, name: str) -> bool:
        """Return a boolean child; absent is false."""
        return self.text(name).lower() in ("true", "1")

    def number(self, name: str) -> float | None:
        """Return a number: the text or the ``V`` of a child; a wrong one is a fault."""
        written = self.text(name).replace(",", ".")
        if not written:
            return None
        try:
            found = float(written)
        except ValueError:
            found = float("nan")
        if not -1e12 < found < 1e12:
            self.reading.fault(f"«{written[:40]}» is not a number", self.child(name).path)
            return None
        return found

    def date(self, name: str) -> str:
        """Return a FHIR date; an impossible one is a fault."""
        return self._dated(name, dates.date)

    def moment(self, name: str) -> str:
        """Return a FHIR dateTime; an impossible one is a fault."""
        found = self._dated(name, dates.moment)
        if found and not dates.has_zone(self.text(name)):
            self.reading.lose(self.child(name).path, self.text(name), Fate.APPROXIMATE,
                              "The source names no time zone; the time is read as Norwegian "
                              "time.")  # fmt: skip
        return found

    def _dated(self, name: str, convert: Callable[[str], str]) -> str:
        written = self.text(name)
        if not written:
            return ""
        try:
            return convert(written)
        except ValueError as error:
            place = self.child(name).path
            self.reading.fault(f"«{written[:40]}»: {error}", place, rule="xs:date and xs:dateTime")
            self.reading.lose(place, written, Fate.NOT_CARRIED, f"The date is wrong: {error}.")
            return ""

    def skip(self, *names: str) -> None:
        """Count children as read that deliberately need no report."""
        for name in names:
            for child in self.children(name):
                child.skip_all()

    def skip_all(self) -> None:
        """Count everything below as read."""
        if self.element is not None:
            for child in xml.children(self.element):
                self._child(child).skip_all()

    def set_aside(self, name: str, reason: str, obligations: Iterable[str] = ()) -> None:
        """Report children that are known and deliberately not carried."""
        for child in self.children(name):
            self.reading.lose(child.path, child.shown(), Fate.NOT_CARRIED, reason, obligations)
            child.skip_all()

    def shown(self) -> str:
        """Return the content as one line for the loss report."""
        if self.element is None:
            return ""
        parts = []
        for element in self.element.iter():
            if isinstance(element.tag, str):
                words = [element.get("V"), element.get("U"), element.get("DN"), element.text]
                parts += [word.strip() for word in words if word and word.strip()]
            if len(parts) > 40:
                break
        return " ".join(dict.fromkeys(parts))[:300]

    def rest(self, obligations: Iterable[str] = ()) -> None:
        """Report every element below that was never asked for."""
        if self.element is None:
            return
        for child in xml.children(self.element):
            if child in self._read:
                self._read[child].rest(obligations)
            else:
                untouched = Element(child, self.reading, self.root)
                self.reading.lose(untouched.path, untouched.shown(), Fate.NOT_CARRIED,
                                  "The European document has no place for this element.",
                                  obligations)  # fmt: skip
