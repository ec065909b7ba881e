"""Evidence proves one message, by one issuer, and nothing that was changed afterwards."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree

from data.errors import InputError
from ncp.audit import Indicator
from ncp.audit.evidence import DS, REM, Kind, body_digest, evidence, read_evidence
from ncp.model import Operation
from ncp.trust.keys import Signer
from tests.ncp.audit.transactions import exchange

BODY = b'<s:Body xmlns:s="urn:s"><a b="1" a="2"/></s:Body>'
# The children of REMEvidenceType that we use, in the order of the schema of TS 102 640-2.
ORDER = ["EventCode", "EvidenceIdentifier", "EvidenceIssuerDetails", "EventTime", "SubmissionTime",
         "SenderDetails", "RecipientsDetails", "SenderMessageDetails", "Signature"]  # fmt: skip


def signer(name: str) -> Signer:
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "SE"),
                         x509.NameAttribute(NameOID.COMMON_NAME, name)])  # fmt: skip
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
        .public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    return Signer(certificate, key)


@pytest.fixture(scope="module")
def seal() -> Signer:
    return signer("seal.se.example")


@pytest.mark.parametrize(
    ("kind", "root"),
    [(Kind.ORIGIN, "SubmissionAcceptanceRejection"),
     (Kind.RECEIPT, "AcceptanceRejectionByRecipient")],
)  # fmt: skip
def test_what_is_proved_is_read_back(seal, kind, root):
    made = exchange(Operation.PS_LIST)
    content = evidence(kind, made, etree.fromstring(BODY), seal)
    assert etree.fromstring(content).tag == f"{{{REM}}}{root}"
    found = read_evidence(content, seal.certificate)
    assert (found.kind, found.accepted, found.subject) == (kind, True, "PatientService::List")
    assert found.message_id == made.request_id
    assert found.time == "2026-11-22T12:00:00.042Z"
    assert found.proves(etree.fromstring(BODY))
    assert not found.proves(etree.fromstring(BODY.replace(b'"1"', b'"9"')))


def test_the_digest_is_sha_256_of_the_canonical_body(seal):
    canonical = b'<s:Body xmlns:s="urn:s"><a a="2" b="1"></a></s:Body>'
    expected = hashlib.sha256(canonical).digest()
    assert body_digest(etree.fromstring(BODY)) == expected
    root = etree.fromstring(evidence(Kind.ORIGIN, exchange(Operation.PS_LIST),
                                     etree.fromstring(BODY), seal))  # fmt: skip
    details = root.find(f"{{{REM}}}SenderMessageDetails")
    assert base64.b64decode(details.findtext(f"{{{DS}}}DigestValue")) == expected
    assert details.find(f"{{{DS}}}DigestMethod").get("Algorithm").endswith("xmlenc#sha256")


def test_children_stand_in_the_order_of_the_schema(seal):
    root = etree.fromstring(evidence(Kind.ORIGIN, exchange(Operation.PS_LIST), BODY, seal))
    assert [etree.QName(child).localname for child in root] == ORDER
    assert root.get("version")
    assert root.find(f"{{{REM}}}SenderMessageDetails").get("isNotification") == "false"


def test_a_refusal_is_a_rejection(seal):
    made = exchange(Operation.PS_LIST, outcome=Indicator.MAJOR)
    content = evidence(Kind.RECEIPT, made, BODY, seal)
    assert not read_evidence(content, seal.certificate).accepted


def test_another_issuer_is_refused(seal):
    content = evidence(Kind.ORIGIN, exchange(Operation.PS_LIST), BODY, seal)
    with pytest.raises(InputError, match="signature does not hold"):
        read_evidence(content, signer("other").certificate)


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"PatientService", b"OrderService"), (b"#Acceptance", b"#Rejection"),
     (b"urn:uuid:request-1", b"urn:uuid:request-2")],
)  # fmt: skip
def test_what_was_changed_is_refused(seal, old, new):
    content = evidence(Kind.ORIGIN, exchange(Operation.PS_LIST), BODY, seal)
    assert old in content
    with pytest.raises(InputError, match="signature does not hold"):
        read_evidence(content.replace(old, new, 1), seal.certificate)


def test_a_wrapped_signature_proves_only_what_it_signed(seal):
    """Signed evidence inside other evidence must not vouch for the outer one."""
    good = etree.fromstring(evidence(Kind.ORIGIN, exchange(Operation.PS_LIST), BODY, seal))
    outer = etree.Element(f"{{{REM}}}SubmissionAcceptanceRejection", version="2", Id="_evil")
    details = etree.SubElement(outer, f"{{{REM}}}SenderMessageDetails")
    etree.SubElement(details, f"{{{REM}}}MessageSubject").text = "OrderService::List"
    outer.append(good)
    try:
        found = read_evidence(etree.tostring(outer), seal.certificate)
    except InputError:
        return
    assert found.subject == "PatientService::List"


@pytest.mark.parametrize("content", [b"", b"<a/>", b"<!DOCTYPE a><a/>", b"no xml"])
def test_what_is_no_evidence_is_refused(seal, content):
    with pytest.raises(InputError):
        read_evidence(content, seal.certificate)


@pytest.mark.oracle
def test_another_implementation_verifies_it(seal):
    xmlsec = pytest.importorskip("xmlsec")
    root = etree.fromstring(evidence(Kind.ORIGIN, exchange(Operation.PS_LIST), BODY, seal))
    xmlsec.tree.add_ids(root, ["Id"])
    context = xmlsec.SignatureContext()
    pem = seal.certificate.public_bytes(Encoding.PEM)
    context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem)
    context.verify(xmlsec.tree.find_node(root, xmlsec.constants.NodeSignature))
