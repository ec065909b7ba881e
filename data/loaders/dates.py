"""Dates as people write them in plans: 2027, 2027-H1, 2027-Q3, 2027-06 or 2027-06-30."""

from __future__ import annotations

import calendar
import datetime as dt
import re

_PERIOD = re.compile(r"(\d{4})(?:-(?:H([12])|Q([1-4])|(\d{2})(?:-(\d{2}))?))?")


def end_of(period: str) -> dt.date:
    """Return the last day of a period; a plan is kept when it is kept by then.

    >>> end_of("2027-H1")
    datetime.date(2027, 6, 30)

    Raises:
        ValueError: the text is not a date or period of the accepted forms.
    """
    match = _PERIOD.fullmatch(period)
    if not match:
        raise ValueError(
            f"«{period}» is not a date: write 2027, 2027-H1, 2027-Q3, 2027-06 or 2027-06-30"
        )
    year, half, quarter, month, day = (int(g) if g else 0 for g in match.groups())
    if day:
        return dt.date(year, month, day)
    last_month = half * 6 or quarter * 3 or month or 12
    if not 1 <= last_month <= 12:
        raise ValueError(f"«{period}» has no month {last_month}")
    return dt.date(year, last_month, calendar.monthrange(year, last_month)[1])


def day(text: str) -> dt.date:
    """Return an ISO date.

    Raises:
        ValueError: the text is not a whole ISO date.
    """
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"«{text}» is not a date: write it as 2027-03-26") from None
