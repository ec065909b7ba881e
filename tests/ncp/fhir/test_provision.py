"""A dispensation that is reported over FHIR is the one that ITI-41 would have reported."""

from __future__ import annotations

import base64
import datetime as dt
from decimal import Decimal

import orjson
import pytest

from ips.prescription.dispense import Product, Supply, dispense
from ips.summary.output import to_json
from ncp.audit.journal import Filter, entries
from ncp.fhir.xml import to_xml
from ncp.model import Operation
from ncp.store.prescriptions import State, states
from tests.ncp.fhir.asking import codes, matches, on_both, pushed
from tests.ncp.service.asking import EP, MRSA, ask, dispensation
from tests.ncp.service.asking import codes as soap_codes


@pytest.fixture
def prescription(pharmacist, samples):
    """Fetch the prescription over FHIR, as a pharmacy does before it dispenses."""
    (reference,) = matches(pharmacist.documents(MRSA, type="57833-6").json())
    bundle = pharmacist.get(reference["content"][0]["attachment"]["url"], MRSA).json()
    unique = samples.documents(MRSA, EP)[0].unique_id
    return unique, samples.content(unique), bundle


def state(pipeline, unique):
    with pipeline.point.store.connect() as connection:
        return states(connection, [unique]).get(unique)


def transaction(*entries, kind="transaction"):
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def entry(resource, method="POST", url="DocumentReference", **more):
    return {"resource": resource, "request": {"method": method, "url": url}, **more}


@on_both
def test_a_dispensation_uses_up_the_prescription(pharmacist, norway, prescription):
    unique, cda, _ = prescription
    answer = pharmacist.send(
        "POST", "/DocumentReference", pushed(dispensation(cda, "f1", quantity="1"), MRSA), MRSA
    )
    assert answer.status_code == 201, answer.text
    assert state(norway, unique) is not State.AVAILABLE
    made = pharmacist.get(answer.headers["location"], MRSA)
    assert made.json()["status"] == "current"
    with norway.point.store.connect() as connection:
        last = list(entries(connection, Filter()))[-2].transaction
    assert (last.operation, last.transport, last.patients) == (Operation.DISPENSE, "FHIR", (MRSA,))


@on_both
def test_the_same_dispensation_is_not_taken_twice_over_either_way(
    pharmacist, pharmacy, norway, prescription
):
    _, cda, _ = prescription
    given = dispensation(cda, "twice")
    first = pharmacist.send("POST", "/DocumentReference", pushed(given, MRSA), MRSA)
    assert first.status_code == 201
    again = pharmacist.send("POST", "/DocumentReference", pushed(given, MRSA), MRSA)
    assert (again.status_code, codes(again)) == (409, ["4106"])
    over_soap = ask(norway, pharmacy.submit(MRSA, given))
    assert soap_codes(over_soap) == ["4106"]


@on_both
def test_a_dispensation_is_taken_back_by_its_reference(pharmacist, norway, prescription):
    unique, cda, _ = prescription
    first = pharmacist.send(
        "POST", "/DocumentReference", pushed(dispensation(cda, "back"), MRSA), MRSA
    )
    where = "/" + first.headers["location"].split("/fhir/")[1]
    wrong = {**first.json(), "status": "entered-in-error"}
    answer = pharmacist.send("PUT", where, wrong, MRSA)
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "entered-in-error"
    assert state(norway, unique) is State.AVAILABLE
    again = pharmacist.send("PUT", where, wrong, MRSA)
    assert (again.status_code, codes(again)) == (409, ["ERROR_ED_DISCARD_FAILED"])
    changed = pharmacist.send("PUT", where, first.json(), MRSA)
    assert changed.status_code == 409


def test_what_soap_has_reported_is_discarded_over_fhir(pharmacist, pharmacy, norway, prescription):
    unique, cda, _ = prescription
    given = dispensation(cda, "mixed")
    assert not ask(norway, pharmacy.submit(MRSA, given)).refusals
    assert state(norway, unique) is not State.AVAILABLE
    answer = pharmacist.send(
        "POST", "/DocumentReference", pushed(given, MRSA, kind="DISCARD-60593-1"), MRSA
    )
    assert answer.status_code == 201, answer.text
    assert state(norway, unique) is State.AVAILABLE


def test_a_fhir_dispensation_is_taken_as_well(pharmacist, norway, prescription):
    unique, _, bundle = prescription
    given = dispense(
        bundle,
        Product("Prednisolon Tab 5 mg"),
        Supply(Decimal(1), dt.datetime.now(dt.UTC), "Apoteket", "SE"),
    ).bundle
    given = orjson.loads(to_json(given))
    content = entry(given, url="Bundle", fullUrl="urn:uuid:0b6f1f6e-7d0e-4d0a-8a4d-3e9d3d0f1a11")
    reference = pushed(b"", MRSA)
    reference["content"] = [{"attachment": {"contentType": "application/fhir+json",
                                            "url": content["fullUrl"]}}]  # fmt: skip
    answer = pharmacist.send("POST", "", transaction(content, entry(reference)), MRSA)
    assert answer.status_code == 200, answer.text
    statuses = [e["response"]["status"] for e in answer.json()["entry"]]
    assert statuses == ["201 Created", "201 Created"]
    assert state(norway, unique) is not State.AVAILABLE


@on_both
def test_a_transaction_is_all_or_nothing(pharmacist, norway, prescription):
    unique, cda, _ = prescription
    good, bad = dispensation(cda, "good"), dispensation(cda, "bad", quantity="999")
    answer = pharmacist.send(
        "POST", "", transaction(entry(pushed(good, MRSA)), entry(pushed(bad, MRSA))), MRSA
    )
    assert (answer.status_code, codes(answer)) == (409, ["4106"])
    assert state(norway, unique) in (None, State.AVAILABLE)
    alone = pharmacist.send("POST", "/DocumentReference", pushed(good, MRSA), MRSA)
    assert alone.status_code == 201


def test_a_transaction_may_take_back_and_report_anew(pharmacist, norway, prescription):
    unique, cda, _ = prescription
    first = pharmacist.send("POST", "/DocumentReference",
                            pushed(dispensation(cda, "old"), MRSA), MRSA).json()  # fmt: skip
    wrong = {**first, "status": "entered-in-error"}
    answer = pharmacist.send("POST", "", transaction(
        entry(wrong, "PUT", f"DocumentReference/{first['id']}"),
        entry(pushed(dispensation(cda, "new"), MRSA))), MRSA)  # fmt: skip
    assert answer.status_code == 200, answer.text
    assert [e["response"]["status"] for e in answer.json()["entry"]] == ["200 OK", "201 Created"]
    assert state(norway, unique) is not State.AVAILABLE


def test_content_that_nothing_refers_to_is_not_lost_without_a_word(
    pharmacist, norway, prescription
):
    loose = entry(
        {"resourceType": "Binary", "contentType": "application/pdf", "data": "YQ=="},
        url="Binary",
        fullUrl="urn:uuid:0b6f1f6e-7d0e-4d0a-8a4d-3e9d3d0f1a12",
    )
    assert pharmacist.send("POST", "", transaction(loose), MRSA).status_code == 422
    batch = pharmacist.send("POST", "", transaction(loose, kind="batch"), MRSA)
    assert batch.json()["entry"][0]["response"]["status"] == "422"
    with norway.point.store.connect() as connection:
        last = list(entries(connection, Filter()))[-1].transaction
    assert not last.done, "the log calls a refusal a success"
    assert "no DocumentReference refers" in last.error


@on_both
def test_of_a_batch_each_entry_stands_alone(pharmacist, norway, prescription):
    unique, cda, _ = prescription
    good, bad = dispensation(cda, "good"), dispensation(cda, "bad", quantity="999")
    answer = pharmacist.send(
        "POST",
        "",
        transaction(
            entry(pushed(bad, MRSA)),
            entry(pushed(good, MRSA)),
            entry({"resourceType": "Patient"}),
            kind="batch",
        ),
        MRSA,
    )
    statuses = [e["response"]["status"].split()[0] for e in answer.json()["entry"]]
    assert statuses == ["422", "201", "422"]
    assert answer.json()["type"] == "batch-response"
    assert state(norway, unique) is not State.AVAILABLE


def test_what_was_not_retrieved_is_not_dispensed(pharmacist, samples):
    cda = samples.content(samples.documents(MRSA, EP)[0].unique_id)
    answer = pharmacist.send(
        "POST", "/DocumentReference", pushed(dispensation(cda, "early"), MRSA), MRSA
    )
    assert (answer.status_code, codes(answer)) == (422, ["ERROR_ED_GENERIC"])


def test_a_doctor_may_not_dispense(doctor, norway):
    answer = doctor.send("POST", "/DocumentReference", pushed(b"<x/>", MRSA), MRSA)
    assert (answer.status_code, codes(answer)[:1]) == (403, ["4703"])


@pytest.mark.parametrize(("change", "status"), [
    ({"type": {"coding": [{"code": "60591-5"}]}}, 422), ({"subject": {}}, 422),
    ({"content": []}, 422), ({"content": [{"attachment": {"contentType": "application/xml",
                                                          "data": "no base64!"}}]}, 422),
    ({"content": [{"attachment": {"contentType": "image/gif", "data": "YQ=="}}]}, 415),
    ({"content": [{"attachment": {"contentType": "application/fhir+json",
                                  "data": base64.b64encode(b"{}").decode()}}]}, 422),
    ({"content": [{"attachment": {"contentType": "application/xml", "data": "PGE+"}}]}, 422),
    ({"resourceType": "Patient"}, 422), ({"type": "x"}, 422), ({"subject": "x"}, 422),
    ({"content": "x"}, 422), ({"content": [7]}, 422),
])  # fmt: skip
def test_what_is_wrong_with_a_reference_is_told(pharmacist, change, status):
    answer = pharmacist.send(
        "POST", "/DocumentReference", {**pushed(b"<x/>", MRSA), **change}, MRSA
    )
    assert answer.status_code == status, answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b"null", b'{"resourceType": 7}', b'{"resourceType": "Bundle"}',
    b'{"resourceType": "Bundle", "type": "transaction", "entry": 7}',
    b'{"resourceType": "Bundle", "type": "transaction", "entry": [7]}',
    b'{"resourceType": "Bundle", "type": "batch", "entry": [{"resource": []}]}',
    b"\xff\xfe", b'{"a":' * 5000,
])  # fmt: skip
def test_a_broken_bundle_is_refused(pharmacist, body):
    headers = {**pharmacist.headers(MRSA), "Content-Type": "application/fhir+json"}
    answer = pharmacist.client.post("/fhir", content=body, headers=headers)
    assert answer.status_code in (200, 400, 422)
    if answer.status_code == 200:
        assert answer.json()["entry"][0]["response"]["status"] == "422"


def test_xml_comes_in_and_other_forms_do_not(pharmacist, prescription):
    _, cda, _ = prescription
    body = to_xml(pushed(dispensation(cda, "xml"), MRSA))
    headers = {**pharmacist.headers(MRSA), "Content-Type": "application/fhir+xml"}
    answer = pharmacist.client.post("/fhir/DocumentReference", content=body, headers=headers)
    assert answer.status_code == 201, answer.text
    headers["Content-Type"] = "text/plain"
    assert pharmacist.client.post("/fhir", content=body, headers=headers).status_code == 415
    headers["Content-Type"] = "application/fhir+xml"
    for hostile in (b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", b"<Bundle", b"<a/>"):
        answer = pharmacist.client.post("/fhir", content=hostile, headers=headers)
        assert answer.status_code == 400


def test_a_huge_body_is_refused(pharmacist):
    headers = {**pharmacist.headers(MRSA), "Content-Type": "application/fhir+json"}
    answer = pharmacist.client.post("/fhir", content=b" " * (16 * 2**20 + 1), headers=headers)
    assert answer.status_code == 413
    assert orjson.loads(answer.content)["issue"][0]["code"] == "too-long"
