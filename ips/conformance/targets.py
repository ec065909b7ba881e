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
        self.remarked: list[int] | None = None
        """Identities of values that break nothing, but about which there is something to tell."""
        self.remarks = self.doubts = 0

    def remark(self, value: Any) -> bool:
        """Note that there is something to tell; False where that cannot be put off."""
        if self.remarked is None or type(value) is not dict:
            return False
        self.remarked.append(id(value))
        self.remarks += 1
        return True

    def doubt(self, value: Any) -> bool:
        """Note that something that matters for the verdict could not be judged."""
        self.doubts += 1
        return self.remark(value)

    def contained(self, value: Any) -> bool:
        """Note resources inside another: they are judged in it, and the walker knows how."""
        return type(value) is list and bool(value) and all(map(self.doubt, value))

    def noted(self) -> int:
        """Return how much was noted so far: what notes something is asked every time."""
        return len(self.links) + self.remarks

    def known_target(self, nodes: list[Node], roots: list[Node], check: Check) -> Check:
        """Return the check of a reference that asks only for its target's kind the second time."""
        targets, fits = self.seen.targets, self._fit_all(nodes)
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

    def reference(self, nodes: list[Node]) -> Check:
        """Return the check of a reference: it leads to an entry of an allowed kind."""
        fits = self._fit_all(nodes)

        def run(value: Any) -> bool:
            reference = value.get("reference")
            if reference is None:
                return True
            target = self.document.by_url.get(reference)
            if target is None:
                if reference[0] == "#":
                    return "type" not in value and self.doubt(value)
                target = self.document.resolve(reference, self.here)
                if target is None:
                    return False
            if "type" in value and value["type"] != target["resourceType"]:
                return False
            self.links.append(id(target))
            return fits(target)

        return run

    def _fit_all(self, nodes: list[Node]) -> Callable[[Json], bool]:
        """Return the check of what a reference leads to, by all elements that speak of it."""
        wanted = {t: None for node in nodes for t in [_targets(node)] if t}
        checks = [self._fits(targets) for targets in wanted]
        fit, seen = set[int](), self.seen

        def run(target: Json) -> bool:
            if id(target) in fit:
                return True
            final = True
            for check in checks:
                answer = check(target)
                if answer is False:
                    return False
                final = final and answer is True
            if final:
                seen.fits(fit, target)
            return True

        return run if checks else lambda _target: True

    def _fits(self, targets: tuple[str, ...]) -> Callable[[Json], bool | None]:
        """Return whether a target is allowed; None where it is as far as is known by now."""
        allowed: dict[str, list[str]] = {}
        for target in targets:
            definition = self.document.package.definition(target)
            name = definition.type if definition is not None else target.rsplit("/", 1)[-1]
            profile = target if definition is not None and definition.is_profile else ""
            allowed.setdefault(name, []).append(profile)
        if "Resource" in allowed or "DomainResource" in allowed:
            return lambda _target: True
        any_of = frozenset(name for name, urls in allowed.items() if "" in urls)

        def run(target: Json) -> bool | None:
            kind = target["resourceType"]
            if kind in any_of:
                return True
            for url in allowed.get(kind, ()):
                if self.judge.conforms(target, url, self.here):
                    key = (id(target), url)
                    return (
                        True if key in self.document.clean or key in self.document.tried else None
                    )
            return False

        return run


def _targets(node: Node) -> tuple[str, ...]:
    return tuple(t for type_ in node.types if type_.code == "Reference" for t in type_.targets)
