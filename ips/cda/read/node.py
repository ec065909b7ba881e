"""An element of the document that remembers what has been read, so that the rest can be told.

Names are compared without namespace: the pharmacy extension has had three of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

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


class Reading:
    """What is known while one document is read.

    Attributes:
        loss: the fate of every element.
        used: the elements that have been read.
        texts: elements of the narrative by ID, of the section at hand.
    """

    def __init__(self) -> None:
        self.loss = LossReport()
        self.used: set[etree._Element] = set()
        self.texts: dict[str, etree._Element] = {}
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
        for element in root.iter(etree.Element):
            if element in self.used or not isinstance(element.tag, str):
                continue
            said = _said(element)
            if said:
                place = where + _steps(element, root)
                self.note(place, said, Fate.NOT_CARRIED, "The reading has no place for it.")


def _said(element: etree._Element) -> str:
    """Return what an element says by itself; empty for structure and for what says nothing."""
    name = local_name(element)
    if name in _FIXED:
        return ""
    get = element.get
    parts = [get(key, "") for key in _TELLING]
    if element.get("negationInd") == "true":
        parts.append("negationInd=true")
    text = (element.text or "").strip()
    return " ".join([part for part in (*parts, get("displayName", ""), text) if part])


def _steps(element: etree._Element, root: etree._Element) -> str:
    names: list[str] = []
    here: etree._Element | None = element
    while here is not None and here is not root:
        names.append(local_name(here))
        here = here.getparent()
    return "".join(f"/{name}" for name in reversed(names))


class Node:
    """An element with its place; reading an attribute or the text marks it as read."""

    __slots__ = ("element", "reading", "where")

    def __init__(self, element: etree._Element, reading: Reading, where: str) -> None:
        self.element = element
        self.reading = reading
        self.where = where

    def many(self, name: str) -> list[Node]:
        """Return the children of one name."""
        if not len(self.element):
            return []
        found = list(self.element.iterchildren("{*}" + name))
        if len(found) == 1:
            return [Node(found[0], self.reading, f"{self.where}/{name}")]
        return [
            Node(child, self.reading, f"{self.where}/{name}[{n}]")
            for n, child in enumerate(found, 1)
        ]

    def one(self, name: str) -> Node | None:
        """Return the first child of a name."""
        if not len(self.element):
            return None
        child = next(self.element.iterchildren("{*}" + name), None)
        return None if child is None else Node(child, self.reading, f"{self.where}/{name}")

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
                name = local_name(child)
                yield Node(child, self.reading, f"{self.where}/{name}")

    def get(self, name: str) -> str:
        """Return an attribute, empty when it is not there."""
        self.reading.used.add(self.element)
        return (self.element.get(name) or "").strip()

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
        self.reading.used.add(self.element)
        reference = self.one("reference")
        own = words(self.element)
        if reference is None:
            return own
        target = reference.get("value")
        found = self.reading.texts.get(target.removeprefix("#")) if target[:1] == "#" else None
        return own or ("" if found is None else words(found))

    def use(self) -> None:
        """Mark the element and everything inside as read."""
        self.reading.used.update(self.element.iter(etree.Element))

    def note(self, value: str, fate: Fate, reason: str = "") -> None:
        """Note the fate of this element."""
        self.reading.note(self.where, value, fate, reason)


def local_name(element: etree._Element) -> str:
    """Return the name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def words(element: etree._Element) -> str:
    """Return the text of an element and its children with single spaces, cells apart by «; »."""
    if element.tag.endswith("}tr"):
        return "; ".join(said for cell in element.iterchildren("{*}*") if (said := words(cell)))
    return " ".join("".join(str(text) for text in element.itertext()).split())


def clean(text: str) -> str:
    """Return a text as FHIR admits it: no control characters, plain spaces only."""
    if text.isprintable():  # neither control characters nor spaces of other kinds
        return text
    return _SPACE.sub(" ", _BAD.sub("\ufffd", text))
