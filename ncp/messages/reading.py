"""What all readers share: collecting departures from the profile, times, and text."""

from __future__ import annotations

import datetime as dt
import re

from lxml import etree

from data.results import Outcome, Result, Severity

_HL7 = re.compile(
    r"(?P<date>[0-9]{4}(?:[0-9]{2}){0,5})(?:\.(?P<fraction>[0-9]{1,9}))?"
    r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?"
)


class Findings:
    """Departures from a profile, collected while a message is read."""

    def __init__(self) -> None:
        self._found: list[Result] = []

    def add(
        self, rule: str, message: str, location: str, source: str, *, grave: bool = False
    ) -> None:
        """Note a departure; a grave one loses information or breaks a SHALL of the law."""
        severity = Severity.ERROR if grave else Severity.WARNING
        self._found.append(Result(rule, Outcome.FAIL, severity, message, location, source=source))

    def want(self, ok: object, rule: str, message: str, location: str, source: str) -> None:
        """Note a departure unless a condition holds."""
        if not ok:
            self.add(rule, message, location, source)

    def all(self) -> tuple[Result, ...]:
        """Return what was found, in the order of reading."""
        return tuple(self._found)


def text(element: etree._Element | None) -> str:
    """Return the text of an element without blanks around it; none is empty."""
    return (element.text or "").strip() if element is not None else ""


def hl7_time(moment: dt.datetime) -> str:
    """Return an aware time as ``yyyyMMddHHmmss`` in UTC (HL7 v3 TS, ebXML DTM)."""
    return moment.astimezone(dt.UTC).strftime("%Y%m%d%H%M%S").rjust(14, "0")


def read_time(value: str) -> dt.datetime:
    """Read an HL7 or ebXML time of any precision, or an ISO instant; without a zone it is UTC.

    Raises:
        ValueError: no such time.
    """
    value = value.strip()
    found = _HL7.fullmatch(value)
    if not found:
        moment = dt.datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    digits = found["date"]
    parts = [int(digits[:4]), *(int(digits[i : i + 2]) for i in range(4, len(digits), 2))]
    year, month, day, hour, minute, second = parts + [1, 1, 0, 0, 0][len(parts) - 1 :]
    micro = int((found["fraction"] or "0").ljust(6, "0")[:6])
    return dt.datetime(year, month, day, hour, minute, second, micro, _zone(found["zone"]))


def _zone(text: str | None) -> dt.timezone:
    if not text or text == "Z":
        return dt.UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return dt.timezone(dt.timedelta(minutes=-minutes if text[0] == "-" else minutes))
