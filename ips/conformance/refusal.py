"""Says quickly that a resource surely breaks a profile: a wrong code, a missing element.

An Observation in a summary is tried against a dozen profiles; all but one fail at the first
glance, and a glance is what they get here. What is not surely wrong is left to the other checks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ips.conformance.context import Judge, Place
from ips.conformance.fhirpath.values import capital
from ips.conformance.matching import matcher
from ips.conformance.model import Definition, Json, Node, Type
from ips.conformance.terminology import Terminology
from ips.conformance.values import pattern_check

Refusal = Callable[[Json, Judge], bool]


def refuses(definition: Definition, resource: Json, judge: Judge) -> bool:
    """Whether a resource surely has an error by a definition."""
    try:
        for refusal in refusals(definition, judge):
            if refusal(resource, judge):
                return True
    except (TypeError, AttributeError):
        pass
    return False


def refusals(definition: Definition, judge: Judge) -> list[Refusal]:
    """Return the checks of a definition that may refuse a resource; made once."""
    cache = judge.document.package.cache
    key = ("refusal", id(definition))
    if key not in cache:
        cache[key] = _refusals(definition, judge)
    made: list[Refusal] = cache[key]
    return made


def _refusals(definition: Definition, judge: Judge) -> list[Refusal]:
    found: list[Refusal] = []
    children = [c for c in definition.root.children if not c.name.endswith("[x]")]
    for child in children:
        if not child.is_list:
            if child.has_pattern:
                found.append(_pattern(child))
            concept = any(t.code == "CodeableConcept" for t in child.types)
            if concept and child.binding and child.binding[0] == "required":
                found.append(_binding(child, judge.document.terminology))
        for inner in child.slices:
            if inner.min and child.is_list and child.slicing is not None:
                found.append(_slice(child, inner, judge))
    choices = [c for c in definition.root.children if c.name.endswith("[x]") and c.min]
    found += [_no_choice(c) for c in choices]
    found.append(_unknown(definition.root))
    unwanted = frozenset(c.name for c in children if c.max == 0)
    if unwanted:
        found.append(lambda r, _judge: not unwanted.isdisjoint(r))
    needed = frozenset(c.name for c in children if c.min)
    if needed:
        found.append(_missing(needed))
    return found


def _no_choice(node: Node) -> Refusal:
    stem = node.name.removesuffix("[x]")
    names = {stem + capital(t.code) for t in node.types}
    absent = frozenset(names | {"_" + name for name in names}).isdisjoint
    return lambda r, _judge: absent(r)


def _unknown(root: Node) -> Refusal:
    known = frozenset([*root.by_key, *("_" + key for key in root.by_key), "resourceType"])
    return lambda r, _judge: not r.keys() <= known


def _missing(needed: frozenset[str]) -> Refusal:
    names = tuple((name, "_" + name) for name in needed)
    return lambda r, _judge: (
        not needed <= r.keys() and any(a not in r and b not in r for a, b in names)
    )


def _pattern(node: Node) -> Refusal:
    name, matches = node.name, pattern_check(node.pattern)
    return lambda r, _judge: name in r and not matches(r[name])


def _binding(node: Node, terminology: Terminology) -> Refusal:
    name = node.name
    canonical = node.binding[1] if node.binding else ""

    def run(resource: Json, _judge: Judge) -> bool:
        value: Any = resource.get(name)
        return isinstance(value, dict) and terminology.has_concept(canonical, value) is False

    return run


def _slice(node: Node, inner: Node, judge: Judge) -> Refusal:
    name, kind = node.name, node.types[0] if node.types else Type("")
    find = matcher(node, judge)
    if any(how == "profile" for how, _ in (node.slicing.discriminators if node.slicing else ())):
        # What an entry refers to is not looked at here.
        return lambda r, _judge: not r.get(name)

    nowhere = Place("", {}, {})

    def run(resource: Json, judge: Judge) -> bool:
        items = resource.get(name, ())
        return not any(inner in find(item, kind, nowhere, judge) for item in items)

    return run
