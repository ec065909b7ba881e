"""Whatever comes in is answered, and never with an error of ours."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ncp.fhir.asking import on_both, pushed, system
from tests.ncp.fhir.test_ehr import publish, published
from tests.ncp.service.asking import MRSA, WORKER

NAMES = ("identifier", "name", "birthdate", "gender", "_elements", "_format", "type", "date",
         "contenttype", "category", "patient", "patient.identifier", "status", "_id")  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
quick = settings(max_examples=60, deadline=None,
                 suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip


@quick
@given(kind=st.sampled_from(("Patient", "DocumentReference")),
       more=st.lists(st.tuples(st.sampled_from(NAMES), TEXT), max_size=4))  # fmt: skip
def test_any_parameters_are_answered(doctor, kind, more):
    name = "identifier" if kind == "Patient" else "patient.identifier"
    answer = doctor.get(kind, WORKER, [(name, system(WORKER)), *more])
    assert answer.status_code in (200, 400, 401, 403, 406), answer.text


@quick
@given(path=TEXT, accept=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30))
def test_any_path_and_any_accept_are_answered(doctor, path, accept):
    answer = doctor.client.get("/fhir/Bundle/" + quote(path, safe=""),
                               headers={**doctor.headers(WORKER), "Accept": accept})  # fmt: skip
    assert answer.status_code in (200, 400, 404, 405, 406), answer.text


@quick
@given(body=st.binary(max_size=60) | TEXT.map(str.encode))
def test_any_body_is_answered(pharmacist, body):
    headers = {**pharmacist.headers(WORKER), "Content-Type": "application/fhir+json"}
    answer = pharmacist.client.post("/fhir", content=body, headers=headers)
    assert answer.status_code in (400, 422), answer.text


@pytest.mark.parametrize(("media", "body", "told"), [
    ("json", b'{"resourceType": "Bundle", "total": ' + b"7" * 5000 + b"}", "too many digits"),
    ("xml", b'<Bundle xmlns="http://hl7.org/fhir">' + b"<entry>" * 300, "nested too deep"),
], ids=["number", "depth"])  # fmt: skip
def test_a_bound_of_a_library_is_told_in_our_words(pharmacist, media, body, told):
    headers = {**pharmacist.headers(WORKER), "Content-Type": f"application/fhir+{media}"}
    answer = pharmacist.client.post("/fhir", content=body, headers=headers)
    assert answer.status_code == 400
    assert told in answer.text
    assert "sys." not in answer.text
    assert "XML_PARSE" not in answer.text


@on_both
def test_what_no_database_can_keep_is_not_asked_of_it(doctor, pharmacist, ehr):
    """A zero byte is no text for PostgreSQL, and its columns have an end."""
    number = f"urn:oid:{WORKER.root}|{WORKER.extension}"
    for value in ("\x00", "x" * 900, "%00"):
        assert doctor.get("Bundle/" + quote(value, safe=""), WORKER).status_code == 404
        assert doctor.get("Patient/" + quote(value, safe="")).status_code == 404
        for name in ("_id", "patient", "identifier", "type"):
            asked = {"patient.identifier": number, name: value}
            assert doctor.get("DocumentReference", WORKER, asked).status_code in (200, 400), name
        for asked in ({"_id": value}, {"identifier": f"urn:oid:1.2.3|{value}"},
                      {"identifier": f"urn:oid:{'1.' * 140}1|{value}"}):  # fmt: skip
            assert doctor.get("Patient", None, asked).status_code in (200, 400), asked
        gone = {**pushed(b"", WORKER), "id": "x", "status": "entered-in-error"}
        answer = pharmacist.send("PUT", f"/DocumentReference/{quote(value)}", gone, WORKER)
        assert answer.status_code in (400, 404, 422), answer.text


@on_both
@pytest.mark.parametrize("value", ["\x00", "x" * 900], ids=["zero", "long"])
def test_an_identifier_that_cannot_be_kept_is_refused(ehr, value):
    named = {"system": "urn:oid:2.16.578.1", "value": value}
    reference = published({}, MRSA, type={"coding": [{"code": "11502-2"}]}, masterIdentifier=named)
    reference["content"][0]["attachment"] = {"contentType": "application/pdf", "data": "YQ=="}
    answer = publish(ehr, reference)
    assert answer.status_code == 422, answer.text
    assert "masterIdentifier" in answer.json()["issue"][0]["expression"][0]
