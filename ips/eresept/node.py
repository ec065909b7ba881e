"""An element under reading that knows its place without climbing the tree for it each time.

A prescription has some sixty elements, and each is asked for many children that are not there; both
the names of the children and the places are worked out once.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from ips.sources.base import Reading
from ips.sources.element import Element


class Node(Element):
    """An ``Element`` with its children by name and its place, both worked out when first needed."""

    def __init__(
        self,
        element: etree._Element | None,
        reading: Reading,
        root: str = "",
        parent: Node | None = None,
        name: str = "",
    ) -> None:
        super().__init__(element, reading, root)
        self._parent = parent
        self._name = name
        self._place: str | None = None
        self._names: dict[str, list[etree._Element]] | None = None

    @property
    def path(self) -> str:
        """The place of the element, as ``ips.xml.xpath`` writes it."""
        if self._place is None:
            if self._parent is None:
                self._place = super().path
            else:
                self._place = f"{self._parent.path}/{self._name}{self._number()}"
        return self._place

    def _number(self) -> str:
        here = self.element
        if here is None:
            return ""
        before = sum(1 for _ in here.itersiblings(str(here.tag), preceding=True))
        alone = before == 0 and next(here.itersiblings(str(here.tag)), None) is None
        return "" if alone else f"[{before + 1}]"

    def child(self, name: str) -> Element:
        """Return the first child of a name; an empty element when there is none."""
        found = self._named().get(name)
        return self._child(found[0]) if found else Node(None, self.reading, "", self, name)

    def children(self, name: str) -> Iterator[Element]:
        """Yield the children of a name."""
        for child in self._named().get(name, ()):
            yield self._child(child)

    def _named(self) -> dict[str, list[etree._Element]]:
        if self._names is None:
            self._names = {}
            for child in self.element if self.element is not None else ():
                if isinstance(child.tag, str):
                    self._names.setdefault(child.tag.rpartition("}")[2], []).append(child)
        return self._names

    def _child(self, child: etree._Element) -> Element:
        known = self._read.get(child)
        if known is None:
            name = str(child.tag).rpartition("}")[2]
            known = self._read[child] = Node(child, self.reading, self.root, self, name)
        return known
