"""The bearer token between contact points: who is let in, and who is not."""

from __future__ import annotations

import base64
import datetime as dt

import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ncp.audit import Event
from ncp.audit.journal import Filter, entries
from ncp.fhir import Settings
from ncp.fhir.token import make
from ncp.trust import certs
from tests.ncp.fhir.asking import B, now, system, web
from tests.ncp.service.asking import WORKER

SECRET = b"s" * 64


def get(client, authorization=None, **headers):
    headers |= {"Authorization": authorization} if authorization is not None else {}
    return client.get("/fhir/Patient", params={"identifier": system(WORKER)}, headers=headers)


def claims(doctor, patient=None, **more):
    hcp = doctor.country.assertions(patient)[0]
    ends = int(now().timestamp()) + 300
    return {"HCP": base64.b64encode(hcp).decode(), "exp": ends, **more}


def test_without_token_nobody_is_let_in_and_it_is_recorded(doctor, norway):
    answer = get(doctor.client)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    with norway.point.store.connect() as connection:
        last = list(entries(connection, Filter()))[-1].transaction
    assert (last.operation, last.done) == (Event.COMMUNICATION_FAILURE, False)


def test_a_shared_secret_is_taken_where_it_is_agreed(norway, sweden):
    doctor = B(sweden, web(norway, Settings(secret=SECRET)))
    token = jwt.encode(claims(doctor), SECRET, "HS512")
    assert get(doctor.client, f"Bearer {token}").status_code == 200
    wrong = jwt.encode(claims(doctor), b"t" * 64, "HS512")
    assert get(doctor.client, f"Bearer {wrong}").status_code == 401
    assert get(web(norway), f"Bearer {token}").status_code == 401


def test_a_public_key_is_never_a_shared_secret(norway, sweden):
    doctor = B(sweden, web(norway, Settings(secret=SECRET)))
    public = sweden.certificates.seal.certificate_file.read_bytes()
    head = {"x5c": [base64.b64encode(public).decode()]}
    parts = [
        base64.urlsafe_b64encode(p).rstrip(b"=")
        for p in (b'{"alg":"HS512","typ":"JWT"}', jwt.utils.force_bytes(str(claims(doctor))))
    ]
    import hashlib
    import hmac

    signed = hmac.new(public, b".".join(parts), hashlib.sha512).digest()
    token = b".".join([*parts, base64.urlsafe_b64encode(signed).rstrip(b"=")]).decode()
    assert get(doctor.client, f"Bearer {token}").status_code == 401
    none = jwt.encode(claims(doctor), None, "none", headers=head)
    assert get(doctor.client, f"Bearer {none}").status_code == 401


def test_the_certificate_of_a_token_must_be_trusted(doctor, tmp_path):
    stranger = certs.make(tmp_path / "SE", "SE", now=now())
    token = make(doctor.country.assertions(None), stranger.seal, now=now())
    assert get(doctor.client, f"Bearer {token}").status_code == 401


def test_the_assertion_in_a_good_token_is_verified_too(doctor, tmp_path):
    stranger = certs.make(tmp_path / "SE", "SE", now=now())
    from ncp.trust import issue

    forged = issue.hcp(doctor.country.professional, stranger.seal, now=now())
    token = make([forged], doctor.country.certificates.seal, now=now())
    answer = get(doctor.client, f"Bearer {token}")
    assert answer.status_code == 401
    assert "ERROR_SEC_DATA_INTEGRITY_NOT_ENSURED" in answer.text


@pytest.mark.parametrize(("begins", "valid"), [
    (-3600, 300), (3600, 300), (0, 6 * 3600),
])  # fmt: skip
def test_a_token_out_of_its_time_is_refused(doctor, begins, valid):
    token = make(
        doctor.country.assertions(None),
        doctor.country.certificates.seal,
        now=now() + dt.timedelta(seconds=begins),
        valid=dt.timedelta(seconds=valid),
    )
    assert get(doctor.client, f"Bearer {token}").status_code == 401


def test_a_token_for_another_server_is_refused_whatever_host_is_named(doctor):
    token = make(
        doctor.country.assertions(None),
        doctor.country.certificates.seal,
        now=now(),
        audience="https://other.example/fhir",
    )
    for headers in ({}, {"Host": "other.example"}):
        assert get(doctor.client, f"Bearer {token}", **headers).status_code == 401


def test_a_request_for_another_country_is_refused(doctor):
    answer = get(doctor.client, f"Bearer {doctor.token(None)}", CountryCode="DK")
    assert answer.status_code == 400


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=80))
def test_whatever_stands_in_the_header_is_an_answer(doctor, text):
    for header in (f"Bearer {text}", text, f"Bearer a.{text}.b"):
        answer = get(doctor.client, header)
        assert answer.status_code == 401
        assert answer.json()["resourceType"] == "OperationOutcome"


def test_claims_that_hold_no_assertion_are_refused(doctor):
    for value in ("", "%%%", base64.b64encode(b"<a/>").decode(), 7, ["x"]):
        certificate = doctor.country.certificates.seal
        good = make([], certificate, now=now())
        head = jwt.get_unverified_header(good)
        token = jwt.encode(
            {**jwt.decode(good, options={"verify_signature": False}), "HCP": value},
            certificate.key,
            "RS256",
            headers={"x5c": head["x5c"]},
        )
        assert get(doctor.client, f"Bearer {token}").status_code == 401
