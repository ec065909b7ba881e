"""A key with its certificate, and what a certificate says about its owner."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID

from data.errors import InputError, Problem
from data.loaders.tables import read_bytes

SMALLEST_KEY = 2048
_WEAK_HASHES = (hashes.MD5, hashes.SHA1)


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key and its certificate: a seal, a TLS server or a TLS client.

    Attributes:
        certificate_file, key_file: PEM files they were read from or written to; None in memory.
    """

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey
    certificate_file: Path | None = None
    key_file: Path | None = None

    @property
    def country(self) -> str:
        """Return the country of the certificate, ISO 3166-1 alpha-2."""
        return country_of(self.certificate)


def country_of(certificate: x509.Certificate) -> str:
    """Return ``C=`` of the subject in capitals; empty where there is none, or more than one."""
    found = certificate.subject.get_attributes_for_oid(NameOID.COUNTRY_NAME)
    return str(found[0].value).upper() if len(found) == 1 else ""


def common_name(certificate: x509.Certificate) -> str:
    """Return ``CN=`` of the subject; empty where there is none."""
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""


def is_valid(certificate: x509.Certificate, now: dt.datetime) -> bool:
    """Return whether a moment lies in the validity period of a certificate."""
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def has_ended(certificate: x509.Certificate, now: dt.datetime) -> bool:
    """Return whether the validity period of a certificate is over."""
    return now > certificate.not_valid_after_utc


def may_sign(certificate: x509.Certificate) -> bool:
    """Return whether the key usage allows signatures; a certificate without limits does.

    Source: RFC 5280 4.2.1.3. The certificates of the exchange in use carry no key usage.
    """
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return usage.digital_signature or usage.content_commitment


def is_strong(certificate: x509.Certificate) -> bool:
    """Return whether key and signature of a certificate are of today's strength."""
    key = certificate.public_key()
    return (
        isinstance(key, rsa.RSAPublicKey)
        and key.key_size >= SMALLEST_KEY
        and not isinstance(certificate.signature_hash_algorithm, _WEAK_HASHES)
    )


def read_certificate(file: Path) -> x509.Certificate:
    """Return the certificate of a PEM file.

    Raises:
        InputError: unreadable, or no certificate.
    """
    try:
        return x509.load_pem_x509_certificate(read_bytes(file))
    except ValueError:
        raise InputError(
            Problem("this is no certificate in PEM form", str(file),
                    remedy="make certificates with: ehds ncp certs")
        ) from None  # fmt: skip


def read_signer(certificate: Path, key: Path) -> Signer:
    """Return a key and its certificate from two PEM files.

    Raises:
        InputError: unreadable, no key, a key that is not RSA, or one of another certificate.
    """
    found = read_certificate(certificate)
    try:
        private = load_pem_private_key(read_bytes(key), password=None)
    except (ValueError, TypeError):
        raise InputError(
            Problem("this is no private key in PEM form without password", str(key))
        ) from None
    if not isinstance(private, rsa.RSAPrivateKey):
        raise InputError(Problem("this is no RSA key", str(key), rule="assertions are RSA-SHA256"))
    if private.public_key() != found.public_key():
        raise InputError(
            Problem("the key does not belong to the certificate", str(key),
                    remedy=f"give the key of {certificate}")
        )  # fmt: skip
    return Signer(found, private, certificate, key)
