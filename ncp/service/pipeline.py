"""A request from its bytes to its answer, with the record of it: nothing is answered unrecorded.

The order: read the envelope, find the operation, let the operation verify and look up, then in one
database transaction: refuse a replay, change what is to be changed, write the audit. Only what is
kept is answered.
"""

from __future__ import annotations

import logging
import traceback
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from lxml import etree
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from ips.identifiers import mask
from ncp.audit.evidence import Kind, evidence
from ncp.audit.export import as_json
from ncp.audit.journal import Filter, Prepared, append, entries, prepare
from ncp.model import Operation
from ncp.service.hooks import Delivery
from ncp.service.identify import identify
from ncp.service.point import Call, Point
from ncp.service.query import query
from ncp.service.retrieve import Given, retrieve
from ncp.service.submit import Submitted, submit
from ncp.service.wire import Answer, Incoming
from ncp.soap import SoapFault, content_type, read, transaction_of, write, write_mtom
from ncp.soap.faults import INVALID_HEADER
from ncp.store.replay import first_time, forget
from ncp.tables import Transaction

_log = logging.getLogger("ehds.ncp")
_OPERATIONS: dict[str, Callable[[Call, etree._Element], Any]] = {
    "ITI-55": identify, "ITI-38": query, "ITI-39": retrieve, "ITI-41": submit,
}  # fmt: skip
_MEDIA = ("application/soap+xml", "multipart/related")
_FORGET_EVERY = 1000


class Pipeline:
    """Answers the requests of a contact point.

    Args:
        point: what it is.
    """

    def __init__(self, point: Point) -> None:
        self.point = point
        self._answered = 0

    def handle(self, incoming: Incoming) -> Answer:
        """Answer a request; never raises."""
        call = Call(self.point, incoming, self.point.clock())
        try:
            transaction, result = self._operate(call)
        except SoapFault as fault:
            return self._record_fault(call, fault)
        except Exception as error:  # noqa: BLE001, RUF100 - whatever it is, country B gets a fault
            return self._record_fault(call, _internal(call, error))
        return self._conclude(call, transaction, result)

    def journal(self, limit: int) -> list[dict[str, Any]]:
        """Return the last entries of the journal, plain; numbers of patients are masked."""
        with self.point.store.connect() as connection:
            return [as_json(entry) for entry in entries(connection, Filter(limit=limit))]

    def reset(self) -> None:
        """Forget everything that has happened: states, messages, journal."""
        self.point.store.clear()

    def _operate(self, call: Call) -> tuple[Transaction, Any]:
        incoming = call.incoming
        if incoming.broken:
            raise SoapFault("Sender", incoming.broken)
        media = incoming.content_type.partition(";")[0].strip().lower()
        if self.point.strict and media not in _MEDIA:
            raise _WrongMediaError("Sender", f"the Content-Type is «{media[:80]}», not {_MEDIA[0]}")
        call.envelope = read(incoming.content, incoming.content_type)
        transaction = transaction_of(call.envelope, incoming.service)
        return transaction, _OPERATIONS[transaction.name](call, call.envelope.body)

    def _conclude(self, call: Call, transaction: Transaction, result: Any) -> Answer:
        """Keep what is to be kept and answer it, or neither."""
        assert call.envelope is not None
        try:
            # What does not depend on the transaction is made before the database is held.
            body = result.body if isinstance(result, Given) else result
            later = isinstance(result, Submitted)
            ready = None if later else self._ready(call, transaction, body)
            answer = self.point.store.write(partial(self._keep, call, transaction, result, ready))
        except SQLAlchemyError as error:
            return _fault(call, _internal(call, error))
        except Exception as error:  # noqa: BLE001, RUF100 - nothing of it was kept
            return self._record_fault(call, _internal(call, error))
        self._tell(call)
        return answer

    def _keep(
        self, call: Call, transaction: Transaction, result: Any,
        ready: tuple[Answer, Prepared] | None, connection: Connection,
    ) -> Answer:  # fmt: skip
        """Refuse a replay, or change what is to be changed and write the audit of it."""
        assert call.envelope is not None
        if not first_time(connection, call.envelope.message_id, call.started):
            call.notices.clear()
            return self._recorded(call, _replayed(call), connection)
        self._tidy(connection, call)
        if isinstance(result, Given):
            result.note(call, connection)
        answer, prepared = ready or self._ready(call, transaction, result.record(connection))
        append(connection, prepared)
        return answer

    def _ready(
        self, call: Call, transaction: Transaction, body: etree._Element
    ) -> tuple[Answer, Prepared]:
        answer = self._answer(call, transaction, body)
        return answer, self._prepared(call, answer)

    def _prepared(self, call: Call, answer: Answer) -> Prepared:
        audited = call.transaction(answer.status, answer.content_type)
        proof: dict[str, bytes] = {}
        if self.point.seal is not None and call.envelope is not None:
            proof[Kind.RECEIPT.value] = evidence(Kind.RECEIPT, audited, call.envelope.body,
                                           self.point.seal)  # fmt: skip
        return prepare(audited, call.incoming.content, answer.content, evidence=proof)

    def _answer(self, call: Call, transaction: Transaction, body: etree._Element) -> Answer:
        assert call.envelope is not None
        call.answer_id = f"urn:uuid:{uuid.uuid4()}"
        action, asked = transaction.response_action, call.envelope.message_id
        if transaction.mtom == "response":
            content, kind = write_mtom(body, action=action, message_id=call.answer_id,
                                       relates_to=asked)  # fmt: skip
        else:
            content = write(body, action=action, message_id=call.answer_id, relates_to=asked)
            kind = content_type(action)
        hooks = self.point.hooks
        content = hooks.answer(call.audited, content)
        return Answer(200, kind, content, hooks.transport(call.audited))

    def _recorded(self, call: Call, answer: Answer, connection: Connection) -> Answer:
        append(connection, self._prepared(call, answer))
        return answer

    def _record_fault(self, call: Call, fault: SoapFault) -> Answer:
        answer = _fault(call, fault)
        try:
            return self.point.store.write(partial(self._recorded, call, answer))
        except Exception as error:  # noqa: BLE001, RUF100 - nothing was kept
            return _fault(call, _internal(call, error))

    def _tidy(self, connection: Connection, call: Call) -> None:
        self._answered += 1
        if self._answered % _FORGET_EVERY == 0:
            forget(connection, call.started)

    def _tell(self, call: Call) -> None:
        """Tell the national side what is kept; what it makes of it changes nothing here."""
        connector = self.point.connector
        for dispensed, notice in call.notices:
            try:
                (connector.dispensed if dispensed else connector.discarded)(notice)
            except Exception as error:  # noqa: BLE001, RUF100 - a country's own code
                _log.error("the connector did not take %s: %s", notice.dispensation_id,
                           mask(f"{type(error).__name__}: {error}"))  # fmt: skip


def _replayed(call: Call) -> Answer:
    return _fault(call, SoapFault("Sender", "a message with this MessageID was received before",
                                  INVALID_HEADER, detail="wsa:DuplicateMessageID"))  # fmt: skip


class _WrongMediaError(SoapFault):
    """A message in a form that is not read (HTTP 415)."""

    @property
    def http_status(self) -> int:
        """Return 415 Unsupported Media Type."""
        return 415


def _fault(call: Call, fault: SoapFault) -> Answer:
    call.failed = f"{fault.code}: {fault.reason}" + (f" ({fault.subcode})" if fault.subcode else "")
    relates = call.envelope.message_id if call.envelope else ""
    status = call.incoming.status or fault.http_status
    known = isinstance(call.operation, Operation)
    delivery = call.point.hooks.transport(call.audited) if known else Delivery()
    return Answer(status, "application/soap+xml; charset=UTF-8", fault.to_bytes(relates), delivery)


def _internal(call: Call, error: Exception) -> SoapFault:
    """Return a fault that tells nothing of the inside; the log has the reason under its number."""
    number = uuid.uuid4().hex[:12]
    # Numbers of patients may stand in the message of an exception, so it is masked as a whole.
    told = mask("".join(traceback.format_exception(error)))
    _log.error("internal error %s in %s: %s", number, call.operation, told)
    return SoapFault("Receiver", f"internal error, reference {number}")
