"""The tables of the journal, in the same database as the states that it tells about."""

from __future__ import annotations

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    event,
)

from ncp.store.tables import Moment, metadata

journal = Table(
    "journal",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    # Unique: an entry is followed by one entry, whoever writes at the same time.
    Column("previous", String(64), nullable=False, unique=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("moment", Moment, nullable=False),
    Column("side", String(1), nullable=False),
    Column("operation", String(64), nullable=False),
    Column("outcome", BigInteger, nullable=False),
    Column("country", String(8), nullable=False),
    Column("professional", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("parts", Text, nullable=False),
    Index("journal_moment", "moment"),
)
"""One row an event. ``facts`` is the transaction, ``parts`` the SHA-256 of each kept message."""

journal_patient = Table(
    "journal_patient",
    metadata,
    Column("number", BigInteger, ForeignKey("journal.number"), primary_key=True),
    Column("root", String(128), primary_key=True),
    Column("extension", String(255), primary_key=True),
    Index("journal_patient_extension", "extension"),
)

journal_part = Table(
    "journal_part",
    metadata,
    Column("number", BigInteger, ForeignKey("journal.number"), primary_key=True),
    Column("part", String(16), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
"""The messages of an event, compressed: request, response, atna, events, nro, nrr."""

journal_delivery = Table(
    "journal_delivery",
    metadata,
    Column("sink", String(255), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("failures", BigInteger, nullable=False),
    Column("error", Text, nullable=False),
)
"""How far each audit repository has got: every entry after ``number`` is still to be sent."""

_FIXED = ("journal", "journal_patient", "journal_part")


def _forbid_changes() -> None:
    """Make the databases refuse to change an entry; a removed one is found by the chain."""
    for name in _FIXED:
        table = metadata.tables[name]
        sqlite = DDL(  # type: ignore[no-untyped-call]
            f"CREATE TRIGGER IF NOT EXISTS {name}_fixed BEFORE UPDATE ON {name} "
            "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
        )
        function = DDL(  # type: ignore[no-untyped-call]
            f"CREATE OR REPLACE FUNCTION {name}_fixed() RETURNS trigger AS "
            "'BEGIN RAISE EXCEPTION ''the journal is append-only''; END' LANGUAGE plpgsql"
        )
        trigger = DDL(  # type: ignore[no-untyped-call]
            f"CREATE OR REPLACE TRIGGER {name}_fixed BEFORE UPDATE ON {name} "
            f"FOR EACH ROW EXECUTE FUNCTION {name}_fixed()"
        )
        event.listen(table, "after_create", sqlite.execute_if(dialect="sqlite"))
        event.listen(table, "after_create", function.execute_if(dialect="postgresql"))
        event.listen(table, "after_create", trigger.execute_if(dialect="postgresql"))


_forbid_changes()
