"""What a run makes of targets that cannot show something, that are not there, or that lie."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest
from lxml import etree

from data.results import Outcome
from ncp.codes import SAML
from ncp.scenarios import audits, evidence, reporting
from ncp.scenarios.asking import CountryB
from ncp.scenarios.credentials import Credentials
from ncp.scenarios.loading import choose, shipped
from ncp.scenarios.model import Step
from ncp.scenarios.running import Options, Target, run
from ncp.scenarios.sending import Line
from ncp.service.app import BASE

ABOUT = {"target": "https://localhost", "country_a": "NO", "country_b": "SE",
         "home_b": "1.2.752.221.3.1.1", "when": "2026-11-22T12:00:00+00:00"}  # fmt: skip


def changed(norway, **changes) -> Target:
    profile = replace(norway.target.profile, **changes)
    return replace(norway.target, profile=profile)


def outcomes(runs):
    return {r.scenario.id: r.outcome for r in runs}


def test_a_service_that_is_not_offered_is_omitted(norway):
    target = changed(norway, services=("PS-A",))
    assert outcomes(run(choose(shipped(), ["EDA-01", "PSA-01"]), target)) == {
        "EDA-01": Outcome.OMIT, "PSA-01": Outcome.PASS}  # fmt: skip


def test_a_patient_that_the_profile_does_not_name_is_a_skip(norway):
    target = changed(norway, patients={})
    (one,) = run(choose(shipped(), ["IDN-01"]), target)
    assert one.outcome is Outcome.SKIP
    assert "summary" in one.reasons[0].message


def test_without_the_audit_of_country_a_its_rules_are_skipped_with_the_reason(norway):
    target = replace(norway.target, audit_a=audits.Nowhere())
    (one,) = run(choose(shipped(), ["AUD-03"]), target)
    assert one.outcome is Outcome.SKIP
    assert {r.id for r in one.results if r.outcome is Outcome.SKIP} == {
        "iti39-documentUniqueId-audit-ncpA", "iti39-patientId-audit-ncpA", "iti40-UserId",
        "iti40-alternateUserId"}  # fmt: skip


def test_a_target_that_is_not_there_fails_and_breaks_nothing(norway):
    line = Line("https://localhost:9", BASE, norway.target.b.line.credentials,
                norway.target.b.line.ca, 2)  # fmt: skip
    target = Target(CountryB(line, norway.target.b.home_a), norway.target.profile)
    found = outcomes(run(choose(shipped(), ["IDN-01", "PSA-20"]), target))
    assert found == {"IDN-01": Outcome.FAIL, "PSA-20": Outcome.SKIP}


def test_a_certificate_that_cannot_be_made_is_a_skip(norway, tmp_path):
    credentials = Credentials(norway.home, "SE", own=False)
    own = norway.target.b.line
    line = Line(own.url, own.base, credentials, own.ca)
    target = replace(norway.target, b=CountryB(line, norway.target.b.home_a))
    assert outcomes(run(choose(shipped(), ["TRN-03"]), target))["TRN-03"] is Outcome.SKIP


def test_a_finding_under_the_level_is_a_note(norway):
    options = Options()
    (one,) = norway.run("IDN-02", faults=["message-id-new"], options=options)
    assert one.outcome is Outcome.PASS
    assert [r.id for r in one.reasons] == ["iti55-id-ok"]


def test_another_code_is_a_note_when_lenient(norway):
    fault = "error=ERROR_EP_GENERIC@ps-list"
    (one,) = norway.run("PSA-10", faults=[fault], options=Options())
    assert one.outcome is Outcome.FAIL
    (one,) = norway.run("PSA-10", faults=[fault], options=Options(lenient=True))
    assert one.outcome is Outcome.PASS


def test_what_was_dispensed_is_taken_back_where_the_target_is_not_reset(norway):
    target = replace(norway.target, reset=None)
    for _ in range(2):
        assert {r.outcome for r in run(choose(shipped(), ["EDA-01", "EDA-02"]), target)} == {
            Outcome.PASS}  # fmt: skip


def test_the_evidence_holds_every_message_and_its_checksums(norway, tmp_path):
    runs = norway.run("PSA-20", "AUD-01", options=Options(keep_audits=True))
    manifest = evidence.write(tmp_path / "proof", runs, ABOUT)
    lines = manifest.read_text("utf-8").splitlines()
    for line in lines:
        digest, name = line.split("  ")
        content = (manifest.parent / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest
    names = {line.split("  ")[1] for line in lines}
    assert {"results.json", "PSA-20/01-iti-38-request.xml", "PSA-20/02-iti-39-response.mime",
            "PSA-20/02-iti-39-audit-a.xml", "PSA-20/02-iti-39-audit-b.xml"} <= names  # fmt: skip
    kept = {str(p.relative_to(manifest.parent)) for p in manifest.parent.rglob("*") if p.is_file()}
    assert kept == names | {manifest.name}


def test_the_reports_say_the_same(norway):
    runs = norway.run("IDN-01", "IDN-10", "OCD-04", faults=["birth-date-missing"])
    junit = etree.fromstring(reporting.as_junit(runs, ABOUT).encode())
    assert sum(int(s.get("failures")) for s in junit) == 1
    assert sum(int(s.get("skipped")) for s in junit) == 1
    assert len(junit.findall(".//testcase")) == 3
    made = reporting.as_json(runs, ABOUT)
    assert made["counts"] == {"fail": 1, "omit": 1, "pass": 1}
    assert norway.target.profile.patients["summary"].id.extension not in json.dumps(made)
    assert reporting.tally(runs, "en") == "1 failed, 1 passed, 1 not applicable"


def test_the_test_report_is_a_fhir_resource(norway):
    from fhir.resources.R4B.testreport import TestReport

    runs = norway.run("IDN-01", "OCD-04")
    report = TestReport.model_validate(reporting.as_test_report(runs, ABOUT))
    assert report.result == "pass"
    assert [t.name for t in report.test] == ["IDN-01", "OCD-04"]


def test_a_tampered_identity_assertion_keeps_its_treatment_relationship(norway):
    """Nothing but the change gives a request away."""
    found = []
    norway.target.b.listen = found.append
    norway.run("ASR-13")
    (one,) = run(choose(shipped(), ["ASR-13"]), norway.target)[0].exchanges
    hcp, trc = (etree.fromstring(a) for a in one.asked.assertions)
    assert trc.findtext(f".//{{{SAML}}}AssertionIDRef") == hcp.get("ID")


def test_an_audit_file_is_found_by_operation_and_time(norway, tmp_path):
    (one,) = norway.run("AUD-03", options=Options())
    for name, content in one.audits.items():
        if name.endswith("a.xml"):
            (tmp_path / name).write_bytes(content)
    target = replace(norway.target, audit_a=audits.Files(tmp_path))
    (again,) = run(choose(shipped(), ["AUD-03"]), target)
    assert again.outcome is Outcome.PASS


@pytest.mark.parametrize("name", ["doctor", "pharmacist", "2264"])
def test_a_professional_has_the_permissions_of_the_role(norway, name):
    who = norway.target.b.professional(Step("query", name))
    assert who.permissions
    assert who.country == "SE"


def test_another_country_may_be_the_one_that_asks(norway):
    """Denmark asks, and where the scenario needs another country, Sweden is that."""
    credentials = Credentials(norway.home, "DK")
    own = norway.target.b.line
    line = Line(own.url, own.base, credentials, own.ca)
    target = replace(norway.target, b=CountryB(line, norway.target.b.home_a))
    chosen = choose(shipped(), ["IDN-01", "TRN-05", "ASR-17", "ASR-24", "EDA-15", "EDA-34"])
    found = run(chosen, target)
    line.close()
    assert {r.outcome for r in found} == {Outcome.PASS}
