"""FHIR to CDA and back keeps every coded statement; what may differ is listed with its reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

import data
from ips.cda.read import to_fhir
from ips.conformance.engine import check_bundle
from ips.conformance.output import is_valid
from ips.loss import Fate
from ips.record import load
from ips.summary import assemble

write = pytest.importorskip("ips.cda.write")

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
CASES = sorted(p.name for p in data.path("patients").iterdir() if (p / "patient.json").is_file())
COMBINATIONS = [(case, form) for case in CASES for form in ("pivot", "friendly")]

STATEMENTS = {
    "AllergyIntolerance": ("code", "clinicalStatus", "verificationStatus", "reaction"),
    "Condition": ("code", "clinicalStatus", "verificationStatus", "severity"),
    "Medication": ("code", "form", "ingredient"),
    "MedicationStatement": ("medicationCodeableConcept", "reasonCode"),
    "Immunization": ("vaccineCode", "protocolApplied"),
    "Procedure": ("code", "bodySite"),
    "Device": ("type",),
    "Observation": ("code", "valueCodeableConcept", "interpretation"),
    "DiagnosticReport": ("code",),
}
"""The elements in which a statement is coded."""

MAY_DIFFER = {
    ("Observation", "http://snomed.info/sct", "75367002"):
        "The SNOMED CT code of the blood pressure panel: the organizer of MyHealth@EU is one of "
        "vital signs, and its two parts are read as the LOINC panel.",
}  # fmt: skip


def codings(element: Any) -> Iterator[tuple[str, str]]:
    if isinstance(element, dict):
        if isinstance(element.get("code"), str) and "system" in element and "value" not in element:
            yield element["system"], element["code"]
        for value in element.values():
            yield from codings(value)
    elif isinstance(element, list):
        for value in element:
            yield from codings(value)


def statements(bundle: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {
        ("Medication" if name.startswith("medication") else resource["resourceType"], system, code)
        for resource in (entry["resource"] for entry in bundle["entry"])
        for name in STATEMENTS.get(resource["resourceType"], ())
        for system, code in codings(resource.get(name))
    }


@pytest.fixture(scope="module", params=COMBINATIONS, ids=lambda c: f"{c[0]}-{c[1]}")
def pair(request: pytest.FixtureRequest) -> tuple[dict[str, Any], Any]:
    case, form = request.param
    bundle = assemble(load(case), profile="ips", now=NOW).bundle
    return bundle, to_fhir(write.to_cda(bundle, form=form, level=3).xml)


def test_every_coded_statement_comes_back(pair: tuple[dict[str, Any], Any]) -> None:
    bundle, back = pair
    missing = statements(bundle) - statements(back.bundle) - set(MAY_DIFFER)
    assert missing == set()


def test_what_comes_back_is_an_ips_without_errors(pair: tuple[dict[str, Any], Any]) -> None:
    report = check_bundle(pair[1].bundle)
    assert is_valid(report), [r.message for r in report.results if r.severity == "error"]


def test_nothing_that_was_written_is_left_unread(pair: tuple[dict[str, Any], Any]) -> None:
    lost = [i for i in pair[1].loss.items if i.fate is Fate.NOT_CARRIED]
    allowed = ("A whole row of the narrative", "FHIR has no place for this kind")
    assert [i for i in lost if not i.reason.startswith(allowed)] == []


def test_the_patient_comes_back(pair: tuple[dict[str, Any], Any]) -> None:
    one, other = (b["entry"][1]["resource"] for b in (pair[0], pair[1].bundle))
    numbers = {(i["system"], i["value"]) for i in one["identifier"]}
    assert numbers == {(i["system"], i["value"]) for i in other["identifier"]}
    assert one.get("birthDate") == other.get("birthDate")
    assert one.get("gender") == other.get("gender")
