"""Country B for tests: certificates, a country A that is only pretended, and one that runs."""

from __future__ import annotations

import datetime as dt
import io
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ehds.cli import run as run_command
from ncp.client import Asker, Partner
from ncp.client.asker import professional
from ncp.countries import country
from ncp.trust import certs
from tests.builders import ROOT

SCRIPT = "from ehds.cli import main; main()"


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the certificates of Sweden (keys take a second to make)."""
    made = tmp_path_factory.mktemp("b") / "certs"
    certs.make(made / "SE", "SE")
    return made


@pytest.fixture
def sweden(folder: Path) -> certs.Certificates:
    return certs.load(folder / "SE")


@pytest.fixture
def partner(sweden: certs.Certificates) -> Partner:
    """Norway at an address where nothing answers."""
    client = sweden.folder / "client"
    return Partner("https://a.example:8443", country("NO"), sweden.ca_file,
                   client.with_suffix(".pem"), client.with_suffix(".key"))  # fmt: skip


@pytest.fixture
def asker(sweden: certs.Certificates) -> Asker:
    return Asker(professional("SE"), sweden.seal)


@dataclass
class Norway:
    """A running country A with the sample patients."""

    home: Path
    url: str


@pytest.fixture(scope="session")
def norway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Norway]:
    """Run ``ehds ncp serve``, as a tester of country B does."""
    home = tmp_path_factory.mktemp("norway")
    ready = home / "ready.json"
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, "ncp", "serve", "--home", str(home), "--port", "0",
         "--ready-file", str(ready)],
        cwd=ROOT, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    until = time.monotonic() + 120
    while not ready.is_file():
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            raise AssertionError(process.communicate()[1])
        time.sleep(0.05)
    yield Norway(home, json.loads(ready.read_text())["url"])
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)


@dataclass(frozen=True)
class Told:
    """What a command left behind: exit code, product, messages."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def run(
    norway: Norway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> Callable[..., Told]:  # fmt: skip
    """Return what runs ``ehds ncp`` beside the running country A, without any option about it."""
    monkeypatch.setenv("EHDS_NCP_HOME", str(norway.home))
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str, stdin: bytes = b"") -> Told:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = run_command(["ncp", *arguments])
        out, err = capsysbinary.readouterr()
        return Told(code, out, err.decode())

    return call


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
