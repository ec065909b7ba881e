"""What is wrong, told as FHIR: OperationOutcome with the codes of the exchange, and HTTP status.

Which status a code of MyHealth@EU has is in ``data/exchange/fhir-statuses.csv``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache

from data.errors import Problem
from ips.identifiers import mask
from ncp.codes import EHDSI_ISSUE
from ncp.countries import rows
from ncp.fhir.wire import Json
from ncp.model import Refusal, Weight

SYSTEM = f"urn:oid:{EHDSI_ISSUE}"
"""Code system of the error codes of the exchange."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue of an OperationOutcome.

    Attributes:
        kind: FHIR ``issue-type`` (``invalid``, ``not-found``).
        code: error code of the exchange, or empty.
        where: a FHIRPath or the name of a parameter or header.
    """

    kind: str
    text: str
    code: str = ""
    where: str = ""
    severity: str = "error"

    def write(self) -> Json:
        """Return ``OperationOutcome.issue``."""
        made: Json = {"severity": self.severity, "code": self.kind}
        if self.code:
            made["details"] = {"coding": [{"system": SYSTEM, "code": self.code}],
                               "text": mask(self.text) or self.code}  # fmt: skip
        elif self.text:
            made["details"] = {"text": mask(self.text)}
        if self.where:
            made["expression"] = [mask(self.where)]
        return made


@dataclass(eq=False)
class Declined(Exception):
    """A request is answered with an OperationOutcome.

    Attributes:
        status: HTTP status.
        headers: that go with it (``WWW-Authenticate``).
    """

    status: int
    issues: tuple[Issue, ...]
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return status and texts."""
        return f"{self.status}: " + "; ".join(one.text for one in self.issues)


def outcome(issues: Iterable[Issue]) -> Json:
    """Return an OperationOutcome."""
    return {"resourceType": "OperationOutcome", "issue": [one.write() for one in issues]}


def declined(status: int, kind: str, text: str, where: str = "", code: str = "") -> Declined:
    """Return a refusal of one issue."""
    return Declined(status, (Issue(kind, text, code, where),))


def of_problems(status: int, problems: Iterable[Problem], kind: str = "invalid") -> Declined:
    """Return a refusal for all that is wrong with an input."""
    return Declined(
        status,
        tuple(Issue(kind, ". ".join(filter(None, (p.what, p.rule, p.remedy))), where=p.where)
              for p in problems),
    )  # fmt: skip


def of_refusal(refusal: Refusal) -> Declined:
    """Return how a refusal of the exchange is told over FHIR."""
    status, kind = _status(refusal.code)
    first = issue_of(refusal, kind)
    rest = tuple(Issue(kind, text, where=name) for name, text in refusal.details.items())
    headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'} if status == 401 else {}
    return Declined(status, (first, *rest), headers)


def issue_of(refusal: Refusal, kind: str = "") -> Issue:
    """Return the issue of a refusal; where it is only a note beside an answer, as a warning."""
    kind = kind or _status(refusal.code)[1]
    severity = "error" if refusal.weight is Weight.ERROR else "warning"
    return Issue(kind, refusal.text or refusal.code, refusal.code, refusal.location, severity)


def _status(code: str) -> tuple[int, str]:
    for pattern, status, kind in _statuses():
        if fnmatchcase(code, pattern):
            return status, kind
    return 422, "processing"


@cache
def _statuses() -> tuple[tuple[str, int, str], ...]:
    """Return code pattern, status and issue type, in the order of the table."""
    found = rows("exchange/fhir-statuses.csv", "code status issue note source")
    return tuple((row["code"], int(row["status"]), row["issue"]) for row in found)
