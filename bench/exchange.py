"""Exchanges over the line: signed and verified queries (ITI-38) with mutual TLS and 50 clients.

The server runs in processes of its own, the load in this one. ``python -m bench.exchange --minutes
10`` keeps the load up and watches the memory.
"""

from __future__ import annotations

import argparse
import datetime as dt
import http.client
import itertools
import json
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.country_a import DOCTOR, PATIENT
from ncp import soap
from ncp.messages import xca
from ncp.model import DocumentKind
from ncp.tables import transactions
from ncp.trust import certs, issue

CLIENTS = 50
RATE = 100
"""Exchanges a second that must be managed."""
_POOL = 1000
"""Pairs of signed assertions: more than country A remembers, so that each is new to it."""
_ID = b"urn:uuid:00000000-0000-4000-8000-000000000000"
_PATH = "/openncp-ws-server/services/XCA_Service"
_WARM_SECONDS = 4
Row = tuple[str, str, str]


@dataclass
class Server:
    """A running country A."""

    home: Path
    process: subprocess.Popen[bytes]
    port: int

    def processes(self) -> list[int]:
        """Return the process and its workers."""
        own = self.process.pid
        return [own, *map(int, Path(f"/proc/{own}/task/{own}/children").read_text().split())]

    def cpu(self) -> float:
        """Return the seconds of CPU that it has used."""
        ticks = 0
        for pid in self.processes():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Return its resident memory in MiB (what workers share counts for each)."""
        pages = (int(Path(f"/proc/{p}/statm").read_text().split()[1]) for p in self.processes())
        return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20


@contextmanager
def serving(home: Path, *, bare: bool = False, workers: int = 1) -> Iterator[Server]:
    """Start a country A and end it; its folder stays."""
    ready = home / f"ready-{uuid.uuid4().hex}.json"
    command = [sys.executable, "-m", "bench.country_a", str(home), str(ready),
               "--workers", str(workers)]  # fmt: skip
    process = subprocess.Popen([*command, "--bare"] if bare else command)
    try:
        while not ready.is_file():
            if process.poll() is not None:
                raise RuntimeError("country A ended before it was ready")
            time.sleep(0.05)
        port = int(json.loads(ready.read_text())["url"].rpartition(":")[2])
        time.sleep(_WARM_SECONDS)
        yield Server(home, process, port)
    finally:
        process.terminate()
        process.wait(30)


@dataclass
class Load:
    """What country B sends, and how long each exchange took."""

    requests: list[bytes]
    context: ssl.SSLContext
    signing: float = 0.0
    seconds: list[float] = field(default_factory=list)
    failed: int = 0

    @classmethod
    def of(cls, home: Path, *, signed: bool) -> Load:
        """Sign the assertions of a doctor in Sweden beforehand; that is country B's work."""
        own = certs.ensure(home / "certs" / "SE", "SE", now=dt.datetime.now(dt.UTC))
        body = xca.query(xca.QueryRequest(PATIENT, (DocumentKind.PATIENT_SUMMARY,)))
        before, made = time.process_time(), []
        for _ in range(_POOL if signed else 1):
            now = dt.datetime.now(dt.UTC)
            pair: list[bytes] = []
            if signed:
                hcp = issue.hcp(DOCTOR, own.seal, now=now)
                pair = [hcp, issue.trc(hcp, PATIENT, own.seal, now=now, purpose="TREATMENT")]
            made.append(soap.write(body, action=transactions()["ITI-38"].request_action,
                                   to="https://localhost", message_id=_ID.decode(),
                                   assertions=pair))  # fmt: skip
        signing = (time.process_time() - before) / len(made)
        context = ssl.create_default_context(cafile=str(home / "certs" / "ca" / "ca.pem"))
        client = own.folder / "client"
        context.load_cert_chain(client.with_suffix(".pem"), client.with_suffix(".key"))
        return cls(made, context, signing)

    def send(self, server: Server, *, number: int, rate: float = 0.0) -> float:
        """Send requests from all clients at once, or at a rate.

        Args:
            server: to whom.
            number: how many.
            rate: requests a second; 0 lets each client ask again as soon as it is answered.

        Returns:
            Seconds that all took.
        """
        self.seconds.clear()
        todo = iter(range(number))
        gate = threading.Barrier(CLIENTS + 1)
        began: list[float] = []

        def client() -> None:
            line = http.client.HTTPSConnection("localhost", server.port, context=self.context,
                                               timeout=60)  # fmt: skip
            line.connect()
            gate.wait()
            for turn in todo:
                if rate and (wait := began[0] + turn / rate - time.perf_counter()) > 0:
                    time.sleep(wait)
                self._one(line, turn)
            line.close()

        threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        began.append(time.perf_counter() + 0.05)
        gate.wait()
        for thread in threads:
            thread.join()
        return time.perf_counter() - began[0]

    def _one(self, line: http.client.HTTPSConnection, turn: int) -> None:
        request = self.requests[turn % len(self.requests)]
        content = request.replace(_ID, f"urn:uuid:{uuid.uuid4()}".encode(), 1)
        kind = soap.content_type(transactions()["ITI-38"].request_action)
        before = time.perf_counter()
        line.request("POST", _PATH, content, {"Content-Type": kind})
        answer = line.getresponse()
        said = answer.read()
        self.seconds.append(time.perf_counter() - before)
        if answer.status != 200 or b"ExtrinsicObject" not in said:
            self.failed += 1

    def percentile(self, share: float) -> float:
        """Return how many milliseconds a share of the exchanges took at most."""
        return sorted(self.seconds)[int(len(self.seconds) * share)] * 1000


def rows(workers: int = 1, rounds: int = 5, number: int = 300) -> Iterator[Row]:
    """Yield what was measured, the figure, and the aim."""
    if not Path("/proc/self/stat").exists():
        yield "exchanges over the line", "needs Linux", "-"
        return
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with serving(home, workers=workers) as full, serving(home, bare=True,
                                                             workers=workers) as bare:  # fmt: skip
            signed, plain = Load.of(home, signed=True), Load.of(home, signed=False)
            yield "country B signs an identity and a treatment assertion", (
                f"{signed.signing * 1000:.1f} ms"), "-"  # fmt: skip
            yield from _compared(full, bare, signed, plain, rounds, number)
            signed.send(full, number=RATE * 10, rate=RATE)
            yield (f"ITI-38 at {RATE} a second, {CLIENTS} clients, p50",
                   f"{signed.percentile(0.5):.0f} ms", "-")  # fmt: skip
            yield "  p99", f"{signed.percentile(0.99):.0f} ms", "<= 200 ms"
            yield "  failed", f"{signed.failed + plain.failed}", "0"


def _compared(
    full: Server, bare: Server, signed: Load, plain: Load, rounds: int, number: int
) -> Iterator[Row]:
    """Take turns between the two, because other work on the machine comes and goes."""
    cost: dict[str, list[float]] = {"full": [], "bare": []}
    speed: list[float] = []
    for _, (name, server, load) in itertools.product(
        range(rounds), (("full", full, signed), ("bare", bare, plain))
    ):
        before = server.cpu()
        took = load.send(server, number=number)
        cost[name].append((server.cpu() - before) / number)
        if name == "full":
            speed.append(number / took)
    yield (f"ITI-38, {CLIENTS} clients that do not wait, exchanges a second",
           f"{statistics.median(speed):.0f}", f">= {RATE}")  # fmt: skip
    whole, rest = statistics.median(cost["full"]), statistics.median(cost["bare"])
    yield "  CPU of country A for each", f"{whole * 1000:.1f} ms", "<= 10 ms"
    yield "  against the same without assertions", f"{whole / rest:.2f} x", "<= 3 x"


def watch(minutes: float, workers: int) -> Iterator[Row]:
    """Keep up the rate and yield the memory of each minute."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with serving(home, workers=workers) as server:
            load = Load.of(home, signed=True)
            for minute in range(1, int(minutes) + 1):
                took = load.send(server, number=RATE * 60, rate=RATE)
                yield (f"minute {minute}: {RATE * 60 / took:.0f} a second, p50 "
                       f"{load.percentile(0.5):.0f} ms, p99 {load.percentile(0.99):.0f} ms, "
                       f"failed {load.failed}", f"{server.memory():.0f} MiB",
                       "flat")  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=0)
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    told = watch(asked.minutes, asked.workers) if asked.minutes else rows(asked.workers)
    for what, measured, aim in told:
        print(f"{what:70} {measured:>20}  {aim:>12}", flush=True)
