"""Certificates of a test environment, made on the spot: authority, TLS server, TLS client, seal.

They look like those of the exchange (one authority, the country in ``C=``), and say in every name
that they are for tests. An authority lies in ``ca/`` beside the countries' folders and is shared
by them, so that two countries made side by side trust each other.

Sources: MyHealth@EU transport (mutual TLS; server, client and seal certificates), RFC 5280.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from data.errors import EnvironmentProblem, InputError, Problem
from data.files import write_all
from ncp.trust.anchors import TrustStore
from ncp.trust.building import LIFETIME, Plan, Variant, new_authority, new_list
from ncp.trust.folders import Replaced, write_public, write_signer
from ncp.trust.keys import Signer, common_name, has_ended, read_certificate, read_signer
from ncp.trust.revocation import lists_of

__all__ = [
    "Certificates", "Signer", "TrustStore", "Variant", "describe", "ensure", "ensure_list", "load",
    "make", "revoke", "trust_store",
]  # fmt: skip

HOSTS = ("localhost", "127.0.0.1", "::1")
_NAMES = ("server", "client", "seal")
_OURS = {"ca.pem", *(f"{name}.{end}" for name in _NAMES for end in ("pem", "key"))}


@dataclass(frozen=True, slots=True)
class Certificates:
    """The certificates of one country: its authority, TLS server, TLS client and seal."""

    folder: Path
    ca: x509.Certificate
    tls_server: Signer
    tls_client: Signer
    seal: Signer

    @property
    def ca_file(self) -> Path:
        """Return the PEM file of the authority."""
        return self.folder / "ca.pem"

    @property
    def country(self) -> str:
        """Return the country that the seal speaks for."""
        return self.seal.country


def trust_store(folder: Path) -> TrustStore:
    """Return the store of all authorities under a folder (``ca.pem`` at any depth).

    Raises:
        InputError: no authority there, or a file that is none.
    """
    files = sorted({*folder.glob("ca.pem"), *folder.glob("*/ca.pem")})
    if not files:
        raise InputError(
            Problem("there is no ca.pem in this folder or the folders in it", str(folder),
                    remedy="make certificates with: ehds ncp certs")
        )  # fmt: skip
    return TrustStore(read_certificate(file) for file in files)


def load(folder: Path) -> Certificates:
    """Read the certificates of one country from its folder.

    Raises:
        InputError: something is missing, unreadable, or does not belong together.
    """
    return Certificates(
        folder,
        read_certificate(folder / "ca.pem"),
        *(read_signer(folder / f"{name}.pem", folder / f"{name}.key") for name in _NAMES),
    )


def ensure(folder: Path, country: str, *, now: dt.datetime) -> Certificates:
    """Return the certificates of a country; make them when there are none, or they have ended.

    Those whose time has not begun at ``now`` (a clock set back) are kept: others may be using them.

    Args:
        folder: the country's folder, ``certs/NO``.
        country: ISO 3166-1 alpha-2 code.
        now: aware time.

    Raises:
        InputError: files that are there cannot be read.
        EnvironmentProblem: the folder cannot be written.
    """
    if (folder / "seal.pem").exists():
        found = load(folder)
        signers = (found.tls_server, found.tls_client, found.seal)
        if not any(has_ended(c, now) for c in (found.ca, *(s.certificate for s in signers))):
            return found
    return make(folder, country, now=now)


def make(
    out: Path,
    country: str,
    *,
    now: dt.datetime | None = None,
    variant: Variant | None = None,
    other_country: str = "",
    hosts: Sequence[str] = HOSTS,
    authority: Path | None = None,
) -> Certificates:
    """Make the certificates of one country and write them as PEM, keys readable by the owner only.

    Args:
        out: the country's folder; what was there before is replaced.
        country: ISO 3166-1 alpha-2 code, as ``C=`` of every certificate.
        now: aware time from which they are valid; the current time by default.
        variant: make them wrong in one way.
        other_country: ``C=`` of the variant ``wrong-country`` (default: the EU's ``EU``).
        hosts: names and addresses of the server certificate.
        authority: folder of the authority (default: ``ca`` beside ``out``), made when absent.

    Raises:
        InputError: ``country`` is no code of two letters, or the folder holds other files.
        EnvironmentProblem: the folder cannot be written.
    """
    country = country.upper()
    if len(country) != 2 or not country.isalpha() or not country.isascii():
        raise InputError(
            Problem(f"«{country}» is no country code of two letters", rule="ISO 3166-1 alpha-2",
                    remedy="write it as NO or SE")
        )  # fmt: skip
    if out.is_dir() and {file.name for file in out.iterdir()} - _OURS:
        raise InputError(
            Problem("the folder holds other files than certificates", str(out),
                    remedy="choose an empty folder, or one made by: ehds ncp certs")
        )  # fmt: skip
    moment = now or dt.datetime.now(dt.UTC)
    try:
        trusted = _authority(authority or out.parent / "ca", moment)
        issuer = new_authority(moment) if variant is Variant.WRONG_CA else trusted
        claimed = (other_country or "EU").upper() if variant is Variant.WRONG_COUNTRY else country
        plan = Plan(issuer, claimed, moment, variant, hosts)
        # Of two processes that begin with nothing, the first to end wins.
        with Replaced(out, keep=not out.exists()) as folder:
            for name in _NAMES:
                write_signer(folder, name, plan.issue(name))
            write_public(folder / "ca.pem", trusted.certificate.public_bytes(Encoding.PEM))
    except OSError as error:
        raise EnvironmentProblem(
            Problem(f"certificates cannot be written: {error.strerror}", str(out),
                    remedy="choose another folder with --home")
        ) from None  # fmt: skip
    return load(out)


def _authority(folder: Path, now: dt.datetime) -> Signer:
    """Return the shared authority; the first of several processes to make it wins."""
    for _ in range(3):
        if (folder / "ca.pem").exists():
            found = read_signer(folder / "ca.pem", folder / "ca.key")
            if not has_ended(found.certificate, now):
                return found
            shutil.rmtree(folder)
        with Replaced(folder, keep=True) as fresh:
            write_signer(fresh, "ca", new_authority(now))
    raise EnvironmentProblem(Problem("the authority was replaced again and again", str(folder)))


def revoke(folder: Path, certificates: Sequence[x509.Certificate], *, now: dt.datetime) -> Path:
    """Write the revocation list of a test authority and return its file, ``crl.pem`` beside it.

    Args:
        folder: of the authority (``certs/ca``).
        certificates: all that are revoked; those of an earlier list are not kept.
        now: aware time from which the list holds, as long as certificates do.

    Raises:
        InputError: no authority there.
        EnvironmentProblem: the folder cannot be written.
    """
    return _list(folder, [one.serial_number for one in certificates], now)


def ensure_list(folder: Path, *, now: dt.datetime) -> Path | None:
    """Return the revocation list of a test authority; one that has ended is renewed as it was.

    None where the key of the authority is not here.

    Raises:
        InputError: the list cannot be read.
        EnvironmentProblem: the folder cannot be written.
    """
    file = folder / "crl.pem"
    if not (folder / "ca.key").exists():
        return None
    known = lists_of(file) if file.exists() else []
    if known and known[0].next_update_utc is not None and now <= known[0].next_update_utc:
        return file
    return _list(folder, [entry.serial_number for one in known for entry in one], now)


def _list(folder: Path, revoked: Sequence[int], now: dt.datetime) -> Path:
    authority = read_signer(folder / "ca.pem", folder / "ca.key")
    file = folder / "crl.pem"
    write_all({file: new_list(authority, revoked, now, now + LIFETIME)})
    return file


def describe(certificate: x509.Certificate) -> dict[str, str]:
    """Return what people want to know of a certificate: names, validity, SHA-256 fingerprint."""
    return {
        "subject": certificate.subject.rfc4514_string(),
        "issuer": certificate.issuer.rfc4514_string(),
        "common_name": common_name(certificate),
        "valid_from": certificate.not_valid_before_utc.isoformat(),
        "valid_until": certificate.not_valid_after_utc.isoformat(),
        "sha256": certificate.fingerprint(hashes.SHA256()).hex(),
    }
