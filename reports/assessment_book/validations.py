"""Drop-downs and limits of the input cells, with the help that shows beside the cell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from data.loaders.assessments import LONGEST
from gap.worksheet import fields
from gap.worksheet.selection import SheetRow
from reports.assessment_book.lists import Lists
from reports.texts import Texts
from reports.workbook.book import CellError

_AT = {name: column for column, name in enumerate(fields.COLUMNS)}
_FIRST_DAY = dt.date(2000, 1, 1)


def write(
    sheet: Worksheet, lists: Lists, rows: Sequence[SheetRow], first: int, last: int, t: Texts
) -> None:
    """Write the validations of all rows, those of the empty rows at the end too.

    Args:
        sheet: the sheet of the table.
        lists: where the lists of the drop-downs stand.
        rows: the rows; the first stands in ``first``.
        first: zero-based row of the first row.
        last: zero-based row of the last empty row.
        t: the texts.
    """
    spare = range(first + len(rows), last + 1)
    status: dict[str, list[int]] = {"status": list(spare)}
    categories: dict[str, list[int]] = {"categories": list(spare)}
    for number, row in enumerate(rows, start=first):
        kind = "status.option" if row.obligation.modality == "O" else "status.duty"
        status.setdefault(kind, []).append(number)
        if row.allowed:
            categories.setdefault(f"categories {' '.join(row.allowed)}", []).append(number)
    for name, numbers in status.items():
        _add(sheet, "status", numbers, _listed(lists[name], "status", t))
    for name, numbers in categories.items():
        _add(sheet, "categories", numbers, _listed(lists[name], "categories", t))
    everywhere = range(first, last + 1)
    for name in ("level", "grade", "basis"):
        _add(sheet, name, everywhere, _listed(lists[name], name, t))
    _add(sheet, "source", everywhere,
         {**_listed(lists["source"], "source", t), "error_type": "warning"})  # fmt: skip
    _add(sheet, "date", everywhere, {
        "validate": "date", "criteria": ">=", "value": _FIRST_DAY, **_help("date", t),
    })  # fmt: skip
    _add(sheet, "planned_date", everywhere, {"validate": "any", **_help("planned_date", t)})
    for name in ("section", "comment_nb", "comment_en"):
        _add(sheet, name, everywhere, {
            "validate": "length", "criteria": "<=", "value": LONGEST, **_help(name, t),
        })  # fmt: skip
    _add(sheet, "system", spare, _listed(lists["systems"], "system", t))
    _add(sheet, "obligation", spare, _listed(lists["obligations"], "obligation", t))


def _listed(source: str, name: str, t: Texts) -> dict[str, Any]:
    return {"validate": "list", "source": source, **_help(name, t)}


def _help(name: str, t: Texts) -> dict[str, Any]:
    return {
        "input_title": t(f"fill.{name}"),
        "input_message": t(f"fill.help.{name}"),
        "error_title": t("fill.error.title"),
        "error_message": t("fill.error.message"),
    }


def _add(sheet: Worksheet, name: str, numbers: Iterable[int], options: dict[str, Any]) -> None:
    """Add one validation to all runs of neighbouring rows.

    Raises:
        CellError: xlsxwriter refused it, for a text that is too long.
    """
    column = _AT[name]
    runs = [
        [number for _, number in group]
        for _, group in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])
    ]
    if not runs:
        return
    areas = [[run[0], column, run[-1], column] for run in runs]
    code = sheet.data_validation(*areas[0], {**options, "other_cells": areas[1:]})
    if code:
        place = xl_rowcol_to_cell(areas[0][0], column)
        raise CellError(f"the drop-down of {name} at {place} was refused (code {code})")
