"""The register of sources that systems and findings rest on (``data/sources.csv``)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import data
from data.loaders.dates import day
from data.loaders.tables import Problems, Row, read_csv

COLUMNS = (
    "id", "title_nb", "title_en", "publisher", "date", "date_note_nb", "date_note_en", "where",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """One document; ``date`` is when it was published, None for a compilation of dated facts."""

    id: str
    title_nb: str
    title_en: str
    publisher: str
    date: dt.date | None
    date_note_nb: str
    date_note_en: str
    where: str

    def title(self, lang: str) -> str:
        """Return the title in ``nb`` or ``en``."""
        return self.title_nb if lang == "nb" else self.title_en

    def date_note(self, lang: str) -> str:
        """Return what is uncertain about the date, in ``nb`` or ``en``."""
        return self.date_note_nb if lang == "nb" else self.date_note_en


@cache
def sources() -> Mapping[str, Source]:
    """Return the register by id."""
    problems = Problems()
    found: dict[str, Source] = {}
    for row in read_csv(data.path("sources.csv"), COLUMNS, problems):
        if row["id"] in found:
            problems.add(f"source «{row['id']}» stands twice", row.where)
        try:
            date = day(row["date"]) if row["date"] else None
        except ValueError as error:
            problems.add(f"date: {error}", row.where)
            continue
        cells = {c: row[c] for c in COLUMNS if c != "date"}
        found[row["id"]] = Source(**cells, date=date)
    problems.stop()
    return found


def split(cell: str) -> tuple[str, ...]:
    """Return the parts of a cell that holds several sources or sections (separated by ``;``)."""
    return tuple(part.strip() for part in cell.split(";") if part.strip())


def check_sources(row: Row, problems: Problems) -> None:
    """Note a row without a source, or with one that the register does not know."""
    named = split(row["source"])
    if not named:
        problems.add(
            "source is empty", row.where, rule="nothing without a source",
            remedy="name the document, or leave the row out",
        )  # fmt: skip
    for name in named:
        if name not in sources():
            problems.add(f"there is no source «{name}»", row.where, remedy="add it to sources.csv")
