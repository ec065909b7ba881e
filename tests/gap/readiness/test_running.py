"""A run fills the evidence folder, is taken up where it stopped, and is checked again."""

from __future__ import annotations

import dataclasses
import datetime as dt
import shutil

import orjson
import pytest

from data.errors import InputError
from gap.evidence import TOOL_CHAIN, from_json, read
from gap.readiness.alone import alone
from gap.readiness.folder import read_unit
from gap.readiness.plan import Plan, Stage, check
from gap.readiness.running import run
from gap.readiness.verify import verify
from ncp.scenarios.loading import choose, shipped
from tests.gap.worksheets import issued

PLAN = Plan("1", dt.date(2026, 11, 20), by="test")
SCENARIOS = choose(shipped(), ["IDN-01", "PSA-20", "AUD-03"])
BOTH = (Stage.DOCUMENTS, Stage.EXCHANGE)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An evidence folder of all documents and three scenarios."""
    folder = tmp_path_factory.mktemp("run") / "evidence"
    return folder, run(PLAN, folder, BOTH, scenarios=SCENARIOS)


@pytest.fixture
def folder(made, tmp_path):
    return shutil.copytree(made[0], tmp_path / "evidence")


def rules(folder):
    return {r.id for r in verify(folder, PLAN).results}


def test_the_samples_are_about_the_tool_chain_and_nothing_fails(made):
    _, ran = made
    assert {r.subject for r in ran.records} == {TOOL_CHAIN}
    assert [(c.units, c.repeated, c.failed) for c in ran.counts] == [(28, 28, 0), (3, 3, 0)]


def test_the_folder_is_evidence_that_can_be_read(made):
    folder, ran = made
    assert {r.id for r in read([folder])} == {r.id for r in ran.records}
    assert not folder.with_name("evidence.part").exists()


def test_checked_again_everything_holds(folder):
    found = verify(folder, PLAN)
    assert found.holds
    assert found.results == ()
    assert (found.documents, found.scenarios) == (84, 3)


def test_a_resumed_run_repeats_nothing(folder):
    ran = run(PLAN, folder, BOTH, resume=True, scenarios=SCENARIOS)
    assert [c.repeated for c in ran.counts] == [0, 0]
    assert verify(folder, PLAN).holds


def test_a_stopped_run_is_taken_up_where_it_stopped(tmp_path):
    def stop(step):
        if step.number == 5:
            raise KeyboardInterrupt

    folder = tmp_path / "evidence"
    with pytest.raises(KeyboardInterrupt):
        run(PLAN, folder, BOTH, told=stop)
    assert not folder.exists()
    ran = run(PLAN, folder, [Stage.DOCUMENTS], resume=True)
    assert [(c.units, c.repeated) for c in ran.counts] == [(28, 23)]
    assert verify(folder, PLAN).holds


def test_two_runs_at_once_in_one_folder_are_kept_apart(tmp_path):
    folder = tmp_path / "new" / "evidence"
    with alone(folder.parent):
        with pytest.raises(InputError, match="another run is at work"):
            run(PLAN, folder, [Stage.EXCHANGE], scenarios=SCENARIOS)
        assert list(folder.parent.iterdir()) == []
    with alone(folder.parent):  # the next one has it again
        pass
    assert not folder.parent.exists()


def test_a_run_that_cannot_begin_leaves_no_folder(tmp_path):
    records = tmp_path / "records"
    records.mkdir()
    plan = dataclasses.replace(PLAN, records=records, subject="kjernejournal")
    with pytest.raises(InputError, match="no record"):
        run(plan, tmp_path / "out" / "evidence", BOTH)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("key", ["version", "data", "subject", "ncp_subject"])
def test_a_run_that_does_not_say_what_it_tested_is_no_evidence(folder, key):
    file = folder / "run.json"
    plain = orjson.loads(file.read_bytes())
    del plain["print"][key]
    file.write_bytes(orjson.dumps(plain))
    with pytest.raises(InputError, match="no evidence folder"):
        verify(folder, PLAN)


@pytest.mark.parametrize(("name", "value"), [("records", []), ("documents", [{}])])
def test_a_unit_without_its_content_is_told(made, name, value):
    file = min((made[0] / "units" / "documents").iterdir())
    plain = orjson.loads(file.read_bytes())
    plain[name] = value
    with pytest.raises(InputError, match="no record of a unit"):
        read_unit(orjson.dumps(plain), file.name)


def test_a_number_at_the_end_of_a_sentence_is_seen(tmp_path):
    (tmp_path / "a.xml").write_text(f"<a>Gjelder {issued()}.</a>")
    with pytest.raises(InputError, match="not synthetic"):
        check(dataclasses.replace(PLAN, records=tmp_path, subject="kjernejournal"))


def test_a_changed_document_is_told_and_made_again(folder):
    document = folder / "documents" / "everything" / "eps.json"
    document.write_bytes(document.read_bytes().replace(b"Bundle", b"Bumble", 1))
    assert {"readiness-file-changed", "readiness-verdict-differs"} <= rules(folder)
    ran = run(PLAN, folder, BOTH, resume=True, scenarios=SCENARIOS)
    assert [c.repeated for c in ran.counts] == [1, 0]
    assert verify(folder, PLAN).holds


@pytest.mark.parametrize(("name", "rule"), [
    ("exchange/IDN-01/results.json", "readiness-file-missing"),
    ("documents/everything/ips.json", "readiness-file-missing"),
    ("evidence.json", "readiness-file-missing"),
    ("manifest-sha256.txt", "readiness-manifest"),
])  # fmt: skip
def test_a_missing_file_is_told(folder, name, rule):
    (folder / name).unlink()
    assert rule in rules(folder)


def test_an_added_file_is_told(folder):
    (folder / "more.txt").write_text("more")
    assert rules(folder) == {"readiness-file-added"}


def test_a_verdict_that_was_made_better_is_told(folder):
    unit = folder / "units" / "exchange" / "IDN-01.json"
    unit.write_bytes(unit.read_bytes().replace(b'"pass"', b'"fail"', 1))
    assert {"readiness-file-changed", "readiness-record-changed"} <= rules(folder)


def test_another_version_is_told_but_is_no_fault(folder):
    found = verify(folder, dataclasses.replace(PLAN, version="2"))
    assert found.holds
    assert not found.same_version


def test_a_run_of_something_else_is_not_taken_up(folder):
    with pytest.raises(InputError, match="another run"):
        run(dataclasses.replace(PLAN, by="another"), folder, BOTH, resume=True)


def test_samples_are_never_about_a_system():
    with pytest.raises(InputError, match="own samples"):
        check(dataclasses.replace(PLAN, subject="kjernejournal"))
    with pytest.raises(InputError, match="own samples"):
        check(dataclasses.replace(PLAN, ncp_subject="ncp-a"))


def test_records_and_contact_points_need_a_system(tmp_path):
    wrong = dataclasses.replace(PLAN, records=tmp_path, ncp_a="https://a.example")
    with pytest.raises(InputError) as caught:
        check(wrong)
    assert len(caught.value.problems) == 2


def test_records_of_a_system_bear_on_annex_i_only(tmp_path):
    import data

    shutil.copytree(data.path("patients", "everything"), tmp_path / "in" / "everything")
    plan = dataclasses.replace(PLAN, records=tmp_path / "in", subject="kjernejournal")
    ran = run(plan, tmp_path / "evidence", [Stage.DOCUMENTS])
    assert {r.subject for r in ran.records} == {"kjernejournal"}
    assert {o.split(".")[0] for r in ran.records for o in r.obligations} == {"X1"}
    assert verify(tmp_path / "evidence", plan).holds


@pytest.mark.parametrize("content", [None, [], {}, {"records": 1}, {"records": {"a": 1}}])
def test_evidence_that_is_no_list_of_records_is_told(content):
    with pytest.raises(InputError, match="no list of evidence records"):
        from_json(content, "evidence.json")
