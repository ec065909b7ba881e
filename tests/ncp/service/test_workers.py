"""Several processes at one address: they share the work; one that dies is replaced."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from ncp.audit.journal import entries
from ncp.audit.verification import verify
from ncp.service import workers
from ncp.store import Store
from tests.ncp.service.asking import MRSA
from tests.ncp.service.test_server import Server, serving

pytestmark = pytest.mark.skipif(
    not workers.possible() or not Path("/proc").exists(), reason="needs Linux"
)


def crew(server: Server) -> list[int]:
    own = server.process.pid
    return [int(pid) for pid in Path(f"/proc/{own}/task/{own}/children").read_text().split()]


def wait(condition, seconds: float = 20) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.05)
    return False


def alive(pid: int) -> bool:
    with suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_workers_answer_at_one_address_and_write_one_chain(tmp_path):
    with serving(tmp_path, "--workers", "2") as running:
        assert len(crew(running)) == 2
        for _ in range(12):  # each is a connection of its own, so that both get some
            assert running.send(running.b.query(MRSA)).entries
        assert running.stop() == 0
    store = Store(tmp_path / "store.db")
    with store.connect() as connection:
        assert len(list(entries(connection))) == 12
        assert verify(connection).sound
    store.close()
    assert not (tmp_path / "server.json").exists()


def test_a_replay_is_refused_whichever_worker_it_comes_to(tmp_path):
    with serving(tmp_path, "--workers", "2") as running:
        incoming = running.b.query(MRSA)
        answers = [running.post(incoming).status_code for _ in range(8)]
    assert answers == [200, *[400] * 7]


def test_a_worker_that_dies_is_replaced(tmp_path):
    with serving(tmp_path, "--workers", "2") as running:
        first = crew(running)
        time.sleep(2.2)  # one that dies sooner after its start would die again
        os.kill(first[0], signal.SIGKILL)
        assert wait(lambda: len(crew(running)) == 2 and first[0] not in crew(running))
        assert running.send(running.b.query(MRSA)).entries
        assert running.stop() == 0


def test_when_the_first_process_is_killed_the_workers_end_too(tmp_path):
    with serving(tmp_path, "--workers", "2") as running:
        members = crew(running)
        running.stop(signal.SIGKILL)
        assert wait(lambda: not any(alive(pid) for pid in members))
