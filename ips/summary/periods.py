"""Periods that FHIR can compare: both ends equally precise, the end not before the start."""

from __future__ import annotations

import datetime as dt
from typing import Any

from ips.loss import Fate, LossReport


def mend(period: dict[str, Any], where: str, loss: LossReport) -> None:
    """Make a Period with both ends meet FHIR R4 per-1; what that costs goes to the loss report.

    A day and a time of the same day cannot be compared, so the finer end is cut to the precision
    of the other. An end before the start is left out: only one of the two can be true.

    Args:
        period: ``start`` and ``end`` as FHIR dateTimes; changed in place.
        where: the element, for the report.
        loss: the report.
    """
    start, end = str(period["start"]), str(period["end"])
    shared = min(_precision(start), _precision(end))
    for key, value in (("start", start), ("end", end)):
        if _precision(value) > shared:
            period[key] = value[:shared]
            loss.add(
                f"{where}.{key}", value, Fate.APPROXIMATE,
                "Cut to the precision of the other end, or FHIR (per-1) could not compare them.",
            )  # fmt: skip
    if _after(period["start"], period["end"]):
        loss.add(f"{where}.end", end, Fate.NOT_CARRIED,
                 "The end lies before the start; FHIR (per-1) admits no such period.")  # fmt: skip
        del period["end"]


def _precision(value: str) -> int:
    """Return the number of characters that carry it: 4, 7 or 10 for dates, 19 for times."""
    return 19 if "T" in value else len(value)


def _after(start: str, end: str) -> bool:
    if "T" not in start:
        return start > end
    try:
        return dt.datetime.fromisoformat(start) > dt.datetime.fromisoformat(end)
    except (ValueError, TypeError):
        return False
