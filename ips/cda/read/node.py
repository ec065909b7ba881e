"""An element of the document that remembers what has been read, so that the rest can be told.

Names are compared without namespace: the pharmacy extension has had three of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from ips.identifiers import mask
from ips.loss import Fate, LossReport

_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_SHORT = 120

_BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPACE = re.compile(r"[^\S ]+")

_FIXED = frozenset({"templateId", "typeId", "realmCode", "independentInd"})
"""Elements that say how the document is built, nothing about the patient."""

_TELLING = ("code", "value", "extension", "unit")
_SAYING = frozenset({*_TELLING, "displayName", "negationInd"})


class Reading:
    """What is known while one document is read.

    Attributes:
        loss: the fate of every element.
        used: the elements that have been read.
        texts: elements of the narrative by ID, of the section at hand.
        inside: the children of an element by name, for the elements that were asked for some.
    """

    def __init__(self) -> None:
        self.loss = LossReport()
        self.used: set[etree._Element] = set()
        self.texts: dict[str, etree._Element] = {}
        self.inside: dict[etree._Element, dict[str, list[etree._Element]]] = {}
        self.obligations: tuple[str, ...] = ()

    def note(
        self, where: str, value: str, fate: Fate, reason: str = "", *, open_code: str = ""
    ) -> None:
        """Note the fate of an element; national identity numbers are masked.

        Args:
            where: place of the element.
            value: what stood there.
            fate: what became of it.
            reason: one sentence.
            open_code: a code of an international system, shown as it is (SNOMED CT has codes of
                eleven digits).
        """
        said = f"{open_code} {mask(value)}".strip()[:_SHORT]
        self.loss.add(where, said, fate, reason, obligations=self.obligations)

    def leftovers(self, root: etree._Element, where: str) -> None:
        """Note everything below an element that says something and was not read."""
        for element, said in self.unread(root):
            place = where + _steps(element, root)
            self.note(place, said, Fate.NOT_CARRIED, "The reading has no place for it.")

    def unread(self, root: etree._Element) -> Iterator[tuple[etree._Element, str]]:
        """Yield everything below an element that says something and was not read, and what."""
        used = self.used
        for element in root.iter(etree.Element):
            said = "" if element in used else _said(element)
            if said:
                yield element, said


def _said(element: etree._Element) -> str:
    """Return what an element says by itself; empty for structure and for what says nothing."""
    text = (element.text or "").strip()
    if not text and _SAYING.isdisjoint(element.keys()):
        return ""
    name = local_name(element)
    if name in _FIXED:
        return ""
    get = element.get
    parts = [get(key, "") for key in _TELLING]
    if get("negationInd") == "true":
        parts.append("negationInd=true")
    return " ".join([part for part in (*parts, get("displayName", ""), text) if part])


def _steps(element: etree._Element, root: etree._Element) -> str:
    names: list[str] = []
    here: etree._Element | None = element
    while here is not None and here is not root:
        names.append(local_name(here))
        here = here.getparent()
    return "".join(f"/{name}" for name in reversed(names))


_NOTHING: dict[str, list[etree._Element]] = {}


class Node:
    """An element with its place; reading an attribute or the text marks it as read."""

    __slots__ = ("_parent", "_where", "element", "reading")

    def __init__(
        self,
        element: etree._Element,
        reading: Reading,
        where: str = "",
        parent: Node | None = None,
    ) -> None:
        """Wrap an element.

        Args:
            element: the element.
            reading: what is known of its document.
            where: its place, or its step from the parent.
            parent: the node above; most places are never told, so they are put together late.
        """
        self.element = element
        self.reading = reading
        self._where = where
        self._parent = parent

    @property
    def where(self) -> str:
        """The place of the element."""
        if self._parent is not None:
            self._where = f"{self._parent.where}/{self._where}"
            self._parent = None
        return self._where

    @where.setter
    def where(self, place: str) -> None:
        self._where, self._parent = place, None

    def _inside(self) -> dict[str, list[etree._Element]]:
        """Sort the children by name, which is done once for an element."""
        element: Any = self.element  # the stubs of lxml know no slices
        if not len(element):
            return _NOTHING
        inside: dict[str, list[etree._Element]] = {}
        for child in element[:]:  # a list of them is made twice as fast
            tag = child.tag
            if isinstance(tag, str):
                name = tag[tag.rfind("}") + 1 :]
                if name in inside:
                    inside[name].append(child)
                else:
                    inside[name] = [child]
        self.reading.inside[element] = inside
        return inside

    def many(self, name: str) -> list[Node]:
        """Return the children of one name."""
        inside = self.reading.inside.get(self.element)
        found = (self._inside() if inside is None else inside).get(name)
        if found is None:
            return []
        if len(found) == 1:
            return [Node(found[0], self.reading, name, self)]
        return [Node(child, self.reading, f"{name}[{n}]", self) for n, child in enumerate(found, 1)]

    def one(self, name: str) -> Node | None:
        """Return the first child of a name."""
        inside = self.reading.inside.get(self.element)
        found = (self._inside() if inside is None else inside).get(name)
        return None if found is None else Node(found[0], self.reading, name, self)

    def at(self, path: str) -> Node | None:
        """Return the first descendant along a path of names, ``consumable/manufacturedProduct``."""
        here: Node | None = self
        for name in path.split("/"):
            if here is None:
                return None
            here = here.one(name)
        return here

    def children(self) -> Iterator[Node]:
        """Yield all child elements."""
        for child in self.element.iterchildren(etree.Element):
            if isinstance(child.tag, str):
                yield Node(child, self.reading, local_name(child), self)

    def get(self, name: str) -> str:
        """Return an attribute, empty when it is not there."""
        self.reading.used.add(self.element)
        return (self.element.get(name) or "").strip()

    def gets(self, *names: str) -> list[str]:
        """Return several attributes, as ``get`` does."""
        self.reading.used.add(self.element)
        get = self.element.get
        return [(get(name) or "").strip() for name in names]

    @property
    def name(self) -> str:
        """The name without namespace."""
        return local_name(self.element)

    @property
    def null(self) -> str:
        """The null flavour; empty when there is none."""
        return self.element.get("nullFlavor", "")

    @property
    def type(self) -> str:
        """The ``xsi:type`` without prefix."""
        return self.element.get(_XSI_TYPE, "").rsplit(":", 1)[-1]

    @property
    def templates(self) -> set[str]:
        """The templates that the element names."""
        return {t.get("root", "") for t in self.element.iterchildren("{*}templateId")}

    def text(self) -> str:
        """Return the words inside, spaces joined; a reference into the narrative is followed."""
        target = self.target()
        return words(self.element) or ("" if target is None else words(target))

    def target(self) -> etree._Element | None:
        """Return the part of the narrative that the text refers to; the text is then read."""
        self.reading.used.add(self.element)
        reference = self.one("reference")
        place = reference.get("value") if reference is not None else ""
        return self.reading.texts.get(place[1:]) if place[:1] == "#" else None

    def use(self) -> None:
        """Mark the element and everything inside as read."""
        self.reading.used.update(self.element.iter(etree.Element))

    def note(self, value: str, fate: Fate, reason: str = "") -> None:
        """Note the fate of this element."""
        self.reading.note(self.where, value, fate, reason)


def local_name(element: etree._Element) -> str:
    """Return the name of an element without its namespace."""
    tag = str(element.tag)
    return tag[tag.rfind("}") + 1 :]


def words(element: etree._Element) -> str:
    """Return the text of an element and its children with single spaces, cells apart by «; »."""
    if element.tag.endswith("}tr"):
        return "; ".join(said for cell in element.iterchildren("{*}*") if (said := words(cell)))
    if not len(element):
        return " ".join((element.text or "").split())
    pieces: list[str] = []
    _gather(element, pieces)
    return " ".join("".join(pieces).split())


def _gather(element: etree._Element, pieces: list[str]) -> None:
    pieces.append(element.text or "")
    for child in element:
        if len(child):
            _gather(child, pieces)
        elif isinstance(child.tag, str):
            pieces.append(child.text or "")
        pieces.append(child.tail or "")


def clean(text: str) -> str:
    """Return a text as FHIR admits it: no control characters, plain spaces only."""
    if text.isprintable():  # neither control characters nor spaces of other kinds
        return text
    return _SPACE.sub(" ", _BAD.sub("\ufffd", text))
