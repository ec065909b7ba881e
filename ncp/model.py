"""What two National Contact Points speak about, in plain values: identifiers, people, documents.

The messages (HL7 v3, ebXML, FHIR) are made from these and read into these; the services, the
connectors, the store, the audit and the client share them and know nothing of each other's XML.
Sources: MyHealth@EU XCPD, XCA and XDR profiles as implemented by OpenNCP; IHE ITI-55/38/39/41.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from enum import StrEnum

_CX = re.compile(r"^(?P<extension>[^^]*)\^\^\^&(?P<root>[^&^]+)&ISO$")


@dataclass(frozen=True, slots=True)
class PatientId:
    """A patient identifier: assigning authority (OID without ``urn:oid:``) and number."""

    root: str
    extension: str

    @property
    def cx(self) -> str:
        """Return the HL7 v2 CX form of ebXML and SAML: ``extension^^^&root&ISO``."""
        return f"{self.extension}^^^&{self.root}&ISO"

    @classmethod
    def parse(cls, cx: str) -> PatientId:
        """Read ``extension^^^&root&ISO``.

        Raises:
            ValueError: another form.
        """
        found = _CX.match(cx.strip().strip("'"))
        if not found:
            raise ValueError("not of the form extension^^^&root&ISO")
        return cls(found["root"], found["extension"])


class Operation(StrEnum):
    """The operations that a country offers; the value is the name in audit messages."""

    IDENTIFY = "IdentityService::FindIdentityByTraits"
    PS_LIST = "PatientService::List"
    PS_RETRIEVE = "PatientService::Retrieve"
    EP_LIST = "OrderService::List"
    EP_RETRIEVE = "OrderService::Retrieve"
    ORCD_LIST = "OrCDService::List"
    ORCD_RETRIEVE = "OrCDService::Retrieve"
    DISPENSE = "DispensationService::Initialize"
    DISCARD = "DispensationService::Discard"


class DocumentKind(StrEnum):
    """Kinds of document; the value is the class code (LOINC unless minted by eHDSI)."""

    PATIENT_SUMMARY = "60591-5"
    EPRESCRIPTION = "57833-6"
    EDISPENSATION = "60593-1"
    DISCARD = "DISCARD-60593-1"
    MEDICATION_OVERVIEW = "56445-0"
    ENCOUNTER_REPORT = "34133-9"
    CONSENT = "57016-8"
    LABORATORY = "11502-2"
    DISCHARGE = "34105-7"
    IMAGING_REPORT = "18748-4"
    IMAGES = "x-clinical-image"


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; ``country`` is ISO 3166-1 alpha-2."""

    street: str = ""
    city: str = ""
    postal_code: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Traits:
    """What country B asks with (ITI-55 parameterList): the fields of the search mask."""

    ids: tuple[PatientId, ...] = ()
    family: str = ""
    given: str = ""
    gender: str = ""
    """``M``, ``F`` or ``UN`` (HL7 AdministrativeGender)."""
    birth_date: str = ""
    """``yyyyMMdd`` as sent; a country may pad what is unknown with zeros."""
    address: Address = Address()


@dataclass(frozen=True, slots=True)
class Person:
    """A patient as country A returns it (ITI-55 registrationEvent)."""

    ids: tuple[PatientId, ...]
    family: str
    given: tuple[str, ...]
    gender: str
    birth_date: str
    address: Address = Address()


@dataclass(frozen=True, slots=True)
class Coded:
    """A code with its system (OID or URN) and display."""

    code: str
    system: str = ""
    display: str = ""
    system_name: str = ""


@dataclass(frozen=True, slots=True)
class DocumentEntry:
    """The registry's description of one document (ITI-38 ExtrinsicObject).

    Attributes:
        unique_id: ``root^extension``, or a bare OID.
        entry_id: ``urn:uuid:...`` of the ExtrinsicObject.
        level: 3 for structured CDA, 1 for the PDF in CDA; other kinds have 1.
        created: aware time.
        home, repository: OIDs without ``urn:oid:``.
        events: eventCodeList (dispensable, ATC, dose form, strength, substitution).
        pair: ``entry_id`` of the other level of the same content, or empty.
        started: service start time of an original clinical document, ``yyyyMMdd`` or longer.
        confidentiality: ``N``, ``R`` or ``V`` (HL7 Confidentiality).
    """

    unique_id: str
    entry_id: str
    patient: PatientId
    kind: DocumentKind
    level: int
    format_code: str
    title: str
    created: dt.datetime
    home: str
    repository: str
    language: str = "en-GB"
    mime_type: str = "text/xml"
    size: int | None = None
    hash: str = ""
    description: str = ""
    country: str = ""
    author_person: str = ""
    author_institution: str = ""
    author_specialty: str = ""
    events: tuple[Coded, ...] = ()
    pair: str = ""
    started: str = ""
    confidentiality: str = "N"


@dataclass(frozen=True, slots=True)
class DocumentReference:
    """What ITI-39 asks for: a document by community, repository and id."""

    home: str
    repository: str
    unique_id: str


@dataclass(frozen=True, slots=True)
class Submission:
    """One document provided by country B with its metadata (ITI-41)."""

    entry: DocumentEntry
    content: bytes
    set_id: str
    submitted: str = ""


@dataclass(frozen=True, slots=True)
class HealthProfessional:
    """Who asks, as the HCP identity assertion says it (reference: SAML profiles 2.1)."""

    name_id: str
    name: str
    role: Coded
    purpose: str = "TREATMENT"
    locality: str = ""
    facility_type: str = ""
    organization: str = ""
    organization_id: str = ""
    home_community: str = ""
    """OID of country B, without ``urn:oid:``."""
    npi: str = ""
    speciality: str = ""
    on_behalf_of: str = ""
    permissions: tuple[str, ...] = ()
    """Codes such as ``PRD-006``, without the URN."""
    country: str = ""
    """ISO 3166-1 alpha-2 of country B."""
    name_id_format: str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"


class Weight(StrEnum):
    """Severity of a registry error."""

    ERROR = "Error"
    WARNING = "Warning"


@dataclass(eq=False)
class Refusal(Exception):
    """Why a request is not answered as asked, in terms that every transaction can carry.

    Attributes:
        code: error code of MyHealth@EU (``ERROR_PI_NO_MATCH``, ``4703``) or IHE.
        text: for people; never says more about a patient than the request did.
        weight: error or warning.
        reason: XCPD reason of a detected issue (``AnswerNotAvailable``), where ITI-55 needs one.
        location: where in the request, or the value that was refused.
        status: response status that this refusal forces, or empty for the rule of the operation.
    """

    code: str
    text: str = ""
    weight: Weight = Weight.ERROR
    reason: str = ""
    location: str = ""
    status: str = ""
    details: dict[str, str] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        """Return code and text."""
        return f"{self.code}: {self.text}" if self.text else self.code
