"""The register of sources that systems and findings rest on (``data/sources.csv``).

An assessment may have a register of its own beside its findings, with the same columns: what its
assessor has read and the product does not know.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import data
from data.loaders.dates import day
from data.loaders.tables import Problems, Row, read_csv

COLUMNS = (
    "id", "title_nb", "title_en", "publisher", "date", "date_note_nb", "date_note_en", "where",
)  # fmt: skip
OWN = "sources.csv"
"""The register that may stand beside an assessment."""
_NEEDED = ("title_nb", "title_en", "publisher", "where")
_ID = re.compile(r"[a-z0-9][a-z0-9.-]{1,58}[a-z0-9]")
_LONGEST = 1000


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

    def cells(self) -> dict[str, str]:
        """Return the source as the texts of its row."""
        said = {name: str(getattr(self, name)) for name in COLUMNS}
        return {**said, "date": self.date.isoformat() if self.date else ""}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one cell of a register."""

    column: str
    what: str
    rule: str = ""
    remedy: str = ""


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


def faults(cells: Mapping[str, str]) -> list[Fault]:
    """Return what is wrong with a row of an assessment's own register, by column."""
    found: list[Fault] = []
    if not _ID.fullmatch(cells["id"]):
        found.append(Fault("id", f"«{cells['id'][:60]}» is no id" if cells["id"] else "id is empty",
                           "3 to 60 small letters a to z, digits, dots and hyphens",
                           "write it like kartlegging-vest-2026"))  # fmt: skip
    for name in _NEEDED:
        if not cells[name]:
            found.append(Fault(name, f"{name} is empty", "a source is named in both languages, "
                               "with its publisher and where it is found",
                               "fill in the cell"))  # fmt: skip
    for name in COLUMNS:
        if len(cells[name]) > _LONGEST:
            found.append(Fault(name, f"{name} has {len(cells[name])} characters",
                               f"at most {_LONGEST}", "shorten the text"))  # fmt: skip
    if bool(cells["date_note_nb"]) != bool(cells["date_note_en"]):
        empty = "date_note_en" if cells["date_note_nb"] else "date_note_nb"
        found.append(Fault(empty, f"{empty} is empty", "the note stands in both languages",
                           "fill in the cell"))  # fmt: skip
    if not cells["date"] and not cells["date_note_nb"] and not cells["date_note_en"]:
        found.append(Fault("date", "date is empty", "a source has a date, or a note that says why "
                           "it has none", "write the day it was published, or the note in both "
                           "languages"))  # fmt: skip
    if cells["date"]:
        try:
            day(cells["date"])
        except ValueError as error:
            found.append(Fault("date", f"date: {error}"))
    return found


def made(cells: Mapping[str, str]) -> Source:
    """Return the source of a row; a date that is none is left out."""
    try:
        date = day(cells["date"]) if cells["date"] else None
    except ValueError:
        date = None
    return Source(**{c: cells[c] for c in COLUMNS if c != "date"}, date=date)


def own(folder: Path, below: Iterable[Source], problems: Problems) -> tuple[Source, ...]:
    """Return the sources of an assessment's own, with those of the assessment it extends.

    Args:
        folder: the folder of the assessment; it may have no register.
        below: the own sources of the assessment that it extends.
        problems: gets what is wrong, with file and line.
    """
    found = {source.id: source for source in below}
    file, lines = folder / OWN, dict[str, str]()
    if not file.is_file():
        return tuple(found.values())
    for row in read_csv(file, COLUMNS, problems):
        wrong = faults(row.cells)
        for fault in wrong:
            problems.add(fault.what, row.where, fault.rule, fault.remedy)
        source, earlier = made(row.cells), lines.setdefault(row["id"], row.where)
        known = {**sources(), **found}.get(source.id)
        if earlier != row.where:
            problems.add(f"source «{source.id}» stands twice", row.where,
                         remedy=f"take one out (the other is {earlier})")  # fmt: skip
        elif known and known != source and not wrong:
            problems.add(another(known), row.where, *ONE_DOCUMENT)
        found.setdefault(source.id, source)
    return tuple(source for name, source in found.items() if name not in sources())


ONE_DOCUMENT = ("an id names one document", "choose another id, or write it as it is registered")
"""Rule and remedy where an id is taken."""


def another(known: Source) -> str:
    """Return what is wrong where an id is taken by another document."""
    return f"«{known.id}» is another document: {known.title_en}, {known.publisher}"


def joined(
    one: Iterable[Source], other: Iterable[Source], where: str, problems: Problems
) -> tuple[Source, ...]:
    """Return the own sources of two assessments; an id that names two documents is noted."""
    found = {source.id: source for source in one}
    for source in other:
        if found.setdefault(source.id, source) != source:
            problems.add(another(found[source.id]), where, *ONE_DOCUMENT)
    return tuple(found.values())


def split(cell: str) -> tuple[str, ...]:
    """Return the parts of a cell that holds several sources or sections (separated by ``;``)."""
    return tuple(part.strip() for part in cell.split(";") if part.strip())


def check_sources(
    row: Row, problems: Problems, register: Mapping[str, Source] | None = None
) -> None:
    """Note a row without a source, or with one that the register does not know.

    Args:
        row: any row with a column ``source``.
        problems: gets what is wrong.
        register: the sources that are known; the shipped ones by default.
    """
    known = sources() if register is None else register
    named = split(row["source"])
    if not named:
        problems.add(
            "source is empty", row.where, rule="nothing without a source",
            remedy="name the document, or leave the row out",
        )  # fmt: skip
    for name in named:
        if name not in known:
            problems.add(f"there is no source «{name}»", row.where,
                         remedy="add it to the sources.csv beside it")  # fmt: skip
