"""Says quickly that a value breaks nothing; says nothing about what is wrong.

Most of a document is in order. For every element of a definition a function is made, once, that
answers «clean» or «look closer»; only what is not clean is walked (`walk.py`) and reported. The
answer «clean» must never be given where the walker would note something: a property test holds the
two against each other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ips.conformance import memory, narrative
from ips.conformance.context import Document, Judge, Place
from ips.conformance.elements import REMOVED_SYSTEM, claimed
from ips.conformance.fhirpath.values import Env, Typed, capital
from ips.conformance.invariants import Trigger, evaluator, trigger
from ips.conformance.matching import matcher
from ips.conformance.model import PRIMITIVES, Definition, Invariant, Json, Node, Type
from ips.conformance.primitives import CHECKS
from ips.conformance.quick import (
    FORMS,
    Check,
    all_of,
    coded_in,
    each,
    later,
    never,
    object_check,
    remembered,
)
from ips.conformance.targets import References
from ips.conformance.values import matches_fixed, matches_pattern


class Fast(References):
    """Makes and keeps the functions for one set of tables; `bind` sets what they look at."""

    def __init__(self) -> None:
        super().__init__()
        self.env = Env(None, None)
        self.made: dict[tuple[int, str], Check] = {}
        self.extensions: dict[str, Check | None] = {}
        self.by_type: dict[str, Check] = {}

    def bind(self, judge: Judge) -> None:
        """Set the document under judgement."""
        self.judge = judge
        self.document = judge.document
        self.seen.forget()
        self.here = Place("", judge.document.root, judge.document.root)
        self.env = judge.env(self.here)

    # -- resources -----------------------------------------------------------------------------

    def clean_resource(self, resource: Any, profiles: tuple[str, ...] = ()) -> bool:
        """Whether a resource meets the given profiles and those it claims, without any finding."""
        kind = resource["resourceType"]
        urls = {*profiles, *claimed(resource)} if "meta" in resource else profiles
        if not urls:
            base = self.document.package.type(kind)
            return base is not None and self.clean_by(base, resource)
        known, clean = id(resource), self.document.clean
        for url in urls:
            if (known, url) in clean:
                continue
            definition = self.document.package.definition(url)
            if definition is None or definition.type != kind:
                return False
            if not self.clean_by(definition, resource):
                return False
        return True

    def clean_by(self, definition: Definition, resource: Json) -> bool:
        """Whether a resource meets a definition and what it imposes, without any finding."""
        key = (id(resource), definition.url)
        if key in self.document.clean:
            return True
        known = self.document.verdicts.get(key, key)
        if known is not key:
            # In progress (a circle of references), or already walked and found wanting.
            return False
        self.document.verdicts[key] = True
        env, links, here = self.env, self.links, self.here
        outer = env.resource, env.root
        env.resource = env.root = resource
        self.here = Place("", resource, resource, self.document.full_urls.get(id(resource), ""))
        self.links = []
        try:
            clean = bool(self.root(definition)(resource))
            if clean and definition.imposes:
                clean = all(
                    imposed is None or self.clean_by(imposed, resource)
                    for imposed in map(self.document.package.definition, definition.imposes)
                )
        except (TypeError, KeyError, AttributeError):
            clean = False
        if clean:
            self.document.clean.add(key)
            self.document.links.setdefault(id(resource), []).extend(self.links)
        else:
            del self.document.verdicts[key]
        env.resource, env.root = outer
        self.links, self.here = links, here
        return clean

    def root(self, definition: Definition) -> Check:
        """Return the function for the root of a definition."""
        key = (id(definition.root), "")
        if key not in self.made:
            checks = [self.object(definition.root), *self.demands(definition.root, "")]
            self.made[key] = all_of(checks)
        return self.made[key]

    def clean_value(self, node: Node, value: Any, kind: Type, place: Place) -> bool:
        """Whether a value of an element is clean where it stands."""
        env, here = self.env, self.here
        outer = env.resource, env.root
        self.here, env.resource, env.root = place, place.resource, place.root
        try:
            return bool(self.value(node, kind)(value))
        except (TypeError, KeyError, AttributeError):
            return False
        finally:
            self.here = here
            env.resource, env.root = outer

    # -- elements ------------------------------------------------------------------------------

    def value(self, node: Node, kind: Type) -> Check:
        """Return the function for one repetition of an element."""
        key = (id(node), kind.code)
        made = self.made.get(key)
        if made is None:
            # A type may contain itself (Extension): the function is looked up when it is called.
            self.made[key] = later(self.made, key)
            made = self.made[key] = self._value(node, kind)
        return made

    def _value(self, node: Node, kind: Type) -> Check:
        kind = next((t for t in node.types if t.code == kind.code), kind)
        if kind.code in PRIMITIVES:
            return self.primitive(node, kind.code)
        definition = self.document.package.type(kind.code)
        if definition is None:
            if node.content_of:
                target = node.definition.by_path.get(node.content_of)
                return self.object(target) if target is not None else never
            return never
        if definition.raw.get("kind") == "resource":
            return self._resource(kind)
        type_ = kind.code if node.name.endswith("[x]") else ""
        checks: list[Check] = []
        roots = self.judge.content_roots(node, kind)
        for root in roots:
            checks.append(self._shared(root))
            if root is not node:
                checks.extend(self.demands(root, ""))
        if node.children and kind.code not in ("BackboneElement", "Element"):
            checks.extend(self.rules(definition.root.invariants, ""))
        checks.extend(self.demands(node, type_))
        extra = {
            "Coding": self.coding,
            "Extension": self.extension,
            "Reference": self.reference(node),
        }.get(kind.code)
        if extra is not None:
            checks.append(extra)
        return self._kept(node, kind, roots, all_of(checks))

    def _kept(self, node: Node, kind: Type, roots: list[Node], check: Check) -> Check:
        """Return a check that keeps its answers, where that can be done."""
        if kind.code == "Coding" and memory.keeps_codings(node, roots):
            return memory.coding(check)
        if kind.code == "CodeableConcept" and memory.keeps_concepts(node, roots):
            return memory.concept(check)
        if kind.code == "Reference" and memory.keeps_targets(node, roots):
            return self.known_target(node, roots, check)
        return check

    def _shared(self, root: Node) -> Check:
        """Return the children's check of a definition's root or an element, made once."""
        key = (id(root), "object")
        if key not in self.made:
            self.made[key] = later(self.made, key)
            check = self.object(root)
            if root is root.definition.root and root.name in memory.SHARED:
                check = self.seen.once(root, check, lambda: len(self.links))
            self.made[key] = check
        return self.made[key]

    def _resource(self, kind: Type) -> Check:
        any_type = kind.code in ("Resource", "DomainResource")

        def run(value: Any) -> bool:
            if not any_type and value["resourceType"] != kind.code:
                return False
            return self.clean_resource(value, kind.profiles)

        return run

    def object(self, node: Node) -> Check:
        """Return the function for the children of a node."""
        checks: dict[str, Check] = {}
        choices: list[tuple[Any, int]] = []
        for child in node.children:
            names = (
                [(child.name[:-3] + capital(t.code), t) for t in child.types]
                if child.name.endswith("[x]")
                else [(child.name, child.types[0] if child.types else Type(""))]
            )
            if child.max == 0:
                continue
            for name, kind in names:
                if name not in checks:
                    checks[name] = self._child(child, kind)
                    if kind.code in PRIMITIVES and not child.is_list:
                        checks["_" + name] = self._beside(child)
            if len(names) > 1 or (child.min and child.name.endswith("[x]")):
                choices.append((frozenset(n for n, _ in names), child.min))
        resource = node is node.definition.root and node.definition.raw.get("kind") == "resource"
        if resource:
            # What is contained is judged in its container; the walker knows how.
            checks.pop("contained", None)
            checks["resourceType"] = node.definition.type.__eq__
        needed = frozenset(c.name for c in node.required if not c.name.endswith("[x]"))
        extension = node.definition.type == "Extension" and node is node.definition.root
        return object_check(checks, needed, [] if extension else choices)

    def _child(self, child: Node, kind: Type) -> Check:
        if child.slicing is not None and child.slices:
            return self._sliced(child, kind)
        check = self.value(child, kind)
        if not child.is_list:
            return check
        low, high = child.min, child.max
        every = each(check)
        if low <= 1 and high == -1:
            return every
        return lambda items: (
            low <= len(items) and (high == -1 or len(items) <= high) and every(items)
        )

    def _sliced(self, node: Node, kind: Type) -> Check:
        find = matcher(node, self.judge)
        slices, closed = node.slices, bool(node.slicing and node.slicing.rules == "closed")
        mandatory = [s for s in slices if s.min]

        def run(value: Any) -> bool:
            items = value if node.is_list else [value]
            if type(items) is not list or not items or len(items) < node.min:
                return False
            if node.max != -1 and len(items) > node.max:
                return False
            counts: dict[int, int] = {}
            for item in items:
                matched = find(item, kind, self.here, self.judge)
                if len(matched) > 1 or (closed and not matched):
                    return False
                one = matched[0] if matched else node
                if matched:
                    count = counts[id(one)] = counts.get(id(one), 0) + 1
                    if one.max != -1 and count > one.max:
                        return False
                if not self.value(one, kind)(item):
                    return False
            return all(counts.get(id(s), 0) >= s.min for s in mandatory)

        return run

    def _beside(self, node: Node) -> Check:
        """Return the check of what stands beside a primitive."""
        element = self.document.package.type("Element")
        root = node if node.children else element.root if element is not None else None
        if root is None:
            return never
        return lambda value: bool(value) and self._shared(root)(value)

    # -- rules ---------------------------------------------------------------------------------

    def primitive(self, node: Node, code: str) -> Check:
        """Return the function for a primitive."""
        if code == "xhtml":
            return lambda value: not narrative.problems(value)
        form = FORMS.get(code) or CHECKS[code]
        codes = self._listed(node) if code == "code" else None
        if codes is not None:
            form = codes
        elif node.binding or node.max_value_set:
            return all_of([form, self._bound(node)])
        checks: list[Check] = [form]
        if node.has_fixed:
            checks = [lambda value: matches_fixed(value, node.fixed)]
        if node.has_pattern:
            checks.append(lambda value: matches_pattern(value, node.pattern))
        if node.max_length is not None:
            limit = node.max_length
            checks.append(lambda value: len(value) <= limit)
        checks.extend(self.rules(node.invariants, code))
        return all_of(checks)

    def _listed(self, node: Node) -> Check | None:
        """Return membership of a list of codes, where the value set is nothing but that."""
        if node.binding is None or node.binding[0] != "required" or node.max_value_set:
            return None
        value_set = self.document.terminology.value_set(node.binding[1])
        if value_set is None or set(value_set) != {"s"} or node.has_fixed:
            return None
        return frozenset(c for codes in value_set["s"].values() for c in codes).__contains__

    def _bound(self, node: Node) -> Check:
        """Return membership of the bound value sets; text without a code does for extensible."""
        wanted = [v for v in (node.binding[1] if node.binding else None, node.max_value_set) if v]
        extensible = node.binding is not None and node.binding[0] == "extensible"
        text_will_do = extensible and node.max_value_set is None
        terminology = self.document.terminology
        kinds = {t.code for t in node.types}
        if kinds == {"CodeableConcept"} and len(wanted) == 1:
            value_set = terminology.value_set(wanted[0]) or {}
            if set(value_set) == {"s"}:
                pairs = {(s, c) for s, codes in value_set["s"].items() for c in codes}
                return coded_in(pairs, text_will_do)
        if kinds == {"code"}:
            return remembered(lambda code: all(terminology.has_code(v, code) for v in wanted))
        if len(wanted) == 1:
            only = wanted[0]
            return lambda value: (
                terminology.member_of(value, only) is True
                or (
                    text_will_do
                    and type(value) is dict
                    and "coding" not in value
                    and "code" not in value
                )
            )
        return lambda value: all(terminology.member_of(value, v) is True for v in wanted)

    def demands(self, node: Node, type_: str) -> list[Check]:
        """Return the checks of fixed and pattern values, bindings and invariants of a node."""
        checks: list[Check] = []
        if node.has_fixed:
            checks.append(lambda value: matches_fixed(value, node.fixed))
        if node.has_pattern:
            checks.append(lambda value: matches_pattern(value, node.pattern))
        if node.binding or node.max_value_set:
            checks.append(self._bound(node))
        checks.extend(self.rules(node.invariants, type_))
        return checks

    def rules(self, invariants: tuple[Invariant, ...], type_: str) -> list[Check]:
        """Return the checks of invariants, each skipped where it has nothing to speak of."""
        return [
            self._rule(evaluator(i.expression), trigger(i.expression), type_) for i in invariants
        ]

    def _rule(
        self, holds: Callable[[Any, Env], bool], touches: Trigger | None, type_: str
    ) -> Check:
        if type_:
            return lambda value: holds(Typed(value, type_), self.env)
        if touches is None:
            return lambda value: holds(value, self.env)
        idle = touches
        return lambda value: (type(value) is dict and idle(value)) or holds(value, self.env)

    def coding(self, value: Any) -> bool:
        """Whether a code is not known to be missing from its system."""
        system = value.get("system")
        if system is None or system == REMOVED_SYSTEM:
            return system is None
        codes = self.document.package.code_systems.get(system)
        if codes is not None:
            return "code" not in value or value["code"] in codes
        return "code" not in value or _may_exist(self.document, system, value["code"])

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
            self.extensions[url] = self.root(definition) if definition and usable else None
        check = self.extensions[url]
        return check is not None and bool(check(value))


def _may_exist(document: Document, system: str, code: str) -> bool:
    return document.terminology.exists(system, code) is not False
