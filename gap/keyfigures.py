"""The key figures of the activity report (EHDS Art 20): the table, filled files, and change.

A figure that nobody has stays empty: it is «not given», never nought.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path

import data
from data.errors import did_you_mean
from data.loaders.dates import day
from data.loaders.tables import Problems, Row, read_csv

DEFINITION = ("id", "obligation", "ref", "basis", "unit", "dimension", "title_nb", "title_en",
              "definition_nb", "definition_en", "source_nb", "source_en")  # fmt: skip
FILLED = ("id", "period", "value", "source", "date")
BESIDE = ("comment", "obligation", "ref", "basis", "unit", "title", "definition",
          "expected_source")  # fmt: skip
"""Columns that a file may have beside; the exported table carries them for the reader."""
UNITS = ("percent", "count", "text", "date")
_PERIOD = re.compile(r"(\d{4})(?:-(\d{4}))?")
_THOUSANDS = re.compile(r"[ \u00a0\u202f]")


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One figure that the report asks for (``basis`` law), or that we propose beside it.

    ``unit`` is percent (0 to 100), count (a whole number), text or date; ``dimension`` is a
    priority category, a type of provider, or empty.
    """

    id: str
    obligation: str
    ref: str
    basis: str
    unit: str
    dimension: str
    title_nb: str
    title_en: str
    definition_nb: str
    definition_en: str
    source_nb: str
    source_en: str

    def text(self, field: str, lang: str) -> str:
        """Return title, definition or source in ``nb`` or ``en``."""
        return str(getattr(self, f"{field}_{lang}"))


@dataclass(frozen=True, slots=True)
class Value:
    """What a file says of one figure in one period; ``number`` is None for text and dates."""

    id: str
    period: str
    shown: str
    number: Decimal | None
    source: str
    date: dt.date
    comment: str
    where: str


@dataclass(frozen=True, slots=True)
class Line:
    """One figure over the periods: what is given, None where nobody has it, and the changes.

    ``changes`` holds for each period the difference from the latest earlier period with a number
    (percentage points for percent), None where there is nothing to compare.
    """

    figure: KeyFigure
    values: tuple[Value | None, ...]
    changes: tuple[Decimal | None, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All figures over all periods that the files speak of."""

    periods: tuple[str, ...]
    lines: tuple[Line, ...]

    def given(self, period: str) -> int:
        """Return how many figures are given in a period."""
        at = self.periods.index(period)
        return sum(line.values[at] is not None for line in self.lines)


@cache
def figures() -> dict[str, KeyFigure]:
    """Return the figures by id, in the order of the table (``data/key-figures.csv``)."""
    problems = Problems()
    rows = read_csv(data.path("key-figures.csv"), DEFINITION, problems)
    problems.stop()
    return {row["id"]: KeyFigure(**{name: row[name] for name in DEFINITION}) for row in rows}


def read(files: Sequence[Path]) -> tuple[Value, ...]:
    """Read filled tables; rows without a value are passed over.

    Raises:
        InputError: with everything that is wrong in all files, by file and line.
    """
    problems = Problems()
    found: list[Value] = []
    for file in files:
        rows: list[Row] = []
        with problems.gather():
            rows = read_csv(file, FILLED, problems, BESIDE)
        found += [v for v in (_value(row, problems) for row in rows) if v]
    seen: dict[tuple[str, str], str] = {}
    for value in found:
        key = (value.id, value.period)
        if key in seen:
            problems.add(f"«{value.id}» stands twice for {value.period}", value.where,
                         "one value for a figure and a period",
                         f"keep it or {seen[key]}")  # fmt: skip
        seen.setdefault(key, value.where)
    problems.stop()
    return tuple(found)


def _value(row: Row, problems: Problems) -> Value | None:
    before = len(problems.found)
    figure = figures().get(row["id"])
    if not figure:
        remedy = did_you_mean(row["id"], figures(), "ehds gap keyfigures")
        problems.add(f"unknown key figure «{row['id']}»", row.where, remedy=remedy)
        return None
    if not row["value"]:
        return None
    _check_period(row, problems)
    number = _number(row, figure.unit, problems)
    if not row["source"]:
        problems.add("source is empty", row.where, "a value stands with its source",
                     "say where it comes from, or leave the value empty")  # fmt: skip
    on = _day(row, "date", problems)
    if figure.unit == "date":
        _day(row, "value", problems)
    if len(problems.found) > before or on is None:
        return None
    shown = row["value"] if number is None else format(number, "f")
    return Value(figure.id, row["period"], shown, number, row["source"], on, row["comment"],
                 row.where)  # fmt: skip


def _check_period(row: Row, problems: Problems) -> None:
    match = _PERIOD.fullmatch(row["period"])
    if not match or (match[2] and not 0 < int(match[2]) - int(match[1]) <= 1):
        problems.add(f"«{row['period']}» is no period", row.where, "a year, or two years in a row",
                     "write 2027 or 2027-2028")  # fmt: skip


def _day(row: Row, column: str, problems: Problems) -> dt.date | None:
    try:
        return day(row[column])
    except ValueError as error:
        problems.add(f"{column}: {error}", row.where)
        return None


def _number(row: Row, unit: str, problems: Problems) -> Decimal | None:
    if unit not in ("percent", "count"):
        return None
    text = _THOUSANDS.sub("", row["value"]).removesuffix("%").replace(",", ".")
    rule = "a number from 0 to 100" if unit == "percent" else "a whole number, 0 or more"
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    sound = number.is_finite() and number >= 0
    if unit == "percent":
        sound = sound and number <= 100
    elif sound:
        sound = number == number.to_integral_value()
    if not sound:
        problems.add(f"value: «{row['value']}» does not fit {row['id']}", row.where, rule,
                     "correct it; leave it empty when nobody has it")  # fmt: skip
        return None
    return number


def report(values: Sequence[Value]) -> Report:
    """Return all figures over all periods, with what changed between them."""
    periods = tuple(sorted({v.period for v in values}))
    by = {(v.id, v.period): v for v in values}
    lines = []
    for figure in figures().values():
        here = tuple(by.get((figure.id, period)) for period in periods)
        lines.append(Line(figure, here, _changes(here)))
    return Report(periods, tuple(lines))


def _changes(values: Sequence[Value | None]) -> tuple[Decimal | None, ...]:
    found: list[Decimal | None] = []
    last: Decimal | None = None
    for value in values:
        number = value.number if value else None
        found.append(None if number is None or last is None else number - last)
        last = last if number is None else number
    return tuple(found)
