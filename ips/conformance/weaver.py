"""Makes the quick checks: one for every set of elements that profiles lay on the same value.

European profiles repeat international ones, and both repeat FHIR R4. What several of them demand of
a value is woven into one check, with every demand in it once (`sharing.py`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from ips.conformance import memory
from ips.conformance.context import Judge, Place
from ips.conformance.demands import Demands, Rules
from ips.conformance.elements import clean_identifier
from ips.conformance.matching import Matcher, matcher, nearly
from ips.conformance.model import PRIMITIVES, Node, Type
from ips.conformance.quick import Check, all_of, listed, never
from ips.conformance.shapes import Rule, by_shape
from ips.conformance.sharing import Demand, Sharing

WITHOUT_RULES = ("BackboneElement", "Element")
"""Types whose elements have no rules beyond those of their definition."""


class Weaver(Demands, ABC):
    """Makes and keeps the checks for one set of tables."""

    def __init__(self) -> None:
        super().__init__()
        self.sharing = Sharing()
        self.made: dict[Hashable, Check] = {}
        self.extensions: dict[str, Check | None] = {}

    @abstractmethod
    def clean_resource(self, resource: Any, profiles: tuple[str, ...] = ()) -> bool:
        """Whether a resource meets the given profiles and those it claims, without any finding."""

    def root(self, roots: Sequence[Node]) -> Check:
        """Return the check of a resource or an extension by the roots of its definitions."""
        rules: Rules = {}
        for root in roots:
            self.demand(root, "", rules)
        return by_shape(self._distinct(roots), list(rules.values()), self, self.env)

    def element(self, demands: list[Demand]) -> Check:
        """Return the check of a property by all elements that speak of it."""
        key = ("element", *[(id(node), kind.code) for node, kind in demands])
        made = self.made.get(key)
        if made is None:
            shared = {(self.sharing.of_element(n), k): (n, k) for n, k in demands}
            known = ("element", *shared)
            if known not in self.made:
                self.made[known] = self._element(list(shared.values()))
            made = self.made[key] = self.made[known]
        return made

    def _element(self, demands: list[Demand]) -> Check:
        nodes = [node for node, _ in demands]
        if len({node.is_list for node in nodes}) > 1:
            return never
        low = max(node.min for node in nodes)
        high = min((node.max for node in nodes if node.max != -1), default=-1)
        sliced = any(node.slicing is not None and node.slices for node in nodes)
        check = self._sliced(demands) if sliced else self.value(demands)
        if nodes[0].is_list:
            return check if sliced else listed(check, low, high)
        return (lambda value: check([value])) if sliced else check

    def _sliced(self, demands: list[Demand]) -> Check:
        """Return the check of repetitions, each by the slice that it is in each of the profiles."""
        sliced = [(n, k) for n, k in demands if n.slicing is not None and n.slices]
        # An element without slices speaks of every repetition; how many there may be says `high`.
        others = [(n, k) for n, k in demands if n.slicing is None or not n.slices]
        finders = [_Slices(node, kind, self.judge) for node, kind in sliced]
        low = max(1, *(node.min for node, _ in demands))
        high = min((node.max for node, _ in demands if node.max != -1), default=-1)
        checks: dict[tuple[int, ...], Check] = {}
        if len(demands) == 1:
            return self._sliced_once(finders[0], demands[0][1])
        choices = [f.chosen for f in finders]
        complete = [f.complete for f in finders if f.mandatory]

        def of(chosen: list[Node]) -> Check:
            key = tuple(map(id, chosen))
            check = checks.get(key)
            if check is None:
                pairs = zip(chosen, sliced, strict=True)
                check = self.value([*((n, d[1]) for n, d in pairs), *others])
                checks[key] = check
            return check

        def run(items: Any) -> bool:
            if type(items) is not list or len(items) < low or (high != -1 and len(items) > high):
                return False
            counts: dict[int, int] = {}
            here, judge = self.here, self.judge
            for item in items:
                chosen = []
                for choose in choices:
                    one = choose(item, here, judge, counts)
                    if one is None:
                        return False
                    chosen.append(one)
                if not of(chosen)(item):
                    return False
            return all(all_there(counts) for all_there in complete)

        return run

    def _sliced_once(self, finder: _Slices, kind: Type) -> Check:
        """Return the same where one profile alone speaks of the element."""
        low, high = max(finder.node.min, 1), finder.node.max
        checks: dict[int, Check] = {}

        def run(items: Any) -> bool:
            if type(items) is not list or len(items) < low or (high != -1 and len(items) > high):
                return False
            counts: dict[int, int] = {}
            here, judge = self.here, self.judge
            for item in items:
                one = finder.chosen(item, here, judge, counts)
                if one is None:
                    return False
                check = checks.get(id(one))
                if check is None:
                    check = checks[id(one)] = self.value([(one, kind)])
                if not check(item):
                    return False
            return finder.complete(counts)

        return run

    def value(self, demands: list[Demand]) -> Check:
        """Return the check of one repetition by all elements that speak of it."""
        key = ("value", *[(id(node), kind.code) for node, kind in demands])
        made = self.made.get(key)
        if made is None:
            exact = [(n, n.type_by_code.get(k.code, k)) for n, k in demands]
            shared = self.sharing.demands(exact)
            known = ("value", *shared)
            if known not in self.made:
                self.made[known] = self._value(list(shared.values()))
            made = self.made[key] = self.made[known]
        return made

    def _value(self, demands: list[Demand]) -> Check:
        """Profiles may name different types of one resource (Resource, Patient); all hold."""
        by_code: dict[str, list[Demand]] = {}
        for node, kind in demands:
            by_code.setdefault(kind.code, []).append((node, kind))
        return all_of([self._of_type(code, group) for code, group in by_code.items()])

    def _of_type(self, code: str, demands: list[Demand]) -> Check:
        if code in PRIMITIVES:
            return self.primitive([node for node, _ in demands], code)
        definition = self.document.package.type(code)
        if definition is not None and definition.raw.get("kind") == "resource":
            return self._resource(code, [kind for _, kind in demands])
        rules: Rules = {}
        roots: list[list[Node]] = []
        for node, kind in demands:
            found = self.judge.content_roots(node, kind)
            roots.append(found)
            for root in found:
                if root is not node:
                    self.demand(root, "", rules)
            if definition is not None and node.children and code not in WITHOUT_RULES:
                self.invariants(definition.root.invariants, "", rules)
            self.demand(node, code if node.name.endswith("[x]") else "", rules)
        if not all(roots):
            return never
        nodes = [node for node, _ in demands]
        if code == "Coding":
            rules[code] = Rule(self.coding)
        elif code == "Identifier":
            rules[code] = Rule(clean_identifier)
        elif code == "Extension":
            rules[code] = Rule(self.extension)
        elif code == "Reference":
            rules[code] = Rule(self.reference(nodes))
        every = self._distinct([root for found in roots for root in found])
        check = by_shape(every, list(rules.values()), self, self.env)
        return self._kept(code, nodes, roots, check)

    def _kept(self, code: str, nodes: list[Node], roots: list[list[Node]], check: Check) -> Check:
        """Return a check that keeps its answers, where that can be done."""
        keeps = memory.KEEPS.get(code)
        if keeps is not None and all(map(keeps, nodes, roots)):
            if code == "Reference":
                return self.known_target(nodes, [r for found in roots for r in found], check)
            keep = memory.coding if code == "Coding" else memory.concept
            return keep(check, self.noted)
        return self.seen.once(check, self.noted) if code in memory.DEAR else check

    def _distinct(self, roots: Iterable[Node]) -> list[Node]:
        return list({self.sharing.of_value(root): root for root in roots}.values())

    def _resource(self, code: str, kinds: list[Type]) -> Check:
        any_type = code in ("Resource", "DomainResource")
        profiles = tuple(dict.fromkeys(url for kind in kinds for url in kind.profiles))

        def run(value: Any) -> bool:
            if not any_type and value["resourceType"] != code:
                return False
            return self.clean_resource(value, profiles)

        return run

    def beside(self, nodes: list[Node]) -> Check:
        """Return the check of what stands beside a primitive."""
        element = self.document.package.type("Element")
        base = [element.root] if element is not None else []
        roots = [root for n in nodes for root in ([n] if n.children else base)]
        return by_shape(self._distinct(roots), [], self, self.env) if roots else never

    def extension(self, value: Any) -> bool:
        """Whether an extension is known and meets its definition."""
        if ("extension" in value) == (len(value) - ("id" in value) - ("extension" in value) > 1):
            return False
        url = value["url"]
        if ":" not in url:
            return True
        if url not in self.extensions:
            definition = self.document.package.definition(url)
            usable = definition is not None and definition.type == "Extension"
            self.extensions[url] = self.root([definition.root]) if definition and usable else None
        check = self.extensions[url]
        return check is not None and bool(check(value))


class _Slices:
    """Finds the slice of each repetition of one element."""

    def __init__(self, node: Node, kind: Type, judge: Judge) -> None:
        self.node, self.kind = node, kind
        self.find: Matcher = matcher(node, judge)
        self.near = bool(node.slices_by_resource)
        self.closed = node.slicing is not None and node.slicing.rules == "closed"
        self.mandatory = [one for one in node.slices if one.min]
        self.counted = frozenset(id(one) for one in node.slices if one.min or one.max != -1)

    def chosen(self, item: Any, place: Place, judge: Judge, counts: dict[int, int]) -> Node | None:
        """Return the element that speaks of an item; None where that is in doubt."""
        matched = self.find(item, self.kind, place, judge)
        if not matched:
            return None if self.closed or (self.near and nearly(self.node, item)) else self.node
        if len(matched) > 1:
            return None
        one = matched[0]
        if id(one) in self.counted:
            count = counts[id(one)] = counts.get(id(one), 0) + 1
            if one.max != -1 and count > one.max:
                return None
        return one

    def complete(self, counts: dict[int, int]) -> bool:
        """Whether no mandatory slice is missing."""
        return all(counts.get(id(one), 0) >= one.min for one in self.mandatory)
