"""Putting country A together from what is on this machine: certificates, store, connector."""

from __future__ import annotations

import json
import os
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from data.errors import EhdsError
from data.files import write_all
from ncp.audit.delivery import Courier
from ncp.audit.syslog import sink
from ncp.connector.base import NationalConnector
from ncp.countries import country as country_of
from ncp.service import workers as crew
from ncp.service.agreements import Agreements
from ncp.service.app import build
from ncp.service.hooks import Hooks, NoHooks
from ncp.service.pipeline import Pipeline
from ncp.service.point import Point, now
from ncp.service.server import Beside, Tls, run, url_of
from ncp.service.warming import Warming
from ncp.store import Store
from ncp.trust import certs
from ncp.trust.keys import common_name, read_certificate
from ncp.trust.revocation import Revocations

STATE = "server.json"
_ANSWER_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Started:
    """A contact point with what its server needs."""

    point: Point
    tls: Tls


def start(
    home: Path,
    country: str,
    connector: NationalConnector,
    *,
    store: str = "",
    trusted: Sequence[Path] = (),
    strict: bool = True,
    quirks: str = "",
    need_retrieval: bool = True,
    hooks: Hooks | None = None,
    agreements: Path | None = None,
    evidence: bool = False,
    revoked: Sequence[Path] = (),
) -> Started:
    """Return the contact point of a home folder; certificates are made where there are none.

    Args:
        home: folder with ``certs/`` and ``store.db``.
        country: country A, ISO 3166-1 alpha-2.
        connector: its national side.
        store: URL of the database, or empty for ``store.db`` in the home folder.
        trusted: PEM files of further authorities.
        strict, quirks, need_retrieval, hooks: as of ``Point``.
        agreements: table of the countries that are served; all that are trusted without it.
        evidence: signed evidence of receipt is kept of every request.
        revoked: revocation lists, or folders of them; revocation is not checked without.

    Raises:
        InputError: an unknown country, unusable certificates, revocation lists or store.
        EnvironmentProblem: something cannot be written or reached.
    """
    known = country_of(country)
    folder = home / "certs"
    own = certs.ensure(folder / known.code, known.code, now=now())
    files = [own.ca_file, *sorted({*folder.glob("ca.pem"), *folder.glob("*/ca.pem")}), *trusted]
    trust = certs.TrustStore(
        (read_certificate(file) for file in files),
        (
            lambda authorities: Revocations(
                revoked, authorities, now(), spare=certs.ensure_list(folder / "ca", now=now())
            )
        )
        if revoked
        else None,
    )
    point = Point(
        known, connector, Store(store or home / "store.db"), trust,
        common_name(own.tls_server.certificate), strict, quirks, need_retrieval,
        hooks or NoHooks(), agreements=Agreements.read(agreements) if agreements else None,
        seal=own.seal if evidence else None,
    )  # fmt: skip
    server = own.folder / "server"
    authorities = tuple(dict.fromkeys(files))
    tls = Tls(
        server.with_suffix(".pem"), server.with_suffix(".key"), authorities, trust.revocations
    )
    return Started(point, tls)


def serve(
    started: Started,
    sock: socket.socket,
    *,
    tls: bool,
    ready: Callable[[str], None],
    workers: int = 1,
    more: Callable[[], list[BaseRoute]] = list,
    beside: Sequence[Beside] = (),
    app: Starlette | None = None,
) -> None:
    """Serve a contact point until SIGINT or SIGTERM.

    Args:
        started: what answers.
        sock: a bound socket; shared, where there are several workers.
        tls: False serves plain HTTP.
        ready: told the URL when requests are accepted.
        workers: processes that answer.
        more: further routes on the same server.
        beside: what runs in the background, in one of the processes only.
        app: what answers instead of a healthy contact point (faults, expectations).

    Raises:
        InputError: unusable certificates.
        EnvironmentProblem: this system has no several workers, or they cannot live.
    """
    context = started.tls.context() if tls else None
    warming = Warming(started.point.connector)
    app = app or build(Pipeline(started.point), more=more)
    if workers == 1:
        run(app, sock, tls=context, ready=ready, beside=(warming, *beside))
        return

    def work(number: int, own: socket.socket, lifeline: int, told: Callable[[], None]) -> None:
        started.point.store.renew()
        run(app, own, tls=context, ready=lambda _url: told(), lifeline=lifeline,
            beside=(warming, *(beside if number == 0 else ())))  # fmt: skip

    crew.run(work, sock, workers, lambda: ready(url_of(sock, tls=tls)))


def courier(started: Started, address: str) -> Courier:
    """Return what brings the audit to a repository, with the certificates of the contact point.

    Raises:
        InputError: not an address of a repository, or unusable certificates.
    """
    context = ssl.create_default_context()
    for file in started.tls.authorities:
        context.load_verify_locations(file)
    client = started.tls.certificate.with_name("client")
    context.load_cert_chain(client.with_suffix(".pem"), client.with_suffix(".key"))
    return Courier(started.point.store, sink(address, context))


def tell_home(home: Path, url: str, country: str) -> None:
    """Leave word in the home folder where country A is, for the commands of country B.

    The word of another server that answers is kept in ours, to be put back at the end.
    """
    said: dict[str, Any] = {"url": url, "pid": os.getpid(), "country": country}
    if before := _answering(_read(home / STATE), url):
        said["before"] = before
    write_all({home / STATE: json.dumps(said).encode() + b"\n"})


def forget_home(home: Path) -> None:
    """Take the word back, unless another server has left its own since.

    The server of before, where it still answers, is the one that is found again.
    """
    file = home / STATE
    said = _read(file)
    if said.get("pid") != os.getpid():
        return
    with suppress(OSError, EhdsError):
        if before := _answering(said.get("before"), str(said.get("url"))):
            write_all({file: json.dumps(before).encode() + b"\n"})
        else:
            file.unlink()


def _read(file: Path) -> dict[str, Any]:
    try:
        said = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _answering(said: Any, own: str) -> dict[str, Any]:
    """Return the newest word whose server takes connections; what came before it stays in it."""
    while isinstance(said, dict) and said:
        with suppress(OSError, ValueError):
            place = urlsplit(str(said.get("url")))
            if said.get("url") != own and place.hostname and place.port:
                socket.create_connection((place.hostname, place.port), _ANSWER_SECONDS).close()
                return said
        said = said.get("before")
    return {}
