"""A country A that exists only on paper: answers to what country B has sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from lxml import etree

from ncp.messages import xca, xcpd, xdr
from ncp.model import DocumentEntry, DocumentKind, DocumentReference, PatientId, Person, Refusal
from ncp.soap import SoapFault, content_type, read, write, write_mtom
from ncp.tables import transactions

FNR, NORWAY = "2.16.578.1.12.4.1.4.1", "2.16.578.1.12.4.5.10.1"
PATIENT = PatientId(FNR, "17838400655")
OTHER = PatientId(FNR, "09926601137")
PERSON = Person((PATIENT,), "Regnjakke", ("Nysgjerrig",), "F", "19840318")
NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
DOCUMENT = (
    '<ClinicalDocument xmlns="urn:hl7-org:v3"><typeId root="2.16.840.1.113883.1.3" '
    'extension="POCD_HD000040"/><id root="2.25.7"/><code code="60591-5" '
    'codeSystem="2.16.840.1.113883.6.1"/><title>Summary</title>'
    '<effectiveTime value="20261122120000+0000"/><recordTarget><patientRole><id root="{root}" '
    'extension="{extension}"/><patient><name><family>Regnjakke</family></name></patient>'
    "</patientRole></recordTarget>{body}</ClinicalDocument>"
)


def document(patient: PatientId = PATIENT, body: str = "") -> bytes:
    """Return a small CDA document about a patient."""
    return DOCUMENT.format(root=patient.root, extension=patient.extension, body=body).encode()


def entry(unique_id: str = "2.25.7", patient: PatientId = PATIENT, **more: Any) -> DocumentEntry:
    """Return how the document is listed."""
    return DocumentEntry(
        unique_id, "urn:uuid:6a4ad3e5-0000-4000-8000-000000000001", patient,
        more.pop("kind", DocumentKind.PATIENT_SUMMARY), 3, "urn:epSOS:ps:ps:2010",
        "Patient Summary", NOON, NORWAY, NORWAY, country="NO", **more,
    )  # fmt: skip


Callback = Callable[[Any], tuple[int, dict[str, str], bytes]]


def answered(name: str, body: etree._Element, relates_to: str, *, mtom: bool = False):
    """Return status, headers and content of an answer."""
    action = transactions()[name].response_action
    if mtom:
        content, kind = write_mtom(body, action=action, relates_to=relates_to)
    else:
        content, kind = write(body, action=action, relates_to=relates_to), content_type(action)
    return 200, {"Content-Type": kind}, content


def identifies(*persons: Person, refusal: Refusal | None = None) -> Callback:
    """Answer ITI-55."""

    def callback(request):
        asked = _read(request)
        body = xcpd.response(xcpd.read_request(asked.body), persons, home=NORWAY, created=NOON,
                             refusal=refusal)  # fmt: skip
        return answered("ITI-55", body, asked.message_id)

    return callback


def lists(
    *entries: DocumentEntry, refusals: tuple[Refusal, ...] = (), relates: str = ""
) -> Callback:
    """Answer ITI-38."""

    def callback(request):
        return answered("ITI-38", xca.query_response(entries, refusals),
                        relates or _read(request).message_id)  # fmt: skip

    return callback


def gives(*contents: tuple[str, bytes], mtom: bool = True) -> Callback:
    """Answer ITI-39."""

    def callback(request):
        documents = [xca.Retrieved(DocumentReference(NORWAY, NORWAY, unique_id), content)
                     for unique_id, content in contents]  # fmt: skip
        return answered("ITI-39", xca.retrieve_response(documents), _read(request).message_id,
                        mtom=mtom)  # fmt: skip

    return callback


def takes(*refusals: Refusal) -> Callback:
    """Answer ITI-41."""

    def callback(request):
        return answered("ITI-41", xdr.response(refusals), _read(request).message_id)

    return callback


def faults(fault: SoapFault, status: int = 0) -> Callback:
    """Answer with a SOAP fault."""

    def callback(request):
        kind = {"Content-Type": "application/soap+xml; charset=UTF-8"}
        return status or fault.http_status, kind, fault.to_bytes(_read(request).message_id)

    return callback


def _read(request):
    return read(request.body, request.headers["Content-Type"])
