"""Every MyHealth@EU sample becomes a valid FHIR document in which each part is accounted for."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from lxml import etree

from ips.cda.read import ReadBack, to_fhir
from ips.conformance.engine import check_bundle
from ips.conformance.output import is_valid
from ips.loss import Fate
from tests.builders import SHARED

FOLDER = Path(os.environ.get("EHDS_ORACLES", SHARED / "oracles")) / "cda-samples"
NAMES = sorted(p.name for p in FOLDER.glob("*.xml")) or ["absent.xml"]
V3 = "{urn:hl7-org:v3}"

pytestmark = pytest.mark.oracle


def read(oracles: Path, name: str) -> tuple[etree._Element, ReadBack]:
    content = (oracles / "cda-samples" / name).read_bytes()
    return etree.fromstring(content), to_fhir(content, name=name)


def of_type(read_back: ReadBack, kind: str) -> list[dict[str, Any]]:
    entries = [entry["resource"] for entry in read_back.bundle["entry"]]
    return [resource for resource in entries if resource["resourceType"] == kind]


def codes(element: dict[str, Any]) -> set[str]:
    return {coding["code"] for coding in element.get("coding", ()) if "code" in coding}


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_is_a_document_without_errors(oracles: Path, name: str) -> None:
    _, made = read(oracles, name)
    report = check_bundle(made.bundle)
    assert is_valid(report), [r.message for r in report.results if r.severity == "error"]


@pytest.mark.parametrize("name", NAMES)
def test_a_summary_is_judged_as_ips_and_a_prescription_as_mpd(oracles: Path, name: str) -> None:
    root, made = read(oracles, name)
    kind = root.find(f"{V3}code").get("code")  # type: ignore[union-attr]
    claimed = orjson.dumps(made.bundle).decode()
    wanted = {
        "60591-5": "StructureDefinition/Composition-uv-ips",
        "57833-6": "StructureDefinition/MedicationRequest-eu-mpd",
        "60593-1": "StructureDefinition/MedicationDispense-eu-mpd",
    }
    assert wanted[str(kind)] in claimed


@pytest.mark.parametrize("name", NAMES)
def test_every_section_is_there_with_its_title(oracles: Path, name: str) -> None:
    root, made = read(oracles, name)
    sections = of_type(made, "Composition")[0]["section"]
    found = {(code, s["title"]) for s in sections for code in codes(s["code"])}
    for section in root.iter(f"{V3}section"):
        code, title = section.find(f"{V3}code"), section.find(f"{V3}title")
        assert code is not None
        assert title is not None
        assert (code.get("code"), str(title.text).strip()) in found


@pytest.mark.parametrize("name", NAMES)
def test_every_word_of_the_narrative_is_there(oracles: Path, name: str) -> None:
    root, made = read(oracles, name)
    divs = " ".join(s["text"]["div"] for s in of_type(made, "Composition")[0]["section"])
    plain = etree.fromstring(f"<all>{divs}</all>")
    there = set(" ".join(str(t) for t in plain.itertext()).split())
    for text in root.iter(f"{V3}text"):
        parent = text.getparent()
        if parent is not None and parent.tag == f"{V3}section":
            assert set(" ".join(str(t) for t in text.itertext()).split()) <= there


_STRUCTURE = {"IMMUNIZ", "CONC", "DRUG", "SUBST", "FINSTRUCT", "PINSTRUCT", "SEV", "48767-8"}
"""Codes that say what an element of the template is; FHIR says it by the resource's type."""
_QUESTIONS = {"82606-5", "66455-7", "33999-4", "11323-3", "30973-2", "46680005"}
"""Codes of the questions that FHIR asks by the name of an element."""
_ANSWERED = re.compile(r"statusCode|templateId")


@pytest.mark.parametrize("name", NAMES)
def test_every_coded_entry_is_in_the_bundle_or_in_the_loss_report(oracles: Path, name: str) -> None:
    root, made = read(oracles, name)
    bundle = orjson.dumps(made.bundle).decode()
    told = " ".join(item.source_value for item in made.loss.items)
    for entry in root.iter(f"{V3}entry"):
        for element in entry.iter(etree.Element):
            code = " ".join((element.get("code") or "").split())
            if not code or not element.get("codeSystem") or _ANSWERED.search(str(element.tag)):
                continue
            if code in _STRUCTURE | _QUESTIONS:
                continue
            assert f'"{code}"' in bundle or code in told, (name, element.tag, code)


@pytest.mark.parametrize("name", NAMES)
def test_what_does_not_travel_exactly_has_a_reason(oracles: Path, name: str) -> None:
    _, made = read(oracles, name)
    assert all(item.reason for item in made.loss.items if item.fate is not Fate.EXACT)


@pytest.mark.parametrize("name", NAMES)
def test_reading_twice_gives_the_same(oracles: Path, name: str) -> None:
    assert read(oracles, name)[1].bundle == read(oracles, name)[1].bundle


def test_a_procedure_that_is_negated_was_not_done(oracles: Path) -> None:
    _, made = read(oracles, "PT_CDA_W3_898765392_HipReplacement.xml")
    assert {p["status"] for p in of_type(made, "Procedure")} == {"not-done"}


def test_a_cancelled_vaccination_was_not_given(oracles: Path) -> None:
    _, made = read(oracles, "PS_2-1234-W8.xml")
    states = {
        code: one["status"]
        for one in of_type(made, "Immunization")
        for code in codes(one["vaccineCode"])
    }
    assert states["J07BM02"] == "not-done"
    assert states["J07AM"] == "completed"


def test_the_allergies_of_the_wave_8_summary(oracles: Path) -> None:
    _, made = read(oracles, "PS_2-1234-W8.xml")
    found = {
        code: one for one in of_type(made, "AllergyIntolerance") for code in codes(one["code"])
    }
    assert set(found) == {"260176001", "47703008", "N02BA01", "111088007"}
    aspirin = found["N02BA01"]
    assert codes(aspirin["clinicalStatus"]) == {"resolved"}
    assert aspirin["criticality"] == "high"
    assert aspirin["onsetDateTime"] == "1994"
    assert codes(aspirin["reaction"][0]["manifestation"][0]) == {"195967001"}
    assert "371924009" in aspirin["reaction"][0]["description"]


def test_ingredients_and_strengths_of_both_pharmacy_namespaces(oracles: Path) -> None:
    for name in ("PS_2-1234-W8.xml", "L3_PS_ReferenceTestData_W3.xml"):
        _, made = read(oracles, name)
        strengths = {
            code: part["strength"]["numerator"]["value"]
            for one in of_type(made, "Medication")
            for part in one["ingredient"]
            for code in codes(part["itemCodeableConcept"])
        }
        assert strengths["H03AA01"] == 100
        assert strengths["C09AA05"] == 5


def test_blood_pressure_is_one_panel(oracles: Path) -> None:
    _, made = read(oracles, "PS_2-1234-W8.xml")
    panel = [o for o in of_type(made, "Observation") if "85354-9" in codes(o["code"])]
    parts = {
        code: part["valueQuantity"]["value"]
        for part in panel[0]["component"]
        for code in codes(part["code"])
    }
    assert parts == {"8480-6": 160, "8462-4": 110}


def test_a_national_code_without_counterpart_stays_as_it_is(oracles: Path) -> None:
    _, made = read(oracles, "PS_2-1234-W8.xml")
    found = [c for c in of_type(made, "Condition") if "054.3" in codes(c.get("code", {}))]
    assert found[0]["code"]["coding"][0]["system"] == "http://hl7.org/fhir/sid/icd-9-cm"


@pytest.mark.parametrize(
    ("name", "kind", "element", "code"),
    [
        ("RTD_W4_known_absence.xml", "AllergyIntolerance", "code", "716186003"),
        ("RTD_W2_known_absence.xml", "AllergyIntolerance", "code", "716186003"),
        ("RTD_W3_no_information.xml", "Procedure", "code", "787480003"),
        ("RTD_W2_known_absence.xml", "Condition", "code", "160245001"),
        ("RTD_W4_known_absence.xml", "MedicationStatement", "medicationCodeableConcept",
         "787481004"),
        ("RTD_W4_known_absence.xml", "Device", "type", "787483001"),
    ],
)  # fmt: skip
def test_known_absence_of_every_wave_is_told_in_snomed(
    oracles: Path, name: str, kind: str, element: str, code: str
) -> None:
    _, made = read(oracles, name)
    assert [codes(one[element]) for one in of_type(made, kind)] == [{code}]


def test_a_bare_null_flavour_is_no_statement_of_absence(oracles: Path) -> None:
    # Wave 2 wrote nullFlavor NA for procedures: only the narrative tells what it means.
    _, made = read(oracles, "RTD_W2_known_absence.xml")
    assert of_type(made, "Procedure") == []


def test_a_prescription_keeps_package_dose_and_substitution(oracles: Path) -> None:
    _, made = read(oracles, "EP_1-1234-W8.xml")
    request = of_type(made, "MedicationRequest")[0]
    assert request["dispenseRequest"]["quantity"]["value"] == 5
    assert codes(request["substitution"]["allowedCodeableConcept"]) == {"N"}
    repeat = request["dosageInstruction"][0]["timing"]["repeat"]
    assert (repeat["period"], repeat["periodUnit"]) == (12, "h")
    assert request["authoredOn"].startswith("2019-11-22")
    product = of_type(made, "Medication")[0]
    assert product["identifier"][0]["value"] == "PCID_Lantus_Solostar"


def test_a_dispensation_names_the_prescription_it_fulfils(oracles: Path) -> None:
    _, made = read(oracles, "ED_dispensation1.xml")
    dispense, request = (
        of_type(made, "MedicationDispense")[0],
        of_type(made, "MedicationRequest")[0],
    )
    assert dispense["authorizingPrescription"][0]["reference"].endswith(request["id"])
    assert request["identifier"][0]["value"] == "462617619087101"
    assert dispense["substitution"]["wasSubstituted"] is True
    assert dispense["quantity"]["value"] == 1


@pytest.mark.parametrize("name", [name for name in NAMES if name[:2] not in ("EP", "ED")])
def test_reading_and_writing_back_gives_what_the_schema_accepts(oracles: Path, name: str) -> None:
    from ips.cda.check import check_cda
    from ips.cda.write import to_cda

    _, made = read(oracles, name)
    written = to_cda(made.bundle, form="pivot", level=3)
    report = check_cda(written.xml, oracles / "cda-schema")
    assert is_valid(report), [r.message for r in report.results if r.severity == "error"]
