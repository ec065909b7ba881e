"""Sample patients and folders of records as country A's data."""

from __future__ import annotations

import logging
import os
import shutil

import pytest

import data
from data.errors import EnvironmentProblem, InputError
from ips.cda.check import check_cda
from ips.cda.write import document as cda_document
from ncp.codes import DISPENSABLE, NOT_DISPENSABLE
from ncp.connector.base import NationalConnector
from ncp.connector.records import Records
from ncp.model import DocumentKind, PatientId, Traits

FNR, DNR = "2.16.578.1.12.4.1.4.1", "2.16.578.1.12.4.1.4.2"
PS, EP = DocumentKind.PATIENT_SUMMARY, DocumentKind.EPRESCRIPTION
WORKER = PatientId(DNR, "59909002146")


def sample(name: str) -> Traits:
    return Traits(ids=(PatientId(FNR, {
        "mrsa": "09926601137", "difficult-airway": "28917101193", "peanut-child": "11821950742",
        "end-of-life": "29824803127", "pacemaker-icd": "05865301555",
    }[name]),))  # fmt: skip


def entries(records: Records, patient: PatientId, kind: DocumentKind, level: int = 3):
    return [e for e in records.documents(patient, kind) if e.level == level]


@pytest.fixture(scope="module")
def samples() -> Records:
    return Records.samples()


@pytest.fixture
def folder(tmp_path):
    for name in ("mrsa", "foreign-worker"):
        shutil.copytree(data.path("patients", name), tmp_path / name)
    return tmp_path


def test_all_sample_patients_are_there_and_none_is_left_out(samples):
    names = [p for p in data.path("patients").iterdir() if (p / "patient.json").is_file()]
    assert len(samples.persons) == len(names) == 14
    assert samples.problems == []
    assert isinstance(samples, NationalConnector)


def test_every_sample_has_a_summary_that_is_a_right_document(samples):
    for person in samples.persons:
        (entry,) = entries(samples, person.ids[0], PS)
        content = samples.content(entry.unique_id)
        assert entry.size == len(content)
        assert entry.home == entry.repository == "2.16.578.1.12.4.5.10.1"
        errors = [r for r in check_cda(content).results if r.outcome == "fail"
                  and r.severity == "error"]  # fmt: skip
        assert errors == []


def test_a_prescription_tells_what_a_pharmacist_chooses_by(samples):
    (entry,) = entries(samples, sample("mrsa").ids[0], EP)
    said = {e.system: e.code for e in entry.events}
    assert said["1.3.6.1.4.1.19376.1.2.3"] == DISPENSABLE
    assert said["2.16.840.1.113883.6.73"] == "J01CE02"
    assert said["0.4.0.127.0.16.1.1.2.1"] == "10219000"
    assert said["2.16.840.1.113883.5.1070"] == "G"
    assert said["eHDSI_Strength_CodeSystem"] == "650 mg / 1"


def test_a_prescription_that_was_called_back_is_not_dispensable(samples):
    (entry,) = entries(samples, WORKER, EP)
    assert NOT_DISPENSABLE in {e.code for e in entry.events}


def test_ids_are_the_same_after_a_restart_and_in_another_folder(samples, folder):
    again = Records.folder(folder)
    patient = sample("mrsa").ids[0]
    assert [e.unique_id for e in entries(again, patient, PS)] == [
        e.unique_id for e in entries(samples, patient, PS)]  # fmt: skip


def test_the_time_of_a_file_does_not_change_the_id_of_the_document(samples, folder):
    os.utime(folder / "mrsa" / "patient.json", (1, 1_900_000_000))
    patient = sample("mrsa").ids[0]
    (touched,), (original,) = (entries(r, patient, PS) for r in (Records.folder(folder), samples))
    assert touched.unique_id == original.unique_id
    assert touched.created.year == 2030


def test_another_content_has_another_id(samples, folder):
    (folder / "mrsa" / "laboratory.json").unlink()
    patient = sample("mrsa").ids[0]
    assert entries(Records.folder(folder), patient, PS)[0].unique_id != (
        entries(samples, patient, PS)[0].unique_id)  # fmt: skip


def test_what_was_forgotten_is_written_again_the_same(folder):
    records = Records.folder(folder)
    records._library._bound = 1  # every document pushes the one before out
    ids = [entries(records, p.ids[0], PS)[0].unique_id for p in records.persons]
    first = [records.content(i) for i in ids]
    assert [records.content(i) for i in ids] == first


def test_a_missing_pdf_leaves_level_1_out_and_says_so(folder, monkeypatch, caplog):
    def none(*_):
        raise EnvironmentProblem("no PDF here")

    monkeypatch.setattr(cda_document.pdf, "render", none)
    with caplog.at_level(logging.WARNING, "ehds.ncp"):
        records = Records.folder(folder)
        for person in records.persons:
            (entry,) = records.documents(person.ids[0], PS)
            assert (entry.level, entry.pair) == (3, "")
    assert caplog.text.count("level 1 is left out of all lists: no PDF here") == 1


def test_both_levels_name_each_other_and_have_one_content(folder, monkeypatch):
    monkeypatch.setattr(cda_document.pdf, "render", lambda *_: "JVBERi0=")
    records = Records.folder(folder)
    full, flat = records.documents(sample("mrsa").ids[0], PS)
    assert (full.level, flat.level) == (3, 1)
    assert (full.pair, flat.pair) == (flat.entry_id, full.entry_id)
    assert flat.format_code == "urn:ihe:iti:xds-sd:pdf:2008"
    assert b"nonXMLBody" in records.content(flat.unique_id)
    assert flat.unique_id.encode() in records.content(flat.unique_id)


def test_a_patient_is_found_by_number_and_demographics_must_agree(samples):
    (worker,) = samples.find(Traits(ids=(WORKER,)))
    assert worker.family == "Parasol"
    assert samples.find(Traits(ids=(WORKER,), family="PARASOL", given="wesoly",
                               birth_date="19901019", gender="M")) == [worker]  # fmt: skip
    assert samples.find(Traits(ids=(WORKER,), family="Paraply")) == []
    assert samples.find(Traits(ids=(PatientId(FNR, WORKER.extension),))) == []


def test_two_numbers_of_two_patients_find_both(samples):
    both = Traits(ids=(WORKER, *sample("mrsa").ids))
    assert len(samples.find(both)) == 2


def test_the_shipped_reservations_are_obeyed(samples):
    def reason(name: str, kind: DocumentKind, country: str) -> str:
        return samples.consent(sample(name).ids[0], kind, country).reason

    assert reason("difficult-airway", PS, "SE") == reason("difficult-airway", EP, "DE")
    assert reason("difficult-airway", PS, "SE") == "reservation"
    assert reason("peanut-child", PS, "DE") == "blocked"
    assert reason("peanut-child", PS, "SE") == reason("peanut-child", EP, "DE") == ""
    assert reason("end-of-life", EP, "SE") == "blocked"
    assert reason("end-of-life", PS, "SE") == ""


def test_a_folder_says_who_has_forbidden_what(folder):
    (folder / "consents.csv").write_text(
        "patient,kind,country,reason,source\n09926601137,60591-5,se,blocked,told so\n"
    )
    records = Records.folder(folder)
    patient = sample("mrsa").ids[0]
    assert not records.consent(patient, PS, "SE").permitted
    assert records.consent(patient, PS, "DK").permitted
    assert records.consent(WORKER, PS, "SE").permitted


def test_a_wrong_table_of_consents_is_told_row_by_row(folder):
    (folder / "consents.csv").write_text(
        "patient,kind,country,reason,source\n1,60591-5,SE,because,x\n2,12345-6,SE,blocked,x\n"
    )
    with pytest.raises(InputError) as caught:
        Records.folder(folder)
    assert [p.where.rpartition(":")[2] for p in caught.value.problems] == ["2", "3"]


def test_prescriptions_lie_beside_the_sources_or_in_a_folder_of_their_own(folder):
    shutil.copy(data.path("prescriptions", "package.xml"), folder / "mrsa")
    inner = folder / "foreign-worker" / "prescriptions"
    inner.mkdir()
    for name in ("recalled.xml", "recalled.m5.xml", "fest.xml"):
        shutil.copy(data.path("prescriptions", name), inner)
    records = Records.folder(folder)
    assert records.problems == []
    assert len(entries(records, sample("mrsa").ids[0], EP)) == 1
    (recalled,) = entries(records, WORKER, EP)
    assert NOT_DISPENSABLE in {e.code for e in recalled.events}


def test_a_list_of_prescriptions_gives_a_document_for_each(tmp_path):
    shutil.copy(data.path("prescriptions", "list.m96.xml"), tmp_path)
    records = Records.folder(tmp_path)
    (person,) = records.persons
    found = entries(records, person.ids[0], EP)
    assert len(found) == 3, "four on the list, one of them goods"
    assert len({e.unique_id for e in found}) == 3


def test_a_broken_file_is_told_and_the_others_are_used(folder):
    (folder / "broken").mkdir()
    (folder / "broken" / "patient.json").write_text("{")
    records = Records.folder(folder)
    assert len(records.persons) == 2
    assert [p.where.split(":")[0] for p in records.problems] == ["broken"]


def test_an_empty_or_missing_folder_is_told(tmp_path):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputError):
            Records.folder(path)


@pytest.mark.oracle
def test_documents_of_other_countries_are_given_as_they_came(oracles, tmp_path):
    samples = oracles / "cda-samples"
    for name in ("PS_2-1234-W8.xml", "EP_1-1234-W8.xml", "PT_CDA_W3_898765392_HipReplacement.xml"):
        shutil.copy(samples / name, tmp_path)
    records = Records.folder(tmp_path, "EU")
    root = "2.16.17.710.850.1000.990.1.1000"
    (summary,) = records.documents(PatientId(root, "2-1234-W8"), PS)
    assert summary.unique_id == "1.2.752.129.2.1.2.1^PS_W7_EU"
    assert records.content(summary.unique_id) == (samples / "PS_2-1234-W8.xml").read_bytes()
    assert summary.home == "2.16.17.710.850.1000.990.1"
    (prescription,) = records.documents(PatientId(root, "1-1234-W8"), EP)
    assert {"A10AE04", "N", "50060300", DISPENSABLE} <= {e.code for e in prescription.events}
    assert prescription.author_person == "Vilhelmiina Adelmiina Heinänenä"
    portuguese = PatientId("2.16.620.1.101.10.1.1", "898765392")
    assert records.find(Traits(ids=(portuguese,), family="da silva belchior"))


@pytest.mark.oracle
def test_two_documents_with_one_id_are_not_both_listed(oracles, tmp_path, caplog):
    for name in ("RTD_W2_known_absence.xml", "RTD_W3_no_information.xml"):
        shutil.copy(oracles / "cda-samples" / name, tmp_path)
    records = Records.folder(tmp_path, "EU")
    listed = [e for p in records.persons for e in records.documents(p.ids[0], PS)]
    assert len(listed) == 1
    assert "another document has the same id" in caplog.text
