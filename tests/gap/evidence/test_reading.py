"""From a file to evidence: origin, dates, masks, and every problem at once."""

from __future__ import annotations

import datetime as dt
import hashlib

import orjson
import pytest

from data.errors import InputError
from data.results import Outcome, Report, Result, Severity
from gap.evidence import (
    Environment,
    Origin,
    Strength,
    from_json,
    of_report,
    of_results,
    of_scenario,
    read,
    to_json,
)
from ncp.scenarios.loading import shipped as scenarios
from ncp.scenarios.model import ScenarioRun
from ncp.scenarios.reporting import as_json

JUNIT = """<testsuite name="log" timestamp="2026-11-20T10:00:00">
  <testcase classname="log" name="entry {number}">
    <properties><property name="obligations" value="X2.3.2c E09.2e"/></properties>
    <failure message="no category for 13857399610"/>
  </testcase>
</testsuite>"""
ORIGIN = Origin("kjernejournal", date=dt.date(2026, 11, 1))


def write(folder, header='subject = "kjernejournal"\n', **files):
    """Write a folder of results with its evidence.toml."""
    if header:
        (folder / "evidence.toml").write_text(header, "utf-8")
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content, "utf-8")
    return folder


def problems_of(*paths, origin=None):
    with pytest.raises(InputError) as caught:
        read(paths, origin)
    return caught.value.problems


def test_a_record_says_what_when_by_whom_on_what_and_from_which_file(tmp_path):
    header = ('subject = "kjernejournal"\nsubject_version = "7.1"\nby = "Norsk helsenett"\n'
              'strength = "third-party"\nenvironment = "production"\n')  # fmt: skip
    content = JUNIT.format(number=1)
    (found,) = read([write(tmp_path, header, junit__xml=content)])
    assert (found.subject, found.subject_version, found.by) == (
        "kjernejournal", "7.1", "Norsk helsenett")  # fmt: skip
    assert (found.strength, found.environment) == (Strength.THIRD_PARTY, Environment.PRODUCTION)
    assert (found.test, found.what) == ("junit/log.entry 1", "log")
    assert found.outcome is Outcome.FAIL
    assert found.obligations == ("X2.3.2c", "E09.2e")
    assert found.date == dt.date(2026, 11, 20)
    assert found.stale == dt.date(2026, 11, 20) + dt.timedelta(730)
    assert found.file == "junit.xml"
    assert found.sha256 == hashlib.sha256(content.encode()).hexdigest()


def test_a_number_that_could_be_a_persons_is_masked(tmp_path):
    (found,) = read([write(tmp_path, junit__xml=JUNIT.format(number=1))])
    assert "13857399610" not in orjson.dumps(found.to_dict()).decode()


def test_some_files_of_a_folder_may_have_another_origin(tmp_path):
    header = 'subject = "kjernejournal"\n[files."nhn-*.xml"]\nstrength = "authority"\n'
    one = JUNIT.format(number=1)
    found = read([write(tmp_path, header, **{"nhn-1__xml": one, "own__xml": one})])
    assert {(r.file, r.strength) for r in found} == {
        ("nhn-1.xml", Strength.AUTHORITY), ("own.xml", Strength.MAKER)}  # fmt: skip


def test_without_a_subject_nothing_is_read(tmp_path):
    (problem,) = problems_of(write(tmp_path, "", junit__xml=JUNIT.format(number=1)))
    assert "which system" in problem.what
    assert "evidence.toml" in problem.remedy


def test_a_result_without_a_date_needs_one(tmp_path):
    undated = JUNIT.replace(' timestamp="2026-11-20T10:00:00"', "").format(number=1)
    (problem,) = problems_of(write(tmp_path, junit__xml=undated))
    assert "when" in problem.what
    write(tmp_path, 'subject = "kjernejournal"\ndate = 2026-11-02\n')
    assert read([tmp_path])[0].date == dt.date(2026, 11, 2)


def test_everything_wrong_in_all_files_is_told_at_once(tmp_path):
    header = 'subject = "kjernejornal"\nstrength = "me"\nenviroment = "test"\nderived = "yes"\n'
    first = write(tmp_path, header, junit__xml=JUNIT.format(number=1))
    second = first / "more"
    second.mkdir()
    write(second, notes__txt="hello", broken__json="{", cut__xml="<testsuite>",
          odd__xml=JUNIT.replace("X2.3.2c", "X2.3.2x").format(number=1))  # fmt: skip
    told = problems_of(first)
    text = " | ".join(f"{p.where}: {p.what}" for p in told)
    for expected in ("strength is unknown", "enviroment", "derived", "notes.txt", "broken.json:1",
                     "cut.xml", "X2.3.2x"):  # fmt: skip
        assert expected in text, expected


def test_an_unknown_system_is_told_with_the_nearest(tmp_path):
    file = write(tmp_path, 'subject = "kjernejornal"\n', junit__xml=JUNIT.format(number=1))
    (problem,) = problems_of(file)
    assert "kjernejournal" in problem.remedy


@pytest.mark.parametrize("content", [
    '<!DOCTYPE x [<!ENTITY a "b">]><testsuite/>',
    '<?xml version="1.0"?><!DOCTYPE x SYSTEM "http://example.org/x"><testsuite/>',
])  # fmt: skip
def test_a_document_type_is_refused(tmp_path, content):
    (problem,) = problems_of(write(tmp_path, a__xml=content) / "a.xml")
    assert "document type" in problem.what


@pytest.mark.parametrize("content", [
    "", "[]", "{}", "[1]", "null", "true", '"x"', "\x00\x01", "<html/>", "[[[[", "{}" * 3,
    '{"resourceType": "Patient"}', '{"resourceType": "Bundle", "entry": []}',
    '{"runs": [], "version": "1.0.0"}', '{"schema": "ehds.ips.check/1", "documents": [{"results": '
    '[{"id": "a", "outcome": "maybe"}]}]}', '{"schema": "ehds.evidence/1", "records": [{}]}',
    '<Patient xmlns="http://hl7.org/fhir"/>', '<OperationOutcome xmlns="http://hl7.org/fhir">',
    "Success", "FHIR Validation tool Version 6.1.8", "<testsuites/>", "[" * 5000, '{"a":' * 5000,
])  # fmt: skip
def test_a_file_that_holds_no_results_is_an_error_with_its_name(tmp_path, content):
    file = tmp_path / "a.json"
    file.write_text(content, "utf-8")
    for problem in problems_of(file, origin=ORIGIN):
        assert "a.json" in problem.where
        assert problem.what


def test_records_are_written_and_read_back_whole(tmp_path):
    found = read([write(tmp_path, junit__xml=JUNIT.format(number=1))])
    written = to_json(found)
    assert to_json(reversed(found)) == written
    assert from_json(orjson.loads(written), "x") == list(found)
    folder = tmp_path / "kept"
    folder.mkdir()
    (folder / "evidence.json").write_bytes(written)
    (folder / "message.xml").write_text("<anything/>")
    assert read([folder]) == found


def test_a_record_that_was_changed_after_it_was_written_is_noticed(tmp_path):
    found = read([write(tmp_path, junit__xml=JUNIT.format(number=1))])
    file = tmp_path / "evidence.json"
    changes = ((b'"fail"', b'"pass"'), (b'"X2.3.2c"', b'"X2.3.2d"'), (b'"maker"', b'"authority"'))
    for change in changes:
        file.write_bytes(to_json(found).replace(*change))
        (problem,) = problems_of(file)
        assert "changed" in problem.what


def test_a_check_of_a_document_in_memory_becomes_its_verdict_and_its_findings():
    broken = Result("ait-1", Outcome.FAIL, message="no code", obligations=("X1.1", "X1.1.4"))
    warned = Result("dom-6", Outcome.FAIL, Severity.WARNING, obligations=("X1.1",))
    report = Report(
        (broken, warned),
        extra={"profiles": ["http://hl7.eu/fhir/eps/StructureDefinition/bundle-eu-eps"]},
    )
    found = {r.test: r for r in of_report(report, "a.json", ORIGIN)}
    assert found["ehds.ips/verdict"].outcome is Outcome.FAIL
    assert found["ehds.ips/verdict"].whole
    assert found["ehds.ips/rule/ait-1"].obligations == ("X1.1", "X1.1.4")
    assert found["ehds.ips/rule/ait-1"].categories == ("a",)
    assert not found["ehds.ips/rule/dom-6"].fails
    good = of_report(Report((warned,), extra={"profiles": ["ps, level 3"]}), "a.xml", ORIGIN)
    assert (good[0].test, good[0].outcome) == ("ehds.cda-ps/verdict", Outcome.PASS)


def test_the_verdict_on_a_prescription_bears_on_what_the_caller_says():
    report = Report((), extra={"profiles": ["http://hl7.eu/fhir/mpd/StructureDefinition/x"]})
    assert of_report(report, "p", ORIGIN)[0].obligations == ()
    assert of_report(report, "p", ORIGIN, carried=("X1.2",))[0].obligations == ("X1.2",)


def test_results_in_memory_need_a_date():
    with pytest.raises(InputError, match="when"):
        of_results([Result("audit-annex-ii-3.2-c", Outcome.PASS)], "ehds.audit", "journal",
                   Origin("ehds"))  # fmt: skip


def test_a_scenario_is_the_same_evidence_in_memory_and_from_its_file(tmp_path):
    scenario = next(s for s in scenarios() if s.id == "IDN-01")
    told = (Result("IDN-01.outcome", Outcome.FAIL, message="refused",
                   obligations=scenario.obligations),
            Result("audit-a", Outcome.FAIL, obligations=("X2.3.2",)))  # fmt: skip
    run = ScenarioRun(scenario, told)
    first, second = of_scenario(run, Origin("ncp-a", date=dt.date(2026, 11, 20)))
    assert (first.test, first.outcome) == ("ehds.ncp/IDN-01", Outcome.FAIL)
    assert first.obligations == scenario.obligations
    assert first.categories == ("a", "b", "c")
    assert (second.test, second.obligations) == ("ehds.ncp/IDN-01/audit-a", ("X2.3.2",))
    (tmp_path / "results.json").write_bytes(
        orjson.dumps(as_json([run], {"when": "2026-11-20T10:00:00+01:00"}))
    )
    write(tmp_path, 'subject = "ncp-a"\n', message__xml="<x/>")
    assert "message.xml" in problems_of(tmp_path)[0].where
    (tmp_path / "manifest-sha256.txt").write_text("")
    from_file = read([tmp_path])
    assert [(r.test, r.outcome, r.obligations, r.date) for r in from_file] == [
        (r.test, r.outcome, r.obligations, r.date) for r in (first, second)
    ]
