"""Code systems and extensions that the summary writes or recognises."""

from __future__ import annotations

from typing import Any

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
ATC = "http://www.whocc.no/atc"
UCUM = "http://unitsofmeasure.org"
EDQM = "http://standardterms.edqm.eu"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
ORPHANET = "https://www.orpha.net"
ISCO = "urn:oid:2.16.840.1.113883.2.9.6.2.7"

EUROPEAN = frozenset(
    {SNOMED, LOINC, ATC, UCUM, EDQM, ICD10, ORPHANET, ISCO,
     "https://spor.ema.europa.eu/v2/SubstanceDefinition",
     "urn:oid:1.3.6.1.4.1.12559.11.10.1.3.1.44.6"}
)  # fmt: skip
"""Systems whose codes and English displays a recipient abroad can be expected to know."""

NORWEGIAN = "urn:oid:2.16.578."
"""Root of everything that Norway numbers: code lists and identifiers."""

HL7 = "http://terminology.hl7.org/CodeSystem/"
ALLERGY_CLINICAL = HL7 + "allergyintolerance-clinical"
ALLERGY_VERIFICATION = HL7 + "allergyintolerance-verification"
CONDITION_CLINICAL = HL7 + "condition-clinical"
CONDITION_VERIFICATION = HL7 + "condition-ver-status"
CONDITION_CATEGORY = HL7 + "condition-category"
OBSERVATION_CATEGORY = HL7 + "observation-category"
EMPTY_REASON = HL7 + "list-empty-reason"
ABSENT_REASON = HL7 + "data-absent-reason"

DATA_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
FLAG_DETAIL = "http://hl7.org/fhir/StructureDefinition/flag-detail"

INTERNATIONAL_EXTENSIONS = (
    "http://hl7.org/fhir/StructureDefinition/",
    "http://hl7.org/fhir/5.0/StructureDefinition/",
    "http://hl7.eu/fhir/",
    "https://profiles.ihe.net/",
)
"""Extensions that a recipient abroad can look up; national ones stay at home (and are reported)."""

KJ_TYPES = "2.16.578.1.12.4.1.1.7651"
"""Volven 7651, type of critical information, at the end of any spelling of its system."""


def concept(system: str, code: str, display: str = "", text: str = "") -> dict[str, Any]:
    """Return a CodeableConcept with one coding."""
    coding = {"system": system, "code": code}
    if display:
        coding["display"] = display
    return {"coding": [coding], "text": text} if text else {"coding": [coding]}


def absent(reason: str = "unknown") -> dict[str, Any]:
    """Return the element that says why a mandatory value is missing (IPS 2.0.0, missing data)."""
    return {"extension": [{"url": DATA_ABSENT, "valueCode": reason}]}


def codes(element: Any, system: str = "") -> set[str]:
    """Return the codes of a CodeableConcept or a list of them, all or those of one system.

    A system given as a bare OID matches every spelling that ends with it.
    """
    found: set[str] = set()
    if not element:
        return found
    for one in element if isinstance(element, list) else (element,):
        for coding in one.get("coding", ()):
            if not system or str(coding.get("system", "")).endswith(system):
                found.add(str(coding.get("code")))
    return found
