"""Dates as sources write them, as FHIR R4 date and dateTime: real days only, always with a zone."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

NORWAY = ZoneInfo("Europe/Oslo")
FIRST_YEAR = 1850
LAST_YEAR = 2200

_PARTIAL = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(Z|[+-][0-9]{2}:?[0-9]{2})?")
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?(\.[0-9]{1,9})?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_TIME = re.compile(r"([0-9]{2}:[0-9]{2})(:[0-9]{2})?(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})?")


def date(text: str) -> str:
    """Return a FHIR date (year, month or day); the zone that XML puts on a day falls away.

    Raises:
        ValueError: not a date, or no such day.
    """
    text = text.strip()
    partial = _PARTIAL.fullmatch(text)
    if partial:
        _day(int(partial[1]), int(partial[2] or 1), 1)
        return text
    full = _DATE.fullmatch(text)
    if not full:
        if _MOMENT.fullmatch(text):
            return moment(text)[:10]
        raise ValueError("not a date (YYYY-MM-DD)")
    _day(int(full[1]), int(full[2]), int(full[3]))
    return text[:10]


def moment(text: str) -> str:
    """Return a FHIR dateTime; a time without zone is Norwegian time.

    Raises:
        ValueError: neither date nor time, or no such moment.
    """
    text = text.strip()
    match = _MOMENT.fullmatch(text)
    if not match:
        return date(text)
    day, minutes, seconds, fraction, zone = match.groups()
    year, month, number = (int(part) for part in day.split("-"))
    _day(year, month, number)
    clock = _clock(minutes + (seconds or ":00"))
    if zone is None:
        zone = _offset(dt.datetime.combine(dt.date(year, month, number), clock))
    elif zone != "Z":
        zone = _zone(zone)
    return f"{day}T{clock.isoformat()}{fraction or ''}{zone}"


def has_zone(text: str) -> bool:
    """Return whether a text with a clock time says which zone it is in (days need none)."""
    match = _MOMENT.fullmatch(text.strip())
    return not match or match[5] is not None


def time_of_day(text: str) -> str:
    """Return a FHIR time ``HH:MM:SS``.

    Raises:
        ValueError: no such time.
    """
    match = _TIME.fullmatch(text.strip())
    if not match:
        raise ValueError("not a time (HH:MM)")
    return _clock(match[1] + (match[2] or ":00")).isoformat()


def _day(year: int, month: int, day: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"the year is not between {FIRST_YEAR} and {LAST_YEAR}")
    try:
        dt.date(year, month, day)
    except ValueError:
        raise ValueError("there is no such day") from None


def _clock(text: str) -> dt.time:
    try:
        return dt.time.fromisoformat(text)
    except ValueError:
        raise ValueError("there is no such time of day") from None


def _zone(text: str) -> str:
    sign, digits = text[0], text[1:].replace(":", "")
    if int(digits[:2]) > 14 or int(digits[2:]) > 59:
        raise ValueError("there is no such time zone")
    return f"{sign}{digits[:2]}:{digits[2:]}"


def _offset(naive: dt.datetime) -> str:
    offset = naive.replace(tzinfo=NORWAY).utcoffset() or dt.timedelta()
    minutes = int(offset.total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
