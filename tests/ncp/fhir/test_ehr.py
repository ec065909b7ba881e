"""EHR systems of the own country over ``/ehr`` (EU Health Data API 1.0.0-ballot, SMART)."""

from __future__ import annotations

import base64
import uuid

import jwt
import orjson
import pytest

from ips.conformance.engine import check_bundle
from ncp.audit import Event
from ncp.audit.journal import Filter, entries
from ncp.model import Operation, PatientId
from tests.ncp.fhir.asking import BASE, LOINC, Ehr, codes, matches, now, on_both, system
from tests.ncp.service.asking import FNR, MRSA, WORKER

SEARCH, PATIENTS, READ = ("system/DocumentReference.rs", "system/Patient.rs",
                          "system/Bundle.r system/Binary.r")  # fmt: skip
PUBLISH = "system/DocumentReference.cu"


def published(document, patient, **more):
    return {
        "resourceType": "DocumentReference", "status": "current",
        "type": {"coding": [{"system": LOINC, "code": "60591-5"}]},
        "subject": {"identifier": {"system": f"urn:oid:{patient.root}",
                                   "value": patient.extension}},
        "content": [{"attachment": {"contentType": "application/fhir+json", "data":
                                    base64.b64encode(orjson.dumps(document)).decode()}}],
        **more,
    }  # fmt: skip


def publish(ehr, reference):
    return ehr.client.post("/ehr/DocumentReference", json=reference,
                           headers={**ehr.headers(PUBLISH),
                                    "Content-Type": "application/fhir+json"})  # fmt: skip


@pytest.fixture
def summary(ehr):
    """A European patient summary as a document of its own."""
    found = ehr.get("DocumentReference", SEARCH, {"patient.identifier": system(WORKER),
                                                  "type": "60591-5"})  # fmt: skip
    url = matches(found.json())[0]["content"][0]["attachment"]["url"]
    document = ehr.get(url, READ).json()
    document.pop("id")
    return {**document, "identifier": {"system": "urn:ietf:rfc:3986",
                                       "value": f"urn:uuid:{uuid.uuid4()}"}}  # fmt: skip


def test_the_way_in_is_told(ehr):
    said = ehr.client.get("/ehr/.well-known/smart-configuration").json()
    assert said["token_endpoint"] == f"{BASE}/ehr/auth/token"
    assert said["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert set(said["token_endpoint_auth_signing_alg_values_supported"]) == {"RS384", "ES384"}
    assert SEARCH in said["scopes_supported"]
    statement = ehr.client.get("/ehr/metadata").json()
    assert check_bundle(statement).extra["valid"]


def test_a_token_is_given_for_what_is_registered(ehr):
    answer = ehr.ask_token(f"{SEARCH} {PATIENTS}")
    assert answer.status_code == 200
    said = answer.json()
    assert (said["token_type"], said["expires_in"] <= 300) == ("bearer", True)
    assert said["scope"] == f"{SEARCH} {PATIENTS}"
    assert answer.headers["cache-control"] == "no-store"
    refused = ehr.ask_token("system/Observation.rs")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")


@on_both
def test_an_assertion_is_good_once(ehr):
    assertion = ehr.assertion()
    assert ehr.ask_token(SEARCH, assertion).status_code == 200
    again = ehr.ask_token(SEARCH, assertion)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("wrong", [
    {"aud": "https://other.example/token"}, {"aud": f"{BASE}/ehr"},
    {"aud": f"{BASE}/ehr/auth/token/"}, {"aud": [f"{BASE}/ehr/auth/token", "x"]},
    {"iss": "somebody"}, {"sub": "somebody"}, {"exp": 1}, {"exp": 4_000_000_000}, {"exp": "x"},
    {"nbf": 4_000_000_000},
])  # fmt: skip
def test_an_assertion_that_is_not_exact_is_refused(ehr, wrong):
    answer = ehr.ask_token(SEARCH, ehr.assertion(**wrong))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_naming_another_host_does_not_make_its_assertions_good(ehr):
    assertion = ehr.assertion(aud="http://other.example/ehr/auth/token")
    form = {
        "grant_type": "client_credentials",
        "scope": SEARCH,
        "client_assertion": assertion,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }
    answer = ehr.client.post("/ehr/auth/token", data=form, headers={"Host": "other.example"})
    assert answer.status_code == 401


def test_other_keys_and_algorithms_are_refused(ehr, tmp_path):
    from cryptography.hazmat.primitives.asymmetric import ec

    stranger = Ehr.__new__(Ehr)
    stranger.client, stranger.id = ehr.client, ehr.id
    stranger.key = ec.generate_private_key(ec.SECP384R1())
    assert stranger.ask_token(SEARCH).status_code == 401
    claims = jwt.decode(ehr.assertion(), options={"verify_signature": False})
    for token in (jwt.encode(claims, None, "none"), jwt.encode(claims, "k" * 64, "HS384"), "x", ""):
        assert ehr.ask_token(SEARCH, token or "a.b.c").status_code == 401
    assert ehr.client.post("/ehr/auth/token", json={}).json()["error"] == "invalid_request"
    wrong = ehr.ask_token(SEARCH, grant_type="password")
    assert wrong.json()["error"] == "unsupported_grant_type"


def test_documents_are_found_and_read_within_the_scopes(ehr, norway):
    found = ehr.get("Patient", PATIENTS, {"identifier": system(WORKER)})
    patient = matches(found.json())[0]
    assert patient["address"]
    listed = ehr.get("DocumentReference", SEARCH,
                     {"patient": f"Patient/{patient['id']}", "type": f"{LOINC}|60591-5",
                      "status": "current"})  # fmt: skip
    (reference,) = matches(listed.json())
    assert {"subject", "date", "custodian"} <= reference.keys()
    url = reference["content"][0]["attachment"]["url"]
    assert url.startswith(f"{BASE}/ehr/Bundle/")
    assert ehr.get(url, READ).json()["type"] == "document"
    assert ehr.get(url, PATIENTS).status_code == 403
    assert ehr.get("Patient", SEARCH, {"identifier": system(WORKER)}).status_code == 403
    assert ehr.client.get("/ehr/Patient").status_code == 401
    with norway.point.store.connect() as connection:
        done = [e.transaction for e in entries(connection, Filter())]
    assert [t.operation for t in done[:3]] == [Operation.IDENTIFY, Operation.PS_LIST,
                                               Operation.PS_RETRIEVE]  # fmt: skip
    assert {t.consumer.name for t in done if t.done} == {"ehr-one"}
    assert not done[3].done


def test_reservations_hold_for_ehr_systems_too(ehr):
    answer = ehr.get("Patient", PATIENTS, {"identifier": system(PatientId(FNR, "28917101193"))})
    assert (answer.status_code, codes(answer)) == (403, ["WARNING_PI_NO_CONSENT"])


def match(ehr, patient, **more):
    body = {"resourceType": "Parameters", "parameter": [
        {"name": "resource", "resource": {"resourceType": "Patient", "identifier": [
            {"system": f"urn:oid:{patient.root}", "value": patient.extension}], **more}},
        {"name": "onlyCertainMatches", "valueBoolean": True}]}  # fmt: skip
    return ehr.client.post("/ehr/Patient/$match", json=body,
                           headers={**ehr.headers(PATIENTS),
                                    "Content-Type": "application/fhir+json"})  # fmt: skip


def test_only_certain_matches_are_returned(ehr):
    answer = match(ehr, WORKER, name=[{"family": "Parasol"}])
    (entry,) = answer.json()["entry"]
    assert entry["search"]["extension"][0]["valueCode"] == "certain"
    assert check_bundle(answer.json()).extra["valid"]
    assert match(ehr, WORKER, name=[{"family": "Other"}]).json()["total"] == 0
    headers = {**ehr.headers(PATIENTS), "Content-Type": "application/fhir+json"}
    for body in (
        {"resourceType": "Parameters"},
        {"resourceType": "Patient"},
        {
            "resourceType": "Parameters",
            "parameter": [{"name": "onlyCertainMatches", "valueBoolean": False}],
        },
    ):
        answer = ehr.client.post("/ehr/Patient/$match", json=body, headers=headers)
        assert answer.status_code == 422


@on_both
def test_a_document_is_published_found_read_and_withdrawn(ehr, norway, summary):
    made = publish(ehr, published(summary, WORKER))
    assert made.status_code == 201, made.text
    where = made.headers["location"]
    assert where == f"{BASE}/ehr/DocumentReference/{made.json()['id']}"
    assert "data" not in made.json()["content"][0]["attachment"]
    assert check_bundle(made.json()).extra["valid"]
    query = {"patient.identifier": system(WORKER), "type": "60591-5"}
    found = matches(ehr.get("DocumentReference", SEARCH, query).json())
    assert made.json()["id"] in {r["id"] for r in found}
    url = made.json()["content"][0]["attachment"]["url"]
    read = ehr.get(url, READ).json()
    assert read["identifier"] == summary["identifier"]
    assert read["entry"] == summary["entry"]
    again = publish(ehr, published(summary, WORKER))
    assert again.status_code == 409
    headers = {**ehr.headers(PUBLISH), "Content-Type": "application/fhir+json"}
    gone = ehr.client.put(
        where.removeprefix(BASE),
        headers=headers,
        json={**made.json(), "status": "entered-in-error"},
    )
    assert gone.status_code == 200, gone.text
    assert ehr.get(url, READ).status_code == 410
    found = matches(ehr.get("DocumentReference", SEARCH, query).json())
    assert made.json()["id"] not in {r["id"] for r in found}
    with norway.point.store.connect() as connection:
        done = [e.transaction for e in entries(connection, Filter())]
    assert Event.PUBLICATION in [t.operation for t in done if t.done]


@on_both
def test_a_new_version_supersedes_the_old_one(ehr, summary):
    old = publish(ehr, published(summary, WORKER)).json()
    newer = {
        **summary,
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{uuid.uuid4()}"},
    }
    made = publish(
        ehr,
        published(
            newer,
            WORKER,
            relatesTo=[
                {"code": "replaces", "target": {"reference": f"DocumentReference/{old['id']}"}}
            ],
        ),
    )
    assert made.status_code == 201, made.text
    read = ehr.get(f"DocumentReference/{old['id']}", SEARCH).json()
    assert read["status"] == "superseded"


def test_a_document_that_breaks_its_profile_is_not_kept(ehr, summary):
    del summary["entry"][0]["resource"]["title"]
    answer = publish(ehr, published(summary, WORKER))
    assert answer.status_code == 422
    assert any("title" in str(issue) for issue in answer.json()["issue"])
    query = {"patient.identifier": system(WORKER), "type": "60591-5"}
    assert len(matches(ehr.get("DocumentReference", SEARCH, query).json())) == 1


def test_a_pdf_is_kept_as_it_is(ehr):
    reference = published({}, MRSA, type={"coding": [{"system": LOINC, "code": "11502-2"}]})
    reference["content"][0]["attachment"] = {
        "contentType": "application/pdf",
        "data": base64.b64encode(b"%PDF-1.7 x").decode(),
    }
    made = publish(ehr, reference)
    assert made.status_code == 201, made.text
    url = made.json()["content"][0]["attachment"]["url"]
    plain = ehr.get(url, READ)
    assert (plain.headers["content-type"], plain.content) == ("application/pdf", b"%PDF-1.7 x")
    wrapped = ehr.get(url, READ, Accept="application/fhir+json").json()
    assert base64.b64decode(wrapped["data"]) == b"%PDF-1.7 x"


@pytest.mark.parametrize("change", [
    {"subject": {}}, {"subject": {"identifier": {"system": "urn:oid:1.2.3", "value": "1"}}},
    {"content": []}, {"type": {"text": "x"}}, {"status": "superseded"}, {"type": 7},
    {"content": [{"attachment": {"contentType": "text/html", "data": "YQ=="}}]},
    {"content": [{"attachment": {"contentType": "application/fhir+json", "data": "YQ=="}}]},
])  # fmt: skip
def test_what_is_not_publishable_is_told(ehr, change):
    answer = publish(ehr, {**published({}, WORKER), **change})
    assert answer.status_code == 422
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_an_expired_token_is_refused(norway, ehr, monkeypatch):
    import datetime as dt

    headers = ehr.headers(PATIENTS)
    later = now() + dt.timedelta(minutes=6)
    object.__setattr__(norway.point, "clock", lambda: later)
    answer = ehr.client.get("/ehr/Patient", params={"identifier": system(WORKER)}, headers=headers)
    assert answer.status_code == 401


def test_a_report_is_found_by_the_type_that_it_was_published_with(ehr):
    """An imaging report (85430-7) and a manifest (18748-4) are one kind of the exchange."""
    for number, kind in enumerate(("85430-7", "18748-4")):
        reference = published({}, MRSA, type={"coding": [{"system": LOINC, "code": kind}]})
        reference["masterIdentifier"] = {"system": "urn:ietf:rfc:3986",
                                         "value": f"urn:uuid:{uuid.uuid4()}"}  # fmt: skip
        reference["content"][0]["attachment"] = {
            "contentType": "application/pdf", "data": base64.b64encode(b"%PDF").decode(),
            "title": str(number), "creation": "2026-05"}  # fmt: skip
        assert publish(ehr, reference).status_code == 201
    for kind, found in (("85430-7", ["0"]), (f"{LOINC}|18748-4", ["1"]),
                        ("85430-7,18748-4", ["0", "1"])):  # fmt: skip
        query = {"patient.identifier": system(MRSA), "type": kind}
        shown = matches(ehr.get("DocumentReference", SEARCH, query).json())
        assert sorted(r["content"][0]["attachment"]["title"] for r in shown) == found
    for creation, found in (("2026", 2), ("ge2026-06", 0), ("2026-05", 2), ("lt2026-05-02", 2)):
        query = {"patient.identifier": system(MRSA), "type": "85430-7,18748-4",
                 "creation": creation}  # fmt: skip
        assert len(matches(ehr.get("DocumentReference", SEARCH, query).json())) == found


HALF = "\ud800"


def test_half_of_a_surrogate_pair_is_refused_and_not_stumbled_over(ehr, summary):
    """JSON can write it, no answer and no database can carry it (RFC 8259 8.2)."""
    for name in (HALF, "a\x00b"):
        answer = ehr.ask_token(SEARCH, ehr.assertion(jti=name))
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    told = orjson.dumps(published(summary, WORKER, description="HALF"))
    answer = ehr.client.post(
        "/ehr/DocumentReference", content=told.replace(b"HALF", b"\\ud800"),
        headers={**ehr.headers(PUBLISH), "Content-Type": "application/fhir+json"},
    )  # fmt: skip
    assert answer.status_code == 400
    assert "surrogate" in answer.json()["issue"][0]["details"]["text"]
    inside = orjson.dumps({**summary, "language": "HALF"}).replace(b"HALF", b"\\ud800")
    reference = published(summary, WORKER)
    reference["content"][0]["attachment"]["data"] = base64.b64encode(inside).decode()
    assert publish(ehr, reference).status_code == 422


@pytest.mark.parametrize("media", ["application/pdf", "image/png", "image/jpeg"])
def test_a_file_is_what_it_is_called(ehr, summary, media):
    reference = published(summary, WORKER)
    reference["content"][0]["attachment"] = {
        "contentType": media, "data": base64.b64encode(b"<html><script>").decode()}  # fmt: skip
    answer = publish(ehr, reference)
    assert answer.status_code == 422
    assert answer.json()["issue"][0]["details"]["text"] == f"the document is no {media}"
