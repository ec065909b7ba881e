"""Cross validation of one exchange: request, response, documents and both audits together.

Rules with the keyword and severity that the validators of MyHealth@EU publish; a rule whose input
is not at hand is a skip (or an omit, where country B cannot have it), never a pass.
"""

from __future__ import annotations

from lxml import etree

from data.errors import InputError
from data.results import Outcome, Result, Severity
from ips.xml import parse
from ncp.audit import crosscheck, read_atna
from ncp.audit.reading import AuditMessage
from ncp.codes import HL7, bare
from ncp.messages.xcpd import read_request
from ncp.messages.xcpd.answered import Response
from ncp.model import Operation, PatientId
from ncp.scenarios.giving import identity
from ncp.scenarios.model import Exchange
from ncp.soap import SoapFault, read

_SOURCE = "Gazelle cross-validation of MyHealth@EU"
_E, _W = Severity.ERROR, Severity.WARNING
_V = f"{{{HL7}}}"
_HOME = "urn:ihe:iti:xca:2010:homeCommunityId"


def messages(exchange: Exchange) -> list[Result]:
    """Compare the request of an exchange with its response and documents."""
    rules = {"ITI-55": _identification, "ITI-38": _query, "ITI-39": _retrieve, "ITI-41": _provide}
    if exchange.answer is None:
        return [_rule(f"{exchange.asked.transaction.lower()}-answer", _E, None,
                      "there is no answer to compare")]  # fmt: skip
    return rules[exchange.asked.transaction](exchange)


def audits(exchange: Exchange, audit_a: bytes | None, audit_b: bytes | None) -> list[Result]:
    """Compare an exchange with the audit messages of both sides."""
    a, b = _read(audit_a), _read(audit_b)
    asked, ids = exchange.asked, documents(exchange)
    patient = asked.patient or PatientId("", "")
    if asked.operation is Operation.IDENTIFY:
        found = crosscheck.identification(patient, a, b)
    elif asked.transaction == "ITI-38":
        found = crosscheck.query(patient, ids, a, b)
    elif asked.transaction == "ITI-39":
        found = crosscheck.retrieve(_patient(exchange) or patient, asked.documents, a, b)
    elif asked.operation is Operation.DISCARD:
        found = crosscheck.discard(patient, asked.documents, a, b)
    else:
        found = crosscheck.dispensation(patient, asked.documents, a, b)
    if asked.assertions:
        hcp = etree.fromstring(asked.assertions[0])  # our own bytes
        found += crosscheck.authentication(hcp, a)
    return found


def documents(exchange: Exchange) -> tuple[str, ...]:
    """Return the ids of the documents that an exchange is about, as country B knows them."""
    if hasattr(exchange.answer, "entries"):
        return tuple(e.unique_id for e in exchange.answer.entries)
    return exchange.asked.documents


def _read(content: bytes | None) -> AuditMessage | None:
    return read_atna(content) if content else None


def _identification(exchange: Exchange) -> list[Result]:
    answer: Response = exchange.answer
    sent = read_request(read(exchange.request, exchange.request_type).body)
    asked = exchange.asked.traits.ids
    returned = [one for person in answer.persons for one in person.ids[:1]]
    echoed = _echoed(answer)
    home = _stated_home(exchange)
    return [
        _rule("iti55-matchingPatient-ok", _E, bool(returned) and returned[0] in asked
              if answer.persons else None,
              "the identifier that came back is the one that was asked for"),
        _rule("iti55-queryParameter-livingSubjectId-ok", _E,
              echoed is not None and set(asked) <= set(echoed),
              "livingSubjectId of the request is repeated in queryByParameter"),
        _rule("iti55-id-ok", _W, answer.message_id == sent.message_id,
              "the id of the response is the id of the request"),
        _rule("iti55-senderAndReceiver-hcpi-countryB-ok", _W, bare(home) == bare(sent.sender)
              if home else None, "the home community of the assertion is the sender"),
    ]  # fmt: skip


def _echoed(answer: Response) -> list[PatientId] | None:
    if answer.element is None:
        return None
    values = answer.element.iterfind(f".//{_V}livingSubjectId/{_V}value")
    return [PatientId(v.get("root", ""), v.get("extension", "")) for v in values]


def _stated_home(exchange: Exchange) -> str:
    for assertion in exchange.asked.assertions[:1]:
        for attribute in etree.fromstring(assertion).iter("{*}Attribute"):
            if attribute.get("Name") == _HOME:
                return "".join(str(t) for t in attribute.itertext()).strip()
    return ""


def _query(exchange: Exchange) -> list[Result]:
    entries, patient = exchange.answer.entries, exchange.asked.patient
    return [
        _rule("iti38-patientId-response", _E, all(e.patient == patient for e in entries)
              if entries else None, "every entry is of the patient who was asked for")
    ]  # fmt: skip


def _retrieve(exchange: Exchange) -> list[Result]:
    came = {d.reference.unique_id: d.content for d in exchange.answer.documents}
    asked = exchange.asked.documents
    pivot = [_identity(content) == unique_id for unique_id, content in came.items()]
    return [
        _rule("iti39-documentUniqueId-response", _E, all(one in came for one in asked),
              "every document that was asked for is in the response"),
        _rule("iti39-documentId-pivot", _E, all(pivot) if pivot else None,
              "the id inside each document is the id that was asked for",
              "after iti39-documentId-friendlyA, on the pivot that crosses the border"),
        _omitted("iti39-documentId-friendlyA", "the friendly document of country A"),
        _omitted("iti39-documentId-friendly-pivot", "the friendly document of country A"),
    ]  # fmt: skip


def _provide(exchange: Exchange) -> list[Result]:
    asked = exchange.asked
    if asked.operation is Operation.DISCARD:
        return [_rule("iti41-disc-patientID-request", _E, asked.patient is not None,
                      "the discard names the patient")]  # fmt: skip
    patients = {_patient_of(content) for content in asked.contents} - {None}
    ids = {_identity(content) for content in asked.contents}
    return [
        _rule("iti41-patientID-request", _E, patients == {asked.patient},
              "the patient of the eDispensation is the patient of its metadata"),
        _omitted("iti41-documentId_friendly_pivot", "the friendly document of country B"),
        _rule("iti41-documentId", _W, ids == set(asked.documents),
              "the id of the eDispensation is in its metadata"),
    ]  # fmt: skip


def _identity(content: bytes) -> str:
    try:
        return identity(content)
    except InputError:
        return ""


def _patient(exchange: Exchange) -> PatientId | None:
    for document in getattr(exchange.answer, "documents", ()):
        return _patient_of(document.content)
    return None


def _patient_of(content: bytes) -> PatientId | None:
    """``patientRole/id[1]`` of a document."""
    try:
        found = parse(content, name="document").find(
            f"{_V}recordTarget/{_V}patientRole/{_V}id")  # fmt: skip
    except InputError:
        return None
    return PatientId(found.get("root", ""), found.get("extension", "")) if found is not None else (
        None
    )  # fmt: skip


def _rule(
    rule: str, severity: Severity, holds: bool | None, message: str, source: str = _SOURCE
) -> Result:
    outcome = Outcome.SKIP if holds is None else Outcome.PASS if holds else Outcome.FAIL
    text = f"not compared: {message}" if holds is None else message if holds else (
        f"does not hold: {message}"
    )  # fmt: skip
    return Result(rule, outcome, severity, text, source=source)


def _omitted(rule: str, what: str) -> Result:
    return Result(rule, Outcome.OMIT, _E, f"not compared: {what} does not cross the border",
                  source=_SOURCE)  # fmt: skip


__all__ = ["SoapFault", "audits", "documents", "messages"]
