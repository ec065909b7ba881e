"""Reading CSV and TOML that people edit: strict UTF-8, known columns, every error with its line."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data.errors import InputError, Problem

MAX_BYTES = 50 * 1024 * 1024
"""Nothing that a person edits is larger; a bigger file is the wrong file."""

csv.field_size_limit(1024 * 1024)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table with the place it came from."""

    file: str
    line: int
    cells: dict[str, str]

    @property
    def where(self) -> str:
        """File and line, as error messages show it."""
        return f"{self.file}:{self.line}"

    def __getitem__(self, column: str) -> str:
        """Return the text of a cell; an empty cell is an empty string."""
        return self.cells[column]

    def words(self, column: str) -> tuple[str, ...]:
        """Return a cell that holds several codes, separated by spaces."""
        return tuple(self.cells[column].split())


@dataclass
class Problems:
    """Collects everything that is wrong before anything is raised."""

    found: list[Problem] = field(default_factory=list)

    def add(self, what: str, where: str = "", rule: str = "", remedy: str = "") -> None:
        """Note one problem."""
        self.found.append(Problem(what, where, rule, remedy))

    def extend(self, problems: Iterable[Problem]) -> None:
        """Note several problems."""
        self.found.extend(problems)

    @contextmanager
    def gather(self) -> Iterator[None]:
        """Note what an error in the block tells, and go on after the block."""
        try:
            yield
        except InputError as error:
            self.extend(error.problems)

    def stop(self) -> None:
        """Raise everything that was found, if anything was."""
        if self.found:
            raise InputError(self.found)


def read_bytes(file: Path, limit: int = MAX_BYTES) -> bytes:
    """Return the content of a file, or raise an error that says why it cannot be read."""
    try:
        with file.open("rb") as stream:
            raw = stream.read(limit + 1)  # a device has no size to ask for
        if len(raw) > limit:
            raise InputError(
                Problem(
                    f"the file is larger than {_size(limit)}",
                    str(file),
                    remedy="check that this is the file you meant",
                )
            )
        return raw
    except FileNotFoundError:
        raise InputError(
            Problem("there is no such file", str(file), remedy="check the spelling of the path")
        ) from None
    except IsADirectoryError:
        raise InputError(Problem("this is a folder, a file was expected", str(file))) from None
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror}", str(file))) from None


def _size(limit: int) -> str:
    return f"{limit // 2**20} MiB" if limit >= 2**20 else f"{limit // 2**10} KiB"


def read_text(file: Path) -> str:
    """Return a text file as UTF-8 without byte order mark; a broken byte is named by its line."""
    raw = read_bytes(file)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(
            Problem(
                f"byte {raw[error.start]:#04x} is not UTF-8",
                f"{file}:{line}",
                rule="tables are UTF-8",
                remedy="save it as «CSV UTF-8»",
            )
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InputError(
            Problem(
                "a NUL character; this is no table",
                f"{file}:{line}",
                remedy="save it as «CSV UTF-8»",
            )
        )
    return text


def _dialect(header: str) -> str:
    """Norwegian Excel writes semicolons; both are read."""
    return ";" if header.count(";") > header.count(",") else ","


def _records(text: str, file: Path) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=_dialect(text.split("\n", 1)[0]), strict=True
    )
    start = 1
    try:
        for record in reader:
            yield start, record
            start = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            Problem(f"not a CSV table: {error}", f"{file}:{start}", remedy="check the quotes")
        ) from None


def read_csv(
    file: Path, columns: Sequence[str], problems: Problems, optional: Sequence[str] = ()
) -> list[Row]:
    """Read a table.

    Args:
        file: the CSV file; comma or semicolon, UTF-8 with or without byte order mark.
        columns: names that must stand in the header, in any order.
        problems: gets every row of the wrong length; reading goes on.
        optional: names that may stand in the header; read as empty where they do not.

    Raises:
        InputError: unreadable file, missing, doubled or unknown column.
    """
    records = _records(read_text(file), file)
    try:
        _, header = next(records)
    except StopIteration:
        raise InputError(
            Problem("the file is empty", str(file), remedy="start with the header row")
        ) from None
    header = [name.strip() for name in header]
    _check_header(file, header, columns, optional)
    rows = []
    for line, record in records:
        if not any(cell.strip() for cell in record):
            continue
        if len(record) != len(header):
            problems.add(
                f"{len(record)} cells where the header has {len(header)}",
                f"{file}:{line}",
                remedy="check separators and quotes in this row",
            )
            continue
        cells = dict.fromkeys(optional, "")
        cells.update(zip(header, (cell.strip() for cell in record), strict=True))
        rows.append(Row(str(file), line, cells))
    return rows


def _check_header(
    file: Path, header: list[str], columns: Sequence[str], optional: Sequence[str]
) -> None:
    problems = Problems()
    where = f"{file}:1"
    for name in columns:
        if name not in header:
            problems.add(f"column «{name}» is missing", where)
    for name in dict.fromkeys(header):
        if name not in columns and name not in optional:
            problems.add(
                f"unknown column «{name}»", where, remedy=f"the columns are: {', '.join(columns)}"
            )
        if header.count(name) > 1:
            problems.add(f"column «{name}» stands {header.count(name)} times", where)
    problems.stop()


def read_toml(file: Path) -> dict[str, Any]:
    """Read a TOML file; a syntax error is told with its place."""
    try:
        return tomllib.loads(read_text(file))
    except tomllib.TOMLDecodeError as error:
        raise InputError(Problem(f"not valid TOML: {error}", str(file))) from None
