"""Which certificates their authorities have taken back: revocation lists (CRL).

Once lists are given, a certificate counts only while the list of its authority is current and does
not name it: a list that is missing, ended or not signed by its authority leaves the status
undetermined, and what is undetermined is not trusted (RFC 5280 6.3.3). Lists come from files, which
are read again when they change; nothing is fetched.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from data.errors import InputError, Problem
from data.loaders.tables import read_bytes
from ncp.trust.keys import common_name, has_ended

_log = logging.getLogger("ehds.ncp")
_BEGIN = b"-----BEGIN X509 CRL-----"
_END = b"-----END X509 CRL-----"
_LOOK_SECONDS = 10.0
"""How often files are looked at while they are in use."""
_ENDINGS = (".crl", ".pem", ".der")
_REMEDY = "get the current list from the authority"


@dataclass(frozen=True, slots=True)
class RevocationList:
    """What one authority says: since and until when, and which serial numbers are revoked."""

    since: dt.datetime
    until: dt.datetime
    revoked: dict[int, str]
    pem: bytes


class Revocations:
    """The revocation lists that count here.

    Args:
        places: files (PEM, with one or several lists, or DER) and folders of them.
        authorities: whose certificates are trusted; each needs a list.
        now: aware time.
        spare: lists that count for authorities of which there is no other.

    Raises:
        InputError: a file that cannot be read or used, a list that has ended, an authority without
            one; all at once.
    """

    def __init__(
        self, places: Sequence[Path], authorities: Iterable[x509.Certificate], now: dt.datetime,
        *, spare: Path | None = None,
    ) -> None:  # fmt: skip
        self._places, self._authorities = tuple(places), tuple(authorities)
        self._spare = spare
        self._followers: list[Callable[[bytes], None]] = []
        self._lock = threading.Lock()
        self._stamp = self._changed()
        self._lists = self._read(now)
        self._looked = time.monotonic()

    @property
    def pem(self) -> bytes:
        """Return all lists in PEM form, as TLS takes them."""
        return b"".join(dict.fromkeys(one.pem for one in self._lists.values()))

    def follow(self, told: Callable[[bytes], None]) -> None:
        """Tell somebody of the lists now and whenever they change, in PEM form."""
        told(self.pem)
        self._followers.append(told)

    def why_not(
        self, certificate: x509.Certificate, issuers: Iterable[x509.Certificate], now: dt.datetime
    ) -> str:
        """Return why a certificate does not count; empty where it does.

        Args:
            certificate: the one that came.
            issuers: the trusted authorities that issued it.
            now: aware time.
        """
        self._look(now)
        for issuer in issuers:
            found = self._lists.get(_fingerprint(issuer))
            if found is None or now > found.until:
                return f"the revocation list of «{common_name(issuer)}» has ended"
            reason = found.revoked.get(certificate.serial_number)
            if reason is not None:
                return f"the certificate «{common_name(certificate)}» is revoked: {reason}"
        return ""

    def _look(self, now: dt.datetime) -> None:
        """Read the files again where they have changed; broken ones leave what was known."""
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return
        with self._lock:
            self._looked = time.monotonic()
            stamp = self._changed()
            if stamp == self._stamp:
                return
            self._stamp = stamp
            try:
                self._lists = self._read(now)
                for told in self._followers:
                    told(self.pem)
            except (InputError, OSError) as error:
                _log.error("the revocation lists were not renewed: %s", error)

    def _changed(self) -> tuple[tuple[str, int, int], ...]:
        stamps = []
        for file in (*self._files(), *filter(None, [self._spare])):
            try:
                found = file.stat()
            except OSError:
                continue
            stamps.append((str(file), found.st_mtime_ns, found.st_size))
        return tuple(stamps)

    def _files(self) -> list[Path]:
        found: list[Path] = []
        for place in self._places:
            found += ([file for file in sorted(place.iterdir()) if file.suffix in _ENDINGS]
                      if place.is_dir() else [place])  # fmt: skip
        return found

    def _read(self, now: dt.datetime) -> dict[bytes, RevocationList]:
        problems: list[Problem] = []
        known: dict[bytes, RevocationList] = {}
        for file in self._files():
            problems += self._take(known, file, now)
        if self._spare:
            spare: dict[bytes, RevocationList] = {}
            problems += self._take(spare, self._spare, now)
            known = {**spare, **known}
        problems += [
            Problem(f"there is no revocation list of the authority «{common_name(authority)}»",
                    "--crl", rule="every trusted authority needs one (RFC 5280 6.3.3)",
                    remedy="add its list, or stop trusting it")
            for authority in self._authorities
            if _fingerprint(authority) not in known and not has_ended(authority, now)
        ]  # fmt: skip
        if problems:
            raise InputError(problems)
        return known

    def _take(self, known: dict[bytes, RevocationList], file: Path, now: dt.datetime
              ) -> list[Problem]:  # fmt: skip
        """Take the lists of a file; return what is wrong with it."""
        try:
            reasons = [self._add(known, one, now) for one in lists_of(file)]
        except InputError as error:
            return list(error.problems)
        return [Problem(reason, str(file), rule="RFC 5280 5 and 6.3", remedy=_REMEDY)
                for reason in reasons if reason]  # fmt: skip

    def _add(
        self, known: dict[bytes, RevocationList], one: x509.CertificateRevocationList,
        now: dt.datetime,
    ) -> str:  # fmt: skip
        """Take a list for every authority that signed it; return why not, where it cannot be."""
        wrong = _wrong(one, now)
        if wrong:
            return wrong
        signers = [a for a in self._authorities if a.subject == one.issuer and _signed(one, a)]
        if not signers:
            return f"the list of «{_name(one)}» is not signed by an authority that is trusted here"
        assert one.next_update_utc is not None
        made = RevocationList(one.last_update_utc, one.next_update_utc,
                              {r.serial_number: _reason(r) for r in one},
                              one.public_bytes(Encoding.PEM))  # fmt: skip
        for authority in signers:
            older = known.get(_fingerprint(authority))
            if older is None or older.since < made.since:
                known[_fingerprint(authority)] = made
        return ""


def lists_of(file: Path) -> list[x509.CertificateRevocationList]:
    """Return the lists of a file, in PEM or DER form.

    Raises:
        InputError: it cannot be read, or is no list.
    """
    content = read_bytes(file)
    try:
        if _BEGIN not in content:
            return [x509.load_der_x509_crl(content)]
        parts = content.split(_BEGIN)[1:]
        return [x509.load_pem_x509_crl(_BEGIN + part.partition(_END)[0] + _END + b"\n")
                for part in parts]  # fmt: skip
    except ValueError:
        raise InputError(
            Problem("this is no revocation list (CRL) in PEM or DER form", str(file),
                    remedy=_REMEDY)
        ) from None  # fmt: skip


def _wrong(one: x509.CertificateRevocationList, now: dt.datetime) -> str:
    """Return why a list cannot be used; empty where it can."""
    name = f"the list of «{_name(one)}»"
    if one.next_update_utc is None:
        return f"{name} does not say when the next one comes"
    if now > one.next_update_utc:
        return f"{name} ended at {one.next_update_utc:%Y-%m-%d %H:%M} UTC"
    if now < one.last_update_utc:
        return f"{name} begins at {one.last_update_utc:%Y-%m-%d %H:%M} UTC"
    for extension in one.extensions:
        value = extension.value
        whole = isinstance(value, x509.IssuingDistributionPoint) and not (
            value.indirect_crl or value.only_some_reasons or value.only_contains_ca_certs
            or value.only_contains_attribute_certs
        )  # fmt: skip
        if extension.critical and not whole:
            return f"{name} is not the whole list of its authority ({extension.oid.dotted_string})"
    return ""


def _signed(one: x509.CertificateRevocationList, authority: x509.Certificate) -> bool:
    try:
        usage = authority.extensions.get_extension_for_class(x509.KeyUsage).value
        if not usage.crl_sign:
            return False
    except x509.ExtensionNotFound:
        pass
    try:
        return one.is_signature_valid(authority.public_key())  # type: ignore[arg-type]
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False


def _reason(one: x509.RevokedCertificate) -> str:
    since = f"since {one.revocation_date_utc:%Y-%m-%d}"
    try:
        reason = one.extensions.get_extension_for_class(x509.CRLReason).value.reason.value
    except (x509.ExtensionNotFound, ValueError):
        return since
    return f"{since} ({reason})"


def _name(one: x509.CertificateRevocationList) -> str:
    found = one.issuer.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(found[0].value) if found else one.issuer.rfc4514_string()


def _fingerprint(certificate: x509.Certificate) -> bytes:
    return certificate.fingerprint(hashes.SHA256())
