"""Where in a resource that breaks nothing there is something to tell.

A code outside an extensible value set is worth a warning and breaks nothing. The quick checks
(`fast.py`) note such values and go on; afterwards the walker (`walk.py`) goes straight to them,
by the way from the resource down, and says of each what every profile has to say.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import zip_longest
from typing import Any

from ips.conformance.context import Judge, Place
from ips.conformance.matching import matcher
from ips.conformance.model import Json, Node, Type

Ways = frozenset[int]
"""Identities of the values to tell of, and of the objects and arrays that lead to them."""

NOWHERE: Ways = frozenset()


def ways(resource: Json, remarked: Collection[int]) -> Ways:
    """Return what leads from a resource to values in it.

    Args:
        resource: the resource; what another resource inside it holds is that one's business.
        remarked: identities of the values, which may be resources inside.
    """
    found: set[int] = set(remarked)
    entries = resource.get("entry")
    if resource["resourceType"] == "Bundle" and type(entries) is list:
        leading = [e for e in entries if type(e) is dict and id(e.get("resource")) in found]
        if {id(e["resource"]) for e in leading} == found:
            return frozenset([id(resource), id(entries), *map(id, leading), *found])
    _search(resource, found)
    return frozenset(found)


def _search(value: Any, found: set[int]) -> bool:
    leads = id(value) in found
    for inner in value.values() if type(value) is dict else value:
        if type(inner) is list or (type(inner) is dict and "resourceType" not in inner):
            leads = _search(inner, found) or leads
        elif id(inner) in found:
            leads = True
    if leads:
        found.add(id(value))
    return leads


def tell(judge: Judge, node: Node, value: Json, place: Place, way: Ways) -> None:
    """Judge what leads to something to tell in an object, by the children of a node."""
    keys = [key for key, inner in value.items() if id(inner) in way]
    if any(key[:1] == "_" for key in keys):
        # A primitive and what stands beside it are one element, in the place of the primitive.
        names = {key.removeprefix("_") for key in keys}
        keys = [k for k in value if k in names or (k[1:] in names and k[1:] not in value)]
    for key in keys:
        name = key.removeprefix("_")
        found = node.by_key.get(name)
        if found is None:
            continue
        child, kind = found
        step = "." + child.name.removesuffix("[x]")
        entry, beside = value.get(name), value.get("_" + name)
        if not child.is_list:
            _one(judge, child, (entry, beside), kind, place, step)
            continue
        for at, pair in enumerate(zip_longest(entry or (), beside or ())):
            if id(pair[0]) in way or id(pair[1]) in way:
                _one(judge, child, pair, kind, place, f"{step}[{at}]")


def _one(
    judge: Judge, node: Node, pair: tuple[Any, Any], kind: Type, place: Place, step: str
) -> None:
    """Judge one repetition, and what stands beside it, by the slices that it is in."""
    sliced = node.slicing is not None and node.slices
    matched = matcher(node, judge)(pair[0], kind, place, judge) if sliced else None
    for one in matched or [node]:
        judge.value(one, *pair, kind, place.at(step))
