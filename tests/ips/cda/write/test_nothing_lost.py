"""What a clinician needs is in the document, also where FHIR has it by reference or in a word."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any

import pytest
from lxml import etree

import data
from ips.cda.read import to_fhir
from ips.cda.write import pdf, to_cda
from ips.prescription import Product, Supply, build, dispense, report_home
from tests.ips.cda.write.test_content import LOINC, SNOMED, _with

NS: Any = {"v": "urn:hl7-org:v3", "p": "urn:hl7-org:pharm"}
MEMBER = "urn:uuid:00000000-0000-4000-8000-000000000999"


def _referred(small: dict[str, Any], loinc: str, head: dict[str, Any], member: Any) -> Any:
    """Return a document whose section lists the head only; the member hangs on it."""
    made = _with(small, loinc, head)
    made["entry"].append({"fullUrl": MEMBER, "resource": {"resourceType": "Observation", **member}})
    return made


def _values(written: bytes, code: str) -> list[str]:
    found = etree.fromstring(written).xpath(
        "//v:observation[v:code/@code=$code]/v:value/@value", namespaces=NS, code=code
    )
    return [str(one) for one in found]


def _concept(system: str, code: str, text: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": text}], "text": text}


def test_the_results_of_a_report_travel_without_an_entry_of_their_own(small) -> None:
    report = {"resourceType": "DiagnosticReport", "status": "final",
              "code": _concept(LOINC, "11502-2", "Laboratory report"),
              "result": [{"reference": MEMBER}]}  # fmt: skip
    result = {"status": "final", "code": _concept(LOINC, "2823-3", "Potassium"),
              "effectiveDateTime": "2026-10-01",
              "valueQuantity": {"value": 6.1, "unit": "mmol/L", "code": "mmol/L",
                                "system": "http://unitsofmeasure.org"}}  # fmt: skip
    written = to_cda(_referred(small, "30954-2", report, result), form="pivot", level=3)
    assert _values(written.xml, "2823-3") == ["6.1"]
    assert "6.1 mmol/L" in "".join(etree.fromstring(written.xml).itertext())


def test_the_due_date_that_hangs_on_the_status_travels(small) -> None:
    status = {"resourceType": "Observation", "status": "final",
              "code": _concept(LOINC, "82810-3", "Pregnancy status"),
              "valueCodeableConcept": _concept(SNOMED, "77386006", "Pregnant"),
              "effectiveDateTime": "2026-06-15", "hasMember": [{"reference": MEMBER}]}  # fmt: skip
    due = {"status": "final", "code": _concept(LOINC, "11778-8", "Delivery date"),
           "effectiveDateTime": "2026-06-15", "valueDateTime": "2027-02-14"}  # fmt: skip
    written = to_cda(_referred(small, "10162-6", status, due), form="pivot", level=3)
    assert _values(written.xml, "11778-8") == ["20270214"]


def test_the_side_of_the_body_is_in_the_narrative_and_comes_back(small) -> None:
    site = {**_concept(SNOMED, "76552005", "Shoulder"), "text": "Shoulder (left)"}
    done = {"resourceType": "Procedure", "status": "completed", "performedDateTime": "2020-01-02",
            "code": _concept(SNOMED, "64253000", "Implantation"), "bodySite": [site]}  # fmt: skip
    written = to_cda(_with(small, "47519-4", done), form="pivot", level=3)
    assert "Shoulder (left)" in "".join(etree.fromstring(written.xml).itertext())
    back = [e["resource"] for e in to_fhir(written.xml).bundle["entry"]]
    (procedure,) = [r for r in back if r["resourceType"] == "Procedure" and "bodySite" in r]
    assert procedure["bodySite"][0]["text"] == "Shoulder (left)"


def _sample(name: str) -> Any:
    return build(data.path("prescriptions", f"{name}.xml").read_bytes()).bundle


def test_pieces_are_not_written_as_packages() -> None:
    written = to_cda(_sample("substance"), form="pivot", level=3)
    quantity = etree.fromstring(written.xml).find(".//v:supply/v:quantity", NS)
    assert (quantity.get("value"), quantity.get("nullFlavor")) == (None, "OTH")
    assert quantity.find("v:translation", NS).get("value") == "100"
    assert any("counts packages" in one.reason for one in written.loss.items)
    assert _asked(to_fhir(written.xml).bundle) == {"value": 100, "unit": "stk"}
    packages = etree.fromstring(to_cda(_sample("brand"), form="pivot", level=3).xml)
    assert dict(packages.find(".//v:supply/v:quantity", NS).attrib) == {"value": "2", "unit": "1"}


def test_dispensed_pieces_come_home_as_pieces() -> None:
    when = dt.datetime(2026, 10, 20, 12, tzinfo=dt.UTC)
    supply = Supply(70, when, "Apoteket Storken", "SE", unit="1")
    given = dispense(_sample("tapering"), Product("Prednisolon 5 mg"), supply).bundle
    written = to_cda(given, form="pivot", level=3).xml
    quantity = etree.fromstring(written).find(".//v:supply/v:quantity", NS)
    assert quantity.attrib == {"nullFlavor": "OTH"}
    home = report_home(to_fhir(written).bundle).xml.decode()
    assert 'V="70" U="stk"' in home
    assert "Antall>" not in home


def _asked(bundle: Any) -> Any:
    (one,) = [e["resource"] for e in bundle["entry"]
              if e["resource"]["resourceType"] == "MedicationRequest"]  # fmt: skip
    return one["dispenseRequest"]["quantity"]


@pytest.mark.parametrize(
    ("system", "code", "attributes"),
    [(SNOMED, "732936001", {"nullFlavor": "OTH"}),
     ("http://standardterms.edqm.eu", "15054000", {"nullFlavor": "OTH"}),
     ("http://standardterms.edqm.eu", "30009000", {"value": "168", "unit": "1"}),
     ("http://unitsofmeasure.org", "g", {"value": "168", "unit": "g"})],
    ids=["snomed", "edqm", "container", "ucum"],
)  # fmt: skip
def test_a_unit_that_is_no_ucum_is_not_written_as_one(system, code, attributes) -> None:
    bundle = _sample("substance")
    amount = {"value": 168, "unit": "Tablet", "system": system, "code": code}
    for entry in bundle["entry"]:
        if entry["resource"]["resourceType"] == "MedicationRequest":
            entry["resource"]["dispenseRequest"]["quantity"] = amount
    written = to_cda(bundle, form="pivot", level=3).xml
    quantity = etree.fromstring(written).find(".//v:supply/v:quantity", NS)
    assert dict(quantity.attrib) == attributes
    back = _asked(to_fhir(written).bundle)
    assert back["value"] == 168
    assert back["unit"] == (code if code == "g" else "Tablet")


@pytest.mark.parametrize(
    ("lang", "said"),
    [("nb", ("Mengde: 2 pakning(er)", "Reiterasjoner: 2", "Gyldig til: 05.10.2027",
             "Bytte er ikke tillatt")),
     ("en", ("Quantity: 2 package(s)", "Repeats: 2", "Valid until: 5 Oct 2027",
             "Substitution is not allowed"))],
    ids=["nb", "en"],
)  # fmt: skip
def test_the_pages_say_what_may_be_dispensed_and_who_prescribed(lang, said) -> None:
    form = "friendly" if lang == "nb" else "pivot"
    content = to_cda(_sample("brand"), form=form, level=3, lang=lang)
    sheet = pdf.read(etree.fromstring(content.xml), lang)
    words = "\n".join(c for s in sheet.sections for b in s.blocks for row in b.rows for c in row)
    assert all(one in words for one in said)
    assert any("Stødig Dosett" in value for _, value in sheet.facts)


def test_the_maker_travels_as_an_organisation() -> None:
    bundle = _sample("brand")
    for entry in bundle["entry"]:
        if entry["resource"]["resourceType"] == "Medication":
            entry["resource"]["manufacturer"] = {"display": "Merck AB"}
    made = etree.fromstring(to_cda(bundle, form="pivot", level=3).xml)
    assert made.findtext(".//v:manufacturerOrganization/v:name", None, NS) == "Merck AB"


def test_level_1_holds_the_pages_of_the_friendly_level_3() -> None:
    made = etree.fromstring(to_cda(_sample("brand"), form="pivot", level=1).xml)
    assert base64.b64decode(made.findtext(".//v:nonXMLBody/v:text", "", NS)).startswith(b"%PDF")
