"""Compiles value sets to lists of codes, keeping apart what can be decided and what cannot.

A compiled value set has four parts, each by code system: `s` codes that are members, `x` codes
that are not, `w` systems of which every code is a member, `u` systems whose membership cannot be
decided here (a filter over a system that is not at hand, or a licence that forbids the list).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

Json = dict[str, Any]

SNOMED = "http://snomed.info/sct"

OPEN_SYSTEMS = frozenset({"urn:ietf:bcp:13", "urn:ietf:bcp:47", "http://unitsofmeasure.org"})
"""Systems with a grammar instead of a list; the engine judges their codes by form."""

MAX_CODES = 5000
"""A value set with more codes than this is not listed; its systems count as undecided."""


def concepts(
    tree: Iterable[Json], parents: tuple[str, ...] = ()
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield every code of a CodeSystem with the codes above it (nesting and ``parent``)."""
    for concept in tree:
        above = parents + tuple(
            str(p.get("valueCode"))
            for p in concept.get("property", ())
            if p.get("code") in ("parent", "subsumedBy") and "valueCode" in p
        )
        yield concept["code"], above
        yield from concepts(concept.get("concept", ()), (*above, concept["code"]))


def compile_code_systems(resources: Iterable[Json]) -> dict[str, list[str]]:
    """Return the codes of every complete code system, by canonical."""
    table: dict[str, list[str]] = {}
    for resource in resources:
        if resource.get("content") == "complete" and "url" in resource:
            codes = sorted({code for code, _ in concepts(resource.get("concept", ()))})
            if codes and resource["url"] not in table:
                table[resource["url"]] = codes
    return table


def compile_value_sets(
    wanted: Collection[str],
    own: Iterable[Json],
    expansions: Iterable[Json],
    code_systems: Iterable[Json],
    withhold: Collection[str] = (),
) -> dict[str, Json]:
    """Compile the value sets that are bound.

    Args:
        wanted: canonicals without version.
        own: ValueSets of the package; their definition is preferred.
        expansions: further ValueSets, with expansion or definition.
        code_systems: CodeSystems with hierarchy, for whole inclusion and filters.
        withhold: systems whose codes must not be listed; they count as undecided.

    Returns:
        One entry for every wanted value set that is known at all. One that is not here is not at
        hand, and the engine says so.
    """
    compiler = _Compiler(own, expansions, code_systems, withhold)
    table = {}
    for canonical in sorted(wanted):
        compiled = compiler.compile(canonical, frozenset())
        if compiled is not None:
            table[canonical] = compiled.entry()
    return table


class _Set:
    """A value set in the making."""

    def __init__(self) -> None:
        self.members: dict[str, set[str]] = {}
        self.excluded: dict[str, set[str]] = {}
        self.whole: set[str] = set()
        self.undecided: set[str] = set()

    def add(self, other: _Set) -> None:
        for system, codes in other.members.items():
            self.members.setdefault(system, set()).update(codes)
        for system, codes in other.excluded.items():
            self.excluded.setdefault(system, set()).update(codes)
        self.whole |= other.whole
        self.undecided |= other.undecided

    def entry(self) -> Json:
        entry: Json = {}
        if self.members:
            entry["s"] = {k: sorted(v) for k, v in sorted(self.members.items())}
        if self.excluded:
            entry["x"] = {k: sorted(v) for k, v in sorted(self.excluded.items())}
        if self.whole:
            entry["w"] = sorted(self.whole)
        if self.undecided:
            entry["u"] = sorted(self.undecided)
        return entry


class _Compiler:
    def __init__(
        self,
        own: Iterable[Json],
        expansions: Iterable[Json],
        code_systems: Iterable[Json],
        withhold: Collection[str],
    ) -> None:
        self.sets: dict[str, Json] = {}
        for resource in (*own, *expansions):
            self.sets.setdefault(resource.get("url", ""), resource)
        self.systems: dict[str, dict[str, tuple[str, ...]]] = {}
        for system in code_systems:
            if system.get("content") == "complete" and system.get("url") not in self.systems:
                self.systems[system["url"]] = dict(concepts(system.get("concept", ())))
        self.withhold = withhold

    def compile(self, canonical: str, seen: frozenset[str]) -> _Set | None:
        """Compile one value set; None when its definition is not at hand or goes in a circle."""
        resource = self.sets.get(canonical)
        if resource is None or canonical in seen:
            return None
        if resource.get("expansion", {}).get("contains"):
            return self._expansion(resource["expansion"]["contains"])
        result = _Set()
        compose = resource.get("compose", {})
        for include in compose.get("include", ()):
            result.add(self._include(include, seen | {canonical}))
        for exclude in compose.get("exclude", ()):
            self._exclude(result, self._include(exclude, seen | {canonical}))
        return result

    def _expansion(self, contains: list[Json]) -> _Set:
        result = _Set()
        stack = list(contains)
        while stack:
            entry = stack.pop()
            stack.extend(entry.get("contains", ()))
            if "code" in entry and not entry.get("abstract"):
                result.members.setdefault(entry.get("system", ""), set()).add(entry["code"])
        for system in [s for s in result.members if s in self.withhold]:
            del result.members[system]
            result.undecided.add(system)
        return self._bounded(result)

    @staticmethod
    def _bounded(result: _Set) -> _Set:
        for system, codes in list(result.members.items()):
            if len(codes) > MAX_CODES:
                del result.members[system]
                result.undecided.add(system)
        return result

    def _include(self, include: Json, seen: frozenset[str]) -> _Set:
        result = _Set()
        system = include.get("system")
        if system:
            self._system(result, system, include)
        for reference in include.get("valueSet", ()):
            inner = self.compile(reference.split("|", 1)[0], seen)
            if inner is None or system:
                # A missing part, or the intersection of a system and a value set.
                result.undecided.update([system] if system else ["*"])
            else:
                result.add(inner)
        return self._bounded(result)

    def _system(self, result: _Set, system: str, include: Json) -> None:
        known = self.systems.get(system)
        if system in self.withhold:
            result.undecided.add(system)
        elif "concept" in include:
            result.members[system] = {c["code"] for c in include["concept"]}
        elif "filter" not in include:
            result.whole.add(system)
        elif known is None:
            result.undecided.add(system)
        else:
            codes: set[str] | None = set(known)
            for condition in include["filter"]:
                matched = _filtered(known, condition)
                codes = None if codes is None or matched is None else codes & matched
            if codes is None:
                result.undecided.add(system)
            else:
                result.members[system] = codes

    def _exclude(self, result: _Set, excluded: _Set) -> None:
        for system, codes in excluded.members.items():
            if system in result.whole and system in self.systems:
                result.whole.discard(system)
                result.members[system] = set(self.systems[system])
            if system in result.members:
                result.members[system] -= codes
            if system in result.whole or system in result.undecided:
                result.excluded.setdefault(system, set()).update(codes)
        for system in excluded.whole:
            result.members.pop(system, None)
            result.whole.discard(system)
        for system in excluded.undecided:
            if system in result.members or system in result.whole:
                result.members.pop(system, None)
                result.whole.discard(system)
                result.undecided.add(system)


def _filtered(known: dict[str, tuple[str, ...]], condition: Json) -> set[str] | None:
    """Codes that a filter selects, or None where the filter needs properties we do not keep."""
    value = condition.get("value", "")
    operator = condition.get("op")
    if condition.get("property") not in ("concept", "code", "parent"):
        return None
    below = {code for code in known if value in _ancestors(code, known)}
    if operator == "is-a":
        return below | ({value} & set(known))
    if operator == "descendent-of":
        return below
    if operator == "is-not-a":
        return set(known) - below - {value}
    if operator == "=" and condition.get("property") == "parent":
        return {code for code, above in known.items() if value in above[-1:]}
    return None


def _ancestors(code: str, known: dict[str, tuple[str, ...]]) -> set[str]:
    found: set[str] = set()
    stack = list(known.get(code, ()))
    while stack:
        parent = stack.pop()
        if parent not in found:
            found.add(parent)
            stack.extend(known.get(parent, ()))
    return found
