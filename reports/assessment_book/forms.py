"""Formats of the workbook to fill in: what is locked is grey, what people write is pale yellow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format

from reports.texts import Texts
from reports.workbook.book import HEADER, PALE, STATUS_COLOURS

INPUT = "#FFFBE8"
LINE = "#C9CFD6"
_CELL = {"valign": "top", "border": 1, "border_color": LINE, "text_wrap": True}
STATUS_LOOK = {
    **STATUS_COLOURS,
    "used": STATUS_COLOURS["met"],
    "not-used": STATUS_COLOURS["not-assessed"],
    "undecided": STATUS_COLOURS["partial"],
}
"""Text and fill of each status, national options too."""


@dataclass
class Forms:
    """The formats of a workbook, each made once, and the texts."""

    workbook: Workbook
    t: Texts

    def _format(self, **look: Any) -> Format:
        return self.workbook.add_format(look)

    @cached_property
    def title(self) -> Format:
        """The heading of a sheet."""
        return self._format(bold=True, font_size=16, font_color=HEADER)

    @cached_property
    def heading(self) -> Format:
        """A heading within a sheet."""
        return self._format(bold=True, font_size=12, font_color=HEADER)

    @cached_property
    def head(self) -> Format:
        """The head of a column that is only read."""
        return self._format(bold=True, font_color="#FFFFFF", bg_color=HEADER, text_wrap=True,
                            valign="top", border=1, border_color="#8A94A0")  # fmt: skip

    @cached_property
    def head_input(self) -> Format:
        """The head of a column that people fill in."""
        return self._format(bold=True, font_color="#3F2F00", bg_color="#F5D66B", text_wrap=True,
                            valign="top", border=1, border_color="#8A94A0")  # fmt: skip

    @cached_property
    def plain(self) -> Format:
        """Text that runs over the cells beside it."""
        return self._format(valign="top")

    @cached_property
    def wrapped(self) -> Format:
        """Text that wraps in its cell."""
        return self._format(valign="top", text_wrap=True)

    @cached_property
    def strong(self) -> Format:
        """A label."""
        return self._format(valign="top", bold=True)

    @cached_property
    def guidance(self) -> Format:
        """A locked cell of the table."""
        return self._format(**_CELL, bg_color=PALE, font_size=10)

    @cached_property
    def id(self) -> Format:
        """The locked cell that names the row."""
        return self._format(**_CELL, bg_color=PALE, font_size=10, bold=True)

    @cached_property
    def check(self) -> Format:
        """The locked formula that tells what is missing."""
        return self._format(**_CELL, bg_color=PALE, font_size=10, italic=True)

    @cached_property
    def text(self) -> Format:
        """An input cell for text: what is typed stays as it is typed."""
        return self._format(**_CELL, bg_color=INPUT, locked=False, num_format="@", font_size=10)

    @cached_property
    def number(self) -> Format:
        """An input cell for a whole number."""
        return self._format(**_CELL, bg_color=INPUT, locked=False, num_format="0", align="center")

    @cached_property
    def date(self) -> Format:
        """An input cell for a date, shown in its ISO form."""
        return self._format(**_CELL, bg_color=INPUT, locked=False, num_format="yyyy-mm-dd",
                            align="left", font_size=10)  # fmt: skip

    @cached_property
    def key(self) -> Format:
        """A hidden key; text, so that no spreadsheet makes a number of it."""
        return self._format(num_format="@", font_color="#808080")

    @cached_property
    def status(self) -> dict[str, Format]:
        """Colours beside the word of a status, never instead of it."""
        return {
            code: self._format(font_color=ink, bg_color=fill, bold=True)
            for code, (ink, fill) in STATUS_LOOK.items()
        }
