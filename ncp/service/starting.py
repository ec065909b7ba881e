"""Putting country A together from what is on this machine: certificates, store, connector."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from data.files import write_all
from ncp.connector.base import NationalConnector
from ncp.countries import country as country_of
from ncp.service.hooks import Hooks, NoHooks
from ncp.service.point import Point, now
from ncp.service.server import Tls
from ncp.store import Store
from ncp.trust import certs
from ncp.trust.keys import common_name, read_certificate

STATE = "server.json"


@dataclass(frozen=True, slots=True)
class Started:
    """A contact point with what its server needs."""

    point: Point
    tls: Tls


def start(
    home: Path,
    country: str,
    connector: NationalConnector,
    *,
    store: str = "",
    trusted: Sequence[Path] = (),
    strict: bool = True,
    quirks: str = "",
    need_retrieval: bool = True,
    hooks: Hooks | None = None,
) -> Started:
    """Return the contact point of a home folder; certificates are made where there are none.

    Args:
        home: folder with ``certs/`` and ``store.db``.
        country: country A, ISO 3166-1 alpha-2.
        connector: its national side.
        store: URL of the database, or empty for ``store.db`` in the home folder.
        trusted: PEM files of further authorities.
        strict, quirks, need_retrieval, hooks: as of ``Point``.

    Raises:
        InputError: an unknown country, unusable certificates or store.
        EnvironmentProblem: something cannot be written or reached.
    """
    known = country_of(country)
    folder = home / "certs"
    own = certs.ensure(folder / known.code, known.code, now=now())
    files = [own.ca_file, *sorted({*folder.glob("ca.pem"), *folder.glob("*/ca.pem")}), *trusted]
    point = Point(
        known, connector, Store(store or home / "store.db"),
        certs.TrustStore(read_certificate(file) for file in files),
        common_name(own.tls_server.certificate), strict, quirks, need_retrieval,
        hooks or NoHooks(),
    )  # fmt: skip
    server = own.folder / "server"
    authorities = tuple(dict.fromkeys(files))
    tls = Tls(server.with_suffix(".pem"), server.with_suffix(".key"), authorities)
    return Started(point, tls)


def tell_home(home: Path, url: str, country: str) -> None:
    """Leave word in the home folder where country A is, for the commands of country B."""
    said = {"url": url, "pid": os.getpid(), "country": country}
    write_all({home / STATE: json.dumps(said).encode() + b"\n"})


def forget_home(home: Path) -> None:
    """Take the word back, unless another server has left its own since."""
    file = home / STATE
    with suppress(OSError, ValueError):
        if json.loads(file.read_text("utf-8")).get("pid") == os.getpid():
            file.unlink()
