"""The fixed names of the wire: namespaces, actions, identifiers of ebXML metadata, code systems.

Sources: IHE ITI TF-2 3.38, 3.39, 3.41, 3.55 and TF-3 4.2.5 (identifiers), ebXML RegRep 3.0,
W3C SOAP 1.2, WS-Addressing 1.0, WS-Security 1.0, and the values of MyHealth@EU as OpenNCP 9 has
them. What people may edit (error codes, kinds of document, actions, countries) is in
``data/exchange/`` and is read by ``ncp.tables``.
"""

from __future__ import annotations

from enum import StrEnum

# Namespaces ---------------------------------------------------------------------------------

SOAP = "http://www.w3.org/2003/05/soap-envelope"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
WSA = "http://www.w3.org/2005/08/addressing"
WSA_ANONYMOUS = WSA + "/anonymous"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
XOP = "http://www.w3.org/2004/08/xop/include"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
HL7 = "urn:hl7-org:v3"
RIM = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
RS = "urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0"
LCM = "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"
QUERY = "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"
XDS = "urn:ihe:iti:xds-b:2007"

# Code systems -------------------------------------------------------------------------------

LOINC = "2.16.840.1.113883.6.1"
HL7_INTERACTION = "2.16.840.1.113883.1.6"
HL7_GENDER = "2.16.840.1.113883.5.1"
HL7_CONFIDENTIALITY = "2.16.840.1.113883.5.25"
HL7_ACT_CODE = "2.16.840.1.113883.5.4"
ISO_3166 = "1.0.3166.1"
IHE_PDQ = "2.16.840.1.113883.1.11.19914"
NOT_A_LOCATOR = "1.3.6.1.4.1.19376.1.2.27.2"
IHE_ISSUE = "1.3.6.1.4.1.19376.1.2.27.3"
EHDSI_ISSUE = "1.3.6.1.4.1.12559.11.10.1.3.2.2.1"
FORMAT_SCHEME = "eHDSI formatCodes"
FORMAT_SCHEME_PDF = "IHE PCC"
PRACTICE_SCHEME = "eHDSI Practice Setting Codes-Not Used"
DISPENSABLE_SYSTEM = "1.3.6.1.4.1.19376.1.2.3"
DISPENSABLE = "urn:ihe:iti:xdw:2011:eventCode:open"
NOT_DISPENSABLE = "urn:ihe:iti:xdw:2011:eventCode:closed"
ATC = "2.16.840.1.113883.6.73"
EDQM = "0.4.0.127.0.16.1.1.2.1"
STRENGTH_SYSTEM = "eHDSI_Strength_CodeSystem"
SUBSTITUTION_SYSTEM = "2.16.840.1.113883.5.1070"

# ebXML metadata (IHE ITI TF-3 4.2.5.2) ------------------------------------------------------

FIND_DOCUMENTS = "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d"
STABLE_DOCUMENT = "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1"
CLASS_CODE = "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a"
TYPE_CODE = "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983"
FORMAT_CODE = "urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d"
CONFIDENTIALITY_CODE = "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f"
FACILITY_CODE = "urn:uuid:f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1"
PRACTICE_CODE = "urn:uuid:cccf5598-8b07-4b77-a05e-ae952c785ead"
EVENT_CODE = "urn:uuid:2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4"
AUTHOR = "urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d"
ENTRY_PATIENT = "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427"
ENTRY_UNIQUE = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"
SET_NODE = "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"
SET_AUTHOR = "urn:uuid:a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d"
SET_CONTENT = "urn:uuid:aa543740-bdda-424e-8c96-df4873be8500"
SET_UNIQUE = "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8"
SET_PATIENT = "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446"
SET_SOURCE = "urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832"
SOURCE_ID = "1.3.6.1.4.1.21367.2009.1.2.1"
"""Source id that the stacks of the exchange send (no country has an own one)."""

EXTERNAL_IDENTIFIER = "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:ExternalIdentifier"
CLASSIFICATION = "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:Classification"
APPROVED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"
HAS_MEMBER = "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
TRANSFORM = "urn:ihe:iti:2007:AssociationType:XFRM"
SEVERITY = "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:"


class Status(StrEnum):
    """Status of a registry response; the value is what stands on the wire."""

    SUCCESS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
    PARTIAL = "urn:ihe:iti:2007:ResponseStatusType:PartialSuccess"
    FAILURE = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure"

    @property
    def word(self) -> str:
        """Return the last word: ``Success``, ``PartialSuccess``, ``Failure``."""
        return self.value.rpartition(":")[2]

    @classmethod
    def of(cls, text: str) -> Status:
        """Read a status by its URN or its last word.

        Raises:
            ValueError: neither.
        """
        for status in cls:
            if text in (status.value, status.word):
                return status
        raise ValueError(f"«{text}» is no response status")


# Rooms and patients -------------------------------------------------------------------------

NORWAY_HOME = "2.16.578.1.12.4.5.10.1"
FNR = "2.16.578.1.12.4.1.4.1"
DNR = "2.16.578.1.12.4.1.4.2"

QUIRKS = ("", "openncp", "gematik")
"""Whose way an answer is written in: as IHE and Gazelle want it, or as these stacks do."""


def urn(oid: str) -> str:
    """Return an OID as ``urn:oid:...`` (home communities in XCA and SAML); empty stays empty."""
    return f"urn:oid:{oid}" if oid and not oid.startswith("urn:") else oid


def bare(oid: str) -> str:
    """Return an OID without ``urn:oid:``."""
    return oid.strip().removeprefix("urn:oid:")
