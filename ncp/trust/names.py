"""The names of MyHealth@EU assertions: kinds, attributes, methods, algorithms.

Sources: MyHealth@EU SAML Profiles 2.0.0 and the values of OpenNCP 9; SAML 2.0 core; XML Signature.
"""

from __future__ import annotations

from enum import StrEnum

DS = "http://www.w3.org/2000/09/xmldsig#"
XSD = "http://www.w3.org/2001/XMLSchema"

SENDER_VOUCHES = "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"
URI_FORMAT = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
AUDIENCE = "urn:ehdsi:assertions.audience:x-border"
AUTHN = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
PREVIOUS_SESSION = AUTHN + "PreviousSession"
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"

SUBJECT_ID = "urn:oasis:names:tc:xspa:1.0:subject:subject-id"
SUBJECT_ID_OLD = "urn:oasis:names:tc:xacml:1.0:subject:subject-id"
PATIENT_OLD = "urn:oasis:names:tc:xacml:1.0:resource:resource-id"
ROLE = "urn:oasis:names:tc:xacml:2.0:subject:role"
PURPOSE = "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse"
LOCALITY = "urn:oasis:names:tc:xspa:1.0:environment:locality"
FACILITY = "urn:ehdsi:names:subject:healthcare-facility-type"
FACILITY_OLD = "urn:epsos:names:wp3.4:subject:healthcare-facility-type"
ORGANIZATION = "urn:oasis:names:tc:xspa:1.0:subject:organization"
ORGANIZATION_ID = "urn:oasis:names:tc:xspa:1.0:subject:organization-id"
HOME = "urn:ihe:iti:xca:2010:homeCommunityId"
NPI = "urn:oasis:names:tc:xspa:1.0:subject:npi"
SPECIALITY = "urn:ehdsi:names:subject:clinical-speciality"
ON_BEHALF_OF = "urn:ehdsi:names:subject:on-behalf-of"
PERMISSION = "urn:oasis:names:tc:xspa:1.0:subject:hl7:permission"
PIN = "urn:ehdsi:names:document:document-id:dispensationPinCode"
PRESCRIPTION = "urn:ehdsi:names:document:document-id:prescriptionId"
KIN = "urn:ehdsi:names:subject:nextofkin:"

FRIENDLY = {
    SUBJECT_ID: "XSPA Subject",
    ROLE: "XSPA Role",
    PURPOSE: "XSPA Purpose Of Use",
    LOCALITY: "XSPA Locality",
    FACILITY: "eHealth DSI Healthcare Facility Type",
    ORGANIZATION: "XSPA Organization",
    ORGANIZATION_ID: "XSPA Organization ID",
    HOME: "HCI Identifier",
    NPI: "NPI Identifier",
    SPECIALITY: "Clinical Speciality",
    ON_BEHALF_OF: "OnBehalfOf",
    PERMISSION: "Hl7 Permissions",
    PIN: "Dispensation Pin Code",
    PRESCRIPTION: "Prescription ID",
    KIN + "id": "NextOfKinId",
    KIN + "firstname": "NextOfKinFirstName",
    KIN + "familyname": "NextOfKinFamilyName",
    KIN + "gender": "NextOfKinGender",
    KIN + "birthdate": "NextOfKinBirthDate",
    KIN + "address:street": "NextOfKinAddressStreet",
    KIN + "address:city": "NextOfKinAddressCity",
    KIN + "address:postalcode": "NextOfKinAddressPostalCode",
    KIN + "address:country": "NextOfKinAddressCountry",
}
"""FriendlyName of each attribute; for people only, never compared."""

ROLE_SYSTEM = "2.16.840.1.113883.2.9.6.2.7"
PURPOSE_SYSTEM = "3bc18518-d305-46c2-a8d6-94bd59856e9e"

ENVELOPED = DS + "enveloped-signature"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"


class Kind(StrEnum):
    """The three assertions; the value is the last word of the issuer's NameQualifier."""

    HCP = "hcp"
    TRC = "trc"
    NOK = "nok"

    @property
    def qualifier(self) -> str:
        """Return the NameQualifier of the issuer."""
        return f"urn:ehdsi:assertions:{self.value}"

    def issuer(self, country: str) -> str:
        """Return the issuer of a country: its identity provider, or its initiating gateway."""
        place = "idp" if self is Kind.HCP else "initgw"
        return f"urn:{place}:{country}:countryB"

    @classmethod
    def of(cls, qualifier: str) -> Kind | None:
        """Return the kind that a NameQualifier names, or None."""
        return next((kind for kind in cls if kind.qualifier == qualifier), None)
