"""The answer of ITI-55: the patients that fit, or why there are none.

Sources: IHE ITI TF-2 3.55.4.2; HL7 v3 PRPA_IN201306UV02; OpenNCP 9 XCPDServiceImpl (which code,
which acknowledgement); the German answers of gematik. The three differ, and a test bench has to
speak as each of them: ``quirks`` says whose way is written.

=========  =======================  ===========================  =================================
           ''                       openncp                      gematik
=========  =======================  ===========================  =================================
id         that of the request      a new one                    a new one
accepted   AA, OK                   AA, but queryAck AE          AA, OK
refused    AE (no match AA)         AE (no match AA)             AA; the reason stands in location
status     deliveredResponse        the response code again      completed
=========  =======================  ===========================  =================================
"""

from __future__ import annotations

import copy
import datetime as dt
import uuid
from collections.abc import Sequence

from lxml import etree

from ncp import tables
from ncp.codes import HL7_ACT_CODE, HL7_GENDER, IHE_PDQ, NOT_A_LOCATOR, XSI
from ncp.messages.building import add
from ncp.messages.xcpd.asking import Request, address
from ncp.messages.xcpd.wire import (
    CODE,
    ID,
    Identifier,
    control_act,
    device,
    envelope,
    h,
    ii,
)
from ncp.model import Address, Person, Refusal, Weight

NAME = "PRPA_IN201306UV02"
NO_MATCH = "ERROR_PI_NO_MATCH"
_OPENNCP_REASONS = ("DemographicsQueryNotAllowed", "AnswerNotAvailable", "InsufficientRights")


def response(
    request: Request,
    persons: Sequence[Person],
    *,
    home: str,
    created: dt.datetime,
    refusal: Refusal | None = None,
    quirks: str = "",
    message_id: Identifier | None = None,
) -> etree._Element:
    """Build the message.

    Args:
        request: what is answered; its query is repeated.
        persons: the patients that fit; with none and no refusal the answer is that none fits.
        home: home community of country A, a bare OID.
        created: aware time.
        refusal: why the request is not answered.
        quirks: ``''``, ``openncp`` or ``gematik`` (see the table above).
        message_id: by default the request's, or a new one, as the quirks say.

    Raises:
        InputError: a character that XML cannot carry.
    """
    if not persons and refusal is None:
        refusal = Refusal(NO_MATCH, "No patient found.", reason="AnswerNotAvailable")
    own = message_id or ((home, str(uuid.uuid4())) if quirks else request.message_id)
    root = envelope(NAME, own, created, "NE")
    device(root, "receiver", "RCV", request.sender)
    device(root, "sender", "SND", home)
    _acknowledge(root, request, refusal, quirks)
    act = control_act(root, "PRPA_TE201306UV02")
    for person in persons if refusal is None else ():
        _subject(act, person, home)
    if refusal is not None:
        _reason(act, refusal, quirks)
    _query_ack(act, request, refusal, quirks)
    act.append(copy.deepcopy(request.element))
    return root


def _acknowledge(
    root: etree._Element, request: Request, refusal: Refusal | None, quirks: str
) -> None:
    accepted = refusal is None or refusal.code == NO_MATCH or quirks == "gematik"
    outer = add(root, h("acknowledgement"))
    add(outer, h("typeCode"), {"code": "AA" if accepted else "AE"})
    ii(add(outer, h("targetMessage")), ID, request.message_id)
    if refusal is None:
        return
    warning = refusal.weight is Weight.WARNING and not quirks
    detail = add(outer, h("acknowledgementDetail"), {"typeCode": "W" if warning else "E"})
    add(detail, CODE, {"code": refusal.code})
    says, where = refusal.text, refusal.location
    if quirks == "gematik":
        says, where = "Patient Identification Error", refusal.location or refusal.text
    if says:
        add(detail, h("text"), text=says)
    if where:
        add(detail, h("location"), text=where)


def _subject(act: etree._Element, person: Person, home: str) -> None:
    """One patient: registrationEvent with patient and custodian."""
    event = add(
        add(act, h("subject"), {"typeCode": "SUBJ"}),
        h("registrationEvent"),
        {"classCode": "REG", "moodCode": "EVN"},
    )
    add(event, ID, {"nullFlavor": "NA"})
    add(event, h("statusCode"), {"code": "active"})
    patient = add(
        add(event, h("subject1"), {"typeCode": "SBJ"}), h("patient"), {"classCode": "PAT"}
    )
    for one in person.ids:
        ii(patient, ID, (one.root, one.extension))
    add(patient, h("statusCode"), {"code": "active"})
    _person(patient, person)
    match = add(
        add(patient, h("subjectOf1")),
        h("queryMatchObservation"),
        {"classCode": "OBS", "moodCode": "EVN"},
    )
    add(match, CODE, {"code": "IHE_PDQ", "codeSystem": IHE_PDQ})
    value = etree.SubElement(match, h("value"), nsmap={"xsi": XSI})
    value.set(f"{{{XSI}}}type", "INT")
    value.set("value", "100")
    entity = add(
        add(event, h("custodian"), {"typeCode": "CST"}),
        h("assignedEntity"),
        {"classCode": "ASSIGNED"},
    )
    add(entity, ID, {"root": home})
    add(entity, CODE, {"code": "NotHealthDataLocator", "codeSystem": NOT_A_LOCATOR})


def _person(patient: etree._Element, person: Person) -> None:
    inner = add(patient, h("patientPerson"), {"classCode": "PSN", "determinerCode": "INSTANCE"})
    name = add(inner, h("name"))
    if person.family:
        add(name, h("family"), text=person.family)
    for given in person.given:
        add(name, h("given"), text=given)
    gender = {"code": person.gender, "codeSystem": HL7_GENDER} if person.gender else _UNKNOWN
    add(inner, h("administrativeGenderCode"), gender)
    add(inner, h("birthTime"), {"value": person.birth_date} if person.birth_date else _UNKNOWN)
    if person.address != Address():
        address(add(inner, h("addr")), person.address, "streetAddressLine")


_UNKNOWN = {"nullFlavor": "UNK"}


def _reason(act: etree._Element, refusal: Refusal, quirks: str) -> None:
    """The detected issue; OpenNCP writes it for three reasons only."""
    known = tables.errors().get(refusal.code)
    code = refusal.reason or (known.reason if known else "") or "InternalError"
    reason = tables.reasons().get(code)
    if reason is None or (quirks == "openncp" and code not in _OPENNCP_REASONS):
        return
    event = add(
        add(act, h("reasonOf"), {"typeCode": "RSON"}),
        h("detectedIssueEvent"),
        {"classCode": "ALRT", "moodCode": "EVN"},
    )
    what = (
        "_ActAdministrativeDetectedIssueManagementCode"
        if quirks == "gematik"
        else "ActAdministrativeDetectedIssueCode"
    )
    add(event, CODE, {"code": what, "codeSystem": HL7_ACT_CODE})
    if reason.encoding == "triggerFor":
        outer = add(event, h("triggerFor"), {"typeCode": "TRIG"})
        inner = add(outer, h("actOrderRequired"), {"classCode": "ACT", "moodCode": "RQO"})
    else:
        outer = add(event, h("mitigatedBy"), {"typeCode": "MITGT"})
        inner = add(outer, h("detectedIssueManagement"), {"classCode": "ACT", "moodCode": "EVN"})
    add(inner, CODE, {"code": code, "codeSystem": reason.system})


def _query_ack(act: etree._Element, request: Request, refusal: Refusal | None, quirks: str) -> None:
    outcome = "OK" if refusal is None else "NF" if refusal.code == NO_MATCH else "AE"
    if quirks == "openncp" and refusal is None:
        outcome = "AE"  # the text of a success lands in the place of an error's location
    status = {"openncp": outcome, "gematik": "completed"}.get(quirks, "deliveredResponse")
    outer = add(act, h("queryAck"))
    ii(outer, h("queryId"), request.query_id)
    add(outer, h("statusCode"), {"code": status})
    add(outer, h("queryResponseCode"), {"code": outcome})
