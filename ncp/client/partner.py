"""Country A as country B sees it: where it answers, who it is, how the line is secured."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from data.errors import EnvironmentProblem, InputError, Problem
from ips.words import harmless
from ncp.client.securing import check_files
from ncp.countries import Country, country
from ncp.trust import certs

BASE = "/openncp-ws-server/services"
STATE = "server.json"
_HERE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Partner:
    """A contact point of country A.

    Attributes:
        url: its address; services are found under ``/openncp-ws-server/services`` unless the path
            names another place.
        country: country A.
        ca: PEM file of the authorities that its certificate may come from; None for plain HTTP.
        certificate, key: PEM files of country B's TLS client; None without mutual TLS.
        repository: repository of documents whose list was not asked for; its home by default.
    """

    url: str
    country: Country
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    repository: str = ""

    @property
    def home(self) -> str:
        """Home community of country A."""
        return self.country.home_community

    @property
    def address(self) -> str:
        """Host name or address."""
        return urlsplit(self.url).hostname or ""

    def service(self, name: str) -> str:
        """Return the URL of a SOAP service (``XCPD_Service``).

        A URL whose path ends with the name of a service stands for that service's place.
        """
        base = self.url.rstrip("/")
        head, _, last = base.rpartition("/")
        if last.endswith("_Service"):
            return f"{head}/{name}"
        path = urlsplit(base).path
        return f"{base}/{name}" if path else f"{base}{BASE}/{name}"


def address(url: str, option: str = "--url") -> SplitResult:
    """Return the parts of an address, once it may be spoken to.

    Args:
        url: of a contact point.
        option: how errors name where it comes from.

    Raises:
        InputError: no URL of HTTP, or plain HTTP to another machine: assertions and health data
            would be readable on the way.
    """
    parts = _parts(url)
    if parts is None:
        raise InputError(
            Problem(f"«{harmless(url)}» is no address of a contact point", option,
                    remedy="write it as https://ncp.example:8443")
        )  # fmt: skip
    if parts.scheme == "http" and not here(parts):
        raise InputError(
            Problem("without TLS only this machine is spoken to", option,
                    rule="MyHealth@EU: mutual TLS 1.2 or later between contact points",
                    remedy="give an address that starts with https://")
        )  # fmt: skip
    return parts


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # brackets without an address of IPv6 in them, or a port that is no number
        return None
    usable = parts.scheme in ("http", "https") and parts.hostname and port != 0
    return parts if usable and url.isprintable() and " " not in url else None


def here(parts: SplitResult) -> bool:
    """Return whether an address is of this machine."""
    return parts.hostname in _HERE


def at_home(
    home: Path,
    country_b: str,
    *,
    now: dt.datetime,
    url: str = "",
    country_a: str = "",
    ca: Path | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
) -> Partner:
    """Return the partner that the home folder of the exchange knows; what is given counts more.

    Args:
        home: folder with ``certs/`` and, while ``ehds ncp serve`` runs, ``server.json``.
        country_b: country that asks; its certificates are made where there are none.
        now: aware time.
        url: address; that of the running server by default.
        country_a: ISO 3166-1 alpha-2; that of the running server by default, else NO.
        ca, certificate, key: PEM files; those of the home folder by default.

    Raises:
        EnvironmentProblem: no address, and no server runs here.
        InputError: an unknown country, an address that must not be used, unusable certificates.
    """
    check_files(ca, certificate, key)
    told = _told(home)
    url = url or told.get("url", "")
    if not url:
        raise EnvironmentProblem(
            Problem("no contact point of country A is running here", str(home / STATE),
                    remedy="start one with «ehds ncp serve», or name one with --url")
        )  # fmt: skip
    named = country_a or told.get("country", "") or "NO"
    known = country(named, "--country-a" if country_a else str(home / STATE))
    if address(url).scheme == "http":
        return Partner(url, known)
    own = certs.ensure(home / "certs" / country(country_b).code, country_b, now=now)
    client = own.folder / "client"
    return Partner(url, known, ca or own.ca_file, certificate or client.with_suffix(".pem"),
                   key or certificate or client.with_suffix(".key"))  # fmt: skip


def _told(home: Path) -> dict[str, str]:
    """What a running server has left word of; nothing where none runs."""
    try:
        said = json.loads((home / STATE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    known = said if isinstance(said, dict) else {}
    return {name: str(known[name]) for name in ("url", "country") if known.get(name)}
