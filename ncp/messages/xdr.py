"""ITI-41, Provide and Register Document Set-b: country B reports a dispensation, or takes it back.

Source: IHE ITI TF-2 3.41, TF-3 4.2.3.3 (submission set); OpenNCP 9 XDSbRepositoryServiceInvoker and
XDRServiceImpl; gematik (several documents in one submission set).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from data.errors import InputError, Problem
from data.results import Result
from ncp import tables
from ncp.codes import (
    HAS_MEMBER,
    LCM,
    LOINC,
    RIM,
    RS,
    SET_AUTHOR,
    SET_CONTENT,
    SET_NODE,
    SET_PATIENT,
    SET_SOURCE,
    SET_UNIQUE,
    SOURCE_ID,
    XDS,
    Status,
)
from ncp.messages.attachments import content_of
from ncp.messages.building import add
from ncp.messages.ebxml.entry import add_entry, read_entry
from ncp.messages.ebxml.registry import add_errors, read_errors, read_status, status_of
from ncp.messages.ebxml.values import (
    ASSOCIATION,
    CLASS,
    EXTERNAL,
    EXTRINSIC,
    NAME,
    OBJECTS,
    PACKAGE,
    author,
    classify,
    first,
    identify,
    localized,
    new_id,
    slot,
    slots,
)
from ncp.messages.reading import Findings
from ncp.model import Coded, PatientId, Person, Refusal, Submission
from ncp.soap.faults import SoapFault

REQUEST = f"{{{XDS}}}ProvideAndRegisterDocumentSetRequest"
RESPONSE = f"{{{RS}}}RegistryResponse"
_SUBMIT = f"{{{LCM}}}SubmitObjectsRequest"
_DOCUMENT = f"{{{XDS}}}Document"
_SOURCE = "IHE ITI TF-3 4.2.3.3"
_UNKNOWN = "4202"


@dataclass(frozen=True, slots=True)
class Provided:
    """What country B sent.

    Attributes:
        submissions: the documents with their metadata.
        set_id: unique id of the submission set.
        submitted: submission time as sent.
        author, institution: of the submission set.
        patient_info: sourcePatientInfo of the first document (``PID-5|...``).
    """

    submissions: tuple[Submission, ...]
    set_id: str
    submitted: str = ""
    author: str = ""
    institution: str = ""
    patient_info: tuple[str, ...] = ()
    findings: tuple[Result, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Response:
    """How country A took it."""

    status: Status
    refusals: tuple[Refusal, ...] = ()
    findings: tuple[Result, ...] = field(default=(), compare=False)


def provide(submissions: Sequence[Submission], *, person: Person | None = None) -> etree._Element:
    """Build the request, the documents as base64 (``soap.write_mtom`` makes parts of them).

    Args:
        submissions: documents of one submission set: same ``set_id`` and patient.
        person: the patient, for sourcePatientInfo.

    Raises:
        InputError: no document, several sets or patients, or a character that XML cannot carry.
    """
    if not submissions or len({(s.set_id, s.entry.patient) for s in submissions}) != 1:
        raise InputError(
            Problem("a message has one submission set of one patient", "submissions",
                    rule="IHE ITI TF-2 3.41.4.1.2", remedy="send one message for each set")
        )  # fmt: skip
    root = etree.Element(REQUEST, nsmap={"xds": XDS, "lcm": LCM, "rim": RIM})
    objects = add(add(root, _SUBMIT), OBJECTS)
    info = _patient_info(submissions[0].entry.patient, person)
    for one in submissions:
        add_entry(objects, one.entry, info)
    set_id = _package(objects, submissions[0])
    add(objects, CLASS, {"id": new_id(), "classificationNode": SET_NODE,
                         "classifiedObject": set_id})  # fmt: skip
    for one in submissions:
        member = add(objects, ASSOCIATION, {
            "id": new_id(), "associationType": HAS_MEMBER, "sourceObject": set_id,
            "targetObject": one.entry.entry_id,
        })  # fmt: skip
        slot(member, "SubmissionSetStatus", "Original")
    for one in submissions:
        add(root, _DOCUMENT, {"id": one.entry.entry_id},
            base64.b64encode(one.content).decode())  # fmt: skip
    return root


def _patient_info(patient: PatientId, person: Person | None) -> list[str]:
    """PID segments of the patient (IHE ITI TF-3 4.2.3.2.23)."""
    if person is None:
        return []
    name = "^".join((person.family, " ".join(person.given)))
    pairs = (("PID-3", patient.cx), ("PID-5", name.strip("^")), ("PID-7", person.birth_date),
             ("PID-8", person.gender))  # fmt: skip
    return [f"{segment}|{value}" for segment, value in pairs if value]


def _package(objects: etree._Element, one: Submission) -> str:
    """The submission set; returns its id in the message."""
    kind = tables.document_kinds()[one.entry.kind]
    own = new_id()
    package = add(objects, PACKAGE, {"id": own})
    slot(package, "submissionTime", one.submitted)
    localized(package, NAME, kind.type_title)
    author(package, own, SET_AUTHOR, {"authorInstitution": one.entry.author_institution,
                                      "authorPerson": one.entry.author_person})  # fmt: skip
    classify(package, own, SET_CONTENT, Coded(one.entry.kind, LOINC, kind.type_title))
    for scheme, value, name in (
        (SET_UNIQUE, one.set_id, "uniqueId"), (SET_PATIENT, one.entry.patient.cx, "patientId"),
        (SET_SOURCE, SOURCE_ID, "sourceId"),
    ):  # fmt: skip
        identify(package, own, scheme, value, f"XDSSubmissionSet.{name}")
    return own


def read_provide(
    element: etree._Element, attachments: Mapping[str, bytes] | None = None
) -> Provided:
    """Read the request, documents inline or as attachments.

    Args:
        element: the body of the message.
        attachments: ``Envelope.attachments``.

    Raises:
        SoapFault: not this message, or a document that is neither base64 nor an attachment.
        Refusal: no document, one of unknown kind (4202), or one without its content.
    """
    if element.tag != REQUEST:
        raise SoapFault(
            "Sender", f"the body is no ProvideAndRegisterDocumentSetRequest: {element.tag}"
        )
    found = Findings()
    objects = element.find(f"{_SUBMIT}/{OBJECTS}")
    if objects is None:
        raise SoapFault("Sender", "the request has no SubmitObjectsRequest/RegistryObjectList")
    contents = {
        one.get("id", ""): content_of(one, attachments or {})
        for one in element.iterchildren(_DOCUMENT)
    }
    package = objects.find(PACKAGE)
    set_id, submitted = _set(package, found)
    described = list(objects.iterchildren(EXTRINSIC))
    submissions = []
    for one in described:
        entry = read_entry(one, {}, found)
        if entry is None or not _sendable(entry.format_code):
            raise Refusal(_UNKNOWN, "Unknown document", location=one.get("id", ""),
                          status="Failure")  # fmt: skip
        if entry.entry_id not in contents:
            raise Refusal("XDSMissingDocument", "a document that is described is not sent",
                          location=entry.entry_id, status="Failure")  # fmt: skip
        submissions.append(Submission(entry, contents[entry.entry_id], set_id, submitted))
    if not submissions:
        raise Refusal(_UNKNOWN, "no document is sent", status="Failure")
    person, institution = _set_author(package)
    info = slots(described[0]).get("sourcePatientInfo", [])
    return Provided(tuple(submissions), set_id, submitted, person, institution, tuple(info),
                    found.all())  # fmt: skip


def _sendable(format_code: str) -> bool:
    """Whether a format is one that is sent to country A (dispensation, discard, consent…)."""
    wanted = format_code.lower()
    return any(
        wanted == known.lower()
        for kind in tables.document_kinds().values()
        for formats in kind.formats.values()
        for known in formats
    )


def _set(package: etree._Element | None, found: Findings) -> tuple[str, str]:
    """Unique id and time of the submission set."""
    if package is None:
        found.add("iti41-set", "the request has no submission set", "/RegistryPackage", _SOURCE,
                  grave=True)  # fmt: skip
        return "", ""
    identifiers = {
        e.get("identificationScheme", ""): e.get("value", "").strip()
        for e in package.iterchildren(EXTERNAL)
    }
    for name, scheme in (("uniqueId", SET_UNIQUE), ("patientId", SET_PATIENT),
                         ("sourceId", SET_SOURCE)):  # fmt: skip
        found.want(identifiers.get(scheme), f"iti41-set-{name}", f"the submission set has no "
                   f"{name}", "/RegistryPackage", _SOURCE)  # fmt: skip
    submitted = first(slots(package).get("submissionTime"))
    found.want(submitted, "iti41-set-time", "the submission set has no submissionTime",
               "/RegistryPackage", _SOURCE)  # fmt: skip
    return identifiers.get(SET_UNIQUE, ""), submitted


def _set_author(package: etree._Element | None) -> tuple[str, str]:
    for one in package.iterchildren(CLASS) if package is not None else ():
        if one.get("classificationScheme") == SET_AUTHOR:
            values = slots(one)
            return first(values.get("authorPerson")), first(values.get("authorInstitution"))
    return "", ""


def response(
    refusals: Sequence[Refusal] = (), status: str = "", *, stored: int = 0, quirks: str = ""
) -> etree._Element:
    """Build the answer.

    Args:
        refusals: errors and warnings.
        status: forced status, as URN or last word.
        stored: how many documents were taken; with an error it makes a PartialSuccess.
        quirks: ``openncp`` leaves out the highest severity.

    Raises:
        InputError: a character that XML cannot carry.
        ValueError: a status that is none.
    """
    root = etree.Element(RESPONSE, nsmap={"rs": RS})
    root.set("status", status_of(refusals, given=stored > 0, status=status))
    add_errors(root, refusals, quirks)
    return root


def read_response(element: etree._Element) -> Response:
    """Read the answer.

    Raises:
        SoapFault: not this message.
    """
    if element.tag != RESPONSE:
        raise SoapFault("Receiver", f"the answer is no RegistryResponse: {element.tag}")
    found = Findings()
    return Response(read_status(element, found), read_errors(element, found), found.all())
