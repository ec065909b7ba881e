"""Reports of IHE Gazelle: the validation report of EVS Client, and the older detailed result.

``gvr:validationReport`` (http://validationreport.gazelle.ihe.net/) has constraints in nested sub
reports; so has the JSON report of the newer validation services (``modelVersion`` 0.1), under other
names. ``detailedResult`` of the model-based validators has Error, Warning and Report elements. What
the report does not list by name is told by its verdict.
"""

from __future__ import annotations

from lxml import etree

from data.results import Outcome, Severity
from gap.evidence.readers.common import Json, day_of, entries, short, text_at
from gap.evidence.record import Raw
from ips.xml import children, local, namespace

GVR = "http://validationreport.gazelle.ihe.net/"
_RESULTS = {"PASSED": Outcome.PASS, "FAILED": Outcome.FAIL, "UNDEFINED": Outcome.NOT_ASSESSED,
            "ABORTED": Outcome.ERROR}  # fmt: skip
_OLD = {"Error": (Outcome.FAIL, Severity.ERROR), "Warning": (Outcome.FAIL, Severity.WARNING),
        "Report": (Outcome.PASS, Severity.ERROR)}  # fmt: skip
_OLD_ROOTS = ("detailedResult", "SummaryResults")


def is_gazelle(root: etree._Element) -> bool:
    """Whether the document is a report of Gazelle."""
    return local(root) in _OLD_ROOTS or (
        local(root) == "validationReport" and namespace(root) in ("", GVR)
    )


def is_gazelle_json(content: Json) -> bool:
    """Whether the document is the JSON form of a validation report."""
    return _is_newer(content) or (
        "validationOverview" in content and ("subReports" in content or "result" in content)
    )


def _is_newer(content: Json) -> bool:
    return "overallResult" in content and "validationMethod" in content


def read(root: etree._Element) -> list[Raw]:
    """Return the verdict and every named constraint of a report in XML."""
    return _older(root) if local(root) in _OLD_ROOTS else _report(_plain(root))


def read_json(content: Json) -> list[Raw]:
    """Return the verdict and every named constraint of a report in JSON."""
    return _report(_renamed(content) if _is_newer(content) else content)


def _renamed(content: Json) -> Json:
    """Give a report of model 0.1 the names of the older report, so that one function reads both."""
    method = content.get("validationMethod")
    said = {**method, "validationDateTime": content.get("dateTime")} if isinstance(
        method, dict) else {}  # fmt: skip
    return {
        "uuid": content.get("uuid"),
        "result": content.get("overallResult"),
        "validationOverview": said,
        "subReports": [_renamed_part(part) for part in entries(content, "reports")],
    }


def _renamed_part(part: Json) -> Json:
    constraints = [
        {**one, "constraintID": one.get("assertionID"), "testResult": one.get("result"),
         "constraintDescription": one.get("description"),
         "locationInValidatedObject": one.get("subjectLocation")}
        for one in entries(part, "assertionReports")
    ]  # fmt: skip
    return {
        **part,
        "constraints": constraints,
        "subReports": [_renamed_part(inner) for inner in entries(part, "subReports")],
    }


def _plain(root: etree._Element) -> Json:
    """Bring the XML form into the JSON form, so that one function reads both."""
    overview = next(children(root, "validationOverview"), None)
    said: Json = {}
    if overview is not None:
        said = {**_attributes(overview), **_texts(overview)}
    return {**_attributes(root), "validationOverview": said,
            "subReports": [_plain_part(c) for c in children(root, "subReport")]}  # fmt: skip


def _plain_part(part: etree._Element) -> Json:
    constraints = [{**_attributes(c), **_texts(c)} for c in children(part, "constraint")]
    return {**_attributes(part), "constraints": constraints,
            "subReports": [_plain_part(c) for c in children(part, "subReport")]}  # fmt: skip


def _attributes(element: etree._Element) -> dict[str, str]:
    return {str(name): str(value) for name, value in element.attrib.items()}


def _texts(element: etree._Element) -> dict[str, str]:
    return {local(child): (child.text or "").strip() for child in element}


def _report(content: Json) -> list[Raw]:
    overview = content.get("validationOverview")
    said: Json = overview if isinstance(overview, dict) else {}
    service = text_at(said, "validationServiceName") or "validation"
    version = text_at(said, "validatorVersion") or text_at(said, "validationServiceVersion")
    when = day_of(said.get("validationDateTime"))
    what = text_at(content, "uuid") or service
    result = text_at(content, "result") or text_at(said, "validationOverallResult")
    verdict = Raw(f"gazelle/{service}/verdict", what,
                  _RESULTS.get(result, Outcome.NOT_ASSESSED), message=f"{service}: {result}",
                  date=when, tool_version=version, whole=True)  # fmt: skip
    found = [raw for part in entries(content, "subReports") for raw in _part(part, what)]
    return [verdict, *(_dated(raw, verdict) for raw in found)]


def _dated(raw: Raw, verdict: Raw) -> Raw:
    return Raw(raw.test, raw.what, raw.outcome, raw.severity, raw.message, raw.location,
               date=verdict.date, tool_version=verdict.tool_version)  # fmt: skip


def _part(part: Json, what: str) -> list[Raw]:
    broken = f"gazelle/{text_at(part, 'name') or 'part'}/unexpected-error"
    found = [
        Raw(broken, what, Outcome.ERROR, message=short(one.get("message")))
        for one in entries(part, "unexpectedErrors")
    ]
    for one in entries(part, "constraints"):
        ident = text_at(one, "constraintID")
        if not ident:
            continue
        weak = text_at(one, "severity") in ("WARNING", "INFO") or text_at(
            one, "priority") in ("RECOMMENDED", "PERMITTED")  # fmt: skip
        found.append(Raw(
            f"gazelle/{ident}", what,
            _RESULTS.get(text_at(one, "testResult"), Outcome.NOT_ASSESSED),
            Severity.WARNING if weak else Severity.ERROR,
            short(one.get("constraintDescription")),
            short(one.get("locationInValidatedObject"))))  # fmt: skip
    return [*found, *(r for inner in entries(part, "subReports") for r in _part(inner, what))]


def _older(root: etree._Element) -> list[Raw]:
    overview = next((e for e in root.iter() if isinstance(e.tag, str)
                     and local(e) == "ValidationResultsOverview"), None)  # fmt: skip
    said = {} if overview is None else _texts(overview)
    service = said.get("ValidationServiceName") or "validation"
    version = said.get("ValidationServiceVersion", "")
    when = day_of(said.get("ValidationDate"))
    what = said.get("Oid") or service
    result = said.get("ValidationTestResult", "")
    found = [Raw(f"gazelle/{service}/verdict", what, _RESULTS.get(result, Outcome.NOT_ASSESSED),
                 message=f"{service}: {result}", date=when, tool_version=version,
                 whole=True)]  # fmt: skip
    for element in root.iter():
        if not isinstance(element.tag, str) or local(element) not in _OLD:
            continue
        told = _texts(element)
        ident = told.get("Identifiant") or told.get("Test") or told.get("Type")
        if not ident:
            continue
        outcome, severity = _OLD[local(element)]
        found.append(Raw(f"gazelle/{ident}", what, outcome, severity,
                         short(told.get("Description")), short(told.get("Location")),
                         date=when, tool_version=version))  # fmt: skip
    return found
