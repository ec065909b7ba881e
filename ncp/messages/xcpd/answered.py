"""Reading the answer of ITI-55, whoever wrote it, and telling where it contradicts itself.

Source: IHE ITI TF-2 3.55.4.2; HL7 v3 PRPA_IN201306UV02; the reading order of the OpenNCP 9 client;
Gazelle cross validation (iti55-id-ok).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from lxml import etree

from data.results import Result
from ncp.messages.reading import Findings, text
from ncp.messages.xcpd.answering import NAME
from ncp.messages.xcpd.asking import read_address, read_name
from ncp.messages.xcpd.wire import (
    CODE,
    ID,
    Identifier,
    check_wrapper,
    community,
    h,
    identifier,
    must_be,
)
from ncp.model import Address, PatientId, Person, Refusal, Weight
from ncp.soap.faults import SoapFault

_SOURCE = "IHE ITI TF-2 3.55.4.2.2; HL7 v3 PRPA_IN201306UV02"


@dataclass(frozen=True, slots=True)
class Response:
    """An answer as it was read.

    Attributes:
        persons: the patients that fit.
        ack: ``AA``, ``AE`` or ``AR``.
        query_response: ``OK``, ``NF`` or ``AE``.
        refusal: why there is no patient; None where there is one, or where nothing is said.
        message_id, target: identifiers of this message and of the request that it names.
        homes: custodian (home community) of each person.
        element: the repeated ``queryByParameter``, or None.
    """

    persons: tuple[Person, ...]
    ack: str
    query_response: str
    refusal: Refusal | None
    message_id: Identifier
    target: Identifier
    sender: str
    receiver: str
    query_id: Identifier
    homes: tuple[str, ...]
    element: etree._Element | None = field(compare=False, repr=False)
    findings: tuple[Result, ...] = field(default=(), compare=False)


def read_response(element: etree._Element) -> Response:
    """Read the message, whoever wrote it.

    Whether there is a patient is decided by what the answer holds, as stacks differ in what their
    acknowledgements say. A refusal is read in the order of country B: the reason of
    ``mitigatedBy``, of ``triggerFor``, then the detail of the acknowledgement.

    Raises:
        SoapFault: not this message.
    """
    must_be(element, NAME)
    found = Findings()
    check_wrapper(element, NAME, "NE", found)
    act = element.find(h("controlActProcess"))
    if act is None:
        raise SoapFault("Receiver", f"the {NAME} has no controlActProcess")
    subjects = act.findall(h("subject/registrationEvent"))
    persons = tuple(_read_person(event, found) for event in subjects)
    homes = tuple(identifier(event.find(h("custodian/assignedEntity/id")))[0] for event in subjects)
    ack = _code(element.find(h("acknowledgement/typeCode")))
    query_id = identifier(act.find(h("queryAck/queryId")))
    answer = Response(
        persons, ack, _code(act.find(h("queryAck/queryResponseCode"))),
        None if persons else _read_refusal(element, act, ack), identifier(element.find(ID)),
        identifier(element.find(h("acknowledgement/targetMessage/id"))),
        community(element, "sender")[0], community(element, "receiver")[0],
        query_id, homes, act.find(h("queryByParameter")),
    )  # fmt: skip
    _judge(answer, _code(act.find(h("queryAck/statusCode"))), found)
    return replace(answer, findings=found.all())


def _code(element: etree._Element | None) -> str:
    return element.get("code", "").strip() if element is not None else ""


def _read_person(event: etree._Element, found: Findings) -> Person:
    patient = event.find(h("subject1/patient"))
    where = f"/{NAME}//registrationEvent/subject1/patient"
    if patient is None:
        found.add("xcpd-rsp-patient", "a registrationEvent has no patient", where, _SOURCE,
                  grave=True)  # fmt: skip
        return Person((), "", (), "", "")
    ids = tuple(PatientId(*identifier(one)) for one in patient.findall(ID))
    found.want(ids and all(one.root and one.extension for one in ids), "xcpd-rsp-patient-id",
               "a patient identifier lacks root or extension", f"{where}/id", _SOURCE)  # fmt: skip
    found.want(event.find(h("custodian")) is not None, "xcpd-rsp-custodian",
               "a registrationEvent has no custodian", f"/{NAME}//custodian",
               "IHE ITI TF-2 3.55.4.2.2.4")  # fmt: skip
    person = patient.find(h("patientPerson"))
    if person is None:
        found.add("xcpd-rsp-person", "a patient has no patientPerson", where, _SOURCE, grave=True)
        return Person(ids, "", (), "", "")
    name = person.find(h("name"))
    family, given = read_name(name) if name is not None else ("", ())
    birth = person.find(h("birthTime"))
    home = person.find(h("addr"))
    return Person(
        ids, family, given, _code(person.find(h("administrativeGenderCode"))),
        birth.get("value", "").strip() if birth is not None else "",
        read_address(home) if home is not None else Address(),
    )  # fmt: skip


def _read_refusal(element: etree._Element, act: etree._Element, ack: str) -> Refusal | None:
    issue = h("reasonOf/detectedIssueEvent")
    reason = _code(act.find(f"{issue}/{h('mitigatedBy/detectedIssueManagement/code')}")) or _code(
        act.find(f"{issue}/{h('triggerFor/actOrderRequired/code')}")
    )
    details = element.findall(h("acknowledgement/acknowledgementDetail"))
    detail = details[0] if details else None
    code = _code(detail.find(CODE)) if detail is not None else ""
    if not code and not reason and ack not in ("AE", "AR"):
        return None
    weight = Weight.WARNING if detail is not None and detail.get("typeCode") == "W" else (
        Weight.ERROR
    )  # fmt: skip
    return Refusal(
        code or ("ERROR_PI_GENERIC" if ack in ("AE", "AR") else ""),
        text(detail.find(h("text"))) if detail is not None else "", weight, reason,
        text(detail.find(h("location"))) if detail is not None else "",
    )  # fmt: skip


def _judge(answer: Response, status: str, found: Findings) -> None:
    """Note where the parts of the answer contradict each other or the profile."""
    where = f"/{NAME}/controlActProcess/queryAck"
    expected = ("OK",) if answer.persons else ("NF", "AE")
    found.want(answer.query_response in expected,
               "xcpd-rsp-query-response", f"queryResponseCode is «{answer.query_response}» with "
               f"{len(answer.persons)} patients", f"{where}/queryResponseCode",
               _SOURCE)  # fmt: skip
    found.want(status == "deliveredResponse", "xcpd-rsp-query-status", f"queryAck/statusCode is "
               f"«{status}», not «deliveredResponse»", f"{where}/statusCode", _SOURCE)  # fmt: skip
    found.want(answer.ack in ("AA", "AE", "AR"), "xcpd-rsp-ack", "acknowledgement/typeCode is "
               f"«{answer.ack}»", f"/{NAME}/acknowledgement", _SOURCE)  # fmt: skip
    if answer.element is None:
        found.add("xcpd-rsp-echo", "queryByParameter of the request is not repeated",
                  f"/{NAME}//queryByParameter", _SOURCE, grave=True)  # fmt: skip
    found.want(answer.message_id == answer.target, "iti55-id-ok", "the id of the answer is not "
               "that of the request", f"/{NAME}/id",
               "Gazelle cross validation iti55-id-ok")  # fmt: skip
    found.want(not answer.refusal or answer.refusal.reason, "xcpd-rsp-reason", "the refusal has "
               "no detectedIssueEvent", f"/{NAME}//reasonOf", _SOURCE)  # fmt: skip
