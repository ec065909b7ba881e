"""A FHIR server over real HTTP: all pages or none, and an end to everything."""

from __future__ import annotations

import datetime as dt
import time

import pytest

from ips.record import load
from ips.summary import assemble
from ncp.connector.fhir_line import Bounds, FhirLine
from ncp.connector.fhir_server import FhirServer
from ncp.model import DocumentKind, PatientId, Refusal, Traits
from tests.ncp.connector.hapi import hapi

PATIENT = PatientId("2.16.578.1.12.4.1.4.2", "59909002146")
OTHER = PatientId("2.16.578.1.12.4.1.4.1", "17838400655")
PS = DocumentKind.PATIENT_SUMMARY
QUICK = Bounds(timeout=(1.0, 0.2), whole=0.4, size=1_000_000, pages=5)


@pytest.fixture(scope="module")
def record():
    return load("foreign-worker")


@pytest.fixture(scope="module")
def summary(record):
    moment = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
    return {**assemble(record, profile="eps", now=moment).bundle, "id": "ps"}


@pytest.fixture
def there():
    with hapi() as server:
        yield server


@pytest.fixture
def line(there):
    return FhirLine(there.base, bounds=QUICK)


def listed(number: int):
    return [reference(f"d{n}", f"Bundle/b{n}") for n in range(number)]


def reference(identity: str, url: str):
    return {"resourceType": "DocumentReference", "id": identity, "status": "current",
            "content": [{"attachment": {"url": url}}]}  # fmt: skip


def test_every_page_of_a_search_is_read(there, line):
    there.found["DocumentReference"] = listed(7)
    found = line.search("DocumentReference", {"type": "60591-5"})
    assert [one["id"] for one in found] == [f"d{n}" for n in range(7)]
    assert [path for path, _ in there.asked] == ["/fhir/DocumentReference", *["/fhir"] * 3]
    assert all(h["prefer"] == "handling=strict" for h in there.headers)


@pytest.mark.parametrize(("how", "told"), [
    ("forgets", "a page of the search is no longer there"), ("endless", "have no end"),
    ("ever-new", "more than 5 pages"), ("elsewhere", "another server"),
    ("400", "Unknown search parameter"), ("500", "Failed to call access method [31m"),
    ("401", "status 401"), ("html", "no FHIR resource"), ("outcome", "no Bundle"),
    ("busy", "status 503"), ("moved", "status 302"), ("silent", "ReadTimeout"),
    ("drip", "takes too long"), ("cut", "ProtocolError"), ("cut-chunks", "ProtocolError"),
    ("huge", "too large"), ("bomb", "too large"),
], ids=lambda value: value if len(value) < 12 else "told")  # fmt: skip
def test_what_is_not_answered_in_full_is_not_answered(there, line, caplog, how, told):
    there.found["DocumentReference"] = listed(7)
    there.how = how
    began = time.monotonic()
    with pytest.raises(Refusal) as caught:
        line.search("DocumentReference", {"patient.identifier": "59909002146"})
    assert time.monotonic() - began < 5
    assert caught.value.code == "ERROR_PI_REGISTRY_NOT_AVAILABLE"
    assert told in caplog.text
    assert "59909002146" not in caplog.text
    assert told not in caught.value.text + str(caught.value.details)
    assert not any("latest" in path or "elsewhere" in path for path, _ in there.asked)


def test_what_is_not_there_is_told_from_what_cannot_be_had(there, line):
    assert line.fetch("Bundle/1") is None
    assert line.search("DocumentReference", {}) == []


def test_patients_and_documents_come_from_a_server(there, record, summary):
    there.found = {"Patient": [{**record.patient, "id": "p1"}], "Bundle": [summary],
                   "DocumentReference": [reference("d", f"{there.base}/Bundle/ps")]}  # fmt: skip
    server = FhirServer(there.base, bounds=QUICK)
    (found,) = server.find(Traits(ids=(PATIENT,)))
    assert found.family == "Parasol"
    (entry, *_) = server.documents(PATIENT, PS)
    assert b"ClinicalDocument" in server.content(entry.unique_id)
    asked = dict(there.asked)["/fhir/DocumentReference"]
    assert asked == {"patient.identifier": [f"urn:oid:{PATIENT.root}|{PATIENT.extension}"],
                     "type": [f"http://loinc.org|{PS}"], "status": ["current"]}  # fmt: skip


def test_a_server_that_passes_over_what_it_is_asked_finds_nobody_else(
    there, record, summary, caplog
):
    """It answers every search with everything it has."""
    nobody = {"resourceType": "Patient", "id": "p2"}
    there.found = {"Patient": [{**record.patient, "id": "p1"}, nobody], "Bundle": [summary],
                   "DocumentReference": [reference("d", "Bundle/ps")]}  # fmt: skip
    server = FhirServer(there.base, bounds=QUICK)
    assert server.find(Traits(ids=(OTHER,))) == []
    assert server.documents(OTHER, PS) == []
    assert "another patient's" in caplog.text


def test_imaging_studies_of_the_patient_are_passed_on(there, record):
    own, other = ({"resourceType": "ImagingStudy", "id": n, "subject": {"reference": reference}}
                  for n, reference in (("s1", f"{there.base}/Patient/p1/_history/3"),
                                       ("s2", "Patient/p2")))  # fmt: skip
    there.found = {"Patient": [{**record.patient, "id": "p1"}], "ImagingStudy": [own, other]}
    server = FhirServer(there.base, bounds=QUICK)
    assert [one["id"] for one in server.studies(PATIENT)] == ["s1"]
    assert server.studies(OTHER) == []
