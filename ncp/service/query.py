"""ITI-38 in country A: which documents are there? (Codes and statuses of OpenNCP 9 XCAServiceImpl.)

Prescriptions are shown with the state that they have here: what was dispensed through this contact
point is no longer dispensable.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from lxml import etree

from ncp.audit import categories
from ncp.connector.described import Described, describe, dispensability
from ncp.messages import xca
from ncp.model import (
    DocumentEntry,
    DocumentKind,
    Operation,
    PatientId,
    Refusal,
    Weight,
)
from ncp.service.named import is_named
from ncp.service.point import Call, Point, list_operation
from ncp.store.prescriptions import Order, State, states
from ncp.tables import document_kinds

EP = DocumentKind.EPRESCRIPTION
UNAVAILABLE = "ERROR_PI_REGISTRY_NOT_AVAILABLE"
"""How a connector says that the national side does not answer."""
_UNKNOWN = "ERROR_GENERIC_SERVICE_SIGNIFIER_UNKNOWN"


def query(call: Call, body: etree._Element) -> etree._Element:
    """Answer a query.

    Raises:
        SoapFault: not the message, or assertions that are answered with a fault.
    """
    call.query = etree.tostring(body)
    entries: list[DocumentEntry] = []
    try:
        request = _read(call, body)
        entries = _found(call, request)
    except Refusal as refusal:
        call.refusals.append(refusal)
        status = refusal.status or "Failure"
        return xca.query_response((), [refusal], status, quirks=call.point.quirks)
    call.documents += [entry.unique_id for entry in entries]
    call.came_from(entries)
    return xca.query_response(entries, call.refusals, quirks=call.point.quirks)


def _read(call: Call, body: etree._Element) -> xca.QueryRequest:
    """Read and authorise the request: who may not ask learns nothing about its form either."""
    try:
        request = xca.read_query(body)
    except Refusal:
        call.verify_any([Operation.EP_LIST, Operation.PS_LIST])
        raise
    call.patients.append(request.patient)
    operations = [list_operation(kind) for kind in request.kinds]
    if None in operations:
        call.verify_any([Operation.EP_LIST, Operation.PS_LIST])
        raise Refusal(_UNKNOWN, "Class code not supported", location=", ".join(request.kinds))
    call.category = categories(request.kinds)
    call.verify(dict.fromkeys(one for one in operations if one))
    call.hooked()
    return request


def _found(call: Call, request: xca.QueryRequest) -> list[DocumentEntry]:
    assert call.trusted is not None
    point, first = call.point, request.kinds[0]
    if call.trusted.trc_patient != request.patient:
        raise _nothing(point, first)
    entries: list[DocumentEntry] = []
    for kind in request.kinds:
        consent(call, request.patient, kind)
        found = listed(point, request.patient, kind)
        entries += _shown(call, found) if kind is EP else found
    entries = [e for e in entries if _wanted(e, request)]
    entries = list(point.hooks.entries(call.audited, entries))
    if not entries:
        raise _nothing(point, first)
    return entries


def _shown(call: Call, found: list[DocumentEntry]) -> list[DocumentEntry]:
    """Return prescriptions with their state; only the one that the assertion names, if it does."""
    assert call.trusted is not None
    if call.trusted.prescription_id:
        known = prescribed(call.point, found)
        found = [e for e in found if e.unique_id in known and is_named(call, known[e.unique_id])]
    return with_state(call.point, found)


def listed(point: Point, patient: PatientId, kind: DocumentKind) -> list[DocumentEntry]:
    """Return the documents of a kind.

    Raises:
        Refusal: the national side cannot be asked, with the code that the kind has for it.
    """
    try:
        return list(point.connector.documents(patient, kind))
    except Refusal as refusal:
        if refusal.code != UNAVAILABLE:
            raise
        code = document_kinds()[kind].unavailable
        raise Refusal(code, refusal.text, status="Failure") from None


def consent(call: Call, patient: PatientId, kind: DocumentKind, *, code: str = "") -> None:
    """Check that documents of a kind may go to the country that asks.

    Raises:
        Refusal: they may not; with ``code``, or the code of the kind.
    """
    decision = call.point.connector.consent(patient, kind, call.country_b)
    if decision.permitted:
        return
    code = code or document_kinds()[kind].no_consent
    if call.point.quirks == "gematik":
        code = "ERROR_NO_CONSENT"
    raise Refusal(code, "The patient has not given consent to the service.", status="Failure")


def with_state(point: Point, entries: Sequence[DocumentEntry]) -> list[DocumentEntry]:
    """Return prescriptions with the state that they have here."""
    known = prescribed(point, entries)
    with point.store.connect() as connection:
        now = states(connection, [d.unique_id for d in known.values()])
    result = []
    for entry in entries:
        document = known.get(entry.unique_id)
        state = now.get(document.unique_id, State.AVAILABLE) if document else State.AVAILABLE
        over = document is not None and _is_over(point, document)
        result.append(entry if state.open and not over else _closed(entry))
    return result


def prescribed(point: Point, entries: Sequence[DocumentEntry]) -> dict[str, Described]:
    """Return what the prescriptions of a list say, by the ids of both of their levels."""
    found: dict[str, Described] = {}
    by_entry = {entry.entry_id: entry for entry in entries}
    for entry in entries:
        if entry.level != 3 or entry.kind is not EP:
            continue
        described = _described(point.connector.content(entry.unique_id))
        found[entry.unique_id] = described
        twin = by_entry.get(entry.pair)
        if twin:
            found[twin.unique_id] = described
    return found


@lru_cache(maxsize=512)
def _described(content: bytes) -> Described:
    """Describe a document; the same bytes are asked for again and again."""
    return describe(content, "prescription")


def orders(point: Point, document: Described, patient: PatientId) -> list[Order]:
    """Return the ordered items of a prescription as the store keeps them, for one patient id."""
    over = _is_over(point, document)
    return [replace(one, patient=patient, cancelled=one.cancelled or over)
            for one in document.orders]  # fmt: skip


def _is_over(point: Point, document: Described) -> bool:
    """Whether a prescription is no longer valid (the sample prescriptions always are)."""
    if not getattr(point.connector, "expire", True) or document.valid_until is None:
        return False
    return document.valid_until < point.clock().astimezone(dt.UTC).date()


def _closed(entry: DocumentEntry) -> DocumentEntry:
    mark = dispensability(False)
    others = tuple(e for e in entry.events if e.system != mark.system)
    return replace(entry, events=(mark, *others))


def _wanted(entry: DocumentEntry, request: xca.QueryRequest) -> bool:
    """Apply the filters of original clinical documents (OrCD)."""
    small = request.max_size is None or entry.size is None or entry.size <= request.max_size
    after = request.created_after is None or entry.created >= request.created_after
    before = request.created_before is None or entry.created <= request.created_before
    return small and after and before


def _nothing(point: Point, kind: DocumentKind) -> Refusal:
    agreed = document_kinds()[kind]
    weight, status = Weight.WARNING, agreed.not_found_status
    if point.quirks == "gematik":
        weight, status = Weight.ERROR, "Failure"
    return Refusal(agreed.not_found, "No documents are registered for the given patient.", weight,
                   status=status)  # fmt: skip
