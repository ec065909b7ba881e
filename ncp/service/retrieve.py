"""ITI-39 in country A: the documents themselves, of the patient who is treated and no other."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from lxml import etree
from sqlalchemy import Connection

from ncp.audit import categories
from ncp.messages import xca
from ncp.model import (
    DocumentEntry,
    DocumentKind,
    DocumentReference,
    Operation,
    PatientId,
    Refusal,
    Weight,
)
from ncp.service.named import check_named, concerned
from ncp.service.point import Call, retrieve_operation
from ncp.service.query import consent, listed, prescribed
from ncp.store.prescriptions import retrieved

MISSING = "ERROR_GENERIC_DOCUMENT_MISSING"


@dataclass(frozen=True, slots=True)
class Given:
    """What a retrieve answers, and what is to be noted with it."""

    body: etree._Element
    prescriptions: tuple[str, ...]

    def note(self, call: Call, connection: Connection) -> None:
        """Note which prescriptions the country has fetched: only those may be dispensed."""
        for unique_id in self.prescriptions:
            retrieved(connection, unique_id, call.home_b, call.started)


def retrieve(call: Call, body: etree._Element) -> Given:
    """Answer a retrieve.

    Raises:
        SoapFault: not the message, or assertions that are answered with a fault.
    """
    call.query = etree.tostring(body)
    quirks = call.point.quirks
    try:
        request = xca.read_retrieve(body, quirks=quirks)
    except Refusal as refusal:
        return _refused(call, refusal, verified=False)
    call.query_id = request.documents[0].unique_id
    call.documents += [one.unique_id for one in request.documents]
    try:
        found = _authorised(call, request.documents)
    except Refusal as refusal:
        return _refused(call, refusal, verified=True)
    documents, prescriptions = [], []
    for reference in request.documents:
        entry = found.get(reference.unique_id)
        try:
            documents.append(_document(call, reference, entry))
        except Refusal as refusal:
            call.refusals.append(refusal)
            continue
        if entry is not None and entry.kind is DocumentKind.EPRESCRIPTION:
            prescriptions.append(entry.unique_id)
    answer = xca.retrieve_response(documents, call.refusals, quirks=quirks)
    return Given(answer, tuple(prescriptions))


def _refused(call: Call, refusal: Refusal, *, verified: bool) -> Given:
    if not verified:
        try:
            call.verify_any([Operation.EP_RETRIEVE, Operation.PS_RETRIEVE])
        except Refusal as first:
            refusal = first
    call.refusals.append(refusal)
    status = refusal.status or "Failure"
    return Given(xca.retrieve_response((), [refusal], status, quirks=call.point.quirks), ())


def _authorised(call: Call, asked: tuple[DocumentReference, ...]) -> dict[str, DocumentEntry]:
    """Find what is asked for, and verify the permissions that its kinds take.

    The kind of a document is known to the national side only, and its permissions must be verified
    before anything is answered: so the patient is first taken as claimed, and nothing of what is
    found is told unless the claim holds.
    """
    patient = call.claimed_patient()
    found = _entries(call, patient, {one.unique_id for one in asked}) if patient else {}
    kinds = list(dict.fromkeys(entry.kind for entry in found.values()))
    operations = [one for one in map(retrieve_operation, kinds) if one]
    trusted = (call.verify(dict.fromkeys(operations)) if operations
               else call.verify_any([Operation.EP_RETRIEVE, Operation.PS_RETRIEVE]))  # fmt: skip
    call.category = categories(kinds)
    if trusted.trc_patient is not None:
        call.patients.append(trusted.trc_patient)
    call.hooked()
    if trusted.trc_patient != patient:
        return {}
    return found


def _entries(call: Call, patient: PatientId, wanted: set[str]) -> dict[str, DocumentEntry]:
    found: dict[str, DocumentEntry] = {}
    for kind in DocumentKind:
        if retrieve_operation(kind) is None:
            continue
        for entry in listed(call.point, patient, kind):
            if entry.unique_id in wanted:
                found[entry.unique_id] = entry
        if len(found) == len(wanted):
            break
    return found


def _document(
    call: Call, reference: DocumentReference, entry: DocumentEntry | None
) -> xca.Retrieved:
    point = call.point
    wrong_place = reference.repository not in ("", point.home) or (
        reference.home not in ("", point.home))  # fmt: skip
    if entry is None or wrong_place:
        raise _missing(call, reference, entry)
    consent(call, entry.patient, entry.kind)
    if entry.kind is DocumentKind.EPRESCRIPTION:
        _check_prescription(call, entry)
    call.came_from([entry])
    try:
        content = point.connector.content(entry.unique_id)
    except KeyError:
        raise _missing(call, reference, entry) from None
    if entry.hash and entry.hash != hashlib.sha1(content, usedforsecurity=False).hexdigest():
        raise Refusal("XDSRepositoryError", "The document has changed since it was listed.",
                      location=reference.unique_id)  # fmt: skip
    return xca.Retrieved(
        DocumentReference(point.home, point.home, reference.unique_id), content, entry.mime_type
    )


def _check_prescription(call: Call, entry: DocumentEntry) -> None:
    if concerned(call):
        known = prescribed(call.point, listed(call.point, entry.patient, entry.kind))
        if entry.unique_id in known:
            check_named(call, [known[entry.unique_id]])


def _missing(call: Call, reference: DocumentReference, entry: DocumentEntry | None) -> Refusal:
    code = MISSING
    if call.point.quirks == "gematik" and call.operation is Operation.EP_RETRIEVE and entry is None:
        code = "ERROR_EP_NOT_FOUND"
    return Refusal(code, f"The document requested was not found: {reference.unique_id}",
                   Weight.ERROR, location=reference.unique_id)  # fmt: skip
