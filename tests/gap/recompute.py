"""The whole analysis computed again from its JSON alone, with none of the product's code.

Plain Python over plain data and exact fractions: applicability by the rules of the law, cells,
figures of every roll-up, the heat map and the roadmap. Nothing here imports ``gap``, ``reports``,
``data`` or pandas.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Json = dict[str, Any]
BINDING = {"S", "R", "X"}
WITHOUT_DATA = {"ID", "SEC", "LOG", "GOV", "LAW", "DOC", "MKT"}
GROUP_1 = {"a", "b", "c"}
ROUNDED = Fraction(1, 10**9)


def applies(row: Json, one: Json) -> bool:
    """Whether every condition of a row holds for a system."""

    def shares(asked: str, has: str) -> bool:
        return not row[asked] or bool(set(row[asked]) & set(one[has]))

    if row["ehr_only"] and (one["ehr_system"] == "no" or not one["categories"]):
        return False
    if row["categories"] and not set(row["categories"]) & set(one["categories"]):
        beside = set(row["scopes"]) & set(one["scopes"]) & WITHOUT_DATA
        if one["categories"] or not beside:
            return False
    return (
        shares("scopes", "scopes") and shares("actors", "actors") and shares("verbs_any", "verbs")
        and shares("serves_any", "serves") and shares("deployment_any", "deployment")
    )  # fmt: skip


@dataclass
class Part:
    """What one category of a cell (or the cell itself) is: the smallest thing that is assessed."""

    category: str
    share: Fraction
    level: int | None
    status: str


@dataclass
class Cell:
    """One obligation for one system, in its parts."""

    row: Json
    one: Json
    parts: list[Part]

    def total(self, want: Iterable[Part] | None = None) -> Fraction:
        """Return the share of the cell that some of its parts make up."""
        return sum((p.share for p in (self.parts if want is None else want)), Fraction(0))

    @property
    def known(self) -> list[Part]:
        return [p for p in self.parts if p.level is not None]

    @property
    def assessed(self) -> Fraction:
        return self.total(self.known)

    def with_status(self, status: str) -> Fraction:
        return self.total(p for p in self.parts if p.status == status)

    @property
    def level(self) -> Fraction:
        """The level as a share of 3."""
        return sum((p.share * Fraction(p.level or 0, 3) for p in self.known), Fraction(0))

    def alone(self, part: Part) -> Cell:
        """Return one category as a cell of its own, where it counts in full."""
        return Cell(self.row, self.one, [Part(part.category, Fraction(1), part.level, part.status)])


def cells(document: Json) -> list[Cell]:
    """Return every scored cell in the order of systems and obligations."""
    used = {f["obligation"] for f in document["findings"] if f["status"] == "used"}
    said: dict[tuple[str, str], list[Json]] = defaultdict(list)
    for finding in document["findings"]:
        said[finding["system"], finding["obligation"]].append(finding)
    found = []
    for one in document["systems"]:
        for row in document["obligations"]:
            if row["modality"] not in BINDING or not applies(row, one):
                continue
            if row["if_option"] and row["if_option"] not in used:
                continue
            found.append(Cell(row, one, list(_parts(row, one, said[one["id"], row["id"]]))))
    return found


def shared(row: Json, one: Json) -> list[str]:
    """Return the categories that a cell speaks of."""
    return [c for c in row["categories"] if c in one["categories"]]


def _parts(row: Json, one: Json, said: list[Json]) -> Iterator[Part]:
    categories = shared(row, one)
    for category in categories or [""]:
        part = Part(category, Fraction(1, len(categories) or 1), None, "not-assessed")
        for finding in said:
            covers = not finding["categories"] or category in finding["categories"]
            if covers and finding["level"] is not None:
                part.level, part.status = finding["level"], finding["status"]
        yield part


def figure(members: list[Cell], scheme: Json) -> Json:
    """Return the figure of a group as the scheme says."""
    cap = Fraction(str(scheme["gate_cap"]))
    unit = value = unknown = Fraction(0)
    for cell in members:
        weight = cell.row["weight"] if scheme["weighted"] else 1
        unit += weight
        unknown += weight * (1 - cell.assessed)
        value += weight * (cell.level if scheme["value"] == "level" else cell.with_status("met"))
    failed = sum(c.row["gate"] and c.with_status("met") < c.assessed for c in members)
    undecided = sum(c.row["gate"] and c.assessed < 1 for c in members)
    assessed = sum((c.assessed for c in members), Fraction(0))
    low, high = value / unit, (value + unknown) / unit
    point = value / (unit - unknown) if unit > unknown else None
    capped = bool(failed) and (high > cap or (point is not None and point > cap))
    if failed:
        high = min(high, cap)
        point = None if point is None else min(point, cap)
    if failed or undecided:
        low = min(low, cap)
    mean = 3 * sum((c.level for c in members), Fraction(0)) / assessed if assessed else None
    return {
        "cells": len(members), "assessed": assessed,
        "met": sum((c.with_status("met") for c in members), Fraction(0)),
        "partial": sum((c.with_status("partial") for c in members), Fraction(0)),
        "share_assessed": assessed / len(members), "low": low, "point": point, "high": high,
        "level": mean, "gates_failed": failed, "gates_open": undecided, "capped": capped,
    }  # fmt: skip


def groups(rollup: str, cell: Cell) -> Iterator[tuple[str, Cell]]:
    """Return the groups of a roll-up that a cell belongs to, with what counts there."""
    row, one = cell.row, cell.one
    each = [(p.category, cell.alone(p)) for p in cell.parts if p.category]
    if rollup == "national":
        yield "national", cell
    elif rollup in ("part", "reeif"):
        yield row[rollup], cell
    elif rollup in ("owner", "region"):
        yield one[rollup], cell
    elif rollup == "system":
        yield one["id"], cell
    elif rollup in ("actor", "scope"):
        yield from ((code, cell) for code in set(row[f"{rollup}s"]) & set(one[f"{rollup}s"]))
    elif rollup == "role":
        yield from ((role, cell) for role in row["roles"])
    elif rollup == "category":
        yield from each
    elif rollup == "date-group":
        yield from (("1" if c in GROUP_1 else "2", alone) for c, alone in each)
    elif rollup == "role-category":
        yield from ((f"{role}|{c}", alone) for role in row["roles"] for c, alone in each)
    else:
        raise AssertionError(f"a roll-up that nobody has recomputed: {rollup}")


def counting(every: list[Cell], scheme: Json) -> list[Cell]:
    """Return the cells that count in a scheme."""
    return [c for c in every if scheme["rows"] == "all" or c.row["roles"]]


def rollup(name: str, every: list[Cell], scheme: Json) -> dict[str, Json]:
    """Return a roll-up by its keys."""
    members: dict[str, list[Cell]] = defaultdict(list)
    for cell in counting(every, scheme):
        for key, counted in groups(name, cell):
            members[key].append(counted)
    return {key: figure(found, scheme) for key, found in members.items()}


def heat_map(every: list[Cell], scheme: Json) -> dict[tuple[str, str], Json]:
    """Return the figure of every system in every part."""
    members: dict[tuple[str, str], list[Cell]] = defaultdict(list)
    for cell in counting(every, scheme):
        members[cell.one["id"], cell.row["part"]].append(cell)
    return {key: figure(found, scheme) for key, found in members.items()}


def due(row: Json, one: Json, category: str) -> str:
    """Return the EU date of a category: Art 26(2) alone first, then the group of Art 105."""
    in_house = bool(one["deployment"]) and "market" not in one["deployment"]
    if in_house and row["eu_date_in_house"]:
        return str(row["eu_date_in_house"])
    if category and category not in GROUP_1 and row["eu_date_group_2"]:
        return str(row["eu_date_group_2"])
    return str(row["eu_date"])


def first_due(cell: Cell, categories: Iterable[str] = ()) -> str:
    """Return the first date that binds for a cell, or for some of its categories."""
    chosen = list(categories) or [p.category for p in cell.parts]
    return min(due(cell.row, cell.one, c) for c in chosen)


def last_day(period: str) -> dt.date:
    """Return the last day of 2027, 2027-H1, 2027-Q3, 2027-06 or 2027-06-30."""
    year, _, rest = period.partition("-")
    if len(rest) == 5:
        return dt.date.fromisoformat(period)
    if rest.startswith("H"):
        month = 6 * int(rest[1])
    elif rest.startswith("Q"):
        month = 3 * int(rest[1])
    else:
        month = int(rest or 12)
    return dt.date(int(year), month, calendar.monthrange(int(year), month)[1])


def plan(due_on: str, planned: dt.date | None, as_of: str) -> str:
    """Return what a plan means for a date."""
    today, binding = dt.date.fromisoformat(as_of), dt.date.fromisoformat(due_on)
    if binding < today:
        return "overdue"
    if planned is None:
        return "no-plan"
    if planned > binding:
        return "late"
    return "past-plan" if planned < today else "in-time"


def before(ident: str, rows: dict[str, Json]) -> set[str]:
    """Return everything that an obligation builds on, however far back."""
    found: set[str] = set()
    todo = list(rows[ident]["depends_on"])
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo.extend(rows[one]["depends_on"])
    return found - {ident}


def roadmap(document: Json, every: list[Cell]) -> list[Json]:
    """Return the known gaps in order."""
    rows = {o["id"]: o for o in document["obligations"]}
    place = {ident: n for n, ident in enumerate(rows)}
    of_system = {s["id"]: n for n, s in enumerate(document["systems"])}
    pending = {a["id"] for a in document["acts"] if a["status"] != "adopted"}
    gaps = []
    for cell in every:
        said = [
            f for f in document["findings"]
            if (f["system"], f["obligation"]) == (cell.one["id"], cell.row["id"])
            and f["level"] is not None and f["status"] != "met"
        ]  # fmt: skip
        if said:
            gaps.append((cell, said))
    known = {cell.row["id"] for cell, _ in gaps}
    steps = []
    for cell, said in gaps:
        named = {c for f in said for c in f["categories"] or shared(cell.row, cell.one)}
        categories = [c for c in shared(cell.row, cell.one) if c in named]
        days = [last_day(f["planned_date"]) for f in said if f["planned_date"]]
        planned = max(days) if days else None
        due_on = min(due(cell.row, cell.one, c) for c in categories or [""])
        level = min(f["level"] for f in said)
        step = {
            "system": cell.one["id"], "obligation": cell.row["id"], "categories": categories,
            "status": "not-met" if {f["status"] for f in said} == {"not-met"} else "partial",
            "level": level, "due": due_on, "planned": planned.isoformat() if planned else None,
            "plan": plan(due_on, planned, document["as_of"]),
            "after": [o for o in cell.row["depends_on"] if o in known],
            "waits_for": [a for a in cell.row["waits_for"] if a in pending],
        }  # fmt: skip
        depth = len(before(cell.row["id"], rows) & known)
        order = (due_on, depth, -cell.row["weight"], level, place[cell.row["id"]],
                 of_system[cell.one["id"]])  # fmt: skip
        steps.append((order, step))
    return [step for _, step in sorted(steps, key=lambda pair: pair[0])]
