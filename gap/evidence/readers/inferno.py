"""Results of the Inferno framework as JSON.

Read are the list that ``inferno execute --outputter json`` prints and that the service gives at
``/api/test_sessions/ID/results``, the session export with such a list in ``results``, and a table
of ``{test: {result, result_message}}`` as kits keep for comparison. Group and suite entries repeat
what their tests say and are left out. Outcomes: inferno-core ``Entities::Result``.
"""

from __future__ import annotations

from typing import Any

from data.results import Outcome, Severity
from gap.evidence.readers.common import Json, day_of, entries, short, text_at
from gap.evidence.record import Raw

_RESULTS = {
    "pass": Outcome.PASS, "fail": Outcome.FAIL, "skip": Outcome.SKIP, "omit": Outcome.OMIT,
    "error": Outcome.ERROR, "cancel": Outcome.NOT_ASSESSED, "wait": Outcome.NOT_ASSESSED,
    "running": Outcome.NOT_ASSESSED,
}  # fmt: skip
_MARKS = ("test_id", "test_group_id", "test_suite_id")


def results_in(content: Any) -> list[Json]:
    """Return the entries of a file of results; none when it is not of Inferno."""
    if isinstance(content, dict):
        listed = entries(content, "results")
        if listed:
            return results_in(listed)
        table = [{"test_id": k, **v} for k, v in content.items()
                 if isinstance(v, dict) and "result_message" in v]  # fmt: skip
        return table if len(table) == len(content) else []
    if not isinstance(content, list):
        return []
    found = [one for one in content if isinstance(one, dict) and "result" in one
             and any(mark in one for mark in _MARKS)]  # fmt: skip
    return found if len(found) == len(content) else []


def read(listed: list[Json]) -> list[Raw]:
    """Return one result a test; that of an optional test weighs as a warning."""
    return [
        Raw(
            f"inferno/{text_at(one, 'test_id')}",
            text_at(one, "test_id").partition("-")[0],
            _RESULTS.get(text_at(one, "result"), Outcome.NOT_ASSESSED),
            Severity.WARNING if one.get("optional") is True else Severity.ERROR,
            message=short(one.get("result_message")),
            date=day_of(one.get("updated_at")) or day_of(one.get("created_at")),
        )
        for one in listed if text_at(one, "test_id")
    ]  # fmt: skip
