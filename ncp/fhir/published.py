"""Documents that EHR systems have published here (ITI-105), and what FHIR knows of dispensations.

A document is kept as it came with its DocumentReference; it is served beside those of the
connector, and is gone when it was withdrawn (status ``entered-in-error``).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import (
    Column,
    Connection,
    Index,
    LargeBinary,
    Row,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)

from ncp.fhir import names
from ncp.fhir.wire import Json
from ncp.model import DocumentKind, PatientId
from ncp.service.point import list_operation
from ncp.store import Store
from ncp.store.tables import Moment, metadata

WITHDRAWN = "entered-in-error"
TYPES = {kind.value: kind for kind in DocumentKind if list_operation(kind)} | {
    "18842-5": DocumentKind.DISCHARGE, "85430-7": DocumentKind.IMAGING_REPORT,
}  # fmt: skip
"""Kinds that are taken, by LOINC type; the EU Health Data API names two of them differently."""

fhir_document = Table(
    "fhir_document",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("patient", String(255), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("document_id", String(255), nullable=False, unique=True),
    Column("client", String(255), nullable=False),
    Column("received", Moment, nullable=False),
    Column("media", String(128), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("resource", Text, nullable=False),
    Column("status", String(32), nullable=False),
    Index("fhir_document_patient", "patient"),
)


@dataclass(frozen=True, slots=True)
class Published:
    """One document.

    Attributes:
        document_id: its own identifier, ``system|value``.
        client: who published it: an EHR system, or a country.
        media: type of ``content``.
        resource: its DocumentReference, as it is served.
    """

    id: str
    patient: PatientId
    kind: str
    document_id: str
    client: str
    received: dt.datetime
    media: str
    content: bytes
    resource: Json

    @property
    def withdrawn(self) -> bool:
        """Whether it was taken back."""
        return bool(self.resource["status"] == WITHDRAWN)


def find(store: Store, identity: str) -> Published | None:
    """Return a document by its id."""
    if not names.possible(identity):
        return None
    with store.connect() as connection:
        row = connection.execute(
            select(fhir_document).where(fhir_document.c.id == identity)).first()  # fmt: skip
    return None if row is None else _of(row)


def of_patient(store: Store, patient: PatientId) -> list[Published]:
    """Return what was published of a patient and not withdrawn, the newest first."""
    with store.connect() as connection:
        rows = connection.execute(
            select(fhir_document)
            .where(fhir_document.c.patient == patient.cx, fhir_document.c.status != WITHDRAWN)
            .order_by(fhir_document.c.received.desc())
        ).all()  # fmt: skip
    return [_of(row) for row in rows]


def add(connection: Connection, one: Published) -> None:
    """Keep a document.

    Raises:
        sqlalchemy.exc.IntegrityError: one with its id or identifier is there already.
    """
    connection.execute(
        insert(fhir_document).values(
            id=one.id, patient=one.patient.cx, kind=one.kind, document_id=one.document_id,
            client=one.client, received=one.received, media=one.media, content=one.content,
            resource=orjson.dumps(one.resource).decode(), status=one.resource["status"],
        )
    )  # fmt: skip


def change(connection: Connection, identity: str, resource: Json) -> None:
    """Replace the DocumentReference of a document (superseded, withdrawn)."""
    connection.execute(
        update(fhir_document).where(fhir_document.c.id == identity)
        .values(resource=orjson.dumps(resource).decode(), status=resource["status"])
    )  # fmt: skip


def served(one: Published, base: str) -> Json:
    """Return the DocumentReference of a document with the address where it is served now."""
    made = dict(one.resource)
    made["content"] = [
        {**part, "attachment": {**part["attachment"], "url": f"{base}/{part['attachment']['url']}"}}
        if "url" in part["attachment"] else part
        for part in made["content"]
    ]  # fmt: skip
    return made


def _of(row: Row[Any]) -> Published:
    return Published(row.id, PatientId.parse(row.patient), row.kind, row.document_id, row.client,
                     row.received, row.media, row.content, orjson.loads(row.resource))  # fmt: skip
