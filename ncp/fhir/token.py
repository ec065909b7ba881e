"""The bearer token between contact points: a JWT that carries the assertions of the professional.

Claims ``HCP``, ``TRC`` and ``NOK`` are SAML assertions in base64. The token is signed with the seal
or the TLS key of a contact point (RS256, certificate in ``x5c``), or with a secret that the
portal and its contact point share (HS512). Source: OpenNCP 9 FHIR modules; RFC 7515, 7519, 8725.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from ncp.fhir.outcomes import Declined, Issue
from ncp.trust.anchors import TrustStore
from ncp.trust.keys import Signer, country_of, is_strong, is_valid, may_sign
from ncp.trust.signature import Broken, parsed
from ncp.trust.statement import read as statement

CLAIMS = ("HCP", "TRC", "NOK")
LONGEST = dt.timedelta(hours=4)
"""No token outlives the identity assertion in it (SAML Profiles 2.1)."""
LEEWAY = dt.timedelta(seconds=60)
_LARGEST = 256 * 1024
_SHORTEST_SECRET = 64
"""Bytes of the key of HS512 (RFC 7518 3.2)."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """What a token carries: the assertions, and the certificate that signed it (None for HS512)."""

    assertions: tuple[etree._Element, ...]
    certificate: x509.Certificate | None = None


def make(
    assertions: Sequence[bytes], signer: Signer, *, now: dt.datetime, audience: str = "",
    valid: dt.timedelta = dt.timedelta(minutes=5),
) -> str:  # fmt: skip
    """Return a token with assertions.

    Args:
        assertions: as they were issued, byte by byte; each of another kind.
        signer: a key of the contact point.
        now: aware time.
        audience: base URL of the interface it is for.
        valid: how long.

    Raises:
        Broken: one of them is no assertion.
    """
    claims: dict[str, Any] = {}
    for content in assertions:
        kind = statement(parsed(content)).kind
        claims[kind.name if kind else CLAIMS[0]] = base64.b64encode(content).decode()
    claims |= {"iat": int(now.timestamp()), "exp": int((now + valid).timestamp())}
    if audience:
        claims["aud"] = audience
    chain = [base64.b64encode(signer.certificate.public_bytes(Encoding.DER)).decode()]
    return jwt.encode(claims, signer.key, algorithm="RS256", headers={"x5c": chain})


def read(
    header: str, *, trust: TrustStore, now: dt.datetime, audience: str,
    peer: x509.Certificate | None = None, secret: bytes = b"",
) -> Bearer:  # fmt: skip
    """Read and verify the token of an ``Authorization`` header; the assertions in it are not.

    Args:
        header: the header.
        trust: whose certificates are trusted.
        now: aware time.
        audience: base URL of this interface.
        peer: certificate of the connection; the token must be of the same country.
        secret: shared secret for HS512; empty where that is not agreed.

    Raises:
        Declined: 401.
    """
    scheme, _, text = header.strip().partition(" ")
    if not header:
        raise refused("no token came with the request", challenge="Bearer")
    if scheme.lower() != "bearer" or not text or len(text) > _LARGEST:
        raise refused("the header is not «Bearer <token>»")
    try:
        head = jwt.get_unverified_header(text.strip())
        key, certificate = _key(head, trust, now, secret)
        claims = jwt.decode(
            text.strip(), key, algorithms=["HS512" if certificate is None else "RS256"],
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False,
                     "verify_aud": False, "require": ["exp"]},
        )  # fmt: skip
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise refused(f"the token is not valid: {type(error).__name__}") from None
    _in_time(claims, now)
    _for_us(claims, audience)
    if peer and certificate and country_of(peer) != country_of(certificate):
        raise refused("the token and the connection are of different countries")
    return Bearer(_assertions(claims), certificate)


def refused(text: str, *, challenge: str = 'Bearer error="invalid_token"') -> Declined:
    """Return the refusal of a token."""
    return Declined(401, (Issue("login", text, where="Authorization"),),
                    {"WWW-Authenticate": challenge})  # fmt: skip


def _key(
    head: Mapping[str, Any], trust: TrustStore, now: dt.datetime, secret: bytes
) -> tuple[Any, x509.Certificate | None]:
    """Return the key that the header asks for; the algorithm follows from the kind of key."""
    if "crit" in head:
        raise refused("the token has header parameters that are not understood")
    if head.get("alg") == "HS512":
        if len(secret) < _SHORTEST_SECRET:
            raise refused("HS512 is not agreed with this contact point")
        return secret, None
    if head.get("alg") != "RS256":
        raise refused("the algorithm is neither RS256 nor HS512")
    chain = head.get("x5c")
    if not isinstance(chain, list) or not chain or not isinstance(chain[0], str):
        raise refused("the token names no certificate (x5c)")
    certificate = x509.load_der_x509_certificate(base64.b64decode(chain[0], validate=True))
    good = (
        trust.trusts(certificate, now) and is_valid(certificate, now)
        and is_strong(certificate) and may_sign(certificate)
    )  # fmt: skip
    key = certificate.public_key()
    if not good or not isinstance(key, rsa.RSAPublicKey):
        raise refused("the certificate of the token is not trusted here")
    return key, certificate


def _in_time(claims: Mapping[str, Any], now: dt.datetime) -> None:
    try:
        ends = dt.datetime.fromtimestamp(float(claims["exp"]), dt.UTC)
        begins = [dt.datetime.fromtimestamp(float(claims[name]), dt.UTC)
                  for name in ("iat", "nbf") if name in claims]  # fmt: skip
    except (ValueError, TypeError, OverflowError, OSError):
        raise refused("the times of the token cannot be read") from None
    if now > ends + LEEWAY:
        raise refused("the token has expired")
    if any(now < begin - LEEWAY for begin in begins):
        raise refused("the token is not valid yet")
    if ends - now > LONGEST + LEEWAY:
        raise refused("the token is valid for more than four hours")


def _for_us(claims: Mapping[str, Any], audience: str) -> None:
    said = claims.get("aud")
    meant = said if isinstance(said, list) else [said]
    if said is not None and audience not in meant:
        raise refused("the token is meant for another server")


def _assertions(claims: Mapping[str, Any]) -> tuple[etree._Element, ...]:
    found = []
    for name in CLAIMS:
        said = claims.get(name)
        if said is None:
            continue
        try:
            found.append(parsed(base64.b64decode(str(said), validate=True)))
        except (binascii.Error, ValueError, Broken) as error:
            raise refused(f"the claim {name} holds no assertion: {type(error).__name__}") from None
    return tuple(found)
