"""Messages that came before: a MessageID is taken once (replay; WS-Addressing 1.0, 3.2).

A message is only worth replaying while its assertions hold, four hours at most; after a day its id
is forgotten.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Connection, bindparam
from sqlalchemy.dialects import postgresql, sqlite

from ncp.store.tables import seen

WINDOW = dt.timedelta(hours=24)


def _note(make: Any) -> Any:
    """Return the statement that notes a message unless it came within the window.

    Made once: making it takes longer than executing it.
    """
    now = bindparam("now", type_=seen.c.moment.type)
    before = bindparam("before", type_=seen.c.moment.type)
    return make(seen).values(message_id=bindparam("id"), moment=now).on_conflict_do_update(
        index_elements=[seen.c.message_id], set_={"moment": now}, where=seen.c.moment < before,
    ).returning(seen.c.message_id)  # fmt: skip


_NOTE = {"sqlite": _note(sqlite.insert), "postgresql": _note(postgresql.insert)}


def first_time(connection: Connection, message_id: str, now: dt.datetime) -> bool:
    """Note a message; return False when it came before within the window."""
    values = {"id": message_id, "now": now, "before": now - WINDOW}
    return connection.execute(_NOTE[connection.dialect.name], values).first() is not None


def forget(connection: Connection, now: dt.datetime) -> int:
    """Drop the ids that are older than the window; return how many."""
    return int(connection.execute(seen.delete().where(seen.c.moment < now - WINDOW)).rowcount)
