"""Which documents are there, and the documents themselves: as FHIR, or the original file.

Sources: MyHealth@EU NCPeH API 9.1.0, document search and retrieval; IHE MHD ITI-67 and ITI-68.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from data.errors import InputError
from ips.cda.read import to_fhir
from ips.conformance.reader import read_document
from ips.xml import parse
from ncp.audit import categories
from ncp.fhir import criteria, names, paging, published
from ncp.fhir.call import FhirCall
from ncp.fhir.negotiation import answer_media
from ncp.fhir.outcomes import Declined, Issue, declined, issue_of, outcome
from ncp.fhir.params import Query, Token, patient_of, read_query
from ncp.fhir.resources import identifier, media_of, only, reference, searchset
from ncp.fhir.wire import FHIR_JSON, FHIR_XML, Asked, Json, Result
from ncp.model import DocumentEntry, DocumentKind, Operation, PatientId, Refusal, Traits, Weight
from ncp.service.point import list_operation, retrieve_operation
from ncp.service.query import EP, consent, listed, with_state
from ncp.store.prescriptions import retrieved
from ncp.tables import document_kinds

PARAMETERS = {
    "patient": "reference", "patient.identifier": "token", "type": "token", "date": "date",
    "contenttype": "token", "category": "token", "status": "token", "identifier": "token",
    "creation": "date", "_id": "token",
}  # fmt: skip
EHR_PARAMETERS = {**PARAMETERS, **dict.fromkeys(criteria.OWN, "token")}
_LISTED = tuple(kind for kind in DocumentKind if list_operation(kind))
_LARGEST = 64 * 1024 * 1024
_MISSING = "ERROR_GENERIC_DOCUMENT_MISSING"
_PATIENT = "write patient.identifier=urn:oid:<authority>|<value>, or patient=Patient/<id>"


@dataclass(frozen=True, slots=True)
class Document:
    """One document: its levels, the structured one first, with its DocumentReference."""

    levels: tuple[DocumentEntry, ...]
    resource: Json


def search(call: FhirCall) -> Result:
    """Answer ``DocumentReference?patient.identifier=…&type=…``.

    Raises:
        Refusal: who asks may not, or the patient stays out.
        Declined: a parameter cannot be read, or no patient is among them.
    """
    assert call.asked is not None
    query = read_query(call.asked, [*PARAMETERS, "_elements", "_count", paging.CURSOR,
                                    *(criteria.OWN if call.is_ehr else ())])  # fmt: skip
    kinds, chosen = _kinds(query, call.is_ehr)
    call.category = categories(kinds) if chosen else ""
    kinds = _permitted(call, kinds, chosen)
    call.hooked()
    patient = patient_asked(call, query)
    notes = query.warnings()
    found = [] if patient is None else _found(call, patient, kinds, chosen)
    found = [
        one for one in found
        if criteria.wanted(one.resource, query) and criteria.of_type(one.resource, query)
    ]  # fmt: skip
    if not found:
        nothing = Refusal(
            document_kinds()[kinds[0]].not_found,
            "No documents are registered for the given patient.",
            Weight.WARNING,
        )
        call.refusals.append(nothing)
        notes.append(issue_of(nothing))
    page = paging.page(found, _place, query)
    call.documents += [e.unique_id for one in page.shown for e in one.levels]
    return Result(resource=_answer(call, query, patient, page, notes),
                  keep=_remembering(page.shown, patient))  # fmt: skip


def _answer(
    call: FhirCall, query: Query, patient: PatientId | None, page: paging.Page[Document],
    notes: Sequence[Issue],
) -> Json:  # fmt: skip
    whose = names.of_patient(patient).id if patient else ""
    elements = [e for group in query.texts("_elements") for e in group if e]
    kind = "DocumentReference"
    return searchset(
        (only(one.resource, elements) for one in page.shown), call.base,
        paging.link(kind, query, whose), outcome(notes) if notes else None, total=page.total,
        following=paging.link(kind, query, whose, page.after) if page.after else "",
    )  # fmt: skip


def _place(one: Document) -> paging.Place:
    return paging.place(str(one.resource.get("date", "")), str(one.resource["id"]))


def read_reference(call: FhirCall, identity: str) -> Result:
    """Answer ``DocumentReference/{id}``.

    Raises:
        Refusal: who asks may not, or the patient stays out.
        Declined: 404 or 410.
    """
    own = published.find(call.point.store, identity)
    if own is not None and not call.is_ehr:
        return _reported(call, own)
    name = _named(call, identity, list_operation, "DocumentReference.r")
    for one in _grouped(call, _all(call, name, list_operation)):
        if identity in {names.of_entry(e).id for e in one.levels}:
            call.documents += [e.unique_id for e in one.levels]
            return Result(resource=one.resource)
    if own is not None:
        return Result(resource=published.served(own, call.base))
    raise _gone(identity)


def _reported(call: FhirCall, own: published.Published) -> Result:
    """Return what the country that asks has itself provided; others learn nothing of it."""
    call.permit([Operation.DISPENSE], "")
    call.patients.append(own.patient)
    if own.client != call.home_b or call.treated != own.patient:
        raise _unknown(own.id)
    return Result(resource=own.resource)


def read_bundle(call: FhirCall, identity: str) -> Result:
    """Answer ``Bundle/{id}``: the document as FHIR R4 document Bundle.

    Raises:
        Refusal: who asks may not, the patient stays out, or the document is not usable.
        Declined: 404 or 410.
    """
    return _document(call, identity, "Bundle")


def read_binary(call: FhirCall, identity: str) -> Result:
    """Answer ``Binary/{id}``: the original file, as it is or wrapped in FHIR.

    Raises:
        Refusal: who asks may not, the patient stays out, or the document is not usable.
        Declined: 404, 406 or 410.
    """
    return _document(call, identity, "Binary")


def _document(call: FhirCall, identity: str, form: str) -> Result:
    assert call.asked is not None
    name = _named(call, identity, retrieve_operation, f"{form}.r")
    own = published.find(call.point.store, identity)
    if own is not None:
        if not call.is_ehr:  # what EHR systems publish is not part of the exchange
            raise _unknown(identity)
        if own.withdrawn:
            raise _gone(identity)
        return _given(call.asked, identity, own.content, own.media, form)
    entry = next((e for e in _all(call, name, retrieve_operation)
                  if names.of_entry(e).id == identity), None)  # fmt: skip
    if entry is None:
        raise _gone(identity)
    if (form == "Bundle") is not (media_of(entry) == FHIR_JSON):
        raise _unknown(identity)
    consent(call, entry.patient, entry.kind)
    try:
        content = call.point.connector.content(entry.unique_id)
    except KeyError:
        raise _gone(identity) from None
    made = (Result(resource={**_bundle(content, entry.unique_id), "id": identity})
            if form == "Bundle"
            else _given(call.asked, identity, _file(content), media_of(entry), form))  # fmt: skip
    if entry.kind is not EP:
        return made

    def keep(connection: Connection) -> None:
        retrieved(connection, entry.unique_id, call.home_b, call.started)

    return Result(made.status, made.resource, made.raw, made.media, made.headers, keep)


def _given(asked: Asked, identity: str, content: bytes, media: str, form: str) -> Result:
    """Return a file as it is, or in a Binary where FHIR is asked for."""
    if form == "Bundle":
        return Result(resource={**read_document(content), "id": identity})
    if answer_media(asked, media) in (FHIR_JSON, FHIR_XML):
        data = base64.b64encode(content).decode()
        return Result(resource={"resourceType": "Binary", "id": identity, "contentType": media,
                                "data": data})  # fmt: skip
    return Result(raw=content, media=media)


def _kinds(query: Query, ehr: bool) -> tuple[list[DocumentKind], bool]:
    """Return the kinds that are asked for, and whether they were named."""
    types = published.TYPES if ehr else {kind.value: kind for kind in _LISTED}
    groups = query.tokens("type")
    if not groups:
        return list(_LISTED), False
    found = [kind for kind in _LISTED if all(
        any(_is_kind(token, kind, types) for token in group) for group in groups)]  # fmt: skip
    if not found:
        raise declined(400, "not-supported", "documents of this type are not offered; offered are "
                       + ", ".join(types), "type",
                       "ERROR_GENERIC_SERVICE_SIGNIFIER_UNKNOWN")  # fmt: skip
    return found, True


def _is_kind(token: Token, kind: DocumentKind, types: Mapping[str, DocumentKind]) -> bool:
    return types.get(token.code) is kind and token.system in (None, "", "http://loinc.org")


def _permitted(call: FhirCall, kinds: list[DocumentKind], chosen: bool) -> list[DocumentKind]:
    """Return the kinds that may be listed; one that was named and may not is refused."""
    operations = [one for one in map(list_operation, kinds) if one]
    if chosen or call.is_ehr:
        call.permit(operations, "DocumentReference.s")
        return kinds
    allowed: list[DocumentKind] = []
    refusal: Refusal | None = None
    for operation in dict.fromkeys(operations):
        try:
            call.permit([operation], "DocumentReference.s")
        except Refusal as error:
            refusal = error
            continue
        allowed += [kind for kind in kinds if list_operation(kind) is operation]
    if not allowed and refusal:
        raise refusal
    return allowed


def patient_asked(call: FhirCall, query: Query) -> PatientId | None:
    """Return the patient who is asked for; None for one who is not here or not treated.

    Raises:
        Declined: no patient is among the parameters, or an identifier cannot be read.
    """
    wanted = [
        patient_of(token, "patient.identifier")
        for group in query.tokens("patient.identifier")
        for token in group
    ]
    for text in (part for group in query.texts("patient") for part in group):
        with call.point.store.connect() as connection:
            name = names.find(connection, text.rpartition("/")[2])
        wanted += [name.patient] if name else []
    if not query.values.keys() & {"patient", "patient.identifier"}:
        raise declined(400, "required", _PATIENT, "patient")
    call.patients += wanted
    distinct = set(wanted)
    if len(distinct) != 1:
        return None
    patient = distinct.pop()
    return patient if call.treated in (None, patient) or call.is_ehr else None


def _found(
    call: FhirCall, patient: PatientId, kinds: Sequence[DocumentKind], chosen: bool
) -> list[Document]:
    entries: list[DocumentEntry] = []
    for kind in kinds:
        try:
            consent(call, patient, kind)
        except Refusal:
            if chosen:
                raise
            continue
        entries += _listed(call, patient, kind)
    entries = list(call.point.hooks.entries(call.audited, entries))
    found = _grouped(call, entries)
    for own in published.of_patient(call.point.store, patient) if call.is_ehr else ():
        if own.kind in kinds:
            found.append(Document((), published.served(own, call.base)))
    return found


def _listed(call: FhirCall, patient: PatientId, kind: DocumentKind) -> list[DocumentEntry]:
    found = listed(call.point, patient, kind)
    return with_state(call.point, found) if kind is EP else found


def _grouped(call: FhirCall, entries: Iterable[DocumentEntry]) -> list[Document]:
    """Put both levels of one content into one DocumentReference."""
    known = list(entries)
    by_id = {entry.entry_id: entry for entry in known}
    found: list[Document] = []
    for entry in known:
        twin = by_id.get(entry.pair)
        if twin is not None and entry.level < twin.level:
            continue
        levels = (entry, twin) if twin is not None else (entry,)
        found.append(Document(levels, reference(levels, call.base)))
    return found


def _named(call: FhirCall, identity: str, operation: Any, scope: str) -> names.Name:
    """Return what an id stands for, once who asks may read that kind of document of that patient.

    Raises:
        Declined: 404, also where it is another patient's, so that nothing is told of them.
    """
    with call.point.store.connect() as connection:
        name = names.find(connection, identity)
    wanted = operation(DocumentKind(name.kind)) if name and name.kind else None
    if name is None or wanted is None:
        retrieving = operation is retrieve_operation
        call.permit_any([Operation.EP_RETRIEVE, Operation.PS_RETRIEVE] if retrieving
                        else [Operation.EP_LIST, Operation.PS_LIST], scope)  # fmt: skip
        raise _unknown(identity)
    call.category = categories([DocumentKind(name.kind)])
    call.query_id = name.document_id
    call.permit([wanted], scope)
    if not call.is_ehr and not _same_person(call, name.patient):
        raise _unknown(identity)
    call.patients.append(name.patient)
    call.documents.append(name.document_id)
    call.hooked()
    consent(call, name.patient, DocumentKind(name.kind))
    return name


def _same_person(call: FhirCall, patient: PatientId) -> bool:
    """Return whether the patient who is treated is this one, perhaps by another identifier."""
    treated = call.treated
    if treated is None or treated == patient:
        return treated == patient
    return any(
        patient in person.ids for person in call.point.connector.find(Traits(ids=(treated,)))
    )


def _all(call: FhirCall, name: names.Name, operation: Any) -> list[DocumentEntry]:
    kind = DocumentKind(name.kind)
    return _listed(call, name.patient, kind) if operation(kind) else []


def _remembering(found: Sequence[Document], patient: PatientId | None) -> Any:
    def keep(connection: Connection) -> None:
        entries = [entry for one in found for entry in one.levels]
        people = {entry.patient for entry in entries} | ({patient} if patient and found else set())
        names.remember(connection, [*map(names.of_patient, people), *map(names.of_entry, entries)])

    return keep


@lru_cache(maxsize=64)
def _read(content: bytes, unique_id: str) -> Json:
    return {**to_fhir(content, name="document").bundle, "identifier": identifier(unique_id)}


def _bundle(content: bytes, unique_id: str) -> Json:
    try:
        return _read(content, unique_id)
    except InputError as error:
        raise Declined(422, tuple(Issue("processing", problem.what, "2201", problem.where)
                                  for problem in error.problems)) from None  # fmt: skip


def _file(content: bytes) -> bytes:
    """Return the file in a document without structure."""
    text = parse(content, name="document", limit=_LARGEST).find(
        ".//{urn:hl7-org:v3}nonXMLBody/{urn:hl7-org:v3}text"
    )
    try:
        return base64.b64decode("".join(map(str, text.itertext())) if text is not None else "")
    except ValueError:
        raise declined(422, "processing", "the file in the document is not readable",
                       code="2201") from None  # fmt: skip


def _unknown(identity: str) -> Declined:
    return declined(404, "not-found", "there is no such document; search for it first", identity,
                    _MISSING)  # fmt: skip


def _gone(identity: str) -> Declined:
    return declined(410, "deleted", "the document is no longer there", identity, _MISSING)
