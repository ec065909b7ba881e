"""Vaccinations as the register SYSVAK holds them: a searchset of Immunization.

The public register exchanges XML of its own and publishes no FHIR profile of vaccinations given;
what is here is the register's content (code, date, place, source) in plain FHIR R4. A vaccine is
named by ATC, by Volven 7447 where that list has it, and by a SYSVAK code where that is published.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

import data
from data.loaders.tables import Problems, read_csv
from ips.generate.codes import ATC, HL7, Json, coding, concept, plain
from ips.generate.people import ENH, HPR, Case

SYSVAK = "http://example.org/sysvak/vaksinekode"
"""The register publishes no address for its codes; this one is a stand-in of ours."""

_COLUMNS = ("key", "name", "atc", "standard", "standard_name", "sysvak", "product", "disease")


@dataclass(frozen=True, slots=True)
class Vaccine:
    """One row of ``data/patients/tables/vaccines.csv``."""

    key: str
    name: str
    atc: str
    standard: str
    standard_name: str
    sysvak: str
    product: str
    disease: str


@cache
def vaccines() -> dict[str, Vaccine]:
    """Return the table by key."""
    problems = Problems()
    rows = read_csv(data.path("patients", "tables", "vaccines.csv"), _COLUMNS, problems)
    problems.stop()
    return {row["key"]: Vaccine(**{column: row[column] for column in _COLUMNS}) for row in rows}


@dataclass(frozen=True, slots=True)
class Dose:
    """A vaccination: which, when, and how it came into the register.

    Attributes:
        key: row of the table.
        day: the day it was given.
        number: dose in the series, 0 when not known.
        own_account: the patient told of it, no one recorded it at the time.
        error: registered by mistake.
    """

    key: str
    day: dt.date
    number: int = 0
    own_account: bool = False
    error: bool = False


def bundle(case: Case, doses: list[Dose]) -> Json:
    """Return ``vaccinations.json``."""
    return {
        "resourceType": "Bundle",
        "id": case.uuid("sysvak-bundle"),
        "meta": {"source": "urn:oid:2.16.578.1.12.4.1.1#SYSVAK"},
        "type": "searchset",
        "total": len(doses),
        "entry": [{"resource": _immunization(case, dose)} for dose in doses],
    }


def _immunization(case: Case, dose: Dose) -> Json:
    vaccine = vaccines()[dose.key]
    codings = [plain(ATC, vaccine.atc, vaccine.name)]
    if vaccine.standard:
        codings.append(coding("7447", vaccine.standard, vaccine.standard_name))
    if vaccine.sysvak:
        codings.append(plain(SYSVAK, vaccine.sysvak, vaccine.product))
    made: Json = {
        "resourceType": "Immunization",
        "id": case.uuid("sysvak"),
        "status": "entered-in-error" if dose.error else "completed",
        "vaccineCode": concept(*codings, text=vaccine.product or vaccine.name),
        "patient": case.subject,
        "occurrenceDateTime": dose.day.isoformat(),
        "primarySource": not dose.own_account,
        "protocolApplied": [_protocol(dose, vaccine)],
    }
    if dose.own_account:
        made["reportOrigin"] = concept(
            plain(HL7 + "immunization-origin", "recall", "Parent/Guardian/Patient Recall")
        )
        return made
    who = case.clinician
    organisation = {
        "identifier": {"system": ENH, "value": who.organisation.number},
        "display": who.organisation.name,
    }
    made["lotNumber"] = f"TEST-{case.uuid('sysvak-lot')[:6].upper()}"
    made["performer"] = [
        {"actor": {"identifier": {"system": HPR, "value": who.hpr}, "display": who.display}},
        {"actor": {"type": "Organization", **organisation}},
    ]
    return made


def _protocol(dose: Dose, vaccine: Vaccine) -> Json:
    target = {"targetDisease": [{"text": vaccine.disease}]}
    if dose.number:
        return {**target, "doseNumberPositiveInt": dose.number}
    return {**target, "doseNumberString": "ukjent"}
