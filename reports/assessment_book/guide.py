"""The first sheet: what this is, how to fill it in and send it back, what every word means."""

from __future__ import annotations

import math
from collections.abc import Sequence

from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from data.loaders.codes import closed_sets, label
from data.loaders.structure import parts
from gap.judgement import Judgement
from gap.worksheet.selection import Selection, SheetRow
from gap.worksheet.xlsx import ASSESSOR
from reports.assessment_book.forms import Forms
from reports.numbers import date
from reports.texts import Texts
from reports.words import part_label
from reports.workbook.book import put

_SETS = ("status", "level", "grade", "basis", "category")
_STEPS = 9
_ASSESSOR_ROW = 4


def chosen_words(chosen: Selection, j: Judgement, t: Texts) -> str:
    """Return in words what a workbook covers."""
    words = [j.systems[s].name(t.lang) for s in chosen.systems]
    if chosen.region:
        words.append(label("region", chosen.region, t.lang))
    if chosen.theme in closed_sets()["category"]:
        words.append(f"({chosen.theme}) {label('category', chosen.theme, t.lang)}")
    elif chosen.theme:
        name = parts()[chosen.theme][f"title_{t.lang}"]
        words.append(f"{part_label(chosen.theme, t)} {name}")
    return ", ".join(words) or t("fill.all")


def write(
    sheet: Worksheet, forms: Forms, j: Judgement, rows: Sequence[SheetRow], chosen: Selection
) -> None:
    """Write the guide with the cell for the name of the one who assesses."""
    t = forms.t
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 34)
    sheet.set_column(2, 2, 90)
    put(sheet, 0, 0, t("fill.title", what=chosen_words(chosen, j, t)), forms.title)
    put(sheet, 1, 0, t("app.title"), forms.plain)
    facts = t(
        "fill.facts", assessment=j.assessment.title(t.lang), day=date(j.as_of, t.lang),
        edition=j.catalogue.edition, rows=len(rows),
        found=sum(r.finding is not None for r in rows),
    )  # fmt: skip
    put(sheet, 2, 0, facts, forms.plain)
    _name_cell(sheet, forms)
    row = _ASSESSOR_ROW + 2
    sheet.write_url(row, 0, f"internal:'{t('fill.sheet.table')}'!A1", forms.strong,
                    t("fill.go"))  # fmt: skip
    row += 2
    put(sheet, row, 0, t("fill.how"), forms.heading)
    for step in range(1, _STEPS + 1):
        row += 1
        put(sheet, row, 0, t(f"fill.how.{step}"), forms.plain)
    _words(sheet, forms, row + 2)
    sheet.protect("", {"format_columns": True, "format_rows": True})


def _name_cell(sheet: Worksheet, forms: Forms) -> None:
    put(sheet, _ASSESSOR_ROW, 0, forms.t("fill.assessor"), forms.strong)
    sheet.write_blank(_ASSESSOR_ROW, 1, None, forms.text)
    place = xl_rowcol_to_cell(_ASSESSOR_ROW, 1, row_abs=True, col_abs=True)
    forms.workbook.define_name(ASSESSOR, f"='{forms.t('fill.sheet.guide')}'!{place}")


def _words(sheet: Worksheet, forms: Forms, row: int) -> None:
    t = forms.t
    put(sheet, row, 0, t("fill.words"), forms.heading)
    row += 1
    for column, key in enumerate(("definitions.set", "definitions.word", "definitions.meaning")):
        put(sheet, row, column, t(key), forms.head)
    for name in _SETS:
        for code in closed_sets()[name].values():
            row += 1
            put(sheet, row, 0, t(f"set.{name}"), forms.wrapped)
            word = code.label(t.lang)
            if name in ("level", "category"):
                word = f"{code.code} – {word}"
            look = forms.status[code.code] if name == "status" else forms.wrapped
            put(sheet, row, 1, word, look)
            meaning = code.definition(t.lang)
            put(sheet, row, 2, meaning, forms.wrapped)
            sheet.set_row(
                row, 15.5 * max(1, math.ceil(len(meaning) / 95), math.ceil(len(word) / 36))
            )
