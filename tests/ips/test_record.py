"""A record of several sources: reconciled, with provenance, of one patient only."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import data
from data.errors import InputError
from ips import record
from ips.loss import Fate
from ips.record import Record
from tests.ips.sources.samples import (
    NUMBER,
    OTHER,
    REACTION,
    SUBJECT,
    Json,
    allergy,
    entry,
    medication_list,
    searchset,
    status,
    to_bytes,
)  # fmt: skip

SAMPLES = sorted(p.parent.name for p in data.path("patients").glob("*/patient.json"))
PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "identifier": [SUBJECT["identifier"]],
    "name": [{"family": "Prøve"}],
}


def write(folder: Path, **files: bytes | str) -> str:
    for name, content in files.items():
        file = folder / name.replace("__", ".").replace("_", "-")
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(folder)


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def check(made: Record) -> None:
    """What must hold of every record."""
    names = [f"{r['resourceType']}/{r['id']}" for r in made.resources]
    assert len(names) == len(set(names))
    known = {*names, "Patient/patient"}
    for resource in [*made.resources, *made.provenance]:
        assert set(references(resource)) <= known
        assert len(resource["id"]) <= 64
    numbers = {i["value"] for i in made.patient["identifier"]}
    everything = json.dumps([made.resources, made.provenance, made.loss.to_dict()])
    assert not any(number in everything for number in numbers)
    targets = [p["target"][0]["reference"] for p in made.provenance]
    parts = {"Practitioner", "PractitionerRole", "Organization", "Medication", "Device", "Specimen"}
    assert sorted(targets) == sorted(n for n in names if n.split("/")[0] not in parts)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_is_read_without_error_or_unknown(name: str) -> None:
    made = record.load(name)
    check(made)
    assert not [w for w in made.warnings if "not known" in w.what or "not read" in w.what]


def test_there_are_samples() -> None:
    assert len(SAMPLES) >= 12


def test_reading_is_deterministic() -> None:
    first, second = record.load("everything"), record.load("everything")
    assert first.resources == second.resources
    assert first.provenance == second.provenance


def test_the_same_allergy_in_kjernejournal_and_in_m25_is_kept_once(tmp_path: Path) -> None:
    made = record.load(
        write(tmp_path, patient__json=to_bytes(PATIENT),
              critical_information__json=searchset(allergy(criticality="high")),
              m25__xml=medication_list(entry("1"), REACTION.format(refuted="false")))
    )  # fmt: skip
    (kept,) = [r for r in made.resources if r["resourceType"] == "AllergyIntolerance"]
    assert kept["criticality"] == "high"
    assert kept["note"] == [{"text": "Ved sykehus"}]
    assert kept["reaction"]
    (told,) = [p for p in made.provenance if p["target"][0]["reference"].startswith("Allergy")]
    sources = " ".join(e["what"]["display"] for e in told["entity"])
    assert "Kjernejournal" in sources
    assert "Reseptformidleren" in sources
    assert any("kept once" in i.reason and i.fate is Fate.EXACT for i in made.loss.items)
    check(made)


def test_contradicting_entries_both_stay(tmp_path: Path) -> None:
    refuted = allergy(
        verificationStatus=status("allergyintolerance-verification", "refuted"),
        clinicalStatus=status("allergyintolerance-clinical", "inactive"),
    )
    made = record.load(
        write(tmp_path, patient__json=to_bytes(PATIENT),
              critical_information__json=searchset(refuted),
              m25__xml=medication_list(entry("1"), REACTION.format(refuted="false")))
    )  # fmt: skip
    kept = [r for r in made.resources if r["resourceType"] == "AllergyIntolerance"]
    assert len(kept) == 2
    assert any("told differently" in w.what for w in made.warnings)


def test_the_same_line_of_two_medication_lists_is_kept_once(tmp_path: Path) -> None:
    identity = "dcc1291d-b26b-4aab-b57e-ac8fca4b7ea3"
    message = medication_list(entry(identity), entry("0dcc1291-b26b-4aab-b57e-ac8fca4b7ea3"))
    second = medication_list(entry(identity))
    made = record.load(write(tmp_path, a__xml=message, b__xml=second))
    statements = [r for r in made.resources if r["resourceType"] == "MedicationStatement"]
    medicines = [r for r in made.resources if r["resourceType"] == "Medication"]
    assert (len(statements), len(medicines)) == (2, 2)
    check(made)


def test_twins_within_one_source_both_stay(tmp_path: Path) -> None:
    made = record.load(write(tmp_path, a__json=searchset(allergy(), allergy())))
    assert sum(r["resourceType"] == "AllergyIntolerance" for r in made.resources) == 2


ABROAD = {"resourceType": "Patient", "birthDate": "1980-05-01",
          "identifier": [{"system": "urn:oid:1.2.246.21", "value": "abc"}]}  # fmt: skip


@pytest.mark.parametrize(("change", "refused"), [
    ({}, False), ({"birthDate": "1980"}, False), ({"birthDate": "1981-05-01"}, True),
    ({"identifier": [{"system": "urn:oid:1.2.246.21", "value": "xyz"}]}, True),
    ({"identifier": [{"system": "urn:oid:1.2.752", "value": "xyz"}]}, False),
    ({"identifier": []}, False),
])  # fmt: skip
def test_two_patients_from_abroad_are_told_apart_by_day_of_birth_and_issuer(
    tmp_path: Path, change: dict[str, Any], refused: bool
) -> None:
    folder = write(tmp_path, a__json=to_bytes(ABROAD), b__json=to_bytes({**ABROAD, **change}))
    if refused:
        with pytest.raises(InputError, match="another patient"):
            record.load(folder)
    else:
        assert record.load(folder).patient["birthDate"] == "1980-05-01"


def test_two_patients_in_one_folder_are_refused_without_their_numbers(tmp_path: Path) -> None:
    other = allergy(patient={"identifier": {"system": "FNR", "value": OTHER}})
    with pytest.raises(InputError) as caught:
        record.load(write(tmp_path, patient__json=to_bytes(PATIENT), other__json=searchset(other)))
    text = str(caught.value)
    assert "another patient" in text
    assert NUMBER not in text
    assert OTHER not in text


def test_a_patient_who_changed_from_d_number_to_national_number_is_one(tmp_path: Path) -> None:
    both = {**PATIENT, "identifier": [{"system": "DNR", "value": "55507608360"},
                                      {"system": "FNR", "value": OTHER}]}  # fmt: skip
    other = allergy(patient={"identifier": {"system": "FNR", "value": OTHER}})
    made = record.load(write(tmp_path, patient__json=to_bytes(both), a__json=searchset(other)))
    assert len(made.patient["identifier"]) == 2


def test_all_files_tell_their_problems_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        record.load(write(tmp_path, a__json=b"{", b__xml="<a", c__json=b"[NaN]"))
    assert len({p.where.split(":")[0] for p in caught.value.problems}) == 3


def test_nothing_there_names_the_samples() -> None:
    with pytest.raises(InputError) as caught:
        record.load("no-such-record")
    assert "everything" in caught.value.problems[0].remedy


def test_an_empty_folder_and_an_oversized_file_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no source file"):
        record.load(str(tmp_path))
    with (tmp_path / "big.json").open("wb") as stream:
        stream.truncate(200 * 2**20)
    with pytest.raises(InputError, match=r"200\.0 MiB"):
        record.load(str(tmp_path))


def test_nobody_named_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="who the patient is"):
        record.load(write(tmp_path, vaccinations__json=searchset()))


def test_birth_date_and_gender_come_from_the_number_when_no_source_gives_them(
    tmp_path: Path,
) -> None:
    made = record.load(write(tmp_path, a__json=searchset(allergy())))
    assert (made.patient["birthDate"], made.patient["gender"]) == ("1983-05-16", "female")
    assert {i.element for i in made.loss.items} >= {"Patient.birthDate", "Patient.gender"}


def test_a_stated_absence_yields_to_what_another_source_tells(tmp_path: Path) -> None:
    none = {"coding": [{"system": "http://snomed.info/sct", "code": "716186003"}]}
    write(tmp_path, a__json=searchset(allergy(code=none)))
    assert record.load(str(tmp_path)).statements == {"no-known-allergies"}
    write(tmp_path, b__json=searchset(allergy()))
    assert record.load(str(tmp_path)).statements == set()


def test_empty_answers_state_nothing() -> None:
    assert record.load("nothing-recorded").statements == set()


def test_a_file_that_is_no_source_is_told(tmp_path: Path) -> None:
    made = record.load(write(tmp_path, a__json=searchset(allergy()), notes__txt="x"))
    assert any("notes.txt" in w.where for w in made.warnings)


def test_an_identity_number_in_a_file_name_is_masked(tmp_path: Path) -> None:
    (tmp_path / f"{NUMBER}.json").write_bytes(searchset(allergy()))
    made = record.load(str(tmp_path))
    shown: list[Json] = [made.loss.to_dict(), *made.provenance, *made.resources]
    assert NUMBER not in json.dumps(shown) + made.sources[0].name


def test_what_is_named_as_a_source_and_is_no_file_is_refused_not_left_out(tmp_path: Path) -> None:
    folder = write(tmp_path, patient__json=to_bytes(PATIENT))
    (tmp_path / "critical-information.json").mkdir()
    os.mkfifo(tmp_path / "medication.json")
    with pytest.raises(InputError) as caught:
        record.load(folder)
    assert [p.where for p in caught.value.problems] == [
        "critical-information.json", "medication.json",
    ]  # fmt: skip
    with pytest.raises(InputError, match="neither a file nor a folder"):
        record.load(str(tmp_path / "medication.json"))


def test_the_same_content_twice_is_read_once_and_told(tmp_path: Path) -> None:
    content = searchset(allergy(), allergy())
    made = record.load(write(tmp_path, a__json=content, b__json=content))
    assert sum(r["resourceType"] == "AllergyIntolerance" for r in made.resources) == 2
    assert [w.where for w in made.warnings if "a.json" in w.what] == ["b.json"]


def test_equal_empty_answers_of_two_services_are_two_answers(tmp_path: Path) -> None:
    files = {"vaccinations__json": searchset(), "laboratory__json": searchset()}
    made = record.load(write(tmp_path, patient__json=to_bytes(PATIENT), **files))
    assert len(made.sources) == 3
