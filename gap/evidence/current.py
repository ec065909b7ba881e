"""Which evidence counts on a day: not the later, and not what a newer run has replaced.

A newer run replaces an older one of the same test on the same thing, in the same environment, by
somebody of the same strength: the maker's new pass does not undo the failure that an authority saw.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from gap.evidence.record import Record


@dataclass(frozen=True, slots=True)
class Current:
    """Evidence sorted by whether it counts; each list in the order of the ids."""

    records: tuple[Record, ...]
    superseded: tuple[Record, ...]
    later: tuple[Record, ...]


def current(records: Iterable[Record], day: dt.date) -> Current:
    """Return which evidence counts on a day.

    Args:
        records: in any order; the same record twice counts once.
        day: the day of the analysis.
    """
    known = sorted({r.id: r for r in records}.values(), key=lambda r: r.id)
    young = [r for r in known if r.date <= day]
    newest_run: dict[tuple[str, ...], dt.date] = {}
    newest_test: dict[tuple[str, ...], dt.date] = {}
    for record in young:
        if record.whole:
            run = _run(record)
            newest_run[run] = max(record.date, newest_run.get(run, record.date))
        test = (*_run(record), record.test)
        newest_test[test] = max(record.date, newest_test.get(test, record.date))
    kept: list[Record] = []
    old: list[Record] = []
    for record in young:
        replaced = (record.date < newest_run.get(_run(record), record.date)
                    or record.date < newest_test[(*_run(record), record.test)])  # fmt: skip
        (old if replaced else kept).append(record)
    return Current(tuple(kept), tuple(old), tuple(r for r in known if r.date > day))


def _run(record: Record) -> tuple[str, ...]:
    return (record.subject, record.environment, record.strength, record.tool, record.what)
