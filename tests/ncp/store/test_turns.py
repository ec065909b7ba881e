"""Writers of several processes: they take turns, none is lost, and the journal stays one chain."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os

import pytest
from sqlalchemy import select

from ncp.audit.journal import entries, record
from ncp.audit.transaction import Event, Transaction
from ncp.audit.verification import verify
from ncp.store import Store
from ncp.store.replay import first_time
from ncp.store.tables import seen

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
EACH, WRITERS = 25, 3


def event(name: str) -> Transaction:
    return Transaction(side="A", operation=Event.COMMUNICATION_FAILURE, started=NOW, ended=NOW,
                       error=name)  # fmt: skip


def work(url: str, name: str) -> None:
    store = Store(url)
    for number in range(EACH):

        def write(connection, message=f"{name}-{number}"):
            assert first_time(connection, message, NOW)
            record(connection, event(message), b"request", b"answer")

        store.write(write)
    store.close()


def test_processes_that_write_at_once_make_one_chain_without_loss(tmp_path):
    url = str(tmp_path / "store.db")
    Store(url).close()
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=work, args=(url, f"w{n}")) for n in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    store = Store(url)
    with store.connect() as connection:
        assert len(connection.execute(select(seen)).all()) == EACH * WRITERS
        assert len(list(entries(connection))) == EACH * WRITERS
        assert verify(connection).sound
    store.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_has_a_turn_of_its_own(tmp_path):
    """The lock of the parent is not the child's: both would write at once."""
    store = Store(tmp_path / "store.db")
    store.write(lambda connection: first_time(connection, "parent", NOW))
    asking, telling = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            store.renew()
            with store.begin() as connection:
                os.write(telling, b"x")
                first_time(connection, "child", NOW)
            os._exit(0)
        finally:
            os._exit(1)
    assert os.read(asking, 1) == b"x"
    store.write(lambda connection: first_time(connection, "after", NOW))
    assert os.waitpid(pid, 0)[1] == 0
    with store.connect() as connection:
        kept = set(connection.execute(select(seen.c.message_id)).scalars())
    assert kept == {"parent", "child", "after"}
    store.close()
