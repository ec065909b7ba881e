"""SMART Backend Services: an EHR system proves who it is by a signed assertion and gets a token.

Source: SMART App Launch 2.2, backend-services and client-confidential-asymmetric; RFC 7523. The
assertion: RS384 or ES384, ``iss`` and ``sub`` the client, ``aud`` the token endpoint exactly,
valid for five minutes at most, and its ``jti`` never seen before.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import jwt
import orjson
from sqlalchemy import Column, Connection, String, Table, Text, delete, insert, select

from ncp.fhir.clients import SCOPES, Client
from ncp.fhir.negotiation import FORM
from ncp.fhir.settings import Settings
from ncp.fhir.token import LEEWAY, refused
from ncp.fhir.wire import Asked, Said
from ncp.service.point import Point
from ncp.store.replay import first_time
from ncp.store.tables import Moment, metadata

ALGORITHMS = ("RS384", "ES384")
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFETIME = dt.timedelta(minutes=5)
_LONGEST = dt.timedelta(minutes=5)
_LARGEST = 16 * 1024
_SHORTEST_RSA = 2048

smart_token = Table(
    "smart_token",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("client", String(255), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("ends", Moment, nullable=False),
)
"""Tokens that are good; only their SHA-256 is kept."""


@dataclass(frozen=True, slots=True)
class Known:
    """Who shows a good token, and what it is good for."""

    client: str
    scopes: frozenset[str]


class _WrongError(Exception):
    """An error of the token endpoint (RFC 6749 5.2): its code and what to say."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


def configuration(asked: Asked) -> Said:
    """Answer ``.well-known/smart-configuration``."""
    said = {
        "issuer": asked.base, "token_endpoint": f"{asked.base}/auth/token",
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "scopes_supported": list(SCOPES),
        "capabilities": ["client-confidential-asymmetric", "permission-v2"],
    }  # fmt: skip
    return _json(200, said)


class Tokens:
    """Gives tokens to registered EHR systems and knows them again.

    Args:
        point: the contact point whose store keeps them.
        settings: who is registered.
    """

    def __init__(self, point: Point, settings: Settings) -> None:
        self._point, self._clients = point, settings.clients

    def check(self, header: str) -> Known:
        """Return whose token an ``Authorization`` header shows.

        Raises:
            Declined: 401.
        """
        scheme, _, text = header.strip().partition(" ")
        if not header:
            raise refused("no token came with the request", challenge="Bearer")
        if scheme.lower() != "bearer" or not text.strip():
            raise refused("the header is not «Bearer <token>»")
        with self._point.store.connect() as connection:
            row = connection.execute(
                select(smart_token).where(smart_token.c.digest == _digest(text.strip()))
            ).first()
        if row is None or row.ends < self._point.clock():
            raise refused("the token is not known, or has expired")
        client = self._clients.get(row.client)
        if client is None:
            raise refused("the EHR system is no longer registered")
        return Known(row.client, frozenset(row.scopes.split()) & client.scopes)

    def give(self, asked: Asked) -> Said:
        """Answer ``POST auth/token``."""
        try:
            form = _form(asked)
            client = self._client(form, f"{asked.base}/auth/token")
            scopes = _scopes(form, client)
        except _WrongError as wrong:
            status = 401 if wrong.code == "invalid_client" else 400
            return _json(status, {"error": wrong.code, "error_description": wrong.text})
        token, now = secrets.token_urlsafe(32), self._point.clock()
        self._point.store.write(lambda connection: _keep(connection, token, client.id, scopes, now))
        seconds = int(LIFETIME.total_seconds())
        return _json(200, {"access_token": token, "token_type": "bearer", "expires_in": seconds,
                           "scope": scopes})  # fmt: skip

    def _client(self, form: Mapping[str, str], endpoint: str) -> Client:
        if form.get("grant_type") != "client_credentials":
            raise _WrongError("unsupported_grant_type", "grant_type is client_credentials")
        text = form.get("client_assertion", "")
        if form.get("client_assertion_type") != ASSERTION or not text or len(text) > _LARGEST:
            raise _WrongError("invalid_client", f"client_assertion of type {ASSERTION}")
        try:
            head = jwt.get_unverified_header(text)
            unproven = jwt.decode(text, options={"verify_signature": False})
            client = self._clients.get(str(unproven.get("iss")))
            if client is None or head.get("alg") not in ALGORITHMS or "crit" in head:
                raise _WrongError("invalid_client", "the client is not registered, or its "
                                  f"algorithm is not one of {', '.join(ALGORITHMS)}")  # fmt: skip
            claims = jwt.decode(
                text, _key(client, head), algorithms=[head["alg"]],
                options={"verify_aud": False, "verify_exp": False, "verify_iat": False,
                         "verify_nbf": False, "require": ["iss", "sub", "aud", "exp", "jti"]},
            )  # fmt: skip
        except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
            raise _WrongError(
                "invalid_client", f"the assertion is not valid: {type(error).__name__}"
            ) from None
        self._judge(client, claims, endpoint)
        return client

    def _judge(self, client: Client, claims: Mapping[str, Any], endpoint: str) -> None:
        now = self._point.clock()
        if claims["iss"] != client.id or claims["sub"] != client.id:
            raise _WrongError("invalid_client", "iss and sub are both the client id")
        # RFC 7519 4.1.7: a string; half of a surrogate pair is none that can be kept.
        if not isinstance(claims["jti"], str) or not claims["jti"].isprintable():
            raise _WrongError("invalid_client", "jti is no text that can be read")
        if claims["aud"] not in (endpoint, [endpoint]):
            raise _WrongError("invalid_client", f"aud is {endpoint}")
        try:
            ends = dt.datetime.fromtimestamp(float(claims["exp"]), dt.UTC)
            begins = dt.datetime.fromtimestamp(float(claims.get("nbf", 0)), dt.UTC)
        except (ValueError, TypeError, OverflowError, OSError):
            raise _WrongError("invalid_client", "exp is a time") from None
        if not now - LEEWAY < ends <= now + _LONGEST + LEEWAY or begins > now + LEEWAY:
            raise _WrongError("invalid_client", "exp lies at most five minutes ahead")
        name = hashlib.sha256(f"{client.id}|{claims['jti']}".encode()).hexdigest()
        fresh = self._point.store.write(
            lambda connection: first_time(connection, f"jti:{name}", now)
        )
        if not fresh:
            raise _WrongError("invalid_client", "this jti was used before")


def _keep(connection: Connection, token: str, client: str, scopes: str, now: dt.datetime) -> None:
    connection.execute(delete(smart_token).where(smart_token.c.ends < now))
    connection.execute(
        insert(smart_token).values(digest=_digest(token), client=client, scopes=scopes,
                                   ends=now + LIFETIME)
    )  # fmt: skip


def _form(asked: Asked) -> dict[str, str]:
    media = asked.header("content-type").partition(";")[0].strip().lower()
    if media != FORM:
        raise _WrongError("invalid_request", f"the request is {FORM}")
    try:
        pairs = parse_qsl(asked.content.decode(), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise _WrongError("invalid_request", "the form cannot be read") from None
    if len({name for name, _ in pairs}) != len(pairs):
        raise _WrongError("invalid_request", "a parameter stands twice")
    return dict(pairs)


def _scopes(form: Mapping[str, str], client: Client) -> str:
    wanted = form.get("scope", "").split()
    if not wanted or not set(wanted) <= client.scopes:
        raise _WrongError("invalid_scope", f"registered are: {' '.join(sorted(client.scopes))}")
    return " ".join(dict.fromkeys(wanted))


def _key(client: Client, head: Mapping[str, Any]) -> Any:
    """Return the registered key that the header names, for the algorithm it names."""
    fitting = [k for k in client.keys if head.get("kid") in (None, k.get("kid"))]
    kind = {"RS384": "RSA", "ES384": "EC"}[head["alg"]]
    fitting = [k for k in fitting if k.get("kty") == kind]
    if len(fitting) != 1:
        raise ValueError("no such key")
    key = jwt.PyJWK(dict(fitting[0]), algorithm=head["alg"]).key
    if getattr(key, "key_size", _SHORTEST_RSA) < (_SHORTEST_RSA if kind == "RSA" else 384):
        raise ValueError("a weak key")
    return key


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _json(status: int, said: Mapping[str, Any]) -> Said:
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    return Said(status, "application/json", orjson.dumps(said), headers)
