"""Tells which elements of different profiles demand the same, so that it is checked once.

The European profiles repeat what the international ones say, and both repeat FHIR R4: nine
elements in ten are the same element again. Elements get numbers by what they demand; what has the
same number has the same check.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import orjson

from ips.conformance.model import Node, Type

Demand = tuple[Node, Type]
"""An element and the one of its types that a value has."""


class Sharing:
    """Numbers elements by their demands."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._values: dict[int, int] = {}
        self._whole: dict[int, int] = {}

    def of_value(self, node: Node) -> int:
        """Return the number of what is demanded of one repetition."""
        known = self._values.get(id(node))
        if known is None:
            # In a circle the element stands for itself.
            self._values[id(node)] = -id(node)
            known = self._values[id(node)] = self._number(self._value(node))
        return known

    def of_element(self, node: Node) -> int:
        """Return the number of everything demanded: of each value, how often, in which slices."""
        known = self._whole.get(id(node))
        if known is None:
            known = self._whole[id(node)] = self._number(self._element(node))
        return known

    def demands(self, demands: Iterable[Demand]) -> dict[Hashable, Demand]:
        """Return those that differ in what they demand of a value, by number."""
        found: dict[Hashable, Demand] = {}
        for node, kind in demands:
            found.setdefault((self.of_value(node), kind), (node, kind))
        return found

    def _number(self, what: Hashable) -> int:
        return self._numbers.setdefault(what, len(self._numbers) + 1)

    def _value(self, node: Node) -> Hashable:
        definition = node.definition
        is_root = node is definition.root
        return (
            definition.type if is_root else "",
            node.name.endswith("[x]"),
            node.types,
            _text(node.fixed) if node.has_fixed else None,
            _text(node.pattern) if node.has_pattern else None,
            tuple(node.binding or ()),
            node.max_value_set,
            node.max_length,
            id(definition.by_path.get(node.content_of)) if node.content_of else 0,
            tuple(i.expression for i in node.invariants),
            tuple((child.name, self.of_element(child)) for child in node.children),
        )

    def _element(self, node: Node) -> Hashable:
        slicing = node.slicing
        return (
            self.of_value(node),
            node.min,
            node.max,
            node.is_list,
            (slicing.discriminators, slicing.rules) if slicing else None,
            tuple(self.of_element(one) for one in node.slices),
        )


def _text(value: Any) -> bytes:
    return orjson.dumps(value)
