"""A line that breaks, drips or swells, over a real socket."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from ncp.client import Asker, Client, Limits, Partner, Transport, Unreachable
from ncp.countries import country
from ncp.model import Traits
from tests.ncp.client.answering import PATIENT, document

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\n"
Behaviour = Callable[[socket.socket], None]


@contextmanager
def listening(behave: Behaviour) -> Iterator[tuple[str, list[int]]]:
    """Give the address of a server that reads a request and then behaves, and its count."""
    seen: list[int] = []
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.settimeout(0.1)
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    _read(connection)
                    seen.append(1)
                    behave(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}", seen
        finally:
            stop.set()
            thread.join()


def _read(connection: socket.socket) -> None:
    """Read one whole request."""
    connection.settimeout(5)
    got = b""
    while b"\r\n\r\n" not in got:
        got += connection.recv(65536)
    head, _, body = got.partition(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n")
                  if line.lower().startswith(b"content-length"))  # fmt: skip
    while len(body) < length:
        body += connection.recv(65536)


def ask(url: str, asker: Asker, *, submit: bool = False, **limits: float) -> Unreachable:
    partner = Partner(url, country("NO"))
    bounds = Limits(**{"connect": 1.0, "read": 1.0, "pause": 0.0, **limits})  # type: ignore[arg-type]
    with Client(partner, asker, transport=Transport(partner, bounds)) as client:
        if submit:
            with pytest.raises(Unreachable) as told:
                client.dispense(PATIENT, document())
        else:
            with pytest.raises(Unreachable) as told:
                client.identify(Traits((PATIENT,)))
    return told.value


def cut(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n<env:Envelope")


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def silent(_connection: socket.socket) -> None:
    time.sleep(1.5)


def drip(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Content-Length: 100000\r\n\r\n")
    try:
        for _ in range(60):
            connection.sendall(b" ")
            time.sleep(0.05)
    except OSError:
        return


def swell(connection: socket.socket) -> None:
    packed = gzip.compress(b" " * 5_000_000)
    head = f"Content-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    connection.sendall(HEAD + head + packed)


def chunks(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\nnot-a-number\r\n")


@pytest.mark.parametrize("behave", [cut, reset, chunks])
def test_a_question_is_asked_again_when_the_line_breaks(behave: Behaviour, asker: Asker) -> None:
    with listening(behave) as (url, seen):
        told = ask(url, asker)
    assert told.doubtful
    assert len(seen) == 3


@pytest.mark.parametrize("behave", [cut, reset, chunks, silent])
def test_a_report_is_sent_once_whatever_breaks(behave: Behaviour, asker: Asker) -> None:
    with listening(behave) as (url, seen):
        told = ask(url, asker, submit=True)
    assert told.doubtful
    assert len(seen) == 1


def test_silence_ends_the_waiting(asker: Asker) -> None:
    with listening(silent) as (url, seen):
        told = ask(url, asker)
    assert "in time" in told.problems[0].what
    assert len(seen) == 1


def test_a_drip_does_not_keep_us_for_ever(asker: Asker) -> None:
    started = time.monotonic()
    with listening(drip) as (url, _seen):
        told = ask(url, asker, whole=0.5)
    assert "took longer" in told.problems[0].what
    assert time.monotonic() - started < 2


def test_a_small_answer_that_unpacks_to_a_large_one_is_stopped(asker: Asker) -> None:
    with listening(swell) as (url, _seen):
        told = ask(url, asker, size=1_000_000)
    assert "larger than" in told.problems[0].what


def test_nobody_there_is_told_as_that(asker: Asker) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    told = ask(f"http://127.0.0.1:{port}", asker, submit=True)
    assert not told.doubtful
    assert told.problems[0].what.startswith("country A cannot be reached: ")
