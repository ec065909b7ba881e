"""Connections that never begin to speak TLS."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
import ssl
import time

from ncp.service import patience
from ncp.trust import certs


def test_who_never_begins_the_handshake_is_let_go(tmp_path, monkeypatch):
    monkeypatch.setattr(patience, "HANDSHAKE_SECONDS", 0.3)
    certs.ensure(tmp_path / "certs" / "NO", "NO", now=dt.datetime.now(dt.UTC))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    folder = tmp_path / "certs" / "NO"
    context.load_cert_chain(folder / "server.pem", folder / "server.key")

    async def silent() -> float:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0, ssl=context)
        async with server:
            with socket.create_connection(server.sockets[0].getsockname(), timeout=10) as line:
                line.setblocking(False)
                began = time.monotonic()
                assert await asyncio.wait_for(loop.sock_recv(line, 10), 10) == b""
                return time.monotonic() - began

    with asyncio.Runner(loop_factory=patience.Impatient) as runner:
        assert 0.2 < runner.run(silent()) < 5
