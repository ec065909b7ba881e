"""A country B and an EHR system for tests, over the interfaces of a contact point."""

from __future__ import annotations

import base64
import datetime as dt
import uuid
import warnings
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from starlette.applications import Starlette

from ncp.fhir import Settings, routes
from ncp.fhir.token import make
from ncp.service.pipeline import Pipeline
from tests.ncp.service.asking import CountryB

with warnings.catch_warnings():  # the client of today's httpx is announced to go
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

BASE = "http://localhost"
on_both = pytest.mark.parametrize("norway", ["sqlite", "postgresql"], indirect=True)
"""What is kept is kept in the same way on both databases."""
LOINC = "http://loinc.org"


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def web(pipeline: Pipeline, settings: Settings | None = None) -> TestClient:
    app = Starlette(routes=routes(pipeline.point, settings))
    return TestClient(app, base_url=BASE, raise_server_exceptions=False)


class B:
    """Country B that asks over FHIR."""

    def __init__(self, country: CountryB, client: TestClient) -> None:
        self.country, self.client = country, client

    def token(self, patient, **more: Any) -> str:
        assertions = self.country.assertions(patient)
        return make(assertions, self.country.certificates.seal, now=now(),
                    audience=BASE + "/fhir", **more)  # fmt: skip

    def headers(self, patient=None, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(patient)}", "CountryCode": "NO", **more}

    def get(self, url: str, patient=None, params=None, **headers: str):
        return self.client.get(url.removeprefix(BASE) if url.startswith(BASE) else "/fhir/" + url,
                               params=params, headers=self.headers(patient, **headers))  # fmt: skip

    def patients(self, patient, **params: str):
        return self.get("Patient", None, {"identifier": system(patient), **params})

    def documents(self, patient, treated=None, **params: str):
        return self.get("DocumentReference", treated or patient,
                        {"patient.identifier": system(patient), **params})  # fmt: skip

    def send(self, method: str, path: str, body: Any, patient, **headers: str):
        headers = self.headers(patient, **{"Content-Type": "application/fhir+json", **headers})
        return self.client.request(method, "/fhir" + path, json=body, headers=headers)


def system(patient) -> str:
    return f"urn:oid:{patient.root}|{patient.extension}"


def matches(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    return [e["resource"] for e in bundle.get("entry", ()) if e["search"]["mode"] == "match"]


def codes(answer: Any) -> list[str]:
    """Return the codes of the exchange in an answer's OperationOutcome."""
    body = answer.json()
    found = [body] if body["resourceType"] == "OperationOutcome" else [
        e["resource"] for e in body.get("entry", ())
        if e.get("resource", {}).get("resourceType") == "OperationOutcome"]  # fmt: skip
    return [c["code"] for one in found for i in one["issue"]
            for c in i.get("details", {}).get("coding", ())]  # fmt: skip


def pushed(content: bytes, patient, *, media: str = "application/xml", kind: str = "60593-1",
           **more: Any) -> dict[str, Any]:  # fmt: skip
    """Return a DocumentReference with a dispensation in it."""
    return {
        "resourceType": "DocumentReference", "status": "current",
        "type": {"coding": [{"system": LOINC, "code": kind}]},
        "subject": {"identifier": {"system": f"urn:oid:{patient.root}",
                                   "value": patient.extension}},
        "date": "2026-11-22T12:00:00Z", "description": "eDispensation",
        "content": [{"attachment": {"contentType": media,
                                    "data": base64.b64encode(content).decode()}}],
        **more,
    }  # fmt: skip


class Ehr:
    """An EHR system with a registered key."""

    algorithm = "ES384"

    def __init__(self, client: TestClient, identity: str, key_file: Path) -> None:
        self.client, self.id = client, identity
        self.key = load_pem_private_key(key_file.read_bytes(), None)

    def assertion(self, **more: Any) -> str:
        claims = {"iss": self.id, "sub": self.id, "aud": BASE + "/ehr/auth/token",
                  "exp": int(now().timestamp()) + 240, "jti": uuid.uuid4().hex, **more}  # fmt: skip
        return jwt.encode(claims, self.key, self.algorithm, headers={"kid": f"{self.id}-1"})

    def ask_token(self, scope: str, assertion: str = "", **more: str):
        form = {"grant_type": "client_credentials", "scope": scope,
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": assertion or self.assertion(), **more}  # fmt: skip
        return self.client.post("/ehr/auth/token", data=form)

    def headers(self, scope: str) -> dict[str, str]:
        return {"Authorization": "Bearer " + self.ask_token(scope).json()["access_token"]}

    def get(self, path: str, scope: str, params=None, **headers: str):
        where = path.removeprefix(BASE) if path.startswith(BASE) else "/ehr/" + path
        return self.client.get(where, params=params, headers={**self.headers(scope), **headers})
