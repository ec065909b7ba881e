"""Audit messages of both sides of an exchange: ours as country B, and that of country A if we may.

The audit of a foreign contact point is its own affair; a tester may give a file, a folder or (where
country A is ours) its database.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import orjson
from lxml import etree

from data.errors import InputError, Problem
from data.loaders.tables import read_bytes
from ncp.audit import (
    AuditMessage,
    Event,
    Indicator,
    Party,
    Transaction,
    Wire,
    atna,
    indicator,
    read_atna,
)
from ncp.audit.journal import Filter, entries
from ncp.countries import Country
from ncp.scenarios.journals import opened
from ncp.scenarios.model import Exchange
from ncp.store import Store
from ncp.trust.keys import Signer, common_name

Json = dict[str, Any]

_NEAR = dt.timedelta(minutes=2)
_LAST = 200


class Source(Protocol):
    """Where the audit messages of country A are found."""

    def find(self, exchange: Exchange) -> bytes | None:
        """Return the audit message of an exchange, or None."""

    def events(self, exchange: Exchange) -> tuple[Json, ...] | None:
        """Return the FHIR AuditEvents of an exchange; None where none can be had."""


class Nowhere:
    """There is no audit of country A at hand."""

    def find(self, exchange: Exchange) -> bytes | None:  # noqa: ARG002
        """Find nothing."""
        return None

    def events(self, exchange: Exchange) -> tuple[Json, ...] | None:  # noqa: ARG002
        """Find nothing."""
        return None


class Journal:
    """The journal of a contact point of ours.

    Args:
        store: its database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, exchange: Exchange) -> bytes | None:
        """Return the audit message with the id of the request."""
        return self._part(exchange, "atna")

    def events(self, exchange: Exchange) -> tuple[Json, ...] | None:
        """Return the AuditEvent of the request in its international form."""
        said = self._part(exchange, "events")
        # The Norwegian one says the same in other places.
        return tuple(orjson.loads(said)[:1]) if said else ()

    def _part(self, exchange: Exchange, name: str) -> bytes | None:
        with self._store.connect() as connection:
            wanted = Filter(side="A", limit=_LAST)
            found = [e for e in entries(connection, wanted, parts=(name,))
                     if e.transaction.request_id == exchange.asked.message_id]  # fmt: skip
        return found[-1].parts.get(name) if found else None


class Files:
    """Audit messages that a tester has exported.

    Args:
        place: one file, or a folder of files.

    Raises:
        InputError: nothing is there, or a file that is no audit message; all at once.
    """

    def __init__(self, place: Path) -> None:
        files = (
            sorted(p for p in place.rglob("*.xml") if p.is_file()) if place.is_dir() else [place]
        )
        self._found: list[tuple[AuditMessage, bytes]] = []
        problems = [] if files else [
            Problem("there is no .xml file", str(place),
                    remedy="name a folder of audit messages (RFC 3881), or a store.db")
        ]  # fmt: skip
        for file in files:
            try:
                content = read_bytes(file)
                self._found.append((read_atna(content, name=str(file)), content))
            except InputError as error:
                problems += error.problems
        if problems:
            raise InputError(problems)

    def find(self, exchange: Exchange) -> bytes | None:
        """Return the message of the same operation that is nearest in time, within minutes."""
        wanted = exchange.asked.operation.lower()
        near = [
            (distance, content)
            for message, content in self._found
            if message.operation.lower() == wanted
            and (distance := _distance(message.time, exchange.ended)) is not None
            and distance <= _NEAR
        ]
        return min(near, key=lambda pair: pair[0])[1] if near else None

    def events(self, exchange: Exchange) -> tuple[Json, ...] | None:  # noqa: ARG002
        """Find nothing: files of ATNA hold no AuditEvent."""
        return None


def _distance(text: str, moment: dt.datetime) -> dt.timedelta | None:
    try:
        said = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return abs((said if said.tzinfo else said.replace(tzinfo=dt.UTC)) - moment)


def source_of(place: str) -> Source:
    """Return the source that a tester names: file, folder, or database of a server of ours.

    Raises:
        InputError: nothing usable is there.
    """
    if not place:
        return Nowhere()
    if "://" in place or place.endswith(".db"):
        return Journal(opened(place))
    path = Path(place)
    if not path.exists():
        raise InputError(Problem("there is no such file or folder", place,
                                 remedy="name audit messages, or a store.db"))  # fmt: skip
    return Files(path)


def own(exchange: Exchange, country_a: Country, client: Signer, documents: Sequence[str]) -> bytes:
    """Return the audit message that country B writes of an exchange.

    Args:
        exchange: what happened.
        country_a: who was asked.
        client: certificate of the connection.
        documents: ids that came or were sent.
    """
    asked = exchange.asked
    failed = exchange.error or (exchange.fault.reason if exchange.fault else "")
    body = exchange.request
    return atna(
        Transaction(
            side="B", operation=asked.operation if not exchange.error
            else Event.COMMUNICATION_FAILURE, started=exchange.started, ended=exchange.ended,
            outcome=Indicator.MAJOR if failed else indicator(exchange.refusals),
            professional=asked.professional, issuer=_issuer(asked.assertions),
            consumer=Party(common_name(client.certificate), "127.0.0.1", "", client.country),
            provider=Party(country_a.name_en, "", country_a.home_community, country_a.code),
            patients=asked.traits.ids or ((asked.patient,) if asked.patient else ()),
            query=body, query_id=asked.query_id, documents=tuple(documents),
            submission_set=asked.submission_set,
            error=failed or "; ".join(str(r) for r in exchange.refusals),
            request_id=asked.message_id, response_id=exchange.response_id,
            wire=Wire("POST", exchange.url, exchange.status, exchange.request_type,
                      exchange.response_type),
        )
    )  # fmt: skip


def _issuer(assertions: Sequence[bytes]) -> str:
    if not assertions:
        return ""
    root = etree.fromstring(assertions[0])  # our own bytes
    return (root.findtext("{urn:oasis:names:tc:SAML:2.0:assertion}Issuer") or "").strip()
