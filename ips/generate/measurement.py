"""Measurements from home follow-up, a collection of Observation for Pasientens måledata.

Profiles of ``http://hl7.no/fhir/vkpobservation``: LOINC codes, UCUM units, the patient by number.
The bundle carries the number of the municipality as a tag; 9999 is no municipality.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from ips.generate.codes import HL7, LOINC, SNOMED, Json, concept, plain, quantity
from ips.generate.people import Case

VKP = "http://hl7.no/fhir/vkpobservation/StructureDefinition/vkp-Observation-"
MUNICIPALITY = "urn:oid:2.16.578.1.12.4.1.1.3402"


@dataclass(frozen=True, slots=True)
class Kind:
    """A measurement: profile, LOINC code and text, unit in print and in UCUM."""

    profile: str
    loinc: str
    name: str
    unit: str
    ucum: str


KINDS = {
    "weight": Kind("Bodyweight", "29463-7", "Body weight", "kg", "kg"),
    "saturation": Kind("Oxygensat", "2708-6", "Oxygen saturation in Arterial blood", "%", "%"),
    "heart-rate": Kind("Heartrate", "8867-4", "Heart rate", "/min", "/min"),
    "respiration": Kind("Resprate", "9279-1", "Respiratory rate", "/min", "/min"),
    "temperature": Kind("Bodytemp", "8310-5", "Body temperature", "Cel", "Cel"),
}


@dataclass(frozen=True, slots=True)
class Measurement:
    """A value of one kind at a time; blood pressure has two values, frailty a score 1 to 9."""

    kind: str
    day: dt.date
    value: float
    second: float = 0
    hour: int = 8


def bundle(case: Case, measurements: list[Measurement]) -> Json:
    """Return ``measurements.json``."""
    return {
        "resourceType": "Bundle",
        "id": case.uuid("pmd-bundle"),
        "meta": {"tag": [plain(MUNICIPALITY, "9999", "Oppdiktet kommune")]},
        "type": "collection",
        "entry": [_entry(case, measurement) for measurement in measurements],
    }


def _entry(case: Case, measurement: Measurement) -> Json:
    made = _observation(case, measurement)
    return {"fullUrl": f"urn:uuid:{made['id']}", "resource": made}


def _observation(case: Case, measurement: Measurement) -> Json:
    made: Json = {
        "resourceType": "Observation",
        "id": case.uuid("pmd"),
        "status": "final",
        "category": [concept(plain(HL7 + "observation-category", "vital-signs", "Vital Signs"))],
        "subject": case.subject,
        "effectiveDateTime": case.instant(measurement.day, measurement.hour, 0),
        "performer": [case.subject],
    }
    if measurement.kind == "blood-pressure":
        return made | _pressure(measurement)
    if measurement.kind == "frailty":
        return made | _frailty(measurement)
    kind = KINDS[measurement.kind]
    return made | {
        "meta": {"profile": [VKP + kind.profile]},
        "code": concept(plain(LOINC, kind.loinc, kind.name)),
        "valueQuantity": quantity(measurement.value, kind.unit, kind.ucum),
    }


def _pressure(measurement: Measurement) -> Json:
    parts = [
        ("8480-6", "Systolic blood pressure", measurement.value),
        ("8462-4", "Diastolic blood pressure", measurement.second),
    ]
    return {
        "meta": {"profile": [VKP + "Bloodpressure"]},
        "code": concept(
            plain(LOINC, "85354-9", "Blood pressure panel with all children optional"),
            plain(SNOMED, "75367002", "Blood pressure"),
        ),
        "component": [
            {"code": concept(plain(LOINC, code, name)),
             "valueQuantity": quantity(value, "mmHg", "mm[Hg]")}
            for code, name, value in parts
        ],
    }  # fmt: skip


def _frailty(measurement: Measurement) -> Json:
    survey = concept(plain(HL7 + "observation-category", "survey", "Survey"))
    return {
        "meta": {"profile": [VKP + "CFSscore"]},
        "category": [survey],
        "code": concept(plain(SNOMED, "763264000", "Canadian Study of Health and Aging Clinical "
                              "Frailty Scale score")),
        "valueInteger": int(measurement.value),
    }  # fmt: skip
