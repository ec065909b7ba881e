"""What comes in is judged by FHIR R4 before anything is made of it: all that is wrong, at once."""

from __future__ import annotations

from data.errors import InputError
from data.results import Outcome, Severity
from ips.conformance.engine import check_bundle
from ncp.fhir.outcomes import Declined, Issue, declined, of_problems
from ncp.fhir.wire import Json

_MOST = 40


def judge(resource: Json, kind: str, where: str = "") -> Json:
    """Return a resource that is what it should be.

    Args:
        resource: as it was read.
        kind: type that is wanted here.
        where: its place, where that is not its type.

    Raises:
        Declined: 422, with everything that breaks FHIR R4 or a profile that it claims.
    """
    if resource.get("resourceType") != kind:
        raise declined(422, "invalid", f"a {kind} is taken here", where or kind)
    try:
        report = check_bundle(resource)
    except InputError as error:
        raise of_problems(422, error.problems, "structure") from None
    wrong = [one for one in report.results if one.severity is Severity.ERROR
             and one.outcome in (Outcome.FAIL, Outcome.ERROR)][:_MOST]  # fmt: skip
    if wrong:
        raise Declined(
            422,
            tuple(Issue("invariant", one.message, where=_place(one.location, kind, where))
                  for one in wrong),
        )  # fmt: skip
    return resource


def _place(location: str, kind: str, where: str) -> str:
    return where + location.removeprefix(kind) if where else location
