"""Says quickly that a value breaks nothing; says nothing about what is wrong.

Most of a document is in order. For every element, and every set of elements that several profiles
lay on the same value, a function is made, once, that answers «clean» or «look closer»; only what is
not clean is walked (`walk.py`) and reported. The answer «clean» must never be given where the
walker would note something: a property test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ips.conformance.context import Judge, Place
from ips.conformance.demands import Rules
from ips.conformance.elements import claimed
from ips.conformance.expected import Choice, expected
from ips.conformance.model import CORE, Definition, Json, Node, Type
from ips.conformance.quick import MAX_REMEMBERED, Check
from ips.conformance.remarks import NOWHERE, Ways, ways
from ips.conformance.shapes import Rule, property_check
from ips.conformance.weaver import Weaver

Parts = tuple[tuple[Check | None, ...], list[Node]]
"""The checks of the properties of an object, and the children that it lacks."""

MAX_PARTS = 5000

DOUBT = (TypeError, KeyError, AttributeError, IndexError, ValueError)
"""What a value of an unexpected kind raises; the walker tells what is wrong with it."""

Program = tuple[tuple[str, ...], Check]
"""Canonicals, and the check of a resource by all of them at once."""


class Fast(Weaver):
    """Makes and keeps the functions for one set of tables; `bind` sets what they look at."""

    def __init__(self) -> None:
        super().__init__()
        self.programs: dict[str, Program] = {}
        self.roots: dict[tuple[str, ...], Program] = {}
        self.together: dict[tuple[str, ...], Program] = {}
        self.claims: dict[int, tuple[str, ...]] = {}
        """The profiles by which resources of this document were looked at in vain."""
        self.expected: dict[str, list[Choice]] = {}
        self.said: dict[int, tuple[str, ...]] = {}
        """What resources claim."""
        self.remarkable: dict[tuple[int, str], Ways] = {}
        """What leads to something to tell, in resources that break nothing of a profile."""
        self.settled: set[tuple[int, str]] = set()
        """Those of them of which all that matters for the verdict could be judged."""
        self.met: set[tuple[int, tuple[str, ...]]] = set()
        """Resources that are clean by what they claim and some profiles."""
        self.unsettled: dict[tuple[int, tuple[str, ...]], list[Choice]] = {}
        self.expectations: dict[tuple[str, ...], dict[str, list[Choice]]] = {}
        self.singles: dict[tuple[int, str], Check] = {}
        self.parts: dict[tuple[int, tuple[str, ...]], Parts] = {}
        self.wholes: dict[tuple[int, tuple[str, ...]], tuple[Rule, ...]] = {}
        self.known: set[tuple[int, str, int]] = set()

    def bind(self, judge: Judge) -> None:
        """Set the document under judgement."""
        self.judge = judge
        self.document = judge.document
        self.seen.forget()
        self.claims.clear()
        self.expected = {}
        self.known.clear()
        self.met.clear()
        self.said.clear()
        self.remarkable.clear()
        self.settled.clear()
        self.remarked = None
        self.here = Place("", judge.document.root, judge.document.root)
        seen = judge.env(self.here)
        self.env.resolve, self.env.member_of = seen.resolve, seen.member_of
        self.env.conforms = seen.conforms

    # -- resources -----------------------------------------------------------------------------

    def clean_resource(self, resource: Any, profiles: tuple[str, ...] = ()) -> bool:
        """Whether a resource meets the given profiles and those it claims, without any finding."""
        identity = id(resource)
        met = (identity, profiles)
        if met in self.met:
            return True
        kind, clean = resource["resourceType"], self.document.clean
        urls = (*self._claimed(resource), *profiles)
        remarkable = False
        for url in urls or (CORE + kind,):
            if (identity, url) in clean:
                continue
            definition = self.document.package.definition(url)
            if definition is None or definition.type != kind:
                return False
            if not self.clean_by(definition, resource):
                if (identity, definition.url) not in self.remarkable:
                    return False
                remarkable = True
        if remarkable:
            return self.remark(resource)
        self.met.add(met)
        return True

    def _claimed(self, resource: Json) -> tuple[str, ...]:
        known = self.said.get(id(resource))
        if known is None:
            known = self.said[id(resource)] = claimed(resource)
        return known

    def clean_by(self, definition: Definition, resource: Json) -> bool:
        """Whether a resource meets a definition and what it imposes, without any finding."""
        document, identity = self.document, id(resource)
        key = (identity, definition.url)
        if key in document.clean:
            return True
        if key in document.verdicts:
            # In progress (a circle of references), or already walked and found wanting.
            return False
        document.verdicts[key] = True
        clean = identity not in self.claims and self.clean_by_claims(key, resource)
        looked_at = key in self.remarkable or definition.url in self.claims.get(identity, ())
        if not clean and not looked_at:
            clean = self._run(
                self.programs.get(definition.url) or self._program(definition), resource
            )
        if not clean and key not in self.settled:
            del document.verdicts[key]
        return clean

    def first_look(self, key: tuple[int, str], resource: Json) -> bool:
        """Whether a resource that was not looked at before turns out to meet a profile."""
        if key[0] in self.claims:
            return False
        verdicts = self.document.verdicts
        verdicts[key] = True
        clean = self.clean_by_claims(key, resource)
        if not clean and key not in self.settled:
            del verdicts[key]
        return clean

    def clean_by_claims(self, key: tuple[int, str], resource: Json) -> bool:
        """Whether a resource meets one profile, after a look at all those that it should meet.

        These are the ones that it claims, what they impose and derive from, and what its document
        expects of it. All are judged at once, whichever is asked for: what they share is checked
        once. Where one of them is not met, each is looked at for itself.
        """
        self.claims[key[0]] = ()
        kind = resource["resourceType"]
        said = self._claimed(resource)
        likely: list[str] = []
        choices = self.expected.get(kind)
        if choices is not None:
            for choice in self._open(choices, said, kind):
                possible = choice.possible(resource, self.judge)
                if len(possible) == 1:
                    likely += possible
        program = self._by_all((*said, *likely), kind)
        if program[0] and not self._run(program, resource):
            self.claims[key[0]] = program[0]
        return key in self.document.clean

    def _by_all(self, urls: tuple[str, ...], kind: str) -> Program:
        """Return the check by profiles, what they impose and what they derive from."""
        program = self.together.get(urls)
        if program is None:
            found = [d for d in map(self.document.package.definition, urls) if d is not None]
            program = self._made([d for d in found if d.type == kind], derived=True)
            if len(self.together) < MAX_REMEMBERED:
                self.together[urls] = program
        return program

    def _open(self, choices: list[Choice], said: tuple[str, ...], kind: str) -> list[Choice]:
        """Return the expectations that what a resource claims does not fulfil anyway."""
        key = (id(choices), said)
        found = self.unsettled.get(key)
        if found is None:
            covered = self._by_all(said, kind)[0]
            found = [c for c in choices if not all(url in covered for url in c.made)]
            if len(self.unsettled) < MAX_REMEMBERED:
                self.unsettled[key] = found
        return found

    def expect(self, definitions: list[Definition]) -> None:
        """Note what the profiles of a bundle want its entries to be, by type of resource."""
        key = tuple(d.url for d in definitions)
        known = self.expectations.get(key)
        if known is None:
            known = self.expectations[key] = expected(definitions, self.judge)
        self.expected = known

    def _run(self, program: Program, resource: Json) -> bool:
        """Whether a resource is clean by a program; its links are kept then.

        Where it breaks nothing, but there is something to tell, it is not clean, and kept is what
        leads there (`remarkable`).
        """
        document, identity = self.document, id(resource)
        env, links, here = self.env, self.links, self.here
        outer, remarked, doubts = (env.resource, env.root), self.remarked, self.doubts
        env.resource = env.root = resource
        self.here = Place("", resource, resource, document.full_urls.get(identity, ""))
        self.links = []
        # What is told of an entry is told where it stands; anything else is walked as a whole.
        self.remarked = [] if identity in document.paths or resource is document.root else None
        urls, check = program
        try:
            clean = bool(check(resource))
        except DOUBT:
            clean = False
        if clean:
            if "contained" not in resource:
                document.links.setdefault(identity, []).extend(self.links)
            keys = [(identity, url) for url in urls]
            if self.remarked:
                clean = False
                document.tried.update(keys)
                self.remarkable.update(dict.fromkeys(keys, ways(resource, self.remarked)))
                if self.doubts == doubts:
                    self.settled.update(keys)
                    document.verdicts.update(dict.fromkeys(keys, True))
            else:
                document.clean.update(keys)
        env.resource, env.root = outer
        self.links, self.here, self.remarked = links, here, remarked
        return clean

    def whole(self, definitions: list[Definition], resource: Json) -> Ways | None:
        """Return what leads to something to tell of the root; None where it has to be walked."""
        urls = tuple(d.url for d in definitions)
        program = self.roots.get(urls)
        if program is None:
            program = self.roots[urls] = self._made(definitions, derived=False)
        if self._run(program, resource):
            return NOWHERE
        return self.remarkable.get((id(resource), urls[0]))

    def _program(self, definition: Definition) -> Program:
        """Return the check of a resource by a profile together with those that it imposes."""
        program = self.programs[definition.url] = self._made([definition], derived=False)
        return program

    def _made(self, definitions: list[Definition], derived: bool) -> Program:
        """Return the check by definitions, those they impose, and those they derive from."""
        together: dict[str, Definition] = {}
        pending = definitions
        while pending:
            one, *pending = pending
            if one.url not in together:
                together[one.url] = one
                pending.extend(self._at_hand(one.imposes))
                if derived and one.is_profile:
                    # A base that is no profile adds nothing: its elements are all in the profile.
                    pending.extend(b for b in self._at_hand([one.raw["base"]]) if b.is_profile)
        return tuple(together), self.root([one.root for one in together.values()])

    def _at_hand(self, urls: Iterable[str]) -> list[Definition]:
        found = map(self.document.package.definition, urls)
        return [definition for definition in found if definition is not None]

    # -- elements ------------------------------------------------------------------------------

    def clean_value(self, node: Node, value: Any, kind: Type, place: Place) -> bool:
        """Whether a value of an element is clean where it stands."""
        check = self.singles.get((id(node), kind.code))
        if check is None:
            check = self.singles[id(node), kind.code] = self.value([(node, kind)])
        outer = self._enter(place)
        try:
            return bool(check(value))
        except DOUBT:
            return False
        finally:
            self._leave(outer)

    def doubtful(self, node: Node, value: Json, place: Place) -> tuple[list[str], list[Node]]:
        """Return the properties of an object that are not clean, and the children it lacks."""
        shape = tuple(value)
        checks, lacking = self.parts.get((id(node), shape)) or self._parts(node, shape)
        identity, known = id(value), self.known
        found = []
        outer = self._enter(place)
        for name, check in zip(shape, checks, strict=True):
            if check is None:
                found.append(name)
                continue
            # Profiles share most checks: what one has asked of this object holds for the next.
            key = (identity, name, id(check))
            if key in known:
                continue
            try:
                clean = check(value[name])
            except DOUBT:
                clean = False
            if clean:
                known.add(key)
            else:
                found.append(name)
        self._leave(outer)
        return found, lacking

    def _parts(self, node: Node, shape: tuple[str, ...]) -> Parts:
        """Return the checks of the properties of an object, and the mandatory ones it lacks.

        There is no check of what the walker has to take apart: slices, primitives with something
        beside them, choices that are made twice.
        """
        present: dict[int, list[str]] = {}
        for key in shape:
            child = node.by_key.get(key.removeprefix("_"))
            present.setdefault(id(child[0]) if child else 0, []).append(key)
        checks: list[Check | None] = []
        for key in shape:
            child = node.by_key.get(key)
            alone = child is None or len(present[id(child[0])]) == 1
            sliced = child is not None and child[0].is_list and bool(child[0].slices)
            checks.append(
                property_check([node], key, self)
                if alone and not sliced and not key.startswith("_")
                else None
            )
        made = tuple(checks), [c for c in node.required if id(c) not in present]
        if len(self.parts) < MAX_PARTS:
            self.parts[id(node), shape] = made
        return made

    def holds(self, node: Node, value: Json, place: Place) -> bool:
        """Whether a value has all that a node demands of it as a whole."""
        shape = tuple(value)
        rules = self.wholes.get((id(node), shape))
        if rules is None:
            demanded: Rules = {}
            self.demand(node, "", demanded)
            rules = tuple(r for r in demanded.values() if r.idle is None or not r.idle(shape))
            if len(self.wholes) < MAX_PARTS:
                self.wholes[id(node), shape] = rules
        if not rules:
            return True
        outer = self._enter(place)
        try:
            for rule in rules:
                if not (rule.check(value, self.env) if rule.sees else rule.check(value)):
                    return False
            return True
        except DOUBT:
            return False
        finally:
            self._leave(outer)

    def _enter(self, place: Place) -> tuple[Place, Any, Any, list[int] | None]:
        env = self.env
        outer = self.here, env.resource, env.root, self.remarked
        self.here, env.resource, env.root = place, place.resource, place.root
        self.remarked = None
        return outer

    def _leave(self, outer: tuple[Place, Any, Any, list[int] | None]) -> None:
        self.here, self.env.resource, self.env.root, self.remarked = outer
