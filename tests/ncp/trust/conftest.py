"""A test environment of two countries, and a professional who asks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from ncp.codes import SAML
from ncp.model import HealthProfessional, Operation, PatientId
from ncp.trust import certs, issue, policy, verify
from ncp.trust.names import DS
from ncp.trust.signature import sign

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
PATIENT = PatientId("2.16.578.1.12.4.1.4.1", "17838400655")
INTEGRITY = "ERROR_SEC_DATA_INTEGRITY_NOT_ENSURED"
DOCTOR = HealthProfessional(
    "lakare@example.se", "Åsa Läkare", policy.role("221").coded, locality="Testsjukhuset",
    facility_type="Hospital", organization="Region Test", organization_id="urn:hl7ii:1.2.3.4:ABCD",
    home_community="1.2.752.221.3.1.1", permissions=tuple(policy.permissions()),
)  # fmt: skip


@dataclass(frozen=True)
class World:
    """Norway asks nobody, Sweden asks; Denmark's authority is unknown here."""

    folder: Path
    sweden: certs.Certificates
    norway: certs.Certificates
    trust: certs.TrustStore

    def hcp(self, professional: HealthProfessional = DOCTOR, **options: Any) -> bytes:
        return issue.hcp(professional, self.sweden.seal, **{"now": NOW, **options})

    def trc(self, hcp: bytes, patient: PatientId = PATIENT, **options: Any) -> bytes:
        return issue.trc(hcp, patient, self.sweden.seal, **{"now": NOW, **options})

    def pair(self, professional: HealthProfessional = DOCTOR) -> list[bytes]:
        hcp = self.hcp(professional)
        return [hcp, self.trc(hcp)]

    def verify(self, assertions: Any, operation: Operation = Operation.PS_LIST,
               **options: Any) -> verify.Trusted:  # fmt: skip
        return verify.verify(assertions, operation=operation,
                             **{"trust": self.trust, "now": NOW, **options})  # fmt: skip

    def refusal(self, assertions: Any, operation: Operation = Operation.PS_LIST,
                **options: Any) -> verify.Refusal:  # fmt: skip
        with pytest.raises(verify.Refusal) as caught:
            self.verify(assertions, operation, **options)
        return caught.value

    def fault(self, assertions: Any, operation: Operation = Operation.PS_LIST,
              **options: Any) -> verify.SoapFault:  # fmt: skip
        with pytest.raises(verify.SoapFault) as caught:
            self.verify(assertions, operation, **options)
        return caught.value

    def changed(self, content: bytes, change: Callable[[etree._Element], object],
                seal: certs.Signer | None = None) -> bytes:  # fmt: skip
        """Change an assertion and sign it anew, as a country that builds it wrongly would."""
        root = etree.fromstring(content)
        for signature in root.findall(f"{{{DS}}}Signature"):
            root.remove(signature)
        change(root)
        return sign(root, seal or self.sweden.seal)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("certs")
    sweden = certs.make(folder / "SE", "SE", now=NOW)
    norway = certs.make(folder / "NO", "NO", now=NOW)
    return World(folder, sweden, norway, certs.trust_store(folder))


def find(root: etree._Element, path: str) -> etree._Element:
    """Return an element of an assertion by a path of SAML names."""
    found = (
        root
        if path == "."
        else root.find("/".join(f"{{{SAML}}}{name}" for name in path.split("/")))
    )
    assert found is not None, path
    return found


def attribute(root: etree._Element, name: str) -> etree._Element:
    """Return an attribute of an assertion by its name."""
    (found,) = [e for e in root.iter(f"{{{SAML}}}Attribute") if e.get("Name") == name]
    return found
