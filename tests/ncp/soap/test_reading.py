"""What is read from a SOAP message, and which messages are answered with a fault."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from ncp import soap
from ncp.soap import SoapFault
from tests.ncp.soap.samples import (
    ACTION,
    BODY,
    MESSAGE_ID,
    QUERY,
    SOAP,
    TYPE,
    WSA,
    assertion,
    envelope,
    security,
)


def fault_of(content: bytes, content_type: str = TYPE) -> SoapFault:
    with pytest.raises(SoapFault) as caught:
        soap.read(content, content_type)
    return caught.value


def test_a_danish_request_is_read_as_it_is():
    """No wsa:To, a message id without urn:, Security that need not be understood, indented."""
    header = (
        ACTION + "\n  <a:MessageID>uuid:6cbd3f0c-6a0b-4a3e-8a8a-2c1f6d1f5a11</a:MessageID>\n  "
        + security("\n  ", assertion("hcp"), "\n  ", assertion("trc"))
    )  # fmt: skip
    read = soap.read(envelope(header), TYPE)
    assert read.action == QUERY
    assert read.message_id == "uuid:6cbd3f0c-6a0b-4a3e-8a8a-2c1f6d1f5a11"
    assert [a.get("ID") for a in read.assertions] == ["hcp", "trc"]
    assert etree.QName(read.body).localname == "AdhocQueryRequest"
    assert {f.id for f in read.findings} == {"soap-to", "soap-message-id", "soap-security-must"}


def test_what_we_write_departs_from_nothing():
    sent = soap.write(
        etree.fromstring(BODY), action=QUERY, to="https://a.example/XCA_Service",
        message_id="urn:uuid:1", assertions=[assertion("hcp").encode()],
    )  # fmt: skip
    read = soap.read(sent, soap.content_type(QUERY))
    assert (read.to, read.message_id, read.action) == (
        "https://a.example/XCA_Service", "urn:uuid:1", QUERY,
    )  # fmt: skip
    assert read.reply_to == f"{WSA}/anonymous"
    assert read.findings == ()


def test_only_assertions_directly_in_the_security_header_count():
    nested = f'<x:Wrapper xmlns:x="urn:x">{assertion("hidden")}</x:Wrapper>'
    elsewhere = f'<x:Other xmlns:x="urn:x">{assertion("outside")}</x:Other>'
    header = ACTION + MESSAGE_ID + elsewhere + security(nested, assertion("hcp"))
    read = soap.read(envelope(header), TYPE)
    assert [a.get("ID") for a in read.assertions] == ["hcp"]


def test_soap_1_1_is_a_version_mismatch_that_says_what_is_supported():
    fault = fault_of(envelope(soap="http://schemas.xmlsoap.org/soap/envelope/"), "text/xml")
    assert (fault.code, fault.http_status) == ("VersionMismatch", 500)
    answer = etree.fromstring(fault.to_bytes())
    supported = answer.find(f"{{{SOAP}}}Header/{{{SOAP}}}Upgrade/{{{SOAP}}}SupportedEnvelope")
    prefix = supported.get("qname").partition(":")[0]
    assert supported.nsmap[prefix] == SOAP


@pytest.mark.parametrize(
    ("header", "missing"), [(MESSAGE_ID, "wsa:Action"), (ACTION, "wsa:MessageID")]
)
def test_a_request_without_action_or_id_is_refused(header, missing):
    fault = fault_of(envelope(header))
    assert (fault.code, fault.subcode) == ("Sender", "wsa:MessageAddressingHeaderRequired")
    assert fault.detail == missing


def test_an_answer_without_addressing_is_read_and_told():
    read = soap.read(envelope(""), TYPE, answer=True)
    assert {f.id for f in read.findings} == {"soap-action", "soap-relates-to"}


def test_a_block_that_must_be_understood_and_is_not_is_a_fault():
    block = '<x:Route xmlns:x="urn:x" s:mustUnderstand="true"/>'
    fault = fault_of(envelope(ACTION + MESSAGE_ID + block))
    assert (fault.code, fault.not_understood) == ("MustUnderstand", ("{urn:x}Route",))
    answer = etree.fromstring(fault.to_bytes())
    told = answer.find(f"{{{SOAP}}}Header/{{{SOAP}}}NotUnderstood")
    prefix, _, local = told.get("qname").partition(":")
    assert (told.nsmap[prefix], local) == ("urn:x", "Route")


@pytest.mark.parametrize(
    "attributes",
    ['s:mustUnderstand="0"', "", 's:mustUnderstand="1" s:role="urn:someone-else"'],
)
def test_a_block_for_another_or_of_no_weight_is_passed_over(attributes):
    block = f'<x:Route xmlns:x="urn:x" {attributes}/>'
    assert soap.read(envelope(ACTION + MESSAGE_ID + block), TYPE).action == QUERY


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("", "no Body"),
        (f"<s:Body>{BODY}</s:Body><s:Body>{BODY}</s:Body>", "2 Body"),
        ("<s:Body/>", "no element"),
        (f"<s:Body>{BODY}{BODY}</s:Body>", "2 elements"),
        (f"<s:Body>{BODY}</s:Body><x:More xmlns:x='urn:x'/>", "more than"),
    ],
)
def test_the_envelope_has_one_body_with_one_message(body, says):
    fault = fault_of(envelope(body=body))
    assert (fault.code, fault.http_status) == ("Sender", 400)
    assert says in fault.reason


@pytest.mark.parametrize(
    "content",
    [
        b"", b"not xml", b"<a>", b"\xff\xfe<\x00a\x00/\x00>\x00",
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY x "xxxx"><!ENTITY y "&x;&x;&x;">]><a>&y;</a>',
        b"<a xmlns='urn:x'/>",
    ],
)  # fmt: skip
def test_what_is_no_safe_xml_envelope_is_the_senders_fault(content):
    assert fault_of(content).code == "Sender"


def test_a_message_that_is_too_large_is_refused_before_it_is_read():
    with pytest.raises(SoapFault, match="larger than"):
        soap.read(b"x" * 3_000_000, TYPE, limit=2 * 2**20)


def test_a_header_that_stands_twice_is_refused():
    fault = fault_of(envelope(ACTION + ACTION + MESSAGE_ID))
    assert (fault.subcode, fault.detail) == ("wsa:InvalidAddressingHeader",
                                             "wsa:InvalidCardinality")  # fmt: skip


def test_two_security_headers_are_refused():
    two = security(assertion("a")) + security(assertion("b"))
    assert fault_of(envelope(ACTION + MESSAGE_ID + two)).subcode == "wsse:InvalidSecurity"


def test_an_action_of_the_transport_that_differs_is_refused():
    fault = fault_of(envelope(), f'{TYPE}; charset=UTF-8; action="urn:ihe:iti:2007:Other"')
    assert (fault.subcode, fault.detail) == ("wsa:InvalidAddressingHeader", "wsa:ActionMismatch")


def test_a_fault_names_the_request_it_answers():
    fault = fault_of(envelope(MESSAGE_ID))
    answer = soap.read(fault.to_bytes(), TYPE, answer=True)
    assert answer.relates_to == "urn:uuid:0b4f1a52-62c3-4b43-a2bb-9f0b13c27f5e"
    assert answer.action == f"{WSA}/fault"


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60).map(
    lambda t: " ".join(t.split()).replace("\ufffe", "").replace("\uffff", "")
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["Sender", "Receiver"]), texts, texts, texts)
def test_a_fault_is_read_back_as_it_was_written(code, reason, subcode, detail):
    written = SoapFault(code, reason, subcode, detail=detail)
    read = soap.read(written.to_bytes("urn:uuid:1"), TYPE, answer=True)
    assert read.relates_to == "urn:uuid:1"
    assert read.fault is not None
    got = (read.fault.code, read.fault.reason, read.fault.subcode, read.fault.detail)
    assert got == (code, reason, subcode, detail)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([
    "", TYPE, "text/plain", "multipart/related", 'multipart/related; boundary="b"',
    'multipart/related; boundary=b; start="<x>"',
]))  # fmt: skip
def test_no_bytes_whatever_break_the_reader(content, content_type):
    for wrapped in (content, b"--b\r\n\r\n" + content + b"\r\n--b--"):
        with contextlib.suppress(SoapFault):
            soap.read(wrapped, content_type)


def test_a_message_id_has_an_end():
    """It is kept and sent back: a database refuses one that is too long for its index."""
    long = "<a:MessageID>urn:x:" + "a" * soap.envelope.LONGEST_ID + "</a:MessageID>"
    fault = fault_of(envelope(ACTION + long))
    assert "MessageID is longer than 1024" in fault.reason
    assert len(fault.relates_to) == soap.envelope.LONGEST_ID
