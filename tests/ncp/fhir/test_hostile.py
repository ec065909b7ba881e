"""Whatever comes in is answered, and never with an error of ours."""

from __future__ import annotations

from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ncp.fhir.asking import system
from tests.ncp.service.asking import WORKER

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
