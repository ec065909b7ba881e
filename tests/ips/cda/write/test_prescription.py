"""Prescriptions as MyHealth@EU ePrescriptions."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

import data
from data.errors import EhdsError, InputError
from ips.cda.write import to_cda
from ips.prescription import build

NS: Any = {"v": "urn:hl7-org:v3", "p": "urn:hl7-org:pharm"}
FORMS = ("pivot", "friendly")


def _built(raw: bytes) -> dict[str, Any] | None:
    try:
        return build(raw).bundle
    except EhdsError:
        return None  # no prescription, or goods only


def _samples() -> list[Path]:
    return sorted(data.path("prescriptions").glob("*.xml"))


@pytest.mark.oracle
@pytest.mark.parametrize("form", FORMS)
def test_the_schema_accepts_every_sample(form, schema) -> None:
    bundles = [one for one in (_built(file.read_bytes()) for file in _samples()) if one]
    assert len(bundles) >= 10
    for bundle in bundles:
        schema.assertValid(etree.fromstring(to_cda(bundle, form=form, level=3).xml))


@pytest.mark.oracle
@pytest.mark.parametrize("form", FORMS)
def test_the_schema_accepts_every_real_message(form, schema, oracles) -> None:
    written = 0
    with zipfile.ZipFile(oracles / "eresept" / "0182a496.zip") as archive:
        for name in archive.namelist():
            bundle = _built(archive.read(name)) if name.endswith(".xml") else None
            if bundle:
                schema.assertValid(etree.fromstring(to_cda(bundle, form=form, level=3).xml))
                written += 1
    assert written


def _brand() -> etree._Element:
    bundle = build(data.path("prescriptions", "brand.xml").read_bytes()).bundle
    return etree.fromstring(to_cda(bundle, form="pivot", level=3).xml)


def test_the_prescriber_has_a_profession() -> None:
    function = _brand().find("v:author/v:functionCode", NS)
    assert function.get("codeSystem") == "2.16.840.1.113883.2.9.6.2.7"


def test_the_code_of_the_product_is_no_atc_code() -> None:
    made = _brand()
    material = made.find(".//v:manufacturedMaterial", NS)
    assert material.find("v:code", NS).get("codeSystem") != "2.16.840.1.113883.6.73"
    kind = material.find("p:asSpecializedKind/p:generalizedMaterialKind/p:code", NS)
    assert (kind.get("code"), kind.get("codeSystem")) == ("A10AE04", "2.16.840.1.113883.6.73")


def test_a_reservation_against_substitution_travels() -> None:
    (value,) = _brand().xpath("//v:observation[v:code/@code='SUBST']/v:value/@code", namespaces=NS)
    assert value == "N"


def test_validity_packages_and_repeats_stand_in_the_supply() -> None:
    supply = _brand().find(".//v:supply[@moodCode='RQO']", NS)
    assert supply.find("v:effectiveTime/v:high", NS).get("value") == "20271005"
    assert supply.find("v:repeatNumber", NS).get("value") == "2"
    assert supply.find("v:quantity", NS).get("unit") == "1"


def test_prescriptions_of_two_patients_are_no_document() -> None:
    bundle = build(data.path("prescriptions", "brand.xml").read_bytes()).bundle
    other = {"resourceType": "MedicationRequest", "subject": {"reference": "Patient/other"}}
    with pytest.raises(InputError, match="several patients"):
        to_cda({**bundle, "entry": [*bundle["entry"], {"resource": other}]}, form="pivot", level=3)
