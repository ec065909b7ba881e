"""What a resource is for the summary: its kind, the section it belongs to, or why it stays out."""

from __future__ import annotations

from typing import Any

from ips.summary.systems import HL7, KJ_TYPES, LOINC, codes

PREGNANCY_STATUS = "82810-3"
DUE_DATE = frozenset({"11778-8", "11779-6", "11780-4"})
"""IPS 2.0.0 value set edd-method-uv-ips."""
OUTCOME = frozenset(
    {"11636-8", "11637-6", "11638-4", "11639-2", "11640-0", "11612-9", "11613-7", "11614-5",
     "33065-4"}
)  # fmt: skip
"""IPS 2.0.0 value set pregnancies-summary-uv-ips."""
GESTATIONAL_AGE = frozenset(
    {"11884-4", "11885-1", "11887-7", "18185-9", "49051-6", "49052-4", "57714-8"}
)
"""The LOINC codes of component «Gestational age» that are in use (EPS gestational-age-loinc)."""
TOBACCO, ALCOHOL, TRAVEL = "72166-2", "74013-4", "94651-7"

_BY_CODE = {
    PREGNANCY_STATUS: "pregnancy-status",
    TOBACCO: "tobacco",
    ALCOHOL: "alcohol",
    TRAVEL: "travel",
    **dict.fromkeys(DUE_DATE, "pregnancy-edd"),
    **dict.fromkeys(OUTCOME, "pregnancy-outcome"),
    **dict.fromkeys(GESTATIONAL_AGE, "gestational-age"),
}
_BY_CATEGORY = ("laboratory", "imaging", "vital-signs", "social-history")

_SECTION_OF_TYPE = {
    "AllergyIntolerance": "allergies",
    "MedicationStatement": "medications",
    "MedicationRequest": "medications",
    "MedicationDispense": "medications",
    "MedicationAdministration": "medications",
    "Immunization": "immunizations",
    "ImmunizationRecommendation": "plan",
    "CarePlan": "plan",
    "Procedure": "procedures",
    "DeviceUseStatement": "devices",
    "DiagnosticReport": "results",
    "Consent": "directives",
    "Flag": "alerts",
    "ClinicalImpression": "functional",
}
_SECTION_OF_OBSERVATION = {
    "vital-signs": "vitals",
    "pregnancy-status": "pregnancy",
    "pregnancy-edd": "pregnancy",
    "pregnancy-outcome": "pregnancy",
    "gestational-age": "pregnancy",
    "tobacco": "social",
    "alcohol": "social",
    "social-history": "social",
    "travel": "travel",
}
_ENDED = {"inactive", "remission", "resolved"}

ALERTING = frozenset({"3", "4", "10"})
"""Volven 7651: difficult intubation, other trouble with anaesthesia, infection."""


def kind(resource: dict[str, Any]) -> str:
    """Return the kind of a resource: its type, for observations ``Observation.laboratory`` etc."""
    name = str(resource["resourceType"])
    if name != "Observation":
        return name
    return f"Observation.{_observation(resource)}"


def _observation(resource: dict[str, Any]) -> str:
    for coding in resource.get("code", {}).get("coding", ()):
        if coding.get("system") == LOINC and coding.get("code") in _BY_CODE:
            return _BY_CODE[coding["code"]]
    found = codes(resource.get("category", []))
    return next((name for name in _BY_CATEGORY if name in found), "other")


def section_of(resource: dict[str, Any], kind_: str) -> str | None:
    """Return the key of the section that lists a resource; None for those only referred to."""
    if kind_.startswith("Observation."):
        return _SECTION_OF_OBSERVATION.get(kind_.removeprefix("Observation."), "results")
    if kind_ == "Condition":
        ended = codes(resource.get("clinicalStatus")) & _ENDED
        return "past-problems" if ended else "problems"
    if kind_ == "DocumentReference":
        return "directives" if codes(resource.get("type"), LOINC) & {"42348-3"} else None
    return _SECTION_OF_TYPE.get(kind_)


def is_alerting(resource: dict[str, Any]) -> bool:
    """Return whether a condition is of a type that clinicians abroad must see at once."""
    return bool(codes(resource.get("category", []), KJ_TYPES) & ALERTING)


def reason_to_leave_out(resource: dict[str, Any], today: str) -> str:
    """Return why a resource does not go into a summary, in one sentence; empty when it does.

    Args:
        resource: a FHIR resource.
        today: the day of the document, ``2026-11-22``; what ended before is over.
    """
    verification = codes(resource.get("verificationStatus"))
    if resource.get("status") == "entered-in-error" or "entered-in-error" in verification:
        return "The source marks the entry as deleted or entered in error."
    if "modifierExtension" in resource and _foreign_modifier(resource):
        return "The entry carries a modifier extension that changes its meaning and is unknown."
    name = resource["resourceType"]
    if name == "Condition" and "refuted" in verification:
        return "The source refutes the problem; a summary lists what holds."
    if name == "Flag":
        return _flag_is_over(resource, today)
    if name == "Consent" and resource.get("status") not in (None, "active"):
        return "The directive is no longer in force."
    return ""


def _flag_is_over(resource: dict[str, Any], today: str) -> str:
    if resource.get("status") not in (None, "active"):
        return "The alert is not active; IPS 2.0.0 Flag.status admits active alerts only."
    end = str(resource.get("period", {}).get("end", ""))[:10]
    return "The alert has expired." if end and end < today[: len(end)] else ""


def _foreign_modifier(resource: dict[str, Any]) -> bool:
    return any(
        not str(e.get("url", "")).startswith("http://hl7.org/fhir/")
        for e in resource["modifierExtension"]
    )


PATIENT_ASSERTED = {
    "system": HL7 + "v3-ObservationValue",
    "code": "PATAST",
    "display": "patient asserted",
}
"""The security label of what a person has entered about themself (EHDS Article 5, marked so)."""

PATIENT_REPORTED = {**PATIENT_ASSERTED, "code": "PATRPT", "display": "patient reported"}
"""The label of what the patient told and a professional wrote down (Volven 7498, code 3)."""

_ASSERTERS = ("asserter", "informationSource", "source", "reporter", "recorder")


def is_person_entered(resource: dict[str, Any], patient: str) -> bool:
    """Return whether the patient is the source of an entry.

    Args:
        resource: a FHIR resource whose references are already those of the document.
        patient: the patient's reference in the document.
    """
    meta = resource.get("meta")
    if meta and "security" in meta:
        for label in meta["security"]:
            if label.get("code") in ("PATAST", "PATRPT"):
                return True
    for name in _ASSERTERS:
        if name in resource and _is(resource[name], patient):
            return True
    performers = resource.get("performer", ())
    return bool(performers) and all(_is(p, patient) for p in performers)


def _is(reference: Any, patient: str) -> bool:
    return isinstance(reference, dict) and reference.get("reference") == patient
