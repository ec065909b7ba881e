"""The three forms of a paper: HTML page, workbook, Markdown."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import xlsxwriter
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reports.certification.paper import Mark, Paper, Section, Value, text
from reports.workbook.book import HEADER, STATUS_COLOURS, put

_HERE = Path(__file__).parent
_WIDE, _NARROW = 45, 18
_LONG = 24
"""A column whose longest text has more letters than this is wide."""
_NEW_LINE = str.maketrans({"\n": " ", "\r": " "})
_SPECIAL = str.maketrans({c: f"\\{c}" for c in r"\`*_{}[]<>#|~"})


def html(paper: Paper, ways: Mapping[str, str] | None = None) -> str:
    """Return a page that works offline and without script.

    Args:
        paper: what it shows.
        ways: names of the pages that it leads to, by file name.
    """
    return (
        _environment()
        .get_template("paper.html.j2")
        .render(paper=paper, css=_css(), ways=ways or {})
    )


def markdown(paper: Paper) -> str:
    """Return Markdown; nothing in the data can become a heading, a link or a cell of its own."""
    lines = [f"# {_plain(paper.title)}", ""]
    for sentence in paper.lead:
        lines += [_plain(sentence), ""]
    for section in paper.sections:
        lines += [f"## {_plain(section.title)}", "", _plain(section.note), ""]
        lines.append(f"| {' | '.join(_plain(c) for c in section.columns)} |")
        lines.append("|" + "---|" * len(section.columns))
        for row in section.rows:
            cells = (_plain(text(value, paper.lang)) for value in row)
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def _plain(value: str) -> str:
    return value.translate(_NEW_LINE).translate(_SPECIAL)


def workbook(paper: Paper) -> bytes:
    """Return the tables as an xlsx file, one sheet a section; the same paper, the same bytes."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(
        stream,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
         "strings_to_numbers": False},
    )  # fmt: skip
    book.set_properties(
        {"title": paper.title, "created": dt.datetime.combine(paper.day, dt.time())}
    )
    formats = _formats(book)
    for section in paper.sections:
        _sheet(book, section, paper, formats)
    book.close()
    return stream.getvalue()


def _formats(book: Any) -> dict[str, Any]:
    made = {
        "title": book.add_format({"bold": True, "font_size": 16, "font_color": HEADER}),
        "plain": book.add_format({"valign": "top"}),
        "text": book.add_format({"text_wrap": True, "valign": "top"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd", "valign": "top"}),
        "head": book.add_format({"bold": True, "font_color": "#FFFFFF", "bg_color": HEADER,
                                 "text_wrap": True, "valign": "top", "border": 1}),
    }  # fmt: skip
    for name, (ink, fill) in STATUS_COLOURS.items():
        made[name] = book.add_format(
            {"font_color": ink, "bg_color": fill, "text_wrap": True, "valign": "top"}
        )
    return made


def _sheet(book: Any, section: Section, paper: Paper, formats: dict[str, Any]) -> None:
    sheet = book.add_worksheet(section.sheet)
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    put(sheet, 0, 0, f"{paper.title} – {section.title}", formats["title"])
    above = [*paper.lead, section.note]
    for row, sentence in enumerate(above, start=1):
        put(sheet, row, 0, sentence, formats["plain"])
    head = len(above) + 2
    for column, name in enumerate(section.columns):
        longest = max((len(text(r[column], paper.lang)) for r in section.rows), default=0)
        sheet.set_column(column, column, _WIDE if longest > _LONG else _NARROW)
        put(sheet, head, column, name, formats["head"])
    for row, values in enumerate(section.rows, start=head + 1):
        for column, value in enumerate(values):
            _cell(sheet, row, column, value, formats)
    if section.rows:
        sheet.autofilter(head, 0, head + len(section.rows), len(section.columns) - 1)
    sheet.freeze_panes(head + 1, 0)
    sheet.repeat_rows(head)


def _cell(sheet: Any, row: int, column: int, value: Value | Mark, formats: dict[str, Any]) -> None:
    if isinstance(value, Mark):
        put(sheet, row, column, value.text, formats[value.colour])
    else:
        form = "date" if isinstance(value, dt.date) else "text"
        put(sheet, row, column, value, formats[form])


def _counted(section: Section, column: int) -> bool:
    """Whether a column holds numbers alone; they stand at the right, their head with them."""
    values = [row[column] for row in section.rows]
    return any(isinstance(v, int) for v in values) and all(
        isinstance(v, int) or v in ("", "–") for v in values
    )


@cache
def _css() -> str:
    return (_HERE.parent / "page" / "page.css").read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    made = Environment(loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined,
                       trim_blocks=True, lstrip_blocks=True)  # fmt: skip
    made.filters["cell"] = text
    made.tests["mark"] = lambda value: isinstance(value, Mark)
    made.tests["day"] = lambda value: isinstance(value, dt.date)
    made.tests["counted"] = _counted
    return made
