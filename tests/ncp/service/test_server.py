"""The process of country A over a real socket: mutual TLS, bounds, a clean end, and kill -9."""

from __future__ import annotations

import datetime as dt
import gc
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
import requests
from sqlalchemy import select

from ncp.audit.journal import entries
from ncp.audit.verification import verify as verify_journal
from ncp.model import Operation, Traits
from ncp.service.app import BASE, Limits, build
from ncp.service.hooks import Delivery, NoHooks
from ncp.service.pipeline import Pipeline
from ncp.service.server import Place, bind
from ncp.service.wire import Answer
from ncp.service.workers import possible
from ncp.soap import SoapFault
from ncp.store import Store
from ncp.store.tables import dispensation as dispensations
from ncp.store.tables import prescription as prescriptions
from tests.builders import ROOT
from tests.ncp.service.asking import (
    EP,
    MRSA,
    PHARMACIST,
    WORKER,
    CountryB,
    codes,
    dispensation,
    doctor,
    said,
)

SCRIPT = "from ehds.cli import main; main()"


class Server:
    """A running country A, and a country B that speaks to it."""

    def __init__(self, home: Path, *options: str) -> None:
        self.home, self.ready = home, home / "ready.json"
        self.ready.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, "ncp", "serve", "--home", str(home), "--port", "0",
             "--ready-file", str(self.ready), *options],
            cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        until = time.monotonic() + 60
        while not self.ready.is_file():
            if self.process.poll() is not None or time.monotonic() > until:
                self.process.kill()
                raise AssertionError(self.process.communicate()[1])
            time.sleep(0.02)
        self.url = json.loads(self.ready.read_text())["url"]
        self.b = CountryB(home / "certs", dt.datetime.now(dt.UTC))
        self.pharmacy = CountryB(home / "certs", dt.datetime.now(dt.UTC), doctor(PHARMACIST))

    def session(self, country: str = "SE") -> requests.Session:
        made = requests.Session()
        made.trust_env = False  # REQUESTS_CA_BUNDLE would win over ``verify``
        folder = self.home / "certs" / country
        made.verify = str(self.home / "certs" / "ca" / "ca.pem")
        made.cert = (str(folder / "client.pem"), str(folder / "client.key"))
        return made

    def send(self, incoming, session=None):
        """Send a request over the line and return what is answered."""
        answer = self.post(incoming, session)
        return said(Answer(answer.status_code, answer.headers["content-type"], answer.content))

    def post(self, incoming, session=None):
        with session or self.session() as open_session:
            return open_session.post(f"{self.url}{BASE}/{incoming.service}", incoming.content,
                                     headers={"Content-Type": incoming.content_type},
                                     timeout=30)  # fmt: skip

    def kill(self) -> None:
        """Kill every process of the server at once, with kill -9."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate(timeout=30)

    def stop(self, how: int = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        self.process.communicate(timeout=30)
        return self.process.returncode


@contextmanager
def serving(home: Path, *options: str):
    server = Server(home, *options)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop(signal.SIGKILL)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("serve")) as running:
        yield running


def test_a_patient_is_identified_over_mutual_tls(server):
    answer = server.send(server.b.identify(Traits(ids=(WORKER,))))
    assert [p.family for p in answer.persons] == ["Parasol"]
    with (
        closing(Store(server.home / "store.db")) as store,
        store.connect() as connection,
    ):
        last = list(entries(connection))[-1].transaction
    assert last.consumer.name
    assert last.consumer.country == "SE"


def test_the_certificate_of_the_connection_is_compared_with_the_seal(server):
    """A TLS client of Denmark does not speak with the seal of Sweden (NCPeH: fault)."""
    from ncp.trust import certs

    certs.ensure(server.home / "certs" / "DK", "DK", now=dt.datetime.now(dt.UTC))
    with pytest.raises(SoapFault) as caught:
        server.send(server.b.query(MRSA), server.session("DK"))
    assert caught.value.subcode == "Invalid Security Token"


def test_without_a_certificate_there_is_no_connection(server):
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(f"{server.url}/healthz", timeout=10,
                     verify=str(server.home / "certs" / "ca" / "ca.pem"))  # fmt: skip


def test_a_stranger_is_not_let_in(server, tmp_path):
    from ncp.trust import certs

    stranger = certs.make(tmp_path / "SE", "SE")
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(f"{server.url}/healthz", timeout=10,
                     verify=str(server.home / "certs" / "ca" / "ca.pem"),
                     cert=(str(stranger.folder / "client.pem"),
                           str(stranger.folder / "client.key")))  # fmt: skip


def test_old_tls_is_refused(server):
    place = server.url.removeprefix("https://").split(":")
    context = ssl.create_default_context(cafile=str(server.home / "certs" / "ca" / "ca.pem"))
    context.load_cert_chain(server.home / "certs" / "SE" / "client.pem",
                            server.home / "certs" / "SE" / "client.key")  # fmt: skip
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)), socket.create_connection(
        (place[0], int(place[1])), timeout=10
    ) as raw:  # fmt: skip
        context.wrap_socket(raw, server_hostname="localhost")


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/healthz", 200), ("GET", f"{BASE}/XCA_Service", 405),
    ("GET", f"{BASE}/XCA_Service?wsdl", 404), ("PUT", f"{BASE}/XCA_Service", 405),
    ("POST", f"{BASE}/Other_Service", 404), ("GET", "/", 404), ("GET", "/__admin/journal", 200),
    ("GET", "/__admin/journal?limit=x", 400), ("GET", "/../../etc/passwd", 404),
])  # fmt: skip
def test_other_paths_and_methods_have_plain_answers(server, method, path, status):
    with server.session() as session:
        answer = session.request(method, server.url + path, timeout=10)
    assert answer.status_code == status
    assert "Traceback" not in answer.text
    assert "server" not in answer.headers


def test_the_admin_journal_masks_patients(server):
    server.send(server.b.query(MRSA))
    with server.session() as session:
        shown = session.get(f"{server.url}/__admin/journal", timeout=10).text
    assert MRSA.extension not in shown
    assert "PatientService::List" in shown


def test_rubbish_gets_faults_and_the_server_lives(server):
    incoming = server.b.query(MRSA)
    for content in (b"", b"\0" * 1000, incoming.content[:700], b"<a>" * 5000):
        with server.session() as session:
            answer = session.post(f"{server.url}{BASE}/XCA_Service", content, timeout=10,
                                  headers={"Content-Type": "application/soap+xml"})  # fmt: skip
        assert answer.status_code == 400
        assert b"Fault" in answer.content
    assert server.send(server.b.query(MRSA)).entries


def test_the_state_file_says_where_the_server_is(server):
    state = json.loads((server.home / "server.json").read_text())
    assert state == {"url": server.url, "pid": server.process.pid, "country": "NO"}
    assert json.loads(server.ready.read_text())["pid"] == server.process.pid


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(tmp_path, how):
    with serving(tmp_path) as running:
        assert running.stop(how) == 0
        assert not (tmp_path / "server.json").exists()


@pytest.mark.parametrize(("options", "says"), [
    (["--host", "0.0.0.0"], "can be reached by others"),
    (["--host", "0.0.0.0", "--public", "--no-tls"], "without TLS only this machine"),
    (["--host", "no.such.host.invalid"], "no address"),
    (["--country", "XX"], "--country: «XX» is no country"),
    (["--syslog", "x y"], "--syslog: «x y» is no address"),
    (["--records", "/no/such/folder"], "no such folder"),
    (["--store", "mysql://x"], "no store"),
    (["--connector", "no_such_module:factory"], "cannot be loaded"),
])  # fmt: skip
def test_what_cannot_be_served_is_told(tmp_path, options, says):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, "ncp", "serve", "--home", str(tmp_path), "--port", "0",
         *options],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_without_tls_it_warns_and_stays_on_this_machine(tmp_path):
    with serving(tmp_path, "--no-tls") as running:
        assert running.url.startswith("http://localhost:")
        with requests.Session() as session:
            answer = running.post(running.b.query(MRSA), session)
        assert b"AdhocQueryResponse" in answer.content
        running.process.send_signal(signal.SIGTERM)
        assert "Warning: without TLS" in running.process.communicate(timeout=30)[1]


def test_an_address_that_is_taken_is_told():
    from data.errors import EnvironmentProblem

    first = bind(Place(port=0), tls=True)
    first.listen()
    with first, pytest.raises(EnvironmentProblem):
        bind(Place(port=first.getsockname()[1]), tls=True)


# Reset between connecting and the handshake, Python itself leaves the socket to the collector
# (ssl.SSLSocket._create). It is collected inside the test, so that the warning falls here.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.slow
@pytest.mark.parametrize("workers", [
    "1", pytest.param("2", marks=pytest.mark.skipif(not possible(), reason="needs fork")),
])  # fmt: skip
def test_killed_under_load_nothing_acknowledged_is_lost_and_nothing_happens_twice(
    tmp_path, workers
):
    """Dispense and discard from four pharmacies while the server is killed, twice."""
    lock, told = threading.Lock(), []
    for round_ in range(2):
        with serving(tmp_path, "--workers", workers) as running:
            (entry, *_) = running.send(running.pharmacy.query(MRSA, EP)).entries
            (got,) = running.send(running.pharmacy.retrieve(MRSA, entry.unique_id)).documents
            threads = [
                threading.Thread(target=_dispense, daemon=True,
                                 args=(running, got.content, f"{round_}-{n}", told, lock))
                for n in range(4)
            ]  # fmt: skip
            for thread in threads:
                thread.start()
            time.sleep(2.5)
            running.kill()
            for thread in threads:
                thread.join(timeout=60)
    gc.collect()
    assert len([t for t in told if t[1]]) >= 1
    with closing(Store(tmp_path / "store.db")) as store, store.connect() as connection:
        kept = {row.id: row.state for row in connection.execute(select(dispensations))}
        (item,) = connection.execute(select(prescriptions)).all()
        journal = list(entries(connection))
        assert verify_journal(connection).sound
    recorded = [i for i, state in kept.items() if state == "recorded"]
    assert len(recorded) == item.dispensed // 1000 <= 1, "one package was prescribed"
    for number, dispensed, discarded in told:
        if dispensed:
            assert f"1.2.752.99^{number}" in kept
        if discarded:
            assert kept[f"1.2.752.99^{number}"] == "discarded"
    done = [e.transaction for e in journal if e.transaction.operation is Operation.DISPENSE
            and e.transaction.outcome == 0]  # fmt: skip
    assert len(done) == len(kept), "each dispensation has its audit, and no audit is without one"


def _dispense(running: Server, content: bytes, name: str, told: list, lock) -> None:
    from ncp.model import DocumentKind

    b = running.pharmacy
    with running.session() as session:
        for number in range(1000):
            given = dispensation(content, f"{name}-{number}")
            dispensed = discarded = False
            try:
                dispensed = _done(running, session, b.submit(MRSA, given))
                if dispensed:
                    discarded = _done(running, session,
                                      b.submit(MRSA, given, kind=DocumentKind.DISCARD))  # fmt: skip
            except (requests.RequestException, SoapFault):
                return
            finally:
                with lock:
                    told.append((f"{name}-{number}", dispensed, discarded))


def _done(running: Server, session, incoming) -> bool:
    answer = session.post(f"{running.url}{BASE}/XDR_Service", incoming.content, timeout=30,
                          headers={"Content-Type": incoming.content_type})  # fmt: skip
    response = said(Answer(200, answer.headers["content-type"], answer.content))
    assert codes(response) in ([], ["4106"])
    return response.status.word == "Success"


# The HTTP side, in process -------------------------------------------------------------------


@pytest.fixture
def local(norway):
    """Serve a pipeline in this process without TLS, with small bounds; return its port."""
    import uvicorn

    from ncp.service import protocol

    made = []

    def serve(pipeline: Pipeline = norway, limits: Limits | None = None) -> int:
        sock = bind(Place(port=0), tls=False)
        config = uvicorn.Config(build(pipeline, limits=limits), http=protocol.PeerProtocol,
                                ws="none", lifespan="off", log_config=None)  # fmt: skip
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
        thread.start()
        until = time.monotonic() + 20
        while not server.started and time.monotonic() < until:
            time.sleep(0.01)
        made.append((server, thread))
        return sock.getsockname()[1]

    yield serve
    for server, thread in made:
        server.should_exit = True
        thread.join(timeout=20)


def post(port: int, content: bytes, kind: str = "application/soap+xml", **more):
    return requests.post(f"http://127.0.0.1:{port}{BASE}/XCA_Service", content, timeout=20,
                         headers={"Content-Type": kind}, **more)  # fmt: skip


@pytest.mark.parametrize("chunked", [False, True])
def test_a_request_that_is_too_large_is_refused(local, norway, chunked):
    port = local(limits=Limits(body=2000))
    content = iter([b"x" * 500] * 10) if chunked else b"x" * 5000
    assert post(port, content).status_code == 413
    assert norway.journal(5)[0]["error"].endswith("larger than 0 MiB")


def test_a_client_that_does_not_finish_is_refused(local, norway):
    port = local(limits=Limits(seconds=0.3))
    with socket.create_connection(("127.0.0.1", port), timeout=10) as slow:
        slow.sendall(
            f"POST {BASE}/XCA_Service HTTP/1.1\r\nHost: x\r\n"
            "Content-Type: application/soap+xml\r\nContent-Length: 100\r\n\r\n<a".encode()
        )
        assert slow.recv(100).startswith(b"HTTP/1.1 408")


def test_a_client_that_does_not_finish_its_head_is_cut_off(local, monkeypatch):
    from ncp.service import protocol

    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)
    port = local()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nHost:")
        with suppress(ConnectionResetError):
            assert slow.recv(100) == b""


def test_a_head_without_end_is_cut_off(local):
    port = local()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as endless:
        answer = b"-"
        with suppress(ConnectionError):
            endless.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nX: ")
            for _ in range(200):
                endless.sendall(b"x" * 1024)
            answer = endless.recv(1000)
        assert not answer.startswith(b"HTTP/1.1 2")


def test_a_wish_for_another_protocol_is_passed_over_in_silence(local, caplog):
    port = local()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(b"GET /none HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
                       b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                       b"Sec-WebSocket-Key: dGVzdHRlc3R0ZXN0dGVzdA==\r\n\r\n")  # fmt: skip
        assert client.recv(1000).startswith(b"HTTP/1.1 404")
    assert caplog.messages == []
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(b"rubbish\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 400")
    assert caplog.messages == ["Invalid HTTP request received."]


class Transport(NoHooks):
    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery

    def transport(self, operation):
        return self.delivery


@pytest.mark.parametrize(("delivery", "outcome"), [
    (Delivery(reset=True), "broken"), (Delivery(cut=200), "broken"),
    (Delivery(status=503, content_type="text/html"), (503, "text/html")),
    (Delivery(delay=0.4), (200, "application/soap+xml")),
], ids=["reset", "cut", "status and type", "delay"])  # fmt: skip
def test_an_answer_is_delivered_as_the_fault_on_demand_wants(
    local, make, sweden, delivery, outcome
):
    port = local(make(hooks=Transport(delivery)))
    incoming = sweden.query(MRSA)
    before = time.monotonic()
    if outcome == "broken":
        with pytest.raises((requests.exceptions.ConnectionError,
                            requests.exceptions.ChunkedEncodingError)):  # fmt: skip
            post(port, incoming.content, incoming.content_type)
        return
    answer = post(port, incoming.content, incoming.content_type)
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == outcome
    assert time.monotonic() - before >= delivery.delay
