"""HTTP connections that know who is at the other end, and that nobody can hold open for nothing.

The server library hides the certificate of the client; here it is handed on in the form of the
ASGI TLS extension (``scope["extensions"]["tls"]``). A client that starts a request and does not
finish its head is cut off.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10.0
_LINGER_OFF = struct.pack("ii", 1, 0)


class PeerProtocol(H11Protocol):
    """The HTTP protocol of the server, with the certificate of the peer and a time for the head."""

    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the certificate when the connection is there (it stays the same on it)."""
        super().connection_made(transport)
        ssl_object = transport.get_extra_info("ssl_object")
        der = ssl_object.getpeercert(binary_form=True) if ssl_object else None
        inner = self.app

        async def app(scope: Any, receive: Any, send: Any) -> None:
            extensions = scope.setdefault("extensions", {})
            extensions["tls"] = {"client_cert_chain": [der] if der else []}
            extensions["ehds.reset"] = {"call": self._reset}
            await inner(scope, receive, send)

        self.app = app
        self._start_timer()

    def data_received(self, data: bytes) -> None:
        """Watch that a request that begins also ends its head in time."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._start_timer()
        else:
            self._stop_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer."""
        self._stop_timer()
        super().connection_lost(exc)

    def _start_timer(self) -> None:
        if self._head_timer is None and not self.transport.is_closing():
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _reset(self) -> None:
        """Close so that the client sees a reset, not an end."""
        connection = self.transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_OFF)
        self.transport.abort()
