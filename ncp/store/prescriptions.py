"""What is left of a prescription: never more is dispensed than was prescribed, by whomever.

Every change is one conditional UPDATE or one INSERT under a key, so that it holds between
processes and after a kill: the database decides, not what was read before (MyHealth@EU eP/eD,
DispensationService; ITI-41).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, and_, case, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import Table

from ncp.model import PatientId, Refusal
from ncp.store.tables import dispensation, dispensed_item, prescription, retrieval

NOT_IDENTIFIABLE = "ERROR_ED_EPRESCRIPTION_NOT_IDENTIFIABLE"
NOT_DISPENSABLE = "ERROR_ED_NOT_DISPENSABLE_EPRESCRIPTION"
ALREADY_DISPENSED = "4106"
DISCARD_FAILED = "ERROR_ED_DISCARD_FAILED"
_SCALE = 1000


class State(StrEnum):
    """Where a prescription, or a dispensation (the last two), stands."""

    AVAILABLE = "available"
    PARTLY = "partly-dispensed"
    DISPENSED = "dispensed"
    CANCELLED = "cancelled"
    RECORDED = "recorded"
    DISCARDED = "discarded"

    @property
    def open(self) -> bool:
        """Whether something can still be dispensed."""
        return self in (State.AVAILABLE, State.PARTLY)


@dataclass(frozen=True, slots=True)
class Order:
    """One ordered item of an ePrescription.

    Attributes:
        document_id: unique id of the level 3 document.
        item_id: ``root^extension`` of the item in it.
        patient: whose it is.
        issue: what one dispensing may give, in the unit of the order.
        repeats: how many more times.
        unit: UCUM unit of ``issue``; ``1`` for packages and pieces.
        packaged: the prescription says which package, so that ``1`` is a package.
        cancelled: taken back by the prescriber, or no longer valid, at the source.
    """

    document_id: str
    item_id: str
    patient: PatientId
    issue: Decimal
    repeats: int = 0
    unit: str = "1"
    packaged: bool = False
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Handout:
    """What a dispensation gives of one item; None uses up one issue (amounts not comparable)."""

    document_id: str
    item_id: str
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Dispensed:
    """A dispensation as it came.

    Attributes:
        id: id of the eDispensation document; the same one is never taken twice.
        set_id: unique id of the submission set.
        patient: whom it is about.
        country, home: country B and its community.
        received: when.
        content: the document.
        handouts: what was given.
    """

    id: str
    set_id: str
    patient: PatientId
    country: str
    home: str
    received: dt.datetime
    content: bytes
    handouts: Sequence[Handout]


def register(connection: Connection, orders: Iterable[Order]) -> None:
    """Make known what was prescribed; what is known already keeps what was dispensed of it.

    A prescription that the source has taken back since is cancelled here too.
    """
    for order in orders:
        issue = _thousandths(order.issue)
        state = State.CANCELLED if order.cancelled else State.AVAILABLE
        _insert_unless_known(
            connection, prescription,
            document_id=order.document_id, item_id=order.item_id, patient=order.patient.cx,
            issue=issue, total=issue * (1 + order.repeats), dispensed=0, state=state,
        )  # fmt: skip
        if order.cancelled:
            connection.execute(
                prescription.update()
                .where(_is(order.document_id, order.item_id),
                       prescription.c.state.in_([State.AVAILABLE, State.PARTLY]))
                .values(state=State.CANCELLED)
            )  # fmt: skip


def states(connection: Connection, document_ids: Sequence[str]) -> dict[str, State]:
    """Return the state of each document that is known: the most open of its items."""
    found = connection.execute(
        select(prescription.c.document_id, prescription.c.state)
        .where(prescription.c.document_id.in_(document_ids))
    )  # fmt: skip
    order = list(State)
    result: dict[str, State] = {}
    for document_id, text in found:
        state, other = State(text), result.get(document_id)
        if other is None:
            result[document_id] = state
        elif state is not other:
            # One item dispensed and one not: the document as a whole is partly dispensed.
            both = {state, other}
            result[document_id] = (
                State.PARTLY if State.DISPENSED in both and any(s.open for s in both)
                else min(both, key=order.index)
            )  # fmt: skip
    return result


def retrieved(connection: Connection, document_id: str, home: str, now: dt.datetime) -> None:
    """Note that a community has fetched a document."""
    _insert_unless_known(connection, retrieval, document_id=document_id, home=home, moment=now)


def was_retrieved(connection: Connection, document_ids: Iterable[str], home: str) -> bool:
    """Return whether a community has fetched one of these documents (level 3 or its twin)."""
    found = connection.execute(
        select(retrieval.c.home)
        .where(retrieval.c.document_id.in_(list(document_ids)), retrieval.c.home == home)
    ).first()  # fmt: skip
    return found is not None


def dispense(connection: Connection, given: Dispensed) -> None:
    """Record a dispensation and take what it gives off the prescriptions.

    The caller's transaction must not be committed when this raises.

    Raises:
        Refusal: given before, nothing left, cancelled, more than is left, or another patient's.
    """
    fresh = _insert_unless_known(
        connection, dispensation,
        id=given.id, set_id=given.set_id, patient=given.patient.cx, country=given.country,
        home=given.home, received=given.received, content=given.content, state=State.RECORDED,
    )  # fmt: skip
    if not fresh:
        raise Refusal(ALREADY_DISPENSED, "This dispensation was received before.",
                      location=given.id)  # fmt: skip
    # Always in the same order, so that two transactions never wait for each other.
    for handout in sorted(given.handouts, key=lambda h: (h.document_id, h.item_id)):
        amount = _take(connection, handout, given.patient)
        connection.execute(
            dispensed_item.insert().values(
                dispensation_id=given.id,
                document_id=handout.document_id,
                item_id=handout.item_id,
                amount=amount,
            )
        )


def discard(
    connection: Connection,
    *,
    dispensation_id: str,
    discard_id: str,
    patient: PatientId,
    home: str,
    now: dt.datetime,
) -> None:
    """Take a dispensation back: what it gave can be dispensed again.

    Raises:
        Refusal: unknown, discarded before, another patient's or another country's.
    """
    try:
        done = connection.execute(
            dispensation.update()
            .where(dispensation.c.id == dispensation_id, dispensation.c.patient == patient.cx,
                   dispensation.c.home == home, dispensation.c.state == State.RECORDED)
            .values(state=State.DISCARDED, discard_id=discard_id, discarded=now)
        )  # fmt: skip
    except IntegrityError:
        raise Refusal(DISCARD_FAILED, "This discard was received before.",
                      location=discard_id) from None  # fmt: skip
    if done.rowcount != 1:
        raise Refusal(DISCARD_FAILED, "There is no such dispensation to discard.",
                      location=dispensation_id)  # fmt: skip
    rows = connection.execute(
        select(dispensed_item).where(dispensed_item.c.dispensation_id == dispensation_id)
        .order_by(dispensed_item.c.document_id, dispensed_item.c.item_id)
    ).all()  # fmt: skip
    for row in rows:
        left = prescription.c.dispensed - row.amount
        connection.execute(
            prescription.update()
            .where(_is(row.document_id, row.item_id))
            .values(
                dispensed=left,
                state=case(
                    (prescription.c.state == State.CANCELLED, State.CANCELLED),
                    (left == 0, State.AVAILABLE),
                    else_=State.PARTLY,
                ),
            )
        )


def _take(connection: Connection, handout: Handout, patient: PatientId) -> int:
    """Take an amount off one item if it is there; return it in thousandths."""
    here = _is(handout.document_id, handout.item_id)
    row = connection.execute(select(prescription).where(here).with_for_update()).first()
    if row is None or row.patient != patient.cx:
        raise Refusal(NOT_IDENTIFIABLE, "There is no such prescription.",
                      location=handout.document_id)  # fmt: skip
    left = row.total - row.dispensed
    # What is left may be smaller than one issue; giving all of it is giving an issue.
    amount = min(row.issue, left) if handout.amount is None else _thousandths(handout.amount)
    if not State(row.state).open or amount > left:
        raise _why_not(State(row.state), left, handout.document_id)
    after = row.dispensed + amount
    done = connection.execute(
        prescription.update().where(here, prescription.c.dispensed == row.dispensed)
        .values(dispensed=after,
                state=State.DISPENSED if after == row.total else State.PARTLY)
    )  # fmt: skip
    if (
        done.rowcount != 1
    ):  # the row was locked; only a caller without a write transaction gets here
        raise _why_not(State.DISPENSED, 0, handout.document_id)
    return int(amount)


def _why_not(state: State, left: int, where: str) -> Refusal:
    if state is State.CANCELLED:
        return Refusal(NOT_DISPENSABLE, "The prescription is cancelled or no longer valid.",
                       location=where)  # fmt: skip
    if state is State.DISPENSED:
        return Refusal(ALREADY_DISPENSED, "The prescription has been dispensed.", location=where)
    shown = f"{(Decimal(left) / _SCALE).normalize():f}"
    return Refusal(NOT_DISPENSABLE, f"More than is left of the prescription ({shown}).",
                   location=where)  # fmt: skip


def _thousandths(amount: Decimal) -> int:
    return max(1, int(amount * _SCALE))


def _is(document_id: str, item_id: str) -> Any:
    return and_(prescription.c.document_id == document_id, prescription.c.item_id == item_id)


def _insert_unless_known(connection: Connection, table: Table, **values: Any) -> bool:
    """Insert a row; return False when its key is there already (no error, no broken block)."""
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    first = next(iter(table.primary_key.columns))
    made = make(table).values(**values).on_conflict_do_nothing().returning(first)
    return connection.execute(made).first() is not None
