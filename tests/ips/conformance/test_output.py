"""The forms in which findings are told."""

from __future__ import annotations

import orjson
from fhir.resources.R4B.operationoutcome import OperationOutcome
from lxml import etree

from data.results import Report
from ips.conformance import output
from ips.conformance.engine import check_bundle
from tests.ips.conformance.documents import resource, summary


def broken() -> Report:
    document = summary()
    resource(document, "Patient")["gender"] = "F\x01<&"
    document["entry"][2]["resource"]["meta"] = {"profile": ["https://example.org/p"]}
    return check_bundle(document)


def test_text_tells_verdict_place_and_obligation() -> None:
    text = output.to_text(broken(), "a.json")
    assert text.startswith("a.json: not valid\n")
    assert "Bundle.entry[1].resource.gender" in text
    assert "X1.1.1" in text
    assert output.to_text(check_bundle(summary()), "b.json").startswith("b.json: valid\n")


def test_json_is_one_document_with_a_schema() -> None:
    made = orjson.loads(output.to_json([("a", broken()), ("b", check_bundle(summary()))]))
    assert made["schema"] == output.SCHEMA
    assert [d["valid"] for d in made["documents"]] == [False, True]
    assert made["documents"][0]["counts"]["error"] >= 1
    assert any(r["id"] == "Patient.gender.binding" for r in made["documents"][0]["results"])


def test_junit_is_xml_whatever_the_content() -> None:
    root = etree.fromstring(output.to_junit([("a<b", broken())]).encode())
    assert root[0].get("name") == "a<b"
    assert int(root[0].get("failures", "0")) >= 1
    valid = etree.fromstring(output.to_junit([("v", check_bundle(summary()))]).encode())
    assert valid[0].get("failures") == "0"


def test_operation_outcome_is_valid_fhir() -> None:
    for report in (broken(), check_bundle(summary())):
        made = output.to_operation_outcome(report)
        OperationOutcome.model_validate(made)
        assert check_bundle(made).extra["valid"]
    codes = {i["code"] for i in output.to_operation_outcome(broken())["issue"]}
    assert "code-invalid" in codes


def test_levels_decide_what_counts() -> None:
    report = broken()
    assert output.reaches(report, "error")
    good = check_bundle(summary())
    assert not output.reaches(good, "error")
    assert not output.reaches(good, "warning")
