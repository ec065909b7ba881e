"""ITI-41: dispensations and their discards, sent and read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from data.errors import InputError
from ncp import codes, soap
from ncp.codes import Status
from ncp.messages import xdr
from ncp.model import DocumentKind, PatientId, Refusal, Submission, Weight
from ncp.soap import SoapFault
from tests.ncp.messages.samples import ENTRY, PERSON, entries, wire, word

RIM = "{urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0}"
ACTION = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"
DISPENSED = replace(ENTRY, kind=DocumentKind.EDISPENSATION, format_code="urn:epSOS:ep:dis:2010",
                    pair="", home="", repository="")  # fmt: skip
ONE = Submission(DISPENSED, b"<ClinicalDocument/>", "1.2.3.4", "20261122120000")


@settings(max_examples=50, deadline=None)
@given(entries(), st.binary(max_size=100), word)
def test_a_submission_is_read_back_as_it_was_written(entry, content, set_id):
    sent = Submission(entry, content, set_id, "20261122120000")
    for mtom in (False, True):
        built = xdr.provide([sent])
        if mtom:
            message, kind = soap.write_mtom(built, action=ACTION, message_id="urn:uuid:1")
            read = soap.read(message, kind)
            got = xdr.read_provide(read.body, read.attachments)
        else:
            got = xdr.read_provide(wire(built))
        assert (got.submissions, got.set_id, got.submitted) == ((sent,), set_id, sent.submitted)


def test_several_dispensations_are_one_submission_set():
    """gematik: one message, one RegistryPackage, a HasMember association for each document."""
    other = replace(ONE, entry=replace(DISPENSED, entry_id="urn:uuid:2", unique_id="1.2^2"))
    message = wire(xdr.provide([ONE, other]))
    assert len(list(message.iter(f"{RIM}RegistryPackage"))) == 1
    links = list(message.iter(f"{RIM}Association"))
    assert [link.get("targetObject") for link in links] == [DISPENSED.entry_id, "urn:uuid:2"]
    assert xdr.read_provide(message).submissions == (ONE, other)


@pytest.mark.parametrize(
    "wrong",
    [[], [ONE, replace(ONE, set_id="1.2.3.5")],
     [ONE, replace(ONE, entry=replace(DISPENSED, patient=PatientId(codes.DNR, "1")))]],
)  # fmt: skip
def test_a_message_has_one_set_of_one_patient(wrong):
    with pytest.raises(InputError, match="one submission set"):
        xdr.provide(wrong)


def test_the_patient_is_described_as_segments():
    """IHE ITI TF-3 4.2.3.2.23 sourcePatientInfo."""
    read = xdr.read_provide(wire(xdr.provide([ONE], person=PERSON)))
    assert read.patient_info == (
        f"PID-3|{DISPENSED.patient.cx}", "PID-5|Nordmann^Kari Anne", "PID-7|19480229", "PID-8|F",
    )  # fmt: skip
    assert (read.author, read.institution) == ("Ola Lege", "Legekontoret")
    assert read.findings == ()


def test_the_set_has_its_identifiers():
    message = wire(xdr.provide([ONE]))
    package = message.find(f".//{RIM}RegistryPackage")
    values = {
        e.get("identificationScheme"): e.get("value")
        for e in package.iter(f"{RIM}ExternalIdentifier")
    }
    assert values == {
        "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8": "1.2.3.4",
        "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446": DISPENSED.patient.cx,
        "urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832": "1.3.6.1.4.1.21367.2009.1.2.1",
    }
    node = message.find(f".//{RIM}RegistryObjectList/{RIM}Classification")
    assert node.get("classificationNode") == "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"
    assert node.get("classifiedObject") == package.get("id")


def discard(class_code: str) -> etree._Element:
    entry = replace(DISPENSED, kind=DocumentKind.DISCARD, format_code="urn:eHDSI:ed:discard:2020")
    message = wire(xdr.provide([replace(ONE, entry=entry)]))
    scheme = "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a"
    message.find(
        f".//{RIM}ExtrinsicObject/{RIM}Classification[@classificationScheme='{scheme}']"
    ).set("nodeRepresentation", class_code)
    return message


@pytest.mark.parametrize("class_code", ["DISCARD-60593-1", "60593-1"])
def test_a_discard_is_known_by_its_format(class_code):
    """OpenNCP dispatches on the format code; the class code is either of two."""
    (sent,) = xdr.read_provide(discard(class_code)).submissions
    assert sent.entry.kind is DocumentKind.DISCARD


def test_a_format_that_nobody_knows_is_refused():
    """OpenNCP 9: 4202, «Unknown document», Failure."""
    unknown = replace(ONE, entry=replace(DISPENSED, format_code="urn:x"))
    with pytest.raises(Refusal) as caught:
        xdr.read_provide(wire(xdr.provide([unknown])))
    assert (caught.value.code, caught.value.status) == ("4202", "Failure")


def test_a_document_that_is_described_and_not_sent_is_refused():
    message = wire(xdr.provide([ONE]))
    document = message.find("{urn:ihe:iti:xds-b:2007}Document")
    message.remove(document)
    with pytest.raises(Refusal, match="XDSMissingDocument"):
        xdr.read_provide(message)


def test_a_request_without_documents_is_refused():
    message = wire(xdr.provide([ONE]))
    entry = message.find(f".//{RIM}ExtrinsicObject")
    entry.getparent().remove(entry)
    with pytest.raises(Refusal, match="4202"):
        xdr.read_provide(message)


def test_a_set_without_its_parts_is_told():
    message = wire(xdr.provide([replace(ONE, submitted="")]))
    package = message.find(f".//{RIM}RegistryPackage")
    assert {f.id for f in xdr.read_provide(message).findings} == {"iti41-set-time"}
    package.getparent().remove(package)
    found = xdr.read_provide(message).findings
    assert [(f.id, f.severity) for f in found] == [("iti41-set", "error")]


@pytest.mark.parametrize(
    ("told", "stored", "status"),
    [
        ([], 1, Status.SUCCESS),
        ([Refusal("WARNING_ED_GENERIC", weight=Weight.WARNING)], 1, Status.SUCCESS),
        ([Refusal("ERROR_ED_GENERIC")], 0, Status.FAILURE),
        ([Refusal("ERROR_ED_EPRESCRIPTION_NOT_IDENTIFIABLE")], 1, Status.PARTIAL),
    ],
)
def test_how_it_was_taken(told, stored, status):
    read = xdr.read_response(wire(xdr.response(told, stored=stored)))
    assert read.status is status
    assert [r.code for r in read.refusals] == [r.code for r in told]


def test_other_messages_are_faults():
    for read in (xdr.read_provide, xdr.read_response):
        with pytest.raises(SoapFault):
            read(etree.fromstring("<x/>"))
    with pytest.raises(SoapFault):
        xdr.read_provide(
            etree.fromstring(
                '<ProvideAndRegisterDocumentSetRequest xmlns="urn:ihe:iti:xds-b:2007"/>'
            )
        )
