"""A clinical document on paper: A4 pages as PDF/A-3b, with the fonts that are shipped.

Pure Python and no system library: the same bytes on every machine. The fonts have the scripts of
the official languages of the EU and the EEA (Latin, Greek, Cyrillic).
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import dataclass
from html import escape
from importlib import import_module
from typing import Any

import data
from data.errors import EnvironmentProblem, Problem

_FAMILY = "sans"
_FONTS = {"": "DejaVuSans.ttf", "B": "DejaVuSans-Bold.ttf"}
_SIDE, _TOP, _BOTTOM = 15, 18, 18
_SMALL, _NORMAL, _HEADING, _TITLE = 8, 9, 11, 16
"""Margins in mm, sizes in points."""
_LINE, _DENSE = 4.3, 3.8
_PADDING = 1
_GREY = (238, 238, 238)
_MOST_COLUMNS, _LONGEST_CELL = 12, 600
"""A table with more or longer cells is told row by row: a row of it might not fit a page."""
_WIDE = 60
"""Characters from which on a column does not ask for more room."""
_METADATA = """\
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" pdfaid:part="3" pdfaid:conformance="B"
    xmp:CreateDate="{made}" xmp:ModifyDate="{made}">
   <dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
   <dc:language><rdf:Bag><rdf:li>{lang}</rdf:li></rdf:Bag></dc:language>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>"""
"""Written here, because the library puts the time of the run in it (ISO 19005-3 6.6.2)."""
_NO_GLYPH = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of narrative.

    Attributes:
        kind: ``paragraph`` and ``list`` (one cell a row), ``table`` (its first row is the head) or
            ``rows`` (a table without head).
        rows: cells of text.
    """

    kind: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A section with its title."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands on the pages.

    Attributes:
        lang: ``nb-NO`` or ``en``.
        facts: label and value of the head.
        page: the word before the number of a page.
        no_glyph: the note that explains the sign for a character that the fonts lack.
        made: time of the document.
    """

    lang: str
    title: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    page: str
    no_glyph: str
    made: dt.datetime


def draw(sheet: Sheet) -> bytes:
    """Return the pages as PDF/A-3b.

    Raises:
        EnvironmentProblem: the library that writes PDF is not installed.
    """
    try:
        fpdf = import_module("fpdf")
    except ImportError:
        raise EnvironmentProblem(
            Problem("a level 1 document holds a PDF, and the library that writes it is missing",
                    "level 1", remedy="install it: pip install fpdf2")
        ) from None  # fmt: skip
    return _Paper(fpdf, sheet).draw()


class _Paper:
    """The pages of one document.

    Attributes:
        lacked: whether a character was replaced because the fonts lack it.
    """

    def __init__(self, fpdf: Any, sheet: Sheet) -> None:
        self.sheet = sheet
        self.lacked = False
        self.pdf = pdf = fpdf.FPDF(format="A4", enforce_compliance="PDF/A-3B")
        self.face = fpdf.FontFace
        for style, file in _FONTS.items():
            pdf.add_font(_FAMILY, style, data.path("fonts", file))
        self.known = frozenset(pdf.fonts[_FAMILY].cmap) & frozenset(pdf.fonts[f"{_FAMILY}B"].cmap)
        pdf.set_margins(_SIDE, _TOP, _SIDE)
        pdf.set_auto_page_break(True, _BOTTOM)
        pdf.set_lang(sheet.lang)
        pdf.set_title(self.plain(sheet.title))
        pdf.set_creation_date(sheet.made)
        pdf.set_xmp_metadata(_metadata(sheet, pdf.title))
        pdf.footer = self._footer
        pdf.set_font(_FAMILY, size=_NORMAL)

    def draw(self) -> bytes:
        """Put everything on paper, in order."""
        self.pdf.add_page()
        self._text(self.sheet.title, "B", _TITLE, 7)
        self.pdf.ln(2)
        for label, value in self.sheet.facts:
            self._fact(label, value)
        for section in self.sheet.sections:
            self._heading(section.title)
            for block in section.blocks:
                self._block(block)
        if self.lacked:
            self.pdf.ln(4)
            self._text(f"{_NO_GLYPH} {self.sheet.no_glyph}", "", _SMALL)
        return bytes(self.pdf.output())

    def plain(self, text: str) -> str:
        """Return text with signs that the fonts have; what they lack becomes one sign."""
        found = []
        for sign in unicodedata.normalize("NFC", text):
            if ord(sign) in self.known:
                found.append(sign)
            elif sign.isspace():
                found.append(" ")
            elif unicodedata.category(sign) not in ("Cc", "Cf", "Mn"):
                self.lacked = True
                found.append(_NO_GLYPH)
        return "".join(found)

    def _footer(self) -> None:
        pdf = self.pdf
        pdf.set_y(-12)
        pdf.set_font(_FAMILY, size=_SMALL)
        number = f"{self.plain(self.sheet.page)} {pdf.page_no()} / {{nb}}"
        pdf.cell(0, 5, number, align="R")

    def _text(self, text: str, style: str = "", size: int = _NORMAL, line: float = _LINE) -> None:
        self.pdf.set_font(_FAMILY, style, size)
        self.pdf.multi_cell(0, line, self.plain(text), align="L", new_x="LMARGIN", new_y="NEXT")
        self.pdf.set_font(_FAMILY, "", _NORMAL)

    def _fact(self, label: str, value: str) -> None:
        self.pdf.set_font(_FAMILY, "B", _NORMAL)
        self.pdf.cell(38, _LINE + 0.5, self.plain(label))
        self.pdf.set_font(_FAMILY, "", _NORMAL)
        self.pdf.multi_cell(0, _LINE + 0.5, self.plain(value), align="L", new_x="LMARGIN",
                            new_y="NEXT")  # fmt: skip

    def _heading(self, title: str) -> None:
        if self.pdf.will_page_break(30):  # a heading does not stand alone at the end of a page
            self.pdf.add_page()
        self.pdf.ln(4)
        name = self.plain(title) or "-"
        self.pdf.start_section(name)
        self._text(name, "B", _HEADING, 5.5)
        self.pdf.ln(1)

    def _block(self, block: Block) -> None:
        if block.kind == "list":
            for (item,) in block.rows:
                self._text(f"• {item}")
        elif block.kind == "paragraph":
            self._text(block.rows[0][0])
        elif block.rows:
            rows = [[self.plain(text) for text in cells] for cells in block.rows]
            widths = self._widths(rows, headed=block.kind == "table")
            if widths:
                self._table(rows, widths, headed=block.kind == "table")
            else:
                self._told(rows, headed=block.kind == "table")
        self.pdf.ln(1)

    def _table(self, rows: list[list[str]], widths: list[float], *, headed: bool) -> None:
        self.pdf.set_font(_FAMILY, "", _SMALL)
        style = self.face(emphasis="BOLD", fill_color=_GREY)
        with self.pdf.table(
            col_widths=widths, first_row_as_headings=headed, num_heading_rows=int(headed),
            headings_style=style, line_height=_DENSE, padding=_PADDING, text_align="LEFT",
            v_align="TOP",
        ) as table:  # fmt: skip
            for cells in rows:
                line = table.row()
                for text in (*cells, *[""] * (len(widths) - len(cells))):
                    line.cell(text)
        self.pdf.set_font(_FAMILY, "", _NORMAL)

    def _told(self, rows: list[list[str]], *, headed: bool) -> None:
        """Tell a table that would not fit a page row by row, each cell with its column."""
        heads = rows[0] if headed else []
        for cells in rows[1:] if headed else rows:
            for number, text in enumerate(cells):
                label = f"{heads[number]}: " if number < len(heads) and heads[number] else ""
                if text:
                    self._text(label + text)
            self.pdf.ln(1.5)

    def _widths(self, rows: list[list[str]], *, headed: bool) -> list[float]:
        """Return the width of each column in mm: its longest word, then a share by its content.

        Empty when the table does not fit a page: too many columns, or cells that are too long.
        """
        columns = max(map(len, rows))
        texts = [[cells[i] for cells in rows if i < len(cells)] for i in range(columns)]
        longest = [max(map(len, column)) for column in texts]
        if not longest or max(longest) > _LONGEST_CELL or columns > _MOST_COLUMNS:
            return []
        least = [2 * _PADDING + 1 + self._widest(column, headed) for column in texts]
        left = self.pdf.epw - sum(least)
        if left < 0:  # the longest words are broken
            return [width * self.pdf.epw / sum(least) for width in least]
        share = [min(length, _WIDE) or 1 for length in longest]
        return [width + left * part / sum(share) for width, part in zip(least, share, strict=True)]

    def _widest(self, column: list[str], headed: bool) -> float:
        """Return the width of the longest word of a column in mm, at most a part of the page."""
        found = 0.0
        for number, text in enumerate(column):
            self.pdf.set_font(_FAMILY, "B" if headed and not number else "", _SMALL)
            found = max([found, *map(self.pdf.get_string_width, text.split())])
        self.pdf.set_font(_FAMILY, "", _NORMAL)
        widest: float = min(found, self.pdf.epw / 4)
        return widest


def _metadata(sheet: Sheet, title: str) -> str:
    made = sheet.made.astimezone(dt.UTC).isoformat(timespec="seconds")
    return _METADATA.format(made=made, title=escape(title), lang=sheet.lang)
