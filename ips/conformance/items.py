"""What stands in the properties of an object: the repetitions of an element, or nothing known."""

from __future__ import annotations

from typing import Any

from ips.conformance.context import Judge, Place, short
from ips.conformance.model import Json, Node, Type

Item = tuple[Any, Any, Type, str]
"""A repetition: value, what stands beside a primitive, type, step from the object to it."""


def unknown(judge: Judge, node: Node, key: str, place: Place) -> None:
    """Note a property that is no element of a node; a resource also names its type."""
    if key == "resourceType" and place.resource.get("resourceType") == node.definition.type:
        return
    what = f"«{short(key, 40)}» is not an element of {node.id}"
    judge.note(f"{node.id}.unknown-element", "error", what, place, node.source)


def of_property(
    judge: Judge, child: Node, kind: Type, name: str, value: Json, place: Place
) -> list[Item]:
    """Return the repetitions of one JSON property with their places."""
    entry, beside = value.get(name), value.get("_" + name)
    step = "." + child.name.removesuffix("[x]")
    if not child.is_list:
        if isinstance(entry, list) or isinstance(beside, list):
            what = f"{child.name} must not be an array"
            judge.note(f"{child.id}.array", "error", what, place.at(step), child.source)
            alone = entry[:1] if isinstance(entry, list) else [] if entry is None else [entry]
            return [(one, None, kind, step) for one in alone]
        return [(entry, beside, kind, step)]
    entries = entry if isinstance(entry, list) else [] if entry is None else None
    besides = beside if isinstance(beside, list) else [] if beside is None else None
    if entries is None or besides is None or not (entries or besides):
        what = f"{child.name} must be an array with at least one entry"
        judge.note(f"{child.id}.array", "error", what, place.at(step), child.source)
        return [] if entries is not None else [(entry, None, kind, step)]
    if not besides:
        return [(e, None, kind, f"{step}[{i}]") for i, e in enumerate(entries)]
    return [
        (
            entries[i] if i < len(entries) else None,
            besides[i] if i < len(besides) else None,
            kind,
            f"{step}[{i}]",
        )
        for i in range(max(len(entries), len(besides)))
    ]
