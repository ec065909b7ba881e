"""Records as they came: sources, messages, documents from abroad, and files that are broken."""

from __future__ import annotations

import datetime as dt
import json
import shutil

import orjson
import pytest

import data
from data.errors import InputError
from data.results import Outcome
from gap.readiness import gathering
from gap.readiness.gathering import Part, gather
from gap.readiness.plan import Plan, Stage, check
from gap.readiness.running import run
from gap.readiness.verify import verify
from ips import record
from ips.cda.write import to_cda
from ips.summary import build
from ips.summary.output import to_json
from reports import readiness
from reports.texts import Texts

ABROAD = "fra utlandet"


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """A folder as a test environment may hand it over."""
    folder = tmp_path_factory.mktemp("records")
    shutil.copytree(data.path("patients", "nothing-recorded"), folder / "pasient 1")
    (folder / "resept").mkdir()
    shutil.copy(data.path("prescriptions", "brand.xml"), folder / "resept" / "en resept.xml")
    abroad = folder / ABROAD
    abroad.mkdir()
    eps = build(record.load(str(data.path("patients", "nothing-recorded"))), profile="eps").bundle
    (abroad / "summary.json").write_bytes(to_json(eps))
    (abroad / "summary.xml").write_bytes(to_cda(eps, form="pivot", level=3).xml)
    discharge = orjson.loads(to_json(eps))
    discharge["entry"][0]["resource"]["type"]["coding"][0]["code"] = "18842-5"
    (abroad / "discharge.json").write_bytes(orjson.dumps(discharge))
    broken = folder / "ødelagt"
    broken.mkdir()
    (broken / "avkuttet.json").write_bytes(to_json(eps)[:900])
    (broken / "avkuttet.xml").write_text("<ClinicalDocument xmlns='urn:hl7-org:v3'><id")
    (broken / "tom.json").write_bytes(b"")
    return folder


@pytest.fixture(scope="module")
def ran(records, tmp_path_factory):
    plan = Plan("1", dt.date(2026, 11, 20), records=records, subject="kjernejournal")
    folder = tmp_path_factory.mktemp("out") / "evidence"
    return plan, folder, run(plan, folder, [Stage.DOCUMENTS])


def units(folder):
    found = [json.loads(f.read_bytes()) for f in (folder / "units" / "documents").glob("*.json")]
    return {tuple(sorted(u["sources"])): u for u in found}


def outcomes(unit):
    return {r["outcome"] for r in unit["records"]}


def test_every_file_is_in_one_unit_and_named_there(ran, records):
    _, folder, _ = ran
    named = [name for unit in units(folder).values() for name in unit["sources"]]
    there = [p.relative_to(records).as_posix() for p in records.rglob("*") if p.is_file()]
    assert sorted(named) == sorted(there)


def test_two_files_that_differ_in_their_end_only_are_two_units(ran):
    _, folder, _ = ran
    found = units(folder)
    fhir, cda = found[f"{ABROAD}/summary.json",], found[f"{ABROAD}/summary.xml",]
    assert fhir["unit"] != cda["unit"]
    assert [d["kind"] for d in fhir["documents"]] == ["eps"]
    assert [d["kind"] for d in cda["documents"]] == ["cda"]
    assert not any(d["derived"] for d in (*fhir["documents"], *cda["documents"]))


def test_a_report_from_abroad_is_never_mixed_with_other_files(ran):
    _, folder, _ = ran
    assert len(units(folder)[f"{ABROAD}/discharge.json",]["documents"]) == 4


def test_broken_files_stop_nothing_and_are_named_all_of_them(ran):
    _, folder, done = ran
    found = units(folder)
    broken = found["ødelagt/avkuttet.json", "ødelagt/tom.json"]
    assert outcomes(broken) == {"skip"}
    (told,) = {r["message"] for r in broken["records"]}
    assert "avkuttet.json:" in told
    assert "not valid JSON" in told
    assert "tom.json: the file is empty" in told
    assert outcomes(found["ødelagt/avkuttet.xml",]) == {"skip"}
    lines = "\n".join(readiness.stages(done, Texts("en")))
    assert "ødelagt/avkuttet.json, ødelagt/tom.json: the document could not be made" in lines
    assert "ødelagt/avkuttet.xml: " in lines
    assert "pass" in outcomes(found["resept/en resept.xml",])


def test_the_evidence_of_such_records_is_checked_again(ran):
    plan, folder, _ = ran
    assert verify(folder, plan).holds


def test_a_fault_of_ours_in_one_unit_keeps_the_others(records, tmp_path, monkeypatch):
    def breaks(*_, **__):
        raise RuntimeError("no such luck")

    monkeypatch.setattr("gap.readiness.documents.build_summary", breaks)
    shutil.copytree(records / "pasient 1", tmp_path / "in" / "p")
    shutil.copytree(records / "resept", tmp_path / "in" / "r")
    plan = Plan("1", dt.date(2026, 11, 20), records=tmp_path / "in", subject="kjernejournal")
    done = run(plan, tmp_path / "evidence", [Stage.DOCUMENTS])
    assert [c.failed for c in done.counts] == [1]
    (fault,) = done.faults
    assert fault.first.outcome is Outcome.ERROR
    assert "no such luck" in fault.first.message


def test_a_prescription_with_its_patient_is_a_document(tmp_path):
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [
        {"resource": {"resourceType": "Patient"}},
        {"resource": {"resourceType": "MedicationRequest"}},
    ]}  # fmt: skip
    (tmp_path / "order.json").write_bytes(orjson.dumps(bundle))
    assert [(g.part, g.found[0].kind.name) for g in gather(tmp_path)] == [
        (Part.DOCUMENT, "EPRESCRIPTION")
    ]


@pytest.mark.parametrize("names", [("a.xml", "a.json"), ("a b.xml", "a-b.xml"), ("A.xml", "a.xml"),
                                   ("x" * 200 + ".xml", "x" * 201 + ".xml")],
                         ids=["end", "sign", "case", "long"])  # fmt: skip
def test_no_two_units_have_one_name(tmp_path, names):
    for name in names:
        (tmp_path / name).write_text("<ClinicalDocument/>")
    found = [g.unit for g in gather(tmp_path)]
    assert len({name.casefold() for name in found}) == len(names)
    assert all(len(name.encode()) < 200 for name in found)


def test_a_folder_without_records_is_told(tmp_path):
    (tmp_path / "note.txt").write_text("nothing")
    with pytest.raises(InputError, match="no record"):
        gathering.gather(tmp_path)


@pytest.mark.parametrize(("name", "encoding"), [("a/P.JSON", "utf-8"), ("a/p.xml", "utf-16")])
def test_the_number_of_a_real_person_is_found_however_it_is_written(tmp_path, name, encoding):
    number = "01017012" + "3"
    number += _check_digits(number)
    (tmp_path / "a").mkdir()
    (tmp_path / name).write_text(f"<id extension='{number}'/>", encoding=encoding)
    with pytest.raises(InputError) as caught:
        check(Plan("1", dt.date(2026, 11, 20), records=tmp_path, subject="kjernejournal"))
    (problem,) = caught.value.problems
    assert problem.where == name
    assert number not in str(caught.value)


def _check_digits(nine: str) -> str:
    """Return the check digits of a number, so that no whole one stands in this file."""
    digits = [int(d) for d in nine]
    first = -sum(w * d for w, d in zip((3, 7, 6, 1, 8, 9, 4, 5, 2), digits, strict=True)) % 11
    more = [*digits, first]
    second = -sum(w * d for w, d in zip((5, 4, 3, 2, 7, 6, 5, 4, 3, 2), more, strict=True)) % 11
    assert max(first, second) < 10
    return f"{first}{second}"
