"""Whom a contact point trusts: authorities, and single certificates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes

from ncp.trust.keys import is_valid
from ncp.trust.revocation import Revocations

_REMEMBERED = 1024
"""Certificates of which it is remembered who issued them."""


class TrustStore:
    """The authorities that are trusted here, and single certificates that are.

    Args:
        certificates: authorities (basic constraint CA); any other certificate is trusted itself
            and nothing that it signed.
        revocations: makes the revocation lists from the authorities; nothing is checked without.

    Raises:
        InputError: revocation lists that cannot be used.
    """

    def __init__(
        self,
        certificates: Iterable[x509.Certificate],
        revocations: Callable[[Sequence[x509.Certificate]], Revocations] | None = None,
    ) -> None:
        self._authorities: list[x509.Certificate] = []
        self._single: set[bytes] = set()
        self._issuers: dict[bytes, tuple[x509.Certificate, ...]] = {}
        for certificate in certificates:
            fingerprint = certificate.fingerprint(hashes.SHA256())
            if fingerprint in self._single:
                continue
            self._single.add(fingerprint)
            if _is_authority(certificate):
                self._authorities.append(certificate)
        self.revocations = revocations(self.authorities) if revocations else None

    @property
    def authorities(self) -> Sequence[x509.Certificate]:
        """Return the trusted authorities."""
        return tuple(self._authorities)

    def trusts(self, certificate: x509.Certificate, now: dt.datetime | None = None) -> bool:
        """Return whether a certificate is trusted: by itself, or issued by a trusted authority.

        Args:
            certificate: the one that came.
            now: with it, the authority must be valid at that moment too.
        """
        if certificate.fingerprint(hashes.SHA256()) in self._single:
            return True
        issuers = self._issued_by(certificate)
        return any(now is None or is_valid(authority, now) for authority in issuers)

    def revoked(self, certificate: x509.Certificate, now: dt.datetime) -> str | None:
        """Return why a certificate does not count though it is trusted; empty where it does.

        None where no revocation lists are given, and revocation is not checked.
        """
        if self.revocations is None:
            return None
        return self.revocations.why_not(certificate, self._issued_by(certificate), now)

    def _issued_by(self, certificate: x509.Certificate) -> tuple[x509.Certificate, ...]:
        """Return the authorities that issued a certificate.

        That never changes, and the same certificates come with every request.
        """
        fingerprint = certificate.fingerprint(hashes.SHA256())
        issuers = self._issuers.get(fingerprint)
        if issuers is None:
            issuers = tuple(one for one in self._authorities if issued(certificate, one))
            if len(self._issuers) < _REMEMBERED:
                self._issuers[fingerprint] = issuers
        return issuers


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def issued(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    """Return whether an authority issued a certificate (names and signature)."""
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
