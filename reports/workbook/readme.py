"""The first sheet: what this is, how to read it, what it does not say."""

from __future__ import annotations

import math

from gap.schemes import Scheme
from reports.numbers import band, date, level, number, percent
from reports.workbook.book import LINE_HEIGHT, Book, put

_PER_LINE = 120
"""Letters that fit on a line of the column, on the safe side."""


def write(book: Book) -> None:
    """Write the read-me as one column of text."""
    sheet, t = book.sheet("readme"), book.t
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 110)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    put(sheet, 0, 0, t("app.title"), book.title)
    row = 1
    for text, is_heading in _content(book):
        put(sheet, row, 0, text, book.heading if is_heading else book.text)
        # LibreOffice does not fit rows to wrapped text on opening; Excel does.
        sheet.set_row(row, LINE_HEIGHT * math.ceil(len(text) / _PER_LINE))
        row += 1


def _content(book: Book) -> list[tuple[str, bool]]:
    t, a = book.t, book.analysis
    j, lang = a.judgement, book.t.lang
    figure = a.national
    lines = [
        (t("app.subtitle"), False),
        (t("readme.facts", assessment=j.assessment.title(lang), as_of=date(j.as_of, lang),
           edition=j.catalogue.edition, scheme=a.scheme.title(lang),
           assessor=j.assessment.assessor), False),
        (t("readme.result"), True),
    ]  # fmt: skip
    if figure:
        lines += [
            (t("score.not_assessed", share=percent(1 - figure.share_assessed, lang),
               n=number(figure.not_assessed, lang), cells=number(figure.cells, lang)), False),
            (t("score.figure", point=percent(figure.point, lang), band=band(figure, lang)), False),
            (t("score.level", level=level(figure.level, lang), touched=a.counts["touched"],
               binding=a.counts["binding"]), False),
        ]  # fmt: skip
    lines += [(t("readme.how"), True)]
    lines += [(t(f"readme.how.{n}"), False) for n in range(1, 7)]
    lines += [(t("readme.limits"), True), (j.assessment.note(lang), False)]
    lines += [(text, False) for text in method_notes(a.scheme, book)]
    return lines


def method_notes(scheme: Scheme, book: Book) -> list[str]:
    """Return the notes on method and limits that every report carries."""
    t = book.t
    counts = book.analysis.counts
    return [
        scheme.what(t.lang),
        t("method.band"),
        t("method.options"),
        t("method.gates", cap=percent(scheme.gate_cap, t.lang)),
        t("method.eea"),
        t("method.inference"),
        t("limits.unallocated", n=counts["unallocated"]),
        t("limits.supporting", n=counts["supporting"]),
        t("limits.stale", n=counts["stale"]),
        t("method.not_legal"),
    ]
