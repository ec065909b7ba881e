"""Registry responses: status and errors, which all answers of ITI-38, 39 and 41 share.

Source: ebXML RS 3.0; IHE ITI TF-3 4.2.4; OpenNCP 9 (no highestSeverity) and gematik (with it).
"""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from ncp.codes import RS, SEVERITY, Status
from ncp.messages.building import add
from ncp.messages.reading import Findings
from ncp.model import Refusal, Weight

ERRORS = f"{{{RS}}}RegistryErrorList"
ERROR = f"{{{RS}}}RegistryError"
_SOURCE = "ebXML RS 3.0; IHE ITI TF-3 4.2.4"


def status_of(refusals: Sequence[Refusal], *, given: bool, status: str = "") -> Status:
    """Return the status of an answer.

    Args:
        refusals: what the answer will say; one may force a status.
        given: whether the answer holds anything that was asked for.
        status: forced by the caller, as URN or last word, or empty.

    Raises:
        ValueError: a status that is none.
    """
    forced = status or next((r.status for r in refusals if r.status), "")
    if forced:
        return Status.of(forced)
    if not any(r.weight is Weight.ERROR for r in refusals):
        return Status.SUCCESS
    return Status.PARTIAL if given else Status.FAILURE


def add_errors(parent: etree._Element, refusals: Sequence[Refusal], quirks: str = "") -> None:
    """Append the error list; ``openncp`` leaves the highest severity out."""
    if not refusals:
        return
    grave = any(r.weight is Weight.ERROR for r in refusals)
    highest = SEVERITY + (Weight.ERROR if grave else Weight.WARNING)
    outer = add(parent, ERRORS, {} if quirks == "openncp" else {"highestSeverity": highest})
    for refusal in refusals:
        attributes = {"codeContext": refusal.text, "errorCode": refusal.code}
        if refusal.location:
            attributes["location"] = refusal.location
        add(outer, ERROR, {**attributes, "severity": SEVERITY + refusal.weight})


def read_status(element: etree._Element, found: Findings) -> Status:
    """Return the status that an answer has; none, or one that is no status, is a failure."""
    said = element.get("status", "")
    try:
        status = Status.of(said)
    except ValueError:
        found.add("xds-status", f"the status is «{said}»", "/@status", _SOURCE, grave=True)
        return Status.FAILURE
    found.want(said == status.value, "xds-status-urn", f"the status «{said}» is no URN",
               "/@status", _SOURCE)  # fmt: skip
    return status


def read_errors(element: etree._Element, found: Findings) -> tuple[Refusal, ...]:
    """Return the registry errors of an answer."""
    lists = list(element.iterchildren(ERRORS))
    refusals = tuple(_refusal(error) for outer in lists for error in outer.iterchildren(ERROR))
    for outer in lists:
        found.want(outer.get("highestSeverity"), "xds-highest-severity",
                   "RegistryErrorList has no highestSeverity", "/RegistryErrorList",
                   _SOURCE)  # fmt: skip
    for refusal in refusals:
        found.want(refusal.code, "xds-error-code", "a RegistryError has no errorCode",
                   "/RegistryErrorList/RegistryError", _SOURCE)  # fmt: skip
    return refusals


def _refusal(error: etree._Element) -> Refusal:
    severity = error.get("severity", "").rpartition(":")[2]
    return Refusal(
        error.get("errorCode", ""), error.get("codeContext", ""),
        Weight.WARNING if severity == "Warning" else Weight.ERROR,
        location=error.get("location", ""),
    )  # fmt: skip
