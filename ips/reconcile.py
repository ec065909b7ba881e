"""One record out of several sources: the same thing told twice is kept once, with both its sources.

Two entries are the same only when they come from different sources and agree in what identifies
them (the shared PLL id, the same code and day …). Entries that contradict each other both stay.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from ips.loss import Fate, LossReport
from ips.sources.base import Origin, Resource, Source
from ips.sources.codes import codes_of

PEOPLE = frozenset({"Practitioner", "PractitionerRole", "Organization"})

# Whose entry is kept when two are the same: the register that owns the information.
_RANK = {"kj-critical-info": 0, "sfm-medication": 1, "m25": 2, "sysvak": 0, "provesvar": 0}
_LISTS = ("reaction", "note", "category", "performer", "identifier", "evidence")


class Merged:
    """The resources of a record, each with the sources that told of it."""

    def __init__(self) -> None:
        self.resources: list[Resource] = []
        self.told_by: dict[str, list[tuple[Source, Origin | None]]] = {}
        self.loss = LossReport()
        self.contradictions: list[tuple[str, str]] = []
        self._keys: dict[tuple[str, ...], str] = {}
        self._replaced: dict[str, str] = {}
        self._by_reference: dict[str, Resource] = {}

    def add(self, source: Source) -> None:
        """Take the resources of a source in."""
        renamed = self._names(source)
        for original in source.resources:
            resource = _rewritten(original, renamed)
            old = f"{original['resourceType']}/{original['id']}"
            reference = renamed[old]
            resource["id"] = reference.split("/", 1)[1]
            origin = _rewritten_origin(source.origins.get(old), renamed)
            same = self._same(resource, source)
            if same is not None:
                self._merge(same, resource, source, origin)
                self._replaced[reference] = renamed[old] = same
            elif reference not in self._by_reference:
                self._take(reference, resource, source, origin)

    def _names(self, source: Source) -> dict[str, str]:
        """Give each resource an id that no other source uses; people keep one id for all."""
        names: dict[str, str] = {}
        taken: set[str] = set()
        for resource in source.resources:
            kind, identity = resource["resourceType"], resource["id"]
            reference = f"{kind}/{identity}"
            if kind in PEOPLE:
                known = next(
                    (self._keys[k] for k in _person_keys(resource, names) if k in self._keys), None
                )
                if known:
                    names[reference] = known
                    continue
            new, count = reference, 1
            while new in self._by_reference or new in taken:
                count += 1
                new = f"{kind}/{identity[:58]}.{count}"
            names[reference] = new
            taken.add(new)
        return names

    def _take(
        self, reference: str, resource: Resource, source: Source, origin: Origin | None
    ) -> None:
        self.resources.append(resource)
        self._by_reference[reference] = resource
        self.told_by[reference] = [(source, origin)]
        keys = _person_keys(resource) if resource["resourceType"] in PEOPLE else self.keys(resource)
        for key in keys:
            self._keys.setdefault(key, reference)

    def _same(self, resource: Resource, source: Source) -> str | None:
        if resource["resourceType"] in PEOPLE:
            return None
        for key in self.keys(resource):
            reference = self._keys.get(key)
            if reference is None or any(s is source for s, _ in self.told_by[reference]):
                continue
            if _agree(self._by_reference[reference], resource):
                return reference
            if (reference, source.name) not in self.contradictions:
                self.contradictions.append((reference, source.name))
        return None

    def _merge(
        self, reference: str, resource: Resource, source: Source, origin: Origin | None
    ) -> None:
        """Keep the entry of the owner; what only the other one says is added to it."""
        kept = self._by_reference[reference]
        first = self.told_by[reference][0][0]
        newer = _RANK.get(source.kind, 9) < _RANK.get(first.kind, 9)
        if newer:
            winner = resource | {"id": kept["id"]}
            _complete(winner, copy.deepcopy(kept))
            kept.clear()
            kept.update(winner)
        else:
            _complete(kept, resource)
        self.told_by[reference].append((source, origin))
        for key in self.keys(resource):
            self._keys.setdefault(key, reference)
        self.loss.add(f"{resource['resourceType']}/{resource['id']}", source.name, Fate.EXACT,
                      f"The same entry is in {first.name}; it is kept once.")  # fmt: skip

    def finish(self) -> None:
        """Lead all references to what was kept, and drop what only a merged entry referred to."""
        if self._replaced:
            for resource in self.resources:
                resource.update(_rewritten(resource, self._replaced))
        used: set[str] = set()
        for resource in self.resources:
            _collect_references(resource, used)
        self.resources = [
            r
            for r in self.resources
            if r["resourceType"] not in ("Medication", "Device")
            or f"{r['resourceType']}/{r['id']}" in used
        ]

    def keys(self, resource: Resource) -> Iterator[tuple[str, ...]]:
        """Yield what identifies a resource across sources; nothing for types not compared."""
        kind = resource["resourceType"]
        if kind == "AllergyIntolerance":
            yield from _coded(kind, resource.get("code"))
        elif kind in ("MedicationStatement", "MedicationDispense"):
            for number in resource.get("identifier", []):
                if number.get("system") == "urn:ietf:rfc:3986":
                    yield (kind, number["value"].lower())
            yield from self._same_medicine(kind, resource)
        elif kind in ("Immunization", "Observation"):
            yield from _on_a_day(kind, resource)
        elif kind in ("Condition", "Procedure"):
            for key in _coded(kind, resource.get("code")):
                yield (*key, *sorted(c for _, c in codes_of(_first(resource.get("category")))))

    def _same_medicine(self, kind: str, resource: Resource) -> Iterator[tuple[str, ...]]:
        """The same product with the same dosage words and start is the same line of the list."""
        reference = resource.get("medicationReference", {}).get("reference", "")
        drug = self._by_reference.get(reference, {}).get("code")
        words = " ".join(d.get("text", "") for d in resource.get("dosage", [])).split()
        start = resource.get("effectivePeriod", {}).get("start", "")[:10]
        if drug and words and start:
            for key in _coded(kind, drug):
                yield (*key, " ".join(words).casefold(), start)


def _coded(kind: str, concept: Any) -> Iterator[tuple[str, ...]]:
    for system, code in sorted(codes_of(concept)):
        yield (kind, system, code)


def _on_a_day(kind: str, resource: Resource) -> Iterator[tuple[str, ...]]:
    """A vaccination is the same by vaccine and day, an observation by code, minute and value."""
    if kind == "Immunization":
        code, when, value = resource.get("vaccineCode"), resource.get("occurrenceDateTime", ""), "-"
        when = when[:10]
    else:
        code, value = resource.get("code"), _value(resource)
        when = resource.get("effectiveDateTime", "")[:16]
    if len(when) >= 10 and value:
        for key in _coded(kind, code):
            yield (*key, when, value)


def _collect_references(value: Any, found: set[str]) -> None:
    if isinstance(value, dict):
        reference = value.get("reference")
        if isinstance(reference, str):
            found.add(reference)
        for item in value.values():
            _collect_references(item, found)
    elif isinstance(value, list):
        for item in value:
            _collect_references(item, found)


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


def _value(resource: Resource) -> str:
    quantity = resource.get("valueQuantity")
    if isinstance(quantity, dict):
        return str(quantity.get("value", ""))
    parts = [
        str(c.get("valueQuantity", {}).get("value", "")) for c in resource.get("component", [])
    ]
    text = resource.get("valueCodeableConcept", {}).get("text", "")
    return "/".join(filter(None, [*parts, text, str(resource.get("valueDateTime", ""))]))


def _person_keys(
    resource: Resource, names: dict[str, str] | None = None
) -> Iterator[tuple[str, ...]]:
    """Yield what identifies a professional, an organisation, or one's role at the other.

    Args:
        resource: the resource.
        names: new references of its source, where it has not been rewritten yet.
    """
    kind = resource["resourceType"]
    if kind == "PractitionerRole":
        ends = [resource.get(k, {}).get("reference", "") for k in ("practitioner", "organization")]
        codes = sorted(c for part in resource.get("code", []) for _, c in codes_of(part))
        yield (kind, *((names or {}).get(end, end) for end in ends), *codes)
        return
    for number in resource.get("identifier", []):
        if number.get("system") and number.get("value"):
            yield (kind, number["system"], number["value"])


def _agree(first: Resource, second: Resource) -> bool:
    """Whether two entries about the same thing can be one: not refuted here and in force there."""
    for key in ("verificationStatus", "clinicalStatus", "status"):
        one, two = first.get(key), second.get(key)
        if key == "verificationStatus":
            refuted = {("refuted" in {c for _, c in codes_of(x)}) for x in (one, two)}
            if len(refuted) > 1:
                return False
        elif one and two and _state(one) != _state(two):
            return False
    return True


def _state(value: Any) -> str:
    if isinstance(value, str):
        return value
    return next((code for _, code in sorted(codes_of(value))), "")


def _complete(kept: Resource, other: Resource) -> None:
    """Add what the kept entry lacks; lists of small things are joined."""
    for key, value in other.items():
        if key in ("id", "meta", "resourceType") or key.startswith(("effective", "onset", "value")):
            continue
        if key not in kept:
            if not _clashes(kept, key):
                kept[key] = value
        elif key in _LISTS and isinstance(value, list):
            kept[key] = kept[key] + [item for item in value if not _has(kept[key], item)]


def _clashes(kept: Resource, key: str) -> bool:
    """A medicine is given by reference or by code, never both (FHIR choice of types)."""
    return key.startswith("medication") and any(k.startswith("medication") for k in kept)


def _has(items: list[Any], wanted: Any) -> bool:
    if wanted in items:
        return True
    if isinstance(wanted, dict) and "manifestation" in wanted:
        mine = {c for m in wanted["manifestation"] for c in codes_of(m)}
        return any(mine and mine <= {c for m in item.get("manifestation", []) for c in codes_of(m)}
                   for item in items if isinstance(item, dict))  # fmt: skip
    return False


def _rewritten(value: Any, names: dict[str, str]) -> Any:
    """Return a copy in which references carry the new ids."""
    if isinstance(value, dict):
        return {
            k: names.get(v, v) if k == "reference" and isinstance(v, str) else _rewritten(v, names)
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [_rewritten(item, names) for item in value]
    return value


def _rewritten_origin(origin: Origin | None, names: dict[str, str]) -> Origin | None:
    if origin is None:
        return None
    return Origin(origin.recorded, names.get(origin.recorder, origin.recorder), origin.updated,
                  names.get(origin.updater, origin.updater), origin.informant,
                  origin.from_patient)  # fmt: skip
