"""The sheet on which assessors register documents that the register does not know."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from data.loaders.sources import COLUMNS
from gap.worksheet.fields import NEW
from reports.assessment_book.forms import Forms
from reports.texts import Texts
from reports.workbook.book import formula, put

ROWS = 30
"""Empty rows; more documents than an assessor finds for one workbook."""
_KEY_ROW, _HEAD_ROW = 3, 4
_FIRST = _HEAD_ROW + 1
_LAST = _FIRST + ROWS - 1
_WIDTHS = (28, 44, 44, 30, 13, 36, 36, 44, 22)
_HELPED = ("id", "date", "date_note_nb", "date_note_en", "where")
_FIRST_DAY = dt.date(1990, 1, 1)


def ids(t: Texts) -> Iterator[str]:
    """Yield a formula for each row: its id, for the drop-down of the table."""
    for row in range(_FIRST, _LAST + 1):
        place = xl_rowcol_to_cell(row, 0, row_abs=True, col_abs=True)
        yield f"='{t('fill.sheet.new')}'!{place}&\"\""


def write(sheet: Worksheet, forms: Forms) -> None:
    """Write the empty rows: heads, hidden keys, help, and a formula that says what is missing."""
    t = forms.t
    put(sheet, 0, 0, t("fill.new.title"), forms.title)
    put(sheet, 1, 0, t("fill.new.note"), forms.plain)
    sheet.set_row(_KEY_ROW, None, None, {"hidden": True})
    sheet.set_row(_HEAD_ROW, 32)
    for column, name in enumerate(COLUMNS):
        put(sheet, _KEY_ROW, column, f"{NEW}{name}", forms.key)
        put(sheet, _HEAD_ROW, column, t(f"fill.new.{name}"), forms.head_input)
    put(sheet, _HEAD_ROW, len(COLUMNS), t("fill.check"), forms.head)
    for row in range(_FIRST, _LAST + 1):
        for column, name in enumerate(COLUMNS):
            form = forms.date if name == "date" else forms.text
            sheet.write_blank(row, column, None, form)
        formula(sheet, row, len(COLUMNS), _check(row, t), "", forms.check)
    for name in _HELPED:
        _help(sheet, name, t)
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(_FIRST, 1)
    sheet.protect("", {"format_columns": True, "format_rows": True})


def _check(row: int, t: Texts) -> str:
    """Return the formula that says ``ready``, or that the row lacks something."""
    at = {name: xl_rowcol_to_cell(row, column, col_abs=True)
          for column, name in enumerate(COLUMNS)}  # fmt: skip
    needed = ",".join(f'{at[n]}<>""' for n in ("id", "title_nb", "title_en", "publisher", "where"))
    dated = f'OR({at["date"]}<>"",AND({at["date_note_nb"]}<>"",{at["date_note_en"]}<>""))'
    return (
        f'=IF({"&".join(at.values())}="","",IF(AND({needed},{dated}),"{t("fill.ready")}",'
        f'"{t("fill.new.lacking")}"))'
    )


def _help(sheet: Worksheet, name: str, t: Texts) -> None:
    column = COLUMNS.index(name)
    how: dict[str, Any] = {"validate": "any"}
    if name == "date":
        how = {"validate": "date", "criteria": ">=", "value": _FIRST_DAY}
    sheet.data_validation(_FIRST, column, _LAST, column, {
        **how, "input_title": t(f"fill.new.{name}"), "input_message": t(f"fill.new.help.{name}"),
        "error_title": t("fill.error.title"), "error_message": t("fill.error.message"),
    })  # fmt: skip
