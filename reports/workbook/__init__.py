"""The workbook: read-me, summary, one row per obligation and system, heat map, roadmap, sources."""

from __future__ import annotations

import datetime as dt
import io

import xlsxwriter

from gap.analysis import Analysis
from reports.texts import Texts
from reports.workbook import cells, definitions, heat, obligations, readme, roadmap, summary
from reports.workbook.book import Book

SHEETS = (readme, summary, cells, heat, roadmap, obligations, definitions)
"""The sheets in order; each module has ``write(book)``."""


def build(analysis: Analysis, t: Texts) -> bytes:
    """Return the workbook as the bytes of an xlsx file.

    The same analysis gives the same bytes: the creation date is that of the analysis.
    """
    stream = io.BytesIO()
    workbook = xlsxwriter.Workbook(
        stream,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
         "strings_to_numbers": False, "default_date_format": "yyyy-mm-dd"},
    )  # fmt: skip
    j = analysis.judgement
    workbook.set_properties(
        {
            "title": f"{t('app.title')}: {j.assessment.title(t.lang)}",
            "subject": t("app.subtitle"),
            "author": j.assessment.assessor,
            "created": dt.datetime.combine(j.as_of, dt.time()),
        }
    )
    for name, value in (
        ("ehds.schema", "ehds.gap-workbook/1"),
        ("ehds.catalogue", j.catalogue.edition),
        ("ehds.assessment", j.assessment.id),
        ("ehds.scheme", analysis.scheme.name),
        ("ehds.as-of", j.as_of.isoformat()),
        ("ehds.language", t.lang),
    ):
        workbook.set_custom_property(name, value, "text")
    book = Book(workbook, analysis, t)
    for sheet in SHEETS:
        book.add(t(f"sheet.{sheet.__name__.rpartition('.')[2]}"))
    for sheet in SHEETS:
        sheet.write(book)
    workbook.close()
    return stream.getvalue()
