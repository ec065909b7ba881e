"""The systems: national services, products, infrastructures, registers and regional portfolios."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import data
from data.loaders.codes import check_cell
from data.loaders.dates import end_of
from data.loaders.sources import check_sources
from data.loaders.tables import Problems, Row, read_csv

COLUMNS = (
    "id", "name_nb", "name_en", "kind", "owner", "region", "verbs", "categories", "serves",
    "deployment", "ehr_system", "actors", "scopes", "interfaces", "depends_on", "description_nb",
    "description_en", "reasoning_nb", "reasoning_en", "source", "section", "inferred",
)  # fmt: skip
STATUS_COLUMNS = ("system", "date", "status", "what_nb", "what_en", "source", "section")
_CODED = {
    "kind": ("kind", False), "region": ("region", False), "ehr_system": ("yesno", False),
    "verbs": ("verb", True), "categories": ("category", True), "serves": ("serves", True),
    "deployment": ("deployment", True), "actors": ("actor", True), "scopes": ("scope", True),
}  # fmt: skip
_NEEDED = ("id", "name_nb", "name_en", "owner", "description_nb", "description_en",
           "reasoning_nb", "reasoning_en", "section")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Status:
    """What a source says about the state of a system at a date (or period)."""

    date: str
    status: str
    what_nb: str
    what_en: str
    source: str
    section: str

    def what(self, lang: str) -> str:
        """Return the statement in ``nb`` or ``en``."""
        return self.what_nb if lang == "nb" else self.what_en


@dataclass(frozen=True, slots=True)
class System:
    """One system in the words of Article 2(2)(k): what it does, with what, for whom.

    ``inferred`` names the fields that are our reading rather than stated by a source.
    """

    id: str
    name_nb: str
    name_en: str
    kind: str
    owner: str
    region: str
    verbs: tuple[str, ...]
    categories: tuple[str, ...]
    serves: tuple[str, ...]
    deployment: tuple[str, ...]
    ehr_system: str
    actors: tuple[str, ...]
    scopes: tuple[str, ...]
    interfaces: str
    depends_on: tuple[str, ...]
    description_nb: str
    description_en: str
    reasoning_nb: str
    reasoning_en: str
    source: str
    section: str
    inferred: tuple[str, ...]
    history: tuple[Status, ...]

    def name(self, lang: str) -> str:
        """Return the name in ``nb`` or ``en``."""
        return self.name_nb if lang == "nb" else self.name_en

    def description(self, lang: str) -> str:
        """Return the description in ``nb`` or ``en``."""
        return self.description_nb if lang == "nb" else self.description_en

    def reasoning(self, lang: str) -> str:
        """Return why the fields are as they are, in ``nb`` or ``en``."""
        return self.reasoning_nb if lang == "nb" else self.reasoning_en

    @property
    def in_house_only(self) -> bool:
        """Whether the system is under Art 26(2) alone, and so has the later date of Art 105."""
        return bool(self.deployment) and "market" not in self.deployment


@cache
def systems() -> Mapping[str, System]:
    """Return the systems that are shipped with the product, by id."""
    return load(data.path("systems"))


def load(folder: Path) -> Mapping[str, System]:
    """Read and check ``systems.csv`` and ``status.csv`` of a folder.

    Raises:
        InputError: with every row that fails, by file and line.
    """
    problems = Problems()
    rows = read_csv(folder / "systems.csv", COLUMNS, problems)
    ids = {row["id"] for row in rows}
    history = _history(folder / "status.csv", ids, problems)
    found: dict[str, System] = {}
    for row in rows:
        _check(row, ids, problems)
        if row["id"] in found:
            problems.add(f"system «{row['id']}» stands twice", row.where, rule="ids are unique")
        found[row["id"]] = _system(row, tuple(history.get(row["id"], ())))
    problems.stop()
    return found


def _check(row: Row, ids: set[str], problems: Problems) -> None:
    for column in _NEEDED:
        if not row[column]:
            problems.add(f"{column} is empty", row.where, remedy="fill in the cell")
    for column, (set_name, many) in _CODED.items():
        check_cell(row, column, set_name, problems, many=many)
    for target in row.words("depends_on"):
        if target not in ids:
            problems.add(f"depends_on: there is no system «{target}»", row.where)
    unknown = [name for name in row.words("inferred") if name not in COLUMNS]
    if unknown:
        problems.add(f"inferred names no column: {' '.join(unknown)}", row.where)
    check_sources(row, problems)


def _system(row: Row, history: tuple[Status, ...]) -> System:
    texts: dict[str, Any] = {
        c: row[c]
        for c in ("id", "name_nb", "name_en", "kind", "owner", "region", "ehr_system",
                  "interfaces", "description_nb", "description_en", "reasoning_nb",
                  "reasoning_en", "source", "section")
    }  # fmt: skip
    words: dict[str, Any] = {
        c: row.words(c)
        for c in ("verbs", "categories", "serves", "deployment", "actors", "scopes",
                  "depends_on", "inferred")
    }  # fmt: skip
    return System(**texts, **words, history=history)


def _history(file: Path, ids: set[str], problems: Problems) -> dict[str, list[Status]]:
    history: dict[str, list[Status]] = {}
    for row in read_csv(file, STATUS_COLUMNS, problems):
        if row["system"] not in ids:
            problems.add(f"there is no system «{row['system']}»", row.where)
        check_cell(row, "status", "system_status", problems, many=False)
        check_sources(row, problems)
        for column in ("what_nb", "what_en", "section"):
            if not row[column]:
                problems.add(f"{column} is empty", row.where)
        try:
            end_of(row["date"])
        except ValueError as error:
            problems.add(f"date: {error}", row.where)
            continue
        history.setdefault(row["system"], []).append(
            Status(row["date"], row["status"], row["what_nb"], row["what_en"], row["source"],
                   row["section"])
        )  # fmt: skip
    for statements in history.values():
        statements.sort(key=lambda s: end_of(s.date))
    return history
