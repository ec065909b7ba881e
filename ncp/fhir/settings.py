"""What the FHIR interfaces are told beforehand: EHR systems, a shared secret, the public address.

They lie in the home folder of the exchange: ``fhir/clients.json`` (as ``ncp.fhir.clients`` writes
it), ``fhir/secret`` (the key of HS512, if a portal uses one) and ``fhir/base``, the public address
of the server, where others reach it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from data.errors import InputError, Problem
from data.loaders.tables import read_bytes
from ncp.fhir.clients import SCOPES, Client, Registered, register

__all__ = ["SCOPES", "Client", "Settings", "load", "register"]

_FOLDER, _SECRET, _BASE = "fhir", "secret", "base"


@dataclass(frozen=True)
class Settings:
    """What the interfaces are told beforehand.

    Attributes:
        base: public address of the server (``https://ncp.example``); empty takes it from the
            connection.
        secret: key of HS512 tokens; empty where none is agreed.
        clients: EHR systems by id.
    """

    base: str = ""
    secret: bytes = field(default=b"", repr=False)
    clients: Mapping[str, Client] = field(default_factory=dict)


def load(home: Path, public_url: str = "") -> Settings:
    """Read what lies in the home folder; nothing there is a server that knows no EHR system.

    Args:
        home: home folder of the exchange.
        public_url: public address of the server; it counts more than ``fhir/base``.

    Raises:
        InputError: a file that cannot be read as what it should be, or an address that is none.
    """
    folder = home / _FOLDER
    said = _said(folder / _BASE).decode("utf-8", "replace")
    base = _address(public_url, "--public-url") or _address(said, str(folder / _BASE))
    return Settings(base, _said(folder / _SECRET), Registered(home))


def _said(file: Path) -> bytes:
    return read_bytes(file).strip() if file.is_file() else b""


def _address(text: str, where: str) -> str:
    """Return a public address without the slash at its end; empty where none is said."""
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        host, rest = parts.hostname or "", (parts.query, parts.fragment, parts.username)
        good = bool(host) and parts.port != 0 and parts.path in ("", "/") and not any(rest)
    except ValueError:
        good, host = False, ""
    if not good or not (parts.scheme == "https" or (parts.scheme == "http" and _here(host))):
        raise InputError(
            Problem(f"«{text}» is no public address of a server", where,
                    rule="https://name or https://name:port, without a path",
                    remedy="write it as others reach the server: https://ncp.example:8443")
        )  # fmt: skip
    return text.rstrip("/")


def _here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
