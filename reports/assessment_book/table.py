"""The table: guidance on the left, pale yellow cells to fill in, hidden keys on the right."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence

from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from data.loaders.codes import closed_sets, label
from gap.judgement import Judgement
from gap.worksheet import fields
from gap.worksheet.selection import SheetRow
from reports.assessment_book import formulas, validations
from reports.assessment_book.forms import Forms
from reports.assessment_book.lists import Lists
from reports.texts import Texts
from reports.words import source_line
from reports.workbook.book import formula, put

KEY_ROW, HEAD_ROW = 3, 4
"""Zero-based rows of the hidden column keys and of the heads; the table starts below."""
FIRST = HEAD_ROW + 1
SPARE = 20
"""Empty rows at the end, for findings on categories that need a row of their own."""
AT = {name: column for column, name in enumerate(fields.COLUMNS)}
_WIDTHS = {
    "system": 17, "obligation": 8, "title": 22, "text": 46, "remark": 22, "evidence": 28,
    "due": 11, "found": 44, "categories": 10, "status": 14, "level": 6, "grade": 12, "basis": 12,
    "source": 17, "section": 18, "date": 11, "planned_date": 11, "comment_nb": 44,
    "comment_en": 44, "check": 17,
}  # fmt: skip
_LINE, _TALLEST = 13.2, 400
_OPEN = {"autofilter": True, "sort": True, "format_columns": True, "format_rows": True}


def write(
    sheet: Worksheet, forms: Forms, lists: Lists, rows: Sequence[SheetRow], judgement: Judgement
) -> None:
    """Write the table with its drop-downs, formulas and protection."""
    t = forms.t
    last = FIRST + len(rows) + SPARE - 1
    put(sheet, 0, 0, t("fill.table.title"), forms.title)
    put(sheet, 1, 0, t("fill.table.note"), forms.plain)
    text, value = formulas.progress(rows, FIRST, last, t)
    formula(sheet, 2, 0, text, value, forms.strong)
    _heads(sheet, forms)
    for offset, row in enumerate(rows):
        _row(sheet, forms, FIRST + offset, row, judgement)
    for number in range(FIRST + len(rows), last + 1):
        _spare(sheet, forms, number)
    validations.write(sheet, lists, rows, FIRST, last, t)
    _colours(sheet, forms, last)
    sheet.autofilter(HEAD_ROW, 0, last, AT[fields.CHECK])
    sheet.freeze_panes(FIRST, AT["text"])
    sheet.repeat_rows(HEAD_ROW)
    sheet.repeat_columns(0, AT["obligation"])
    sheet.print_area(0, 0, last, AT[fields.CHECK])
    sheet.set_print_scale(62)
    sheet.set_v_pagebreaks([AT[fields.INPUTS[0]]])  # guidance on one page, input on the next
    sheet.protect("", _OPEN)


def _heads(sheet: Worksheet, forms: Forms) -> None:
    sheet.set_row(KEY_ROW, None, None, {"hidden": True})
    sheet.set_row(HEAD_ROW, 48)
    for name, column in AT.items():
        put(sheet, KEY_ROW, column, name, forms.key)
        hidden = {"hidden": True} if name in fields.KEYS else {}
        sheet.set_column(column, column, _WIDTHS.get(name, 10), None, hidden)
        head = forms.head_input if name in fields.INPUTS else forms.head
        put(sheet, HEAD_ROW, column, forms.t(_head_key(name)), head)


def _head_key(name: str) -> str:
    """Return the text of a column's head; «fill.title» is the heading of the workbook."""
    return "fill.title_column" if name == "title" else f"fill.{name}"


def _row(sheet: Worksheet, forms: Forms, number: int, row: SheetRow, judgement: Judgement) -> None:
    t = forms.t
    shown = guidance(row, t)
    for name in fields.GUIDANCE:
        put(
            sheet,
            number,
            AT[name],
            shown[name],
            forms.id if name == "obligation" else forms.guidance,
        )
        if not shown[name]:
            sheet.write_blank(number, AT[name], None, forms.guidance)
    inputs = row.inputs
    _inputs(sheet, forms, number, inputs, locked=() if row.allowed else ("categories",))
    text = formulas.check(number, row.obligation.modality == "O", t)
    formula(sheet, number, AT[fields.CHECK], text, t("fill.ready") if row.finding else "",
            forms.check)  # fmt: skip
    edition = judgement.catalogue.edition
    keys = (
        row.system.id, row.obligation.id, " ".join(row.categories), judgement.assessment.id,
        fields.ground(row.system.id, row.obligation.id, row.categories, inputs, edition),
    )  # fmt: skip
    for name, key in zip(fields.KEYS, keys, strict=True):
        put(sheet, number, AT[name], key, forms.key)
    sheet.set_row(number, _height(shown, inputs))


def _inputs(
    sheet: Worksheet, forms: Forms, number: int, inputs: Mapping[str, str],
    locked: Sequence[str] = (),
) -> None:  # fmt: skip
    for name in fields.INPUTS:
        text, column = inputs[name], AT[name]
        form = {"level": forms.number, "date": forms.date}.get(name, forms.text)
        if name in locked:
            form = forms.guidance
        if not text:
            sheet.write_blank(number, column, None, form)
        elif name == "level":
            put(sheet, number, column, int(text), form)
        elif name == "date":
            put(sheet, number, column, dt.date.fromisoformat(text), form)
        else:
            shown = label(fields.CODED[name], text, forms.t.lang) if name in fields.CODED else text
            put(sheet, number, column, shown, form)


def _spare(sheet: Worksheet, forms: Forms, number: int) -> None:
    for name in fields.GUIDANCE:
        form = forms.text if name in ("system", "obligation") else forms.guidance
        sheet.write_blank(number, AT[name], None, form)
    _inputs(sheet, forms, number, fields.blank(()))
    formula(sheet, number, AT[fields.CHECK], formulas.check(number, None, forms.t), "", forms.check)


def guidance(row: SheetRow, t: Texts) -> dict[str, str]:
    """Return what the locked cells of a row say."""
    o, lang = row.obligation, t.lang
    due = row.due.isoformat()
    return {
        "system": row.system.name(lang),
        "obligation": o.id,
        "title": o.text("title", lang),
        "text": f"{o.ref}: {o.text('obligation', lang)}",
        "remark": o.text("remark", lang),
        "evidence": o.text("evidence", lang),
        "due": due if row.due == row.due_last else f"{due} – {row.due_last.isoformat()}",
        "found": _found(row, t),
    }


def _found(row: SheetRow, t: Texts) -> str:
    f, lang = row.finding, t.lang
    if not f:
        return t("not-assessed")
    words = [label("status", f.status, lang)]
    if f.level is not None:
        words.append(t("fill.found.level", level=f.level))
    words += [label("grade", f.grade, lang), label("basis", f.basis, lang), f.date.isoformat()]
    about = f"({' '.join(f.categories)}) " if f.categories else ""
    return f"{about}{', '.join(words)}. {f.comment(lang)} [{source_line(f, lang)}]"


def _height(shown: Mapping[str, str], inputs: Mapping[str, str]) -> float:
    """Return a height in which the longest text of a row fits; LibreOffice fits none itself."""
    lines = max(
        sum(math.ceil(max(1, len(part)) / (_WIDTHS[name] * 1.12)) for part in text.split("\n"))
        for name, text in {**shown, **inputs}.items()
    )
    return float(min(_TALLEST, _LINE * lines + 4))


def _colours(sheet: Worksheet, forms: Forms, last: int) -> None:
    column = AT["status"]
    for code in closed_sets()["status"].values():
        sheet.conditional_format(
            FIRST, column, last, column,
            {"type": "cell", "criteria": "==", "value": f'"{code.label(forms.t.lang)}"',
             "format": forms.status[code.code]},
        )  # fmt: skip
    missing = xl_rowcol_to_cell(FIRST, AT[fields.CHECK], col_abs=True)
    ready = forms.t("fill.ready")
    sheet.conditional_format(
        FIRST, AT[fields.CHECK], last, AT[fields.CHECK],
        {"type": "formula", "criteria": f'=AND({missing}<>"",{missing}<>"{ready}")',
         "format": forms.status["not-met"]},
    )  # fmt: skip
