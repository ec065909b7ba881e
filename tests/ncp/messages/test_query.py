"""ITI-38: what is asked and listed, by us and by other stacks, and what is refused."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from ncp import codes
from ncp.codes import Status
from ncp.messages import xca
from ncp.model import DocumentKind, PatientId, Refusal, Weight
from ncp.soap import SoapFault
from tests.ncp.messages.samples import (
    ENTRY,
    ENTRY_PDF,
    PATIENT,
    entries,
    moment,
    patient_id,
    text,
    wire,
    word,
)

RIM = "{urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0}"
RS = "{urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0}"
ASKED = xca.QueryRequest(PATIENT, (DocumentKind.EPRESCRIPTION,))

requests = st.builds(
    xca.QueryRequest, patient_id,
    st.lists(st.sampled_from(DocumentKind), min_size=1, max_size=4, unique=True).map(tuple),
    st.none() | st.integers(0, 10**9), st.none() | moment, st.none() | moment,
)  # fmt: skip


def value(message: etree._Element, slot: str) -> str:
    found = message.xpath("//*[local-name()='Slot'][@name=$n]//*[local-name()='Value']", n=slot)
    return found[0].text


@settings(max_examples=60, deadline=None)
@given(requests, st.sampled_from(["", "openncp"]))
def test_a_query_is_read_back_as_it_was_written(asked, quirks):
    read = xca.read_query(wire(xca.query(asked, quirks=quirks)))
    assert read == asked
    if not quirks:
        assert read.findings == ()


def test_the_slots_are_those_of_find_documents():
    message = wire(xca.query(ASKED))
    assert (
        value(message, "$XDSDocumentEntryPatientId") == f"'{PATIENT.extension}^^^&{codes.FNR}&ISO'"
    )
    assert value(message, "$XDSDocumentEntryStatus") == (
        "('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')"
    )
    assert value(message, "$XDSDocumentEntryClassCode") == "('57833-6^^2.16.840.1.113883.6.1')"


def altered(slot: str, *values: str) -> etree._Element:
    """A query with other values in one slot; without any, the slot is gone."""
    message = wire(xca.query(ASKED))
    element = message.xpath("//*[local-name()='Slot'][@name=$n]", n=slot)[0]
    if not values:
        element.getparent().remove(element)
    for old in element.findall(f"{RIM}ValueList/{RIM}Value"):
        old.getparent().remove(old)
    for new in values:
        etree.SubElement(element.find(f"{RIM}ValueList"), f"{RIM}Value").text = new
    return message


BOTH = (DocumentKind.LABORATORY, DocumentKind.DISCHARGE)


@pytest.mark.parametrize(
    "values",
    [
        ["('11502-2^^2.16.840.1.113883.6.1','34105-7^^2.16.840.1.113883.6.1')"],
        ["('11502-2^^2.16.840.1.113883.6.1,34105-7^^2.16.840.1.113883.6.1')"],
        ["('11502-2^^2.16.840.1.113883.6.1')", "('34105-7^^2.16.840.1.113883.6.1')"],
        ["( '11502-2^^2.16.840.1.113883.6.1' , '34105-7^^2.16.840.1.113883.6.1' )"],
        ["11502-2^^,34105-7^^"],
        ["\n  ('11502-2','34105-7')\n  "],
    ],
)
def test_class_codes_are_read_in_every_way_they_are_written(values):
    assert xca.read_query(altered("$XDSDocumentEntryClassCode", *values)).kinds == BOTH


def test_a_german_patient_has_an_access_code_in_its_identifier():
    said = "'X110571344|ABC123^^^&1.2.276.0.76.3.1.580.147&ISO'"
    read = xca.read_query(altered("$XDSDocumentEntryPatientId", said))
    assert read.patient == PatientId("1.2.276.0.76.3.1.580.147", "X110571344|ABC123")


def test_a_patient_without_quotes_is_read_and_told():
    read = xca.read_query(altered("$XDSDocumentEntryPatientId", PATIENT.cx))
    assert read.patient == PATIENT
    assert {f.id for f in read.findings} == {"iti38-patient-quotes"}


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (altered("$XDSDocumentEntryPatientId"), "ERROR_EP_MISSING_REQUIRED_FIELDS"),
        (altered("$XDSDocumentEntryPatientId", "'DKCPR^^^1111111118'"),
         "ERROR_EP_INCORRECT_FORMATTING"),
        (altered("$XDSDocumentEntryPatientId", "''"), "ERROR_EP_INCORRECT_FORMATTING"),
        (altered("$XDSDocumentEntryClassCode"), "ERROR_GENERIC_SERVICE_SIGNIFIER_UNKNOWN"),
        (altered("$XDSDocumentEntryClassCode", "('99999-9^^2.16.840.1.113883.6.1')"),
         "ERROR_GENERIC_SERVICE_SIGNIFIER_UNKNOWN"),
        (altered("$XDSDocumentEntryClassCode", "('57833-6^^x','99999-9^^x')"),
         "ERROR_GENERIC_SERVICE_SIGNIFIER_UNKNOWN"),
    ],
)  # fmt: skip
def test_a_query_that_cannot_be_answered_is_refused_as_a_failure(message, code):
    with pytest.raises(Refusal) as caught:
        xca.read_query(message)
    assert (caught.value.code, caught.value.status) == (code, "Failure")


def test_another_stored_query_is_refused():
    message = wire(xca.query(ASKED))
    message.find(f"{RIM}AdhocQuery").set("id", "urn:uuid:f2072993-9478-41df-a603-8f016706efe8")
    with pytest.raises(Refusal, match="XDSUnknownStoredQuery"):
        xca.read_query(message)


def test_filters_that_are_no_number_or_time_are_refused():
    asked = replace(ASKED, max_size=1, created_after=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    for slot in ("MaximumSize", "CreatedAfter"):
        message = wire(xca.query(asked))
        name = f"$XDSDocumentEntryFilter{slot}"
        message.xpath("//*[local-name()='Slot'][@name=$n]//*[local-name()='Value']", n=name)[
            0
        ].text = "much"
        with pytest.raises(Refusal, match="ERROR_EP_INCORRECT_FORMATTING"):
            xca.read_query(message)


def test_another_message_is_a_fault():
    for read in (xca.read_query, xca.read_query_response):
        with pytest.raises(SoapFault):
            read(etree.fromstring("<x/>"))


refusals = st.builds(
    Refusal, word, text, st.sampled_from(Weight), st.just(""), text, st.just("")
)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(st.lists(entries(), max_size=3), st.lists(refusals, max_size=2))
def test_a_list_is_read_back_as_it_was_written(listed, told):
    read = xca.read_query_response(wire(xca.query_response(listed, told)))
    assert read.entries == tuple(listed)
    assert [(r.code, r.text, r.weight, r.location) for r in read.refusals] == [
        (r.code, r.text, r.weight, r.location) for r in told
    ]


def test_both_levels_are_a_pair():
    """MyHealth@EU: the PDF is the source of XFRM, the structured document its target."""
    message = wire(xca.query_response([ENTRY, ENTRY_PDF]))
    (link,) = message.iter(f"{RIM}Association")
    assert link.get("associationType") == "urn:ihe:iti:2007:AssociationType:XFRM"
    assert (link.get("sourceObject"), link.get("targetObject")) == (
        ENTRY_PDF.entry_id, ENTRY.entry_id,
    )  # fmt: skip
    read = xca.read_query_response(message)
    assert read.entries == (ENTRY, ENTRY_PDF)
    assert read.findings == ()


def test_every_entry_has_the_patient_in_the_form_of_the_query():
    """Gazelle cross validation iti38-patientId-response."""
    message = wire(xca.query_response([ENTRY]))
    values = {
        e.get("identificationScheme"): e.get("value")
        for e in message.iter(f"{RIM}ExternalIdentifier")
    }
    asked = value(wire(xca.query(ASKED)), "$XDSDocumentEntryPatientId")
    assert f"'{values['urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427']}'" == asked
    assert values["urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"] == ENTRY.unique_id


WARNING = Refusal("ERROR_PS_NOT_FOUND", "none", Weight.WARNING)
ERROR = Refusal("4703", "no right")
EMPTY_LIST = Refusal("ERROR_EP_NOT_FOUND", "none", Weight.WARNING, status="Failure")


@pytest.mark.parametrize(
    ("listed", "told", "status"),
    [
        ([ENTRY], [], Status.SUCCESS),
        ([], [], Status.SUCCESS),
        ([], [WARNING], Status.SUCCESS),
        ([], [ERROR], Status.FAILURE),
        ([ENTRY], [ERROR], Status.PARTIAL),
        ([], [EMPTY_LIST], Status.FAILURE),
    ],
)
def test_the_status_follows_from_what_is_told(listed, told, status):
    """OpenNCP 9: an empty list of summaries is a success, one of prescriptions a failure."""
    message = wire(xca.query_response(listed, told))
    assert message.get("status") == status.value
    assert xca.read_query_response(message).status is status


def test_the_highest_severity_is_told_and_openncp_leaves_it_out():
    told = [WARNING, ERROR]
    ours = wire(xca.query_response([], told)).find(f"{RS}RegistryErrorList")
    assert ours.get("highestSeverity") == "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Error"
    theirs = wire(xca.query_response([], told, quirks="openncp")).find(f"{RS}RegistryErrorList")
    assert theirs.get("highestSeverity") is None


def test_a_refusal_without_a_status_is_a_failure():
    """OpenNCP answers 4703 with no status at all."""
    message = wire(xca.query_response([], [ERROR]))
    del message.attrib["status"]
    read = xca.read_query_response(message)
    assert read.status is Status.FAILURE
    assert "xds-status" in {f.id for f in read.findings}


def test_a_german_entry_is_read():
    """Restricted, a date without time, no type code, no language, size nought."""
    message = wire(xca.query_response([ENTRY]))
    entry = message.find(f".//{RIM}ExtrinsicObject")
    for slot in entry.findall(f"{RIM}Slot"):
        if slot.get("name") == "creationTime":
            slot[0][0].text = "\n  20230717\n"
        if slot.get("name") == "languageCode":
            entry.remove(slot)
    for one in entry.findall(f"{RIM}Classification"):
        if one.get("classificationScheme") == "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983":
            entry.remove(one)
        if one.get("classificationScheme") == "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f":
            one.set("nodeRepresentation", "R")
    read = xca.read_query_response(message)
    assert read.entries[0].created == dt.datetime(2023, 7, 17, tzinfo=dt.UTC)
    assert read.entries[0].confidentiality == "R"
    assert {f.id for f in read.findings} == {"xds-typeCode", "xds-languageCode"}


@pytest.mark.parametrize(
    ("path", "attribute"),
    [("Classification[@classificationScheme='urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a']",
      "nodeRepresentation"),
     ("ExternalIdentifier[@identificationScheme='urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab']",
      "value")],
)  # fmt: skip
def test_an_entry_that_cannot_be_read_is_told_and_the_others_stay(path, attribute):
    message = wire(xca.query_response([ENTRY, ENTRY_PDF]))
    message.find(f".//{RIM}{path}").set(attribute, "")
    read = xca.read_query_response(message)
    assert read.entries == (ENTRY_PDF,)
    assert any(f.severity == "error" and ENTRY.entry_id in f.location for f in read.findings)
