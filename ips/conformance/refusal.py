"""Says quickly that a resource surely breaks a profile: a wrong code, a missing element.

An Observation in a summary is tried against a dozen profiles; all but one fail at the first
glance, and a glance is what they get here. What is not surely wrong is left to the other checks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ips.conformance.context import Judge, Place
from ips.conformance.matching import matcher
from ips.conformance.model import Definition, Json, Node, Type
from ips.conformance.terminology import Terminology
from ips.conformance.values import matches_pattern

Refusal = Callable[[Json, Judge], bool]


def refuses(definition: Definition, resource: Json, judge: Judge) -> bool:
    """Whether a resource surely has an error by a definition."""
    cache = judge.document.package.cache
    key = ("refusal", id(definition))
    if key not in cache:
        cache[key] = _refusals(definition, judge)
    made: list[Refusal] = cache[key]
    try:
        for refusal in made:
            if refusal(resource, judge):
                return True
    except (TypeError, AttributeError):
        pass
    return False


def _refusals(definition: Definition, judge: Judge) -> list[Refusal]:
    found: list[Refusal] = []
    needed, excluded = [], []
    for child in definition.root.children:
        if child.name.endswith("[x]"):
            continue
        if child.min:
            needed.append(child.name)
        if child.max == 0:
            excluded.append(child.name)
        if not child.is_list:
            if child.has_pattern:
                found.append(_pattern(child))
            concept = any(t.code == "CodeableConcept" for t in child.types)
            if concept and child.binding and child.binding[0] == "required":
                found.append(_binding(child, judge.document.terminology))
        for inner in child.slices:
            if inner.min and child.is_list and child.slicing is not None:
                found.append(_slice(child, inner, judge))
    if excluded:
        unwanted = frozenset(excluded)
        found.append(lambda r, _judge: not unwanted.isdisjoint(r))
    if needed:
        names = tuple((name, "_" + name) for name in needed)
        found.append(lambda r, _judge: any(a not in r and b not in r for a, b in names))
    return found


def _pattern(node: Node) -> Refusal:
    name, pattern = node.name, node.pattern
    return lambda r, _judge: name in r and not matches_pattern(r[name], pattern)


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
