"""The summary: figures as formulas over the rows of the assessment, with charts beside them."""

from __future__ import annotations

from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell

from data.loaders.codes import label
from gap.scoring import Figure
from reports.texts import Texts
from reports.words import group_label
from reports.workbook.book import Book, formula, put

COLUMNS = ("col.group", "col.cells", "col.not_assessed", "col.share", "col.met", "col.partial",
           "col.not_met", "col.level_mean", "col.low", "col.point", "col.high", "col.gates_failed",
           "col.gates_open")  # fmt: skip
_FROM_ROWS = {"national": None, "part": "part", "reeif": "reeif", "region": "region",
              "owner": "owner", "system": "system"}  # fmt: skip
"""Roll-ups that a formula can count from single-valued columns of the assessment sheet."""
_CHARTS = ("part", "category")


class _Rows:
    """Writes references to the rows of the assessment sheet that belong to one group."""

    def __init__(self, t: Texts, criterion: str = "") -> None:
        self.t = t
        self.criterion = criterion

    def column(self, name: str) -> str:
        """Return a structured reference to a column; special characters are quoted."""
        head = self.t(f"cells.{name}")
        for special in ("'", "[", "]", "#"):
            head = head.replace(special, f"'{special}")
        return f"tblCells[{head}]"

    def group(self, name: str, cell: str) -> _Rows:
        """Return the rows whose column equals a cell."""
        return _Rows(self.t, f"{self.column(name)},{cell}")

    def count(self) -> str:
        """Return a formula that counts the rows that count in the scheme."""
        worth = f'{self.column("unit")},">0"'
        return f"COUNTIFS({self.criterion},{worth})" if self.criterion else f"COUNTIF({worth})"

    def total(self, name: str) -> str:
        """Return a formula that adds up a column."""
        if self.criterion:
            return f"SUMIFS({self.column(name)},{self.criterion})"
        return f"SUM({self.column(name)})"


def write(book: Book) -> None:
    """Write one table a roll-up, and charts for chapters and categories."""
    sheet = book.sheet("summary")
    book.heading_rows(sheet, "summary")
    sheet.set_column(0, 0, 42)
    sheet.set_column(1, len(COLUMNS) - 1, 11)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    row = 3
    for rollup in book.analysis.scheme.groups:
        first = row + 2
        row = _table(book, sheet, row, rollup)
        if rollup in _CHARTS:
            _chart(book, sheet, rollup, first + 1, row - 2)


def _table(book: Book, sheet: Any, row: int, rollup: str) -> int:
    """Write a roll-up from a row on, and return the row after it (with one empty row between)."""
    t, analysis = book.t, book.analysis
    names = {s.id: s.name(t.lang) for s in analysis.judgement.system_list}
    put(sheet, row, 0, t(f"group.{rollup}"), book.heading)
    put(sheet, row + 1, 0, t(f"group.note.{rollup}"), book.plain)
    book.column_heads(sheet, row + 2, COLUMNS)
    row += 3
    for figure in analysis.rollups[rollup]:
        name = group_label(rollup, figure.key, t, names)
        put(sheet, row, 0, name, book.plain)
        if rollup in _FROM_ROWS:
            column = _FROM_ROWS[rollup]
            rows = _Rows(t)
            if column:
                rows = rows.group(column, xl_rowcol_to_cell(row, 0, col_abs=True))
            _formulas(book, sheet, row, figure, rows)
        else:
            _values(book, sheet, row, figure)
        row += 1
    return row + 1


def _formulas(book: Book, sheet: Any, row: int, figure: Figure, rows: _Rows) -> None:
    """Write the figure as formulas that count the assessment sheet, each with its value."""
    cap = book.analysis.scheme.gate_cap

    def at(column: int) -> str:
        return str(xl_rowcol_to_cell(row, column, col_abs=True))

    unit, unknown, value = rows.total("unit"), rows.total("open"), rows.total("value")
    assessed, met, partial = (rows.total(n) for n in ("assessed", "met", "partial"))
    failed, unjudged = at(11), at(12)
    capped = f"{unit}=0,0"
    entries: list[tuple[int, str, float | str, Any]] = [
        (1, f"={rows.count()}", figure.cells, book.whole),
        (2, f"={at(1)}-{assessed}", figure.not_assessed, book.count),
        (3, f"=IF({at(1)}=0,0,{assessed}/{at(1)})", figure.share_assessed, book.percent),
        (4, f"={met}", figure.met, book.count),
        (5, f"={partial}", figure.partial, book.count),
        (6, f"={assessed}-{at(4)}-{at(5)}", figure.not_met, book.count),
        (7, f'=IF({assessed}=0,"–",3*{rows.total("level_share")}/{assessed})',
         "–" if figure.level is None else figure.level, book.count),
        (8, f"=IF({capped},IF({failed}+{unjudged}>0,MIN({cap},{value}/{unit}),{value}/{unit}))",
         figure.low, book.percent),
        (9, f'=IF({unit}-{unknown}<0.000001,"–",IF({failed}>0,MIN({cap},{value}/({unit}-{unknown}))'
            f",{value}/({unit}-{unknown})))",
         "–" if figure.point is None else figure.point, book.percent),
        (10, f"=IF({capped},IF({failed}>0,MIN({cap},({value}+{unknown})/{unit}),"
             f"({value}+{unknown})/{unit}))", figure.high, book.percent),
        (11, f"={rows.total('gate_failed')}", figure.gates_failed, book.whole),
        (12, f"={rows.total('gate_open')}", figure.gates_open, book.whole),
    ]  # fmt: skip
    for column, text, stored, form in entries:
        formula(sheet, row, column, text, stored, form)


def _values(book: Book, sheet: Any, row: int, figure: Figure) -> None:
    """Write the figure of a roll-up whose rows belong to several groups: computed by the tool."""
    dash = "–"
    entries: list[tuple[Any, Any]] = [
        (figure.cells, book.whole), (figure.not_assessed, book.count),
        (figure.share_assessed, book.percent), (figure.met, book.count),
        (figure.partial, book.count), (figure.not_met, book.count),
        (dash if figure.level is None else figure.level, book.count),
        (figure.low, book.percent), (dash if figure.point is None else figure.point, book.percent),
        (figure.high, book.percent), (figure.gates_failed, book.whole),
        (figure.gates_open, book.whole),
    ]  # fmt: skip
    for column, (value, form) in enumerate(entries, start=1):
        put(sheet, row, column, value, form)


def _chart(book: Book, sheet: Any, rollup: str, first: int, last: int) -> None:
    """Put a stacked bar beside a table: met, partly, not met, not assessed."""
    t = book.t
    chart: Any = book.workbook.add_chart({"type": "bar", "subtype": "percent_stacked"})
    series: list[tuple[int, str]] = [(4, "met"), (5, "partial"), (6, "not-met"),
                                     (2, "not-assessed")]  # fmt: skip
    name = t("sheet.summary")
    fills = {"met": "#1B7F4B", "partial": "#C98A00", "not-met": "#B3261E",
             "not-assessed": "#C4C9CF"}  # fmt: skip
    for column, status in series:
        chart.add_series(
            {
                "name": label("status", status, t.lang),
                "categories": [name, first, 0, last, 0],
                "values": [name, first, column, last, column],
                "fill": {"color": fills[status]},
                "border": {"color": "#FFFFFF"},
                "gap": 40,
            }
        )
    chart.set_title({"name": t(f"chart.{rollup}"), "name_font": {"size": 12}})
    chart.set_y_axis({"reverse": True})
    chart.set_x_axis({"num_format": "0%", "major_gridlines": {"visible": False}})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 720, "height": 330})
    sheet.insert_chart(
        3 + 19 * _CHARTS.index(rollup), len(COLUMNS) + 1, chart,
        {"description": t(f"chart.{rollup}"), "object_position": 3},
    )  # fmt: skip
