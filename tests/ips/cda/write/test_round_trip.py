"""FHIR to CDA and back: every coded statement comes home, but for what is listed here."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from ips.cda.read import to_fhir
from ips.cda.write import to_cda
from ips.terms import normalise_system

TYPES = frozenset({"AllergyIntolerance", "Condition", "MedicationStatement", "Medication",
                   "Immunization", "Procedure", "DeviceUseStatement", "Device", "Observation",
                   "DiagnosticReport"})  # fmt: skip

MAY_BE_LOST = {
    "urn:oid:2.16.578.1.12.4.1.1.7494": "why a medicine was stopped: in the narrative only",
    "urn:oid:2.16.578.1.12.4.1.1.7515": "laryngoscopy grade, evidence of a problem: in words",
    "urn:oid:2.16.578.1.12.4.1.1.7516": "mask ventilation, evidence of a problem: in words",
    "http://terminology.hl7.org/CodeSystem/immunization-origin": "written as informant SELF",
}
MAY_BE_LOST_CODES = {
    ("http://snomed.info/sct", "75367002"): "code of the blood pressure panel beside its LOINC "
    "code: the panel is an organizer of vital signs",
}
_NOT_COMPARED = ("category", "meta", "identifier")
"""Categories have no place in the entries; the loss report names them."""


def _codes(element: Any, found: set[tuple[str, str]]) -> set[tuple[str, str]]:
    if isinstance(element, dict):
        for one in element.get("coding", ()):
            if one.get("code") and one.get("system"):
                found.add((normalise_system(one["system"]), one["code"]))
        for key, value in element.items():
            if key not in _NOT_COMPARED:
                _codes(value, found)
    elif isinstance(element, list):
        for value in element:
            _codes(value, found)
    return found


def _statements(bundle: dict[str, Any]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for entry in bundle["entry"]:
        if entry["resource"]["resourceType"] in TYPES:
            _codes(entry["resource"], found)
    return found


@pytest.mark.parametrize("form", ["pivot", "friendly"])
@pytest.mark.parametrize("profile", ["ips", "eps"])
def test_every_coded_statement_comes_home(name, profile, form, bundle) -> None:
    given = bundle(name, profile)
    back = to_fhir(to_cda(given, form=form, level=3).xml).bundle
    lost = _statements(given) - _statements(back)
    assert {
        one for one in lost if one[0] not in MAY_BE_LOST and one not in MAY_BE_LOST_CODES
    } == set()


@pytest.mark.oracle
def test_a_document_from_abroad_that_was_read_is_written_again(oracles, schema) -> None:
    files = sorted((oracles / "cda-samples").glob("*.xml"))
    assert files
    for file in files:
        read = to_fhir(file.read_bytes()).bundle
        for form in ("pivot", "friendly"):
            schema.assertValid(etree.fromstring(to_cda(read, form=form, level=3).xml))
