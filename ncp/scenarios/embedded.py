"""Country A inside this process: what is judged when no target is named, and what faults are shown
on."""

from __future__ import annotations

import datetime as dt
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from data.errors import EnvironmentProblem, Problem
from ncp.connector.base import NationalConnector
from ncp.connector.records import Records
from ncp.model import DocumentKind
from ncp.scenarios.asking import CountryB
from ncp.scenarios.audits import Journal
from ncp.scenarios.credentials import Credentials
from ncp.scenarios.profile import Profile, read, shipped
from ncp.scenarios.running import Target
from ncp.scenarios.sending import Line
from ncp.service.app import BASE, build
from ncp.service.pipeline import Pipeline
from ncp.service.protocol import PeerProtocol
from ncp.service.server import Place, bind
from ncp.service.starting import Started, start
from ncp.trust import certs

RESET = "/__admin/reset"
_START_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Running:
    """A contact point that runs, as a target."""

    started: Started
    target: Target


@contextmanager
def country_a(
    home: Path,
    country_b: str = "SE",
    *,
    connector: NationalConnector | None = None,
    store: str = "",
    profile: Profile | None = None,
    wrap: Callable[[Started], Starlette] | None = None,
    **options: object,
) -> Iterator[Running]:
    """Run Norway with the sample patients on a free port with mutual TLS, as long as the block.

    Args:
        home: folder of certificates; several runs may share it.
        country_b: who will ask.
        connector: other patients.
        store: another database than that of the home folder.
        profile: other test data.
        wrap: makes the application (faults).
        options: further arguments of ``ncp.service.starting.start``.

    Raises:
        EnvironmentProblem: the server does not start.
        InputError: unusable certificates or store.
    """
    now = dt.datetime.now(dt.UTC)
    for code in (country_b, "DK" if country_b != "DK" else "SE"):
        certs.ensure(home / "certs" / code, code, now=now)
    national = connector or Records.samples()
    known = without_pdf(profile or read(shipped()), national)
    started = start(home, known.country.code, national, store=store,
                    **options)  # type: ignore[arg-type]  # fmt: skip
    app = wrap(started) if wrap else build(Pipeline(started.point))
    try:
        with _serving(app, started) as url:
            running = Running(started, target_of(url, home, country_b, known, started))
            try:
                yield running
            finally:
                running.target.b.line.close()  # the server then has nobody to wait for
    finally:
        started.point.store.close()


def without_pdf(profile: Profile, connector: NationalConnector) -> Profile:
    """Return the profile without level 1 where no PDF can be written on this machine."""
    levels = {
        entry.level
        for patient in profile.patients.values()
        if patient.name == "summary"
        for entry in connector.documents(patient.id, DocumentKind.PATIENT_SUMMARY)
    }
    return profile if 1 in levels else replace(profile, features=profile.features - {"level-1"})


def target_of(url: str, home: Path, country_b: str, profile: Profile, started: Started) -> Target:
    """Return the target that a contact point of our own is."""
    credentials = Credentials(home, country_b)
    line = Line(url, BASE, credentials, home / "certs" / "ca" / "ca.pem")
    b = CountryB(line, profile.country.home_community)
    return Target(b, profile, Journal(started.point.store), lambda: line.reset(RESET))


@contextmanager
def _serving(app: Starlette, started: Started) -> Iterator[str]:
    sock = bind(Place(port=0), tls=True)
    # Head and body of an answer go out at once; otherwise each waits for a delayed ACK (40 ms).
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    context = started.tls.context()
    server = uvicorn.Server(uvicorn.Config(
        app, http=PeerProtocol, ws="none", lifespan="off", log_config=None, access_log=False,
        timeout_graceful_shutdown=1, ssl_context_factory=lambda *_: context,
    ))  # fmt: skip
    # A thread gets no signals; the command that runs the scenarios deals with them.
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    until = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise EnvironmentProblem(Problem("the contact point did not start", "127.0.0.1"))
        time.sleep(0.005)
    try:
        yield f"https://localhost:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=_START_SECONDS)
        sock.close()
