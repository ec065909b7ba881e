"""One document for each prescription: a Bundle with several becomes as many (MyHealth@EU eP, eD).

A pharmacy abroad dispenses on a document, by its id; so every prescription of a list (M9.6) needs
a document of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Resource = dict[str, Any]

_ITEMS = ("MedicationDispense", "MedicationRequest")
_UNFIT = re.compile(r"[^0-9A-Za-z.-]+")


def apart(bundle: Resource) -> list[tuple[str, Resource]]:
    """Return a Bundle for each dispensation, else for each prescription, with a name for a file.

    Each holds the item and what it refers to, however indirectly.

    Args:
        bundle: FHIR R4 Bundle with MedicationRequests or MedicationDispenses.

    Returns:
        name and Bundle, in the order of the source; the Bundle itself where it has one item only.
        Empty when there is none.
    """
    entries = [one for one in bundle.get("entry", ()) if isinstance(one.get("resource"), dict)]
    groups = [[e for e in entries if e["resource"].get("resourceType") == kind] for kind in _ITEMS]
    items = groups[0] or groups[1]
    if len(items) == 1:
        return [(_name(items[0], 1), bundle)]
    found: dict[str, Resource] = {}
    for number, item in enumerate(items, 1):
        name = _name(item, number)
        unique = name if name not in found else f"{name}-{number}"
        found[unique] = {**bundle, "id": item["resource"].get("id"),
                         "entry": _with_needed(item, entries)}  # fmt: skip
    return list(found.items())


def _with_needed(item: Resource, entries: list[Resource]) -> list[Resource]:
    """Return an entry and, in the order of the source, those that it leads to."""
    by_name: dict[str, Resource] = {}
    for entry in entries:
        resource = entry["resource"]
        for name in (entry.get("fullUrl"), f"{resource.get('resourceType')}/{resource.get('id')}"):
            by_name.setdefault(str(name), entry)
    kept = {id(item)}
    waiting = [item]
    while waiting:
        for name in _references(waiting.pop()["resource"]):
            found = by_name.get(name)
            if found is not None and id(found) not in kept:
                kept.add(id(found))
                waiting.append(found)
    return [item, *(e for e in entries if id(e) in kept and e is not item)]


def _references(element: Any) -> Iterator[str]:
    if isinstance(element, dict):
        if isinstance(element.get("reference"), str):
            yield element["reference"]
        for value in element.values():
            yield from _references(value)
    elif isinstance(element, list):
        for value in element:
            yield from _references(value)


def _name(item: Resource, number: int) -> str:
    """Return the number of the prescription without its scheme, fit for a file name."""
    numbers = item["resource"].get("identifier") or ()
    said = next((str(one["value"]) for one in numbers if one.get("value")), "")
    return _UNFIT.sub("-", said.removeprefix("urn:uuid:")).strip("-.") or str(number)
