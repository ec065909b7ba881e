"""Generated patients: the same for the same seed, all different, sensible, well-formed."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from lxml import etree

from ips.generate import GeneratedPatient, generate
from ips.generate.sketch import DAY

MANY = 300


@pytest.fixture(scope="module")
def patients() -> list[GeneratedPatient]:
    return list(generate(MANY, seed=11))


def opened(patient: GeneratedPatient, name: str) -> Any:
    content = patient.files.get(name)
    return json.loads(content) if content else None


def walk(value: Any) -> Iterator[Any]:
    """Yield every object in a JSON value."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from walk(part)


def resources(patient: GeneratedPatient, kind: str) -> list[dict[str, Any]]:
    return [
        part
        for name in patient.files
        if name.endswith(".json")
        for part in walk(opened(patient, name))
        if part.get("resourceType") == kind
    ]


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert list(generate(40, seed=3)) == list(generate(40, seed=3))


def test_more_patients_only_add_at_the_end() -> None:
    assert list(generate(10, seed=3)) == list(itertools.islice(generate(60, seed=3), 10))


def test_another_seed_gives_other_patients() -> None:
    one, other = (next(generate(1, seed)) for seed in (1, 2))
    assert one.files["patient.json"] != other.files["patient.json"]


def test_none_is_none_and_fewer_is_an_error() -> None:
    assert list(generate(0, 1)) == []
    with pytest.raises(ValueError, match="negative"):
        list(generate(-1, 1))


def test_nobody_shares_an_identity_number(patients: list[GeneratedPatient]) -> None:
    numbers = [opened(p, "patient.json")["identifier"][0]["value"] for p in patients]
    assert len(set(numbers)) == MANY
    assert len({p.id for p in patients}) == MANY


def test_every_file_of_a_patient_is_about_that_patient(patients: list[GeneratedPatient]) -> None:
    for patient in patients:
        number = opened(patient, "patient.json")["identifier"][0]["value"]
        for name, content in patient.files.items():
            empty = name != "patient.json" and not opened_entries(patient, name)
            assert number in content.decode() or empty, f"{patient.id}/{name}"


def opened_entries(patient: GeneratedPatient, name: str) -> bool:
    """Return whether a file holds anything; an empty searchset names nobody."""
    return name.endswith(".xml") or bool(opened(patient, name).get("entry", True))


def test_the_formats_and_kinds_are_all_there(patients: list[GeneratedPatient]) -> None:
    files = Counter(name for p in patients for name in p.files)
    assert set(files) == {
        "patient.json", "critical-information.json", "medication.json", "m25.xml",
        "vaccinations.json", "laboratory.json", "measurements.json", "maternity.json",
    }  # fmt: skip
    kinds = Counter(
        r["resourceType"]
        for p in patients
        for e in (opened(p, "critical-information.json") or {}).get("entry", [])
        for r in [e["resource"]]
    )
    assert set(kinds) == {
        "AllergyIntolerance", "Condition", "Procedure", "DeviceUseStatement", "Flag", "Consent",
    }  # fmt: skip
    assert any(p["system"].endswith("4.2") for p in identifiers(patients)), "no D-number"
    states = {s["status"] for p in patients for s in resources(p, "MedicationStatement")}
    assert states == {"active", "stopped"}


def identifiers(patients: list[GeneratedPatient]) -> list[dict[str, Any]]:
    return [opened(p, "patient.json")["identifier"][0] for p in patients]


def test_the_patients_differ(patients: list[GeneratedPatient]) -> None:
    lists = {
        tuple(
            sorted(s["medicationReference"]["display"] for s in resources(p, "MedicationStatement"))
        )
        for p in patients
    }
    assert len(lists) > MANY / 3
    ages = {DAY.year - int(opened(p, "patient.json")["birthDate"][:4]) for p in patients}
    assert min(ages) < 10
    assert max(ages) > 80


def test_the_fhir_files_are_fhir(patients: list[GeneratedPatient]) -> None:
    for patient in patients[:60]:
        for name in patient.files:
            if name.endswith(".json") and name != "maternity.json":
                content = opened(patient, name)
                get_fhir_model_class(content["resourceType"]).model_validate(content)


def test_references_inside_a_bundle_lead_somewhere(patients: list[GeneratedPatient]) -> None:
    for patient in patients:
        for name in ("medication.json", "laboratory.json"):
            content = opened(patient, name)
            if not content:
                continue
            known = set()
            for part in walk(content):
                if "fullUrl" in part:
                    made = part["resource"]
                    known |= {part["fullUrl"], f"{made['resourceType']}/{made['id']}"}
            used = {p["reference"] for p in walk(content) if isinstance(p.get("reference"), str)}
            assert {u for u in used if not u.startswith("#")} <= known, f"{patient.id}/{name}"


def test_nothing_happens_before_birth_or_after_the_sources_were_fetched(
    patients: list[GeneratedPatient],
) -> None:
    past = ("recordedDate", "recordedOn", "occurrenceDateTime", "issued", "performedDateTime",
            "onsetDateTime", "whenHandedOver", "collectedDateTime", "appointmentDate")  # fmt: skip
    for patient in patients:
        born = opened(patient, "patient.json")["birthDate"]
        for name in patient.files:
            for part in walk(opened(patient, name)) if name.endswith(".json") else ():
                for key in past:
                    if key in part:
                        assert born < part[key][:10] <= DAY.isoformat(), (
                            f"{patient.id}/{name} {key}"
                        )


def test_nobody_takes_what_they_react_to(patients: list[GeneratedPatient]) -> None:
    for patient in patients:
        taken = {
            coding["code"]
            for medicine in resources(patient, "Medication")
            for coding in medicine["code"]["coding"]
            if coding["system"] == "http://www.whocc.no/atc"
        }
        reacts = {
            coding["code"]
            for allergy in resources(patient, "AllergyIntolerance")
            if allergy["clinicalStatus"]["coding"][0]["code"] == "active"
            for coding in allergy["code"]["coding"]
        }
        assert not taken & reacts, patient.id


def test_the_pregnant_are_women_of_that_age_without_harmful_medicines(
    patients: list[GeneratedPatient],
) -> None:
    # Valproate, methotrexate, warfarin, ACE inhibitors and angiotensin blockers.
    harmful = ("N03AG01", "L04AX03", "B01AA03", "C09")
    pregnant = [p for p in patients if "maternity.json" in p.files]
    assert pregnant
    for patient in pregnant:
        person = opened(patient, "patient.json")
        age = (DAY - dt.date.fromisoformat(person["birthDate"])).days / 365.25
        assert person["gender"] == "female"
        assert 19 < age < 44
        codes = {c["code"] for m in resources(patient, "Medication") for c in m["code"]["coding"]}
        assert not [code for code in codes if code.startswith(harmful)]


def test_the_multidose_message_is_well_formed(patients: list[GeneratedPatient]) -> None:
    messages = [p.files["m25.xml"] for p in patients if "m25.xml" in p.files]
    assert messages
    space = "{http://www.kith.no/xmlstds/eresept/m251/2013-10-08}"
    for content in messages:
        root = etree.fromstring(content)
        assert root.findall(f".//{space}EnkeltoppforingLIB")
        order = [etree.QName(child).localname for child in root.find(f".//{space}LegemidlerIBruk")]
        ranked = ["Rolle", "EnkeltoppforingLIB", "Pakkeinfo", "Allergi", "Merknad", "Vikar"]
        assert order == sorted(order, key=ranked.index)
