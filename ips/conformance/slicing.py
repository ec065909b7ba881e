"""Which slice of a profile a repetition belongs to (FHIR profiling, discriminators)."""

from __future__ import annotations

import re
from typing import Any

from ips.conformance.context import Judge, Place
from ips.conformance.fhirpath.values import CHOICES
from ips.conformance.model import Node, Type
from ips.conformance.values import matches_fixed, matches_pattern

_PART = re.compile(r"(resolve\(\)|ofType\([^)]*\)|extension\('[^']*'\)|\$this|[^.]+)")


def slices_of(node: Node, value: Any, kind: Type | None, place: Place, judge: Judge) -> list[Node]:
    """Return the slices of a node that a value matches.

    Args:
        node: an element with slicing.
        value: one repetition.
        kind: the type by which a choice element was named.
        place: where the value stands.
        judge: decides conformance where a discriminator asks for a profile.
    """
    slicing = node.slicing
    if slicing is None:
        return []
    discriminators = slicing.discriminators or (("value", "url"),)
    matched = [
        candidate
        for candidate in node.slices
        if all(
            _discriminates(candidate, how, path, value, kind, place, judge)
            for how, path in discriminators
        )
    ]
    if len(matched) < 2:
        return matched
    found = [(m, _profiles(m, discriminators, judge)) for m in matched]
    target = next(
        (
            a
            for how, path in discriminators
            if how == "profile"
            for a in _follow(value, _steps(path), place, judge)
            if isinstance(a, dict)
        ),
        None,
    )
    return matched if target is None else surely(found, target, place, judge)


def surely(
    found: list[tuple[Node, tuple[str, ...]]], resource: Any, place: Place, judge: Judge
) -> list[Node]:
    """Drop slices that fit only because a binding cannot be judged, if another surely fits."""
    sure = [
        node
        for node, urls in found
        if not urls or any(judge.verdict(resource, url, place) for url in urls)
    ]
    return sure or [node for node, _ in found]


def _steps(path: str) -> list[str]:
    return [] if path == "$this" else _PART.findall(path)


def _profiles(
    node: Node, discriminators: tuple[tuple[str, str], ...], judge: Judge
) -> tuple[str, ...]:
    urls: list[str] = []
    for how, path in discriminators:
        if how == "profile":
            steps = _steps(path)
            types = _types(_expected(node, [s for s in steps if s != "resolve()"], judge))
            urls += [u for t in types for u in (t.targets if "resolve()" in steps else t.profiles)]
    return tuple(urls)


def _discriminates(
    node: Node, how: str, path: str, value: Any, kind: Type | None, place: Place, judge: Judge
) -> bool:
    if how == "type" and path == "$this":
        return kind is not None and any(t.code == kind.code for t in node.types)
    if path == "url" and node.name in ("extension", "modifierExtension"):
        return isinstance(value, dict) and value.get("url") in extension_urls(node)
    steps = _steps(path)
    resolving = "resolve()" in steps
    actual = _follow(value, steps, place, judge)
    expected = _expected(node, [s for s in steps if s != "resolve()"], judge)
    if how == "exists":
        return _exists(expected, actual)
    if how == "type":
        return _right_type(expected, actual, resolving, judge)
    if how == "profile":
        return _right_profile(expected, actual, resolving, place, judge)
    return any(_right_value(e, a, judge) for e in expected for a in actual)


def extension_urls(node: Node) -> set[str]:
    """Return the urls by which an extension is recognised as this slice."""
    urls = {profile for type_ in node.types for profile in type_.profiles}
    url = node.child("url")
    if url is not None and url.has_fixed:
        urls.add(str(url.fixed))
    return urls


def _follow(value: Any, steps: list[str], place: Place, judge: Judge) -> list[Any]:
    """Follow a discriminator path through data."""
    found = [value]
    for step in steps:
        following: list[Any] = []
        for item in found:
            if not isinstance(item, dict):
                continue
            if step == "resolve()":
                reference = item.get("reference")
                target = (
                    judge.document.resolve(reference, place) if isinstance(reference, str) else None
                )
                following.extend([] if target is None else [target])
            elif step.startswith("extension("):
                url = step[11:-2]
                extensions = item.get("extension") or ()
                following.extend(
                    e for e in extensions if isinstance(e, dict) and e.get("url") == url
                )
            elif not step.startswith("ofType("):
                following.extend(_children(item, step))
            else:
                following.append(item)
        found = following
    return found


def _children(item: dict[str, Any], step: str) -> list[Any]:
    names = [k for k in item if k == step or (k.startswith(step) and k[len(step) :] in CHOICES)]
    found: list[Any] = []
    for name in names if step not in item else [step]:
        entry = item[name]
        found.extend(entry if isinstance(entry, list) else [entry])
    return found


def _expected(node: Node, steps: list[str], judge: Judge) -> list[Node | _Constant]:
    """Follow a discriminator path through the slice's definition."""
    current: list[Node | _Constant] = [node]
    for step in steps:
        following: list[Node | _Constant] = []
        for item in current:
            if isinstance(item, _Constant):
                following.extend(item.child(step))
            elif item.has_pattern or item.has_fixed:
                constant = _Constant(item.pattern if item.has_pattern else item.fixed)
                following.extend(constant.child(step))
            else:
                following.extend(_definition_children(item, step, judge))
        current = following
    return current


def _definition_children(node: Node, step: str, judge: Judge) -> list[Node | _Constant]:
    if step.startswith("extension("):
        url = step[11:-2]
        extension = node.child("extension")
        return [s for s in (extension.slices if extension else ()) if url in extension_urls(s)]
    own = node.child(step)
    if own is not None:
        return [own, *own.slices]
    found: list[Node | _Constant] = []
    for root in judge.content_roots(node, node.types[0] if node.types else Type("")):
        child = root.child(step)
        if child is not None:
            found.extend([child, *child.slices])
    return found


class _Constant:
    """A part of a fixed or pattern value higher up."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def child(self, step: str) -> list[Node | _Constant]:
        if not isinstance(self.value, dict) or step not in self.value:
            return []
        inner = self.value[step]
        return [_Constant(i) for i in (inner if isinstance(inner, list) else [inner])]


def _right_value(expected: Node | _Constant, actual: Any, judge: Judge) -> bool:
    if isinstance(expected, _Constant):
        return matches_pattern(actual, expected.value)
    if expected.has_fixed:
        return matches_fixed(actual, expected.fixed)
    if expected.has_pattern:
        return matches_pattern(actual, expected.pattern)
    if expected.binding and expected.binding[0] == "required":
        return judge.document.terminology.member_of(actual, expected.binding[1]) is True
    # The demand stands deeper, in the children of the slice.
    demands = [c for c in expected.children if c.has_fixed or c.has_pattern]
    if not demands:
        demands = [
            s
            for c in expected.children
            for s in c.slices
            if s.min and (s.has_pattern or s.has_fixed)
        ]
    return bool(demands) and all(
        any(_right_value(d, a, judge) for a in _children(actual, d.name))
        for d in demands
        if isinstance(actual, dict)
    )


def _exists(expected: list[Node | _Constant], actual: list[Any]) -> bool:
    nodes = [e for e in expected if isinstance(e, Node)]
    if any(n.max == 0 for n in nodes):
        return not actual
    return bool(actual) if any(n.min for n in nodes) else True


def _types(expected: list[Node | _Constant]) -> list[Type]:
    return [t for e in expected if isinstance(e, Node) for t in e.types]


def target_type(url: str, judge: Judge) -> str:
    """Return the type of resource that a target profile is for (StructureDefinition.type)."""
    definition = judge.document.package.definition(url)
    return definition.type if definition is not None else url.rsplit("/", 1)[-1]


def _right_type(
    expected: list[Node | _Constant], actual: list[Any], resolving: bool, judge: Judge
) -> bool:
    wanted = {t.code for t in _types(expected)}
    if resolving:
        wanted = {target_type(target, judge) for t in _types(expected) for target in t.targets}
    return any(
        isinstance(a, dict) and (a.get("resourceType") in wanted or "Resource" in wanted)
        for a in actual
    )


def _right_profile(
    expected: list[Node | _Constant],
    actual: list[Any],
    resolving: bool,
    place: Place,
    judge: Judge,
) -> bool:
    types = _types(expected)
    urls = [u for t in types for u in (t.targets if resolving else t.profiles)]
    if not urls and not resolving:
        return any(isinstance(a, dict) for a in actual)
    return any(
        isinstance(a, dict) and judge.conforms(a, url, place) for a in actual for url in urls
    )
