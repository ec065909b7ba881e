"""FHIR R4 TestReport and OperationOutcome, alone or in a Bundle.

The official validator writes an OperationOutcome for each file, with extensions that name the file
and the message id; its results are told apart from other servers' outcomes by these.
"""

from __future__ import annotations

from data.results import Outcome, Severity
from gap.evidence.readers.common import (
    Json,
    categories_of,
    day_of,
    entries,
    not_this,
    obligations_in,
    short,
    text_at,
)
from gap.evidence.record import Raw
from ips.conformance.obligations import of_rule

_EXTENSION = "http://hl7.org/fhir/StructureDefinition/operationoutcome-"
_GRAVE = ("fatal", "error")
_RESULTS = {"pass": Outcome.PASS, "fail": Outcome.FAIL, "skip": Outcome.SKIP,
            "error": Outcome.ERROR, "warning": Outcome.PASS}  # fmt: skip
_ORDER = list(Outcome)
VALIDATOR = "hl7-validator"


def read(resource: Json) -> list[Raw]:
    """Return the results of a TestReport, an OperationOutcome, or a Bundle of them.

    Raises:
        InputError: another resource; it holds no results.
    """
    kind = text_at(resource, "resourceType")
    if kind == "TestReport":
        return _test_report(resource)
    if kind == "OperationOutcome":
        return _outcome(resource, "")
    inner = [e["resource"] for e in entries(resource, "entry")
             if isinstance(e.get("resource"), dict)]  # fmt: skip
    if kind != "Bundle" or not inner:
        raise not_this("a FHIR resource", f"{kind} holds no test results")
    return [raw for number, one in enumerate(inner, 1)
            for raw in (_outcome(one, f"entry {number}")
                        if text_at(one, "resourceType") == "OperationOutcome" else read(one))
            ]  # fmt: skip


def _test_report(report: Json) -> list[Raw]:
    """One result a test: the gravest of its actions; setup that failed is a missing condition."""
    script = report.get("testScript")
    named = script if isinstance(script, str) else text_at(report, "testScript", "reference")
    name = text_at(report, "name") or named
    when = day_of(report.get("issued"))
    tests = entries(report, "test")
    found = []
    for number, test in enumerate(tests, 1):
        outcome, message = _gravest(test)
        title = text_at(test, "name") or str(number)
        found.append(Raw(f"testreport/{name}/{title}", named or name, outcome,
                         message=short(message or text_at(test, "description")),
                         date=when))  # fmt: skip
    setup = report.get("setup")
    if isinstance(setup, dict):
        outcome, message = _gravest(setup)
        if outcome in (Outcome.FAIL, Outcome.ERROR):
            found.append(Raw(f"testreport/{name}/setup", named or name, Outcome.SKIP,
                             message=short(message), date=when))  # fmt: skip
    if not tests:
        said = _RESULTS.get(text_at(report, "result"), Outcome.NOT_ASSESSED)
        found.append(Raw(f"testreport/{name}", named or name, said, date=when))
    return found


def _gravest(part: Json) -> tuple[Outcome, str]:
    told = [
        (_RESULTS.get(text_at(one, "result"), Outcome.NOT_ASSESSED), text_at(one, "message"))
        for action in entries(part, "action")
        for one in (action.get("operation"), action.get("assert")) if isinstance(one, dict)
    ]  # fmt: skip
    if not told:
        return Outcome.NOT_ASSESSED, ""
    return min(told, key=lambda pair: _ORDER.index(pair[0]))


def _outcome(outcome: Json, where: str) -> list[Raw]:
    issues = entries(outcome, "issue")
    file = _extension(outcome, "file")
    ids = [_extension(issue, "message-id") for issue in issues]
    tool = VALIDATOR if file or any(ids) else "operationoutcome"
    what = file or text_at(outcome, "id") or where or "OperationOutcome"
    when = day_of(text_at(outcome, "meta", "lastUpdated"))
    found = []
    for issue, ident in zip(issues, ids, strict=True):
        severity = text_at(issue, "severity")
        text = text_at(issue, "details", "text") or text_at(issue, "diagnostics")
        code = ident or _code(issue) or text_at(issue, "code") or "issue"
        place = next(iter(_texts(issue, "expression") or _texts(issue, "location")), "")
        unjudged = text_at(issue, "code") in ("incomplete", "not-supported")
        informing = severity == "information" and not unjudged
        if informing:
            continue
        carried = obligations_in(_named(text_at(issue, "diagnostics")))
        if tool == VALIDATOR:
            carried = carried or of_rule(code, f"{place} {text}")
        found.append(Raw(
            f"{tool}/rule/{code}", what, Outcome.SKIP if unjudged else Outcome.FAIL,
            Severity.ERROR if severity in _GRAVE else Severity.WARNING, short(text), short(place),
            carried, categories_of(carried) if tool == VALIDATOR else (), when))  # fmt: skip
    broken = sum(text_at(i, "severity") in _GRAVE for i in issues)
    verdict = Raw(f"{tool}/verdict", what, Outcome.FAIL if broken else Outcome.PASS,
                  message=f"{broken} errors", date=when, whole=True)  # fmt: skip
    return [verdict, *found]


def _named(diagnostics: str) -> str:
    """Our own outcomes name obligations in their diagnostics (``ips.conformance.output``)."""
    return diagnostics.rpartition("obligations:")[2] if "obligations:" in diagnostics else ""


def _code(issue: Json) -> str:
    details = issue.get("details")
    codings = entries(details, "coding") if isinstance(details, dict) else []
    return next((c["code"] for c in codings if isinstance(c.get("code"), str)), "")


def _texts(issue: Json, key: str) -> list[str]:
    found = issue.get(key)
    return [t for t in found if isinstance(t, str)] if isinstance(found, list) else []


def _extension(element: Json, name: str) -> str:
    for one in entries(element, "extension"):
        if one.get("url") == _EXTENSION + name:
            return next((v for k, v in one.items() if k.startswith("value")
                         and isinstance(v, str)), "")  # fmt: skip
    return ""
