"""Country A with faults: the same contact point, with something done before or after it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, func, select
from starlette.applications import Starlette

from ncp.audit.tables import journal, journal_part, journal_patient
from ncp.codes import SOAP, SOAP_11
from ncp.faults.documents import FaultyConnector
from ncp.faults.hooks import FaultHooks
from ncp.faults.plan import FaultHeader, Plan
from ncp.faults.trusting import Trusting
from ncp.service.app import build
from ncp.service.pipeline import Pipeline
from ncp.service.point import Point
from ncp.service.starting import Started
from ncp.service.wire import Answer, Incoming
from ncp.store import Store
from ncp.store.tables import dispensation, dispensed_item, prescription, seen

_DISCARD = b"urn:eHDSI:ed:discard:2020"
_FOREIGN = re.compile(rb'mustUnderstand="(1|true)"')


def _lenient_headers(incoming: Incoming) -> Incoming:
    return replace(incoming, content=_FOREIGN.sub(b'mustUnderstand="0"', incoming.content))


def _old_soap(incoming: Incoming) -> Incoming:
    return replace(incoming, content=incoming.content.replace(SOAP_11.encode(), SOAP.encode()))


def _any_country(incoming: Incoming) -> Incoming:
    return replace(incoming, peer=None)


REQUESTS: dict[str, Callable[[Incoming], Incoming]] = {
    "must-understand-ignored": _lenient_headers,
    "soap-1.1-accepted": _old_soap,
    "connection-ignored": _any_country,
}
"""What becomes of a request, by fault."""
_STATEFUL = {"replay-accepted", "double-dispensing", "audit-missing", "dispensation-forgotten"}
POINTS: dict[str, dict[str, Any]] = {
    "quirks-openncp": {"quirks": "openncp"},
    "quirks-gematik": {"quirks": "gematik"},
    "lenient": {"strict": False},
    "retrieval-ignored": {"need_retrieval": False},
}
"""What is different about the contact point, by fault."""


class FaultyExchange:
    """Answers as the plan of faults has it.

    Args:
        point: the contact point.
        plan: which faults hold.
        folder: ``certs/`` of the home folder.
    """

    def __init__(self, point: Point, plan: Plan, folder: Path) -> None:
        self.point = replace(point, hooks=FaultHooks(plan),
                             connector=FaultyConnector(point.connector, plan))  # fmt: skip
        self._plan = plan
        self._trusting = Trusting(plan, folder, point.trust)
        self._pipelines: dict[tuple[str, ...], Pipeline] = {}
        self._turn = threading.Lock()

    def handle(self, incoming: Incoming) -> Answer:
        """Answer a request; never raises."""
        names = {f.name for f in self._plan.now() if f.known.stage in ("store", "request", "point")
                 and f.strikes()}  # fmt: skip
        for name in sorted(names & set(REQUESTS)):
            incoming = REQUESTS[name](incoming)
        incoming = self._trusting(incoming)
        if not names & _STATEFUL:
            return self._pipeline(names).handle(incoming)
        # One at a time: what is forgotten must not depend on who else asks at the moment.
        with self._turn:
            return self._forgetful(incoming, names)

    def _forgetful(self, incoming: Incoming, names: set[str]) -> Answer:
        store = self.point.store
        given = incoming.service == "XDR_Service" and _DISCARD not in incoming.content
        if "replay-accepted" in names:
            store.write(_forget_messages)
        if "double-dispensing" in names and given:
            store.write(_forget_dispensations)
        last = _last(store) if "audit-missing" in names else 0
        answer = self._pipeline(names).handle(incoming)
        if "audit-missing" in names:
            store.write(lambda connection: _forget_audit(connection, last))
        if "dispensation-forgotten" in names and given:
            store.write(_forget_dispensations)
        return answer

    def journal(self, limit: int) -> list[dict[str, Any]]:
        """Return the last entries of the journal."""
        return self._pipeline(set()).journal(limit)

    def reset(self) -> None:
        """Forget everything that has happened."""
        self._pipeline(set()).reset()

    def _pipeline(self, names: set[str]) -> Pipeline:
        key = tuple(sorted(names & set(POINTS)))
        if key not in self._pipelines:
            changes = {k: v for name in key for k, v in POINTS[name].items()}
            self._pipelines[key] = Pipeline(replace(self.point, **changes))
        return self._pipelines[key]


def application(started: Started, plan: Plan, folder: Path, **options: Any) -> Starlette:
    """Return the application of a contact point with faults, and with the header for them.

    Args:
        started: the contact point.
        plan: which faults hold.
        folder: ``certs/`` of its home folder.
        options: further arguments of ``ncp.service.app.build``.
    """
    app = build(FaultyExchange(started.point, plan, folder), **options)
    app.add_middleware(FaultHeader)
    return app


def _forget_messages(connection: Connection) -> None:
    connection.execute(delete(seen))


def _forget_dispensations(connection: Connection) -> None:
    for table in (dispensed_item, dispensation, prescription):
        connection.execute(delete(table))


def _last(store: Store) -> int:
    with store.connect() as connection:
        return int(connection.execute(select(func.max(journal.c.number))).scalar() or 0)


def _forget_audit(connection: Connection, last: int) -> None:
    for table in (journal_part, journal_patient, journal):
        connection.execute(delete(table).where(table.c.number > last))
