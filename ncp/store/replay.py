"""Messages that came before: a MessageID is taken once (replay; WS-Addressing 1.0, 3.2).

A message is only worth replaying while its assertions hold, four hours at most; after a day its id
is forgotten.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from ncp.store.tables import seen

WINDOW = dt.timedelta(hours=24)


def first_time(connection: Connection, message_id: str, now: dt.datetime) -> bool:
    """Note a message; return False when it came before within the window."""
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    done = connection.execute(
        make(seen).values(message_id=message_id, moment=now).on_conflict_do_update(
            index_elements=[seen.c.message_id], set_={"moment": now},
            where=seen.c.moment < now - WINDOW,
        ).returning(seen.c.message_id)
    )  # fmt: skip
    return done.first() is not None


def forget(connection: Connection, now: dt.datetime) -> int:
    """Drop the ids that are older than the window; return how many."""
    return int(connection.execute(seen.delete().where(seen.c.moment < now - WINDOW)).rowcount)
