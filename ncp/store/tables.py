"""The tables of a contact point; the journal and others hang theirs on the same ``metadata``."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator

metadata = MetaData()

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


class Moment(TypeDecorator[dt.datetime]):
    """An aware time, kept as microseconds since 1970 UTC: the same in every database, sortable."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Any) -> int | None:  # noqa: ARG002
        """Return the number that is kept; a time without zone is a mistake of the caller."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without time zone")
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Any) -> dt.datetime | None:  # noqa: ARG002
        """Return the time in UTC."""
        return None if value is None else _EPOCH + value * _MICROSECOND


prescription = Table(
    "prescription",
    metadata,
    Column("document_id", String(255), primary_key=True),
    Column("item_id", String(255), primary_key=True),
    Column("patient", String(255), nullable=False),
    Column("issue", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("dispensed", BigInteger, nullable=False, default=0),
    Column("state", String(24), nullable=False),
    # The last line of defence: whatever the code does, more than was prescribed is never kept.
    CheckConstraint("dispensed >= 0 AND dispensed <= total", name="within_prescribed"),
    Index("prescription_patient", "patient"),
)
"""Ordered items; amounts in thousandths of the unit of the order, ``issue`` without repeats."""

dispensation = Table(
    "dispensation",
    metadata,
    Column("id", String(255), primary_key=True),
    Column("set_id", String(255), nullable=False),
    Column("patient", String(255), nullable=False),
    Column("country", String(8), nullable=False),
    Column("home", String(128), nullable=False),
    Column("received", Moment, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("state", String(24), nullable=False),
    Column("discard_id", String(255), unique=True),
    Column("discarded", Moment),
    Index("dispensation_patient", "patient"),
)

dispensed_item = Table(
    "dispensed_item",
    metadata,
    Column("dispensation_id", String(255), ForeignKey("dispensation.id"), primary_key=True),
    Column("document_id", String(255), primary_key=True),
    Column("item_id", String(255), primary_key=True),
    Column("amount", BigInteger, nullable=False),
    ForeignKeyConstraint(
        ["document_id", "item_id"], ["prescription.document_id", "prescription.item_id"]
    ),
)

retrieval = Table(
    "retrieval",
    metadata,
    Column("document_id", String(255), primary_key=True),
    Column("home", String(128), primary_key=True),
    Column("moment", Moment, nullable=False),
)

seen = Table(
    "seen",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("moment", Moment, nullable=False),
    Index("seen_moment", "moment"),
)
