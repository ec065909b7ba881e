"""The CSV twin of the workbook: the same columns, written and read as text.

A table with the columns of the register is the twin of the sheet of new sources.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from data.loaders.sources import COLUMNS as SOURCE_COLUMNS
from data.loaders.tables import Problems, Row, read_bytes, read_csv, read_text
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
    lines: list[Line] = []
    documents: list[Line] = []
    if _is_register(file):
        rows = read_csv(file, SOURCE_COLUMNS, problems)
        documents = [_line(file.name, row, SOURCE_COLUMNS) for row in rows]
    else:
        rows = read_csv(file, _NEEDED, problems, optional=(*fields.GUIDANCE[2:], fields.CHECK))
        lines = [_line(file.name, row, _NEEDED) for row in rows]
    problems.stop()
    return Page(
        file=file.name, sha256=hashlib.sha256(read_bytes(file)).hexdigest(), assessor="",
        lines=lines, exported=None, notices=(), sources=documents,
    )  # fmt: skip


def _is_register(file: Path) -> bool:
    """Whether the head of a table is that of a register of sources."""
    head = read_text(file).split("\n", 1)[0].strip().replace(";", ",").split(",")
    return {"id", "title_nb", "publisher"} <= {name.strip(' "') for name in head}


def _line(file: str, row: Row, columns: Sequence[str]) -> Line:
    where = f"{file}:{row.line}"
    return Line(where, {c: Cell(_bare(row[c]), f"{where} ({c})") for c in columns})
