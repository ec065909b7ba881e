"""The workbook that people fill in: guide, a row per finding or open cell, sources, new sources."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence

import xlsxwriter

from gap.judgement import Judgement
from gap.worksheet.fields import SCHEMA
from gap.worksheet.selection import Selection, SheetRow
from reports.assessment_book import guide, lists, new_sources, register, table
from reports.assessment_book.forms import Forms
from reports.texts import Texts


def build(judgement: Judgement, rows: Sequence[SheetRow], chosen: Selection, t: Texts) -> bytes:
    """Return the workbook as the bytes of an xlsx file.

    The same rows of the same day give the same bytes.

    Args:
        judgement: the assessment that the workbook starts from.
        rows: what to assess.
        chosen: how the rows were chosen.
        t: the texts of the language.
    """
    stream = io.BytesIO()
    workbook = xlsxwriter.Workbook(
        stream,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
         "strings_to_numbers": False},
    )  # fmt: skip
    _properties(workbook, judgement, rows, chosen, t)
    forms = Forms(workbook, t)
    sheets = [workbook.add_worksheet(t(f"fill.sheet.{n}"))
              for n in ("guide", "table", "register", "new")]  # fmt: skip
    sources = judgement.assessment.register
    hidden = lists.write(forms, rows, sources)
    guide.write(sheets[0], forms, judgement, rows, chosen)
    table.write(sheets[1], forms, hidden, rows, judgement)
    register.write(sheets[2], forms, sources)
    new_sources.write(sheets[3], forms)
    for sheet in sheets:
        sheet.set_landscape()
        if sheet is sheets[1]:
            sheet.set_paper(8)
        else:
            sheet.set_paper(9)
            sheet.fit_to_pages(1, 0)
        sheet.set_margins(0.4, 0.4, 0.6, 0.6)
        sheet.set_footer(f"&L{t('app.title')}&C&A&R&P / &N")
    workbook.close()
    return stream.getvalue()


def _properties(
    workbook: xlsxwriter.Workbook, j: Judgement, rows: Sequence[SheetRow], chosen: Selection,
    t: Texts,
) -> None:  # fmt: skip
    workbook.set_properties(
        {
            "title": t("fill.title", what=guide.chosen_words(chosen, j, t)),
            "subject": t("app.title"),
            "created": dt.datetime.combine(j.as_of, dt.time()),
        }
    )
    for name, value in (
        ("ehds.schema", SCHEMA),
        ("ehds.catalogue", j.catalogue.edition),
        ("ehds.assessment", j.assessment.id),
        ("ehds.as-of", j.as_of.isoformat()),
        ("ehds.language", t.lang),
        ("ehds.selection", " ".join(chosen.words()) or "all"),
        ("ehds.rows", str(len(rows))),
    ):
        workbook.set_custom_property(name, value, "text")
