"""The CSV twin of the workbook: the same columns, written and read as text."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

from data.loaders.tables import Problems, read_bytes, read_csv
from gap.worksheet import fields
from gap.worksheet.page import Cell, Line, Page

COLUMNS = ("system", "obligation", "title", "due", *fields.INPUTS, *fields.KEYS)
_NEEDED = ("system", "obligation", *fields.INPUTS, *fields.KEYS)
_RUN = ("=", "+", "-", "@", "\t", "\r")
_MARK = "\ufeff"


def write(rows: Iterable[Mapping[str, str]], *, norwegian: bool) -> str:
    """Return a table as CSV with byte order mark; a text that a spreadsheet would run is marked.

    Args:
        rows: the rows by column name.
        norwegian: semicolons, as Excel in Norwegian expects, instead of commas.
    """
    stream = io.StringIO()
    stream.write(_MARK)
    writer = csv.writer(stream, delimiter=";" if norwegian else ",", lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_guarded(row[name]) for name in COLUMNS])
    return stream.getvalue()


def _guarded(text: str) -> str:
    return f"'{text}" if text.startswith(_RUN) else text


def _bare(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith(_RUN) else text


def read(file: Path) -> Page:
    """Read a table without judging what the cells say.

    Raises:
        InputError: not UTF-8, not CSV, columns missing, doubled or unknown.
    """
    problems = Problems()
    rows = read_csv(file, _NEEDED, problems, optional=(*fields.GUIDANCE[2:], fields.CHECK))
    problems.stop()
    lines = [
        Line(
            f"{file.name}:{row.line}",
            {name: Cell(_bare(row[name]), f"{file.name}:{row.line} ({name})") for name in _NEEDED},
        )
        for row in rows
    ]
    return Page(
        file=file.name, sha256=hashlib.sha256(read_bytes(file)).hexdigest(), assessor="",
        lines=lines, exported=None, notices=(),
    )  # fmt: skip
