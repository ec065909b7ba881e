"""Assertions written by others: the shapes of the Danish and German test tools and of OpenNCP.

They are assembled here by hand and signed by another tool, after what those tools publish.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest
import xmlsec
from lxml import etree

from ncp.model import Operation, PatientId
from ncp.tables import document_kinds
from ncp.trust import certs, policy, verify
from ncp.trust.names import DS
from tests.ncp.trust.conftest import NOW, World

XSPA = "urn:oasis:names:tc:xspa:1.0:subject"
ROLE_221 = ('<Role xmlns="urn:hl7-org:v3" code="221" codeSystem="2.16.840.1.113883.2.9.6.2.7" '
            'codeSystemName="ISCO" displayName="{display}"/>')  # fmt: skip
OLD_PURPOSE = ('<PurposeOfUse xmlns="urn:hl7-org:v3" code="TREATMENT" displayName="Treatment" '
               'codeSystem="2.16.840.1.113883.3.18.7.1" codeSystemName="nhin-purpose"/>'
               )  # fmt: skip
ALL = ("PRD-003", "PRD-004", "PRD-005", "PRD-006", "PRD-010", "PRD-016", "PPD-046")


@dataclass(frozen=True)
class Style:
    """How a tool writes: prefix, ID, white space, and what it leaves out."""

    prefix: str = "saml2"
    start: str = "_"
    padded: bool = False
    audience: bool = True
    inclusive: str = ""
    wrapped: bool = False
    display: str = "Medical Doctors"
    home: str = "urn:oid:2.16.17.710.802.1000.990.1"
    minutes: tuple[int, int] = (0, 60)


DANISH = Style("saml", "id", padded=True, audience=False, home="2.16.17.710.860.1000.990.1",
               minutes=(-1, 60))  # fmt: skip
GERMAN = Style(display="Medical doctors", minutes=(-30, 30))
OPENNCP = Style(inclusive="xsd", wrapped=True, minutes=(0, 120))


def attribute(style: Style, name: str, *values: str) -> str:
    p, pad = style.prefix, "\n        " if style.padded else ""
    said = "".join(f"<{p}:AttributeValue>{pad}{v}{pad}</{p}:AttributeValue>" for v in values)
    return (f'<{p}:Attribute Name="{name}" '
            f'NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri">{said}'
            f"</{p}:Attribute>")  # fmt: skip


def written(style: Style, kind: str, issuer: str, attributes: str, *, number: int,
            advice: str = "", authn: str = "MobileTwoFactorContract") -> str:  # fmt: skip
    p = style.prefix
    moments = [(NOW + dt.timedelta(minutes=m)).strftime("%Y-%m-%dT%H:%M:%S.123456789Z")
               for m in (0, *style.minutes)]  # fmt: skip
    audience = (f"<{p}:AudienceRestriction><{p}:Audience>urn:ehdsi:assertions.audience:x-border"
                f"</{p}:Audience></{p}:AudienceRestriction>" if style.audience else "")  # fmt: skip
    told = (f"<{p}:Advice><{p}:AssertionIDRef>{advice}</{p}:AssertionIDRef></{p}:Advice>"
            if advice else "")  # fmt: skip
    text = (
        f'<{p}:Assertion xmlns:{p}="urn:oasis:names:tc:SAML:2.0:assertion" '
        f'xmlns:xsd="http://www.w3.org/2001/XMLSchema" ID="{style.start}{number:032x}" '
        f'IssueInstant="{moments[0]}" Version="2.0">'
        f'<{p}:Issuer NameQualifier="urn:ehdsi:assertions:{kind}">{issuer}</{p}:Issuer>'
        f'<{p}:Subject><{p}:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified">'
        f"drtest</{p}:NameID><{p}:SubjectConfirmation "
        f'Method="urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"/></{p}:Subject>'
        f'<{p}:Conditions NotBefore="{moments[1]}" NotOnOrAfter="{moments[2]}">{audience}'
        f'</{p}:Conditions>{told}<{p}:AuthnStatement AuthnInstant="{moments[0]}"><{p}:AuthnContext>'
        f"<{p}:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:{authn}"
        f"</{p}:AuthnContextClassRef></{p}:AuthnContext></{p}:AuthnStatement>"
        f"<{p}:AttributeStatement>{attributes}</{p}:AttributeStatement></{p}:Assertion>"
    )
    return text.replace("><", ">\n  <") if style.padded else text


def identity(style: Style) -> str:
    parts = [
        attribute(style, "urn:ihe:iti:xca:2010:homeCommunityId", style.home),
        attribute(style, f"{XSPA}:subject-id", "Dr. Test"),
        attribute(style, "urn:oasis:names:tc:xacml:2.0:subject:role",
                  ROLE_221.format(display=style.display)),
        attribute(style, f"{XSPA}:organization-id", "urn:hl7ii:1.2.3.4:ABCD"),
        attribute(style, f"{XSPA}:purposeofuse", OLD_PURPOSE),
        attribute(style, "urn:ehdsi:names:subject:healthcare-facility-type", "Hospital"),
        attribute(style, "urn:oasis:names:tc:xspa:1.0:environment:locality", "Testby"),
        attribute(style, f"{XSPA}:hl7:permission", *(f"{XSPA}:hl7:permission:{c}" for c in ALL)),
    ]  # fmt: skip
    return written(style, "hcp", "urn:idp:DK:countryB", "".join(parts), number=1)


def treatment(style: Style, issuer: str = "urn:initgw:DK:countryB") -> str:
    parts = attribute(style, f"{XSPA}:subject-id", "0000000000^^^&amp;1.2.208.176.1.2&amp;ISO")
    return written(style, "trc", issuer, parts, number=2, advice=f"{style.start}{1:032x}",
                   authn="PreviousSession")  # fmt: skip


def signed(text: str, style: Style, seal: certs.Signer) -> bytes:
    root = etree.fromstring(text)
    xmlsec.tree.add_ids(root, ["ID"])
    template = xmlsec.template.create(root, xmlsec.Transform.EXCL_C14N,
                                      xmlsec.Transform.RSA_SHA256, ns="ds")  # fmt: skip
    issuer = root[0]
    issuer.addnext(template)
    reference = xmlsec.template.add_reference(template, xmlsec.Transform.SHA256,
                                              uri="#" + root.get("ID", ""))  # fmt: skip
    xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
    transform = xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
    if style.inclusive:
        xmlsec.template.transform_add_c14n_inclusive_namespaces(transform, style.inclusive)
    xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(template))
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_file(str(seal.key_file), xmlsec.KeyFormat.PEM)
    context.key.load_cert_from_file(str(seal.certificate_file), xmlsec.KeyFormat.CERT_PEM)
    context.sign(template)
    for data in root.iter(f"{{{DS}}}X509Data"):
        for child in [c for c in data if not str(c.tag).endswith("X509Certificate")]:
            data.remove(child)
    if style.wrapped:  # Java writes carriage returns into the value of the signature
        value = next(root.iter(f"{{{DS}}}SignatureValue"))
        value.text = (value.text or "").replace("\n", "\r\n")
    return etree.tostring(root)


@pytest.fixture(scope="module")
def denmark(world: World) -> certs.Certificates:
    return certs.make(world.folder.parent / "dk" / "DK", "DK", now=NOW,
                      authority=world.folder / "ca")  # fmt: skip


@pytest.mark.parametrize("style", [DANISH, GERMAN, OPENNCP], ids=["danish", "german", "openncp"])
@pytest.mark.parametrize("operation", [Operation.IDENTIFY, Operation.PS_LIST,
                                       Operation.EP_RETRIEVE, Operation.DISCARD])  # fmt: skip
def test_the_shapes_of_public_test_tools_are_accepted(
    world: World, denmark: certs.Certificates, style: Style, operation: Operation
) -> None:
    hcp = signed(identity(style), style, denmark.seal)
    trc = signed(treatment(style), style, denmark.seal)
    trusted = world.verify([hcp, trc], operation, peer=denmark.tls_client.certificate)
    assert trusted.professional.name == "Dr. Test"
    assert trusted.professional.organization_id == "urn:hl7ii:1.2.3.4:ABCD"
    assert set(trusted.professional.permissions) == set(ALL)
    assert trusted.trc_patient == PatientId("1.2.208.176.1.2", "0000000000")


def test_the_danish_tool_is_told_what_it_leaves_out(
    world: World, denmark: certs.Certificates
) -> None:
    hcp = signed(identity(DANISH), DANISH, denmark.seal)
    trc = signed(treatment(DANISH, "urn:tiani-spirit:sts"), DANISH, denmark.seal)
    warned = {w.id for w in world.verify([hcp, trc]).warnings}
    assert warned == {"trust-audience-present", "trust-country-home", "trust-home-present",
                      "trust-issuer-form"}  # fmt: skip


def test_a_falsified_digest_is_refused(world: World, denmark: certs.Certificates) -> None:
    root = etree.fromstring(signed(identity(GERMAN), GERMAN, denmark.seal))
    digest = next(root.iter(f"{{{DS}}}DigestValue"))
    digest.text = "A" + (digest.text or "")[1:]
    assert world.refusal([root], Operation.IDENTIFY).code == "ERROR_SEC_DATA_INTEGRITY_NOT_ENSURED"


def test_the_treatment_relationship_may_have_another_signer_of_the_country(
    world: World, denmark: certs.Certificates
) -> None:
    other = certs.make(world.folder.parent / "dk" / "DK2", "DK", now=NOW,
                       authority=world.folder / "ca")  # fmt: skip
    hcp = signed(identity(GERMAN), GERMAN, denmark.seal)
    trc = signed(treatment(GERMAN), GERMAN, other.seal)
    assert world.verify([hcp, trc]).country == "DK"


def test_a_self_signed_certificate_counts_where_it_is_trusted_itself(world: World) -> None:
    alone = certs.make(world.folder.parent / "alone" / "DK", "DK", now=NOW,
                       variant=certs.Variant.SELF_SIGNED)  # fmt: skip
    hcp = signed(identity(DANISH), DANISH, alone.seal)
    trust = certs.TrustStore([alone.seal.certificate])
    assert world.verify([hcp], Operation.IDENTIFY, trust=trust).country == "DK"


def test_the_matrix_agrees_with_the_table_of_documents() -> None:
    for kind in document_kinds().values():
        for operation in (kind.list_operation, kind.retrieve_operation):
            if operation:
                assert policy.required(operation) == set(kind.permissions)


def test_a_refusal_carries_no_patient(world: World, denmark: certs.Certificates) -> None:
    hcp = signed(identity(GERMAN), GERMAN, denmark.seal)
    wrong = treatment(GERMAN).replace("^^^&amp;1.2.208.176.1.2&amp;ISO", "")
    trc = signed(wrong, GERMAN, denmark.seal)
    refusal = world.refusal([hcp, trc])
    assert isinstance(refusal, verify.Refusal)
    told = f"{refusal} {refusal.location} {refusal.details}"
    assert "0000000000" not in told
