"""The ATNA messages say what OpenNCP's say, for every event and both sides."""

from __future__ import annotations

import base64
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ncp.audit import Event, Flavour, Indicator, Party, atna, indicator, read_atna
from ncp.audit.facts import operation as by_name
from ncp.audit.table import events as rows
from ncp.model import HealthProfessional, Operation, Refusal, Weight
from tests.ncp.audit.transactions import DOCTOR, DOCUMENT, NORWAY, OTHER, PATIENT, exchange

# EventID, action and type code of reference part 2.6, by hand.
LISTS = (Operation.PS_LIST, Operation.EP_LIST, Operation.ORCD_LIST)
RETRIEVES = (Operation.PS_RETRIEVE, Operation.EP_RETRIEVE, Operation.ORCD_RETRIEVE)
SUBMISSIONS = (Operation.DISPENSE, Operation.DISCARD)
EVENTS = [
    *((op, side, "110112", "E", "ITI-38") for op in LISTS for side in "AB"),
    *((Operation.IDENTIFY, side, "110112", "E", "ITI-55") for side in "AB"),
    *((op, "A", "110106", "R", "ITI-39") for op in RETRIEVES),
    *((op, "B", "110107", "R", "ITI-39") for op in RETRIEVES),
    *((op, "A", "110107", "C", "ITI-41") for op in SUBMISSIONS),
    *((op, "B", "110106", "C", "ITI-41") for op in SUBMISSIONS),
    (Event.AUTHENTICATION, "B", "110112", "E", "ITI-40"),
    (Event.TRC_ASSERTION, "B", "110112", "E", "EHDSI-92"),
    (Event.NOK_ASSERTION, "B", "110112", "E", "EHDSI-96"),
    *((Event.NSL_IMPORT, side, "110112", "E", "EHDSI-93") for side in "AB"),
    *((Event.TRANSLATION, side, "110112", "E", "EHDSI-94") for side in "AB"),
    *((Event.SMP_QUERY, side, "SMP", "E", "EHDSI-193") for side in "AB"),
    *((Event.SMP_PUSH, side, "SMP", "E", "EHDSI-194") for side in "AB"),
    (Event.PUBLICATION, "A", "110107", "C", "ITI-105"),
    *((Event.COMMUNICATION_FAILURE, side, "110112", "R", "EHDSI-CF") for side in "AB"),
]

# Roles of participants, and (type, role, id type) of objects, in the test vectors of OpenNCP.
VECTORS = {
    (Operation.PS_LIST, "A"): (
        ["110152", "110153", "ServiceConsumer", "ServiceProvider"],
        [("1", "1", "2"), ("2", "24", "ITI-38"), ("2", "4", "12")]),
    (Operation.PS_RETRIEVE, "A"): (
        ["110152", "110153", "ServiceConsumer", "ServiceProvider"],
        [("1", "1", "2"), ("2", "3", "ITI-39"), ("2", "4", "12")]),
    (Operation.DISPENSE, "A"): (
        ["110152", "110153", "ServiceConsumer", "ServiceProvider"],
        [("1", "1", "2"), ("2", "20", "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"),
         ("2", "4", "12")]),
    (Operation.DISCARD, "A"): (
        ["110152", "110153", "ServiceConsumer", "ServiceProvider"],
        [("1", "1", "2"), ("2", "20", "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"),
         ("2", "4", "12")]),
    (Event.AUTHENTICATION, "B"): (
        ["110152", "110153", "ServiceConsumer", "ServiceProvider"], [("2", "", "IdA")]),
    (Event.TRC_ASSERTION, "B"): (
        ["110152", "110153", "ServiceConsumer", "ServiceProvider"],
        [("1", "1", "2"), ("2", "", "TrcA")]),
    (Event.NOK_ASSERTION, "B"): (
        ["110152", "110153", "ServiceConsumer", "ServiceProvider"],
        [("1", "10", "7"), ("2", "", "NokA")]),
    (Event.NSL_IMPORT, "B"): (["ServiceConsumer", "ServiceProvider"], [("2", "", "NSL")]),
    (Event.TRANSLATION, "A"): (["ServiceConsumer"], [("4", "", "in"), ("4", "", "out")]),
    (Event.SMP_QUERY, "B"): (["ServiceConsumer", "ServiceProvider"], [("2", "", "SMP")]),
    (Event.COMMUNICATION_FAILURE, "B"): (
        ["110153", "ServiceConsumer", "ServiceProvider"], [("1", "1", "2")]),
    # The vector of the identification has no point of care; EHDS Annex II 3.2(a) asks for it.
    (Operation.IDENTIFY, "A"): (
        ["110152", "110153", "ServiceConsumer", "ServiceProvider", "MasterPatientIndex"],
        [("1", "1", "2"), ("2", "24", "ITI-55")]),
}  # fmt: skip


@pytest.mark.parametrize(("operation", "side", "event_id", "action", "type_code"), EVENTS)
def test_every_event_has_its_codes(operation, side, event_id, action, type_code):
    read = read_atna(atna(exchange(operation, side)))
    assert (read.event.code, read.action, read.types[0].code) == (event_id, action, type_code)
    assert read.operation == operation
    assert read.types[0].system == "IHE Transactions"


def test_the_table_has_these_events_and_no_other():
    assert set(rows()) == {(str(op), side) for op, side, *_ in EVENTS}


def test_an_assertion_is_no_event_of_country_a():
    with pytest.raises(ValueError, match="side A"):
        atna(exchange(Event.TRC_ASSERTION, "A"))


@pytest.mark.parametrize(("key", "expected"), VECTORS.items(), ids=lambda v: str(v)[:40])
def test_structure_is_that_of_the_test_vectors(key, expected):
    changes = {"objects": ("urn:x",)} if key[0] is not Event.TRANSLATION else {}
    read = read_atna(atna(exchange(*key, **changes)))
    roles, objects = expected
    assert [p.roles[0].code for p in read.participants] == roles
    assert [(o.kind, o.role, o.type.code) for o in read.objects] == objects


def test_service_metadata_has_a_second_type_code():
    read = read_atna(atna(exchange(Event.SMP_QUERY, "B")))
    assert [t.code for t in read.types] == ["EHDSI-193", "SMP"]


def test_the_requestor_is_written_as_xua_asks():
    human = read_atna(atna(exchange(Operation.PS_LIST))).participant("110153")
    assert human.user == "<anna.lind@sjukhus.example@urn:idp:SE:countryB>"
    assert human.alternative == "Anna Lind"
    provided = exchange(Operation.PS_LIST, provided_id="alias")
    assert read_atna(atna(provided)).participant("110153").user.startswith("alias<anna")


@pytest.mark.parametrize(
    ("operation", "side", "requests"),
    [(Operation.IDENTIFY, "B", True), (Operation.PS_LIST, "A", False),
     (Operation.PS_LIST, "B", True), (Operation.PS_RETRIEVE, "B", False),
     (Operation.DISPENSE, "A", True), (Operation.DISPENSE, "B", False)],
)  # fmt: skip
def test_who_requests_is_what_openncp_says(operation, side, requests):
    assert read_atna(atna(exchange(operation, side))).participant("110153").requests is requests


def test_addresses_are_names_or_numbers():
    read = read_atna(atna(exchange(Operation.PS_LIST)))
    consumer, provider = read.participant("ServiceConsumer"), read.participant("ServiceProvider")
    assert (consumer.address, consumer.address_kind) == ("192.0.2.7", "2")
    assert (provider.address, provider.address_kind) == ("gateway.no.example", "1")
    assert consumer.user == "ncp.se.example"


def test_query_and_home_community_are_base64():
    root = etree.fromstring(atna(exchange(Operation.IDENTIFY)))
    query = root.findtext(".//ParticipantObjectQuery")
    assert base64.b64decode(query) == b"<query/>"
    detail = root.find(".//ParticipantObjectDetail")
    assert detail.get("type") == "ihe:homeCommunityID"
    assert base64.b64decode(detail.get("value")) == b"urn:oid:2.16.578.1.12.4.5.10.1"


def test_patients_and_documents_each_have_an_object():
    made = exchange(Operation.PS_LIST, patients=(PATIENT, OTHER), documents=("1.2^a", "1.2^b"))
    read = read_atna(atna(made))
    assert read.patients == (PATIENT.cx, OTHER.cx)
    assert set(read.documents) >= {"1.2^a", "1.2^b"}


def test_a_discarded_document_is_marked_as_deleted():
    read = read_atna(atna(exchange(Operation.DISCARD)))
    assert [o.life_cycle for o in read.objects if o.role == "4"] == ["14"]
    assert [o.life_cycle for o in read_atna(atna(exchange(Operation.DISPENSE))).objects
            if o.role == "4"] == [""]  # fmt: skip


def test_an_error_is_an_object_of_role_3_with_its_text_in_base64():
    made = exchange(Operation.IDENTIFY, outcome=Indicator.SERIOUS, error="No patient found.",
                    error_code="ERROR_PI_NO_MATCH")  # fmt: skip
    read = read_atna(atna(made))
    assert read.outcome == "8"
    (error,) = [o for o in read.objects if o.type.code == "9"]
    assert (error.kind, error.role, error.type.system) == ("2", "3", "eHealth DSI Security")
    assert error.details == (("errormsg", b"ERROR_PI_NO_MATCH: No patient found."),)


@pytest.mark.parametrize(
    ("code", "error", "said"),
    [("4703", "4703: no right", "4703: no right"), ("4703", "no right", "4703: no right"),
     ("4703", "", "4703"), ("", "no right", "no right"), ("", "", "")],
)  # fmt: skip
def test_a_code_is_said_once(code, error, said):
    assert exchange(Operation.PS_LIST, error_code=code, error=error).failure == said


def test_no_error_no_error_object():
    assert not [o for o in read_atna(atna(exchange(Operation.PS_LIST))).objects
                if o.type.code == "9"]  # fmt: skip


@pytest.mark.parametrize("key", list(rows()))
def test_both_flavours_differ_in_the_name_of_the_attribute_only(key):
    made = exchange(by_name(key[0]), key[1])
    dicom, plain = atna(made), atna(made, Flavour.RFC3881)
    assert b"csd-code" not in plain
    assert dicom.replace(b"csd-code=", b"code=") == plain
    assert etree.fromstring(dicom).xpath("not(.//@code)")


def test_children_stand_in_the_order_of_the_schema():
    root = etree.fromstring(atna(exchange(Operation.PS_LIST)))
    order = ["EventIdentification", "ActiveParticipant", "AuditSourceIdentification",
             "ParticipantObjectIdentification"]  # fmt: skip
    places = [order.index(child.tag) for child in root]
    assert places == sorted(places)
    for found in root.findall("ParticipantObjectIdentification"):
        inner = ["ParticipantObjectIDTypeCode", "ParticipantObjectQuery", "ParticipantObjectDetail"]
        places = [inner.index(child.tag) for child in found]
        assert places == sorted(places)


def test_time_is_utc_and_the_end_of_the_event():
    zone = dt.timezone(dt.timedelta(hours=1))
    made = exchange(Operation.PS_LIST, ended=dt.datetime(2026, 11, 22, 13, 0, 1, tzinfo=zone))
    assert read_atna(atna(made)).time == "2026-11-22T12:00:01.000Z"


def test_audit_source_is_that_of_the_own_side():
    assert read_atna(atna(exchange(Operation.PS_LIST, "A"))).source == "NO-1"
    assert read_atna(atna(exchange(Operation.PS_LIST, "B"))).source == "SE-1"
    assert read_atna(atna(exchange(Operation.PS_LIST, audit_source="NO-03"))).source == "NO-03"


@given(st.text(max_size=60), st.text(max_size=60), st.binary(max_size=60))
def test_whatever_people_are_called_the_message_is_xml(name, error, query):
    person = HealthProfessional(name, name, DOCTOR.role, locality=name)
    made = exchange(Operation.PS_LIST, professional=person, error=error, query=query,
                    consumer=Party(name, name), documents=(name,))  # fmt: skip
    read = read_atna(atna(made))
    assert [o.query for o in read.objects if o.role == "24"] == [query]
    if error:
        assert read.objects[-1].details == (("errormsg", error.encode("utf-8")),)


def test_nobody_and_nothing_is_still_a_message():
    bare = exchange(Operation.PS_LIST, professional=None, consumer=Party(), provider=NORWAY,
                    patients=(), documents=(), query=b"", query_id="", request_id="")  # fmt: skip
    read = read_atna(atna(bare))
    assert read.participant("110153").user == "N/A"
    assert read.patients == ()


def test_the_outcome_of_refusals():
    no_match = Refusal("ERROR_PI_NO_MATCH")
    warning = Refusal("ERROR_PS_NOT_FOUND", weight=Weight.WARNING)
    assert indicator([]) is Indicator.SUCCESS
    assert indicator([warning]) is Indicator.SUCCESS
    assert indicator([no_match]) is Indicator.SERIOUS
    assert indicator([warning, Refusal("4703")]) is Indicator.MAJOR


def test_a_document_is_named_as_it_is():
    """Cross-validation compares the id itself, so it is not hidden in base64."""
    root = etree.fromstring(atna(exchange(Operation.PS_RETRIEVE)))
    ids = root.xpath(".//*[@ParticipantObjectTypeCodeRole='4']/@ParticipantObjectID")
    assert ids == [DOCUMENT]
