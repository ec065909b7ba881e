"""Ids of the FHIR interfaces, and what they stand for.

A patient's number must not be in a URL, so a patient has an id that says nothing; it is remembered
here when it is first given. So are the ids of documents, which say whose they are.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Column, Connection, String, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from ncp.model import DocumentEntry, PatientId
from ncp.store.tables import metadata

_NAMESPACE = uuid.UUID("0d0d4f57-8f0e-5c6e-9d6f-3a1b6a6f7c22")
"""Namespace of the ids that are made here (a fixed UUID of this product)."""

fhir_name = Table(
    "fhir_name",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("patient", String(255), nullable=False),
    Column("document_id", String(255), nullable=False),
    Column("kind", String(64), nullable=False),
)
"""What an id stands for; ``document_id`` and ``kind`` are empty for a patient."""


@dataclass(frozen=True, slots=True)
class Name:
    """What an id stands for: a patient, or a document of one with its kind (class code)."""

    id: str
    patient: PatientId
    document_id: str = ""
    kind: str = ""


def of_patient(patient: PatientId) -> Name:
    """Return the name of a patient: always the same for the same identifier."""
    return Name(str(uuid.uuid5(_NAMESPACE, patient.cx)), patient)


def of_entry(entry: DocumentEntry) -> Name:
    """Return the name of a document: the id of its entry in the registry."""
    return Name(entry.entry_id.removeprefix("urn:uuid:"), entry.patient, entry.unique_id,
                entry.kind)  # fmt: skip


def remember(connection: Connection, names: Iterable[Name]) -> None:
    """Note what ids stand for; a document keeps the patient identifier it was first listed with.

    In the order of the ids: two that note the same ones at once then wait, and do not deadlock.
    """
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    rows = [{"id": one.id, "patient": one.patient.cx, "document_id": one.document_id,
             "kind": one.kind} for one in sorted(set(names), key=lambda one: one.id)]  # fmt: skip
    if rows:
        connection.execute(make(fhir_name).on_conflict_do_nothing(), rows)


def possible(identity: str) -> bool:
    """Return whether this can be an id here: what no database can hold was never given."""
    return 0 < len(identity) <= 64 and "\x00" not in identity


def find(connection: Connection, identity: str) -> Name | None:
    """Return what an id stands for; None where it was never given."""
    if not possible(identity):
        return None
    row = connection.execute(select(fhir_name).where(fhir_name.c.id == identity)).first()
    if row is None:
        return None
    return Name(row.id, PatientId.parse(row.patient), row.document_id, row.kind)
