"""Small records and analyses, so that a test says only what it is about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from data.loaders.assessments import Finding
from data.results import Outcome
from gap.analysis import Analysis
from gap.evidence import Covers, Record
from gap.schemes import scheme
from tests.gap.builders import DAY, judge, obligation, system

TESTED = dt.date(2026, 11, 10)


def record(
    on: str = "E03.1", outcome: Outcome | str = "pass", of: str = "one",
    covers: Covers = Covers.PART, **fields: Any,
) -> Record:  # fmt: skip
    """Return evidence of the maker in a test environment."""
    base: dict[str, Any] = {
        "test": "junit/case", "what": "suite", "date": TESTED,
        "obligations": tuple(on.split()),
        "fully": tuple(on.split()) if covers is Covers.WHOLE else (),
    }  # fmt: skip
    return Record(outcome=Outcome(outcome), subject=of, **{**base, **fields})


def analysis(
    findings: Iterable[Finding] = (),
    obligations: Sequence[str] = ("E03.1", "E03.2"),
    systems: Sequence[str] = ("one", "two"),
    name: str = "level",
    as_of: dt.date = DAY,
    **fields: Any,
) -> Analysis:
    """Return an analysis of some obligations that every system has."""
    judged = judge([obligation(o, **fields) for o in obligations],
                   [system(s) for s in systems], findings, as_of=as_of)  # fmt: skip
    return Analysis(judged, scheme(name))
