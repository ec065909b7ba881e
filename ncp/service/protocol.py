"""HTTP connections that know who is at the other end, and that nobody can hold open for nothing.

The server library hides the certificate of the client; here it is handed on in the form of the
ASGI TLS extension (``scope["extensions"]["tls"]``). A client that starts a request and does not
finish its head is cut off.

The server library has two parsers with the same methods: the one in C where ``httptools`` is
installed, else the one in Python.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uvicorn.protocols.http.h11_impl import H11Protocol as Protocol
else:
    from uvicorn.protocols.http.auto import AutoHTTPProtocol as Protocol

HEAD_SECONDS = 10.0
HEAD_BYTES = 64 * 1024
_LINGER_OFF = struct.pack("ii", 1, 0)


class PeerProtocol(Protocol):
    """The HTTP protocol of the server, with the certificate of the peer and a time for the head."""

    _head_timer: asyncio.TimerHandle | None = None
    _head_bytes = 0

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
        """Watch that a request that begins also ends its head, in time and before it is endless."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._start_timer()
            # The rest of a body that was answered early is no head; the time alone bounds it.
            if self.cycle is None or not self.cycle.more_body:
                self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self.transport.abort()
        else:
            self._stop_timer()
            self._head_bytes = 0

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer."""
        self._stop_timer()
        super().connection_lost(exc)

    def _unsupported_upgrade_warning(self) -> None:
        """Answer as if nobody had asked for another protocol (RFC 9110 7.8), without a word.

        The library would tell the operator to install one for websockets, at a client's will.
        """

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
