"""A dispensation abroad, and its way home."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from data.errors import InputError
from ips.conformance.engine import check_bundle
from ips.conformance.output import is_valid
from ips.conformance.reader import read_document
from ips.eresept import m10
from ips.loss import Fate
from ips.prescription import Product, Supply, build, build_dispensation, dispense, report_home
from ips.prescription.bundle import only
from ips.prescription.check import check
from ips.prescription.document import as_document
from ips.prescription.samples import samples
from ips.summary.output import to_json

PRODUCT = Product(
    "Fenoximetylpenicillin Meda 800 mg", "123456", "urn:oid:1.2.752.129.2.1.5.1", "B7"
)


def prescription(name: str) -> dict[str, Any]:
    bundle = build(samples()[name].path.read_bytes()).bundle
    return read_document(to_json(bundle))


def supply(**more: Any) -> Supply:
    given: dict[str, Any] = {"quantity": 1, "when": dt.datetime(2026, 10, 20, 12, tzinfo=dt.UTC),
                             "pharmacy": "Apoteket Storken", "country": "SE"}  # fmt: skip
    return Supply(**(given | more))


def test_eDispensation_is_valid_and_names_the_prescription() -> None:  # noqa: N802
    asked = prescription("package")
    made = dispense(asked, PRODUCT, supply()).bundle
    assert is_valid(check(read_document(to_json(made))))
    (one,) = only(made, "MedicationDispense")
    (request,) = only(asked, "MedicationRequest")
    assert one["authorizingPrescription"][0]["identifier"] == request["identifier"][0]
    assert one["quantity"]["value"] == 1
    assert one["substitution"] == {"wasSubstituted": False}
    assert not only(made, "MedicationRequest")  # the issuing State has it already


@pytest.mark.parametrize(
    ("name", "more", "message"),
    [
        ("package", {"when": dt.datetime(2028, 1, 1, tzinfo=dt.UTC)}, "outside the validity"),
        ("package", {"when": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}, "outside the validity"),
        ("package", {"quantity": 2}, "more than the 1"),
        ("package", {"quantity": 0}, "no amount"),
        ("brand", {"substituted": True}, "no other product"),
        ("substance", {"quantity": 401, "unit": "1"}, "more than the 400"),
    ],
)
def test_what_the_prescription_forbids_is_refused(
    name: str, more: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        dispense(prescription(name), PRODUCT, supply(**more))


def test_recalled_prescription_is_not_dispensed() -> None:
    content = samples()["recalled"].path.read_bytes()
    asked = build(content, recall=samples()["recalled.m5"].path.read_bytes()).bundle
    with pytest.raises(InputError, match="stopped"):
        dispense(asked, PRODUCT, supply())


def test_all_reasons_are_told_at_once() -> None:
    late = dt.datetime(2028, 1, 1, tzinfo=dt.UTC)
    with pytest.raises(InputError) as caught:
        dispense(prescription("brand"), PRODUCT, supply(when=late, quantity=99, substituted=True))
    assert len(caught.value.problems) == 3


def test_one_of_several_prescriptions_must_be_chosen() -> None:
    asked = prescription("list.m96")
    with pytest.raises(InputError, match="3 prescriptions"):
        dispense(asked, PRODUCT, supply())
    wanted = only(asked, "MedicationRequest")[0]
    number = wanted["identifier"][0]["value"]
    active = next(r for r in only(asked, "MedicationRequest") if r["status"] == "active")
    assert dispense(asked, PRODUCT, supply(), request_id=active["identifier"][0]["value"])
    assert number.startswith("urn:uuid:")


def test_another_product_shares_nothing_with_the_prescribed_one() -> None:
    made = dispense(prescription("package"), PRODUCT, supply(substituted=True)).bundle
    (drug,) = only(made, "Medication")
    assert "form" not in drug
    assert "ingredient" not in drug


def test_report_home_is_a_readable_m10() -> None:
    original = samples()["package"].path.read_bytes()
    made = dispense(prescription("package"), PRODUCT, supply()).bundle
    report = report_home(made, prescription=original)
    (found,) = m10.read(report.xml).dispensations
    assert found.supply.text("ReseptId") == build(original).bundle["entry"][0]["resource"][
        "identifier"
    ][0]["value"].removeprefix("urn:uuid:")
    assert found.supply.text("Batchnr") == "B7"
    assert found.document.text("Antall") == "1"
    home = build_dispensation(report.xml).bundle
    assert is_valid(check_bundle(read_document(to_json(home))))
    (there,) = only(made, "MedicationDispense")
    (here,) = only(home, "MedicationDispense")
    assert here["authorizingPrescription"] == there["authorizingPrescription"]
    assert here["quantity"]["value"] == there["quantity"]["value"]


def test_pieces_do_not_become_packages() -> None:
    made = dispense(prescription("substance"), PRODUCT, supply(quantity=100, unit="1")).bundle
    root = etree.fromstring(report_home(made).xml)
    assert root.find(".//{*}Antall") is None
    amount = root.find(".//{*}Mengde")
    assert amount is not None
    assert (amount.get("V"), amount.get("U")) == ("100", "stk")


def test_decimals_keep_their_digits_on_the_way_home() -> None:
    asked = prescription("magistral")
    made = dispense(asked, PRODUCT, supply(quantity=Decimal("37.50"), unit="g")).bundle
    amount = etree.fromstring(report_home(made).xml).find(".//{*}Mengde")
    assert amount is not None
    assert amount.get("V") == "37.50"


def form_at_home(form: dict[str, Any]) -> tuple[Any, Any]:
    """Return the form in the report, and what the loss report says of it."""
    made = dispense(prescription("package"), PRODUCT, supply()).bundle
    (drug,) = only(made, "Medication")
    drug["form"] = form
    report = report_home(made)
    (noted,) = (i for i in report.loss.items if i.element == "Medication.form")
    return etree.fromstring(report.xml).find(".//{*}LegemiddelformKort"), noted


def test_an_edqm_dose_form_comes_home_as_the_form_of_list_7448() -> None:
    edqm = "http://standardterms.edqm.eu"
    shown, noted = form_at_home({"coding": [{"system": edqm, "code": "10219000"}]})
    assert (shown.get("V"), shown.get("DN")) == ("53", "Tablett")
    assert shown.get("S") == "2.16.578.1.12.4.1.1.7448"
    assert noted.fate is Fate.EXACT


def test_a_dose_form_that_two_forms_of_the_list_share_comes_home_in_words() -> None:
    # Both 842 «Mikstur, oppløsning» and 208 «Oral oppløsning» are the oral solution of EDQM.
    edqm = "http://standardterms.edqm.eu"
    coding = {"system": edqm, "code": "10105000", "display": "Oral solution"}
    shown, noted = form_at_home({"coding": [coding], "text": "oral solution"})
    assert (shown.get("V"), shown.get("OT")) == (None, "oral solution")
    assert noted.fate is Fate.AS_TEXT
    assert noted.source_value == "oral solution"


def test_a_dose_form_that_no_list_knows_is_named_as_lost() -> None:
    shown, noted = form_at_home({"coding": [{"system": "urn:x:forms", "code": "7"}]})
    assert shown is None
    assert noted.fate is Fate.NOT_CARRIED
    assert noted.source_value == "7"


def test_what_nobody_abroad_can_give_is_named() -> None:
    made = dispense(prescription("package"), PRODUCT, supply()).bundle
    lost = {i.element: i for i in report_home(made).loss.items if i.fate is Fate.NOT_CARRIED}
    assert "Utlevering/Utleverer/HerId" in lost
    assert "LegemiddelMerkevare/Id" in lost
    assert "LegemiddelMerkevare/Reseptgruppe" in lost
    assert all("E23.6c" in item.obligations for item in lost.values())


def test_m1_of_another_prescription_is_refused() -> None:
    made = dispense(prescription("package"), PRODUCT, supply()).bundle
    with pytest.raises(InputError, match="not the one"):
        report_home(made, prescription=samples()["substance"].path.read_bytes())


def test_dispensation_without_prescription_cannot_come_home() -> None:
    made = dispense(prescription("package"), PRODUCT, supply()).bundle
    del only(made, "MedicationDispense")[0]["authorizingPrescription"]
    with pytest.raises(InputError, match="names no prescription"):
        report_home(made)
    assert not is_valid(check(made))


def test_dangling_reference_is_found() -> None:
    asked = prescription("package")
    asked["entry"] = [e for e in asked["entry"] if e["resource"]["resourceType"] != "Medication"]
    ids = {r.id for r in check(asked).results}
    assert "rx-reference" in ids


def test_missing_strength_is_a_warning_of_the_cross_border_annex() -> None:
    ids = {r.id for r in check(prescription("vaccine")).results}
    assert "rx-2012-52-strength" in ids
    assert "rx-2012-52-birth-date" not in ids


@pytest.mark.parametrize(
    ("name", "code"), [("package", "57833-6"), ("package.m10", "60593-1"), ("magistral", "57833-6")]
)
def test_document_for_myhealth_eu_is_valid(name: str, code: str) -> None:
    content = samples()[name].path.read_bytes()
    bundle = (build_dispensation if name.endswith("m10") else build)(content).bundle
    made = read_document(to_json(as_document(bundle)))
    assert is_valid(check_bundle(made))
    head = made["entry"][0]["resource"]
    assert head["type"]["coding"][0]["code"] == code
    assert len(head["section"][0]["entry"]) == 1


def test_a_list_is_not_one_document() -> None:
    with pytest.raises(InputError, match="3 prescriptions"):
        as_document(prescription("list.m96"))


@pytest.mark.oracle
def test_dispensation_of_another_country_in_cda_comes_home(oracles: Path) -> None:
    from ips.cda.read import to_fhir

    content = (oracles / "cda-samples" / "ED_dispensation1.xml").read_bytes()
    report = report_home(to_fhir(content).bundle)
    (found,) = m10.read(report.xml).dispensations
    assert found.supply.text("ReseptId") == "462617619087101"
    assert found.supply.date("Utleveringsdato") == "2024-09-11"
    assert found.document.text("Antall") == "1"
    lost = {i.element for i in report.loss.items if i.fate is Fate.NOT_CARRIED}
    assert "Patient.identifier" in lost  # a Danish number has no place in M10
