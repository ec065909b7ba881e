"""ITI-41 in country A: a dispensation is recorded, or taken back, exactly once.

What the documents say is read first; then one database transaction changes the prescriptions and
writes the audit, so that neither is ever without the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lxml import etree
from sqlalchemy import Connection

from ncp.connector.base import Notice
from ncp.connector.described import Described
from ncp.messages import xdr
from ncp.model import (
    DocumentEntry,
    DocumentKind,
    Operation,
    PatientId,
    Refusal,
    Submission,
    Traits,
)
from ncp.service import handouts
from ncp.service.named import check_named
from ncp.service.point import Call
from ncp.service.query import EP, consent, listed, orders, prescribed
from ncp.store import prescriptions as rx

_KINDS = {DocumentKind.EDISPENSATION: Operation.DISPENSE, DocumentKind.DISCARD: Operation.DISCARD}
_GENERIC = {Operation.DISPENSE: "ERROR_ED_GENERIC", Operation.DISCARD: rx.DISCARD_FAILED}
_UNKNOWN = "4202"


@dataclass
class Prepared:
    """A submission that is understood and not yet recorded.

    Attributes:
        patient: the identifier that the store knows the patient by: the first of several.
        given: for a dispensation, what it gives; None for a discard.
        concerned: the prescriptions.
        entries: their entries, to name both levels.
    """

    submission: Submission
    operation: Operation
    document_id: str
    patient: PatientId
    given: list[rx.Handout] | None = None
    concerned: list[Described] = field(default_factory=list)
    entries: list[DocumentEntry] = field(default_factory=list)


@dataclass
class Submitted:
    """What a submit will do once it is in its transaction."""

    call: Call
    prepared: list[Prepared]
    failed: list[Refusal]

    def record(self, connection: Connection) -> etree._Element:
        """Record each document or refuse it, and return the answer."""
        stored = 0
        for one in self.prepared:
            try:
                with connection.begin_nested():
                    self._record(connection, one)
            except Refusal as refusal:
                self.failed.append(_as_quirky(self.call, refusal))
                continue
            stored += 1
            self.call.notices.append((one.operation is Operation.DISPENSE, _notice(self.call, one)))
        self.call.refusals += self.failed
        return xdr.response(self.failed, stored=stored, quirks=self.call.point.quirks)

    def _record(self, connection: Connection, one: Prepared) -> None:
        call, entry = self.call, one.submission.entry
        if one.given is None:
            rx.discard(
                connection, dispensation_id=one.document_id,
                discard_id=one.submission.set_id or entry.unique_id, patient=one.patient,
                home=call.home_b, now=call.started,
            )  # fmt: skip
            return
        for document in one.concerned:
            rx.register(connection, orders(call.point, document, one.patient))
        if call.point.need_retrieval:
            _must_be_retrieved(connection, call, one)
        rx.dispense(
            connection,
            rx.Dispensed(one.document_id, one.submission.set_id, one.patient, call.country_b,
                         call.home_b, call.started, one.submission.content, one.given),
        )  # fmt: skip


def submit(call: Call, body: etree._Element) -> Submitted | etree._Element:
    """Read a submission; what is refused as a whole is answered at once.

    Raises:
        SoapFault: not the message, or assertions that are answered with a fault.
    """
    assert call.envelope is not None
    call.operation = Operation.DISPENSE
    try:
        provided = _read(call, body)
    except Refusal as refusal:
        refusal = _as_quirky(call, refusal)
        call.refusals.append(refusal)
        return xdr.response([refusal], refusal.status or "Failure", quirks=call.point.quirks)
    prepared: list[Prepared] = []
    failed: list[Refusal] = []
    for submission in provided.submissions:
        try:
            prepared.append(_prepare(call, submission))
        except Refusal as refusal:
            failed.append(_as_quirky(call, refusal))
    return Submitted(call, prepared, failed)


def _read(call: Call, body: etree._Element) -> xdr.Provided:
    assert call.envelope is not None
    try:
        provided = xdr.read_provide(body, call.envelope.attachments)
    except Refusal:
        call.verify_any([Operation.DISCARD, Operation.DISPENSE])
        raise
    call.submission_set = provided.set_id
    call.patients += [one.entry.patient for one in provided.submissions]
    call.documents += [one.entry.unique_id for one in provided.submissions]
    operations = [_KINDS.get(one.entry.kind) for one in provided.submissions]
    if None in operations:
        call.verify_any([Operation.DISCARD, Operation.DISPENSE])
        raise Refusal(_UNKNOWN, "Unknown document", status="Failure")
    trusted = call.verify(dict.fromkeys(one for one in operations if one))
    call.hooked()
    for submission in provided.submissions:
        if trusted.trc_patient != submission.entry.patient:
            raise Refusal(_GENERIC[call.audited],
                          "The patient is not the one who is treated.",
                          location="sourcePatientId", status="Failure")  # fmt: skip
    return provided


def _prepare(call: Call, submission: Submission) -> Prepared:
    operation = _KINDS[submission.entry.kind]
    persons = call.point.connector.find(Traits(ids=(submission.entry.patient,)))
    patient = persons[0].ids[0] if persons else submission.entry.patient
    if operation is Operation.DISCARD:
        number = handouts.document_id(submission.content)
        return Prepared(submission, operation, number, patient)
    entry = submission.entry
    consent(call, entry.patient, EP, code="ERROR_ED_NO_CONSENT")
    dispensation = handouts.read(submission.content)
    own = f"{entry.patient.root}^{entry.patient.extension}"
    if own not in dispensation.patients:
        raise Refusal(_GENERIC[operation], "The eDispensation is about another patient.",
                      location="/ClinicalDocument/recordTarget")  # fmt: skip
    entries = listed(call.point, entry.patient, EP)
    known = {d.unique_id: d for d in prescribed(call.point, entries).values()}
    given, concerned = handouts.match(dispensation, list(known.values()))
    check_named(call, concerned)
    return Prepared(submission, operation, dispensation.id, patient, given, concerned, entries)


def _must_be_retrieved(connection: Connection, call: Call, one: Prepared) -> None:
    for document in one.concerned:
        ids = _levels(document.unique_id, one.entries)
        if not rx.was_retrieved(connection, ids, call.home_b):
            raise Refusal("ERROR_ED_GENERIC", "The prescription was not retrieved before.",
                          location=document.unique_id)  # fmt: skip


def _levels(unique_id: str, entries: Sequence[DocumentEntry]) -> list[str]:
    own = next((e for e in entries if e.unique_id == unique_id), None)
    return [unique_id, *(e.unique_id for e in entries if own and own.pair == e.entry_id)]


def _as_quirky(call: Call, refusal: Refusal) -> Refusal:
    """Say it as Germany does: what cannot be dispensed (any more) is not identifiable."""
    if call.point.quirks == "gematik" and refusal.code in (rx.ALREADY_DISPENSED,
                                                           rx.NOT_DISPENSABLE):  # fmt: skip
        return Refusal(rx.NOT_IDENTIFIABLE, refusal.location or refusal.text,
                       location=refusal.location)  # fmt: skip
    return refusal


def _notice(call: Call, one: Prepared) -> Notice:
    return Notice(
        one.document_id, tuple(d.unique_id for d in one.concerned), one.submission.entry.patient,
        call.country_b, call.started, one.submission.content,
    )  # fmt: skip
