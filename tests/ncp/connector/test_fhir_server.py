"""A FHIR server as country A's data: what is asked, how long, and what happens when it fails."""

from __future__ import annotations

import base64
import copy
import datetime as dt

import orjson
import pytest
import requests
import responses
from responses import matchers

from ips.cda.write import to_cda
from ips.record import load
from ips.summary import assemble
from ncp.connector.base import NationalConnector
from ncp.connector.fhir_server import TIMEOUT, FhirServer
from ncp.model import DocumentKind, PatientId, Refusal, Traits

BASE = "https://fhir.example/r4"
PATIENT = PatientId("2.16.578.1.12.4.1.4.2", "59909002146")
ASKED = "urn:oid:2.16.578.1.12.4.1.4.2|59909002146"
PS = DocumentKind.PATIENT_SUMMARY
FHIR = "application/fhir+json"


@pytest.fixture(scope="module")
def record():
    return load("foreign-worker")


@pytest.fixture(scope="module")
def summary(record):
    moment = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
    return assemble(record, profile="eps", now=moment).bundle


@pytest.fixture
def server():
    made = FhirServer(BASE, headers={"Authorization": "Bearer x"})
    assert isinstance(made, NationalConnector)
    return made


@pytest.fixture
def net():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def bundle(*resources) -> bytes:
    return orjson.dumps({"resourceType": "Bundle", "type": "searchset",
                         "entry": [{"resource": r} for r in resources]})  # fmt: skip


def answers(net, path: str, content: bytes, kind: str = FHIR, **more):
    return net.get(f"{BASE}/{path}", body=content, content_type=kind, **more)


def patient(record):
    return {**record.patient, "id": "p1"}


def reference(url: str, **more):
    return {"resourceType": "DocumentReference", "status": "current",
            "content": [{"attachment": {"url": url}}], **more}  # fmt: skip


def test_a_patient_is_asked_for_by_identifier_and_judged_here(net, server, record):
    asked = [matchers.query_param_matcher({"identifier": ASKED}),
             matchers.header_matcher({"Authorization": "Bearer x", "Accept": FHIR}),
             matchers.request_kwargs_matcher({"timeout": TIMEOUT, "stream": True})]  # fmt: skip
    answers(net, "Patient", bundle(patient(record)), match=asked)
    (found,) = server.find(Traits(ids=(PATIENT,), family="parasol"))
    assert (found.family, found.ids) == ("Parasol", (PATIENT,))
    assert server.find(Traits(ids=(PATIENT,), family="Paraply")) == []


def test_a_listed_fhir_document_becomes_cda(net, server, summary):
    asked = {"patient.identifier": ASKED, "type": "http://loinc.org|60591-5", "status": "current"}
    answers(net, "DocumentReference", bundle(reference("Bundle/1")),
            match=[matchers.query_param_matcher(asked)])  # fmt: skip
    answers(net, "Bundle/1", orjson.dumps(summary))
    (entry, *_) = server.documents(PATIENT, PS)
    assert b"ClinicalDocument" in server.content(entry.unique_id)
    again = [e.unique_id for e in server.documents(PATIENT, PS)]
    assert again[0] == entry.unique_id
    assert len([c for c in net.calls if c.request.url.endswith("Bundle/1")]) == 1


def test_a_summary_that_is_not_listed_is_asked_for(net, server, record, summary):
    answers(net, "DocumentReference", bundle())
    answers(net, "Patient", bundle(patient(record)))
    answers(net, "Patient/p1/$summary", orjson.dumps(summary))
    assert server.documents(PATIENT, PS)


@pytest.mark.parametrize("binary", [False, True])
def test_a_cda_document_is_given_as_it_came(net, server, summary, binary):
    content = to_cda(summary, form="pivot", level=3).xml
    answers(net, "DocumentReference", bundle(reference(f"{BASE}/Binary/1")))
    wrapped = orjson.dumps({"resourceType": "Binary", "contentType": "text/xml",
                            "data": base64.b64encode(content).decode()})  # fmt: skip
    answers(net, "Binary/1", wrapped if binary else content)
    (entry,) = server.documents(PATIENT, PS)
    assert server.content(entry.unique_id) == content


def test_a_new_version_is_a_new_document_and_the_old_one_stays_readable(net, server, summary):
    for version in "12":
        listed = reference("Bundle/1", meta={"versionId": version})
        answers(net, "DocumentReference", bundle(listed))
        made = copy.deepcopy(summary)
        made["entry"][0]["resource"]["identifier"]["value"] = f"document-{version}"
        answers(net, "Bundle/1", orjson.dumps(made))
    first = server.documents(PATIENT, PS)[0].unique_id
    second = server.documents(PATIENT, PS)[0].unique_id
    assert first != second
    assert server.content(first) != server.content(second)


def test_a_new_version_with_the_same_identifier_takes_its_place(net, server, summary):
    for version in "12":
        listed = reference("Bundle/1", meta={"versionId": version})
        answers(net, "DocumentReference", bundle(listed))
        made = copy.deepcopy(summary)
        made["entry"][0]["resource"]["date"] = f"2026-11-2{version}T12:00:00Z"
        answers(net, "Bundle/1", orjson.dumps(made))
    (first, *_), (second, *_) = (server.documents(PATIENT, PS) for _ in "12")
    assert first.unique_id == second.unique_id
    assert (first.created.day, second.created.day) == (21, 22)
    assert b"20261122" in server.content(second.unique_id)


def test_an_empty_answer_and_404_are_no_documents(net, server):
    answers(net, "DocumentReference", bundle())
    answers(net, "Patient", b"", status=404)
    assert server.documents(PATIENT, PS) == []
    assert server.find(Traits(ids=(PATIENT,))) == []


@pytest.mark.parametrize("failure", [
    {"status": 500}, {"status": 401}, {"body": requests.exceptions.ReadTimeout()},
    {"body": requests.exceptions.ConnectionError()},
    {"body": b"<html>", "content_type": "text/html"},
], ids=["500", "401", "timeout", "no connection", "no FHIR"])  # fmt: skip
def test_a_register_that_fails_is_told_as_such(net, server, failure):
    net.get(f"{BASE}/Patient", **failure)
    with pytest.raises(Refusal) as caught:
        server.find(Traits(ids=(PATIENT,)))
    assert caught.value.code == "ERROR_PI_REGISTRY_NOT_AVAILABLE"
    assert "example" not in caught.value.text


def test_reading_is_tried_again(net, server, record):
    answers(net, "Patient", b"", status=503)
    answers(net, "Patient", bundle(patient(record)))
    assert server.find(Traits(ids=(PATIENT,)))


def test_a_document_on_another_server_is_not_fetched(net, server):
    answers(net, "DocumentReference", bundle(reference("http://169.254.169.254/latest")))
    with pytest.raises(Refusal):
        server.documents(PATIENT, PS)
    assert len(net.calls) == 1


def test_a_document_that_is_none_is_left_out(net, server, caplog):
    answers(net, "DocumentReference", bundle(reference("Bundle/1")))
    answers(net, "Bundle/1", b'{"resourceType": "Bundle", "type": "document", "entry": []}')
    assert server.documents(PATIENT, PS) == []
    assert "left out" in caplog.text
