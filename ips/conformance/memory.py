"""Answers of the quick checks that can be kept: the same coding, the same value, the same target.

A document says the same few codings again and again, and is judged by several profiles that share
the base of a data type. Only the answer «clean» is kept, and only where it depends on nothing but
the value; free text is never kept beyond the document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ips.conformance.model import Node
from ips.conformance.quick import FORMS, MAX_REMEMBERED, Check

DEAR = frozenset(["Dosage", "Narrative", "Timing"])
"""Data types that cost more to check than to remember."""


def plain(node: Node | None) -> bool:
    """Whether an element, where it is known, may stand and has no demand beyond its type."""
    return node is None or not (
        node.max == 0
        or node.has_fixed
        or node.has_pattern
        or node.binding
        or node.max_value_set
        or node.invariants
        or node.max_length is not None
        or node.slices
    )


def keeps_codings(node: Node, roots: list[Node]) -> bool:
    """Whether the answer about a Coding here depends on the coding alone."""
    return not node.invariants and not any(n.invariants for r in roots for n in r.walk())


def keeps_concepts(node: Node, roots: list[Node]) -> bool:
    """Whether the answer about a CodeableConcept depends on its coding and the form of its text."""
    demanded = [n.fixed if n.has_fixed else n.pattern for n in (node, *roots) if _constant(n)]
    if any(not isinstance(d, dict) or "text" in d for d in demanded):
        return False
    return keeps_codings(node, roots) and all(plain(r.child("text")) for r in roots)


def _constant(node: Node) -> bool:
    return node.has_fixed or node.has_pattern


def keeps_targets(node: Node, roots: list[Node]) -> bool:
    """Whether a Reference with nothing but a known target is in order but for that target."""
    return all(plain(n) for n in (node, *roots)) and all(
        plain(r.child("reference"))
        and plain(r.child("display"))
        and {c.name for c in r.required} <= {"reference"}
        for r in roots
    )


KEEPS: dict[str, Callable[[Node, list[Node]], bool]] = {
    "Coding": keeps_codings,
    "CodeableConcept": keeps_concepts,
    "Reference": keeps_targets,
}
"""Whether answers about a type can be kept, by an element and the roots of what may stand in it."""


def coding(check: Check, noted: Callable[[], int]) -> Check:
    """Keep which codings are clean: system, code, display and version, all of them text."""
    clean: set[Any] = set()

    def run(value: Any) -> bool:
        key = tuple(value.items())
        try:
            if key in clean:
                return True
        except TypeError:
            return bool(check(value))
        before = noted()
        if not check(value):
            return False
        if noted() == before:
            _keep(clean, key, [value])
        return True

    return run


def concept(check: Check, noted: Callable[[], int]) -> Check:
    """Keep which concepts are clean by their codings; the text is looked at every time."""
    clean: set[Any] = set()
    text = FORMS["string"]

    def run(value: Any) -> bool:
        size, codings, worded = len(value), value.get("coding", ()), "text" in value
        if size != worded + ("coding" in value) or (worded and not text(value["text"])):
            return bool(check(value))
        # The size tells a concept of text alone from one with an empty list of codings.
        if len(codings) == 1:
            key: tuple[Any, ...] = (size, worded, *codings[0].items())
        else:
            key = (size, worded, *[tuple(c.items()) for c in codings])
        try:
            if key in clean:
                return True
        except TypeError:
            return bool(check(value))
        before = noted()
        if not check(value):
            return False
        if noted() == before:
            _keep(clean, key, codings)
        return True

    return run


def _keep(clean: set[Any], key: Any, codings: Iterable[dict[str, Any]]) -> None:
    # 1, 1.0 and true are the same key: only texts are kept.
    if len(clean) < MAX_REMEMBERED and all(type(v) is str for c in codings for v in c.values()):
        clean.add(key)


class Seen:
    """What was found clean in the document under judgement."""

    def __init__(self) -> None:
        self.values: set[tuple[int, int]] = set()
        self.targets: dict[str, Any] = {}
        """Entries by references that are well formed and lead to them."""
        self.fit: list[set[int]] = []
        """What `fits` has put something into."""

    def forget(self) -> None:
        """Begin another document."""
        self.values.clear()
        self.targets.clear()
        for known in self.fit:
            known.clear()
        self.fit.clear()

    def fits(self, known: set[int], target: Any) -> None:
        """Keep that an entry was found to be of the kind allowed in one place."""
        if not known:
            self.fit.append(known)
        known.add(id(target))

    def once(self, check: Check, noted: Callable[[], int]) -> Check:
        """Ask a check once per value; a value that something is noted of is asked every time."""
        mark, values = id(check), self.values

        def run(value: Any) -> bool:
            key = (id(value), mark)
            if key in values:
                return True
            before = noted()
            if not check(value):
                return False
            if noted() == before:
                values.add(key)
            return True

        return run
