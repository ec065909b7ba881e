"""Sends audit messages to a repository: RFC 5424 messages, framed for TLS (RFC 5425) or in a file.

IHE ITI-20: facility 10 (security), severity 5 (notice), MSGID ``IHE+RFC-3881``, UTF-8 with byte
order mark.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from data.errors import InputError, Problem
from ips.words import harmless
from ncp.audit.message import instant

PRIORITY = 10 * 8 + 5
MESSAGE_ID = "IHE+RFC-3881"
TLS_PORT = 6514
_BOM = b"\xef\xbb\xbf"
_TIMEOUT = 10.0
_ADDRESS = re.compile(r"(?:(tls|tcp)://)?([\w.-]+|\[[0-9A-Fa-f:.%\w]+\])(?::([0-9]{1,5}))?/?")
_RULE = "host:port (TLS), tcp://host:port, or file:PATH"


class Sink(Protocol):
    """Where audit messages go."""

    @property
    def name(self) -> str:
        """Its name in the journal; how far it got is kept under it."""

    def send(self, messages: Sequence[bytes]) -> None:
        """Take syslog messages, all or none.

        Raises:
            OSError: they were not taken; send them again later.
        """


def syslog(
    message: bytes, *, time: dt.datetime, host: str = "", app: str = "ehds", process: str = ""
) -> bytes:
    """Return an audit message as RFC 5424 message.

    Args:
        message: the ATNA message.
        time: aware; when the event was.
        host, app, process: header fields; what is empty or not printable ASCII is written ``-``.
    """
    words = (_word(host, 255), _word(app, 48), _word(process, 128), MESSAGE_ID, "-")
    header = f"<{PRIORITY}>1 {instant(time)} {' '.join(words)} "
    return header.encode("ascii") + _BOM + message.strip()


def octets(message: bytes) -> bytes:
    """Frame a syslog message by its length (RFC 5425, RFC 6587 octet counting)."""
    return b"%d %b" % (len(message), message)


def _word(value: str, longest: int) -> str:
    clean = "".join(c for c in value if "!" <= c <= "~")[:longest]
    return clean or "-"


@dataclass(frozen=True, slots=True)
class FileSink:
    """Appends to a file, one message a line, on the disk before it says so."""

    path: Path

    @property
    def name(self) -> str:
        """Name in the journal."""
        return f"file:{self.path}"

    def send(self, messages: Sequence[bytes]) -> None:
        """Append messages; line breaks inside a message become spaces."""
        lines = b"".join(m.replace(b"\r", b" ").replace(b"\n", b" ") + b"\n" for m in messages)
        with self.path.open("ab") as stream:
            stream.write(lines)
            stream.flush()
            os.fsync(stream.fileno())


@dataclass(frozen=True, slots=True)
class SocketSink:
    """Sends over TLS, or over plain TCP where ``context`` is None.

    Syslog has no receipt. The connection is closed in order after each batch: a repository that
    died meanwhile answers with a reset, and the batch is sent again.
    """

    host: str
    port: int
    context: ssl.SSLContext | None
    timeout: float = _TIMEOUT

    @property
    def name(self) -> str:
        """Name in the journal."""
        return f"{'tls' if self.context else 'tcp'}://{self.host}:{self.port}"

    def send(self, messages: Sequence[bytes]) -> None:
        """Send messages, each framed by its length."""
        with socket.create_connection((self.host, self.port), self.timeout) as plain:
            if self.context is None:
                self._pass(plain, messages)
                return
            with self.context.wrap_socket(plain, server_hostname=self.host) as secured:
                self._pass(secured, messages)

    def _pass(self, connection: socket.socket, messages: Sequence[bytes]) -> None:
        for message in messages:
            connection.sendall(octets(message))
        try:
            if isinstance(connection, ssl.SSLSocket):
                connection = connection.unwrap()
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass
        except (TimeoutError, ssl.SSLEOFError):
            return  # it took everything, and keeps its end open or closes without a word


def sink(address: str, context: ssl.SSLContext | None = None) -> Sink:
    """Return the sink that an option names.

    Args:
        address: ``host:port`` or ``tls://host:port`` (TLS), ``tcp://host:port``, ``file:PATH``.
        context: certificates for TLS; those that the system trusts without it.

    Raises:
        InputError: not such an address.
    """
    if address.startswith("file:"):
        file = Path(address.removeprefix("file:").removeprefix("//"))
        if file.is_dir():
            raise InputError(Problem(f"«{harmless(str(file))}» is a folder, a file was expected",
                                     "--syslog", _RULE))  # fmt: skip
        return FileSink(file)
    parts = _ADDRESS.fullmatch(address)
    scheme, host, port = parts.groups() if parts else ("", "", "")
    number = int(port or (0 if scheme == "tcp" else TLS_PORT)) if parts else 0
    if not 0 < number < 65536:
        raise InputError(
            Problem(f"«{harmless(address)}» is no address of an audit repository", "--syslog",
                    _RULE, f"for example localhost:{TLS_PORT}")
        )  # fmt: skip
    host = host.strip("[]").lower()
    if scheme == "tcp":
        return SocketSink(host, number, None)
    return SocketSink(host, number, context or ssl.create_default_context())
