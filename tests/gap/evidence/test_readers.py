"""Each form of results, on small examples of our own; forms of public tools beside them."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import textwrap

import pytest

from data.results import Outcome, Severity
from gap.evidence.mapping import bearing, shipped
from gap.evidence.readers import forms
from ips.conformance import hl7_validator
from tests.builders import ROOT
from tests.ips.conformance.documents import need_validator

E, W = Severity.ERROR, Severity.WARNING


def read(content):
    """Return the results in a text or in plain data."""
    if not isinstance(content, str):
        content = json.dumps(content)
    return forms.read(content.encode(), "file")


def outcomes(found):
    """Return the outcome of each test; a failure of little weight is told as a warning."""
    return {
        r.test: "warning" if r.outcome is Outcome.FAIL and r.severity is W else str(r.outcome)
        for r in found
    }


# JUnit


def test_junit_of_nested_suites_with_every_outcome():
    found = read("""<testsuites><testsuite name="outer" timestamp="2026-11-20T09:00:00Z">
      <properties><property name="obligations" value="X1.1"/></properties>
      <testcase classname="c" name="ok" file="a.py" line="3"/>
      <testsuite name="inner">
        <testcase classname="c" name="bad"><failure>long
        text</failure></testcase>
        <testcase name="broken"><error message="boom"/></testcase>
        <testcase name="left"><skipped/></testcase>
        <testcase name="named"><properties><property name="obligations">X1.1.4</property>
        </properties></testcase>
      </testsuite></testsuite></testsuites>""")
    assert outcomes(found) == {"junit/c.ok": "pass", "junit/c.bad": "fail", "junit/broken": "error",
                               "junit/left": "skip", "junit/named": "pass"}  # fmt: skip
    assert [r.what for r in found] == ["outer", *["inner"] * 4]
    assert found[0].location == "a.py:3"
    assert found[1].message == "long text"
    assert found[4].carried == ("X1.1", "X1.1.4")
    assert {r.date for r in found} == {dt.date(2026, 11, 20)}


def test_junit_that_pytest_writes(tmp_path):
    (tmp_path / "test_it.py").write_text(
        textwrap.dedent("""
        import pytest
        def test_good(record_property):
            record_property("obligations", "X2.3.2c")
        def test_bad():
            assert 1 == 2, "one is not two"
        @pytest.mark.skip(reason="no server")
        def test_left(): ...
        @pytest.fixture
        def broken():
            raise OSError("gone")
        def test_broken(broken): ...
    """)
    )
    report = tmp_path / "junit.xml"
    subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p",
                    "no:xdist", f"--junitxml={report}", f"--rootdir={tmp_path}", str(tmp_path)],
                   check=False, capture_output=True, cwd=tmp_path)  # fmt: skip
    found = forms.read(report.read_bytes(), "junit.xml")
    assert outcomes(found) == {
        "junit/test_it.test_good": "pass", "junit/test_it.test_bad": "fail",
        "junit/test_it.test_left": "skip", "junit/test_it.test_broken": "error",
    }  # fmt: skip
    assert found[0].carried == ("X2.3.2c",)
    assert "one is not two" in found[1].message
    assert all(r.date for r in found)


# FHIR


def assert_(result, message=""):
    return {"assert": {"result": result, "message": message}}


def test_a_test_report_gives_one_result_a_test_by_its_gravest_action():
    found = read({
        "resourceType": "TestReport", "name": "Export", "issued": "2026-11-20T10:00:00+01:00",
        "testScript": {"reference": "TestScript/export"}, "result": "fail",
        "test": [
            {"name": "one", "action": [{"operation": {"result": "pass"}}, assert_("warning")]},
            {"name": "two", "action": [assert_("pass"), assert_("fail", "no code")]},
            {"name": "three", "action": [assert_("skip")]},
            {"name": "four", "action": [assert_("fail"), assert_("error", "timeout")]},
            {"description": "nothing was done"},
        ],
    })  # fmt: skip
    assert outcomes(found) == {
        "testreport/Export/one": "pass", "testreport/Export/two": "fail",
        "testreport/Export/three": "skip", "testreport/Export/four": "error",
        "testreport/Export/5": "not-assessed",
    }  # fmt: skip
    assert found[1].message == "no code"
    assert found[0].date == dt.date(2026, 11, 20)


def test_a_test_report_whose_setup_failed_lacks_a_precondition():
    found = read({"resourceType": "TestReport", "name": "x", "setup": {"action": [assert_("fail")]},
                  "test": [{"name": "t", "action": [assert_("pass")]}]})  # fmt: skip
    assert outcomes(found) == {"testreport/x/t": "pass", "testreport/x/setup": "skip"}


def issue(severity, message_id="", **more):
    url = "http://hl7.org/fhir/StructureDefinition/operationoutcome-message-id"
    extension = [{"url": url, "valueCode": message_id}] if message_id else []
    return {"severity": severity, "code": "invariant", "extension": extension,
            "details": {"text": f"{message_id} is broken"}, **more}  # fmt: skip


def validated(file, *issues):
    url = "http://hl7.org/fhir/StructureDefinition/operationoutcome-file"
    return {"resourceType": "OperationOutcome", "extension": [{"url": url, "valueString": file}],
            "issue": list(issues)}  # fmt: skip


def test_the_outcomes_of_the_official_validator_in_a_bundle():
    found = read({"resourceType": "Bundle", "type": "collection", "entry": [
        {"resource": validated("a.json", issue("information"))},
        {"resource": validated("b.json", issue("warning", "dom-6"),
                               issue("error", "ait-1", expression=["AllergyIntolerance"]))},
    ]})  # fmt: skip
    assert [(r.test, r.what, str(r.outcome)) for r in found] == [
        ("hl7-validator/verdict", "a.json", "pass"), ("hl7-validator/verdict", "b.json", "fail"),
        ("hl7-validator/rule/dom-6", "b.json", "fail"),
        ("hl7-validator/rule/ait-1", "b.json", "fail"),
    ]  # fmt: skip
    assert [r.severity for r in found[2:]] == [W, E]
    assert found[3].carried == ("X1.1.4",)
    assert found[0].whole


def test_an_outcome_of_another_server_names_no_obligation():
    found = read({"resourceType": "OperationOutcome", "issue": [issue("error")]})
    assert outcomes(found) == {"operationoutcome/verdict": "fail",
                               "operationoutcome/rule/invariant": "fail"}  # fmt: skip
    assert found[1].carried == ()


def test_an_outcome_as_xml_is_the_same():
    found = read("""<OperationOutcome xmlns="http://hl7.org/fhir"><issue>
      <extension url="http://hl7.org/fhir/StructureDefinition/operationoutcome-message-id">
        <valueCode value="pat-1"/></extension>
      <severity value="error"/><code value="invariant"/><details><text value="no name"/></details>
      <expression value="Patient"/></issue></OperationOutcome>""")
    assert outcomes(found) == {"hl7-validator/verdict": "fail", "hl7-validator/rule/pat-1": "fail"}


def test_our_own_outcome_names_the_obligations_of_its_issues():
    from data.results import Report, Result
    from ips.conformance.output import to_operation_outcome

    report = Report((Result("ait-1", Outcome.FAIL, obligations=("X1.1", "X1.1.4"), source="IPS"),
                     Result("x.not-at-hand", Outcome.SKIP)))  # fmt: skip
    found = read(to_operation_outcome(report))
    assert outcomes(found) == {"operationoutcome/verdict": "fail",
                               "operationoutcome/rule/ait-1": "fail",
                               "operationoutcome/rule/x.not-at-hand": "skip"}  # fmt: skip
    assert found[1].carried == ("X1.1", "X1.1.4")


# The official validator on a terminal

ONE = """FHIR Validation tool Version 6.3.11 (Git# abc). Built 2026-01-01 (1 days old)
  Java:   17 on amd64 (64bit). 4096MB available
Loading
Validating
  Validate out/summary.json
Validate Bundle against http://hl7.org/fhir/StructureDefinition/Bundle|4.0.1..........20|
 00:01.100
Done. Times: Loading: 00:10.0, validation: 00:01.1. Max Memory = 1Gb

*FAILURE*: 1 errors, 1 warnings, 0 notes
  Error @ Bundle.entry[1].resource/*AllergyIntolerance/a*/ (line 12, col10): AllergyIntolerance.code: minimum required = 1, but only found 0
  Warning @ Bundle (line 1, col2): a warning {Reference_REF_CantResolve}
"""  # noqa: E501
SEVERAL = """FHIR Validation tool Version 6.1.8 (Git# abc).
-- a.json ------------------------------------------------------
Success: 0 errors, 0 warnings, 1 notes
  Information: All OK
----------------------------------------------------------------

-- folder/b.json -----------------------------------------------
*FAILURE*: 2 errors, 0 warnings, 0 notes
  Error @ Patient (line 1, col2): Rule pat-1: 'x' Failed
  Fatal: the file is cut off
----------------------------------------------------------------
"""


def test_the_validator_on_one_file():
    found = read(ONE)
    assert outcomes(found) == {
        "hl7-validator/verdict": "fail", "hl7-validator/rule/issue": "fail",
        "hl7-validator/rule/Reference_REF_CantResolve": "warning",
    }  # fmt: skip
    assert {r.what for r in found} == {"out/summary.json"}
    assert found[1].location.endswith("(line 12)")
    assert "X1.1.4" in found[1].carried
    assert found[0].tool_version == "6.3.11"


def test_the_validator_on_several_files():
    found = read(SEVERAL)
    assert [(r.what, str(r.outcome)) for r in found] == [
        ("a.json", "pass"), ("folder/b.json", "fail"), ("folder/b.json", "fail"),
        ("folder/b.json", "fail"),
    ]  # fmt: skip


@pytest.mark.oracle
@pytest.mark.slow
def test_the_validator_as_its_own_code_writes_it(tmp_path):
    need_validator()
    source = ROOT / "tests" / "gap" / "evidence" / "Rendered.java"
    subprocess.run(["java", "-cp", f"{hl7_validator.home() / 'lib'}/*", str(source), str(tmp_path),
                    "with-ids"], check=True, capture_output=True)  # fmt: skip
    for name in ("v.txt", "v.json", "v.xml"):
        found = forms.read((tmp_path / name).read_bytes(), name)
        assert [(r.what, r.test.split("/")[1], str(r.outcome), str(r.severity)) for r in found] == [
            ("a.json", "verdict", "pass", "error"), ("b.json", "verdict", "fail", "error"),
            ("b.json", "rule", "fail", "error"), ("b.json", "rule", "fail", "warning"),
        ], name  # fmt: skip
        assert found[2].test == "hl7-validator/rule/Validation_VAL_Profile_Minimum"
        assert found[2].carried == ("X1.1.4",)


def test_the_validator_of_older_editions():
    found = read("FHIR Validation tool Version 4.0.32\n"
                 "Success...validating a/b.xml:  error:0 warn:0 info:20\n")  # fmt: skip
    assert [(r.what, str(r.outcome)) for r in found] == [("a/b.xml", "pass")]


# Inferno


def inferno(test, result, **more):
    return {"test_id": test, "result": result, "test_run_id": "1", "test_session_id": "2",
            "updated_at": "2026-11-20T20:26:13.317-05:00", **more}  # fmt: skip


RUN = [
    inferno("kit-group-t1", "pass"), inferno("kit-group-t2", "fail", result_message="no code"),
    inferno("kit-group-t3", "skip"), inferno("kit-group-t4", "omit"),
    inferno("kit-group-t5", "error"), inferno("kit-group-t6", "cancel"),
    inferno("kit-group-t7", "fail", optional=True),
    {"test_group_id": "kit-group", "result": "fail", "test_run_id": "1"},
    {"test_suite_id": "kit", "result": "fail", "test_run_id": "1"},
]  # fmt: skip
EXPECTED = {
    "inferno/kit-group-t1": "pass", "inferno/kit-group-t2": "fail", "inferno/kit-group-t3": "skip",
    "inferno/kit-group-t4": "omit", "inferno/kit-group-t5": "error",
    "inferno/kit-group-t6": "not-assessed", "inferno/kit-group-t7": "warning",
}  # fmt: skip


@pytest.mark.parametrize("content", [RUN, {"test_suite_id": "kit", "results": RUN}])
def test_inferno_lists_of_command_line_and_service(content):
    found = read(content)
    assert outcomes(found) == EXPECTED
    assert {r.what for r in found} == {"kit"}
    assert found[0].date == dt.date(2026, 11, 20)


def test_inferno_table_for_comparison():
    found = read({"kit-t1": {"result": "pass", "result_message": None},
                  "kit-t2": {"result": "skip", "result_message": "none"}})  # fmt: skip
    assert outcomes(found) == {"inferno/kit-t1": "pass", "inferno/kit-t2": "skip"}


# Gazelle

OVERVIEW = """<gvr:validationOverview validationDateTime="2026-11-20T12:44:06.137Z"
  validationOverallResult="FAILED">
  <gvr:validationServiceName>XVal</gvr:validationServiceName>
  <gvr:validatorVersion>2.0</gvr:validatorVersion></gvr:validationOverview>"""


def constraint(ident, result, severity="ERROR", priority="MANDATORY"):
    return (f'<gvr:constraint constraintID="{ident}" testResult="{result}" severity="{severity}" '
            f'priority="{priority}"><gvr:constraintDescription>why</gvr:constraintDescription>'
            "<gvr:locationInValidatedObject>line 1</gvr:locationInValidatedObject>"
            "</gvr:constraint>")  # fmt: skip


def test_gazelle_validation_report():
    found = read(f"""<?xml version="1.0" encoding="UTF-8"?>
      <gvr:validationReport xmlns:gvr="http://validationreport.gazelle.ihe.net/" result="FAILED"
       uuid="u1">{OVERVIEW}
      <gvr:subReport name="A" subReportResult="FAILED">{constraint("iti40-UserId", "PASSED")}
       <gvr:subReport name="B" subReportResult="FAILED">{constraint("b", "FAILED")}
        {constraint("c", "FAILED", "WARNING")}{constraint("d", "FAILED", priority="RECOMMENDED")}
        {constraint("e", "UNDEFINED")}</gvr:subReport></gvr:subReport></gvr:validationReport>""")
    assert outcomes(found) == {
        "gazelle/XVal/verdict": "fail", "gazelle/iti40-UserId": "pass", "gazelle/b": "fail",
        "gazelle/c": "warning", "gazelle/d": "warning", "gazelle/e": "not-assessed",
    }  # fmt: skip
    assert {(r.what, r.date, r.tool_version) for r in found} == {
        ("u1", dt.date(2026, 11, 20), "2.0")}  # fmt: skip
    assert (found[1].message, found[1].location) == ("why", "line 1")


def test_gazelle_validation_report_as_json():
    found = read({
        "uuid": "u1", "result": "PASSED",
        "validationOverview": {"validationDateTime": "2026-11-20T12:44:06.137Z",
                               "validationServiceName": "XVal"},
        "subReports": [{"name": "A", "constraints": [
            {"constraintID": "a", "testResult": "PASSED", "priority": "MANDATORY"}]}],
    })  # fmt: skip
    assert outcomes(found) == {"gazelle/XVal/verdict": "pass", "gazelle/a": "pass"}


def newer(**changes):
    """Return a report as the validation services of EVS Client 7 and later give it.

    Names and values follow the example that the makers of Matchbox published of their answer to
    EVS Client (ahdis.github.io/matchbox, validation through Gazelle, 2024).
    """
    return {
        "modelVersion": "0.1", "uuid": "15634009-cc9f-4670-975b-c9e6697178c6",
        "dateTime": "2024-07-22T15:13:23.287+00:00",
        "validationMethod": {
            "validationServiceName": "Matchbox", "validationServiceVersion": "3.8.9",
            "validationProfileID":
                "http://fhir.ch/ig/ch-core/StructureDefinition/ch-core-document|4.0.1",
        },
        "overallResult": "PASSED",
        "reports": [{
            "name": "Validation of item #first", "subReportResult": "PASSED",
            "assertionReports": [
                {"assertionID": "VALIDATION_VAL_PROFILE_UNKNOWN_NOT_POLICY",
                 "assertionType": "InstanceValidator", "description": "has not been checked",
                 "subjectLocation": "line 317, column 6", "severity": "WARNING",
                 "priority": "RECOMMENDED", "result": "FAILED"},
                {"assertionID": "Bundle_BUNDLE_Entry_NotFound",
                 "assertionType": "InstanceValidator", "description": "Can't find the entry",
                 "subjectLocation": "line 1, column 2", "severity": "INFO",
                 "priority": "MANDATORY", "result": "PASSED"},
            ],
        }],
        **changes,
    }  # fmt: skip


def test_gazelle_report_of_the_newer_validation_services():
    found = read(newer())
    assert outcomes(found) == {
        "gazelle/Matchbox/verdict": "pass",
        "gazelle/VALIDATION_VAL_PROFILE_UNKNOWN_NOT_POLICY": "warning",
        "gazelle/Bundle_BUNDLE_Entry_NotFound": "pass",
    }
    assert {(r.date, r.tool_version) for r in found} == {(dt.date(2024, 7, 22), "3.8.9")}
    assert found[1].location == "line 317, column 6"


def test_gazelle_report_of_a_validator_that_broke_is_an_error_and_no_pass():
    broke = [{"name": "x", "subReportResult": "UNDEFINED",
              "unexpectedErrors": [{"name": "e", "message": "not supported"}]}]  # fmt: skip
    found = read(newer(overallResult="UNDEFINED", reports=broke))
    assert outcomes(found) == {
        "gazelle/Matchbox/verdict": "not-assessed", "gazelle/x/unexpected-error": "error",
    }  # fmt: skip
    assert found[1].message == "not supported"


def test_gazelle_detailed_result_of_the_older_validators():
    found = read("""<detailedResult><MDAValidation>
      <Warning><Test>t1</Test><Location>/a</Location><Description>d</Description></Warning>
      <Error><Test>t2</Test><Description>e</Description></Error>
      <Report><Test>t3</Test></Report><Result>FAILED</Result></MDAValidation>
      <ValidationResultsOverview><ValidationDate>2026, 11 20</ValidationDate>
      <ValidationServiceName>CDA</ValidationServiceName>
      <ValidationServiceVersion>3.1.1</ValidationServiceVersion>
      <ValidationTestResult>FAILED</ValidationTestResult></ValidationResultsOverview>
      </detailedResult>""")
    assert outcomes(found) == {"gazelle/CDA/verdict": "fail", "gazelle/t1": "warning",
                               "gazelle/t2": "fail", "gazelle/t3": "pass"}  # fmt: skip
    assert found[0].date == dt.date(2026, 11, 20)


# SARIF


def sarif(*results, **run):
    rules = [{"id": "R1", "defaultConfiguration": {"level": "error"},
              "properties": {"obligations": ["X2.3.4"]}}]  # fmt: skip
    driver = {"name": "scan", "version": "1.2", "rules": rules}
    return {"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": list(results),
                                          **run}]}  # fmt: skip


def test_sarif_levels_kinds_and_suppressions():
    place = {"physicalLocation": {"artifactLocation": {"uri": "a.py"}, "region": {"startLine": 7}}}
    found = read(sarif(
        {"ruleId": "R1", "message": {"text": "m"}, "locations": [place]},
        {"ruleId": "R2", "level": "note"}, {"ruleId": "R3", "kind": "pass"},
        {"ruleId": "R4", "kind": "notApplicable"},
        {"ruleId": "R5", "level": "error", "suppressions": [{"kind": "external"}]},
        invocations=[{"executionSuccessful": True, "endTimeUtc": "2026-11-20T10:00:00Z"}],
    ))  # fmt: skip
    assert outcomes(found) == {
        "sarif/scan/verdict": "fail", "sarif/scan/R1": "fail", "sarif/scan/R2": "warning",
        "sarif/scan/R3": "pass", "sarif/scan/R4": "omit", "sarif/scan/R5": "warning",
    }  # fmt: skip
    assert found[1].carried == ("X2.3.4",)
    assert found[1].location == "a.py:7"
    assert found[0].date == dt.date(2026, 11, 20)


def test_sarif_without_results_passed_and_a_run_that_broke_did_not():
    assert outcomes(read(sarif())) == {"sarif/scan/verdict": "pass"}
    broke = sarif(invocations=[{"executionSuccessful": False}])
    assert outcomes(read(broke)) == {"sarif/scan/verdict": "error"}


def test_sarif_that_ruff_writes(tmp_path):
    ruff = pytest.importorskip("ruff", reason="ruff is not installed")
    (tmp_path / "a.py").write_text("import os\n")
    done = subprocess.run([ruff.find_ruff_bin(), "check", "--isolated", "--no-cache",
                           "--output-format", "sarif", str(tmp_path)],
                          check=False, capture_output=True)  # fmt: skip
    found = forms.read(done.stdout, "ruff.sarif")
    assert found[0].test == "sarif/ruff/verdict"
    assert [r.test for r in found[1:]] == ["sarif/ruff/F401"]
    assert found[1].location.endswith("a.py:1")
    assert found[0].tool_version


# Ours


def test_our_own_check_of_a_document(tmp_path):
    from ehds.cli import run

    document, report = tmp_path / "a.json", tmp_path / "check.json"
    assert run(["ips", "build", "penicillin-anaphylaxis", "--profile", "eps",
                "-o", str(document)]) == 0  # fmt: skip
    done = subprocess.run([sys.executable, "-m", "ehds", "ips", "check", str(document),
                           "--coverage", "--format", "json"],
                          check=True, capture_output=True, cwd=ROOT)  # fmt: skip
    report.write_bytes(done.stdout)
    found = {r.test: r for r in forms.read(report.read_bytes(), "check.json")}
    assert found["ehds.ips/verdict"].outcome is Outcome.PASS
    assert found["ehds.ips/annex-i/4"].outcome is Outcome.PASS
    assert found["ehds.ips/annex-i/4"].carried == ("X1.1.4",)
    assert found["ehds.ips/annex-i/17"].outcome is Outcome.NOT_ASSESSED


def test_a_document_that_is_no_summary_is_no_evidence_of_one():
    """A resource that claims nothing passes FHIR R4; that shows nothing of patient summaries."""
    document = {"name": "x", "profiles": ["http://hl7.org/fhir/StructureDefinition/Basic"],
                "results": []}  # fmt: skip
    found = read({"schema": "ehds.ips.check/1", "when": "2026-11-20", "documents": [document]})
    assert [raw.test for raw in found] == ["ehds.fhir/verdict"]
    assert bearing(shipped(), found[0]).obligations == ()
