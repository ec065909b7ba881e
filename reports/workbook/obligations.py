"""The obligations: every row of the catalogue with its text, dates and what it waits for."""

from __future__ import annotations

from data.loaders.codes import label
from reports.obligation import dates
from reports.words import labels, part_label
from reports.workbook.book import Book, put

_TOP = 3
_HEADS = ("col.obligation", "col.ref", "sheet.part", "col.modality", "col.title", "col.text",
          "explain.remark", "explain.proof", "group.actor", "group.scope", "col.categories",
          "col.due", "obligation.gate", "col.weight", "col.waits", "obligation.allocated",
          "obligation.inferred")  # fmt: skip
_WIDTHS = (10, 18, 12, 14, 34, 70, 50, 50, 28, 28, 11, 40, 7, 7, 24, 14, 30)


def write(book: Book) -> None:
    """Write all obligations, those that no system answers for included."""
    sheet, t = book.sheet("obligations"), book.t
    lang, j = t.lang, book.analysis.judgement
    book.heading_rows(sheet, "obligations")
    book.column_heads(sheet, _TOP, _HEADS)
    covered = j.conditions.sum(axis=0)
    for row, (o, n) in enumerate(zip(j.obligations, covered, strict=True), start=_TOP + 1):
        values = (
            o.id,
            o.ref,
            part_label(o.part, t),
            label("modality", o.modality, lang),
            o.text("title", lang),
            o.text("obligation", lang),
            o.text("remark", lang),
            o.text("evidence", lang),
            labels("actor", o.actors, lang),
            labels("scope", o.scopes, lang),
            " ".join(o.categories),
            dates(o, t),
            label("yesno", "yes" if o.gate else "no", lang),
            o.weight,
            " ".join(o.waits_for),
            int(n) if o.binding else t("obligation.not_scored"),
            " ".join(o.inferred),
        )
        for column, value in enumerate(values):
            put(sheet, row, column, value, book.plain)
    for index, width in enumerate(_WIDTHS):
        sheet.set_column(index, index, width)
    sheet.freeze_panes(_TOP + 1, 1)
    sheet.autofilter(_TOP, 0, _TOP + len(j.obligations), len(_HEADS) - 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_TOP)
