"""Plans of deliveries as people write them: a CSV table, or TOML with the same names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.errors import InputError, Problem
from data.loaders.dates import end_of
from data.loaders.tables import Problems, Row, read_csv, read_toml
from gap.applicability import Kind
from gap.judgement import FULL_LEVEL, Judgement
from gap.simulate.changes import Change, check_overlaps, checked, units_of
from gap.simulate.deadlines import levels
from gap.simulate.distributions import Distribution, When

COLUMNS = ("delivery", "system", "obligations", "categories", "becomes", "distribution")
DATES = ("date", "low", "likely", "high")
OPTIONAL = (*DATES, "note")
_NEEDS = {
    Distribution.FIXED: ("date",), Distribution.UNIFORM: ("low", "high"),
    Distribution.TRIANGULAR: ("low", "likely", "high"),
    Distribution.PERT: ("low", "likely", "high"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery: what it changes, all at once, and when it comes."""

    name: str
    changes: tuple[Change, ...]
    when: When
    note: str
    where: str

    @property
    def closes(self) -> bool:
        """Whether it brings what it changes to the full level."""
        return all(c.level == FULL_LEVEL for c in self.changes)


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan; ``correlation`` is what the file says of common delay, None when nothing."""

    name: str
    deliveries: tuple[Delivery, ...]
    correlation: float | None


def read(file: Path, judgement: Judgement) -> Plan:
    """Read a plan and check it against catalogue, systems and findings.

    Raises:
        InputError: with everything that is wrong, by file and line (CSV) or delivery (TOML).
    """
    problems = Problems()
    correlation: float | None = None
    if file.suffix.lower() == ".toml":
        rows, correlation = _toml(file, problems)
    else:
        rows = read_csv(file, COLUMNS, problems, OPTIONAL)
    deliveries = [d for d in (_delivery(r, judgement, problems) for r in rows) if d]
    _check_names(rows, problems)
    placed = [(d.where, c) for d in deliveries for c in d.changes]
    check_overlaps(placed, judgement, problems)
    if not rows and not problems.found:
        problems.add("the plan has no delivery", str(file), remedy="add at least one row")
    problems.stop()
    return Plan(file.stem, tuple(deliveries), correlation)


def _toml(file: Path, problems: Problems) -> tuple[list[Row], float | None]:
    content = read_toml(file)
    for name in content:
        if name not in ("correlation", "delivery"):
            problems.add(f"unknown key «{name}»", str(file), "correlation and [[delivery]]")
    share = content.get("correlation")
    if share is not None and (
        isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1
    ):
        problems.add(f"correlation is {share!r}", str(file), "a number from 0 to 1")
        share = None
    given = content.get("delivery", [])
    if not isinstance(given, list) or not all(isinstance(d, dict) for d in given):
        raise InputError(
            Problem("«delivery» is no list of tables", str(file), remedy="write [[delivery]]")
        )
    rows = [_table(file, number, one, problems) for number, one in enumerate(given, 1)]
    return rows, share if share is None else float(share)


def _table(file: Path, number: int, given: Mapping[str, Any], problems: Problems) -> Row:
    """Return a TOML table as a row; its number stands for the line."""
    row = Row(f"{file}: delivery {given.get('delivery', '')}", number, {})
    cells = dict.fromkeys((*COLUMNS, *OPTIONAL), "")
    for name, value in given.items():
        if name not in cells:
            problems.add(f"unknown key «{name}»", row.where, f"one of: {', '.join(cells)}")
        elif isinstance(value, list):
            cells[name] = " ".join(map(str, value))
        elif isinstance(value, str | int | dt.date) and not isinstance(value, bool | dt.datetime):
            cells[name] = str(value).strip()
        else:
            problems.add(f"«{name}» is no text", row.where, remedy=f'write {name} = "..."')
    return Row(row.file, number, cells)


def _delivery(row: Row, judgement: Judgement, problems: Problems) -> Delivery | None:
    before = len(problems.found)
    for column in ("delivery", "system", "obligations", "becomes"):
        if not row[column]:
            problems.add(f"{column} is empty", row.where, remedy="fill in the cell")
    when = _when(row, problems)
    if len(problems.found) > before:
        return None
    letters = tuple(sorted(row.words("categories")))
    changes = [
        checked(row["system"], one, letters, row["becomes"], judgement, problems, row.where)
        for one in row.words("obligations")
    ]
    for change in changes:
        if change:
            _check_step(change, judgement, problems, row.where)
    if len(problems.found) > before or when is None:
        return None
    found = tuple(c for c in changes if c)
    return Delivery(row["delivery"], found, when, row["note"], row.where)


def _check_step(change: Change, judgement: Judgement, problems: Problems, where: str) -> None:
    if change.level is None:
        problems.add(f"«{change.status}» is nothing that is delivered", where,
                     "a delivery brings a cell to level 1, 2 or 3",
                     "write met, partial/1 or partial/2")  # fmt: skip
        return
    system = judgement.systems[change.system]
    obligation = judgement.catalogue.obligations[change.obligation]
    if judgement.kind(system, obligation) is not Kind.SCORED:
        problems.add(f"{change.obligation} is not scored for {change.system}", where,
                     "only a cell that applies has a date to keep",
                     f"see: ehds gap explain {change.system} {change.obligation}")  # fmt: skip
        return
    known = levels(judgement, change.system, change.obligation)
    if any(known.get(c, 0) > change.level for c in units_of(change, judgement)):
        problems.add(f"{change.obligation} for {change.system} is already above this level", where,
                     "a delivery never lowers a level", "correct the plan")  # fmt: skip


def _when(row: Row, problems: Problems) -> When | None:
    name = row["distribution"] or ("fixed" if row["date"] else "")
    if name not in set(Distribution):
        problems.add(f"«{name}» is no distribution", row.where,
                     f"one of: {' '.join(Distribution)}", "fill in the cell")  # fmt: skip
        return None
    kind = Distribution(name)
    days: dict[str, dt.date] = {}
    for column in DATES:
        if (column in _NEEDS[kind]) != bool(row[column]):
            word = "is missing" if column in _NEEDS[kind] else "is not used"
            problems.add(f"{column} {word} with «{kind}»", row.where,
                         f"{kind} needs: {' '.join(_NEEDS[kind])}")  # fmt: skip
        elif row[column]:
            try:
                days[column] = end_of(row[column])
            except ValueError as error:
                problems.add(f"{column}: {error}", row.where)
    if set(days) != set(_NEEDS[kind]):
        return None
    low = days.get("low") or days["date"]
    high = days.get("high") or days["date"]
    likely = days.get("likely") or high
    if not low <= likely <= high:
        problems.add(f"low, likely and high are {low}, {likely}, {high}", row.where,
                     "they stand in this order; a period counts as its last day",
                     "correct the dates")  # fmt: skip
        return None
    return When(kind, low, likely, high)


def _check_names(rows: list[Row], problems: Problems) -> None:
    seen: dict[str, str] = {}
    for row in rows:
        name = row["delivery"]
        if name and name in seen:
            problems.add(f"delivery «{name}» stands twice", row.where, "every name once",
                         f"the first is {seen[name]}")  # fmt: skip
        seen.setdefault(name, row.where)
