"""The key figures of Article 20 as text, as plain data, as a table to fill in, and for Excel."""

from __future__ import annotations

import io
import textwrap
from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal
from xlsxwriter import Workbook

from gap.keyfigures import BESIDE, FILLED, KeyFigure, Line, Report
from reports.numbers import NO_BREAK, date
from reports.terminal import WIDTH, table
from reports.texts import Texts
from reports.workbook.book import HEADER, put

SCHEMA = "ehds.key-figures/1"
COLUMNS = (*FILLED, *BESIDE)
_SHOWN = 22
"""Characters of a text value on the terminal."""
_WIDTHS = (26, 14, 44, 60, 10, 34)


def text(r: Report, t: Texts) -> str:
    """Return the figures with their values and changes as text."""
    head = [t("keyfigures.col.title"), t("keyfigures.col.ref"), t("keyfigures.col.unit")]
    for period in r.periods[-2:] or ("",):
        head.append(period or "–")
    if len(r.periods) > 1:
        head.append(t("keyfigures.col.change"))
    rows = [_row(line, r, t) for line in r.lines]
    given = [t("keyfigures.given", period=p, n=r.given(p), all=len(r.lines)) for p in r.periods]
    return "\n".join([
        t("keyfigures.title"), textwrap.fill(t("keyfigures.note"), WIDTH),
        *(given or [t("keyfigures.given.none")]), "",
        table(head, rows, right=range(3, len(head))), t("keyfigures.proposal"), "",
        t("keyfigures.fill"),
    ])  # fmt: skip


def _row(line: Line, r: Report, t: Texts) -> list[str]:
    f = line.figure
    mark = "" if f.basis == "law" else " *"
    values = [_shown(line, at, t) for at in range(len(r.periods))][-2:]
    row = [f.text("title", t.lang) + mark, f.ref, t(f"keyfigures.unit.{f.unit}"),
           *(values or [t("keyfigures.missing")])]  # fmt: skip
    if len(r.periods) > 1:
        row.append(_change(line.changes[-1], f, t))
    return row


def _shown(line: Line, at: int, t: Texts) -> str:
    value = line.values[at]
    if value is None:
        return t("keyfigures.missing")
    if value.number is None:
        return value.shown if len(value.shown) <= _SHOWN else f"{value.shown[: _SHOWN - 1]}…"
    number = format_decimal(value.number, locale=t.lang)
    if line.figure.unit != "percent":
        return str(number)
    return f"{number}{NO_BREAK}%" if t.lang == "nb" else f"{number}%"


def _change(change: Decimal | None, figure: KeyFigure, t: Texts) -> str:
    if change is None:
        return "–"
    said = f"{'+' if change > 0 else ''}{format_decimal(change, locale=t.lang)}"
    return t("keyfigures.points", value=said) if figure.unit == "percent" else said


def document(r: Report) -> dict[str, Any]:
    """Return the figures as plain data; what nobody has is null."""
    return {
        "schema": SCHEMA,
        "periods": list(r.periods),
        "given": {p: r.given(p) for p in r.periods},
        "figures": [
            {
                **{name: getattr(line.figure, name) for name in KeyFigure.__slots__},
                "values": {
                    p: {"value": v.shown, "source": v.source, "date": v.date.isoformat(),
                        "change": None if c is None else format(c, "f")} if v else None
                    for p, v, c in zip(r.periods, line.values, line.changes, strict=True)
                },
            }
            for line in r.lines
        ],
    }  # fmt: skip


def rows(r: Report, t: Texts) -> list[list[str]]:
    """Return the table to fill in: what is given, and an empty row where nothing is."""
    found = []
    for line in r.lines:
        f = line.figure
        beside = [f.obligation, f.ref, f.basis, f.unit, f.text("title", t.lang),
                  f.text("definition", t.lang), f.text("source", t.lang)]  # fmt: skip
        for period, value in zip(r.periods or ("",), line.values or (None,), strict=True):
            given = [value.shown, value.source, value.date.isoformat(), value.comment] if value \
                else [""] * 4  # fmt: skip
            found.append([f.id, period, *given, *beside])
    return found


def workbook(r: Report, t: Texts) -> bytes:
    """Return the figures as a workbook: one row a figure, one column a period."""
    stream = io.BytesIO()
    with Workbook(stream, {"in_memory": True}) as book:
        book.set_properties({"title": t("keyfigures.title")})
        sheet = book.add_worksheet(t("keyfigures.sheet"))
        bold = book.add_format({"bold": True, "font_size": 14})
        head = book.add_format({"bold": True, "bg_color": HEADER, "font_color": "#FFFFFF",
                                "text_wrap": True, "valign": "top"})  # fmt: skip
        plain = book.add_format({"text_wrap": True, "valign": "top"})
        put(sheet, 0, 0, t("keyfigures.title"), bold)
        put(sheet, 1, 0, t("keyfigures.note"))
        put(sheet, 2, 0, t("keyfigures.proposal"))
        names = ("id", "ref", "title", "definition", "unit", "source")
        heads = [*(t(f"keyfigures.col.{n}") for n in names), *r.periods]
        if len(r.periods) > 1:
            heads.append(t("keyfigures.col.change"))
        for column, name in enumerate(heads):
            put(sheet, 4, column, name, head)
            sheet.set_column(column, column, _WIDTHS[column] if column < len(_WIDTHS) else 20)
        for at, line in enumerate(r.lines, 5):
            for column, value in enumerate(_cells(line, r, t)):
                put(sheet, at, column, value, plain)
        sheet.freeze_panes(5, 3)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(4)
        sheet.set_footer(f"&L{t('keyfigures.title')}&R&P / &N")
    return stream.getvalue()


def _cells(line: Line, r: Report, t: Texts) -> list[str | float]:
    f = line.figure
    title = f.text("title", t.lang) + ("" if f.basis == "law" else " *")
    unit, source = t(f"keyfigures.unit.{f.unit}"), f.text("source", t.lang)
    found: list[str | float] = [f.id, f.ref, title, f.text("definition", t.lang), unit, source]
    for value in line.values:
        if value is None:
            found.append(t("keyfigures.missing"))
        elif f.unit == "date":
            found.append(date(value.date.fromisoformat(value.shown), t.lang))
        else:
            found.append(value.shown if value.number is None else float(value.number))
    if len(r.periods) > 1:
        found.append(_change(line.changes[-1], f, t))
    return found
