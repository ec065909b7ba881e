"""The roadmap: known gaps by date, dependency and weight, and which plans miss."""

from __future__ import annotations

import math
from typing import Any

from data.loaders.codes import label
from data.loaders.structure import acts
from reports.words import source_line
from reports.workbook.book import HEAD_HEIGHT, LINE_HEIGHT, Book, put

_TOP = 3
_HEADS = ("col.due", "col.system", "col.owner", "col.obligation", "col.title", "col.categories",
          "col.status", "col.level", "col.plan", "col.verdict", "col.weight", "col.after",
          "col.waits", "col.comment", "col.source")  # fmt: skip
_PER_LINE, _MOST_LINES = 62, 8
_WIDTHS = (11, 30, 22, 10, 38, 11, 14, 7, 10, 24, 7, 16, 32, 70, 46)


def write(book: Book) -> None:
    """Write one row a known gap, in the order of the roadmap."""
    sheet, t = book.sheet("roadmap"), book.t
    lang = t.lang
    book.heading_rows(sheet, "roadmap")
    steps = book.analysis.roadmap.steps
    sheet.add_table(
        _TOP, 0, _TOP + max(1, len(steps)), len(_HEADS) - 1,
        {"name": "tblRoadmap", "style": "Table Style Light 1", "banded_rows": False,
         "title": t("sheet.roadmap.title"), "description": t("sheet.roadmap.note"),
         "columns": [{"header": t(key), "header_format": book.head} for key in _HEADS]},
    )  # fmt: skip
    for row, step in enumerate(steps, start=_TOP + 1):
        comment = " | ".join(f.comment(lang) for f in step.findings)
        # Rows are as high as their comment, up to a limit: LibreOffice does not fit them itself.
        lines = min(_MOST_LINES, math.ceil(len(comment) / _PER_LINE))
        sheet.set_row(row, LINE_HEIGHT * max(1, lines))
        values: tuple[tuple[Any, Any], ...] = (
            (step.due, book.date),
            (step.system.name(lang), book.plain),
            (step.system.owner, book.plain),
            (step.obligation.id, book.plain),
            (step.obligation.text("title", lang), book.plain),
            (" ".join(step.categories), book.plain),
            (label("status", step.status, lang), book.status[step.status]),
            (step.level, book.whole),
            (step.planned_text, book.plain),
            (t(f"plan.{step.verdict}"), book.plain),
            (step.obligation.weight, book.whole),
            (" ".join(step.after), book.plain),
            ("; ".join(f"{acts()[a]['basis']} {acts()[a][f'title_{lang}']}"
                       for a in step.waits_for), book.plain),
            (comment, book.text),
            (" | ".join(source_line(f, lang) for f in step.findings), book.text),
        )  # fmt: skip
        for column, (value, form) in enumerate(values):
            put(sheet, row, column, value, form)
    sheet.set_row(_TOP, HEAD_HEIGHT)
    for index, width in enumerate(_WIDTHS):
        sheet.set_column(index, index, width)
    sheet.freeze_panes(_TOP + 1, 2)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_TOP)
