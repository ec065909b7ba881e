"""The quick checks of references: where they lead, and whether that is a thing allowed there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ips.conformance.context import Document, Judge, Place
from ips.conformance.memory import Seen
from ips.conformance.model import Json, Node
from ips.conformance.quick import FORMS, Check


class References:
    """What the quick checks know of the document under judgement, and how references are judged.

    `links` are the entries that the resource being looked at refers to.
    """

    judge: Judge
    document: Document

    def __init__(self) -> None:
        self.here = Place("", {}, {})
        self.links: list[int] = []
        self.seen = Seen()

    def known_target(self, node: Node, roots: list[Node], check: Check) -> Check:
        """Return the check of a reference that asks only for its target's kind the second time."""
        targets, fits = self.seen.targets, self._fits(node)
        name_will_do = not any(root.required for root in roots)
        form = FORMS["string"]

        def run(value: Any) -> bool:
            if len(value) != 1:
                return bool(check(value))
            reference = value.get("reference")
            if reference is None:
                named = name_will_do and "display" in value and form(value["display"])
                return bool(named or check(value))
            target = targets.get(reference)
            if target is not None:
                self.links.append(id(target))
                return fits(target)
            if not check(value):
                return False
            target = self.document.by_url.get(reference)
            if target is not None:
                targets[reference] = target
            return True

        return run

    def reference(self, node: Node) -> Check:
        """Return the check of a reference: it leads to an entry of an allowed kind."""
        fits = self._fits(node)

        def run(value: Any) -> bool:
            reference = value.get("reference")
            if reference is None:
                return True
            target = self.document.by_url.get(reference)
            if target is None:
                target = self.document.resolve(reference, self.here)
                if target is None or reference[0] == "#":
                    return False
            self.links.append(id(target))
            return fits(target)

        return run

    def _fits(self, node: Node) -> Callable[[Json], bool]:
        """Return the check of what a reference leads to."""
        allowed: dict[str, list[str]] = {}
        targets = [t for type_ in node.types if type_.code == "Reference" for t in type_.targets]
        for target in targets:
            definition = self.document.package.definition(target)
            name = definition.type if definition is not None else target.rsplit("/", 1)[-1]
            allowed.setdefault(name, []).append(
                target if definition is not None and definition.is_profile else ""
            )
        if not targets or "Resource" in allowed or "DomainResource" in allowed:
            return lambda _target: True
        any_of = frozenset(name for name, urls in allowed.items() if "" in urls)

        def run(target: Json) -> bool:
            kind = target["resourceType"]
            return kind in any_of or any(
                self.judge.conforms(target, u, self.here) for u in allowed.get(kind, ())
            )

        return run
