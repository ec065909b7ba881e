"""A report of the conformance engine as text, JSON, JUnit and FHIR OperationOutcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import quoteattr

import orjson

from data.results import Outcome, Report, Result, Severity
from ips.conformance.model import Json

SCHEMA = "ehds.ips.check/1"
ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFORMATION: 2}
JUDGED = (Outcome.FAIL, Outcome.ERROR)


def is_valid(report: Report) -> bool:
    """Whether no rule is broken; what could not be judged does not make a document invalid."""
    return not any(r.severity is Severity.ERROR and r.outcome in JUDGED for r in report.results)


def reaches(report: Report, level: str) -> bool:
    """Whether a report has a finding at or above a level (error, warning, information)."""
    floor = ORDER[Severity(level)]
    return any(ORDER[r.severity] <= floor and r.outcome in JUDGED for r in report.results)


def counts(report: Report) -> dict[str, int]:
    """Return how many findings there are by severity, and how many things were not judged."""
    found = Counter(str(r.severity) for r in report.results if r.outcome in JUDGED)
    unjudged = sum(r.outcome in (Outcome.SKIP, Outcome.NOT_ASSESSED) for r in report.results)
    return {**{str(s): found[str(s)] for s in ORDER}, "not-judged": unjudged}


def sorted_results(report: Report) -> list[Result]:
    """Return the results by severity, then in the order of the document."""
    return sorted(report.results, key=lambda r: ORDER[r.severity])


def to_text(report: Report, name: str = "", verbose: bool = False) -> str:
    """Return a report for a terminal; without `verbose` only errors and warnings are listed."""
    number = counts(report)
    verdict = "valid" if is_valid(report) else "not valid"
    head = f"{name or report.subject or 'document'}: {verdict}"
    tally = (
        f"{number['error']} errors, {number['warning']} warnings, "
        f"{number['information']} notes, {number['not-judged']} not judged"
    )
    lines = [head, f"  judged by: {', '.join(report.extra.get('profiles', []))}", f"  {tally}"]
    for result in sorted_results(report):
        if result.severity is Severity.INFORMATION and not verbose:
            continue
        mark = "not judged" if result.outcome not in JUDGED else str(result.severity)
        lines.append(f"  {mark}: {result.location}: {result.message}")
        tail = [f"[{result.id}]"]
        if result.obligations:
            tail.append("bears on " + ", ".join(result.obligations))
        lines.append("    " + " ".join(tail))
        if verbose and result.source:
            lines.append(f"    {result.source}")
    return "\n".join(lines) + "\n"


def to_json(reports: Iterable[tuple[str, Report]]) -> bytes:
    """Return named reports as one JSON document."""
    documents = [
        {
            "name": name,
            "valid": is_valid(report),
            "outcome": report.outcome,
            "counts": counts(report),
            **report.extra,
            "results": [r.to_dict() for r in sorted_results(report)],
        }
        for name, report in reports
    ]
    return orjson.dumps({"schema": SCHEMA, "documents": documents}, option=orjson.OPT_INDENT_2)


def to_junit(reports: Iterable[tuple[str, Report]]) -> str:
    """Return named reports as JUnit XML: a suite per document, a case per finding."""
    suites = []
    for name, report in reports:
        cases = [_case(r) for r in sorted_results(report) if r.severity is not Severity.INFORMATION]
        if not cases:
            cases = [f'    <testcase classname={_attribute(name)} name="valid"/>']
        failures = sum("<failure" in c for c in cases)
        skipped = sum("<skipped" in c for c in cases)
        suites.append(
            f'  <testsuite name={_attribute(name)} tests="{len(cases)}" '
            f'failures="{failures}" errors="0" skipped="{skipped}">\n'
            + "\n".join(cases)
            + "\n  </testsuite>"
        )
    body = "\n".join(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n{body}\n</testsuites>\n'


def _case(result: Result) -> str:
    head = f"    <testcase classname={_attribute(result.id)} name={_attribute(result.location)}>"
    message = _attribute(result.message)
    if result.outcome not in JUDGED or result.severity is not Severity.ERROR:
        return f"{head}<skipped message={message}/></testcase>"
    return f"{head}<failure type={_attribute(result.id)} message={message}/></testcase>"


def _attribute(text: str) -> str:
    """Quote an attribute value without the characters that XML 1.0 cannot hold."""
    return quoteattr("".join(c if c >= " " or c in "\t\n" else "\ufffd" for c in text))


def to_operation_outcome(report: Report) -> Json:
    """Return a report as a FHIR R4 OperationOutcome."""
    issues = [_issue(result) for result in sorted_results(report)]
    if not issues:
        text = "No rule is broken."
        issues = [{"severity": "information", "code": "informational", "details": {"text": text}}]
    return {"resourceType": "OperationOutcome", "issue": issues}


def _issue(result: Result) -> dict[str, Any]:
    judged = result.outcome in JUDGED
    issue: dict[str, Any] = {
        "severity": str(result.severity) if judged else "information",
        "code": _issue_type(result) if judged else "incomplete",
        "details": {"coding": [{"code": result.id.replace(" ", "-")}], "text": result.message},
        "expression": [result.location],
    }
    notes = [f"source: {result.source}"] if result.source else []
    if result.obligations:
        notes.append(f"obligations: {' '.join(result.obligations)}")
    if notes:
        issue["diagnostics"] = "; ".join(notes)
    return issue


def _issue_type(result: Result) -> str:
    """Return the IssueType of a rule by the last part of its id."""
    kinds = {
        "min": "required",
        "max": "structure",
        "array": "structure",
        "type": "structure",
        "unknown-element": "structure",
        "format": "value",
        "length": "too-long",
        "fixed": "value",
        "pattern": "value",
        "binding": "code-invalid",
        "unknown": "code-invalid",
        "target": "structure",
        "closure": "not-found",
    }
    return kinds.get(result.id.rpartition(".")[2], "invariant")
