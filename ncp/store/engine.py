"""The database of a contact point: SQLite in a file, or PostgreSQL by URL, with the same rules."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from data.errors import EnvironmentProblem, InputError, Problem
from ncp.store.tables import metadata
from ncp.store.turns import Turns

T = TypeVar("T")
_BUSY_MILLISECONDS = 15_000
_SCHEMA_LOCK = 0x65686473
"""Advisory lock of PostgreSQL under which the tables are made (any fixed number)."""


@dataclass
class _Job:
    """One work that waits for its turn to write, and what came of it."""

    work: Callable[[Connection], Any]
    result: Any = None
    error: Exception | None = None
    done: bool = False


class Store:
    """A database that survives being killed at any moment.

    SQLite runs with a write-ahead log and waits for the disk at every commit; writers take turns.

    Args:
        url: a file, ``sqlite:///file.db``, or ``postgresql://user@host/name``.

    Raises:
        InputError: not a URL that is known.
        EnvironmentProblem: the database cannot be reached or opened.
    """

    def __init__(self, url: str | Path) -> None:
        self.url = _url(str(url))
        self._sqlite = self.url.get_backend_name() == "sqlite"
        self._engine = _engine(self.url)
        self._writer = self._engine.execution_options(ehds_write=True)
        self._queue = threading.Lock()
        lock = Path(f"{self.url.database}.lock")
        self._turns = Turns(lock)
        self._waiting: list[_Job] = []
        self._waiting_lock = threading.Lock()
        known = not self._sqlite or lock.exists()
        try:
            self.create()
        except BaseException:
            self.close()
            if not known:  # nothing is left beside what is no store
                with suppress(OSError):
                    lock.unlink()
            raise

    def create(self) -> None:
        """Make the tables that are not there yet; several processes may do so at once."""
        try:
            with self.begin() as connection:
                if not self._sqlite:
                    connection.execute(
                        text("SELECT pg_advisory_xact_lock(:number)"), {"number": _SCHEMA_LOCK}
                    )
                metadata.create_all(connection)
        except (SQLAlchemyError, OSError) as error:
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            raise EnvironmentProblem(
                Problem(f"the store cannot be opened: {reason}",
                        self.url.render_as_string(hide_password=True),
                        remedy="check --store: a folder that can be written, or a database that "
                        "runs")
            ) from None  # fmt: skip

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Give a connection in a write transaction: all of the block is kept, or nothing."""
        if not self._sqlite:
            with self._writer.begin() as connection:
                yield connection
            return
        with self._queue, self._turns.take(), self._writer.begin() as connection:
            yield connection

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do some work in a write transaction and return what it gives, once it is kept.

        Works that wait at the same time share one commit, which is what takes long; each stands
        on its own: one that fails is undone and raises here, and the others are kept.

        Raises:
            Exception: what the work raises, or that the transaction was not kept.
        """
        if not self._sqlite:
            with self._writer.begin() as connection:
                return work(connection)
        job = _Job(work)
        with self._waiting_lock:
            self._waiting.append(job)
        with self._queue:
            if not job.done:  # whoever comes first does the work of all who wait
                with self._turns.take():
                    with self._waiting_lock:
                        jobs, self._waiting = self._waiting, []
                    self._work_off(jobs)
        if job.error is not None:
            raise job.error
        return cast(T, job.result)

    def _work_off(self, jobs: list[_Job]) -> None:
        kept = False
        try:
            with self._writer.begin() as connection:
                if len(jobs) == 1:  # what fails is undone with the transaction
                    jobs[0].result = jobs[0].work(connection)
                else:
                    _one_by_one(connection, jobs)
            kept = True
        except Exception as error:  # noqa: BLE001, RUF100 - nothing was kept: all are told
            for job in jobs:
                job.error = job.error or error
        finally:
            for job in jobs:
                job.done = True
                if not kept and job.error is None:  # interrupted: nobody is told that it is kept
                    job.error = RuntimeError("the transaction was interrupted")

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Give a connection for reading; it never waits for a writer."""
        with self._engine.connect() as connection:
            yield connection

    def clear(self) -> None:
        """Forget everything (for tests against a running service)."""
        with self.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())

    def renew(self) -> None:
        """Begin anew in a process that was forked: connections belong to the one that made them."""
        self._engine.dispose(close=False)
        self._turns.close()

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()
        self._turns.close()


def _one_by_one(connection: Connection, jobs: list[_Job]) -> None:
    for job in jobs:
        try:
            with connection.begin_nested():
                job.result = job.work(connection)
        except Exception as error:  # noqa: BLE001, RUF100 - raised to its own caller
            job.error = error


def _url(text_: str) -> URL:
    if "://" not in text_:
        return URL.create("sqlite", database=text_)
    try:
        url = make_url(text_)
    except ArgumentError:
        url = URL.create("unknown")
    if url.get_backend_name() in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername == "sqlite":
        return url
    raise InputError(
        Problem("this is no store that is known", "--store",
                rule="a file, sqlite:///file.db or postgresql://user@host/name")
    )  # fmt: skip


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        try:
            return create_engine(url, pool_pre_ping=True, pool_size=8, max_overflow=24)
        except ImportError:
            raise EnvironmentProblem(
                Problem("the driver for PostgreSQL is not installed", "--store",
                        remedy="pip install 'ehds-norge[postgres]'")
            ) from None  # fmt: skip
    if not url.database or url.database == ":memory:":
        raise InputError(Problem("a store in memory would be lost", "--store",
                                 remedy="give a file"))  # fmt: skip
    try:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        _for_owner(url.database)
    except OSError as error:
        raise EnvironmentProblem(
            Problem(f"the folder cannot be made: {error.strerror}", url.database,
                    remedy="check --store and --home")
        ) from None  # fmt: skip
    engine = create_engine(url, connect_args={"timeout": _BUSY_MILLISECONDS / 1000},
                           pool_size=8, max_overflow=24)  # fmt: skip
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _for_owner(file: str) -> None:
    """Make the file of a new database so that only its owner can read it.

    The journal has messages and numbers of patients. SQLite gives its other files the same rights.
    """
    if file.startswith("file:"):  # an address, not a path
        return
    with suppress(OSError):  # it is there already, or opening it tells what is wrong
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not open transactions of its own: BEGIN IMMEDIATE is ours to send.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get("ehds_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
