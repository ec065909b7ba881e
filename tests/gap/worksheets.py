"""Filling in assessment workbooks as a person would: cells found by row key and column key."""

from __future__ import annotations

import datetime as dt
import io
import warnings
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from data.loaders.assessments import Assessment, load
from data.loaders.catalogue import catalogue
from data.loaders.systems import systems
from gap.worksheet import apply, fields, intake, selection
from gap.worksheet.edits import Ground
from gap.worksheet.plan import Decisions
from reports.assessment_book import build
from reports.texts import Texts
from tests.reports.analyses import shipped

DAY = dt.date(2026, 11, 22)
ASSESSMENT = "norway-2026-11"
GROUND = Ground(catalogue(), systems(), DAY)
FULL: dict[str, Any] = {
    "status": "delvis oppfylt", "level": 2, "grade": "dokumentert", "basis": "sagt i kilden",
    "source": "ref-norway", "section": "8.1", "date": dt.date(2026, 11, 20), "planned_date": "2028",
    "comment_nb": "Kilden viser en del", "comment_en": "The source shows a part",
}  # fmt: skip
"""Inputs that make a sound finding on a duty."""


@cache
def exported(
    names: tuple[str, ...] = ("kjernejournal",), region: str = "", theme: str = "", lang: str = "nb"
) -> bytes:
    """Return a workbook of the shipped assessment, made once."""
    j = shipped(ASSESSMENT).judgement
    chosen = selection.choose(j, names, region, theme)
    return build(j, selection.rows(j, chosen), chosen, Texts(lang))


class Filled:
    """A workbook under a person's hands."""

    def __init__(self, content: bytes | None = None) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.book = openpyxl.load_workbook(io.BytesIO(content or exported()))
        self.sheet: Worksheet = self.book.worksheets[1]
        self.key_row = next(
            r for r in range(1, 12)
            if "key.system" in [c.value for c in self.sheet[r]]
        )  # fmt: skip
        keys = [c.value for c in self.sheet[self.key_row]]
        self.columns = {key: at for at, key in enumerate(keys, 1) if key}

    @property
    def first(self) -> int:
        return self.key_row + 2

    def rows(self) -> Iterator[int]:
        """Yield the numbers of the rows that have a key."""
        for row in range(self.first, self.sheet.max_row + 1):
            if self.get(row, "key.system"):
                yield row

    def get(self, row: int, column: str) -> Any:
        return self.sheet.cell(row, self.columns[column]).value

    def row(self, obligation: str, categories: str | None = None, system: str = "") -> int:
        """Return the row of an obligation."""
        for row in self.rows():
            if (
                self.get(row, "key.obligation") == obligation
                and categories in (None, self.get(row, "key.categories") or "")
                and system in ("", self.get(row, "key.system"))
            ):
                return row
        raise AssertionError(f"no row {obligation} {categories}")

    def open_row(self, nth: int = 0) -> int:
        """Return a row of a duty that nobody has assessed."""
        found = [
            r for r in self.rows()
            if not self.get(r, "status")
            and catalogue().obligations[self.get(r, "key.obligation")].modality != "O"
        ]  # fmt: skip
        return found[nth]

    def found_row(self, nth: int = 0) -> int:
        """Return a row with a finding on a duty."""
        found = [r for r in self.rows() if self.get(r, "level") is not None]
        return found[nth]

    def spare(self, nth: int = 0) -> int:
        """Return an empty row at the end."""
        return max(self.rows()) + 1 + nth

    def set(self, row: int, **values: Any) -> Filled:
        """Write cells of a row by column key."""
        for column, value in values.items():
            self.sheet.cell(row, self.columns[column.replace("key_", "key.")]).value = value
        return self

    def at(self, row: int, column: str, file: str = "a.xlsx") -> str:
        """Return the address of a cell as errors show it."""
        cell = self.sheet.cell(row, self.columns[column])
        return f"[{file}]{self.sheet.title}!{cell.coordinate}"

    def by(self, name: str) -> Filled:
        """Write the name of the assessor."""
        self.book.worksheets[0]["B5"] = name
        return self

    def save(self, folder: Path, name: str = "a.xlsx") -> Path:
        file = folder / name
        self.book.save(file)
        return file


def prepare(
    *files: Path, folder: Path | None = None, assessment: str = ASSESSMENT, who: str = "",
    accept: Sequence[str] = (), prefer: str = "", as_csv: bool = False,
) -> intake.Intake:  # fmt: skip
    """Return what files would change."""
    to = apply.target(folder, assessment, GROUND)
    decisions = Decisions(frozenset(accept), prefer)
    return intake.prepare(files, to, GROUND, as_csv=as_csv, who=who, decisions=decisions)


def applied(
    *files: Path, folder: Path, who: str = "Kari", assessment: str = ASSESSMENT, **rest: Any
) -> Assessment:
    """Import files into a folder and return the assessment as it loads."""
    to = apply.target(folder, assessment, GROUND)
    found = prepare(*files, folder=folder, assessment=assessment, who=who, **rest)
    folder.mkdir(exist_ok=True)
    for path, content in apply.files(found.plan, to, GROUND).items():
        path.write_bytes(content)
    return load(str(folder))


def said(assessment: Assessment) -> dict[tuple[str, str, tuple[str, ...]], dict[str, str]]:
    """Return every finding of an assessment by its key."""
    return {f.key: fields.of_finding(f) for f in assessment.findings}


def base() -> dict[tuple[str, str, tuple[str, ...]], dict[str, str]]:
    return said(load(ASSESSMENT))


K1, K2 = (3, 7, 6, 1, 8, 9, 4, 5, 2), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
"""Weights of the two check digits of a national identity number."""


def issued() -> str:
    """Return a number of the series that people are given, of a day in 2039: nobody has it yet."""
    for individual in range(500, 1000):
        digits = f"311239{individual}"
        first = -sum(a * int(b) for a, b in zip(K1, digits, strict=True)) % 11
        digits += str(first)
        second = -sum(a * int(b) for a, b in zip(K2, digits, strict=True)) % 11
        if first < 10 and second < 10:
            return digits + str(second)
    raise AssertionError
