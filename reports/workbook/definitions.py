"""Definitions and sources: what every code means, and every document that findings rest on."""

from __future__ import annotations

from data.loaders.codes import closed_sets
from reports.workbook.book import Book, put

_SETS = ("status", "level", "grade", "basis", "modality", "category", "actor", "scope", "role",
         "reeif", "verb", "serves", "deployment", "date_rule", "act_status")  # fmt: skip


def write(book: Book) -> None:
    """Write the closed sets, then the sources."""
    sheet, t = book.sheet("definitions"), book.t
    lang = t.lang
    book.heading_rows(sheet, "definitions")
    row = 3
    book.column_heads(sheet, row, ["definitions.set", "definitions.code", "definitions.word",
                                   "definitions.meaning"])  # fmt: skip
    for name in _SETS:
        for code in closed_sets()[name].values():
            row += 1
            values = (t(f"set.{name}"), code.code, code.label(lang), code.definition(lang))
            for column, value in enumerate(values):
                put(sheet, row, column, value, book.text)
    row += 2
    put(sheet, row, 0, t("definitions.sources"), book.heading)
    row += 1
    book.column_heads(sheet, row, ["definitions.source_id", "definitions.publisher", "col.date",
                                   "col.source", "definitions.note"])  # fmt: skip
    for source in book.analysis.judgement.assessment.register.values():
        row += 1
        put(sheet, row, 0, source.id, book.text)
        put(sheet, row, 1, source.publisher, book.text)
        put(sheet, row, 2, source.date, book.date)
        put(sheet, row, 3, source.title(lang), book.text)
        put(sheet, row, 4, source.date_note(lang), book.text)
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 2, 30)
    sheet.set_column(3, 4, 70)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
