"""A contact point that does not check assertions as it should.

The check itself stays as it is. What it would refuse is set right on the way in, signed again with
a seal that is trusted: so the contact point behaves as one that does not look.
"""

from __future__ import annotations

import base64
import datetime as dt
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from cryptography import x509
from lxml import etree

from data.errors import EhdsError
from ips.xml import parse
from ncp.faults.plan import Plan
from ncp.scenarios.editing import DS, S, edit
from ncp.service.wire import Incoming
from ncp.trust import certs
from ncp.trust.anchors import TrustStore
from ncp.trust.keys import Signer, country_of, is_valid
from ncp.trust.names import AUDIENCE, SENDER_VOUCHES
from ncp.trust.signature import Broken, opened, parsed, sign

_ASSERTION = re.compile(rb"<(saml2:)?Assertion\b.*?</\1?Assertion>", re.DOTALL)
_KEPT = 1000
_ALL = "PRD-003,PRD-004,PRD-005,PRD-006,PRD-010,PRD-016,PPD-046"

EDITS = {
    "window-ignored": ("window=-10/3600",),
    "audience-ignored": (f"audience={AUDIENCE}",),
    "confirmation-ignored": (f"confirmation={SENDER_VOUCHES}",),
    "permissions-ignored": (f"permissions={_ALL}",),
    "purpose-ignored": ("purpose=TREATMENT",),
    "role-ignored": ("role=221:Medical Doctors",),
    "authentication-ignored": ("authn=urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI",),
}
"""What is set right of an assertion that is otherwise sound, by fault."""
_IDENTITY_ONLY = ("authentication-ignored", "role-ignored", "permissions-ignored")


class Trusting:
    """Sets incoming assertions right.

    Args:
        plan: which faults hold.
        folder: ``certs/`` of the home folder, with seals of the countries.
        trust: whom the contact point trusts.
    """

    def __init__(self, plan: Plan, folder: Path, trust: TrustStore) -> None:
        self._plan, self._folder, self._trust = plan, folder, trust
        self._known_already: dict[tuple[bytes, frozenset[str], str],
                                  tuple[bytes, dict[str, str]]] = {}  # fmt: skip

    def __call__(self, incoming: Incoming) -> Incoming:
        """Return a request as a contact point that does not look would see it."""
        names = {fault.name for fault in self._plan.of("assertion") if fault.strikes()}
        if not names:
            return incoming
        identity = {"id": "", "name": "", "format": ""}

        def one(found: re.Match[bytes]) -> bytes:
            # A session brings the same assertions again and again.
            key = (found[0], frozenset(names), identity["id"])
            if key not in self._known_already:
                made = found[0]
                with suppress(EhdsError, Broken, ValueError, etree.LxmlError):
                    made = self._right(found[0], names, incoming.peer, identity)
                if len(self._known_already) > _KEPT:
                    self._known_already.clear()
                self._known_already[key] = (made, dict(identity))
            made, said = self._known_already[key]
            identity.update(said)
            return made

        return replace(incoming, content=_ASSERTION.sub(one, incoming.content))

    def _right(
        self, content: bytes, names: set[str], peer: x509.Certificate | None,
        identity: dict[str, str],
    ) -> bytes:  # fmt: skip
        root = parsed(content)
        certificate = _certificate(root)
        known = certificate is None or self._known(certificate)
        sound = self._sound(root)
        change = False
        if "signature-ignored" in names and not sound and known:
            change = True
        if "signer-ignored" in names and sound and not known:
            change = True
        if sound and known:
            change = self._edited(root, names, identity) or change
        if not change:
            return content
        country = country_of(certificate) if certificate else country_of(peer) if peer else ""
        for signature in root.findall(f"{DS}Signature"):
            root.remove(signature)
        return sign(root, self._seal(country))

    def _edited(
        self, root: etree._Element, names: set[str], identity: dict[str, str]
    ) -> bool:  # fmt: skip
        before = etree.tostring(root)
        linked = root.find(f"{S}Advice") is not None
        for name in sorted(names & set(EDITS)):
            if (linked and name in _IDENTITY_ONLY) or (
                    name == "window-ignored" and _in_time(root)):  # fmt: skip
                continue
            for change in EDITS[name]:
                with suppress(ValueError):
                    edit(root, change, dt.datetime.now(dt.UTC))
        _linked(root, names, identity)
        return etree.tostring(root) != before

    def _known(self, certificate: x509.Certificate) -> bool:
        now = dt.datetime.now(dt.UTC)
        return self._trust.trusts(certificate, now) and is_valid(certificate, now)

    @staticmethod
    def _sound(root: etree._Element) -> bool:
        try:
            opened(parse(etree.tostring(root), name="assertion"))
        except Broken:
            return False
        return True

    def _seal(self, country: str) -> Signer:
        return certs.load(self._folder / country).seal


def _in_time(root: etree._Element) -> bool:
    """Whether nothing about the window would be refused."""
    conditions = root.find(f"{S}Conditions")
    if conditions is None:
        return True
    start, end = (dt.datetime.fromisoformat(conditions.get(name, ""))
                  for name in ("NotBefore", "NotOnOrAfter"))  # fmt: skip
    now = dt.datetime.now(dt.UTC)
    longest = dt.timedelta(hours=2 if root.find(f"{S}Advice") is not None else 4)
    return start <= now < end and end - start <= longest


def _linked(root: etree._Element, names: set[str], identity: dict[str, str]) -> None:
    """Tie the treatment relationship to the identity assertion that came before it."""
    person = root.find(f"{S}Subject/{S}NameID")
    if person is None:
        return
    advice = root.find(f"{S}Advice/{S}AssertionIDRef")
    if advice is None:
        identity.update(id=root.get("ID", ""), name=person.text or "",
                        format=person.get("Format", ""))  # fmt: skip
        return
    if "link-ignored" in names and identity["id"]:
        advice.text, person.text = identity["id"], identity["name"]
        person.set("Format", identity["format"])


def _certificate(root: etree._Element) -> x509.Certificate | None:
    found = root.findtext(f"{DS}Signature//{DS}X509Certificate")
    return x509.load_der_x509_certificate(base64.b64decode(found)) if found else None
