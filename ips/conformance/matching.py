"""Indexes over slices: the common ways to tell slices apart, answered by one look-up.

Sections of a Composition are told apart by code, entries of a Bundle by type and profile, section
entries by the profile of what they refer to, choice elements by type, extensions by url. Asking
every slice in turn costs more than all other checks together; these indexes give the same answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ips.conformance.context import Judge, Place
from ips.conformance.model import Json, Node, Type
from ips.conformance.slicing import extension_urls, slices_of, surely, target_type

Matcher = Callable[[Any, Type, Place, Judge], list[Node]]
Candidates = dict[str, list[tuple[Node, tuple[str, ...]]]]


def matcher(node: Node, judge: Judge) -> Matcher:
    """Return a function that gives the slices of a node that a value fits; made once per node."""
    cache = judge.document.package.cache
    key = ("matcher", id(node))
    if key not in cache:
        cache[key] = _build(node, judge)
    found: Matcher = cache[key]
    return found


def _build(node: Node, judge: Judge) -> Matcher:
    discriminators = node.slicing.discriminators if node.slicing else ()
    if node.name in ("extension", "modifierExtension"):
        return _by_url(node)
    if discriminators == (("type", "$this"),):
        return _by_type(node)
    if discriminators == (("type", "resource"), ("profile", "resource")):
        return _by_entry(node)
    if discriminators == (("profile", "resolve()"),):
        return _by_target(node, judge)
    if discriminators == _TARGETS and _known_targets(node, judge):
        return _by_target(node, judge)
    if discriminators and discriminators[0] == ("type", "resolve()"):
        return _by_target_type(node, judge, alone=len(discriminators) == 1)
    paths = tuple(path for how, path in discriminators if how in ("value", "pattern"))
    if len(paths) == len(discriminators) and paths in _CODED:
        index = _codes(node, _CODED[paths])
        if index is not None:
            return _by_code(index, _CODED[paths])
    return lambda value, kind, place, judge: slices_of(node, value, kind, place, judge)


_TARGETS = (("type", "resolve()"), ("profile", "resolve()"))
"""Discriminators of which the second says all that the first does, where targets are known."""


def _known_targets(node: Node, judge: Judge) -> bool:
    """Whether all that slices may refer to are definitions at hand, each of one type."""
    urls = [url for one in node.slices for type_ in one.types for url in type_.targets]
    found = [judge.document.package.definition(url) for url in urls]
    return all(d is not None and d.type not in ("Resource", "DomainResource") for d in found)


def _by_url(node: Node) -> Matcher:
    index: dict[str, list[Node]] = {}
    for candidate in node.slices:
        for url in extension_urls(candidate):
            index.setdefault(url, []).append(candidate)
    return lambda value, _kind, _place, _judge: (
        index.get(str(value.get("url")), []) if isinstance(value, dict) else []
    )


def _by_type(node: Node) -> Matcher:
    index: dict[str, list[Node]] = {}
    for candidate in node.slices:
        for type_ in candidate.types:
            index.setdefault(type_.code, []).append(candidate)
    return lambda _value, kind, _place, _judge: index.get(kind.code, [])


_CODED = {("code",): "code", ("$this",): "", ("coding.code", "coding.system"): ""}
"""Discriminators that compare one coding, and the element that it stands in."""


def _codes(node: Node, element: str) -> dict[tuple[str, str], Node] | None:
    """Index slices by the one coding that they demand; None when one demands something else."""
    index: dict[tuple[str, str], Node] = {}
    for candidate in node.slices:
        holder = candidate.child(element) if element else candidate
        key = _demanded(holder) if holder is not None else None
        if key is None or key in index:
            return None
        index[key] = candidate
    return index


def _demanded(node: Node) -> tuple[str, str] | None:
    """Return system and code where a concept must hold exactly that coding."""
    if node.has_pattern:
        pattern = node.pattern
        codings = pattern.get("coding") if isinstance(pattern, dict) else None
        if not codings or len(codings) != 1 or set(pattern) != {"coding"}:
            return None
        if set(codings[0]) != {"system", "code"}:
            return None
        return codings[0]["system"], codings[0]["code"]
    coding = node.child("coding")
    parts = [coding.child(n) for n in ("system", "code")] if coding is not None else []
    values = [p.fixed for p in parts if p is not None and p.has_fixed]
    return (values[0], values[1]) if len(values) == 2 else None


def _by_code(index: dict[tuple[str, str], Node], element: str) -> Matcher:
    def run(value: Any, _kind: Type, _place: Place, _judge: Judge) -> list[Node]:
        if type(value) is not dict:
            return []
        concept = value.get(element) if element else value
        codings = concept.get("coding") if type(concept) is dict else None
        found: list[Node] = []
        for coding in codings if type(codings) is list else ():
            if type(coding) is dict:
                match = index.get((str(coding.get("system")), str(coding.get("code"))))
                if match is not None and match not in found:
                    found.append(match)
        return found

    return run


def _by_entry(node: Node) -> Matcher:
    index: Candidates = {}
    for candidate in node.slices:
        resource = candidate.child("resource")
        for type_ in resource.types if resource is not None else ():
            index.setdefault(type_.code, []).append((candidate, type_.profiles))

    def run(value: Any, _kind: Type, place: Place, judge: Judge) -> list[Node]:
        resource = value.get("resource") if isinstance(value, dict) else None
        return _fitting(index, resource, place, judge) if isinstance(resource, dict) else []

    return run


def _by_target(node: Node, judge: Judge) -> Matcher:
    index: Candidates = {}
    for candidate in node.slices:
        by_type: dict[str, list[str]] = {}
        for type_ in candidate.types:
            for url in type_.targets:
                by_type.setdefault(target_type(url, judge), []).append(url)
        for name, urls in by_type.items():
            index.setdefault(name, []).append((candidate, tuple(urls)))

    def run(value: Any, _kind: Type, place: Place, judge: Judge) -> list[Node]:
        reference = value.get("reference") if isinstance(value, dict) else None
        target = judge.document.resolve(reference, place) if isinstance(reference, str) else None
        return _fitting(index, target, place, judge) if target is not None else []

    return run


def _by_target_type(node: Node, judge: Judge, alone: bool) -> Matcher:
    """Look only at the slices for the type of the target; without any there is no match."""
    index: dict[str, list[Node]] = {}
    for candidate in node.slices:
        targets = [target for type_ in candidate.types for target in type_.targets]
        for name in dict.fromkeys(target_type(target, judge) for target in targets):
            index.setdefault(name, []).append(candidate)

    def run(value: Any, kind: Type, place: Place, judge: Judge) -> list[Node]:
        if "Resource" not in index:
            reference = value.get("reference") if isinstance(value, dict) else None
            found = judge.document.resolve(reference, place) if isinstance(reference, str) else None
            nodes = index.get(str(found.get("resourceType")), []) if found is not None else []
            if alone or not nodes:
                return nodes
        return slices_of(node, value, kind, place, judge)

    return run


def _fitting(index: Candidates, resource: Json, place: Place, judge: Judge) -> list[Node]:
    found, identity = [], id(resource)
    clean, verdicts = judge.document.clean, judge.document.verdicts
    for candidate in index.get(str(resource.get("resourceType")), ()):
        urls = candidate[1]
        if not urls:
            found.append(candidate)
        for url in urls:
            key = (identity, url)
            if verdicts.get(key) is False:
                continue
            if key in clean or judge.conforms(resource, url, place):
                found.append(candidate)
                break
    if len(found) == 1:
        return [found[0][0]]
    return surely(found, resource, place, judge) if found else []


def nearly(node: Node, value: Any) -> Node | None:
    """Return the slice that an entry in no slice may nearly be: the only one for its type."""
    candidates = of_type(node, value)
    return candidates[0] if len(candidates) == 1 and not candidates[0].min else None


def of_type(node: Node, value: Any) -> list[Node]:
    """Return the slices with a profile that are for the type of resource an entry holds."""
    resource = value.get("resource") if isinstance(value, dict) else None
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    return node.slices_by_resource.get(kind, []) if isinstance(kind, str) else []
