"""Faults that take hold inside an exchange: refusals, lists, answers, and how they are sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ncp.codes import DISPENSABLE_SYSTEM
from ncp.faults.answers import ANSWERS
from ncp.faults.plan import Plan
from ncp.faults.table import Fault
from ncp.model import DocumentEntry, Operation, PatientId, Refusal, Weight
from ncp.service.hooks import Delivery
from ncp.tables import errors

_MAPPING = {Operation.EP_RETRIEVE: "ERROR_EP_MISSING_EXPECTED_MAPPING"}
Entries = Sequence[DocumentEntry]


def _twice(entries: Entries) -> Entries:
    return [e for entry in entries for e in (entry, entry)]


def _other_patient(entries: Entries) -> Entries:
    return [replace(e, patient=PatientId(e.patient.root, "00000000000")) for e in entries]


def _no_state(entries: Entries) -> Entries:
    return [replace(e, events=tuple(c for c in e.events if c.system != DISPENSABLE_SYSTEM))
            for e in entries]  # fmt: skip


def _no_atc(entries: Entries) -> Entries:
    return [replace(e, events=tuple(c for c in e.events if c.system == DISPENSABLE_SYSTEM))
            for e in entries]  # fmt: skip


ENTRIES: dict[str, Callable[[Entries], Entries]] = {
    "list-empty": lambda _: [],
    "level-1-missing": lambda found: [replace(e, pair="") for e in found if e.level != 1],
    "level-3-missing": lambda found: [replace(e, pair="") for e in found if e.level != 3],
    "not-paired": lambda found: [replace(e, pair="") for e in found],
    "listed-twice": _twice,
    "list-of-another": _other_patient,
    "state-missing": _no_state,
    "medicine-missing": _no_atc,
    "wrong-home": lambda found: [replace(e, home="1.2.3.4") for e in found],
    "wrong-format": lambda found: [replace(e, format_code="urn:example:unknown") for e in found],
    "wrong-hash": lambda found: [replace(e, hash="0" * 40) for e in found],
    "title-missing": lambda found: [replace(e, title="") for e in found],
}
"""What becomes of a list, by fault."""


class FaultHooks:
    """Does wrong what the plan says.

    Args:
        plan: which faults hold.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def refuse(self, operation: Operation) -> Refusal | None:
        """Return the refusal that is asked for."""
        for fault in self._plan.of("refuse"):
            if fault.strikes(operation):
                return _refusal(fault, operation)
        return None

    def entries(self, operation: Operation, found: Entries) -> Entries:
        """Return the list as the faults have it."""
        for fault in self._plan.of("entries"):
            if fault.strikes(operation):
                found = ENTRIES[fault.name](found)
        return found

    def answer(self, operation: Operation, content: bytes) -> bytes:
        """Return the message as the faults have it."""
        for fault in self._plan.of("answer"):
            if fault.strikes(operation):
                content = ANSWERS[fault.name](content, fault.value)
        return content

    def transport(self, operation: Operation) -> Delivery:
        """Return how it is sent."""
        how = Delivery()
        for fault in self._plan.of("transport"):
            if fault.strikes(operation):
                how = _delivery(how, fault)
        return how


def _refusal(fault: Fault, operation: Operation) -> Refusal:
    if fault.name == "unmappable":
        code = _MAPPING.get(operation, "ERROR_PS_MISSING_EXPECTED_MAPPING")
        return Refusal(code, "A code has no mapping to the European one.")
    if fault.name == "unknown-patient":
        return Refusal("ERROR_PI_NO_MATCH", "No patient found.", reason="AnswerNotAvailable")
    known = errors()[fault.value]
    weight = known.weight
    reason = known.reason or ("InternalError" if operation is Operation.IDENTIFY else "")
    status = "Failure" if weight is Weight.WARNING else ""
    return Refusal(known.code, known.meaning, weight, reason, status=status)


def _delivery(how: Delivery, fault: Fault) -> Delivery:
    if fault.name == "latency":
        return replace(how, delay=float(fault.value))
    if fault.name == "reset":
        return replace(how, reset=True)
    if fault.name == "truncated":
        return replace(how, cut=int(fault.value))
    if fault.name == "http-status":
        return replace(how, status=int(fault.value))
    return replace(how, content_type=fault.value)
