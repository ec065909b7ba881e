"""Audit messages reach the repository in the form of RFC 5424 and 5425, and none is lost."""

from __future__ import annotations

import datetime as dt
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from sqlalchemy import select

from data.errors import InputError
from ncp.audit import atna, read_atna
from ncp.audit.delivery import Courier, deliver, waiting
from ncp.audit.journal import record
from ncp.audit.syslog import FileSink, SocketSink, octets, sink, syslog
from ncp.audit.tables import journal_delivery
from ncp.model import Operation
from tests.ncp.audit.transactions import NOON, exchange

HEADER = re.compile(
    rb"<85>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) "
    rb"IHE\+RFC-3881 - \xef\xbb\xbf<\?xml"
)


class Repository:
    """A syslog server that keeps what it gets; it may be told to break connections."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.got: list[bytes] = []
        self.broken = False
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            try:
                self._take(connection)
            except OSError:
                connection.close()

    def _take(self, connection: socket.socket) -> None:
        if self.broken:
            # Closing with data unread is what a process that died looks like: a reset.
            linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            connection.close()
            return
        if self._context:
            connection = self._context.wrap_socket(connection, server_side=True)
        with connection:
            data = b""
            while chunk := connection.recv(65536):
                data += chunk
            self.got += list(unframed(data))
            if isinstance(connection, ssl.SSLSocket):
                connection.unwrap().close()

    def close(self) -> None:
        self._socket.close()


def unframed(data: bytes) -> Iterator[bytes]:
    """RFC 5425: MSG-LEN SP SYSLOG-MSG, again and again."""
    while data:
        length, _, rest = data.partition(b" ")
        yield rest[: int(length)]
        data = rest[int(length) :]


@pytest.fixture
def repository():
    made = Repository()
    yield made
    made.close()


def put(store, count: int) -> None:
    for _ in range(count):
        with store.begin() as connection:
            record(connection, exchange(Operation.PS_LIST), b"q", b"r")


def test_the_message_has_the_header_of_iti_20():
    message = syslog(atna(exchange(Operation.PS_LIST)), time=NOON, host="gw", process="7")
    found = HEADER.match(message)
    assert found
    assert found.groups() == (b"gw", b"ehds", b"7")
    assert b"2026-11-22T12:00:00.000Z" in message[:60]
    assert read_atna(message).operation == "PatientService::List"


@pytest.mark.parametrize("host", ["", "a b\n<85>", "æøå", "x" * 400])
def test_a_header_field_cannot_break_the_message(host):
    assert HEADER.match(syslog(atna(exchange(Operation.PS_LIST)), time=NOON, host=host))


def test_the_frame_is_the_length_in_octets():
    assert octets("blåbær".encode()) == b"8 " + "blåbær".encode()


def test_a_file_gets_one_message_a_line(tmp_path: Path):
    target = FileSink(tmp_path / "audit.log")
    target.send([b"one\r\ntwo", b"three"])
    target.send([b"four"])
    assert target.path.read_bytes() == b"one  two\nthree\nfour\n"


def test_every_entry_is_sent_once_and_in_order(sqlite_store, repository):
    put(sqlite_store, 5)
    target = sink(f"tcp://127.0.0.1:{repository.port}")
    assert deliver(sqlite_store, target, limit=2) == 2
    while deliver(sqlite_store, target):
        pass
    assert len(repository.got) == 5
    assert all(HEADER.match(m) for m in repository.got)
    put(sqlite_store, 1)
    assert deliver(sqlite_store, target) == 1
    assert deliver(sqlite_store, target) == 0
    assert len(repository.got) == 6


def test_nothing_is_lost_while_the_repository_is_down(sqlite_store, repository):
    put(sqlite_store, 3)
    target = sink(f"tcp://127.0.0.1:{repository.port}")
    repository.broken = True
    assert deliver(sqlite_store, target) == 0
    with sqlite_store.connect() as connection:
        assert waiting(connection, target.name) == 3
        noted = connection.execute(select(journal_delivery)).one()
    assert (noted.number, noted.failures) == (0, 1)
    assert noted.error
    repository.broken = False
    put(sqlite_store, 1)
    assert deliver(sqlite_store, target) == 4
    with sqlite_store.connect() as connection:
        assert waiting(connection, target.name) == 0
        assert connection.execute(select(journal_delivery.c.failures)).scalar() == 0
    assert len(repository.got) == 4


def test_a_repository_that_was_never_there(sqlite_store):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    put(sqlite_store, 1)
    assert deliver(sqlite_store, sink(f"tcp://127.0.0.1:{port}")) == 0


def test_two_repositories_get_everything_each(sqlite_store, repository, tmp_path: Path):
    put(sqlite_store, 2)
    assert deliver(sqlite_store, sink(f"file:{tmp_path / 'a.log'}")) == 2
    assert deliver(sqlite_store, sink(f"tcp://127.0.0.1:{repository.port}")) == 2
    assert len((tmp_path / "a.log").read_bytes().splitlines()) == 2


def test_the_courier_delivers_in_the_background_and_at_the_end(sqlite_store, repository):
    put(sqlite_store, 2)
    courier = Courier(sqlite_store, sink(f"tcp://127.0.0.1:{repository.port}"), pause=0.02)
    courier.start()
    deadline = time.monotonic() + 10
    while len(repository.got) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    put(sqlite_store, 1)
    courier.stop()
    assert len(repository.got) == 3


def certificate(folder: Path) -> tuple[Path, Path]:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    files = folder / "cert.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


def test_over_tls_and_not_to_an_impostor(sqlite_store, tmp_path: Path):
    files = certificate(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*files)
    repository = Repository(server)
    put(sqlite_store, 2)
    trusted = ssl.create_default_context(cafile=str(files[0]))
    try:
        good = SocketSink("localhost", repository.port, trusted)
        assert good.name == f"tls://localhost:{repository.port}"
        assert deliver(sqlite_store, good) == 2
        assert len(repository.got) == 2
        other = SocketSink("localhost", repository.port, ssl.create_default_context())
        with pytest.raises(ssl.SSLError):
            other.send([b"secret"])
        assert b"secret" not in b"".join(repository.got)
    finally:
        repository.close()


@pytest.mark.parametrize(
    ("address", "name"),
    [("logs.example", "tls://logs.example:6514"), ("logs.example:2862", "tls://logs.example:2862"),
     ("tls://[::1]:7", "tls://::1:7"), ("tcp://127.0.0.1:514", "tcp://127.0.0.1:514"),
     ("file:a.log", "file:a.log")],
)  # fmt: skip
def test_addresses(address, name):
    assert sink(address).name == name


@pytest.mark.parametrize(
    "address",
    [
        "",
        "tcp://host",
        "udp://host:514",
        "host:port",
        "host:99999",
        "host:0",
        "x y",
        "x\ny:514",
        "user@host:514",
        "host:514/logs",
        "tls://",
    ],
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(InputError, match="no address of an audit repository"):
        sink(address)


def test_a_folder_is_no_file_for_messages(tmp_path):
    for address in ("file:", f"file:{tmp_path}"):
        with pytest.raises(InputError, match="is a folder"):
            sink(address)
