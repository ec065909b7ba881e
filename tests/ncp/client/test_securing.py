"""Files of TLS are judged before the line is used: which one is wrong, and what to do."""

from __future__ import annotations

import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from data.errors import InputError
from ncp.client.securing import check_files

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


def told(*files) -> list[tuple[str, str, str]]:
    with pytest.raises(InputError) as error:
        check_files(*files)
    return [(p.where.rpartition("/")[2], p.what, p.remedy) for p in error.value.problems]


@pytest.fixture
def files(tmp_path, sweden):
    """Return a folder with good files of the exchange and some bad ones."""
    key = sweden.tls_client.key
    (tmp_path / "bin").write_bytes(bytes(range(256)))
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "huge").write_bytes(bytes(2 * 1024 * 1024))
    (tmp_path / "cert.der").write_bytes(sweden.tls_client.certificate.public_bytes(Encoding.DER))
    (tmp_path / "locked.key").write_bytes(key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")))  # fmt: skip
    return tmp_path


def test_good_files_pass_alone_and_together(sweden):
    client = sweden.tls_client
    check_files(None, None, None)
    check_files(sweden.ca_file, None, None)
    check_files(sweden.ca_file, client.certificate_file, client.key_file)


def test_a_key_on_an_elliptic_curve_is_good_for_tls(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW + dt.timedelta(1)
                                   ).sign(key, hashes.SHA256())  # fmt: skip
    both = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "both.pem").write_bytes(made.public_bytes(Encoding.PEM) + both)
    check_files(None, tmp_path / "both.pem", None)


@pytest.mark.parametrize(("name", "why"), [
    ("bin", "no certificate in PEM form"), ("empty", "is empty"), ("huge", "larger than 1 MiB"),
    ("cert.der", "no certificate in PEM form"), ("absent", "no such file"),
])  # fmt: skip
def test_an_authority_that_cannot_be_read_is_named(files, name, why):
    ((where, what, remedy),) = told(files / name, None, None)
    assert where == name
    assert why in what
    assert remedy


def test_everything_that_is_wrong_is_told_at_once(files, sweden):
    found = told(files / "bin", files / "empty", sweden.seal.key_file)
    assert [where for where, _, _ in found] == ["bin", "empty"]


@pytest.mark.parametrize(("name", "why"), [
    ("bin", "no private key"), ("locked.key", "without password"), ("empty", "no private key"),
])  # fmt: skip
def test_a_key_that_cannot_be_used_is_named(files, sweden, name, why):
    ((where, what, remedy),) = told(None, sweden.tls_client.certificate_file, files / name)
    assert where == name
    assert why in what
    assert remedy


def test_key_and_certificate_belong_together(sweden):
    client, seal = sweden.tls_client, sweden.seal
    ((where, what, _),) = told(None, client.certificate_file, seal.key_file)
    assert (where, what) == ("seal.key", "the key does not belong to the certificate")
    ((_, what, remedy),) = told(None, client.certificate_file, None)
    assert "no private key" in what
    assert "--key" in remedy
    ((_, what, _),) = told(None, None, client.key_file)
    assert "without --cert" in what
