"""Certificates of a test environment: what they are for, what is wrong with the wrong ones."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import stat
import threading
from pathlib import Path

import pytest
from cryptography import x509

from data.errors import EnvironmentProblem, InputError
from ncp.trust import certs
from ncp.trust.keys import is_strong, is_valid, may_sign, read_signer
from tests.ncp.trust.conftest import NOW, World


def test_countries_side_by_side_trust_each_other(world: World) -> None:
    store = certs.trust_store(world.folder)
    assert len(store.authorities) == 1
    for country in (world.sweden, world.norway):
        for signer in (country.tls_server, country.tls_client, country.seal):
            assert store.trusts(signer.certificate, NOW)
            assert signer.country in ("SE", "NO")


def test_keys_are_readable_by_their_owner_only(world: World) -> None:
    keys = list(world.folder.rglob("*.key"))
    assert len(keys) == 7
    assert all(stat.S_IMODE(key.stat().st_mode) == 0o600 for key in keys)


def test_nothing_is_left_beside_the_folders(world: World) -> None:
    assert {path.name for path in world.folder.iterdir()} == {"SE", "NO", "ca"}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_the_server_certificate_is_for_the_loopback_names(world: World, host: str) -> None:
    names = world.sweden.tls_server.certificate.extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    ).value
    said = [*names.get_values_for_type(x509.DNSName),
            *map(str, names.get_values_for_type(x509.IPAddress))]  # fmt: skip
    assert host in said


def test_mutual_tls_works_with_them(tmp_path: Path) -> None:
    norway = certs.make(tmp_path / "NO", "NO")
    sweden = certs.make(tmp_path / "SE", "SE")
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(norway.ca_file))
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_cert_chain(str(norway.tls_server.certificate_file), str(norway.tls_server.key_file))
    client = ssl.create_default_context(cafile=str(sweden.ca_file))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    client.load_cert_chain(str(sweden.tls_client.certificate_file), str(sweden.tls_client.key_file))
    seen: list[bytes | None] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            connection, _ = listening.accept()
            with server.wrap_socket(connection, server_side=True) as wrapped:
                seen.append(wrapped.getpeercert(binary_form=True))
                wrapped.sendall(b"x")

        thread = threading.Thread(target=accept)
        thread.start()
        address = listening.getsockname()
        with (
            socket.create_connection(address, timeout=10) as plain,
            client.wrap_socket(plain, server_hostname="localhost") as wrapped,
        ):
            assert wrapped.recv(1) == b"x"
        thread.join(10)
    (peer,) = seen
    assert peer
    assert x509.load_der_x509_certificate(peer) == sweden.tls_client.certificate


@pytest.fixture(scope="module")
def variants(tmp_path_factory: pytest.TempPathFactory) -> dict[certs.Variant, certs.Certificates]:
    folder = tmp_path_factory.mktemp("variants")
    return {v: certs.make(folder / f"SE-{v}", "SE", now=NOW, variant=v) for v in certs.Variant}


def test_each_variant_is_wrong_in_its_own_way_only(
    variants: dict[certs.Variant, certs.Certificates],
) -> None:
    store = certs.trust_store(next(iter(variants.values())).folder.parent)
    for variant, made in variants.items():
        seal = made.seal.certificate
        wrong = {
            certs.Variant.EXPIRED: seal.not_valid_after_utc < NOW,
            certs.Variant.FUTURE: seal.not_valid_before_utc > NOW,
            certs.Variant.WRONG_CA: not store.trusts(seal) and seal.issuer != seal.subject,
            certs.Variant.WRONG_COUNTRY: made.seal.country != "SE",
            certs.Variant.WRONG_USAGE: not may_sign(seal),
            certs.Variant.SHORT_KEY: not is_strong(seal),
            certs.Variant.SELF_SIGNED: seal.issuer == seal.subject,
        }
        assert [v for v, is_so in wrong.items() if is_so] == [variant]


def test_an_unknown_authority_does_not_become_trusted_by_lying_there(
    variants: dict[certs.Variant, certs.Certificates],
) -> None:
    wrong = variants[certs.Variant.WRONG_CA]
    assert not certs.trust_store(wrong.folder).trusts(wrong.seal.certificate)


def test_a_certificate_is_trusted_by_itself_but_nothing_that_it_signs(world: World) -> None:
    store = certs.TrustStore([world.sweden.seal.certificate])
    assert store.trusts(world.sweden.seal.certificate)
    assert not store.trusts(world.sweden.tls_client.certificate)
    assert not store.authorities


def test_an_authority_that_has_ended_trusts_nobody(world: World) -> None:
    late = world.sweden.ca.not_valid_after_utc + dt.timedelta(days=1)
    assert not world.trust.trusts(world.sweden.seal.certificate, late)


def test_valid_ones_are_kept_and_ended_ones_made_anew(tmp_path: Path) -> None:
    first = certs.ensure(tmp_path / "NO", "NO", now=NOW)
    again = certs.ensure(tmp_path / "NO", "NO", now=NOW + dt.timedelta(days=1))
    later = NOW + dt.timedelta(days=100)
    renewed = certs.ensure(tmp_path / "NO", "NO", now=later)
    assert again.seal.certificate == first.seal.certificate
    assert renewed.seal.certificate != first.seal.certificate
    assert is_valid(renewed.seal.certificate, later)
    assert renewed.ca == first.ca


def test_a_clock_set_back_does_not_replace_what_others_use(tmp_path: Path) -> None:
    made = certs.ensure(tmp_path / "NO", "NO", now=NOW)
    early = certs.ensure(tmp_path / "NO", "NO", now=NOW - dt.timedelta(days=2000))
    assert early.seal.certificate == made.seal.certificate
    assert certs.make(tmp_path / "SE", "SE", now=NOW - dt.timedelta(days=2000)).ca == made.ca


def test_two_processes_that_begin_with_nothing_get_the_same(tmp_path: Path) -> None:
    made: list[certs.Certificates] = []
    threads = [
        threading.Thread(target=lambda: made.append(certs.ensure(tmp_path / "NO", "NO", now=NOW)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.seal.certificate.serial_number for one in made}) == 1


def test_two_processes_share_the_authority(tmp_path: Path) -> None:
    made: list[certs.Certificates] = []
    threads = [
        threading.Thread(target=lambda cc=cc: made.append(certs.make(tmp_path / cc, cc, now=NOW)))
        for cc in ("NO", "SE", "DK")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.ca.serial_number for one in made}) == 1


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "NO").mkdir()
    (tmp_path / "NO" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="other files"):
        certs.make(tmp_path / "NO", "NO", now=NOW)
    assert (tmp_path / "NO" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("code", ["", "N", "NOR", "1A", "Å1"])
def test_a_country_is_two_letters(tmp_path: Path, code: str) -> None:
    with pytest.raises(InputError, match="two letters"):
        certs.make(tmp_path / "x", code, now=NOW)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentProblem, match="cannot be written"):
        certs.make(tmp_path / "file" / "NO", "NO", now=NOW)


def test_a_key_of_another_certificate_is_told(world: World) -> None:
    seal, client = world.sweden.seal, world.sweden.tls_client
    assert seal.certificate_file
    assert client.key_file
    with pytest.raises(InputError, match="does not belong"):
        read_signer(seal.certificate_file, client.key_file)


def test_what_is_no_certificate_is_told(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(InputError, match="no certificate"):
        certs.trust_store(tmp_path)
    with pytest.raises(InputError, match=r"no ca\.pem"):
        certs.trust_store(tmp_path / "empty")
