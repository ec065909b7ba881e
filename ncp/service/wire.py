"""What comes in over HTTP and what goes out, without the server that carries it."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography import x509

from ncp.service.hooks import Delivery


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request.

    Attributes:
        service: the SOAP service by path (``XCA_Service``).
        peer: certificate of the client; None without mutual TLS.
        address: of the client.
        url: what was called.
        broken: why the content is not to be read at all (too large, too slow), or empty.
        status: HTTP status of a broken request.
        server: own address on the connection.
    """

    service: str
    content: bytes = field(repr=False)
    content_type: str
    peer: x509.Certificate | None = None
    address: str = ""
    url: str = ""
    broken: str = ""
    status: int = 0
    server: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back."""

    status: int
    content_type: str
    content: bytes = field(repr=False)
    delivery: Delivery = field(default_factory=Delivery)
