"""A request and its answer over FHIR, without the server that carries them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from sqlalchemy import Connection

Json = dict[str, Any]
FHIR_JSON = "application/fhir+json"
FHIR_XML = "application/fhir+xml"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request.

    Attributes:
        path: below the base, without a slash in front (``Patient/7``).
        query: parameters in the order of the URL.
        headers: by name in small letters.
        base: URL of the interface, as the caller reaches it.
        peer: certificate of the client; None without mutual TLS.
        broken: why the content is not to be read (too large, too slow), or empty.
        status: HTTP status of a broken request.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    content: bytes = field(repr=False)
    base: str
    peer: x509.Certificate | None = None
    address: str = ""
    broken: str = ""
    status: int = 0

    def header(self, name: str) -> str:
        """Return a header; empty where there is none."""
        return self.headers.get(name.lower(), "")

    @property
    def line(self) -> str:
        """Method and URL below the base, as the audit keeps the query."""
        asked = "&".join(f"{name}={value}" for name, value in self.query)
        return f"{self.method} {self.path}" + (f"?{asked}" if asked else "")


@dataclass(frozen=True, slots=True)
class Said:
    """An answer."""

    status: int
    media: str
    content: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What an interaction answers, before it is written.

    Attributes:
        resource: a FHIR resource, written as JSON or XML; None for bytes or nothing.
        raw, media: an answer that is no FHIR resource (a PDF).
        keep: what is done in the database transaction that also keeps the audit; what it returns
            is answered instead.
    """

    status: int = 200
    resource: Json | None = None
    raw: bytes = field(default=b"", repr=False)
    media: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    keep: Callable[[Connection], Result | None] | None = None
