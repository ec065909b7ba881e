"""Evidence that a message was sent, and that it was received: signed with the seal.

The form of ETSI TS 102 640-2 (REM): non-repudiation of origin is a
``SubmissionAcceptanceRejection``, non-repudiation of receipt an ``AcceptanceRejectionByRecipient``.
What is proved is the SHA-256 of the SOAP body. Introduced by the EED DESIGN interoperability
specification (epSOS CP-6).
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.exceptions import SignXMLException
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from data.errors import InputError, Problem
from ips.xml import children, local, parse
from ncp.audit.message import instant
from ncp.audit.transaction import Transaction
from ncp.trust.keys import Signer

REM = "http://uri.etsi.org/02640/v2#"
DS = "http://www.w3.org/2000/09/xmldsig#"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
EVENT_CODE = "http://uri.etsi.org/02640/Event#"


class Kind(StrEnum):
    """What is proved; the value is the part of the journal entry that keeps it."""

    ORIGIN = "nro"
    RECEIPT = "nrr"


_ROOT = {Kind.ORIGIN: "SubmissionAcceptanceRejection",
         Kind.RECEIPT: "AcceptanceRejectionByRecipient"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a verified piece of evidence says.

    Attributes:
        kind: origin or receipt.
        accepted: whether the message was accepted.
        subject: name of the operation.
        message_id: wsa:MessageID.
        digest: SHA-256 of the SOAP body, bytes.
        time: when, as written.
        issuer: certificate that signed it.
    """

    kind: Kind
    accepted: bool
    subject: str
    message_id: str
    digest: bytes
    time: str
    issuer: x509.Certificate

    def proves(self, body: etree._Element | bytes) -> bool:
        """Whether it is about this SOAP body."""
        return self.digest == body_digest(body)


def body_digest(body: etree._Element | bytes) -> bytes:
    """Return the SHA-256 of a SOAP body: of its exclusive canonical form, or of bytes as given."""
    if not isinstance(body, bytes):
        body = etree.tostring(body, method="c14n", exclusive=True)
    return hashlib.sha256(body).digest()


def evidence(
    kind: Kind, transaction: Transaction, body: etree._Element | bytes, seal: Signer
) -> bytes:
    """Return signed evidence about one message of an exchange.

    Args:
        kind: origin of the request or receipt of it.
        transaction: the exchange.
        body: the SOAP body of the request (`body_digest`).
        seal: key and certificate of the contact point that issues the evidence.
    """
    root = etree.Element(f"{{{REM}}}{_ROOT[kind]}", {"version": "2", "Id": f"_{uuid.uuid4()}"},
                         nsmap={None: REM, "ds": DS})  # type: ignore[dict-item]  # fmt: skip
    code = "Acceptance" if transaction.done else "Rejection"
    _add(root, "EventCode", EVENT_CODE + code)
    _add(root, "EvidenceIdentifier", f"urn:uuid:{uuid.uuid4()}")
    certificate = base64.b64encode(seal.certificate.public_bytes(Encoding.DER)).decode()
    _add(_add(_add(root, "EvidenceIssuerDetails"), "CertificateDetails"), "X509Certificate",
         certificate)  # fmt: skip
    _add(root, "EventTime", instant(transaction.ended))
    _add(root, "SubmissionTime", instant(transaction.started))
    _entity(_add(root, "SenderDetails"), transaction.consumer.name)
    _entity(_add(_add(root, "RecipientsDetails"), "EntityDetails"), transaction.provider.name)
    details = _add(root, "SenderMessageDetails")
    details.set("isNotification", "false")
    _add(details, "MessageSubject", str(transaction.operation))
    _add(details, "UAMessageIdentifier", transaction.request_id)
    _add(details, "MessageIdentifierByREMMD", transaction.request_id)
    etree.SubElement(details, f"{{{DS}}}DigestMethod", Algorithm=SHA256)
    value = etree.SubElement(details, f"{{{DS}}}DigestValue")
    value.text = base64.b64encode(body_digest(body)).decode()
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    signed = signer.sign(root, key=seal.key, cert=[seal.certificate],
                         reference_uri=f"#{root.get('Id')}")  # fmt: skip
    return etree.tostring(signed)


def read_evidence(content: bytes, issuer: x509.Certificate) -> Evidence:
    """Return what a piece of evidence says, once its signature holds.

    Args:
        content: the evidence.
        issuer: certificate that has to have signed it.

    Raises:
        InputError: no evidence, changed since it was signed, or signed by somebody else.
    """
    parse(content, name="evidence")  # refuses entities and oversize before anything else reads it
    try:
        verified = XMLVerifier().verify(
            content, x509_cert=issuer,
            expect_config=SignatureConfiguration(
                require_x509=True, expect_references=1,
                signature_methods=frozenset({SignatureMethod.RSA_SHA256}),
                digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
            ),
        )  # fmt: skip
    except (SignXMLException, ValueError) as error:
        raise InputError(
            Problem(f"the signature does not hold: {error}", "evidence",
                    "ETSI TS 102 640-2: evidence is signed by its issuer")
        ) from None  # fmt: skip
    found = verified[0] if isinstance(verified, list) else verified
    root = found.signed_xml
    kinds = {name: kind for kind, name in _ROOT.items()}
    if root is None or local(root) not in kinds:
        raise InputError(Problem("what is signed is no REM evidence", "evidence"))
    details = next(children(root, "SenderMessageDetails"))
    return Evidence(
        kind=kinds[local(root)],
        accepted=_text(root, "EventCode").endswith("#Acceptance"),
        subject=_text(details, "MessageSubject"),
        message_id=_text(details, "UAMessageIdentifier"),
        digest=base64.b64decode(_text(details, "DigestValue")),
        time=_text(root, "EventTime"),
        issuer=issuer,
    )


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, f"{{{REM}}}{name}")
    element.text = text
    return element


def _entity(parent: etree._Element, name: str) -> None:
    """Name a contact point by its certificate; a party without name stays empty."""
    if name:
        place = _add(_add(parent, "NamesPostalAddresses"), "NamePostalAddress")
        _add(_add(place, "EntityName"), "Name", name)


def _text(parent: etree._Element, name: str) -> str:
    found = next(children(parent, name), None)
    return (found.text or "") if found is not None else ""
