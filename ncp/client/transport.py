"""The line to country A: mutual TLS, every wait and every answer bounded, asked again where safe.

An identification, a query or a retrieve may be asked again; a submission only when the connection
was refused before anything was sent, because a dispensation that is reported twice is wrong.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from data.errors import Problem
from ncp.client.failures import (
    Unreachable,
    check_usable,
    doubt,
    failure,
    never_sent,
    passing,
)
from ncp.client.message import Message
from ncp.client.partner import Partner

_CHUNK = 64 * 1024
_ACCEPT = "application/soap+xml, multipart/related"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one exchange.

    Attributes:
        connect, read: seconds to connect, and without a byte.
        whole: seconds for the whole answer, however steadily it drips.
        size: bytes of the answer.
        attempts: how often a safe request is sent at most.
        pause: seconds before the second attempt; doubled for each further one.
    """

    connect: float = 10.0
    read: float = 60.0
    whole: float = 120.0
    size: int = 64 * 1024 * 1024
    attempts: int = 3
    pause: float = 0.3


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back.

    Attributes:
        sent: the message that it answers; its id is that of the last attempt.
        server: common name of the certificate at the other end, where there was TLS.
    """

    sent: Message
    status: int
    content_type: str
    content: bytes
    server: str = ""
    attempts: int = 1


class Transport:
    """Sends messages to one partner.

    Args:
        partner: whom.
        limits: bounds.
        sleep: how to wait between attempts.
    """

    def __init__(
        self, partner: Partner, limits: Limits | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self.partner, self.limits = partner, limits or Limits()
        self._sleep = sleep
        self._session = requests.Session()
        # What the environment says of proxies and authorities must not redirect health data.
        self._session.trust_env = False
        if partner.ca:
            self._session.verify = str(partner.ca)
        if partner.certificate and partner.key:
            self._session.cert = (str(partner.certificate), str(partner.key))

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def send(self, message: Message) -> Reply:
        """Send a message and return what came back, whatever its status says in SOAP.

        Raises:
            Unreachable: no connection, no answer in time, too large, or none of SOAP.
        """
        sent, attempt = message, 1
        while True:
            try:
                return self._once(sent, attempt)
            except Unreachable as failed:
                again = (sent.safe and passing(failed)) or never_sent(failed)
                if not again or attempt >= self.limits.attempts:
                    raise
            self._sleep(self.limits.pause * 2 ** (attempt - 1))
            sent, attempt = sent.again(), attempt + 1

    def _once(self, sent: Message, attempt: int) -> Reply:
        content, kind = sent.written
        if not sent.safe:
            # An idle connection may be closed under us, which leaves a report in doubt.
            self._session.close()
        headers = {"Content-Type": kind, "Accept": _ACCEPT, "User-Agent": "ehds-ncp-b"}
        limits = self.limits
        try:
            with self._session.post(
                sent.to, data=content, headers=headers, stream=True, allow_redirects=False,
                timeout=(limits.connect, limits.read),
            ) as answer:  # fmt: skip
                server = _common_name(answer)
                body = self._body(answer, sent)
                check_usable(answer, body, sent)
                return Reply(sent, answer.status_code, answer.headers.get("Content-Type", ""),
                             body, server, attempt)  # fmt: skip
        except (RequestException, HTTPError, OSError) as error:
            raise failure(error, sent) from error

    def _body(self, answer: requests.Response, sent: Message) -> bytes:
        parts, size, until = [], 0, time.monotonic() + self.limits.whole
        # What has come is taken at once: waiting for a full block, a drip would hold us for ever.
        while part := answer.raw.read1(_CHUNK, decode_content=True):
            size += len(part)
            if size > self.limits.size:
                limit = self.limits.size
                shown = f"{limit // 2**20} MiB" if limit >= 2**20 else f"{limit} bytes"
                raise Unreachable(
                    Problem(f"the answer is larger than {shown}", sent.to,
                            remedy=doubt(sent) or "ask for fewer documents at a time"),
                    sent, doubtful=True, status=answer.status_code,
                )  # fmt: skip
            if time.monotonic() > until:
                raise Unreachable(
                    Problem(f"the answer took longer than {self.limits.whole:g} seconds", sent.to,
                            remedy=doubt(sent) or "try again, or raise --timeout"),
                    sent, doubtful=True, status=answer.status_code,
                )  # fmt: skip
            parts.append(part)
        return b"".join(parts)


def _common_name(answer: requests.Response) -> str:
    """Return the name in the certificate at the other end; empty where there is none."""
    sock: Any = getattr(getattr(answer.raw, "connection", None), "sock", None)
    certificate = sock.getpeercert() if hasattr(sock, "getpeercert") else None
    for part in (certificate or {}).get("subject", ()):
        for name, value in part:
            if name == "commonName":
                return str(value)
    return ""
