"""Answers and documents that nobody on this project wrote, whole and damaged."""

from __future__ import annotations

import contextlib
import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from ncp.client import Partner, Unreachable
from ncp.client.answers import read_answer
from ncp.client.building import document_id
from ncp.client.documents import received
from ncp.client.message import Message
from ncp.client.transport import Reply
from ncp.codes import HL7
from ncp.countries import country
from ncp.messages import xca, xdr
from ncp.model import DocumentReference, Operation, PatientId, Refusal
from ncp.tables import transactions
from tests.ncp.client.answering import NORWAY, answered, document, entry

SAMPLES = ("EP_1-1234-W8.xml", "L3_PS_ReferenceTestData_W3.xml", "PS_2-1234-W8.xml",
           "ED_dispensation1.xml", "RTD_W4_known_absence.xml")  # fmt: skip
NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


@pytest.mark.oracle
@pytest.mark.parametrize("name", SAMPLES)
def test_a_document_of_another_country_becomes_readable(oracles, name) -> None:
    content = (oracles / "cda-samples" / name).read_bytes()
    root = etree.fromstring(content)
    own = root.find(f"{{{HL7}}}recordTarget/{{{HL7}}}patientRole/{{{HL7}}}id")
    patient = PatientId(own.get("root"), own.get("extension"))
    asked = DocumentReference(NORWAY, NORWAY, document_id(content))
    one = received(content, asked, patient)
    assert one.safe
    assert one.bundle is not None
    assert one.shown is not None
    assert one.content == content
    other = received(content, asked, PatientId(patient.root, "somebody-else"))
    assert not other.safe


def sent(name: str) -> Message:
    operation = {"ITI-38": Operation.PS_LIST, "ITI-39": Operation.PS_RETRIEVE,
                 "ITI-41": Operation.DISPENSE}[name]  # fmt: skip
    url = Partner("https://a.example", country("NO")).service("X")
    return Message(transactions()[name], operation, etree.Element("none"), url, ())


GOOD = {
    "ITI-38": answered("ITI-38", xca.query_response([entry()], [Refusal("4703", "no")]), "urn:x"),
    "ITI-39": answered("ITI-39", xca.retrieve_response([xca.Retrieved(
        DocumentReference(NORWAY, NORWAY, "2.25.7"), document())]), "urn:x", mtom=True),
    "ITI-41": answered("ITI-41", xdr.response([Refusal("4106", "done")]), "urn:x"),
}  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(sorted(GOOD)), st.binary(max_size=40), st.floats(0, 1), st.integers(0, 60))
def test_a_damaged_answer_is_read_or_refused_and_never_breaks_the_reader(
    name: str, noise: bytes, place: float, cut: int
) -> None:
    status, headers, whole = GOOD[name]
    start = int(place * len(whole))
    damaged = whole[:start] + noise + whole[start + cut :]
    reply = Reply(sent(name), status, headers["Content-Type"], damaged)
    with contextlib.suppress(Unreachable):
        assert read_answer(reply).reply is reply


@pytest.mark.parametrize("name", sorted(GOOD))
def test_the_whole_answer_is_read(name: str) -> None:
    status, headers, whole = GOOD[name]
    answer = read_answer(Reply(sent(name), status, headers["Content-Type"], whole))
    assert answer.empty is (name == "ITI-41")
