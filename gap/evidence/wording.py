"""The sentences that evidence adds to a finding, in nb and en (``data/evidence/words.csv``)."""

from __future__ import annotations

from collections.abc import Sequence

from gap.evidence.mapping import words
from gap.evidence.record import Environment, Record

_SHOWN = 3


def graded(passed: Sequence[Record], failed: Sequence[Record]) -> tuple[str, str]:
    """Return what is said of a finding whose level stays."""
    return _said("failed", failed) if failed else _said("passed", passed)


def lowered(failed: Sequence[Record], before: int, after: int) -> tuple[str, str]:
    """Return what is said of a finding whose level fell."""
    return _said("lowered", failed, before=before, after=after)


def founded(passed: Sequence[Record], failed: Sequence[Record]) -> tuple[str, str]:
    """Return what is said of a finding that only evidence made."""
    decisive = failed or passed
    production = any(r.environment is Environment.PRODUCTION for r in decisive)
    where = words()["production" if production else "test"]
    nb, en = graded(passed, failed)
    own_nb, own_en = words()["founded"]
    return (f"{nb} {own_nb.format(environment=where[0])}",
            f"{en} {own_en.format(environment=where[1])}")  # fmt: skip


def _said(key: str, records: Sequence[Record], **values: object) -> tuple[str, str]:
    tests = list(dict.fromkeys(r.test for r in records))
    shown = ", ".join(tests[:_SHOWN]) + (" ..." if tests[_SHOWN:] else "")
    newest = max(r.date for r in records).isoformat()
    nb, en = words()[key]
    filled = {"date": newest, "count": len(records), "tests": shown, **values}
    return nb.format(**filled), en.format(**filled)
