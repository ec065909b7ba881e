"""The one result type of everything that judges: a document check, an exchange test, an obligation.

The closed set of outcomes and their order follow the Inferno framework: skip means that a
precondition is missing and counts against the subject, omit means that the check does not apply.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What came out of a check; the order is the order of precedence in a summary."""

    ERROR = "error"
    FAIL = "fail"
    SKIP = "skip"
    NOT_ASSESSED = "not-assessed"
    PASS = "pass"
    OMIT = "omit"


class Severity(StrEnum):
    """How grave a message is; the same words as FHIR OperationOutcome."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True)
class Result:
    """One judged thing.

    Attributes:
        id: stable id of the check, for example ``ips-sec-allergies``.
        outcome: one of the closed set.
        severity: how much it weighs when it fails.
        message: one line for people.
        location: FHIRPath, XPath, file and line, or cell address.
        obligations: ids of the obligations that the check bears on (``X2.3.2c``).
        evidence: where the proof lies (file, message, link).
        source: what the check implements (``IPS 2.0.0 Composition.section``).
    """

    id: str
    outcome: Outcome
    severity: Severity = Severity.ERROR
    message: str = ""
    location: str = ""
    obligations: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    source: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain data for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Report:
    """The results of one run with their summary."""

    results: tuple[Result, ...]
    subject: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def outcome(self) -> Outcome:
        """The first outcome present in the order of precedence; omit when there is nothing."""
        return summary_outcome(r.outcome for r in self.results)


def summary_outcome(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the outcome that a set of outcomes amounts to."""
    present = set(outcomes)
    return next((o for o in Outcome if o in present), Outcome.OMIT)
