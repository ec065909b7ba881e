"""Country B provides documents over FHIR: a dispensation is recorded, or taken back.

What is recorded is what ITI-41 records, with the same checks and in the same store; only the form
of the message differs. Source: MyHealth@EU NCPeH API 9.1.0, document provision (transaction and
batch SHALL be supported); FHIR R4 http.html#transaction.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from lxml import etree
from sqlalchemy import Connection

from data.errors import InputError
from ips.cda.write import to_cda
from ncp.fhir import names, published
from ncp.fhir.call import FhirCall
from ncp.fhir.judging import judge
from ncp.fhir.negotiation import read, resource_of, write
from ncp.fhir.outcomes import Declined, declined, of_problems, of_refusal, outcome
from ncp.fhir.params import Token, patient_of
from ncp.fhir.resources import instant
from ncp.fhir.wire import FHIR_JSON, FHIR_XML, Json, Result
from ncp.messages import xdr
from ncp.model import DocumentEntry, DocumentKind, Operation, PatientId, Refusal, Submission
from ncp.service.handouts import document_id
from ncp.service.submit import Submitted, submit
from ncp.tables import document_kinds

_KINDS = (DocumentKind.EDISPENSATION, DocumentKind.DISCARD)
_CDA = ("text/xml", "application/xml", "application/hl7-v3+xml", "application/cda+xml")
_MOST = 50
_STATUS = {200: "200 OK", 201: "201 Created"}


@dataclass(frozen=True, slots=True)
class Provided:
    """One DocumentReference on its way in.

    Attributes:
        at: place of its entry in the Bundle.
        id: that it will have, or has.
        submission: as ITI-41 would carry it.
        withdrawn: the dispensation that is taken back by its DocumentReference, or None.
    """

    at: int
    id: str
    submission: Submission
    resource: Json
    withdrawn: published.Published | None = None


def create(call: FhirCall) -> Result:
    """Answer ``POST DocumentReference``.

    Raises:
        Refusal: who asks may not, or what is reported cannot be.
        Declined: no usable DocumentReference.
    """
    assert call.asked is not None
    call.permit([Operation.DISPENSE], "")
    one = _provided(call, 0, read(call.asked), {}, "")
    return _single(call, one, 201)


def update(call: FhirCall, identity: str) -> Result:
    """Answer ``PUT DocumentReference/{id}``: a new one, or ``entered-in-error`` to take it back.

    Raises:
        Refusal: who asks may not, or what is reported cannot be.
        Declined: no usable DocumentReference, or one that cannot be changed.
    """
    assert call.asked is not None
    call.permit([Operation.DISPENSE], "")
    one = _provided(call, 0, read(call.asked), {}, identity)
    return _single(call, one, 200 if one.withdrawn else 201)


def bundle(call: FhirCall) -> Result:
    """Answer a Bundle of type transaction (all or nothing) or batch (each by itself).

    Raises:
        Refusal: a transaction in which something cannot be recorded.
        Declined: no such Bundle, or a transaction with an unusable DocumentReference.
    """
    assert call.asked is not None
    call.permit([Operation.DISPENSE], "")
    made = read(call.asked)
    kind = made.get("type")
    entries = made.get("entry") or []
    if made.get("resourceType") != "Bundle" or kind not in ("transaction", "batch"):
        raise declined(422, "invalid", "a Bundle of type transaction or batch is taken here",
                       "Bundle.type")  # fmt: skip
    if not isinstance(entries, list) or not 0 < len(entries) <= _MOST:
        raise declined(422, "too-costly", f"a Bundle has 1 to {_MOST} entries", "Bundle.entry")
    return _Work(call, entries, atomic=kind == "transaction").result()


def _single(call: FhirCall, one: Provided, status: int) -> Result:
    submitted = _submitted(call, [one])

    def keep(connection: Connection) -> Result:
        _record(connection, call, submitted)
        resource = _remember(connection, call, one)
        headers = {"Location": f"{call.base}/DocumentReference/{one.id}"}
        return Result(status, resource, headers=headers if status == 201 else {})

    return Result(keep=keep)


class _Work:
    """Provides what a Bundle holds."""

    def __init__(self, call: FhirCall, entries: Sequence[Any], *, atomic: bool) -> None:
        self.call, self.atomic = call, atomic
        self.answers: dict[int, Json] = {}
        self.entries = entries
        self.contents = _contents(entries)

    def result(self) -> Result:
        found: list[Provided] = []
        for at, entry in enumerate(self.entries):
            try:
                one = self._understood(at, entry)
            except (Declined, Refusal) as error:
                if self.atomic:
                    raise
                self._answer_refusal(at, error)
                continue
            found += [one] if one else []
        self._refuse_unused(found)
        ready: list[tuple[list[Provided], Submitted]] = []
        for group in self._groups(found):
            try:
                ready.append((group, _submitted(self.call, group)))
            except Refusal as error:
                if self.atomic:
                    raise
                self._answer_refusal(group[0].at, error)

        def keep(connection: Connection) -> Result:
            for group, submitted in ready:
                self._keep(connection, group, submitted)
            return Result(resource=self._response())

        return Result(keep=keep)

    def _groups(self, found: list[Provided]) -> list[list[Provided]]:
        """Return what goes into one submission set each."""
        if not self.atomic:
            return [[one] for one in found]
        sets: dict[tuple[str, PatientId], list[Provided]] = {}
        for one in found:
            sets.setdefault((one.submission.set_id, one.submission.entry.patient), []).append(one)
        return list(sets.values())

    def _refuse_unused(self, found: list[Provided]) -> None:
        """Refuse content that belongs to no DocumentReference: it would be lost without a word.

        Raises:
            Declined: in a transaction.
        """
        used = {str(c["attachment"].get("url")) for one in found for c in one.resource["content"]}
        for at, answer in list(self.answers.items()):
            if "outcome" in answer or str(self.entries[at]["fullUrl"]) in used:
                continue
            unused = declined(422, "business-rule", "no DocumentReference refers to this content",
                              f"Bundle.entry[{at}]")  # fmt: skip
            if self.atomic:
                raise unused
            self._answer_refusal(at, unused)

    def _keep(self, connection: Connection, group: list[Provided], submitted: Submitted) -> None:
        try:
            with connection.begin_nested():
                _record(connection, self.call, submitted)
                for one in group:
                    _remember(connection, self.call, one)
                    status = 200 if one.withdrawn else 201
                    self.answers[one.at] = _response(status, one.id, self.call)
        except Refusal as error:
            if self.atomic:
                raise
            self._answer_refusal(group[0].at, error)

    def _understood(self, at: int, entry: Any) -> Provided | None:
        where = f"Bundle.entry[{at}]"
        resource = entry.get("resource") if isinstance(entry, dict) else None
        request = entry.get("request") if isinstance(entry, dict) else None
        if not isinstance(resource, dict) or not isinstance(request, dict):
            raise declined(422, "required", "an entry has a resource and a request", where)
        method, url = str(request.get("method")), str(request.get("url", "")).strip("/")
        kind = str(resource.get("resourceType"))
        if kind in ("Bundle", "Binary") and method in ("POST", "PUT"):
            if entry.get("fullUrl") not in self.contents:
                raise declined(422, "required", "content is found by its fullUrl", where)
            self.answers.setdefault(at, {"status": _STATUS[201]})
            return None
        wanted = "DocumentReference"
        if kind != wanted or method not in ("POST", "PUT") or url.partition("/")[0] != wanted:
            raise declined(422, "not-supported", "entries are DocumentReferences that are created "
                           "or replaced, and their content", f"{where}.request")  # fmt: skip
        identity = url.partition("/")[2] if method == "PUT" else ""
        return _provided(self.call, at, resource, self.contents, identity, where)

    def _answer_refusal(self, at: int, error: Declined | Refusal) -> None:
        """Answer one entry of a batch; the log tells of it, whatever became of the others."""
        if isinstance(error, Refusal):
            self.call.refusals.append(error)
            refused = of_refusal(error)
        else:
            self.call.failed = str(error)
            refused = error
        self.answers[at] = {"status": str(refused.status), "outcome": outcome(refused.issues)}

    def _response(self) -> Json:
        kind = "transaction-response" if self.atomic else "batch-response"
        entries = [{"response": self.answers[at]} for at in sorted(self.answers)]
        return {"resourceType": "Bundle", "type": kind, "entry": entries}


def _response(status: int, identity: str, call: FhirCall) -> Json:
    return {"status": _STATUS[status], "location": f"{call.base}/DocumentReference/{identity}",
            "lastModified": instant(call.started)}  # fmt: skip


def _submitted(call: FhirCall, group: list[Provided]) -> Submitted:
    """Let the exchange read and check submissions as it does for ITI-41.

    Raises:
        Refusal: the first that is refused.
    """
    before = len(call.refusals)
    made = submit(call, xdr.provide([one.submission for one in group]))
    if isinstance(made, Submitted) and not made.failed:
        return made
    failed = made.failed if isinstance(made, Submitted) else call.refusals[before:]
    del call.refusals[before:]
    raise failed[0]


def _record(connection: Connection, call: FhirCall, submitted: Submitted) -> None:
    """Record submissions.

    Raises:
        Refusal: one cannot be recorded; the caller's transaction must not be kept.
    """
    refused, told = len(call.refusals), len(call.notices)
    submitted.record(connection)
    if len(call.refusals) > refused:
        first = call.refusals[refused]
        del call.refusals[refused:], call.notices[told:]
        raise first


def _remember(connection: Connection, call: FhirCall, one: Provided) -> Json:
    """Keep the DocumentReference of what was recorded, and return it as it is served."""
    if one.withdrawn is not None:
        made = {**one.withdrawn.resource, "status": published.WITHDRAWN}
        published.change(connection, one.id, made)
        return made
    entry = one.submission.entry
    made = {key: value for key, value in one.resource.items() if key != "text"} | {
        "id": one.id, "content": [{"attachment": {"contentType": "application/xml",
                                                  "title": entry.title}}],
    }  # fmt: skip
    published.add(connection, published.Published(
        one.id, entry.patient, entry.kind, f"{entry.kind}|{entry.unique_id}", call.home_b,
        call.started, "application/xml", one.submission.content, made))  # fmt: skip
    return made


def _provided(
    call: FhirCall, at: int, resource: Json, contents: dict[str, tuple[str, bytes]], identity: str,
    where: str = "DocumentReference",
) -> Provided:  # fmt: skip
    """Understand one DocumentReference.

    Raises:
        Declined: what it lacks.
    """
    judge(resource, "DocumentReference", where)
    if identity and resource.get("id") != identity:
        raise declined(400, "invalid", "the id in the resource is not that of the URL",
                       f"{where}.id")  # fmt: skip
    known = published.find(call.point.store, identity) if identity else None
    if resource.get("status") == published.WITHDRAWN:
        return _withdrawal(call, at, known, resource, where)
    if known is not None:
        raise declined(409, "conflict", "what was reported is not changed; it can be taken back "
                       f"with status {published.WITHDRAWN}", where)  # fmt: skip
    kind = _kind(resource, where)
    patient = _patient(call, resource, where)
    content = _cda(resource, contents, where)
    unique = document_id(content)
    if kind is DocumentKind.DISCARD:
        unique = f"2.25.{uuid.uuid4().int}"
    return Provided(at, identity or str(uuid.uuid4()), _submission(call, kind, patient, unique,
                                                                   content), resource)  # fmt: skip


def _withdrawal(
    call: FhirCall, at: int, known: published.Published | None, resource: Json, where: str
) -> Provided:
    if known is None or known.client != call.home_b or known.kind != DocumentKind.EDISPENSATION:
        raise declined(404, "not-found", "there is no such dispensation to take back", where,
                       "ERROR_ED_DISCARD_FAILED")  # fmt: skip
    if known.withdrawn:
        raise Refusal("ERROR_ED_DISCARD_FAILED", "It was taken back before.", location=known.id)
    made = _submission(call, DocumentKind.DISCARD, known.patient, f"2.25.{uuid.uuid4().int}",
                       known.content)  # fmt: skip
    return Provided(at, known.id, made, resource, known)


def _submission(
    call: FhirCall, kind: DocumentKind, patient: PatientId, unique: str, content: bytes
) -> Submission:
    agreed = document_kinds()[kind]
    set_id = f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, call.envelope.message_id).int}" if (
        call.envelope) else ""  # fmt: skip
    if kind is DocumentKind.DISCARD:
        set_id = unique
    entry = DocumentEntry(
        unique, f"urn:uuid:{uuid.uuid4()}", patient, kind, 3, agreed.formats[3][0], agreed.title,
        call.started, call.home_b, call.home_b, size=len(content), country=call.country_b,
    )  # fmt: skip
    return Submission(entry, content, set_id, f"{call.started:%Y%m%d%H%M%S}")


def _kind(resource: Json, where: str) -> DocumentKind:
    codings = (resource.get("type") or {}).get("coding") or []
    codes = [str(c.get("code")) for c in codings if isinstance(c, dict)]
    found = next((kind for kind in _KINDS if kind in codes), None)
    if found is None:
        raise declined(422, "not-supported", "documents of this type are not taken; taken are "
                       + ", ".join(_KINDS), f"{where}.type", "4202")  # fmt: skip
    return found


def _patient(call: FhirCall, resource: Json, where: str) -> PatientId:
    subject = resource.get("subject") or {}
    said = subject.get("identifier") or {}
    if said:
        token = Token(str(said.get("system", "")), str(said.get("value", "")))
        return patient_of(token, f"{where}.subject.identifier")
    with call.point.store.connect() as connection:
        name = names.find(connection, str(subject.get("reference", "")).rpartition("/")[2])
    if name is None or name.document_id:
        raise declined(422, "required", "the patient is named by identifier",
                       f"{where}.subject", "ERROR_ED_MISSING_REQUIRED_FIELDS")  # fmt: skip
    return name.patient


def _cda(resource: Json, contents: dict[str, tuple[str, bytes]], where: str) -> bytes:
    """Return the document of a DocumentReference as the CDA that the exchange keeps."""
    parts = resource.get("content") or [{}]
    attachment: Json = (parts[0] or {}).get("attachment") or {}
    place = f"{where}.content.attachment"
    media = str(attachment.get("contentType", ""))
    if "data" in attachment:
        content = _decoded(attachment["data"], place)
    elif attachment.get("url") in contents:
        inner, content = contents[str(attachment["url"])]
        media = inner or media
    else:
        raise declined(422, "required", "the document is neither in the attachment nor an entry "
                       "that it refers to", place, "ERROR_ED_MISSING_REQUIRED_FIELDS")  # fmt: skip
    media = media.partition(";")[0].strip().lower()
    if media in (FHIR_JSON, FHIR_XML, "application/json"):
        return _from_fhir(content, place)
    if media in _CDA:
        return content
    raise declined(415, "not-supported", f"«{media[:60]}» is no form of a dispensation; taken are "
                   f"{FHIR_JSON}, {FHIR_XML} and CDA as application/xml", place)  # fmt: skip


def _from_fhir(content: bytes, place: str) -> bytes:
    try:
        return to_cda(resource_of(content), form="pivot", level=3, lang="en").xml
    except InputError as error:
        raise of_problems(422, [replace(p, where=f"{place}: {p.where}") for p in error.problems]
                          ) from None  # fmt: skip
    except (KeyError, TypeError, AttributeError, ValueError, etree.Error):
        raise declined(422, "structure", "the document has no dispensation that can be read",
                       place, "ERROR_ED_INCORRECT_FORMATTING") from None  # fmt: skip


def _contents(entries: Sequence[Any]) -> dict[str, tuple[str, bytes]]:
    """Return what the entries of a Bundle hold by fullUrl: media type and bytes."""
    found: dict[str, tuple[str, bytes]] = {}
    for at, entry in enumerate(entries):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict) or not entry.get("fullUrl"):
            continue
        if resource.get("resourceType") == "Bundle":
            found[str(entry["fullUrl"])] = (FHIR_JSON, write(resource, FHIR_JSON))
        elif resource.get("resourceType") == "Binary":
            data = _decoded(resource.get("data"), f"Bundle.entry[{at}].resource.data")
            found[str(entry["fullUrl"])] = (str(resource.get("contentType", "")), data)
    return found


def _decoded(data: Any, place: str) -> bytes:
    try:
        return base64.b64decode("".join(str(data).split()), validate=True)
    except (binascii.Error, ValueError):
        raise declined(422, "structure", "this is no base64", place,
                       "ERROR_ED_INCORRECT_FORMATTING") from None  # fmt: skip
