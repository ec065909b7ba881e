"""Keys and certificates as the exchange uses them, and those that are wrong in one way.

Sources: MyHealth@EU transport (server, client and seal certificates), RFC 5280.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ncp.trust.keys import Signer

ORGANIZATION = "EHDS test environment, not for production"
LIFETIME = dt.timedelta(days=90)
_BACK = dt.timedelta(minutes=5)
_LONG_AGO = dt.timedelta(days=400)


class Variant(StrEnum):
    """Certificates that are wrong in one way, for tests of a contact point."""

    EXPIRED = "expired"
    FUTURE = "not-yet-valid"
    WRONG_CA = "wrong-ca"
    WRONG_COUNTRY = "wrong-country"
    WRONG_USAGE = "wrong-usage"
    SHORT_KEY = "short-key"
    SELF_SIGNED = "self-signed"


@dataclass(frozen=True, slots=True)
class Plan:
    """What the certificates of one country are made of.

    Attributes:
        issuer: the authority.
        country: ``C=`` of every certificate.
        now: aware time from which they are valid.
        hosts: names and addresses of the server certificate.
    """

    issuer: Signer
    country: str
    now: dt.datetime
    variant: Variant | None
    hosts: Sequence[str]

    def issue(self, name: str) -> Signer:
        """Make a key and its certificate: ``server``, ``client`` or ``seal``."""
        key = _key(1024 if self.variant is Variant.SHORT_KEY else 2048)
        subject = _name(self.country, f"GRP:EHEALTH_NCP_TEST_{self.country}_{name.upper()}")
        own = self.variant is Variant.SELF_SIGNED
        builder = (
            _builder(
                subject, subject if own else self.issuer.certificate.subject, key, *self._span()
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(self._usage(name), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    key.public_key() if own else self.issuer.key.public_key()
                ),
                critical=False,
            )
        )
        if name == "server":
            builder = builder.add_extension(_names(self.hosts), critical=False)
        if name != "seal":
            purpose = (ExtendedKeyUsageOID.SERVER_AUTH if name == "server"
                       else ExtendedKeyUsageOID.CLIENT_AUTH)  # fmt: skip
            builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        return Signer(builder.sign(key if own else self.issuer.key, hashes.SHA256()), key)

    def _span(self) -> tuple[dt.datetime, dt.datetime]:
        if self.variant is Variant.EXPIRED:
            return self.now - _LONG_AGO, self.now - dt.timedelta(days=1)
        if self.variant is Variant.FUTURE:
            return self.now + dt.timedelta(days=1), self.now + LIFETIME
        return self.now - _BACK, self.now + LIFETIME

    def _usage(self, name: str) -> x509.KeyUsage:
        wrong = self.variant is Variant.WRONG_USAGE
        return _key_usage(sign=not wrong, commit=name == "seal" and not wrong, exchange=True)


def new_authority(now: dt.datetime) -> Signer:
    """Make an authority: a name of its own, and a key that signs certificates."""
    key = _key(2048)
    name = _name("EU", f"EHDS TEST CA {secrets.token_hex(4)}")
    builder = (
        _builder(name, name, key, now - _LONG_AGO, now + LIFETIME * 4)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(issue=True), critical=True)
    )
    return Signer(builder.sign(key, hashes.SHA256()), key)


def new_list(issuer: Signer, revoked: Iterable[int], now: dt.datetime, until: dt.datetime) -> bytes:
    """Make the revocation list of an authority, in PEM form (RFC 5280 5).

    Args:
        issuer: the authority.
        revoked: serial numbers of what it has taken back.
        now: aware time at which the list begins, and since which all are revoked.
        until: when the next list comes.
    """
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(now)
        .next_update(until)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()),
            critical=False,
        )
        .add_extension(x509.CRLNumber(int(now.timestamp() * 1000)), critical=False)
    )
    for number in revoked:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder()
            .serial_number(number)
            .revocation_date(now)
            .add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), critical=False)
            .build()
        )
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.PEM)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPrivateKey, start: dt.datetime,
    end: dt.datetime,
) -> x509.CertificateBuilder:  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(country: str, common: str) -> x509.Name:
    return x509.Name([
        x509.NameAttribute(NameOID.COUNTRY_NAME, country),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
        x509.NameAttribute(NameOID.COMMON_NAME, common),
    ])  # fmt: skip


def _key_usage(
    *, sign: bool = False, commit: bool = False, exchange: bool = False, issue: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=sign, content_commitment=commit, key_encipherment=exchange,
        data_encipherment=False, key_agreement=False, key_cert_sign=issue, crl_sign=issue,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _names(hosts: Sequence[str]) -> x509.SubjectAlternativeName:
    found: list[x509.GeneralName] = []
    for host in hosts:
        try:
            found.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            found.append(x509.DNSName(host))
    return x509.SubjectAlternativeName(found)


def _key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)
