"""Whose seal is on an assertion: the signature, the certificate, and a memory for both.

Opening an assertion is the dear part of verifying it, and a professional's identity assertion
comes again with every request of a session: what was opened is remembered by its exact bytes, not
longer than the assertion is valid. Trust and time are judged anew each time. What it says and who
signed it are remembered, not its XML; how much that is, is bounded.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass

from cryptography import x509
from lxml import etree

from ncp.trust.anchors import TrustStore
from ncp.trust.findings import Findings
from ncp.trust.keys import common_name, is_strong, is_valid, may_sign
from ncp.trust.names import Kind
from ncp.trust.signature import Broken, opened, parsed, raw
from ncp.trust.statement import Claim, Statement, claimed, read

TOLERANCE = dt.timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Opened:
    """An assertion whose signature fits: who signed it, and what it says.

    Whether the certificate is trusted is another question.
    """

    certificate: x509.Certificate
    statement: Statement


class Memory:
    """Remembers opened assertions by their exact bytes; safe for several threads.

    Args:
        bound: bytes of assertions that are remembered; the one not used for longest goes first.
    """

    def __init__(self, bound: int = 8 * 1024 * 1024) -> None:
        self._bound, self._size = bound, 0
        self._kept: OrderedDict[bytes, tuple[Opened, dt.datetime, int]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return how many are remembered."""
        return len(self._kept)

    def find(self, content: bytes, now: dt.datetime) -> Opened | None:
        """Return what these bytes were opened to, unless their time is over."""
        key = hashlib.sha256(content).digest()
        with self._lock:
            if key not in self._kept:
                return None
            found, until, size = self._kept[key]
            if now > until:
                del self._kept[key]
                self._size -= size
                return None
            self._kept.move_to_end(key)
            return found

    def keep(self, content: bytes, found: Opened) -> None:
        """Remember opened bytes until the assertion ends; one without an end is not kept."""
        until = found.statement.not_on_or_after
        if until is None:
            return
        key = hashlib.sha256(content).digest()
        with self._lock:
            if key not in self._kept:
                self._size += len(content)
            self._kept[key] = (found, until + TOLERANCE, len(content))
            while self._size > self._bound:
                self._size -= self._kept.popitem(last=False)[1][2]


def open_all(
    assertions: list[etree._Element | bytes],
    findings: Findings,
    trust: TrustStore,
    now: dt.datetime,
    memory: Memory | None,
) -> tuple[dict[Kind, Opened], set[Kind]]:
    """Open assertions and judge their seals.

    Returns:
        What could be opened, by kind, and the kinds that came at all.
    """
    found: dict[Kind, Opened] = {}
    came: list[Kind] = []
    identifiers: list[str] = []
    for assertion in assertions:
        content = raw(assertion)
        one = memory.find(content, now) if memory is not None else None
        claim: Claim | Statement
        if one:
            root, claim = None, one.statement
        else:
            try:
                root = parsed(content)
            except Broken as broken:
                findings.judge(broken.rule, False, broken.text)
                continue
            claim = claimed(root)
        kind = claim.kind
        identifiers.append(claim.id)
        aside = f"an assertion of «{claim.issuer}», of no known kind, was left aside"
        if not findings.judge("known-kind", kind is not None, aside, kind=kind) or kind is None:
            continue
        came.append(kind)
        if root is not None:
            one = _open(content, root, kind, findings, memory)
        if one:
            found[kind] = one
            _judge_seal(one.certificate, kind, findings, trust, now)
    once = len(came) == len(set(came)) and len(identifiers) == len(set(identifiers))
    findings.judge("each-once", once, "the same kind of assertion, or the same ID, came twice")
    return found, set(came)


def _open(
    content: bytes, root: etree._Element, kind: Kind, findings: Findings, memory: Memory | None
) -> Opened | None:
    try:
        sealed = opened(root)
    except Broken as broken:
        findings.judge(broken.rule, False, broken.text, kind=kind)
        return None
    found = Opened(sealed.certificate, read(sealed.content))
    if memory is not None:
        memory.keep(content, found)
    return found


def _judge_seal(
    certificate: x509.Certificate,
    kind: Kind,
    findings: Findings,
    trust: TrustStore,
    now: dt.datetime,
) -> None:
    for rule in ("form", "signature-profile", "one-certificate", "signature-value"):
        findings.judge(rule, True, kind=kind)
    name = f"the certificate «{common_name(certificate) or 'without a name'}»"
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    findings.judge("certificate-strength", is_strong(certificate),
                   f"{name} has a weak key or signature", kind=kind)  # fmt: skip
    findings.judge("certificate-trusted", trust.trusts(certificate, now),
                   f"{name} comes from no authority that is trusted here", kind=kind)  # fmt: skip
    findings.judge("certificate-valid", is_valid(certificate, now),
                   f"{name} is valid from {start} to {end}", kind=kind)  # fmt: skip
    judge_revocation("certificate-revoked", certificate, findings, trust, now, kind)
    findings.judge("certificate-usage", may_sign(certificate),
                   f"the key of {name} is not for signatures", kind=kind)  # fmt: skip


def judge_revocation(
    rule: str,
    certificate: x509.Certificate | None,
    findings: Findings,
    trust: TrustStore,
    now: dt.datetime,
    kind: Kind | None = None,
) -> None:
    """Judge whether a certificate was taken back, where revocation lists are given (RFC 5280 6.3).

    Args:
        rule: of a seal (``certificate-revoked``) or of the connection (``connection-revoked``).
        certificate: None where the connection has none.
    """
    why_not = trust.revoked(certificate, now) if certificate is not None else None
    if why_not is None:
        reason = ("no revocation lists are given here" if certificate is not None
                  else "the connection has no certificate")  # fmt: skip
        findings.omit(rule, reason, kind=kind)
        return
    findings.judge(rule, not why_not, why_not, kind=kind)
