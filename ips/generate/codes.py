"""Codes as Norwegian systems write them: the system in its national spelling, the display in nb.

The texts of the national lists come from ``ips.terms``, which is their one home; a code that is
not there is a mistake of ours and stops the work.
"""

from __future__ import annotations

from typing import Any

from ips import terms

Json = dict[str, Any]

OID = "urn:oid:2.16.578.1.12.4.1.1."
KJ = "http://nhn.no/kj/fhir/CodeSystem/"
ATC = "http://www.whocc.no/atc"
FEST = "http://ehelse.no/fhir/CodeSystem/FEST"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
HL7 = "http://terminology.hl7.org/CodeSystem/"

# Kjernejournal has names of its own for these national lists.
_KJ_NAMES = {
    "7497": "TypeOfReaction",
    "7498": "SourceOfInformation",
    "9060": "CategoriesOfHealthProfessionals",
}


def text(list_id: str, code: str) -> str:
    """Return the Norwegian text of a code, or raise KeyError when the list does not hold it."""
    found = terms.label(list_id, code, "nb")
    if found is None:
        raise KeyError(f"{list_id}|{code}")
    return found


def coding(list_id: str, code: str, display: str | None = None) -> Json:
    """Return a FHIR Coding of a national list (``urn:oid:2.16.578.1.12.4.1.1.NNNN``)."""
    shown = text(list_id, code) if display is None else display
    return {"system": OID + list_id, "code": code, "display": shown}


def kj_coding(list_id: str, code: str) -> Json:
    """Return a FHIR Coding as Kjernejournal writes it: its own system name where it has one."""
    system = KJ + _KJ_NAMES[list_id] if list_id in _KJ_NAMES else OID + list_id
    return {"system": system, "code": code, "display": text(list_id, code)}


def concept(*codings: Json, text: str | None = None) -> Json:
    """Return a FHIR CodeableConcept."""
    made: Json = {"coding": list(codings)} if codings else {}
    if text is not None:
        made["text"] = text
    return made


def plain(system: str, code: str, display: str = "") -> Json:
    """Return a FHIR Coding of any system."""
    made = {"system": system, "code": code}
    if display:
        made["display"] = display
    return made


def quantity(value: float, unit: str, code: str | None = None) -> Json:
    """Return a FHIR Quantity; with a UCUM code when one is given."""
    made: Json = {"value": value, "unit": unit}
    if code is not None:
        made |= {"system": UCUM, "code": code}
    return made
