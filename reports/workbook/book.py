"""What all sheets share: formats, and writing that raises where xlsxwriter would be silent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from gap.analysis import Analysis
from reports.texts import Texts

HEADER = "#1E2B3C"
PALE = "#F1F4F7"
HEAD_HEIGHT = 46
"""Height in points of a row of column heads: three lines."""
LINE_HEIGHT = 15.5
STATUS_COLOURS = {
    "met": ("#0B4F2A", "#D5F0DF"),
    "partial": ("#5A3D00", "#FCEFC7"),
    "not-met": ("#7A1414", "#FBDCDC"),
    "not-assessed": ("#3A3A3A", "#E9E9E9"),
}
"""Text and fill of each status; every pair has a contrast above 7 to 1."""


class CellError(ValueError):
    """xlsxwriter refused a cell (too long a text, a row too far down) without an error."""


@dataclass
class Book:
    """A workbook under construction."""

    workbook: Workbook
    analysis: Analysis
    t: Texts

    def add(self, name: str) -> None:
        """Add a sheet; all are added first so that links and formulas can name them."""
        sheet = self.workbook.add_worksheet(name)
        sheet.set_paper(9)
        sheet.set_margins(0.5, 0.5, 0.7, 0.7)
        sheet.set_footer(f"&L{self.t('app.title')}&C&A&R&P / &N")

    def sheet(self, module: str) -> Worksheet:
        """Return the sheet of a module by the module's name."""
        found = self.workbook.get_worksheet_by_name(self.t(f"sheet.{module}"))
        assert found is not None
        return found

    @cached_property
    def title(self) -> Format:
        """The heading of a sheet."""
        return self.workbook.add_format({"bold": True, "font_size": 16, "font_color": HEADER})

    @cached_property
    def heading(self) -> Format:
        """A heading within a sheet."""
        return self.workbook.add_format({"bold": True, "font_size": 12, "font_color": HEADER})

    @cached_property
    def head(self) -> Format:
        """The head of a column."""
        return self.workbook.add_format(
            {"bold": True, "font_color": "#FFFFFF", "bg_color": HEADER, "text_wrap": True,
             "valign": "top", "border": 1, "border_color": "#8A94A0"}
        )  # fmt: skip

    @cached_property
    def text(self) -> Format:
        """Text that wraps."""
        return self.workbook.add_format({"text_wrap": True, "valign": "top"})

    @cached_property
    def plain(self) -> Format:
        """Text that does not wrap."""
        return self.workbook.add_format({"valign": "top"})

    @cached_property
    def percent(self) -> Format:
        """A share as a whole percentage."""
        return self.workbook.add_format({"num_format": "0%", "valign": "top"})

    @cached_property
    def count(self) -> Format:
        """A count that may have a fraction."""
        return self.workbook.add_format({"num_format": "#,##0.0", "valign": "top"})

    @cached_property
    def whole(self) -> Format:
        """A whole number."""
        return self.workbook.add_format({"num_format": "#,##0", "valign": "top"})

    @cached_property
    def level(self) -> Format:
        """A level with one decimal, in the middle of its cell."""
        return self.workbook.add_format(
            {"num_format": "0.0", "align": "center", "valign": "vcenter", "border": 1,
             "border_color": "#D0D5DB"}
        )  # fmt: skip

    @cached_property
    def centred(self) -> Format:
        """Small text in the middle of its cell."""
        return self.workbook.add_format(
            {"align": "center", "valign": "vcenter", "font_color": "#3A3A3A", "bg_color": PALE,
             "border": 1, "border_color": "#D0D5DB"}
        )  # fmt: skip

    @cached_property
    def date(self) -> Format:
        """A date as the reader's Excel writes it, from its ISO form."""
        return self.workbook.add_format({"num_format": "yyyy-mm-dd", "valign": "top"})

    @cached_property
    def status(self) -> dict[str, Format]:
        """A format for each status: colour beside the word, never instead of it."""
        return {
            name: self.workbook.add_format({"font_color": ink, "bg_color": fill, "valign": "top"})
            for name, (ink, fill) in STATUS_COLOURS.items()
        }

    def heading_rows(self, sheet: Worksheet, module: str, note: str = "") -> None:
        """Write the heading of a sheet in A1 and a note in A2."""
        put(sheet, 0, 0, self.t(f"sheet.{module}.title"), self.title)
        put(sheet, 1, 0, note or self.t(f"sheet.{module}.note"), self.plain)

    def column_heads(self, sheet: Worksheet, row: int, keys: Sequence[str]) -> None:
        """Write the heads of a table from text keys, in a row high enough for three lines."""
        sheet.set_row(row, HEAD_HEIGHT)
        for column, key in enumerate(keys):
            put(sheet, row, column, self.t(key), self.head)


def put(
    sheet: Worksheet,
    row: int,
    column: int,
    value: str | float | dt.date | None,
    form: Format | None = None,
) -> None:
    """Write one cell by the type of its value; nothing for None and empty text.

    Raises:
        CellError: xlsxwriter did not take the cell.
    """
    if value is None or value == "":
        return
    if isinstance(value, str):
        code: Any = sheet.write_string(row, column, value, form)
    elif isinstance(value, dt.date):
        code = sheet.write_datetime(row, column, dt.datetime.combine(value, dt.time()), form)
    else:
        code = sheet.write_number(row, column, value, form)
    _check(code, row, column)


def formula(
    sheet: Worksheet, row: int, column: int, text: str, value: float | str, form: Format
) -> None:
    """Write a formula together with the value it computes to, for readers that do not compute."""
    _check(sheet.write_formula(row, column, text, form, value), row, column)


def _check(code: Any, row: int, column: int) -> None:
    if code:
        raise CellError(f"cell {xl_rowcol_to_cell(row, column)} was refused (code {code})")
