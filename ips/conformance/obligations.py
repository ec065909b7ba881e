"""Which obligations of the EHDS Regulation a finding bears on (data/profiles/obligations.csv)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import data
from data.loaders.tables import Problems, read_csv
from data.results import Report, Result

COLUMNS = ("pattern", "obligations", "why")


@lru_cache(maxsize=1)
def table() -> tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]:
    """Return patterns over rule ids and the obligations that they bear on."""
    problems = Problems()
    rows = read_csv(data.path("profiles", "obligations.csv"), COLUMNS, problems)
    problems.stop()
    return tuple((re.compile(row["pattern"]), row.words("obligations")) for row in rows)


@lru_cache(maxsize=4096)
def of_rule(rule: str, source: str) -> tuple[str, ...]:
    """Return the obligations of a rule, by its id and its source."""
    text = f"{rule} {source}"
    found = [o for pattern, obligations in table() if pattern.search(text) for o in obligations]
    return tuple(dict.fromkeys(found))


def with_obligations(
    results: Iterable[Result], subject: str = "", extra: dict[str, Any] | None = None
) -> Report:
    """Return a report whose results carry obligation ids."""
    return Report(tuple(map(_marked, results)), subject, extra or {})


def _marked(result: Result) -> Result:
    obligations = of_rule(result.id, result.source)
    if obligations == result.obligations:
        # Most findings bear on none; a copy costs more than the look-up.
        return result
    r = result
    return Result(
        r.id, r.outcome, r.severity, r.message, r.location, obligations, r.evidence, r.source
    )
