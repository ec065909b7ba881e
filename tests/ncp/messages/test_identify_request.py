"""ITI-55 request: what is written, what other countries' stacks write, what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from lxml import etree

from data.errors import InputError
from ncp.messages import xcpd
from ncp.model import PatientId, Traits
from ncp.soap import SoapFault
from tests.ncp.messages.samples import HOME, NOW, PATIENT, SWEDEN, TRAITS, traits, wire

HL7 = "{urn:hl7-org:v3}"


def build(asked: Traits = TRAITS) -> etree._Element:
    return wire(xcpd.request(asked, sender=SWEDEN, receiver=HOME, created=NOW,
                             message_id=(SWEDEN, "7"), query_id=(SWEDEN, "8")))  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(traits)
def test_traits_are_read_back_as_they_were_written(asked):
    read = xcpd.read_request(build(asked))
    assert read.traits == asked
    assert read.findings == ()


def test_the_frame_of_the_request_is_read():
    read = xcpd.read_request(build())
    assert (read.message_id, read.query_id) == ((SWEDEN, "7"), (SWEDEN, "8"))
    assert (read.sender, read.receiver) == (SWEDEN, HOME)
    assert read.created == "20261122120000.000+0000"
    assert read.element.tag == HL7 + "queryByParameter"
    assert read.refusal is None


def test_only_traits_that_are_asked_for_are_sent():
    message = build(Traits((PATIENT,)))
    parameters = message.find(f".//{HL7}parameterList")
    assert [etree.QName(p).localname for p in parameters] == ["livingSubjectId"]


GERMAN = """<n:PRPA_IN201305UV02 xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
    xmlns:n="urn:hl7-org:v3" ITSVersion="XML_1.0">
  <n:id root="0d3e1a5e-2b61-4b8f-9d5a-000000000001" extension="0d3e1a5e-0000"/>
  <n:creationTime value="20260124085038.235+0000"/>
  <n:interactionId root="2.16.840.1.113883.1.6" extension="PRPA_IN201305UV02"/>
  <n:processingCode code="P"/><n:processingModeCode code="T"/><n:acceptAckCode code="AL"/>
  <n:receiver typeCode="RCV"><n:device classCode="DEV" determinerCode="INSTANCE">
    <n:id root="101"/></n:device></n:receiver>
  <n:sender typeCode="SND"><n:device classCode="DEV" determinerCode="INSTANCE">
    <n:id root="102"/></n:device></n:sender>
  <n:controlActProcess classCode="CACT" moodCode="EVN">
    <n:code code="PRPA_TE201305UV02" codeSystemName="2.16.840.1.113883.1.6"/>
    <n:queryByParameter><n:queryId root="1.263507841149"/><n:statusCode code="new"/>
      <n:responseModalityCode code="R"/><n:responsePriorityCode code="I"/>
      <n:matchCriterionList/><n:parameterList>{parameters}</n:parameterList>
    </n:queryByParameter></n:controlActProcess></n:PRPA_IN201305UV02>"""
KVNR = '<n:value root="1.2.276.0.76.4.8" extension="X123456789"/>'
CODE = '<n:value root="1.2.276.0.76.4.298" extension="AB12CD"/>'
ID = "<n:livingSubjectId>{0}<n:semanticsText/></n:livingSubjectId>"


@pytest.mark.parametrize("parameters", [ID.format(KVNR) + ID.format(CODE), ID.format(KVNR + CODE)])
def test_a_german_request_has_two_identifiers_of_one_patient(parameters):
    """Without versionCode, other prefixes, empty semanticsText, a query id without extension."""
    read = xcpd.read_request(etree.fromstring(GERMAN.format(parameters=parameters)))
    assert read.traits.ids == (
        PatientId("1.2.276.0.76.4.8", "X123456789"), PatientId("1.2.276.0.76.4.298", "AB12CD"),
    )  # fmt: skip
    assert read.query_id == ("1.263507841149", "")
    assert {"xcpd-req-semantics", "xcpd-receiver-agent"} <= {f.id for f in read.findings}


def test_a_parameter_that_is_not_in_the_profile_is_told_and_not_used():
    extra = "<n:mothersMaidenName><n:value/></n:mothersMaidenName>"
    read = xcpd.read_request(etree.fromstring(GERMAN.format(parameters=extra + ID.format(KVNR))))
    assert "xcpd-req-parameter" in {f.id for f in read.findings}
    assert read.traits == Traits((PatientId("1.2.276.0.76.4.8", "X123456789"),))


def test_a_request_without_any_identifier_can_still_be_answered():
    read = xcpd.read_request(etree.fromstring(GERMAN.format(parameters="")))
    assert read.traits == Traits()


def test_a_deferred_response_is_refused():
    """HL7 NS250: the profile has immediate answers only."""
    message = build()
    message.find(f".//{HL7}responsePriorityCode").set("code", "D")
    read = xcpd.read_request(message)
    assert read.refusal
    assert read.refusal.code == "NS250"


@pytest.mark.parametrize("gone", ["controlActProcess", "queryByParameter", "id"])
def test_a_request_that_cannot_be_answered_is_a_fault(gone):
    message = build()
    element = message.find(f".//{HL7}{gone}") if gone != "id" else message.find(HL7 + "id")
    element.getparent().remove(element)
    with pytest.raises(SoapFault):
        xcpd.read_request(message)


def test_another_message_is_a_fault():
    with pytest.raises(SoapFault, match="PRPA_IN201305UV02"):
        xcpd.read_request(etree.fromstring('<PRPA_IN201309UV02 xmlns="urn:hl7-org:v3"/>'))


@pytest.mark.parametrize(
    ("path", "attribute", "rule"),
    [
        ("interactionId", "extension", "xcpd-interactionId"),
        ("processingModeCode", "code", "xcpd-processingModeCode"),
        ("acceptAckCode", "code", "xcpd-acceptAckCode"),
        (".//{urn:hl7-org:v3}responseModalityCode", "code", "xcpd-req-responseModalityCode"),
        ("creationTime", "value", "xcpd-creationTime"),
    ],
)
def test_departures_from_the_profile_are_told(path, attribute, rule):
    message = build()
    element = message.find(path if path.startswith(".") else HL7 + path)
    del element.attrib[attribute]
    assert rule in {f.id for f in xcpd.read_request(message).findings}


def test_a_name_that_xml_cannot_carry_is_told():
    with pytest.raises(InputError, match="U\\+0001"):
        build(Traits(family="a\x01"))
