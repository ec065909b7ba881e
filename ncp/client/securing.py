"""The files that secure a line, looked at before it is used: theirs to trust, ours to show.

TLS itself says only that something is wrong (``NO_CERTIFICATE_OR_CRL_FOUND``), not with which file.
"""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from data.errors import InputError, Problem
from data.loaders.tables import read_bytes

_LARGEST = 1024 * 1024
"""Bytes of a file of certificates; all authorities of the web together have a quarter of it."""
_TO_PEM = "give it as PEM: openssl x509 -inform der -in FILE -out FILE.pem"


def check_files(
    ca: Path | None, certificate: Path | None, key: Path | None,
    options: tuple[str, str, str] = ("--ca", "--cert", "--key"),
) -> None:  # fmt: skip
    """Let pass files that a line of TLS can be secured with.

    Args:
        ca: certificates of authorities (PEM).
        certificate: our certificate (PEM), with its key where ``key`` is None.
        key: its key (PEM).
        options: how errors name the three.

    Raises:
        InputError: a file is unreadable, is no PEM of what it should be, or key and certificate
            do not belong together; all at once, each with its file.
    """
    problems: list[Problem] = []
    if ca:
        _certificate(ca, options[0], problems)
    if key and not certificate:
        problems.append(Problem(f"{options[2]} is given without {options[1]}", str(key),
                                remedy="give the certificate of this key too"))  # fmt: skip
    if certificate:
        found = _certificate(certificate, options[1], problems)
        _belongs(found, certificate, key or certificate, options[2], problems)
    if problems:
        raise InputError(problems)


def _certificate(
    file: Path, option: str, problems: list[Problem]
) -> x509.Certificate | None:  # fmt: skip
    """Return the first certificate of a file."""
    content = _content(file, problems)
    if content is None:
        return None
    try:
        return x509.load_pem_x509_certificates(content)[0]
    except ValueError:
        empty = not content.strip()
        what = "the file is empty" if empty else "this is no certificate in PEM form"
        problems.append(Problem(what, str(file), rule=f"{option}: PEM, BEGIN CERTIFICATE",
                                remedy="give a file with a certificate" if empty else _TO_PEM)
                        )  # fmt: skip
        return None


def _belongs(
    found: x509.Certificate | None, certificate: Path, file: Path, option: str,
    problems: list[Problem],
) -> None:  # fmt: skip
    content = None if file == certificate and found is None else _content(file, problems)
    if content is None:
        return
    try:
        private = load_pem_private_key(content, password=None)
    except (ValueError, TypeError):
        remedy = ("give its key too, with " + option if file == certificate
                  else "give the key as PEM: openssl pkey -in FILE -out FILE.pem")  # fmt: skip
        problems.append(Problem("this is no private key in PEM form without password", str(file),
                                rule=f"{option}: PEM, BEGIN PRIVATE KEY", remedy=remedy)
                        )  # fmt: skip
        return
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if found and private.public_key().public_bytes(*form) != found.public_key().public_bytes(*form):
        problems.append(Problem("the key does not belong to the certificate", str(file),
                                remedy=f"give the key of {certificate}"))  # fmt: skip


def _content(file: Path, problems: list[Problem]) -> bytes | None:
    try:
        return read_bytes(file, _LARGEST)
    except InputError as error:
        problems += error.problems
        return None
