"""Records for the tests, written by hand in the shape that the readers give."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from ips.loss import LossReport

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.timezone(dt.timedelta(hours=1)))
SCT = "http://snomed.info/sct"
LOINC = "http://loinc.org"
HL7 = "http://terminology.hl7.org/CodeSystem/"
VOLVEN = "urn:oid:2.16.578.1.12.4.1.1."
PATIENT = {"reference": "Patient/p"}


@dataclass
class FakeSource:
    name: str
    kind: str


@dataclass
class FakeRecord:
    patient: dict[str, Any]
    sources: list[FakeSource]
    resources: list[dict[str, Any]] = field(default_factory=list)
    provenance: list[dict[str, Any]] = field(default_factory=list)
    loss: LossReport = field(default_factory=LossReport)
    statements: set[str] = field(default_factory=set)


def coded(system: str, code: str, display: str = "", text: str = "") -> dict[str, Any]:
    coding = {"system": system, "code": code, **({"display": display} if display else {})}
    return {"coding": [coding], **({"text": text} if text else {})}


def patient() -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": "p",
        "meta": {"source": "urn:x-ehds:no-basis:patient.json#Patient/p"},
        "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": "16858399649"}],
        "name": [{"use": "official", "family": "Prøvesen", "given": ["Tine"]}],
        "gender": "female",
        "birthDate": "1983-05-16",
        "address": [{"city": "Testvik", "country": "NO"}],
    }


def allergy(id_: str = "a1", **changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "AllergyIntolerance",
        "id": id_,
        "meta": {"source": "urn:x-ehds:kj-critical-info:critical.json#AllergyIntolerance/a1"},
        "clinicalStatus": coded(HL7 + "allergyintolerance-clinical", "active"),
        "verificationStatus": coded(HL7 + "allergyintolerance-verification", "confirmed"),
        "type": "allergy",
        "category": ["medication"],
        "criticality": "high",
        "code": coded("http://www.whocc.no/atc", "J01CE02", "phenoxymethylpenicillin",
                      "Penicillin V"),
        "patient": PATIENT,
        "recorder": {"reference": "PractitionerRole/r1"},
        "reaction": [
            {"manifestation": [coded(SCT, "39579001", "Anaphylaxis", "Anafylaktisk reaksjon")],
             "severity": "severe"}
        ],
        **changes,
    }  # fmt: skip


def difficult_airway() -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": "c1",
        "meta": {"source": "urn:x-ehds:kj-critical-info:critical.json#Condition/c1"},
        "clinicalStatus": coded(HL7 + "condition-clinical", "active"),
        "verificationStatus": coded(HL7 + "condition-ver-status", "confirmed"),
        "category": [coded(VOLVEN + "7651", "3", "Intubasjonsproblem")],
        "code": coded(SCT, "718447001", "Difficult intubation", "Intubasjonsproblem"),
        "subject": PATIENT,
        "onsetDateTime": "2019-03",
        "note": [{"text": "Video laryngoskop <b>nødvendig</b> & våken intubasjon"}],
    }


def infection() -> dict[str, Any]:
    return {
        **difficult_airway(),
        "id": "c2",
        "category": [coded(VOLVEN + "7651", "10", "Smitte")],
        "code": coded(SCT, "266096002", "MRSA infection", "MRSA"),
    }


def statement() -> dict[str, Any]:
    return {
        "resourceType": "MedicationStatement",
        "id": "m1",
        "meta": {"source": "urn:x-ehds:sfm-medication:medication.json#MedicationStatement/m1"},
        "status": "active",
        "medicationReference": {"reference": "Medication/x1"},
        "subject": PATIENT,
        "effectivePeriod": {"start": "2024-01-01"},
        "dosage": [
            {"text": "1 tablett morgen og kveld",
             "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d",
                                   "when": ["MORN", "EVE"]}},
             "route": coded("http://standardterms.edqm.eu", "20053000", "Oral use", "Oral bruk"),
             "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablett"}}]}
        ],
    }  # fmt: skip


def medication() -> dict[str, Any]:
    return {
        "resourceType": "Medication",
        "id": "x1",
        "code": coded("http://www.whocc.no/atc", "C07AB02", "metoprolol",
                      "Selo-Zok depottab 50 mg"),
        "form": coded("http://standardterms.edqm.eu", "10226000", "Prolonged-release tablet",
                      "Depottablett"),
    }  # fmt: skip


def laboratory() -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": "o1",
        "meta": {"source": "urn:x-ehds:provesvar:laboratory.json#Observation/o1"},
        "status": "final",
        "category": [coded(HL7 + "observation-category", "laboratory")],
        "code": coded(LOINC, "718-7", "Hemoglobin [Mass/volume] in Blood", "B-Hemoglobin"),
        "subject": PATIENT,
        "effectiveDateTime": "2026-10-01T08:15:00+02:00",
        "valueQuantity": {"value": 13.5, "unit": "g/dL", "system": "http://unitsofmeasure.org",
                          "code": "g/dL"},
        "referenceRange": [{"low": {"value": 11.7, "unit": "g/dL"},
                            "high": {"value": 15.3, "unit": "g/dL"}}],
    }  # fmt: skip


def blood_pressure() -> dict[str, Any]:
    def part(code: str, display: str, value: int) -> dict[str, Any]:
        return {
            "code": coded(LOINC, code, display),
            "valueQuantity": {"value": value, "unit": "mmHg", "code": "mm[Hg]",
                              "system": "http://unitsofmeasure.org"},
        }  # fmt: skip

    return {
        "resourceType": "Observation",
        "id": "v1",
        "meta": {"source": "urn:x-ehds:maledata:measurements.json#Observation/v1"},
        "status": "final",
        "category": [coded(HL7 + "observation-category", "vital-signs", "Vital Signs")],
        "code": coded(LOINC, "85354-9", "Blood pressure panel with all children optional"),
        "subject": PATIENT,
        "effectiveDateTime": "2026-11-01T07:30:00+01:00",
        "performer": [PATIENT],
        "component": [part("8480-6", "Systolic blood pressure", 128),
                      part("8462-4", "Diastolic blood pressure", 79)],
    }  # fmt: skip


def pacemaker() -> list[dict[str, Any]]:
    return [
        {
            "resourceType": "DeviceUseStatement",
            "id": "d1",
            "meta": {"source": "urn:x-ehds:kj-critical-info:critical.json#DeviceUseStatement/d1"},
            "status": "active",
            "subject": PATIENT,
            "device": {"reference": "Device/pm"},
            "timingDateTime": "2020-02-03",
        },
        {
            "resourceType": "Device",
            "id": "pm",
            "type": coded(SCT, "14106009", "Cardiac pacemaker", "Pacemaker"),
        },
    ]


def consent(**changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Consent",
        "id": "k1",
        "meta": {"source": "urn:x-ehds:kj-critical-info:critical.json#Consent/k1"},
        "contained": [
            {"resourceType": "PractitionerRole", "id": "rec",
             "practitioner": {"display": "Lege Test"}}
        ],
        "status": "active",
        "scope": coded(HL7 + "consentscope", "adr", "Advanced Care Directive"),
        "category": [coded(VOLVEN + "7651", "8", "Avgrensning av livsforlengende behandling",
                           "Avgrensning av livsforlengende behandling")],
        "patient": PATIENT,
        "dateTime": "2025-05-05T10:00:00+02:00",
        "performer": [{"reference": "#rec"}],
        "policyRule": coded("http://nhn.no/kj/fhir/CodeSystem/PolicyRule", "1"),
        "provision": {"period": {"end": "2027-05-05"}},
        **changes,
    }  # fmt: skip


def flag(**changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Flag",
        "id": "f1",
        "meta": {"source": "urn:x-ehds:kj-critical-info:critical.json#Flag/f1"},
        "status": "active",
        "category": [coded(HL7 + "flag-category", "clinical", "Clinical")],
        "code": {"text": "Pasienten har reservert seg mot blodtransfusjon"},
        "subject": PATIENT,
        **changes,
    }


def others() -> list[dict[str, Any]]:
    return [
        {
            "resourceType": "PractitionerRole",
            "id": "r1",
            "practitioner": {"reference": "Practitioner/l1"},
        },
        {
            "resourceType": "Practitioner",
            "id": "l1",
            "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.4", "value": "9144900"}],
            "name": [{"family": "Testlege", "given": ["Liv"]}],
        },
        {
            "resourceType": "Procedure",
            "id": "pr1",
            "meta": {"source": "urn:x-ehds:kj-critical-info:critical.json#Procedure/pr1"},
            "status": "in-progress",
            "code": coded(SCT, "265764009", "Renal dialysis", "Dialyse"),
            "subject": PATIENT,
        },
        {
            "resourceType": "Immunization",
            "id": "i1",
            "meta": {"source": "urn:x-ehds:sysvak:vaccinations.json#Immunization/i1"},
            "status": "completed",
            "vaccineCode": coded("http://www.whocc.no/atc", "J07BB02", "influenza, inactivated",
                                 "Influensavaksine"),
            "patient": PATIENT,
            "occurrenceDateTime": "2025-10-15",
            "lotNumber": "AB12",
        },
        {
            "resourceType": "Observation",
            "id": "g1",
            "meta": {"source": "urn:x-ehds:dhg:maternity.json#Observation/g1"},
            "status": "final",
            "code": coded(LOINC, "82810-3", "Pregnancy status"),
            "subject": PATIENT,
            "effectiveDateTime": "2026-11-10",
            "valueCodeableConcept": coded(SCT, "77386006", "Pregnant", "Gravid"),
            "hasMember": [{"reference": "Observation/g2"}],
        },
        {
            "resourceType": "Observation",
            "id": "g2",
            "meta": {"source": "urn:x-ehds:dhg:maternity.json#Observation/g2"},
            "status": "final",
            "code": coded(LOINC, "11778-8", "Delivery date Estimated"),
            "subject": PATIENT,
            "effectiveDateTime": "2026-11-10",
            "valueDateTime": "2027-04-01",
        },
    ]  # fmt: skip


def full_record() -> FakeRecord:
    names = ("kj-critical-info", "sfm-medication", "sysvak", "provesvar", "maledata", "dhg")
    return FakeRecord(
        patient(),
        [FakeSource(f"{name}.json", name) for name in names],
        [allergy(), difficult_airway(), infection(), statement(), medication(), laboratory(),
         blood_pressure(), *pacemaker(), consent(), flag(), *others()],
    )  # fmt: skip


def empty_record(*statements: str) -> FakeRecord:
    return FakeRecord(
        patient(), [FakeSource("patient.json", "no-basis")], statements=set(statements)
    )
