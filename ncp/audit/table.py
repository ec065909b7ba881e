"""The table of audited events (``data/exchange/audit-events.csv``): one row an event and side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import data
from data.loaders.tables import Problems, read_csv
from ncp.audit.transaction import Event, Side
from ncp.model import Operation

COLUMNS = (
    "operation", "side", "event_id", "event_id_system", "event_id_name", "event_id_text", "action",
    "type_code", "type_text", "participants", "human_requests", "objects", "target_code",
    "target_system", "target_name", "source",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class EventRow:
    """How one event is written on one side.

    Attributes:
        event_id, event_id_system, event_id_name, event_id_text: EventID.
        action: EventActionCode.
        type_code, type_text: EventTypeCode; its display name is the operation.
        participants: in order: point-of-care, human, consumer, provider, master-index, own.
        human_requests: UserIsRequestor of the professional.
        objects: in order: patient, guarantor, query, request, documents, submission-set, target,
            translation.
        target_code, target_system, target_name: IDTypeCode of what the event is about.
        source: where the row is from.
    """

    operation: str
    side: str
    event_id: str
    event_id_system: str
    event_id_name: str
    event_id_text: str
    action: str
    type_code: str
    type_text: str
    participants: tuple[str, ...]
    human_requests: bool
    objects: tuple[str, ...]
    target_code: str
    target_system: str
    target_name: str
    source: str


@cache
def events() -> dict[tuple[str, str], EventRow]:
    """Return the rows by operation and side.

    Raises:
        InputError: the table is damaged.
    """
    problems = Problems()
    found: dict[tuple[str, str], EventRow] = {}
    for row in read_csv(data.path("exchange", "audit-events.csv"), COLUMNS, problems):
        plain = {name: row[name] for name in COLUMNS}
        for name in ("participants", "objects", "human_requests"):
            plain.pop(name)
        found[row["operation"], row["side"]] = EventRow(
            participants=row.words("participants"), objects=row.words("objects"),
            human_requests=row["human_requests"] == "yes", **plain,
        )  # fmt: skip
    problems.stop()
    return found


def event(operation: Operation | Event, side: Side) -> EventRow:
    """Return how an event is written on a side.

    Raises:
        ValueError: the event does not happen on that side (an assertion is issued in B only).
    """
    row = events().get((str(operation), side))
    if row is None:
        raise ValueError(f"{operation} is no event of side {side}")
    return row
