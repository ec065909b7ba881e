"""An EHR system publishes a document here (ITI-105, Simplified Publish), or takes it back.

What is a FHIR document is judged by the profiles of its kind before it is kept, and is served as it
is. Source: hl7.eu/fhir/health-data-api 1.0.0-ballot, Document Submission Option; IHE MHD ITI-105.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from data.errors import InputError
from ncp.audit import categories
from ncp.fhir import names, published
from ncp.fhir.call import FhirCall
from ncp.fhir.judging import judge
from ncp.fhir.negotiation import read, resource_of, write
from ncp.fhir.outcomes import Declined, Issue, declined, of_problems
from ncp.fhir.params import Token, patient_of
from ncp.fhir.resources import instant
from ncp.fhir.wire import FHIR_JSON, FHIR_XML, Json, Result
from ncp.model import DocumentKind, PatientId, Traits

_KEPT = ("language", "docStatus", "type", "category", "author", "authenticator", "description",
         "securityLabel", "context", "relatesTo")  # fmt: skip
_LONGEST = 255
"""Characters of an identifier that is kept."""
_FORMS = ("application/pdf", "application/dicom", "image/png", "image/jpeg")
_STARTS = {
    "application/pdf": b"%PDF",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
}
"""How a file of a form begins (ISO 32000-2 7.5.2, PNG 5.2, JPEG B.1.1.3)."""


def create(call: FhirCall) -> Result:
    """Answer ``POST DocumentReference`` of an EHR system.

    Raises:
        Declined: what the DocumentReference lacks, what is wrong with the document, or 409.
    """
    assert call.asked is not None
    call.permit_publication("DocumentReference.c")
    wanted = read(call.asked)
    kind, patient = _checked(wanted), _patient(call, wanted)
    call.category = categories([kind])
    media, content, own = _content(wanted)
    identity = str(uuid.uuid4())
    one = published.Published(identity, patient, kind, own or f"urn:uuid:{identity}", call.client,
                              call.started, media, content,
                              _reference(call, wanted, identity, patient, media, own))  # fmt: skip
    call.patients.append(patient)
    call.documents.append(one.document_id)
    replaced = _replaced(call, wanted)

    def keep(connection: Connection) -> Result:
        try:
            with connection.begin_nested():
                published.add(connection, one)
        except IntegrityError:
            raise declined(409, "duplicate", "a document with this identifier is here already",
                           "DocumentReference.masterIdentifier") from None  # fmt: skip
        names.remember(
            connection,
            [names.of_patient(patient), names.Name(identity, patient, one.document_id, kind)],
        )
        for old in replaced:
            published.change(connection, old.id, {**old.resource, "status": "superseded"})
        return Result(
            201,
            published.served(one, call.base),
            headers={"Location": f"{call.base}/DocumentReference/{identity}"},
        )

    return Result(keep=keep)


def update(call: FhirCall, identity: str) -> Result:
    """Answer ``PUT DocumentReference/{id}``: ``entered-in-error`` takes a document back.

    Raises:
        Declined: not one's own, or another change.
    """
    assert call.asked is not None
    call.permit_publication("DocumentReference.u")
    wanted = read(call.asked)
    known = published.find(call.point.store, identity)
    if known is None or known.client != call.client:
        raise declined(404, "not-found", "there is no such document of this system", identity)
    if wanted.get("resourceType") != "DocumentReference" or wanted.get("id") != identity:
        raise declined(400, "invalid", "the id in the resource is not that of the URL",
                       "DocumentReference.id")  # fmt: skip
    if wanted.get("status") != published.WITHDRAWN:
        raise declined(422, "business-rule", "a document is not changed: publish a new one that "
                       f"replaces it, or withdraw it with status {published.WITHDRAWN}",
                       "DocumentReference.status")  # fmt: skip
    call.patients.append(known.patient)
    call.documents.append(known.document_id)
    made = {**known.resource, "status": published.WITHDRAWN}

    def keep(connection: Connection) -> Result:
        published.change(connection, identity, made)
        return Result(resource=made)

    return Result(keep=keep)


def _checked(wanted: Json) -> DocumentKind:
    """Return the kind of what is published, once the DocumentReference has what it must."""
    where = "DocumentReference"
    judge(wanted, where)
    issues = []
    if wanted.get("status") != "current":
        issues.append(Issue("invalid", "status is current", where=f"{where}.status"))
    codings = (wanted.get("type") or {}).get("coding") or []
    kind = next((published.TYPES[c["code"]] for c in codings
                 if isinstance(c, dict) and c.get("code") in published.TYPES), None)  # fmt: skip
    if kind is None:
        issues.append(Issue("not-supported", f"type is one of {', '.join(published.TYPES)} (LOINC)",
                            where=f"{where}.type"))  # fmt: skip
    if len(wanted.get("content") or []) != 1:
        issues.append(Issue("required", "there is exactly one content",
                            where=f"{where}.content"))  # fmt: skip
    attachment = _attachment(wanted)
    issues += [Issue("required", f"{name} is missing", where=f"{where}.content.attachment.{name}")
               for name in ("contentType", "data") if not attachment.get(name)]  # fmt: skip
    if issues or kind is None:
        raise Declined(422, tuple(issues))
    return kind


def _attachment(wanted: Json) -> Json:
    parts: Any = wanted.get("content") or [{}]
    return dict((parts[0] or {}).get("attachment") or {})


def _patient(call: FhirCall, wanted: Json) -> PatientId:
    subject, where = wanted.get("subject") or {}, "DocumentReference.subject"
    said = subject.get("identifier") or {}
    if said:
        token = Token(str(said.get("system", "")), str(said.get("value", "")))
        patient = patient_of(token, f"{where}.identifier")
    else:
        with call.point.store.connect() as connection:
            name = names.find(connection, str(subject.get("reference", "")).rpartition("/")[2])
        if name is None or name.document_id:
            raise declined(422, "required", "the patient is named by identifier, or by the "
                           "reference that a search gave", where)  # fmt: skip
        patient = name.patient
    persons = call.point.connector.find(Traits(ids=(patient,)))
    if not persons:
        raise declined(422, "not-found", "there is no such patient here", where)
    return persons[0].ids[0]


def _content(wanted: Json) -> tuple[str, bytes, str]:
    """Return media type, bytes and own identifier of the document."""
    attachment, place = _attachment(wanted), "DocumentReference.content.attachment"
    master = wanted.get("masterIdentifier") or {}
    own = _own(master, "DocumentReference.masterIdentifier")
    media = str(attachment["contentType"]).partition(";")[0].strip().lower()
    try:
        content = base64.b64decode("".join(str(attachment["data"]).split()), validate=True)
    except (binascii.Error, ValueError):
        raise declined(422, "structure", "data is no base64", f"{place}.data") from None
    if media in _FORMS:
        if not content.startswith(_STARTS.get(media, b"")):
            raise declined(422, "invalid", f"the document is no {media}", f"{place}.data")
        return media, content, own
    if media not in (FHIR_JSON, FHIR_XML):
        raise declined(
            422,
            "not-supported",
            f"contentType is one of {', '.join((FHIR_JSON, FHIR_XML, *_FORMS))}",
            f"{place}.contentType",
        )
    try:
        document = resource_of(content)
    except InputError as error:
        raise of_problems(422, error.problems, "structure") from None
    if document.get("type") != "document":
        raise declined(422, "invalid", "a FHIR document is a Bundle of type document", place)
    judge(document, "Bundle")
    named = document.get("identifier") or {}
    own = own or _own(named, "Bundle.identifier")
    return FHIR_JSON, write(document, FHIR_JSON), own


def _own(named: Json, where: str) -> str:
    """Return an identifier of a document as it is kept."""
    own = "|".join(str(named[key]) for key in ("system", "value") if named.get(key))
    if len(own) > _LONGEST:
        raise declined(422, "too-long", f"an identifier has at most {_LONGEST} characters", where)
    return own


def _reference(
    call: FhirCall, wanted: Json, identity: str, patient: PatientId, media: str, own: str
) -> Json:
    """Return the DocumentReference as it will be found: with a URL instead of the data."""
    system, _, value = own.rpartition("|")
    where = "Bundle" if media == FHIR_JSON else "Binary"
    sent = _attachment(wanted)
    attachment: Json = {key: sent[key] for key in ("language", "title", "creation") if key in sent}
    attachment |= {"contentType": media, "url": f"{where}/{identity}"}
    made = {"resourceType": "DocumentReference", "id": identity, "status": "current",
            **{key: wanted[key] for key in _KEPT if key in wanted}}  # fmt: skip
    made["date"] = wanted.get("date") or instant(call.started)
    made["custodian"] = wanted.get("custodian") or {"display": call.client}
    made["masterIdentifier"] = (
        {"system": system, "value": value} if value else
        {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{identity}"})  # fmt: skip
    made["subject"] = {
        "reference": f"Patient/{names.of_patient(patient).id}", "type": "Patient",
        "identifier": {"system": f"urn:oid:{patient.root}", "value": patient.extension},
    }  # fmt: skip
    made["content"] = [{"attachment": attachment}]
    return made


def _replaced(call: FhirCall, wanted: Json) -> list[published.Published]:
    """Return the documents that this one replaces.

    Raises:
        Declined: one that is not this system's own.
    """
    found = []
    for at, relation in enumerate(wanted.get("relatesTo") or ()):
        if relation.get("code") != "replaces":
            continue
        target = str((relation.get("target") or {}).get("reference", "")).rpartition("/")[2]
        known = published.find(call.point.store, target)
        if known is None or known.client != call.client:
            raise declined(422, "not-found", "what is replaced is not a document of this system",
                           f"DocumentReference.relatesTo[{at}]")  # fmt: skip
        found.append(known)
    return found
