"""One XML element under reading (KITH messages): values come out typed, the rest is reported.

KITH types: ``V`` is the code or value, ``DN`` its name, ``S`` the code system, ``OT`` the original
text, ``U`` the unit. Namespaces change between versions of a message, so names are local.

A message has some eighty elements, and each is asked for many children that are not there: the
children by name, and their places, are worked out once, when the first of them is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from lxml import etree

from ips import xml
from ips.loss import Fate
from ips.sources import dates
from ips.sources.base import Reading
from ips.sources.treatment import Code

_NOTHING: dict[str, Element] = {}
_ALONE: dict[str, list[Element]] = {}
"""No name that several children share."""
_BARE: Mapping[str, str] = {}
_new = object.__new__
_ENOUGH = 40
"""Words of an element and those below; the loss report shows no more."""


class Element:
    """An XML element with its place; an absent one is empty and answers nothing.

    Attributes:
        element: None when it is absent.
        path: its place, for the loss report and for errors.
        reading: the notebook.
        root: place of the document that it stands in; only the outermost element of one has it.
        value: the text of the element itself, with single blanks at line level kept.
        attributes: as they are written.
    """

    __slots__ = ("_asked", "_done", "_groups", "_names", "_parts", "attributes",
                 "element", "path", "reading", "root", "value")  # fmt: skip

    def __init__(
        self, element: etree._Element | None, reading: Reading, root: str = "", path: str = ""
    ) -> None:
        """Wrap an element.

        Args:
            element: None when it is absent.
            reading: the notebook.
            root: place of the document that the element stands in (a base64 container).
            path: the place of the element, where the caller knows it.
        """
        self.element = element
        self.reading = reading
        self.root = root
        self._asked = self._done = False
        # An element without children, or one that is not there, needs no further look.
        self._names: dict[str, Element] | None = _NOTHING
        self._groups: dict[str, list[Element]]
        self._parts: list[Element]
        if element is None:
            self.path = path or root
            self.value = ""
            self.attributes = _BARE
            return
        self.path = path or root + xml.xpath(element)
        # Each question costs lxml as much as taking all the answers at once.
        text = element.text
        self.value = text.strip() if text else ""
        found: Any = element.items()  # text only, once it has been parsed
        self.attributes = dict(found) if found else _BARE
        if len(element):
            self._names = None

    def __bool__(self) -> bool:
        """Whether the element is there."""
        return self.element is not None

    @property
    def name(self) -> str:
        """The local name; empty when the element is absent."""
        return "" if self.element is None else str(self.element.tag).rpartition("}")[2]

    @property
    def said(self) -> str:
        """The text of the element, or its ``V`` where it has no text."""
        return self.value or self.attributes.get("V", "").strip()

    def attribute(self, name: str) -> str:
        """Return an attribute, empty when absent."""
        return self.attributes.get(name, "").strip()

    @property
    def parts(self) -> Sequence[Element]:
        """The child elements in their order; looking at them does not count as reading them."""
        if self._names is None:
            self._names = self._grown()
        return () if self._names is _NOTHING else self._parts

    def _grown(self) -> dict[str, Element]:
        """Make the children, number those that share a name, return the first of each name."""
        element: Any = self.element  # the stubs of lxml know no slices
        place, reading = f"{self.path}/", self.reading
        names: dict[str, Element] = {}
        parts: list[Element] = []
        for child in element[:]:  # a list of them is made twice as fast
            name = _local(child.tag)
            if not name:
                continue  # a comment
            part = _new(Element)  # as __init__ would make it, which costs twice as much
            part.element = child
            part.reading = reading
            part.path = place + name
            text = child.text
            part.value = text.strip() if text else ""
            found = child.items()
            part.attributes = dict(found) if found else _BARE
            part._asked = part._done = False
            part._names = None if len(child) else _NOTHING
            names[name] = part
            parts.append(part)
        self._parts, self._groups = parts, _ALONE
        return names if len(names) == len(parts) else self._grouped(parts)

    def _grouped(self, parts: Sequence[Element]) -> dict[str, Element]:
        groups: dict[str, list[Element]] = {}
        for part in parts:
            groups.setdefault(part.name, []).append(part)
        self._groups = {name: group for name, group in groups.items() if len(group) > 1}
        for group in self._groups.values():
            _number(group)
        return {name: group[0] for name, group in groups.items()}

    def child(self, name: str) -> Element:
        """Return the first child of a name; an empty element when there is none."""
        names = self._names
        if names is None:
            names = self._names = self._grown()
        if name in names:
            found = names[name]
            found._asked = True
            return found
        return _absent(f"{self.path}/{name}", self.reading)

    def given(self, *names: str) -> list[Element]:
        """Return the first child of each of several names, of those that are there."""
        known = self._names
        if known is None:
            known = self._names = self._grown()
        found = [known[name] for name in names if name in known]
        for part in found:
            part._asked = True
        return found

    def children(self, name: str) -> Sequence[Element]:
        """Return the children of a name."""
        names = self._names
        if names is None:
            names = self._names = self._grown()
        if name not in names:
            return ()
        found = self._groups[name] if name in self._groups else (names[name],)
        for part in found:
            part._asked = True
        return found

    def text(self, name: str) -> str:
        """Return the text of a child, or its ``V`` where it has no text."""
        names = self._names
        if names is None:
            names = self._names = self._grown()
        if name not in names:
            return ""
        found = names[name]
        found._asked = True
        return found.value or found.attributes.get("V", "").strip()

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
        return self.child(name).as_number()

    def as_number(self) -> float | None:
        """Return the element itself as a number; a wrong one is a fault."""
        written = self.said.replace(",", ".")
        if not written:
            return None
        try:
            found = float(written)
        except ValueError:
            found = float("nan")
        if not -1e12 < found < 1e12:
            self.reading.fault(f"«{written[:40]}» is not a number", self.path)
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
        self._done = True

    def set_aside(self, name: str, reason: str, obligations: Iterable[str] = ()) -> None:
        """Report children that are known and deliberately not carried."""
        for child in self.children(name):
            self.reading.lose(child.path, child.shown(), Fate.NOT_CARRIED, reason, obligations)
            child.skip_all()

    def shown(self) -> str:
        """Return the content as one line for the loss report."""
        if self._names is _NOTHING and not self.attributes:
            return self.value[:300]
        said: list[str] = []
        self._say(said)
        return said[0][:300] if len(said) == 1 else " ".join(dict.fromkeys(said))[:300]

    def _say(self, said: list[str]) -> None:
        """Add value, unit, name and text of the element and of those below, up to enough."""
        if self.attributes:
            get = self.attributes.get
            given = (get("V"), get("U"), get("DN"))
            said += [bare for word in given if word and (bare := word.strip())]
        if self.value:
            said.append(self.value)
        if self._names is not _NOTHING:
            for part in self.parts:
                if len(said) > _ENOUGH:
                    return
                part._say(said)

    def rest(self, obligations: Iterable[str] = ()) -> None:
        """Report every element below that was never asked for."""
        if self._done:
            return
        for part in self.parts:
            if not part._asked:
                self.reading.lose(part.path, part.shown(), Fate.NOT_CARRIED,
                                  "The European document has no place for this element.",
                                  obligations)  # fmt: skip
            elif part._names is not _NOTHING:
                part.rest(obligations)


def _absent(path: str, reading: Reading) -> Element:
    """Return an element that is not there; a message is asked for dozens of them."""
    made = _new(Element)
    made.element = None
    made.reading = reading
    made.path = path
    made.value = ""
    made.attributes = _BARE
    made._asked = made._done = False
    made._names = _NOTHING
    return made


@lru_cache(maxsize=4096)
def _local(tag: Any) -> str:
    """Return a tag without its namespace, empty for a comment; tags come again and again."""
    return tag[tag.rfind("}") + 1 :] if isinstance(tag, str) else ""


def _number(group: Sequence[Element]) -> None:
    """Number the places of elements of one name (``ips.xml.xpath``), each namespace apart."""
    alike: dict[str, list[Element]] = {}
    for part in group:
        if part.element is not None:
            alike.setdefault(part.element.tag, []).append(part)
    for parts in alike.values():
        if len(parts) > 1:
            for number, part in enumerate(parts, 1):
                part.path += f"[{number}]"
