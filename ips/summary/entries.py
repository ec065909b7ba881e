"""Making an entry conformant: what IPS 2.0.0 and the EPS ask of it and its source did not give.

Nothing is invented: a missing mandatory value becomes the reason why it is missing
(IPS 2.0.0, missing data), and everything that has to be left behind goes to the loss report.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ips.loss import Fate, LossReport
from ips.summary.kinds import PATIENT_ASSERTED, PATIENT_REPORTED, is_person_entered
from ips.summary.systems import (
    ABSENT_REASON,
    ALLERGY_CLINICAL,
    CONDITION_CATEGORY,
    CONDITION_CLINICAL,
    HL7,
    OBSERVATION_CATEGORY,
    absent,
    codes,
    concept,
)
from ips.summary.tables import canonical

Resource = dict[str, Any]

_PATIENT_TYPES = ("AllergyIntolerance", "Immunization", "ImmunizationRecommendation", "Consent")
_SUBJECT_TYPES = (
    "Condition", "MedicationStatement", "MedicationRequest", "MedicationDispense", "Procedure",
    "MedicationAdministration", "DeviceUseStatement", "DiagnosticReport", "Observation", "Flag",
    "CarePlan", "ClinicalImpression", "DocumentReference", "Specimen", "ImagingStudy",
)  # fmt: skip
_PATIENT_KEY = dict.fromkeys(_PATIENT_TYPES, "patient") | dict.fromkeys(_SUBJECT_TYPES, "subject")
_META_KEPT = ("lastUpdated", "source", "security", "tag")
_HEAD = ["resourceType", "id", "meta"]
"""What a resource begins with."""


@dataclass(slots=True)
class Context:
    """What the rules need to know.

    Attributes:
        profile: ``ips`` or ``eps``.
        patient: the patient's reference in the document.
        loss: gets what had to be changed or left behind.
        reported: references of entries that a professional recorded and the patient told.
        person_entered: references of the entries that come from the patient, filled on the way.
    """

    profile: str
    patient: str
    loss: LossReport
    reported: set[str] = field(default_factory=set)
    person_entered: set[str] = field(default_factory=set)

    def changed(self, resource: Resource, element: str, value: str, reason: str,
                fate: Fate = Fate.APPROXIMATE) -> None:  # fmt: skip
        """Note that an element does not travel as it stood in the source."""
        place = f"{resource['resourceType']}/{resource.get('id', '')}.{element}"
        self.loss.add(place, value, fate, reason)


def conform(resource: Resource, kind: str, context: Context, fullurl: str) -> Resource:
    """Complete a copied resource so that it meets its profile, and return it.

    Args:
        resource: a copy whose references are those of the document; it is changed, but nothing
            inside it is, because that may be the record's own.
        kind: see ``ips.summary.kinds.kind``.
        context: profile, patient and loss report.
        fullurl: ``urn:uuid:...`` of the entry; its UUID becomes the id.
    """
    name = resource["resourceType"]
    key = _PATIENT_KEY.get(name)
    if key:
        resource[key] = {"reference": context.patient}
    rule = _RULES.get(name)
    if rule:
        rule(resource, kind, context)
    meta = resource.get("meta", {})
    profile = canonical(kind, context.profile)
    kept: Resource = {"profile": [profile]} if profile else {}
    for part in _META_KEPT:
        if part in meta:
            kept[part] = meta[part]
    resource["id"] = fullurl[len("urn:uuid:") :]
    resource.pop("text", None)  # the section's narrative speaks for its entries
    if kept:
        resource["meta"] = kept
    elif "meta" in resource:
        del resource["meta"]
    ordered = resource if [*resource][:3] == _HEAD else _ordered(resource)
    if fullurl in context.reported:
        _mark(ordered, PATIENT_REPORTED)
        context.person_entered.add(fullurl)
    elif name != "Patient" and is_person_entered(ordered, context.patient):
        _mark(ordered, PATIENT_ASSERTED)
        context.person_entered.add(fullurl)
    return ordered


def _ordered(resource: Resource) -> Resource:
    return {key: resource[key] for key in _HEAD if key in resource} | resource


def _mark(resource: Resource, label: dict[str, str]) -> None:
    meta = resource.get("meta", {})
    labels = meta.get("security", ())
    if not any(one.get("code") == label["code"] for one in labels):
        resource["meta"] = {**meta, "security": [*labels, dict(label)]}


def _coded(resource: Resource, key: str = "code") -> None:
    if not resource.get(key):
        resource[key] = concept(ABSENT_REASON, "unknown", "Unknown")


def _timed(resource: Resource, stem: str, forms: tuple[str, ...] = ("DateTime", "Period")) -> None:
    time = f"{stem}DateTime"
    if time not in resource and resource.keys().isdisjoint(_names(stem, forms)):
        resource[f"_{time}"] = absent()


@cache
def _names(stem: str, forms: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{mark}{stem}{form}" for form in forms for mark in ("", "_"))


def _patient(resource: Resource, _kind: str, _context: Context) -> None:
    names = [n for n in resource.get("name", ()) if n.keys() & {"family", "given", "text"}]
    resource["name"] = names or [{"_text": absent()}]
    if "birthDate" not in resource:
        resource["_birthDate"] = absent()
    # A link to other records of the person does not help a reader abroad and may not resolve.
    resource.pop("link", None)


def _allergy(resource: Resource, _kind: str, context: Context) -> None:
    _coded(resource)
    if not resource.get("clinicalStatus"):
        refuted = "refuted" in codes(resource.get("verificationStatus"))
        status = "inactive" if refuted else "active"
        resource["clinicalStatus"] = concept(ALLERGY_CLINICAL, status)
        context.changed(resource, "clinicalStatus", "", f"Taken as {status}: the source lists the "
                        "allergy and says nothing about it (ait-1 asks for a value).")  # fmt: skip
    if "reaction" in resource:
        resource["reaction"] = [_manifest(reaction) for reaction in resource["reaction"]]


def _manifest(reaction: Resource) -> Resource:
    if reaction.get("manifestation"):
        return reaction
    return {**reaction, "manifestation": [concept(ABSENT_REASON, "unknown", "Unknown")]}


def _condition(resource: Resource, _kind: str, context: Context) -> None:
    _coded(resource)
    categories = resource.get("category", [])
    if "problem-list-item" not in codes(categories):
        first = concept(CONDITION_CATEGORY, "problem-list-item", "Problem List Item")
        resource["category"] = [first, *categories]
    status = codes(resource.get("clinicalStatus"))
    ended = any(key.startswith("abatement") for key in resource)
    if ended and not status & {"resolved", "remission", "inactive"}:
        resource["clinicalStatus"] = concept(CONDITION_CLINICAL, "resolved")
        context.changed(resource, "clinicalStatus", " ".join(sorted(status)),
                        "Set to resolved because the source gives an end (con-4).")  # fmt: skip
    elif not status:
        resource["clinicalStatus"] = concept(CONDITION_CLINICAL, "active")
        context.changed(resource, "clinicalStatus", "", "Taken as active: the source lists the "
                        "problem and says nothing about its end.")  # fmt: skip


def _medicine(resource: Resource) -> None:
    if "medicationCodeableConcept" not in resource:
        reference = resource.get("medicationReference")
        if not reference:
            resource["medicationCodeableConcept"] = concept(ABSENT_REASON, "unknown", "Unknown")


def _statement(resource: Resource, _kind: str, _context: Context) -> None:
    resource.setdefault("status", "unknown")
    _medicine(resource)
    _timed(resource, "effective")


def _request(resource: Resource, _kind: str, _context: Context) -> None:
    resource.setdefault("status", "unknown")
    resource.setdefault("intent", "order")
    _medicine(resource)


def _medication(resource: Resource, _kind: str, _context: Context) -> None:
    _coded(resource)


def _immunization(resource: Resource, _kind: str, _context: Context) -> None:
    resource.setdefault("status", "completed")
    _coded(resource, "vaccineCode")
    _timed(resource, "occurrence", ("DateTime", "String"))


def _procedure(resource: Resource, _kind: str, _context: Context) -> None:
    resource.setdefault("status", "unknown")
    _coded(resource)
    _timed(resource, "performed", ("DateTime", "Period", "String", "Age", "Range"))


def _device_use(resource: Resource, _kind: str, _context: Context) -> None:
    resource.setdefault("status", "active")
    _timed(resource, "timing", ("DateTime", "Period", "Timing"))
    if not resource.get("device"):
        resource["device"] = absent()


def _report(resource: Resource, _kind: str, _context: Context) -> None:
    resource.setdefault("status", "unknown")
    _coded(resource)
    _timed(resource, "effective")


def _flag(resource: Resource, _kind: str, _context: Context) -> None:
    resource["status"] = "active"
    _coded(resource)


def _consent(resource: Resource, _kind: str, _context: Context) -> None:
    resource.setdefault("status", "active")
    if not resource.get("scope"):
        resource["scope"] = concept(HL7 + "consentscope", "adr", "Advanced Care Directive")
    if not resource.get("category"):
        resource["category"] = [concept(HL7 + "consentcategorycodes", "acd", "Advance Directive")]
    if not resource.get("policy") and not resource.get("policyRule"):
        resource["policyRule"] = concept(ABSENT_REASON, "unknown", "Unknown")


def _specimen(resource: Resource, _kind: str, _context: Context) -> None:
    _coded(resource, "type")


def _named(resource: Resource, _kind: str, _context: Context) -> None:
    if not resource.get("name"):
        if resource["resourceType"] == "Organization":
            resource["_name"] = absent()
        else:
            resource["name"] = [absent()]


_FORBIDDEN = {
    "pregnancy-status": ("bodySite", "specimen", "device", "referenceRange", "component"),
    "pregnancy-edd": ("bodySite", "method", "specimen", "device", "referenceRange", "component"),
    "pregnancy-outcome": ("bodySite", "specimen", "device", "referenceRange", "component"),
    "gestational-age": ("bodySite", "method", "specimen", "device", "referenceRange", "component"),
    "tobacco": ("component",),
    "alcohol": ("component",),
}
"""Elements that the IPS and EPS observation profiles set to 0..0."""
_VALUES = ("valueQuantity", "hasMember", "component", "dataAbsentReason")
"""What most observations say something by."""


def _observation(resource: Resource, kind: str, context: Context) -> None:
    name = kind.removeprefix("Observation.")
    resource.setdefault("status", "unknown")
    _coded(resource)
    if name in ("tobacco", "alcohol") and "social-history" not in codes(resource.get("category")):
        first = concept(OBSERVATION_CATEGORY, "social-history", "Social History")
        resource["category"] = [first, *resource.get("category", ())]
    _timed(resource, "effective", ("DateTime", "Period", "Timing", "Instant"))
    for element in _FORBIDDEN.get(name, ()):
        if element in resource:
            del resource[element]
            context.changed(resource, element, "", f"The profile for {name} does not have it.",
                            Fate.NOT_CARRIED)  # fmt: skip
    if context.profile == "eps" and name in ("laboratory", "imaging", "other"):
        _as_test_result(resource, context)
    if name in ("laboratory", "imaging") and not resource.get("performer"):
        resource["performer"] = [absent()]
    if not _has_value(resource):
        resource["dataAbsentReason"] = concept(ABSENT_REASON, "unknown", "Unknown")


def _has_value(resource: Resource) -> bool:
    if not resource.keys().isdisjoint(_VALUES):
        return True
    return any(key.startswith(("value", "_value")) for key in resource)


def _as_test_result(resource: Resource, context: Context) -> None:
    """Meet EU base medicalTestResult-eu-core: a category, and performers who are professionals."""
    if not resource.get("category"):
        resource["category"] = [concept(ABSENT_REASON, "unknown", "Unknown")]
    performers = resource.get("performer", [])
    others = [p for p in performers if p.get("reference") != context.patient]
    if len(others) < len(performers):
        _mark(resource, PATIENT_ASSERTED)
        resource["performer"] = others
        if not others:
            del resource["performer"]


_RULES: dict[str, Callable[[Resource, str, Context], None]] = {
    "Patient": _patient,
    "AllergyIntolerance": _allergy,
    "Condition": _condition,
    "MedicationStatement": _statement,
    "MedicationRequest": _request,
    "Medication": _medication,
    "Immunization": _immunization,
    "Procedure": _procedure,
    "DeviceUseStatement": _device_use,
    "DiagnosticReport": _report,
    "Observation": _observation,
    "Flag": _flag,
    "Consent": _consent,
    "Specimen": _specimen,
    "Organization": _named,
    "Practitioner": _named,
}
