"""The sources that a finding may rest on, to choose their ids from."""

from __future__ import annotations

import math
from collections.abc import Mapping

from xlsxwriter.worksheet import Worksheet

from data.loaders.sources import Source
from reports.assessment_book.forms import Forms
from reports.workbook.book import put

_HEADS = ("definitions.source_id", "col.source", "definitions.publisher", "col.date",
          "definitions.note")  # fmt: skip


def write(sheet: Worksheet, forms: Forms, sources: Mapping[str, Source]) -> None:
    """Write the register of sources."""
    t = forms.t
    put(sheet, 0, 0, t("fill.register.title"), forms.title)
    put(sheet, 1, 0, t("fill.register.note"), forms.plain)
    for column, key in enumerate(_HEADS):
        put(sheet, 3, column, t(key), forms.head)
    for row, source in enumerate(sources.values(), start=4):
        note = source.date_note(t.lang)
        values = (source.id, source.title(t.lang), source.publisher,
                  source.date.isoformat() if source.date else "", note)  # fmt: skip
        for column, value in enumerate(values):
            put(sheet, row, column, value, forms.wrapped)
        sheet.set_row(row, 15.5 * max(math.ceil(len(note) / 60), math.ceil(len(values[1]) / 52), 1))
    for column, width in enumerate((24, 50, 32, 12, 58)):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(4, 0)
    sheet.protect("", {"format_columns": True, "format_rows": True})
