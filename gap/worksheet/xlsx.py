"""Reading a filled-in workbook: the table is found by its hidden column keys, not by its place."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from data.errors import InputError, Problem
from data.loaders.sources import COLUMNS as SOURCE_COLUMNS
from data.loaders.tables import Problems, read_bytes
from gap.worksheet import fields, safety
from gap.worksheet.page import Cell, Line, Page

LISTS = "ehds-lists"
"""The very hidden sheet with the lists of the drop-downs and the keys of the exported rows."""
ASSESSOR = "ehds_assessor"
"""The defined name of the cell in which people write who they are."""
_KEY_ROWS = 12
"""The column keys stand above the heads; a row or two may have been put above them."""
_NEW = {f"{fields.NEW}{name}": name for name in SOURCE_COLUMNS}
_READ = (*fields.KEYS, *fields.INPUTS, "system", "obligation")
_MAX_ROWS = 20_000
"""Rows of a table; every row of every system is less than half of it."""
_ONE_CELL = re.compile(r"\$?[A-Z]{1,3}\$?\d{1,7}")


def read(file: Path) -> Page:
    """Read a workbook without judging what the cells say.

    Raises:
        InputError: no plain workbook, no assessment table in it, columns missing or doubled.
    """
    raw = read_bytes(file, safety.MAX_BYTES)
    safety.check(raw, file.name)
    book = _open(raw, file.name)
    sheet, row, columns = _table(book, file.name)
    exported = _exported(book)
    notices = [] if exported is not None else [
        "the hidden sheet with the lists is gone; deleted rows cannot be told"
    ]  # fmt: skip
    return Page(
        file=file.name,
        sha256=hashlib.sha256(raw).hexdigest(),
        assessor=_assessor(book, file.name),
        lines=_lines(book, sheet, row + 2, columns, file.name),
        exported=exported,
        notices=notices,
        sources=_new_sources(book, file.name),
    )


def _lines(book: Any, sheet: Any, first: int, columns: Mapping[str, int], name: str) -> list[Line]:
    """Return the rows that have anything in their columns."""
    merged = _merged(sheet)
    found = []
    filled = _filled(sheet, first)
    if len(filled) > _MAX_ROWS:
        raise InputError(
            Problem(f"{len(filled)} rows are filled in", f"[{name}]{_quoted(sheet.title)}",
                    rule=f"at most {_MAX_ROWS}", remedy="delete the rows that are not of the table")
        )  # fmt: skip
    for number in filled:
        cells = {
            key: _cell(sheet.cell(number, column), merged.get((number, column)), name, book.epoch)
            for key, column in columns.items()
        }
        if not all(cell.empty for cell in cells.values()):
            found.append(Line(f"[{name}]{_quoted(sheet.title)}!{number}:{number}", cells))
    return found


def _new_sources(book: Any, name: str) -> list[Line]:
    """Return the rows of the sheet of new sources; a workbook may do without it."""
    found = [(sheet, number, keys) for sheet, number, keys in _key_rows(book)
             if set(_NEW) & set(keys)]  # fmt: skip
    if not found:
        return []
    sheet, number, keys = found[0]
    where = f"[{name}]{_quoted(sheet.title)}!{number}:{number}"
    problems = Problems()
    if len(found) > 1:
        titles = ", ".join(s.title for s, _, _ in found)
        problems.add(f"several sheets hold new sources: {titles}", name, rule="one sheet",
                     remedy="delete the copies")  # fmt: skip
    _check_columns(keys, tuple(_NEW), where, problems)
    problems.stop()
    columns = {own: keys.index(key) + 1 for key, own in _NEW.items()}
    return _lines(book, sheet, number + 2, columns, name)


def _open(raw: bytes, name: str) -> Any:
    import openpyxl  # type: ignore[import-untyped]

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what openpyxl does not model is nothing we read
            return openpyxl.load_workbook(io.BytesIO(raw), keep_links=False)
    except Exception as error:  # it raises whatever the broken part leads to
        raise InputError(
            Problem(f"the workbook cannot be read ({type(error).__name__})", name,
                    remedy="open it, save it again as xlsx, or ask for it again")
        ) from None  # fmt: skip


def _quoted(title: str) -> str:
    return title if re.fullmatch(r"\w+", title) else "'" + title.replace("'", "''") + "'"


def _table(book: Any, name: str) -> tuple[Any, int, dict[str, int]]:
    """Return the sheet, the row of the column keys and the column of each key."""
    found = [(sheet, number, keys) for sheet, number, keys in _key_rows(book)
             if len(set(_READ) & set(keys)) > len(_READ) // 2]  # fmt: skip
    if len(found) != 1:
        titles = ", ".join(s.title for s, _, _ in found)
        raise InputError(
            Problem(
                f"several sheets hold an assessment: {titles}" if found
                else "no sheet holds an assessment", name,
                rule="one sheet with the hidden row of column keys",
                remedy="delete the copies" if found
                else "fill in a workbook of «ehds gap workbook --system …»; the sheet or its "
                     "hidden row of keys was deleted",
            )
        )  # fmt: skip
    sheet, number, keys = found[0]
    problems = Problems()
    _check_columns(keys, _READ, f"[{name}]{_quoted(sheet.title)}!{number}:{number}", problems)
    problems.stop()
    return sheet, number, {key: keys.index(key) + 1 for key in _READ if key in keys}


def _key_rows(book: Any) -> Iterator[tuple[Any, int, list[str]]]:
    """Yield each of the first rows of every sheet, as texts: one of them may hold column keys."""
    for sheet in book.worksheets:
        for number in range(1, min(_KEY_ROWS, sheet.max_row) + 1):
            cells = (sheet.cell(number, c).value for c in range(1, min(sheet.max_column, 200) + 1))
            yield sheet, number, ["" if value is None else str(value) for value in cells]


def _check_columns(
    keys: Sequence[str], wanted: Sequence[str], where: str, problems: Problems
) -> None:
    """Note columns that are needed and gone, and those that stand twice."""
    for key in dict.fromkeys((*wanted, *keys)):
        if key in wanted and key not in keys:
            problems.add(
                f"column «{key}» was deleted", where, rule="all columns are needed",
                remedy="undo the deletion, or copy the cells into a fresh export",
            )  # fmt: skip
        if key in (*wanted, *fields.COLUMNS) and keys.count(key) > 1:
            problems.add(f"column «{key}» stands {keys.count(key)} times", where,
                         remedy="delete the copy")  # fmt: skip


def _filled(sheet: Any, first: int) -> list[int]:
    """Return the rows that have any cell: a stray one far down must not make a million rows."""
    return sorted({row for row, _ in sheet._cells if row >= first})


def _merged(sheet: Any) -> dict[tuple[int, int], str]:
    """Return every cell of a merged range with the name of the range."""
    areas = sheet.merged_cells.ranges
    return {place: area.coord for area in areas for place in area.cells}


def _cell(cell: Any, merged: str | None, name: str, epoch: dt.datetime) -> Cell:
    where = f"[{name}]{_quoted(cell.parent.title)}!"
    if merged:
        return Cell(None, where + merged, fault="merged")
    where += cell.coordinate
    if cell.data_type == "f":
        return Cell(None, where, fault="formula")
    if cell.data_type == "e":
        return Cell(str(cell.value), where, fault="error")
    shown = re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", cell.number_format or "").lower()
    return Cell(cell.value, where, shows_day="d" in shown, epoch=epoch)


def _exported(book: Any) -> frozenset[str] | None:
    """Return the keys of the exported rows from the hidden sheet of lists."""
    if LISTS not in book.sheetnames:
        return None
    sheet = book[LISTS]
    for column in range(1, sheet.max_column + 1):
        if sheet.cell(1, column).value == "keys":
            values = (sheet.cell(r, column).value for r in _filled(sheet, 2))
            return frozenset(str(v) for v in values if v)
    return None


def _assessor(book: Any, name: str) -> str:
    """Return what stands in the cell for the name of the one who assessed."""
    try:
        ((title, place),) = list(book.defined_names[ASSESSOR].destinations)
        if not _ONE_CELL.fullmatch(place):  # openpyxl would make every cell of a range
            return ""
        value = book[title][place.replace("$", "")].value
    except (KeyError, ValueError, AttributeError, TypeError):
        return ""
    if str(value or "").startswith("="):
        raise InputError(
            Problem("a formula in the cell for the name", f"[{name}]{_quoted(title)}!{place}",
                    "values only", "type the name")
        )  # fmt: skip
    return " ".join(str(value or "").split())
