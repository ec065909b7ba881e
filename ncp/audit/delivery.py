"""Brings every journal entry to the audit repository, also the one that was down for a week.

The journal itself is the queue: a repository has a mark of how far it got, moved only after it took
the messages. Nothing is lost; after a crash some may arrive twice.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import socket
import threading
import zlib

from sqlalchemy import Connection, func, insert, select, update

from data.errors import EhdsError
from ips.identifiers import mask
from ncp.audit.syslog import Sink, syslog
from ncp.audit.tables import journal, journal_delivery, journal_part
from ncp.store.engine import Store

_log = logging.getLogger(__name__)
_BATCH = 200
_LONGEST_PAUSE = 300.0


def deliver(store: Store, sink: Sink, limit: int = _BATCH) -> int:
    """Send what a repository has not got yet, at most `limit` messages.

    Returns:
        How many it took; 0 when there was nothing, or when it did not take them (then the failure
        is counted and they stay in the queue).
    """
    host, process = socket.gethostname(), str(os.getpid())
    with store.connect() as connection:
        done = _mark(connection, sink.name)
        rows = connection.execute(
            select(journal.c.number, journal.c.moment, journal_part.c.content)
            .join(journal_part, journal_part.c.number == journal.c.number)
            .where(journal.c.number > (done or 0), journal_part.c.part == "atna")
            .order_by(journal.c.number)
            .limit(limit)
        ).all()
    if not rows:
        return 0
    messages = [
        syslog(zlib.decompress(row.content), time=_aware(row.moment), host=host, process=process)
        for row in rows
    ]
    try:
        sink.send(messages)
    except OSError as error:
        reason = mask(str(error.strerror or error))
        _log.warning("audit repository %s does not answer: %s", sink.name, reason)
        _note(store, sink.name, done, failure=reason)
        return 0
    _note(store, sink.name, rows[-1].number)
    return len(rows)


def waiting(connection: Connection, name: str) -> int:
    """Return how many entries a repository has not got yet."""
    last = connection.execute(select(func.max(journal.c.number))).scalar() or 0
    return int(last) - (_mark(connection, name) or 0)


def _aware(moment: dt.datetime) -> dt.datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _mark(connection: Connection, name: str) -> int | None:
    found = connection.execute(
        select(journal_delivery.c.number).where(journal_delivery.c.sink == name)
    ).scalar()
    return None if found is None else int(found)


def _note(store: Store, name: str, number: int | None, failure: str = "") -> None:
    table = journal_delivery
    with store.begin() as connection:
        known = connection.execute(select(table).where(table.c.sink == name)).first()
        failures = (known.failures if known else 0) + 1 if failure else 0
        # Another process may have got further meanwhile; the mark never goes back.
        values = {"number": max(number or 0, known.number if known else 0), "failures": failures,
                  "error": failure}  # fmt: skip
        if known:
            connection.execute(update(table).where(table.c.sink == name).values(values))
        else:
            connection.execute(insert(table), {"sink": name, **values})


class Courier:
    """Delivers in the background until it is stopped, with longer pauses while nobody answers.

    Args:
        store: of the journal.
        sink: the repository.
        pause: seconds between two looks.
    """

    def __init__(self, store: Store, sink: Sink, pause: float = 1.0) -> None:
        self._store = store
        self._sink = sink
        self._pause = pause
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit-courier", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self, timeout: float = 15.0) -> None:
        """Stop, and send once more what is waiting; what is not taken stays for the next time."""
        self._stop.set()
        self._thread.join(timeout)
        self._look()

    def _run(self) -> None:
        pause = self._pause
        while not self._stop.is_set():
            pause = self._pause if self._look() else min(pause * 2, _LONGEST_PAUSE)
            self._stop.wait(pause)

    def _look(self) -> bool:
        """Deliver everything that waits; False when the repository does not take it."""
        try:
            while deliver(self._store, self._sink):
                pass
            with self._store.connect() as connection:
                return waiting(connection, self._sink.name) == 0
        except EhdsError as error:
            _log.warning("the journal cannot be read: %s", error)
            return False
