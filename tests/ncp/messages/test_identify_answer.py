"""ITI-55 answer: patients, refusals in every encoding, and the ways of three stacks."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from ncp import tables
from ncp.codes import QUIRKS
from ncp.messages import xcpd
from ncp.model import Refusal, Weight
from ncp.soap import SoapFault
from tests.ncp.messages.samples import HOME, NOW, PERSON, SWEDEN, TRAITS, person, text, wire, word

HL7 = "{urn:hl7-org:v3}"
REQUEST = xcpd.read_request(wire(xcpd.request(TRAITS, sender=SWEDEN, receiver=HOME, created=NOW)))


def answer(*persons: object, refusal: Refusal | None = None, quirks: str = "") -> etree._Element:
    return wire(xcpd.response(REQUEST, list(persons), home=HOME, created=NOW, refusal=refusal,
                              quirks=quirks))  # fmt: skip


def code(message: etree._Element, path: str) -> str:
    return message.find(HL7 + path.replace("/", f"/{HL7}")).get("code")


@settings(max_examples=60, deadline=None)
@given(st.lists(person, min_size=1, max_size=3))
def test_patients_are_read_back_as_they_were_written(persons):
    read = xcpd.read_response(answer(*persons))
    assert read.persons == tuple(persons)
    assert read.homes == (HOME,) * len(persons)
    assert read.refusal is None
    assert read.findings == ()


@settings(max_examples=60, deadline=None)
@given(word, text, text, st.sampled_from(sorted(tables.reasons())), st.sampled_from(Weight))
def test_a_refusal_is_read_back_as_it_was_written(error, says, where, reason, weight):
    refusal = Refusal(error, says, weight, reason, where)
    read = xcpd.read_response(answer(refusal=refusal)).refusal
    assert read
    assert (read.code, read.text, read.weight, read.reason, read.location) == (
        error, says, weight, reason, where,
    )  # fmt: skip


def test_the_query_is_repeated():
    """IHE ITI TF-2 3.55.4.2.2: queryByParameter is a copy of that of the request."""
    repeated = answer(PERSON).find(f".//{HL7}queryByParameter")
    assert etree.tostring(repeated, method="c14n") == etree.tostring(REQUEST.element, method="c14n")


def test_the_answer_goes_back_and_names_the_request():
    read = xcpd.read_response(answer(PERSON))
    assert (read.receiver, read.sender) == (SWEDEN, HOME)
    assert read.target == REQUEST.message_id == read.message_id
    assert read.query_id == REQUEST.query_id


def test_every_patient_has_a_custodian_and_a_degree_of_match():
    message = answer(PERSON)
    entity = message.find(f".//{HL7}custodian/{HL7}assignedEntity")
    assert entity.find(HL7 + "id").get("root") == HOME
    assert entity.find(HL7 + "code").get("code") == "NotHealthDataLocator"
    assert message.find(f".//{HL7}queryMatchObservation/{HL7}value").get("value") == "100"


@pytest.mark.parametrize(
    ("quirks", "ack", "status", "outcome"),
    [("", "AA", "deliveredResponse", "OK"), ("openncp", "AA", "AE", "AE"),
     ("gematik", "AA", "completed", "OK")],
)  # fmt: skip
def test_success_in_three_ways(quirks, ack, status, outcome):
    message = answer(PERSON, quirks=quirks)
    assert code(message, "acknowledgement/typeCode") == ack
    assert code(message, "controlActProcess/queryAck/statusCode") == status
    assert code(message, "controlActProcess/queryAck/queryResponseCode") == outcome
    read = xcpd.read_response(message)
    assert (read.persons, read.refusal) == ((PERSON,), None)
    assert ("xcpd-rsp-query-response" in {f.id for f in read.findings}) == (quirks == "openncp")


@pytest.mark.parametrize("quirks", QUIRKS)
def test_no_match_is_accepted_and_says_so(quirks):
    """Only «no match» leaves the acknowledgement at AA; its response code is NF."""
    message = answer(quirks=quirks)
    assert code(message, "acknowledgement/typeCode") == "AA"
    assert code(message, "acknowledgement/acknowledgementDetail/code") == "ERROR_PI_NO_MATCH"
    assert code(message, "controlActProcess/queryAck/queryResponseCode") == "NF"
    read = xcpd.read_response(message)
    assert read.refusal
    assert (read.refusal.code, read.refusal.reason) == ("ERROR_PI_NO_MATCH", "AnswerNotAvailable")


@pytest.mark.parametrize(("quirks", "ack"), [("", "AE"), ("openncp", "AE"), ("gematik", "AA")])
def test_another_refusal_is_an_application_error(quirks, ack):
    refusal = Refusal("4703", "no right", reason="InsufficientRights")
    message = answer(PERSON, refusal=refusal, quirks=quirks)
    assert code(message, "acknowledgement/typeCode") == ack
    assert code(message, "controlActProcess/queryAck/queryResponseCode") == "AE"
    assert xcpd.read_response(message).persons == ()


@pytest.mark.parametrize("reason", tables.reasons().values(), ids=lambda r: r.code)
def test_each_reason_stands_in_its_element_with_its_system(reason):
    """eHDSI XCPD: TRIG asks for something else, MITGT explains."""
    message = answer(refusal=Refusal("ERROR_PI_GENERIC", reason=reason.code))
    inner = {"triggerFor": "actOrderRequired", "mitigatedBy": "detectedIssueManagement"}
    path = f".//{HL7}{reason.encoding}/{HL7}{inner[reason.encoding]}/{HL7}code"
    element = message.find(path)
    assert (element.get("code"), element.get("codeSystem")) == (reason.code, reason.system)
    kind = {"triggerFor": "TRIG", "mitigatedBy": "MITGT"}[reason.encoding]
    assert element.getparent().getparent().get("typeCode") == kind


@pytest.mark.parametrize(
    ("error", "reason"),
    [("4703", "InsufficientRights"), ("WARNING_PI_NO_CONSENT", "InsufficientRights"),
     ("ERROR_HPI_AUTHENTICATION_NOT_RECEIVED", "InsufficientRights"),
     ("ERROR_PI_MISSING_REQUIRED_FIELDS", "InternalError"),
     ("ERROR_PI_INCORRECT_FORMATTING", "InternalError"),
     ("ERROR_PI_NO_MATCH", "AnswerNotAvailable")],
)  # fmt: skip
def test_a_refusal_without_a_reason_gets_that_of_its_code(error, reason):
    read = xcpd.read_response(answer(refusal=Refusal(error))).refusal
    assert read
    assert read.reason == reason


def test_openncp_writes_the_issue_for_three_reasons_only():
    for reason in tables.reasons():
        message = answer(refusal=Refusal("X", reason=reason), quirks="openncp")
        written = message.find(f".//{HL7}reasonOf") is not None
        assert written == (reason in ("DemographicsQueryNotAllowed", "AnswerNotAvailable",
                                      "InsufficientRights"))  # fmt: skip


def test_the_german_way_puts_the_words_into_the_location():
    refusal = Refusal("ERROR_PI_NO_MATCH", "No match with an existing patient.")
    detail = answer(refusal=refusal, quirks="gematik").find(f".//{HL7}acknowledgementDetail")
    assert detail.findtext(HL7 + "text") == "Patient Identification Error"
    assert detail.findtext(HL7 + "location") == "No match with an existing patient."


def test_whoever_does_not_reuse_the_id_of_the_request_is_told():
    """Gazelle cross validation iti55-id-ok."""
    read = xcpd.read_response(answer(PERSON, quirks="openncp"))
    assert "iti55-id-ok" in {f.id for f in read.findings}


@pytest.mark.parametrize(
    ("gone", "rule"),
    [("queryByParameter", "xcpd-rsp-echo"), ("custodian", "xcpd-rsp-custodian"),
     ("patientPerson", "xcpd-rsp-person")],
)  # fmt: skip
def test_what_an_answer_lacks_is_told(gone, rule):
    message = answer(PERSON)
    element = message.find(f".//{HL7}{gone}")
    element.getparent().remove(element)
    assert rule in {f.id for f in xcpd.read_response(message).findings}


def test_an_error_without_words_is_still_a_refusal():
    message = answer(refusal=Refusal("X"))
    for name in ("acknowledgementDetail", "reasonOf"):
        element = message.find(f".//{HL7}{name}")
        element.getparent().remove(element)
    read = xcpd.read_response(message)
    assert read.refusal
    assert read.refusal.code == "ERROR_PI_GENERIC"
    assert "xcpd-rsp-reason" in {f.id for f in read.findings}


def test_another_message_is_a_fault():
    with pytest.raises(SoapFault):
        xcpd.read_response(REQUEST.element)
