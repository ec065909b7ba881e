"""The process of country A: address, TLS, the file that says it is ready, and a clean end."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
import signal
import socket
import ssl
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import uvicorn
from starlette.applications import Starlette

from data.errors import EnvironmentProblem, InputError, Problem
from data.files import write_all
from ncp.service.patience import Impatient
from ncp.service.protocol import PeerProtocol
from ncp.service.workers import possible
from ncp.trust.revocation import Revocations

_CONNECTIONS = 1000
_GRACE_SECONDS = 5


class Beside(Protocol):
    """Something that runs in the background, such as the delivery of audit messages."""

    def start(self) -> None:
        """Begin; must not block."""

    def stop(self) -> None:
        """End it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the server listens.

    Attributes:
        host: name or address.
        port: 0 picks a free one.
        public: allow an address that others can reach.
    """

    host: str = "127.0.0.1"
    port: int = 8443
    public: bool = False


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of mutual TLS: the server's certificate and key, and whom it lets in.

    Attributes:
        revocations: lists of certificates that are not let in though their authority is trusted.
    """

    certificate: Path
    key: Path
    authorities: tuple[Path, ...]
    revocations: Revocations | None = None

    def context(self) -> ssl.SSLContext:
        """Return a context that asks every client for a certificate (TLS 1.2 or later).

        Raises:
            InputError: a file is missing or unusable.
        """
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        made.verify_mode = ssl.CERT_REQUIRED
        file = self.certificate
        try:
            made.load_cert_chain(self.certificate, self.key)
            for file in self.authorities:
                made.load_verify_locations(file)
        except (OSError, ssl.SSLError) as error:
            raise InputError(
                Problem(f"the certificate cannot be used: {error.strerror or error}", str(file),
                        remedy="make new ones with: ehds ncp certs")
            ) from None  # fmt: skip
        if self.revocations is not None:
            made.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
            self.revocations.follow(partial(_load_lists, made))
        return made


def _load_lists(context: ssl.SSLContext, pem: bytes) -> None:
    """Add revocation lists to a context, which takes them from files only; the newest counts."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lists.pem"
        file.write_bytes(pem)
        context.load_verify_locations(file)


def bind(place: Place, *, tls: bool, shared: bool = False) -> socket.socket:
    """Return a bound socket; ``shared`` lets other sockets have the same address.

    Raises:
        InputError: an address that others can reach without ``public`` or without TLS.
        EnvironmentProblem: the address is taken or not there.
    """
    try:
        found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM,
                                   flags=socket.AI_PASSIVE)  # fmt: skip
    except socket.gaierror:
        raise InputError(Problem(f"«{place.host}» is no address of this machine",
                                 "--host")) from None  # fmt: skip
    if shared and not possible():
        raise EnvironmentProblem(
            Problem("this system has one process at an address", "--workers",
                    remedy="leave out --workers")
        )  # fmt: skip
    family, _, _, _, address = found[0]
    if not ipaddress.ip_address(str(address[0]).split("%")[0]).is_loopback:
        if not place.public:
            raise InputError(
                Problem(f"«{place.host}» can be reached by others", "--host",
                        rule="a contact point for tests listens on this machine only",
                        remedy="add --public if that is what you want")
            )  # fmt: skip
        if not tls:
            raise InputError(Problem("without TLS only this machine is served", "--no-tls",
                                     remedy="leave out --no-tls, or --host"))  # fmt: skip
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Else an answer in two packets waits some 40 ms for a delayed acknowledgement.
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if shared:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        made.bind(address)
    except OSError as error:
        made.close()
        raise EnvironmentProblem(
            Problem(f"the address cannot be used: {error.strerror}",
                    f"{place.host}:{place.port}", remedy="choose another --port, or 0")
        ) from None  # fmt: skip
    made.setblocking(False)
    return made


def run(
    app: Starlette,
    sock: socket.socket,
    *,
    tls: ssl.SSLContext | None,
    ready: Callable[[str], None],
    beside: Sequence[Beside] = (),
    lifeline: int | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; requests that are under way are answered first.

    Args:
        app: what is served.
        sock: a bound socket.
        tls: None serves plain HTTP.
        ready: told the URL when requests are accepted.
        beside: what runs in the background as long as the server does.
        lifeline: a descriptor at whose end the server ends too.
    """
    config = uvicorn.Config(
        app, http=PeerProtocol, ws="none", lifespan="off", log_config=None, access_log=False,
        server_header=False, proxy_headers=False, limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        ssl_context_factory=(lambda *_: tls) if tls else None,
    )  # fmt: skip
    server = uvicorn.Server(config)

    def stop() -> None:
        server.should_exit = True

    begun: list[Beside] = []

    async def serve() -> None:
        async def tell() -> None:
            while not server.started and not server.should_exit:
                await asyncio.sleep(0.01)
            if server.started:
                ready(url_of(sock, tls=bool(tls)))
                for one in beside:
                    one.start()
                    begun.append(one)

        telling = asyncio.ensure_future(tell())
        if lifeline is not None:
            asyncio.get_running_loop().add_reader(lifeline, stop)
        try:
            await server.serve(sockets=[sock])
        finally:
            telling.cancel()

    # The server library ends itself on a signal and then raises it again; let it end in peace.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with asyncio.Runner(loop_factory=Impatient) as runner:
            runner.run(serve())
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGTERM, before)
        for one in begun:
            one.stop()


def url_of(sock: socket.socket, *, tls: bool) -> str:
    """Return the address of a bound socket as it is told."""
    host, port = sock.getsockname()[:2]
    shown = "localhost" if host in ("127.0.0.1", "::1") else f"[{host}]" if ":" in host else host
    return f"{'https' if tls else 'http'}://{shown}:{port}"


def write_ready(file: Path, url: str, **more: str) -> None:
    """Write one line of JSON, in one step, when the server accepts requests."""
    line = json.dumps({"url": url, "pid": os.getpid(), **more}, ensure_ascii=False)
    write_all({file: f"{line}\n".encode()})
