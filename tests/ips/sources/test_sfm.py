"""SFM ``$getMedication``: a real answer with every medicine accounted for, and what it states."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ips import sources
from ips.sources import Source
from tests.ips.sources.samples import NUMBER, Json, allergy, to_bytes

SFM = "http://ehelse.no/fhir/StructureDefinition/"


@pytest.fixture(scope="module")
def answer(oracles: Path) -> bytes:
    return (oracles / "sfm" / "getMedication-response.json").read_bytes()


@pytest.fixture(scope="module")
def truth(answer: bytes) -> list[Json]:
    """The resources of the answer, read independently of the reader."""
    text = re.sub(r",(\s*[}\]])", r"\1", answer.decode())
    bundle = json.loads(text)["parameter"][0]["resource"]
    return [entry["resource"] for entry in bundle["entry"]]


@pytest.fixture(scope="module")
def source(answer: bytes) -> Source:
    return sources.read_any(answer, "medication.json")


def of(resources: list[Json], kind: str) -> list[Json]:
    return [r for r in resources if r["resourceType"] == kind]


@pytest.mark.oracle
def test_the_real_answer_is_read_though_it_is_no_strict_json(source: Source) -> None:
    assert source.kind == "sfm-medication"
    assert [w.where for w in source.warnings if "comma" in w.what] == ["medication.json:4892:69"]
    assert any("Kjernejournal answered with error 5" in w.what for w in source.warnings)
    assert any("locked" in w.what for w in source.warnings)


@pytest.mark.oracle
def test_every_medicine_of_the_real_answer_is_there(source: Source, truth: list[Json]) -> None:
    names = {r["id"]: r["code"]["coding"][0]["display"] for r in of(truth, "Medication")}
    made = {r["id"]: r for r in of(source.resources, "Medication")}
    assert {identity: r["code"]["text"] for identity, r in made.items()} == names
    for resource in of(truth, "Medication"):
        atc = {c["code"] for c in resource["code"]["coding"] if "atc" in c["system"]}
        mine = {c["code"] for c in made[resource["id"]]["code"]["coding"] if "atc" in c["system"]}
        assert mine == atc


@pytest.mark.oracle
def test_every_treatment_of_the_real_answer_is_there(source: Source, truth: list[Json]) -> None:
    made = {r["id"]: r for r in of(source.resources, "MedicationStatement")}
    for told in of(truth, "MedicationStatement"):
        mine = made[told["id"]]
        assert mine["status"] == told["status"]
        assert mine["dosage"][0]["text"] == told["dosage"][0]["text"]
        assert {i["value"].removeprefix("urn:uuid:") for i in mine["identifier"]} == {
            i["value"] for i in told["identifier"]
        }
        stopped = [e for e in told["extension"] if e["url"].endswith("sfm-discontinuation")]
        if stopped:
            assert mine["effectivePeriod"]["end"] == stopped[0]["extension"][0]["valueDateTime"]
    assert len(made) == 10
    assert len(of(source.resources, "MedicationDispense")) == 1


@pytest.mark.oracle
def test_every_leaf_of_the_real_answer_is_carried_or_reported(
    source: Source, truth: list[Json]
) -> None:
    """Each text that SFM says about a treatment is in a resource or in the loss report."""
    said = json.dumps(source.resources, ensure_ascii=False) + str(source.origins)
    said += "\n".join(f"{i.element} {i.source_value}" for i in source.loss.items)
    said = " ".join(said.replace("\\n", " ").replace("\\r", " ").split())
    missing = Counter[str]()
    for resource in of(truth, "MedicationStatement") + of(truth, "MedicationDispense"):
        for url, text in leaves(resource):
            if url != "display" and len(text) > 1 and " ".join(text.split()) not in said:
                missing[url] += 1
    assert not missing


def leaves(value: Any, url: str = "") -> list[tuple[str, str]]:
    if isinstance(value, dict):
        here = str(value.get("url", "")).rsplit("/", 1)[-1]
        return [leaf for key, item in value.items() if key not in ("url", "meta", "id")
                for leaf in leaves(item, here or key)]  # fmt: skip
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item, url)]
    return (
        [(url, value)] if isinstance(value, str) and not value.startswith(("urn:", "http")) else []
    )


@pytest.mark.oracle
def test_structured_doses_of_the_real_answer(source: Source) -> None:
    made = {r["id"]: r for r in of(source.resources, "MedicationStatement")}
    drops = made["1221096492"]["dosage"][0]
    assert drops["asNeededBoolean"] is True
    assert drops["timing"]["repeat"]["when"] == ["MORN", "NOON", "EVE"]
    assert drops["doseAndRate"][0]["doseQuantity"]["code"] == "15022000"  # EDQM drop
    phases = made["111913289"]["dosage"]
    assert [d["sequence"] for d in phases] == list(range(1, len(phases) + 1))
    assert len({json.dumps(d["timing"]["repeat"]["boundsPeriod"]) for d in phases}) == 2


@pytest.mark.oracle
def test_nobody_of_the_health_service_travels_with_an_identity_number(source: Source) -> None:
    for practitioner in of(source.resources, "Practitioner"):
        assert all(i["system"].endswith("4.4") for i in practitioner["identifier"])
        assert "birthDate" not in practitioner


def small(*resources: Json, sections: list[Json] | None = None, **codes: str) -> bytes:
    composition = {
        "resourceType": "Composition",
        "meta": {"profile": [SFM + "sfm-MedicationComposition"]},
        "section": sections or [],
    }
    patient = {
        "resourceType": "Patient",
        "id": "p",
        "meta": {"profile": [SFM + "sfm-Patient"]},
        "identifier": [{"system": "FNR", "value": NUMBER}],
    }
    entries = [{"resource": r} for r in (composition, patient, *resources)]
    bundle = {"resourceType": "Bundle", "type": "document", "entry": entries}
    answers = [{"name": name, "valueCodeableConcept": {"coding": [{"code": code}]}}
               for name, code in codes.items()]  # fmt: skip
    return to_bytes(
        {
            "resourceType": "Parameters",
            "parameter": [{"name": "medication", "resource": bundle}, *answers],
        }
    )


def empty_section(code: str, reason: str) -> Json:
    return {"code": {"coding": [{"code": code}]}, "emptyReason": {"coding": [{"code": reason}]}}


def test_only_a_complete_answer_can_state_that_no_medicine_is_used() -> None:
    nil = [empty_section("sectionMedication", "nilknown")]
    assert sources.read_any(small(sections=nil), "m.json").statements == {"no-known-medications"}
    failed = small(sections=nil, RFM96Feilkode="7")
    assert not sources.read_any(failed, "m.json").statements
    unavailable = [empty_section("sectionMedication", "unavailable")]
    assert not sources.read_any(small(sections=unavailable), "m.json").statements


def test_an_empty_allergy_section_never_states_that_there_is_none() -> None:
    source = sources.read_any(
        small(sections=[empty_section("sectionAllergies", "nilknown")]), "m.json"
    )
    assert not source.statements
    assert any("critical allergies only" in i.reason for i in source.loss.items)


def test_trade_goods_are_reported() -> None:
    goods = {"resourceType": "Basic", "meta": {"profile": [SFM + "sfm-BandaPrescription"]},
             "code": {"text": "Stomiposer"}}  # fmt: skip
    source = sources.read_any(small(goods), "m.json")
    assert any("Stomiposer" in i.source_value for i in source.loss.items)


def test_allergies_in_the_answer_are_those_of_kjernejournal() -> None:
    source = sources.read_any(small(allergy()), "m.json")
    assert len(of(source.resources, "AllergyIntolerance")) == 1


def test_a_statement_without_a_medicine_resource_keeps_its_name() -> None:
    bare = {
        "resourceType": "MedicationStatement", "id": "s", "status": "active",
        "meta": {"profile": [SFM + "sfm-MedicationStatement"]},
        "medicationReference": {"reference": "urn:uuid:gone", "display": "Noe tab 5 mg"},
        "extension": [{"url": "EffectiveDatetime", "valueDate": "2024-01-01"}],
    }  # fmt: skip
    made = of(sources.read_any(small(bare), "m.json").resources, "MedicationStatement")[0]
    assert made["medicationCodeableConcept"]["text"] == "Noe tab 5 mg"
    assert made["effectivePeriod"] == {"start": "2024-01-01"}
