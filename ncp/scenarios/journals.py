"""A journal that is there already, opened to be read: of a server of ours, wherever it lies.

A store that is only read must not be made: a misspelt path would be a journal without entries, and
"nothing happened" the answer to a question about something else.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from data.errors import InputError, Problem
from ncp.audit import tables
from ncp.store import Store

_HEAD = b"SQLite format 3\0"
_START = "start a contact point with: ehds ncp serve; or name its folder with --home"


def opened(place: str) -> Store:
    """Return the store of a journal.

    Args:
        place: a file, ``sqlite:///file.db`` or ``postgresql://user@host/name``.

    Raises:
        InputError: no such file, no database, or one without a journal.
        EnvironmentProblem: a database that cannot be reached.
    """
    file = _file(place)
    if file is not None:
        _check(file)
    return Store(place)


def _file(place: str) -> Path | None:
    """Return the file of a database of SQLite; None for another kind."""
    if "://" not in place:
        return Path(place)
    try:
        url = make_url(place)
    except ArgumentError:
        return None  # the store says what is wrong
    return Path(url.database or "") if url.drivername == "sqlite" else None


def _check(file: Path) -> None:
    if not file.is_file():
        raise InputError(Problem("there is no journal yet", str(file), remedy=_START))
    try:
        with file.open("rb") as stream:
            head = stream.read(len(_HEAD))
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror}", str(file),
                                 remedy="change its permissions")) from None  # fmt: skip
    if head != _HEAD:
        what = "no journal: it is no database of SQLite" if head else "no journal: it is empty"
        raise InputError(Problem(f"this is {what}", str(file), remedy=_START))
    try:
        found = _has_journal(file)
    except sqlite3.OperationalError:
        return  # locked, or not to be opened without writing beside it: the store knows how
    except sqlite3.DatabaseError as error:
        raise InputError(Problem(f"this is no journal: {error}", str(file), remedy=_START)
                         ) from None  # fmt: skip
    if not found:
        raise InputError(Problem("this is a database without a journal", str(file),
                                 remedy="name the store.db of «ehds ncp serve»"))  # fmt: skip


def _has_journal(file: Path) -> bool:
    connection = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
    try:
        row = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?",
                                 (tables.journal.name,)).fetchone()  # fmt: skip
    finally:
        connection.close()
    return row is not None
