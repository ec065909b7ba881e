"""Vital signs: measurements in an organizer, blood pressure as one panel.

Implements templates 1.3.6.1.4.1.12559.11.10.1.3.1.3.21 and .22; FHIR R4 bp profile.
"""

from __future__ import annotations

from ips.cda.read.common import HL7, LOINC, Work, settle
from ips.cda.read.datatypes import Json, when
from ips.cda.read.node import Node
from ips.cda.read.observations import loinc_of, observation, single

SYSTOLIC, DIASTOLIC, PANEL = "8480-6", "8462-4", "85354-9"


def vitals(node: Node, work: Work) -> list[str]:
    """Return the references of measurements; systolic and diastolic pressure are one panel."""
    if node.name != "organizer":
        return single(node, work, "vital-signs")
    settle(node, "statusCode", "code", "id", "text")
    time = node.one("effectiveTime")
    made: list[Json] = []
    for part in node.many("component"):
        inner = part.one("observation")
        if inner is None:
            continue
        content = observation(inner, work, "vital-signs")
        if not any(key.startswith("effective") for key in content):
            content |= when(time, "effective")
        made.append(content)
    when(time, "effective")
    seeds = [f"{node.where}/{n}" for n in range(len(made) + 1)]
    return [
        work.resources.add("Observation", content, seed)
        for content, seed in zip(_with_panel(made), seeds, strict=False)
    ]


def _with_panel(made: list[Json]) -> list[Json]:
    """Join one systolic and one diastolic pressure of the same time (FHIR R4 bp profile)."""
    parts = {code: [m for m in made if loinc_of(m) == code] for code in (SYSTOLIC, DIASTOLIC)}
    upper, lower = parts[SYSTOLIC], parts[DIASTOLIC]
    if len(upper) != 1 or len(lower) != 1 or not _same_time(upper[0], lower[0]):
        return made
    pair = [upper[0], lower[0]]
    shared = ("code", "valueQuantity", "identifier", "interpretation", "referenceRange")
    panel: Json = {key: value for key, value in upper[0].items() if key not in shared}
    ids = [i for one in pair for i in one.get("identifier", ())]
    if ids:
        panel["identifier"] = [i for n, i in enumerate(ids) if i not in ids[:n]]
    panel["code"] = {
        "coding": [{"system": LOINC, "code": PANEL,
                    "display": "Blood pressure panel with all children optional"}]
    }  # fmt: skip
    panel["component"] = [_component(one) for one in pair]
    return [panel, *(m for m in made if m is not upper[0] and m is not lower[0])]


def _component(one: Json) -> Json:
    """Return a measurement as a component of its panel."""
    kept = ("code", "valueQuantity", "interpretation", "referenceRange")
    part = {key: one[key] for key in kept if key in one}
    if "valueQuantity" not in part:
        part["dataAbsentReason"] = {
            "coding": [{"system": HL7 + "data-absent-reason", "code": "unknown"}]
        }
    return part


def _same_time(one: Json, other: Json) -> bool:
    return all(one.get(key) == other.get(key) for key in ("effectiveDateTime", "effectivePeriod"))
