"""The line to a target: mutual TLS with any certificate, bounded in time and size."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

import requests

from ncp.client.failures import why
from ncp.scenarios.credentials import Credentials
from ncp.trust.certs import Certificates

MAX_ANSWER = 64 * 1024 * 1024
NONE = "none"


@dataclass(frozen=True, slots=True)
class Raw:
    """What came over the line; ``error`` says why nothing did."""

    status: int = 0
    content_type: str = ""
    content: bytes = field(default=b"", repr=False)
    error: str = ""


@dataclass
class Line:
    """Connections to one target.

    Attributes:
        url: of the server.
        base: path of the services.
        credentials: certificates of country B.
        ca: PEM of the authorities that the server's certificate may come from; None for HTTP.
        timeout: seconds for one answer.
    """

    url: str
    base: str
    credentials: Credentials
    ca: Path | None = None
    timeout: float = 30.0
    _local: threading.local = field(default_factory=threading.local, repr=False)
    _all: list[requests.Session] = field(default_factory=list, repr=False)

    @property
    def secured(self) -> bool:
        """Whether the line is TLS."""
        return self.url.startswith("https://")

    def service(self, name: str) -> str:
        """Return the URL of a service."""
        return f"{self.url.rstrip('/')}{self.base}/{name}"

    def post(self, service: str, content: bytes, content_type: str, tls: str = "") -> Raw:
        """Send a message.

        Args:
            service: ``XCA_Service``.
            content: the message.
            content_type: of the message.
            tls: name of the certificate; ``none`` sends none.

        Raises:
            Unable: the certificate cannot be had.
        """
        session = self._session(tls)
        try:
            with session.post(self.service(service), content, timeout=self.timeout, stream=True,
                              headers={"Content-Type": content_type},
                              allow_redirects=False) as answer:  # fmt: skip
                body = answer.raw.read(MAX_ANSWER + 1, decode_content=True)
                if len(body) > MAX_ANSWER:
                    return Raw(answer.status_code, error="the answer is larger than 64 MiB")
                kind = answer.headers.get("content-type", "")
                declared = answer.headers.get("content-length", "")
                if declared.isdigit() and len(body) < int(declared):
                    return Raw(answer.status_code, kind, body, "the answer is cut off")
                return Raw(answer.status_code, kind, body)
        except requests.exceptions.Timeout:
            return Raw(error=f"no answer within {self.timeout:g} s")
        except (requests.exceptions.RequestException, OSError) as error:
            return Raw(error=why(error))
        except Exception as error:  # noqa: BLE001, RUF100 - what the HTTP library does not wrap
            return Raw(error=why(error))

    def reset(self, path: str) -> bool:
        """Ask a server of ours to forget everything; return whether it did."""
        try:
            answer = self._session("").post(f"{self.url.rstrip('/')}{path}", timeout=self.timeout)
        except requests.exceptions.RequestException:
            return False
        return answer.ok

    def close(self) -> None:
        """Close every connection."""
        for session in self._all:
            session.close()
        self._all.clear()

    def _session(self, tls: str) -> requests.Session:
        kept = self._local.__dict__.setdefault("sessions", {})
        if tls not in kept:
            kept[tls] = self._open(tls)
            self._all.append(kept[tls])
        found: requests.Session = kept[tls]
        return found

    def _open(self, tls: str) -> requests.Session:
        made = requests.Session()
        made.trust_env = False  # REQUESTS_CA_BUNDLE would win over ``verify``
        if self.secured:
            made.verify = str(self.ca) if self.ca else True
            if tls != NONE:
                client = self._certificates(tls).folder / "client"
                made.cert = (str(client.with_suffix(".pem")), str(client.with_suffix(".key")))
        return made

    def _certificates(self, tls: str) -> Certificates:
        return self.credentials.of(tls)
