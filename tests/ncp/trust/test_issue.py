"""Assertions as they are issued: form, signature, and what another tool says about them."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import xmlsec
from lxml import etree

from data.errors import InputError
from ncp.codes import SAML
from ncp.model import Address, PatientId, Person
from ncp.trust import issue
from ncp.trust.names import DS, HOME, KIN, PERMISSION, PIN, PRESCRIPTION, PURPOSE, ROLE, SUBJECT_ID
from ncp.trust.signature import parsed
from ncp.trust.statement import Statement, read
from tests.ncp.trust.conftest import DOCTOR, NOW, PATIENT, World, find

KIN_OF = Person((PATIENT,), "Pårørende", ("Mor",), "F", "19500101",
                Address("Gata 1", "Oslo", "0150", "NO"))  # fmt: skip


def said(content: bytes) -> Statement:
    return read(parsed(content))


def verified_by_xmlsec(content: bytes, world: World) -> bool:
    root = etree.fromstring(content)
    xmlsec.tree.add_ids(root, ["ID"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_file(
        str(world.sweden.seal.certificate_file), xmlsec.KeyFormat.CERT_PEM
    )
    context.verify(xmlsec.tree.find_node(root, "Signature"))
    return True


def test_the_identity_assertion_has_the_form_of_the_profile(world: World) -> None:
    statement = said(world.hcp())
    assert re.fullmatch(r"_[0-9a-f-]{36}", statement.id)
    assert (statement.version, statement.issuer) == ("2.0", "urn:idp:SE:countryB")
    assert statement.kind == "hcp"
    assert statement.not_on_or_after == NOW + dt.timedelta(hours=4)
    assert statement.audiences == ("urn:ehdsi:assertions.audience:x-border",)
    assert statement.text(SUBJECT_ID) == "Åsa Läkare"
    assert statement.text(HOME) == "urn:oid:1.2.752.221.3.1.1"
    role = statement.coded(ROLE)
    assert role
    assert (role.code, role.system, role.display) == (
        "221", "2.16.840.1.113883.2.9.6.2.7", "Medical Doctors")  # fmt: skip
    purpose = statement.coded(PURPOSE)
    assert purpose
    assert purpose.system == "3bc18518-d305-46c2-a8d6-94bd59856e9e"
    assert f"{PERMISSION}:PRD-006" in [v.text for v in statement.attributes[PERMISSION]]


def test_elements_stand_in_the_order_of_the_schema(world: World) -> None:
    for content in world.pair():
        names = [etree.QName(child).localname for child in etree.fromstring(content)]
        order = ["Issuer", "Signature", "Subject", "Conditions", "Advice", "AuthnStatement",
                 "AttributeStatement"]  # fmt: skip
        assert names == [name for name in order if name in names]


def test_the_treatment_relationship_is_linked_to_the_identity(world: World) -> None:
    hcp = world.hcp()
    statement = said(world.trc(hcp, prescription_id="RX-1", pin="123456", purpose="EMERGENCY"))
    identity = said(hcp)
    assert (statement.name_id, statement.name_id_format) == (
        identity.name_id, identity.name_id_format)  # fmt: skip
    assert statement.advice == (identity.id,)
    assert statement.issuer == "urn:initgw:SE:countryB"
    assert statement.text(SUBJECT_ID) == "17838400655^^^&2.16.578.1.12.4.1.4.1&ISO"
    assert (statement.text(PRESCRIPTION), statement.text(PIN)) == ("RX-1", "123456")
    assert statement.authn_class.endswith(":PreviousSession")
    assert statement.not_on_or_after == NOW + dt.timedelta(hours=2)


def test_the_next_of_kin_carries_who_acts(world: World) -> None:
    content = issue.nok(world.hcp(), KIN_OF, world.sweden.seal, now=NOW)
    statement = said(content)
    assert statement.kind == "nok"
    assert statement.text(KIN + "familyname") == "Pårørende"
    assert statement.text(KIN + "address:country") == "NO"


def test_xmlsec_verifies_what_is_signed_here(world: World) -> None:
    hcp = world.hcp()
    nok = issue.nok(hcp, KIN_OF, world.sweden.seal, now=NOW)
    assert all(verified_by_xmlsec(one, world) for one in (hcp, world.trc(hcp), nok))


def test_the_signature_survives_an_envelope_with_other_namespaces(world: World) -> None:
    hcp = world.hcp()
    header = (b'<s:Envelope xmlns:s="urn:s" xmlns="urn:default" xmlns:saml2="urn:other">'
              b'<s:Header> <w:Security xmlns:w="urn:w" xmlns:ds="urn:else">')  # fmt: skip
    root = etree.fromstring(header + hcp + b"</w:Security></s:Header></s:Envelope>")
    (assertion,) = root.iter(f"{{{SAML}}}Assertion")
    trusted = world.verify([assertion, world.trc(hcp)])
    assert trusted.professional.name == DOCTOR.name


def test_one_signature_of_the_profile_after_the_issuer(world: World) -> None:
    root = etree.fromstring(world.hcp())
    signature = root[1]
    assert signature.tag == f"{{{DS}}}Signature"
    algorithms = [e.get("Algorithm") for e in signature.iter() if e.get("Algorithm")]
    assert algorithms == [
        "http://www.w3.org/2001/10/xml-exc-c14n#",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
        "http://www.w3.org/2001/10/xml-exc-c14n#",
        "http://www.w3.org/2001/04/xmlenc#sha256",
    ]
    assert len(list(signature.iter(f"{{{DS}}}X509Certificate"))) == 1


def test_what_is_empty_is_left_out(world: World) -> None:
    content = world.changed(world.hcp(), lambda root: root)
    assert find(etree.fromstring(content), "AttributeStatement") is not None
    assert b"clinical-speciality" not in content


def test_an_identity_that_cannot_be_read_is_told(world: World) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        issue.trc(b"<x/>", PatientId("1.2", "3"), world.sweden.seal, now=NOW)
