"""The journal: what was exchanged, append-only, each entry's digest over the one before.

An entry is written in the caller's database transaction, so that a state and its audit are kept or
lost together. EHDS Annex II 3.2 (what is logged) and 3.3 (tools to review it).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import orjson
from sqlalchemy import Connection, Row, Select, insert, select, text

from ncp.audit.facts import from_json, to_json
from ncp.audit.fhir import events
from ncp.audit.message import atna
from ncp.audit.tables import journal, journal_part, journal_patient
from ncp.audit.transaction import Event, Indicator, Transaction
from ncp.model import Operation, PatientId

GENESIS = "0" * 64
"""What the first entry has as the digest of the one before."""
_CHAIN_LOCK = 0x6A6F7572
"""Advisory lock of PostgreSQL under which an entry is appended (any fixed number)."""
_BATCH = 500
_LAST = select(journal.c.number, journal.c.digest).order_by(journal.c.number.desc()).limit(1)
"""The end of the chain; made once, because making it takes longer than executing it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the journal.

    Attributes:
        number: 1, 2, 3, ... without gaps.
        previous, digest: the chain, SHA-256 in hexadecimal.
        transaction: what happened (without its query; that is in the part ``atna``).
        sums: SHA-256 of each kept message by part.
        parts: the messages themselves, where they were asked for.
    """

    number: int
    previous: str
    digest: str
    transaction: Transaction
    sums: Mapping[str, str]
    parts: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries; what is empty does not limit.

    Attributes:
        since, until: from the first on, before the second.
        patient: an identifier, or a bare number of any assigning authority.
        professional: part of the name or id of who asked.
        country: country B.
        limit: the last so many.
    """

    since: dt.datetime | None = None
    until: dt.datetime | None = None
    patient: PatientId | str | None = None
    operations: tuple[Operation | Event, ...] = ()
    outcomes: tuple[Indicator, ...] = ()
    country: str = ""
    professional: str = ""
    side: str = ""
    number: int | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """An event with all that is kept of it, made before the database is held."""

    transaction: Transaction
    facts: str
    sums: Mapping[str, str]
    packed: Mapping[str, bytes]


def prepare(
    transaction: Transaction,
    request: bytes,
    response: bytes,
    *,
    evidence: Mapping[str, bytes] | None = None,
) -> Prepared:
    """Make the ATNA message and the FHIR AuditEvents of an event, and pack its messages.

    Args:
        transaction: what happened.
        request, response: as they went over the line; empty where there was none.
        evidence: signed evidence by part, ``nro`` and ``nrr``.

    Raises:
        ValueError: the event does not happen on that side.
    """
    parts = {"request": request, "response": response, "atna": atna(transaction),
             "events": orjson.dumps(events(transaction)), **(evidence or {})}  # fmt: skip
    kept = {name: content for name, content in parts.items() if content}
    return Prepared(
        transaction,
        to_json(transaction),
        {name: hashlib.sha256(content).hexdigest() for name, content in kept.items()},
        {name: zlib.compress(content, 1) for name, content in kept.items()},
    )


def record(
    connection: Connection,
    transaction: Transaction,
    request: bytes,
    response: bytes,
    *,
    evidence: Mapping[str, bytes] | None = None,
) -> Entry:
    """Append an event: `prepare` and `append` in one."""
    return append(connection, prepare(transaction, request, response, evidence=evidence))


def append(connection: Connection, prepared: Prepared) -> Entry:
    """Append a prepared event to the journal.

    Args:
        connection: inside the caller's write transaction; best as its last step, because others
            wait for the chain until it is over.
        prepared: as `prepare` gives it.
    """
    transaction, sums = prepared.transaction, prepared.sums
    listed = orjson.dumps(dict(sums), option=orjson.OPT_SORT_KEYS).decode()
    number, previous = _end(connection)
    number += 1
    digest = chain(previous, number, prepared.facts, listed)
    connection.execute(
        insert(journal),
        {"number": number, "previous": previous, "digest": digest, "facts": prepared.facts,
         "parts": listed, **columns(transaction)},
    )  # fmt: skip
    found = [{"number": number, "root": root, "extension": extension}
             for root, extension in sorted(people(transaction))]  # fmt: skip
    if found:
        connection.execute(insert(journal_patient), found)
    connection.execute(
        insert(journal_part),
        [{"number": number, "part": name, "content": content}
         for name, content in prepared.packed.items()],
    )  # fmt: skip
    return Entry(number, previous, digest, transaction, sums)


def chain(previous: str, number: int, facts: str, listed: str) -> str:
    """Return the digest of an entry: over the digest before it, its number, facts and messages."""
    return hashlib.sha256(f"{previous}\n{number}\n{facts}\n{listed}".encode()).hexdigest()


def columns(transaction: Transaction) -> dict[str, object]:
    """Return what the journal is searched by; all of it follows from the transaction."""
    person = transaction.professional
    return {
        "moment": transaction.ended,
        "side": transaction.side,
        "operation": str(transaction.operation),
        "outcome": int(transaction.outcome),
        "country": _searchable(transaction.country_b, 8),
        "professional": _searchable(f"{person.name} {person.name_id}" if person else "", 1000),
    }


def people(transaction: Transaction) -> set[tuple[str, str]]:
    """Return the patients by which an entry is found: root and extension."""
    return {(_searchable(p.root, 128), _searchable(p.extension, 255))
            for p in transaction.patients}  # fmt: skip


def _searchable(value: str, longest: int) -> str:
    """Return what a column can hold of a text that a stranger may have sent."""
    return value.replace("\0", "")[:longest]


def _end(connection: Connection) -> tuple[int, str]:
    """Return number and digest of the last entry; nobody else appends until the transaction ends.

    A write transaction of SQLite keeps others out by itself.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _CHAIN_LOCK})
    last = connection.execute(_LAST).first()
    return (last.number, last.digest) if last else (0, GENESIS)


def entries(
    connection: Connection, wanted: Filter | None = None, *, parts: Sequence[str] = ()
) -> Iterator[Entry]:
    """Yield entries in the order in which they were written.

    Args:
        connection: for reading.
        wanted: which entries; all without it.
        parts: which of the kept messages to bring along (``request``, ``response``, ``atna``,
            ``events``, ``nro``, ``nrr``).
    """
    rows = connection.execute(_query(wanted or Filter()).execution_options(yield_per=_BATCH))
    for batch in rows.partitions(_BATCH):
        numbers = [row.number for row in batch]
        messages = load(connection, numbers, parts) if parts else {}
        for row in batch:
            yield _entry(row, messages.get(row.number, {}))


def load(
    connection: Connection, numbers: Iterable[int], parts: Sequence[str] = ()
) -> dict[int, dict[str, bytes]]:
    """Return kept messages by entry and part; all parts where none is named."""
    query = select(journal_part).where(journal_part.c.number.in_(list(numbers)))
    if parts:
        query = query.where(journal_part.c.part.in_(list(parts)))
    found: dict[int, dict[str, bytes]] = {}
    for row in connection.execute(query):
        found.setdefault(row.number, {})[row.part] = zlib.decompress(row.content)
    return found


def _entry(row: Row[tuple[object, ...]], parts: Mapping[str, bytes]) -> Entry:
    return Entry(row.number, row.previous, row.digest, from_json(row.facts),
                 orjson.loads(row.parts), parts)  # fmt: skip


def _query(wanted: Filter) -> Select[tuple[object, ...]]:
    query = select(journal)
    c = journal.c
    if wanted.since:
        query = query.where(c.moment >= wanted.since)
    if wanted.until:
        query = query.where(c.moment < wanted.until)
    if wanted.operations:
        query = query.where(c.operation.in_([str(each) for each in wanted.operations]))
    if wanted.outcomes:
        query = query.where(c.outcome.in_([int(each) for each in wanted.outcomes]))
    if wanted.country:
        query = query.where(c.country == wanted.country.upper())
    if wanted.side:
        query = query.where(c.side == wanted.side)
    if wanted.professional:
        query = query.where(c.professional.icontains(wanted.professional, autoescape=True))
    if wanted.number is not None:
        query = query.where(c.number == wanted.number)
    if wanted.patient:
        query = query.where(c.number.in_(_of_patient(wanted.patient)))
    if wanted.limit is not None:
        last = query.with_only_columns(c.number).order_by(c.number.desc()).limit(wanted.limit)
        query = select(journal).where(c.number.in_(last.scalar_subquery()))
    return query.order_by(c.number)


def _of_patient(patient: PatientId | str) -> Select[tuple[int]]:
    if isinstance(patient, str) and "^" in patient:
        patient = PatientId.parse(patient)
    query = select(journal_patient.c.number)
    if isinstance(patient, str):
        return query.where(journal_patient.c.extension == patient)
    return query.where(
        journal_patient.c.extension == patient.extension, journal_patient.c.root == patient.root
    )
