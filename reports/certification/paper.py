"""A paper: headings, sentences and tables, before it becomes a page, a workbook or Markdown."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from gap.analysis import Analysis
from gap.certification import Standing
from reports.numbers import date
from reports.texts import Texts

Value = str | int | dt.date
"""What a cell of a table holds; a cell may also be a ``Mark``."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A word with a colour beside it: a standing, or something that is missing."""

    text: str
    colour: str


@dataclass(frozen=True, slots=True)
class Section:
    """One heading with a note and a table.

    Attributes:
        id: anchor of the page.
        sheet: name of the sheet of the workbook.
        columns: heads of the table.
        rows: as many cells as there are columns.
    """

    id: str
    sheet: str
    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value | Mark, ...], ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """A title, sentences that stand above everything, and sections."""

    title: str
    lead: tuple[str, ...]
    sections: tuple[Section, ...]
    day: dt.date
    lang: str


COLOURS = {
    Standing.SHOWN: "met", Standing.CLAIMED: "partial", Standing.PART: "partial",
    Standing.LACKING: "not-met", Standing.CONTRADICTED: "not-met",
    Standing.NOBODY: "not-assessed", Standing.NOT_APPLICABLE: "not-assessed",
}  # fmt: skip


def standing(value: Standing, t: Texts) -> Mark:
    """Return a standing in words."""
    return Mark(t(f"cert.standing.{value}"), COLOURS[value])


def text(value: Value | Mark, lang: str) -> str:
    """Return a cell as text."""
    if isinstance(value, Mark):
        return value.text
    return date(value, lang) if isinstance(value, dt.date) else str(value)


def ground(analysis: Analysis, t: Texts) -> str:
    """Return what the paper rests on: day, assessment and edition of the catalogue."""
    j = analysis.judgement
    return t("cert.as-of", date=date(j.as_of, t.lang), assessment=j.assessment.id,
             edition=j.catalogue.edition)  # fmt: skip
