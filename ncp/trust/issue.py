"""Issuing assertions of country B: the professional, the treatment relationship, the next of kin.

The bytes that are returned go into the SOAP header as they are: a tool that writes them anew may
change a namespace or a space and so break the signature.

Sources: MyHealth@EU SAML Profiles 2.1 (identity), 2.2 (treatment relationship), 2.3 (next of kin).
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence

from lxml import etree

from data.errors import InputError, Problem
from ncp.codes import HL7, SAML, XSI, urn
from ncp.model import HealthProfessional, PatientId, Person
from ncp.trust.keys import Signer
from ncp.trust.names import (
    AUDIENCE,
    AUTHN,
    FACILITY,
    FRIENDLY,
    HOME,
    KIN,
    LOCALITY,
    NPI,
    ON_BEHALF_OF,
    ORGANIZATION,
    ORGANIZATION_ID,
    PERMISSION,
    PIN,
    PRESCRIPTION,
    PREVIOUS_SESSION,
    PURPOSE,
    PURPOSE_SYSTEM,
    ROLE,
    SENDER_VOUCHES,
    SPECIALITY,
    SUBJECT_ID,
    URI_FORMAT,
    XSD,
    Kind,
)
from ncp.trust.signature import Broken, parsed, sign
from ncp.trust.statement import Statement, read

HCP_LIFETIME = dt.timedelta(hours=4)
OTHER_LIFETIME = dt.timedelta(hours=2)
SMARTCARD = AUTHN + "SmartcardPKI"


def hcp(
    professional: HealthProfessional,
    seal: Signer,
    *,
    now: dt.datetime,
    valid: dt.timedelta = HCP_LIFETIME,
    authn: str = SMARTCARD,
) -> bytes:
    """Issue the identity assertion of a health professional.

    Args:
        professional: who; the country is that of the seal unless it is stated.
        seal: who signs.
        now: aware time, start of the validity.
        valid: length of the validity; more than four hours is refused by every country.
        authn: how the professional signed in, as SAML authentication context class.
    """
    country = professional.country or seal.country
    assertion = _frame(Kind.HCP, country, professional.name_id, professional.name_id_format,
                       now, valid, authn)  # fmt: skip
    statement = etree.SubElement(assertion, _saml("AttributeStatement"))
    _plain(statement, HOME, urn(professional.home_community))
    _plain(statement, NPI, professional.npi)
    _plain(statement, SUBJECT_ID, professional.name)
    role = professional.role
    _coded(statement, ROLE, "Role", role.code, role.system, role.system_name or "ISCO",
           role.display)  # fmt: skip
    _plain(statement, ORGANIZATION, professional.organization)
    _plain(statement, ORGANIZATION_ID, professional.organization_id)
    _plain(statement, FACILITY, professional.facility_type)
    _purpose(statement, professional.purpose)
    _plain(statement, LOCALITY, professional.locality)
    _plain(statement, SPECIALITY, professional.speciality)
    _plain(statement, ON_BEHALF_OF, professional.on_behalf_of)
    _several(statement, PERMISSION, (f"{PERMISSION}:{code}" for code in professional.permissions))
    return sign(assertion, seal)


def trc(
    hcp: bytes,
    patient: PatientId,
    seal: Signer,
    *,
    now: dt.datetime,
    purpose: str = "TREATMENT",
    prescription_id: str = "",
    pin: str = "",
    valid: dt.timedelta = OTHER_LIFETIME,
) -> bytes:
    """Issue the assertion of a treatment relationship between a professional and one patient.

    Args:
        hcp: the identity assertion that it belongs to.
        patient: whom the professional treats.
        seal: who signs.
        now: aware time, start of the validity.
        purpose: ``TREATMENT`` or ``EMERGENCY``; empty leaves it out.
        prescription_id, pin: where country A asks for them with a prescription.
        valid: length of the validity; more than two hours is refused by every country.

    Raises:
        InputError: ``hcp`` is no assertion.
    """
    identity = _identity(hcp)
    assertion = _linked(Kind.TRC, identity, seal, now, valid)
    statement = etree.SubElement(assertion, _saml("AttributeStatement"))
    _plain(statement, SUBJECT_ID, patient.cx)
    _purpose(statement, purpose)
    _plain(statement, PRESCRIPTION, prescription_id)
    _plain(statement, PIN, pin)
    return sign(assertion, seal)


def nok(
    hcp: bytes,
    kin: Person,
    seal: Signer,
    *,
    now: dt.datetime,
    valid: dt.timedelta = OTHER_LIFETIME,
) -> bytes:
    """Issue the assertion of a next of kin who acts for a patient.

    Args:
        hcp: the identity assertion that it belongs to.
        kin: the next of kin; the first identifier is sent in the form ``ext^^^&root&ISO``.
        seal: who signs.
        now: aware time, start of the validity.
        valid: length of the validity; more than two hours is refused by every country.

    Raises:
        InputError: ``hcp`` is no assertion.
    """
    identity = _identity(hcp)
    assertion = _linked(Kind.NOK, identity, seal, now, valid)
    statement = etree.SubElement(assertion, _saml("AttributeStatement"))
    place = kin.address
    said = {
        "id": kin.ids[0].cx if kin.ids else "",
        "firstname": " ".join(kin.given),
        "familyname": kin.family,
        "gender": kin.gender,
        "birthdate": kin.birth_date,
        "address:street": place.street,
        "address:city": place.city,
        "address:postalcode": place.postal_code,
        "address:country": place.country,
    }
    for name, text in said.items():
        _plain(statement, KIN + name, text)
    return sign(assertion, seal)


def _identity(hcp: bytes) -> Statement:
    try:
        return read(parsed(hcp))
    except Broken as broken:
        raise InputError(
            Problem(f"the identity assertion cannot be read: {broken.text}",
                    remedy="issue one with: ehds ncp assert hcp")
        ) from None  # fmt: skip


def _linked(
    kind: Kind, identity: Statement, seal: Signer, now: dt.datetime, valid: dt.timedelta
) -> etree._Element:
    """Return the frame of an assertion that rests on an identity assertion."""
    return _frame(kind, seal.country, identity.name_id, identity.name_id_format, now, valid,
                  PREVIOUS_SESSION, advice=identity.id)  # fmt: skip


def _frame(
    kind: Kind, country: str, name_id: str, name_id_format: str, now: dt.datetime,
    valid: dt.timedelta, authn: str, advice: str = "",
) -> etree._Element:  # fmt: skip
    """Return an assertion up to its authentication statement, in the order of the SAML schema."""
    start, end = _instant(now), _instant(now + valid)
    assertion = etree.Element(_saml("Assertion"), nsmap={"saml2": SAML, "xsd": XSD})
    assertion.set("ID", f"_{uuid.uuid4()}")
    assertion.set("IssueInstant", start)
    assertion.set("Version", "2.0")
    _add(assertion, "Issuer", kind.issuer(country), NameQualifier=kind.qualifier)
    subject = _add(assertion, "Subject")
    _add(subject, "NameID", name_id, Format=name_id_format)
    _add(subject, "SubjectConfirmation", Method=SENDER_VOUCHES)
    conditions = _add(assertion, "Conditions", NotBefore=start, NotOnOrAfter=end)
    _add(_add(conditions, "AudienceRestriction"), "Audience", AUDIENCE)
    if advice:
        _add(_add(assertion, "Advice"), "AssertionIDRef", advice)
    session = _add(assertion, "AuthnStatement", AuthnInstant=start)
    _add(_add(session, "AuthnContext"), "AuthnContextClassRef", authn)
    return assertion


def _instant(now: dt.datetime) -> str:
    """Return an instant as OpenNCP writes it: UTC, milliseconds, ``Z``."""
    return now.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _saml(name: str) -> str:
    return f"{{{SAML}}}{name}"


def _add(parent: etree._Element, name: str, text: str = "", **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, _saml(name), attrib=attributes)
    if text:
        element.text = text
    return element


def _attribute(statement: etree._Element, name: str) -> etree._Element:
    return _add(statement, "Attribute", FriendlyName=FRIENDLY[name], Name=name,
                NameFormat=URI_FORMAT)  # fmt: skip


def _plain(statement: etree._Element, name: str, text: str) -> None:
    _several(statement, name, [text] if text else [])


def _several(statement: etree._Element, name: str, texts: Iterable[str]) -> None:
    """Add an attribute with its values, typed as OpenNCP reads them; none without values."""
    values: Sequence[str] = list(texts)
    if not values:
        return
    attribute = _attribute(statement, name)
    for text in values:
        value = etree.SubElement(attribute, _saml("AttributeValue"), nsmap={"xsi": XSI})
        value.set(f"{{{XSI}}}type", "xsd:string")
        value.text = text


def _purpose(statement: etree._Element, purpose: str) -> None:
    if purpose:
        _coded(statement, PURPOSE, "PurposeOfUse", purpose, PURPOSE_SYSTEM,
               "eHDSI XSPA PurposeOfUse", purpose)  # fmt: skip


def _coded(
    statement: etree._Element, name: str, element: str, code: str, system: str, system_name: str,
    display: str,
) -> None:  # fmt: skip
    value = _add(_attribute(statement, name), "AttributeValue")
    names: dict[str | None, str] = {None: HL7, "xsi": XSI}
    coded = etree.SubElement(value, f"{{{HL7}}}{element}", nsmap=names)  # type: ignore[arg-type]
    coded.set("code", code)
    coded.set("codeSystem", system)
    coded.set("codeSystemName", system_name)
    coded.set("displayName", display)
    coded.set(f"{{{XSI}}}type", "CE")
