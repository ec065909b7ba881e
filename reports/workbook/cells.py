"""One row for each obligation and system that it applies to; the summary counts these rows."""

from __future__ import annotations

from typing import Any

from data.loaders.codes import label
from data.loaders.structure import parts
from gap.analysis import Cell
from reports.words import part_label, source_line
from reports.workbook.book import HEAD_HEIGHT, Book, put

FIRST_ROW = 3
"""Zero-based row of the column heads."""
COLUMNS = (
    "system", "owner", "region", "obligation", "title", "part", "reeif", "categories", "due",
    "status", "level", "grade", "basis", "comment", "source", "date", "plan", "unit", "open",
    "value", "assessed", "met", "partial", "level_share", "gate_failed", "gate_open",
)  # fmt: skip
_WIDTHS = (28, 18, 13, 9, 34, 12, 15, 10, 11, 13, 6, 12, 12, 60, 40, 11, 10, *([8] * 9))


def write(book: Book) -> None:
    """Write the table of all scored cells."""
    sheet, t = book.sheet("cells"), book.t
    book.heading_rows(sheet, "cells")
    cells = book.analysis.cells
    heads = [t(f"cells.{name}") for name in COLUMNS]
    sheet.add_table(
        FIRST_ROW, 0, FIRST_ROW + max(1, len(cells)), len(COLUMNS) - 1,
        {"name": "tblCells", "style": "Table Style Light 1", "banded_rows": False,
         "title": t("sheet.cells.title"), "description": t("sheet.cells.note"),
         "columns": [{"header": head, "header_format": book.head} for head in heads]},
    )  # fmt: skip
    sheet.set_row(FIRST_ROW, HEAD_HEIGHT)
    for index, width in enumerate(_WIDTHS):
        sheet.set_column(index, index, width)
    sheet.freeze_panes(FIRST_ROW + 1, 5)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(FIRST_ROW)
    part_names = {part: part_label(part, t) for part in parts()}
    for offset, cell in enumerate(cells):
        _write_row(book, sheet, FIRST_ROW + 1 + offset, cell, part_names)


def _write_row(book: Book, sheet: Any, row: int, cell: Cell, part_names: dict[str, str]) -> None:
    lang, o, s = book.t.lang, cell.obligation, cell.system
    plain = book.plain
    findings = cell.findings
    put(sheet, row, 0, s.name(lang), plain)
    put(sheet, row, 1, s.owner, plain)
    put(sheet, row, 2, label("region", s.region, lang), plain)
    put(sheet, row, 3, o.id, plain)
    put(sheet, row, 4, o.text("title", lang), plain)
    put(sheet, row, 5, part_names[o.part], plain)
    put(sheet, row, 6, label("reeif", o.reeif, lang), plain)
    put(sheet, row, 7, " ".join(cell.categories), plain)
    put(sheet, row, 8, cell.due, book.date)
    put(sheet, row, 9, label("status", cell.status, lang), book.status[cell.status])
    if findings:
        put(sheet, row, 10, " / ".join(str(f.level) for f in findings), plain)
        put(sheet, row, 11, _joined("grade", [f.grade for f in findings], lang), plain)
        put(sheet, row, 12, _joined("basis", [f.basis for f in findings], lang), plain)
        put(sheet, row, 13, " | ".join(f.comment(lang) for f in findings), plain)
        put(sheet, row, 14, " | ".join(source_line(f, lang) for f in findings), plain)
        put(sheet, row, 15, max(f.date for f in findings), book.date)
        put(sheet, row, 16, " / ".join(f.planned_date for f in findings if f.planned_date), plain)
    for column, value in enumerate(numbers(cell), start=17):
        put(sheet, row, column, value, plain)


def numbers(cell: Cell) -> tuple[float, ...]:
    """Return what the summary counts of a cell, in the order of the last columns.

    A cell that does not count in the scheme gives nothing to any sum.
    """
    if cell.unit is None or cell.value is None:
        return (0.0,) * 9
    return (
        cell.unit,
        cell.unit * (1 - cell.assessed),
        cell.value,
        cell.assessed,
        cell.met,
        cell.partial,
        cell.level,
        int(cell.gate_failed),
        int(cell.gate_open),
    )


def _joined(set_name: str, codes: list[str], lang: str) -> str:
    return " / ".join(label(set_name, code, lang) for code in dict.fromkeys(codes))
