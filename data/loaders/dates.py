"""Dates as people write them in plans: 2027, 2027-H1, 2027-Q3, 2027-06 or 2027-06-30."""

from __future__ import annotations

import calendar
import datetime as dt
import re

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
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
    year, half, quarter, month, date = match.groups()
    try:
        if date:
            return dt.date(int(year), int(month), int(date))
        last = int(half) * 6 if half else int(quarter) * 3 if quarter else int(month or 12)
        first = dt.date(int(year), last, 1)
    except ValueError:
        raise ValueError(f"«{period}» is no day or month of the calendar") from None
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def day(text: str) -> dt.date:
    """Return an ISO date.

    Raises:
        ValueError: the text is not a whole ISO date.
    """
    try:
        if not _DAY.fullmatch(text):
            raise ValueError(text)
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"«{text}» is not a date: write it as 2027-03-26") from None
