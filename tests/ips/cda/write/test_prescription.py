"""Prescriptions as MyHealth@EU ePrescriptions."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

import data
from data.errors import EhdsError, InputError
from data.results import Outcome
from ips.cda.check import check_cda
from ips.cda.write import to_cda
from ips.loss import Fate
from ips.prescription import Product, Supply, build, dispense

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


def _dispensed(*, substituted: bool = False) -> dict[str, Any]:
    prescription = build(data.path("prescriptions", "substance.xml").read_bytes()).bundle
    product = Product("Exemplo 1 g", "5440987", "urn:oid:2.16.620.1.101.10.3.1")
    when = dt.datetime(2026, 11, 1, 12, 0, tzinfo=dt.UTC)
    supply = Supply(1, when, "Farmácia Exemplo", "PT", substituted=substituted)
    return dispense(prescription, product, supply).bundle


@pytest.mark.oracle
@pytest.mark.parametrize("form", FORMS)
def test_the_schema_accepts_a_dispensation(form, schema) -> None:
    schema.assertValid(etree.fromstring(to_cda(_dispensed(), form=form, level=3).xml))


def test_a_dispensation_names_the_prescription_document() -> None:
    prescription = build(data.path("prescriptions", "substance.xml").read_bytes()).bundle
    answered = etree.fromstring(to_cda(prescription, form="pivot", level=3).xml)
    made = etree.fromstring(to_cda(_dispensed(), form="pivot", level=3).xml)
    order = made.find("v:inFulfillmentOf/v:order/v:id", NS)
    assert order.get("root") == answered.find("v:id", NS).get("root")
    item = made.find(".//v:entryRelationship[@typeCode='REFR']/v:substanceAdministration/v:id", NS)
    assert item.get("root") == answered.find(".//v:entry/v:substanceAdministration/v:id", NS).get(
        "root"
    )


def test_a_dispensation_without_prescription_is_refused() -> None:
    bundle = _dispensed()
    bundle["entry"][0]["resource"].pop("authorizingPrescription")
    with pytest.raises(InputError, match="does not name its prescription"):
        to_cda(bundle, form="pivot", level=3)


def test_a_dispensation_has_no_level_1() -> None:
    with pytest.raises(InputError, match="no level 1"):
        to_cda(_dispensed(), form="pivot", level=1)


def test_a_foreign_prescription_number_is_not_made_into_another() -> None:
    bundle = _dispensed()
    number = {"system": "urn:oid:1.2.208.176.7.2.2", "value": "462617619087101"}
    bundle["entry"][0]["resource"]["authorizingPrescription"] = [{"identifier": number}]
    made = etree.fromstring(to_cda(bundle, form="pivot", level=3).xml)
    order = made.find("v:inFulfillmentOf/v:order/v:id", NS)
    assert (order.get("root"), order.get("extension")) == ("1.2.208.176.7.2.2", "462617619087101")


def test_what_a_foreign_prescription_lacks_stands_in_its_loss_report() -> None:
    bundle = build(data.path("prescriptions", "brand.xml").read_bytes()).bundle
    for entry in bundle["entry"]:
        if entry["resource"]["resourceType"] == "PractitionerRole":
            del entry["resource"]["code"]
        if entry["resource"]["resourceType"] == "Medication":
            del entry["resource"]["form"]
    written = to_cda(bundle, form="pivot", level=3)
    missing = {r.message.rpartition("/")[2] for r in check_cda(written.xml).results
               if r.id == "cda-c-required" and r.outcome is Outcome.FAIL}  # fmt: skip
    assert missing == {"functionCode", "formCode"}
    named = {item.reason for item in written.loss.items if item.fate is Fate.NOT_CARRIED}
    for name in missing:
        assert any(name in reason for reason in named)


def test_the_original_text_of_a_code_is_the_words_of_the_source_alone() -> None:
    document = _brand()
    form = document.find(".//p:formCode/v:originalText/v:reference", NS)
    assert form is not None
    words = document.xpath(f"//*[@ID='{form.get('value')[1:]}']")
    assert [one.text for one in words] == ["Injeksjonsvæske, oppløsning"]


def test_text_with_markup_and_line_breaks_survives_the_writing() -> None:
    bundle = build(data.path("prescriptions", "brand.xml").read_bytes()).bundle
    odd = "5 < 6 & \"7\" > 'x'"
    for entry in bundle["entry"]:
        if entry["resource"]["resourceType"] == "Medication":
            entry["resource"]["code"] = {
                "text": odd,
                "coding": [
                    {"system": "http://x.no/<&>", "code": "a&b", "display": "one\ttwo\nthree"}
                ],
            }
    document = etree.fromstring(to_cda(bundle, form="pivot", level=3).xml)
    material = document.find(".//v:manufacturedMaterial", NS)
    assert material is not None
    assert material.findtext("v:name", "", NS) == odd
    code = material.find("v:code", NS)
    assert code is not None
    assert (code.get("code"), code.get("displayName")) == ("a&b", "one\ttwo\nthree")
