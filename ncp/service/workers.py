"""Several processes that answer at one address, so that every core of the machine works.

Each has a socket of its own at the address; the system spreads the connections. The first process
only watches: it starts another one where one dies, and takes all with it when it ends.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from data.errors import EnvironmentProblem, Problem

_log = logging.getLogger("ehds.ncp")
_SHORTEST_LIFE = 2.0
"""Seconds; a worker that dies sooner would die again."""
_GRACE_SECONDS = 15.0

Serve = Callable[[int, socket.socket, int, Callable[[], None]], None]
"""What a worker does: its number, its socket, a descriptor that ends when the first process does,
and whom to tell that requests are accepted."""


def possible() -> bool:
    """Return whether this system can have several processes at one address."""
    return hasattr(os, "fork") and hasattr(socket, "SO_REUSEPORT")


def run(serve: Serve, sock: socket.socket, number: int, ready: Callable[[], None]) -> None:
    """Run workers until SIGINT or SIGTERM.

    Nothing of this process may have threads, because it is forked.

    Args:
        serve: what a worker does; it returns at SIGINT and SIGTERM.
        sock: bound with ``SO_REUSEPORT``, not listening.
        number: how many.
        ready: called when all accept requests.

    Raises:
        EnvironmentProblem: a worker cannot live.
    """
    crew = _Crew(serve, sock, number)
    before = {one: signal.signal(one, _interrupted) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        crew.start()
        ready()
        crew.watch()
    except KeyboardInterrupt:
        return
    finally:
        for one in before:
            signal.signal(one, signal.SIG_IGN)
        crew.end()
        for one, handler in before.items():
            signal.signal(one, handler)


def _interrupted(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


class _Crew:
    """The workers, by process id: number and start."""

    def __init__(self, serve: Serve, sock: socket.socket, number: int) -> None:
        self._serve, self._sock, self._number = serve, sock, number
        self._working: dict[int, tuple[int, float]] = {}
        self._lifeline, self._life = os.pipe()
        self._told, self._tell = os.pipe()

    def start(self) -> None:
        for number in range(self._number):
            self._fork(number)
        told = 0
        while told < self._number:
            if select.select([self._told], [], [], 0.1)[0]:
                told += len(os.read(self._told, 64))
            self._bury()

    def watch(self) -> None:
        while True:
            time.sleep(0.5)
            for number in self._bury():
                self._fork(number)

    def end(self) -> None:
        for pid in self._working:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + _GRACE_SECONDS
        while self._working and time.monotonic() < until:
            self._reap()
            time.sleep(0.02)
        for pid in self._working:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        for one in (self._lifeline, self._life, self._told, self._tell):
            os.close(one)

    def _reap(self) -> list[tuple[int, float]]:
        dead = []
        for pid in list(self._working):
            if os.waitpid(pid, os.WNOHANG)[0]:
                dead.append(self._working.pop(pid))
        return dead

    def _bury(self) -> list[int]:
        dead = self._reap()
        for number, started in dead:
            if time.monotonic() - started < _SHORTEST_LIFE:
                raise EnvironmentProblem(
                    Problem(f"worker {number} ends as soon as it begins", "--workers",
                            remedy="try one worker; it says what is wrong")
                )  # fmt: skip
            _log.warning("worker %d ended; another one takes its place", number)
        return [number for number, _ in dead]

    def _fork(self, number: int) -> None:
        pid = os.fork()
        if pid:
            self._working[pid] = (number, time.monotonic())
            return
        code = 1
        try:
            os.close(self._life)
            self._work(number)
            code = 0
        except Exception as error:  # noqa: BLE001, RUF100 - a worker tells and ends, whatever it is
            _log.error("worker %d: %s: %s", number, type(error).__name__, error)
        finally:
            os._exit(code)

    def _work(self, number: int) -> None:
        own = socket.socket(self._sock.family, socket.SOCK_STREAM)
        for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
            own.setsockopt(socket.SOL_SOCKET, option, 1)
        own.bind(self._sock.getsockname())
        own.setblocking(False)
        self._sock.close()
        with own:
            self._serve(number, own, self._lifeline, self._ready)

    def _ready(self) -> None:
        os.write(self._tell, b"+")
