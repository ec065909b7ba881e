"""Profiles, extensions and identifier systems of European prescriptions (HL7 Europe MPD 1.0.0)."""

from __future__ import annotations

MPD = "http://hl7.eu/fhir/mpd/StructureDefinition/"
REQUEST = MPD + "MedicationRequest-eu-mpd"
DISPENSE = MPD + "MedicationDispense-eu-mpd"
MEDICATION = MPD + "Medication-eu-mpd"

CORE = "http://hl7.eu/fhir/base/StructureDefinition/"
PATIENT = CORE + "patient-eu-core"
PRACTITIONER = CORE + "practitioner-eu-core"
ROLE = CORE + "practitionerRole-eu-core"
ORGANIZATION = CORE + "organization-eu-core"

_IHE = "https://profiles.ihe.net/PHARM/MPD/StructureDefinition/"
PRODUCT_NAME = _IHE + "ihe-ext-medication-productname"
CLASSIFICATION = _IHE + "ihe-ext-medication-classification"
CHARACTERISTIC = _IHE + "ihe-ext-medication-characteristic"
PRESCRIBED_QUANTITY = _IHE + "ihe-ext-medicationrequest-prescribedQuantity"

_R5 = "http://hl7.org/fhir/5.0/StructureDefinition/extension-"
DOSE_PERIOD = _R5 + "MedicationRequest.effectiveDosePeriod"
RENDERED_REQUEST = _R5 + "MedicationRequest.renderedDosageInstruction"
RENDERED_DISPENSE = _R5 + "MedicationDispense.renderedDosageInstruction"
RECORDED = _R5 + "MedicationDispense.recorded"

DATA_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

UCUM = "http://unitsofmeasure.org"
ATC = "http://www.whocc.no/atc"
GUID = "urn:ietf:rfc:3986"
GTIN = "https://www.gs1.org/gtin"
COURSE = "http://terminology.hl7.org/CodeSystem/medicationrequest-course-of-therapy"
SUBSTITUTION = "http://terminology.hl7.org/CodeSystem/v3-substanceAdminSubstitution"

_DMP = "http://dmp.no/fhir/NamingSystem/"
ITEM_NUMBER = _DMP + "fest-varenummer"
BRAND_ID = _DMP + "festLegemiddelMerkevare"
PACKAGE_ID = _DMP + "festLegemiddelPakning"
SUBSTANCE_ID = _DMP + "festLegemiddelVirkestoff"
"""Identifier systems of FEST as LMDI 1.1.2 writes them."""


def absent(reason: str = "unknown") -> dict[str, object]:
    """Return the element that stands for a mandatory value that the source lacks."""
    return {"extension": [{"url": DATA_ABSENT, "valueCode": reason}]}
