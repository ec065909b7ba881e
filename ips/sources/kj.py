"""Critical information from Kjernejournal (KJ FHIR API, R4): the eleven kinds of Volven 7651.

Profiles ``http://nhn.no/kj/fhir/StructureDefinition/Kj*``; a resource with another profile or none
is read by its type and category.
"""

from __future__ import annotations

from collections.abc import Callable

from ips.loss import Fate
from ips.sources import clinical, measures
from ips.sources.base import Origin, Reading, Resource, Source
from ips.sources.codes import bare_codes
from ips.sources.fhirfile import FhirFile, category_code, profiles
from ips.sources.node import Node

KIND = "kj-critical-info"

# Which list the code of a Condition comes from, by category (7651) and by profile.
_CONDITION_LISTS = {"3": "7651", "4": "7651", "5": "7110", "7": "7518", "10": "7519"}
_CONDITION_PROFILES = {
    "KjConditionComplicationsOfAnesthesia": "7651",
    "KjConditionCriticalMedicalCondition": "7110",
    "KjConditionTransplantsAndOtherForeignBodies": "7518",
    "KjConditionInfection": "7519",
}
_PROFILES = frozenset({
    *_CONDITION_PROFILES, "KjAllergyIntolerance", "KjProcedure", "KjDeviceUseStatement", "KjFlag",
    "KjConsent", "KjConsentAvgrensningAvLivsforlengendeBehandling", "KjConsentBehandlingsavklaring",
    "no-basis-AllergyIntolerance",
})  # fmt: skip

# How each type names its recorder and the day of its registration.
_RECORDED = {
    "AllergyIntolerance": ("recorder", "recordedDate"),
    "Condition": ("recorder", "recordedDate"),
    "Procedure": ("recorder", ""),
    "DeviceUseStatement": ("source", "recordedOn"),
    "Consent": ("performer", "dateTime"),
    "Flag": ("author", ""),
}
_ABSENCE = {
    "716186003": "no-known-allergies",
    "160245001": "no-known-problems",
    "787480003": "no-known-procedures",
    "787483001": "no-known-devices",
}
"""SNOMED CT codes that state an absence (IPS 2.0.0, design: missing data)."""

TYPES = frozenset(_RECORDED)


def read(content: bytes, *, name: str, lenient: bool = False) -> Source:
    """Read the answer of Kjernejournal: a searchset Bundle, several of them, or one resource.

    Raises:
        InputError: unreadable, two patients, or faults in the data (warnings when lenient).
    """
    reading = Reading(name, KIND, lenient=lenient)
    file = FhirFile.read(content, reading)
    for node in file.of_type(*TYPES):
        entry(node, file)
    file.finish({*TYPES, "OperationOutcome"})
    return reading.finish()


def entry(node: Node, file: FhirFile) -> None:
    """Read one entry of critical information into the source of its file."""
    if clinical.deleted(node):
        return
    kind = node.value["resourceType"]
    _check_profile(node)
    made = _readers()[kind](node, file)
    absence = _stated_absence(made)
    if absence:
        node.reading.source.statements.add(absence)
        node.reading.exact(node.at("code"), absence)
        return
    origin = clinical.origin(node, file, *_RECORDED[kind])
    _name_people(made, kind, origin)
    reference = node.reading.add(made, str(node.value.get("id", "")), origin)
    _both_consents(made, node)
    node.rest()
    _note_refuted(made, node, reference)


def _readers() -> dict[str, Callable[[Node, FhirFile], Resource]]:
    return {
        "AllergyIntolerance": clinical.allergy,
        "Condition": _condition,
        "Procedure": measures.procedure,
        "DeviceUseStatement": measures.device_use,
        "Consent": measures.consent,
        "Flag": measures.flag,
    }


def _condition(node: Node, file: FhirFile) -> Resource:
    hint = next((_CONDITION_PROFILES[p] for p in profiles(node) if p in _CONDITION_PROFILES), "")
    hint = hint or _CONDITION_LISTS.get(category_code(node), "7110")
    return clinical.condition(node, file, hint=hint)


def _check_profile(node: Node) -> None:
    claimed = profiles(node)
    if claimed and not _PROFILES.intersection(claimed):
        node.reading.warn(
            f"the profile «{claimed[0][:80]}» is not known; read by type and category", node.path,
            rule="profiles of the KJ FHIR API",
        )  # fmt: skip


def _name_people(made: Resource, kind: str, origin: Origin) -> None:
    """Put the recorder where the type has a place, and the patient as the one who said it."""
    if origin.recorder:
        place = {
            "AllergyIntolerance": "recorder",
            "Condition": "recorder",
            "Procedure": "recorder",
            "DeviceUseStatement": "source",
            "Flag": "author",
        }.get(kind)
        if place and not (kind != "Flag" and origin.recorder.startswith("Organization/")):
            made[place] = {"reference": origin.recorder}
        elif kind == "Consent":
            made["performer"] = [{"reference": origin.recorder}]
    if origin.from_patient and kind in ("AllergyIntolerance", "Condition", "Procedure"):
        made["asserter"] = {"reference": "Patient/patient"}


def _stated_absence(made: Resource) -> str:
    code = made.get("code")
    for coding in code.get("coding", []) if isinstance(code, dict) else []:
        if coding.get("system") == "http://snomed.info/sct" and coding.get("code") in _ABSENCE:
            return _ABSENCE[coding["code"]]
    return ""


def _both_consents(made: Resource, node: Node) -> None:
    """KJ: an active entry of kind 11 must not stand beside an active one of kind 8."""
    if made["resourceType"] != "Consent" or made["status"] != "active":
        return
    active = [r for r in node.reading.source.resources
              if r["resourceType"] == "Consent" and r["status"] == "active"]  # fmt: skip
    scopes = {code for r in active for code in bare_codes(r["scope"])}
    if {"adr", "treatment"} <= scopes:
        node.reading.warn(
            "an active treatment clarification stands beside an active limitation of treatment",
            node.path, rule="KJ FHIR API: kinds 8 and 11 exclude each other",
            remedy="the treating doctor decides which one holds",
        )  # fmt: skip


def _note_refuted(made: Resource, node: Node, reference: str) -> None:
    """Only the status says that a procedure, device, flag or consent was refuted."""
    ended = (made["resourceType"], made.get("status")) in (
        ("Procedure", "completed"),
        ("DeviceUseStatement", "completed"),
        ("Flag", "inactive"),
        ("Consent", "inactive"),
    )
    if ended:
        node.reading.lose(
            node.at("status"),
            f"{reference} {made['status']}",
            Fate.APPROXIMATE,
            "Kjernejournal says «refuted»; FHIR R4 only knows that it has ended.",
        )
