"""Revocation lists: whose certificate was taken back is refused, and what is undetermined too."""

from __future__ import annotations

import datetime as dt
import os

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from data.errors import InputError
from ncp.model import Operation
from ncp.trust import certs, revocation
from ncp.trust.anchors import TrustStore
from ncp.trust.building import new_authority, new_list
from ncp.trust.keys import read_signer
from ncp.trust.revocation import Revocations
from ncp.trust.verify import examine
from tests.ncp.trust.conftest import INTEGRITY, NOW

WEEK = dt.timedelta(days=7)


def listing(signer, revoked, now=NOW, until=NOW + WEEK) -> bytes:
    return new_list(signer, [one.serial_number for one in revoked], now, until)


@pytest.fixture(scope="module")
def authority(world):
    return read_signer(world.folder / "ca" / "ca.pem", world.folder / "ca" / "ca.key")


@pytest.fixture
def listed(authority, tmp_path):
    """Return a trust store with a revocation list of some certificates."""

    def make(*revoked, now=NOW, until=NOW + WEEK, signer=authority, place=None) -> TrustStore:
        file = tmp_path / "list.crl"
        file.write_bytes(listing(signer, revoked, now, until))
        return trusting(authority, place or file)

    return make


def trusting(authority, *places, now=NOW) -> TrustStore:
    return TrustStore([authority.certificate], lambda known: Revocations(places, known, now))


def test_a_seal_that_is_not_on_the_list_is_good(world, listed):
    trust = listed(world.norway.seal.certificate)
    world.verify(world.pair(), trust=trust, peer=world.sweden.tls_client.certificate)


def test_a_revoked_seal_is_refused(world, listed):
    refusal = world.refusal(world.pair(), trust=listed(world.sweden.seal.certificate))
    assert refusal.code == INTEGRITY
    assert "revoked: since 2026-11-22 (keyCompromise)" in refusal.text


def test_what_was_opened_before_is_refused_once_it_is_revoked(world, listed):
    from ncp.trust.verify import Memory

    memory, pair = Memory(), world.pair()
    world.verify(pair, trust=listed(), memory=memory)
    refusal = world.refusal(pair, trust=listed(world.sweden.seal.certificate), memory=memory)
    assert refusal.code == INTEGRITY


@pytest.mark.parametrize("strict", [True, False])
def test_a_revoked_connection_is_refused(world, listed, strict):
    client = world.sweden.tls_client.certificate
    fault = world.fault(world.pair(), trust=listed(client), peer=client, strict=strict)
    assert fault.subcode == "Invalid Security Token"


def test_a_list_that_ends_under_way_leaves_nobody_trusted(world, listed):
    trust, later = listed(until=NOW + dt.timedelta(minutes=1)), NOW + dt.timedelta(minutes=2)
    refusal = world.refusal(world.pair(), trust=trust, now=later)
    assert refusal.code == INTEGRITY
    assert "has ended" in refusal.text


def test_without_lists_it_is_said_that_revocation_is_not_checked(world):
    told = {r.id: r.outcome for r in examine(
        world.pair(), operation=Operation.PS_LIST, trust=world.trust, now=NOW,
        peer=world.sweden.tls_client.certificate)}  # fmt: skip
    assert told["trust-certificate-revoked"] == told["trust-connection-revoked"] == "omit"


@pytest.mark.parametrize("form", ["DER", "PEM of two", "folder"])
def test_lists_come_in_every_form(world, authority, tmp_path, form):
    other = new_authority(NOW)
    own = listing(authority, [world.sweden.seal.certificate])
    place = tmp_path / "list.crl"
    if form == "DER":
        place.write_bytes(x509.load_pem_x509_crl(own).public_bytes(Encoding.DER))
        trust = trusting(authority, place)
    elif form == "PEM of two":
        place.write_bytes(own + listing(other, []))
        trust = TrustStore([authority.certificate, other.certificate],
                           lambda known: Revocations([place], known, NOW))  # fmt: skip
    else:
        place.write_bytes(own)
        (tmp_path / "readme.txt").write_text("not a list")
        trust = trusting(authority, tmp_path)
    assert world.refusal(world.pair(), trust=trust).code == INTEGRITY


@pytest.mark.parametrize(("options", "told"), [
    ({"until": NOW - dt.timedelta(hours=1), "now": NOW - WEEK}, "ended at 2026-11-22 11:00 UTC"),
    ({"now": NOW + dt.timedelta(hours=1)}, "begins at 2026-11-22 13:00 UTC"),
    ({"signer": None}, "not signed by an authority that is trusted here"),
], ids=["ended", "not begun", "foreign"])  # fmt: skip
def test_a_list_that_cannot_be_used_is_refused_at_the_start(listed, options, told):
    if "signer" in options:
        options = {"signer": new_authority(NOW)}
    with pytest.raises(InputError, match=told) as caught:
        listed(**options)
    assert "no revocation list of the authority" in str(caught.value)  # told at once


def test_a_forged_list_is_refused(world, authority, tmp_path):
    """A list in the name of the authority, signed with a key of one's own."""
    forger = certs.Signer(authority.certificate, new_authority(NOW).key)
    (tmp_path / "list.crl").write_bytes(listing(forger, []))
    with pytest.raises(InputError, match="not signed"):
        trusting(authority, tmp_path / "list.crl")


def test_a_partial_list_is_refused(authority, tmp_path):
    builder = (
        x509.CertificateRevocationListBuilder().issuer_name(authority.certificate.subject)
        .last_update(NOW).next_update(NOW + WEEK)
        .add_extension(x509.DeltaCRLIndicator(1), critical=True)
    )  # fmt: skip
    content = builder.sign(authority.key, hashes.SHA256()).public_bytes(Encoding.PEM)
    (tmp_path / "list.crl").write_bytes(content)
    with pytest.raises(InputError, match="not the whole list"):
        trusting(authority, tmp_path / "list.crl")


@pytest.mark.parametrize("content", [b"", b"x", b"-----BEGIN X509 CRL-----\nYQ==\n"])
def test_a_file_that_is_no_list_is_told(authority, tmp_path, content):
    (tmp_path / "list.crl").write_bytes(content)
    with pytest.raises(InputError, match="no revocation list"):
        trusting(authority, tmp_path / "list.crl")


def test_a_new_list_is_read_without_a_restart(world, authority, listed, tmp_path, monkeypatch,
                                              caplog):  # fmt: skip
    monkeypatch.setattr(revocation, "_LOOK_SECONDS", 0)
    trust, file = listed(), tmp_path / "list.crl"
    told = []
    trust.revocations.follow(told.append)
    world.verify(world.pair(), trust=trust)
    file.write_bytes(listing(authority, [world.sweden.seal.certificate]))
    os.utime(file, ns=(1, 1))
    assert world.refusal(world.pair(), trust=trust).code == INTEGRITY
    assert len(told) == 2
    file.write_bytes(b"broken")  # what was known still counts
    assert world.refusal(world.pair(), trust=trust).code == INTEGRITY
    assert "not renewed" in caplog.text


def test_the_authority_of_a_test_environment_takes_certificates_back(tmp_path):
    sweden = certs.make(tmp_path / "SE", "SE", now=NOW)
    file = certs.revoke(tmp_path / "ca", [sweden.seal.certificate], now=NOW)
    known = TrustStore([sweden.ca], lambda known: Revocations([file], known, NOW))
    assert known.revoked(sweden.seal.certificate, NOW)
    assert known.revoked(sweden.tls_client.certificate, NOW) == ""


def test_the_list_of_a_test_authority_is_there_when_it_is_needed(tmp_path):
    assert certs.ensure_list(tmp_path, now=NOW) is None
    sweden = certs.make(tmp_path / "SE", "SE", now=NOW)
    client = sweden.tls_client.certificate
    file = certs.ensure_list(tmp_path / "ca", now=NOW)
    known = Revocations([], [sweden.ca], NOW, spare=file)
    assert known.why_not(client, [sweden.ca], NOW) == ""
    certs.revoke(tmp_path / "ca", [client], now=NOW)
    later = NOW + dt.timedelta(days=100)  # the list has ended, what it said is kept
    assert certs.ensure_list(tmp_path / "ca", now=later) == file
    known = Revocations([], [sweden.ca], later, spare=file)
    assert "revoked" in known.why_not(client, [sweden.ca], later)
    given = tmp_path / "given.crl"  # a list that is given counts more than the spare one
    authority = read_signer(tmp_path / "ca" / "ca.pem", tmp_path / "ca" / "ca.key")
    given.write_bytes(listing(authority, [], later, later + WEEK))
    known = Revocations([given], [sweden.ca], later, spare=file)
    assert known.why_not(client, [sweden.ca], later) == ""
