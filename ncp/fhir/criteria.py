"""Whether a DocumentReference is one that a search asks for, besides patient and kind.

Sources: MyHealth@EU NCPeH API 9.1.0, document search; IHE MHD ITI-67.
"""

from __future__ import annotations

from collections.abc import Sequence

from ncp.fhir.outcomes import Declined
from ncp.fhir.params import Query, Span, Token, span
from ncp.fhir.wire import Json

OWN = ("location", "period", "facility", "setting", "event", "security-label", "format", "related")
"""Parameters of MHD that are accepted though nothing is indexed by them (ITI-67 3.67.4.1.2)."""


def wanted(made: Json, query: Query) -> bool:
    """Apply the criteria besides patient and kind."""
    attachments = [c["attachment"] for c in made["content"]]
    codings = [c for concept in made.get("category", ()) for c in concept["coding"]]
    own = made.get("masterIdentifier") or {}
    if not all(_in_span(made.get("date", ""), group) for group in query.dates("date")):
        return False
    if not all(any(_in_span(a.get("creation", ""), group) for a in attachments)
               for group in query.dates("creation")):  # fmt: skip
        return False
    tests = {
        "contenttype": [("", a["contentType"]) for a in attachments],
        "category": [(c.get("system", ""), c["code"]) for c in codings],
        "status": [("", made["status"])], "_id": [("", made["id"])],
        "identifier": [(own.get("system", ""), own.get("value", ""))],
        **{name: [] for name in OWN},
    }  # fmt: skip
    return all(any(_token_fits(token, value, name) for token in group for value in values)
               for name, values in tests.items() for group in query.tokens(name))  # fmt: skip


def of_type(made: Json, query: Query) -> bool:
    """Return whether a document is of a type that is asked for; a kind may have two types."""
    codes = {coding.get("code") for coding in made["type"].get("coding") or ()}
    return all(any(token.code in codes for token in group) for group in query.tokens("type"))


def _token_fits(token: Token, value: tuple[str, str], name: str) -> bool:
    if name in ("contenttype", "status", "_id"):
        return token.code.replace(" ", "+") == value[1]
    return token.fits(*value)


def _in_span(text: str, group: Sequence[Span]) -> bool:
    """Return whether a date, as exact as it is, lies where one of the criteria wants it."""
    if not text:
        return False
    try:
        known = span(text, "date")
    except Declined:  # what was published is no date
        return False
    return any(one.fits(known.start, known.end) for one in group)
