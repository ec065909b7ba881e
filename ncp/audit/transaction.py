"""What the audit knows about one event: who did what, with whose data, when, from where.

The services and the client fill one `Transaction` for each exchange; the ATNA message, the FHIR
events, the journal and the answer to the patient are all made from it. Sources: the audit builders
of OpenNCP, EHDS Annex II 3.2 (a) to (e), EHDS Art 9(2).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Literal

from ncp.model import Coded, DocumentKind, HealthProfessional, Operation, PatientId, Refusal, Weight

Side = Literal["A", "B"]


class Indicator(IntEnum):
    """EventOutcomeIndicator of RFC 3881."""

    SUCCESS = 0
    MINOR = 4
    SERIOUS = 8
    MAJOR = 12


class Event(StrEnum):
    """Events that are audited and are no exchange of documents."""

    AUTHENTICATION = "identityProvider::HPAuthentication"
    TRC_ASSERTION = "ncp::TrcAssertion"
    NOK_ASSERTION = "ncp::NokAssertion"
    NSL_IMPORT = "ncpConfigurationManager::ImportNSL"
    TRANSLATION = "ncpTransformationMgr::Translate"
    SMP_QUERY = "SMP::Query"
    SMP_PUSH = "SMP::Push"
    PUBLICATION = "ehr::SimplifiedPublish"
    COMMUNICATION_FAILURE = "CommunicationFailure"


CATEGORY_OF_KIND = {
    DocumentKind.PATIENT_SUMMARY: "a",
    DocumentKind.EPRESCRIPTION: "b",
    DocumentKind.EDISPENSATION: "c",
    DocumentKind.DISCARD: "c",
    DocumentKind.IMAGING_REPORT: "d",
    DocumentKind.IMAGES: "d",
    DocumentKind.LABORATORY: "e",
    DocumentKind.DISCHARGE: "f",
}
"""The priority category of a document, EHDS Art 14(1)(a) to (f); other kinds have none."""

_CATEGORY_OF_OPERATION = {
    Operation.PS_LIST: "a", Operation.PS_RETRIEVE: "a", Operation.EP_LIST: "b",
    Operation.EP_RETRIEVE: "b", Operation.DISPENSE: "c", Operation.DISCARD: "c",
}  # fmt: skip


def categories(kinds: Iterable[DocumentKind]) -> str:
    """Return the letters of EHDS Art 14(1) that some kinds of document belong to, sorted."""
    return "".join(sorted({CATEGORY_OF_KIND.get(kind, "") for kind in kinds}))


def indicator(refusals: Iterable[Refusal]) -> Indicator:
    """Return the outcome that OpenNCP gives: warnings are success, no match is serious."""
    errors = [r for r in refusals if r.weight is Weight.ERROR]
    if not errors:
        return Indicator.SUCCESS
    if all("NO_MATCH" in r.code for r in errors):
        return Indicator.SERIOUS
    return Indicator.MAJOR


@dataclass(frozen=True, slots=True)
class Party:
    """A contact point as a service.

    Attributes:
        name: common name of its certificate.
        address: IP address or host name as the connection showed it.
        home: home community OID without ``urn:oid:``.
        country: ISO 3166-1 alpha-2.
    """

    name: str = ""
    address: str = ""
    home: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """A thing with an identifier: system, value, name."""

    system: str = ""
    value: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class CareRelation:
    """What the Norwegian trust framework adds about why somebody looks (attest 3, 7 to 10, toa).

    Attributes:
        authorization: Volven 9060.
        legal_entity, point_of_care, department: organisation numbers and RESH id.
        service: Volven 8655, 8663, 8451 or 8666.
        purpose: HL7 PurposeOfUse as attested.
        details: Volven 9151 or a care relation code.
        decision_id, decision_text, user_selected: the access decision.
        attested: ``toa``, epoch seconds; None where the attest has none.
    """

    person: Named = Named()
    authorization: Coded | None = None
    legal_entity: Named = Named()
    point_of_care: Named = Named()
    department: Named = Named()
    service: Coded | None = None
    purpose: Coded | None = None
    details: Coded | None = None
    decision_id: str = ""
    decision_text: str = ""
    user_selected: bool | None = None
    attested: int | None = None


@dataclass(frozen=True, slots=True)
class Wire:
    """The HTTP side of an exchange, for the journal and its HAR export."""

    method: str = "POST"
    url: str = ""
    status: int = 0
    request_type: str = ""
    response_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One audited event on one side.

    Attributes:
        side: ``A`` answers, ``B`` asks.
        operation: what was done.
        started, ended: aware times; ``ended`` is when it was over.
        outcome: RFC 3881 indicator.
        professional: who asked (EHDS Annex II 3.2(b)); None where no person did.
        issuer, provided_id, assertion_id, assurance: of the HCP assertion: Issuer, SPProvidedID of
            the NameID, ID, AuthnContextClassRef.
        point_of_care: name of the place (3.2(a)); the locality of the professional if empty.
        consumer, provider: the two contact points (B, A).
        master_index: name of the patient index that A mapped identities with.
        patients: identifiers of the persons whose data it was.
        next_of_kin: identifier of who acts for the patient.
        query, query_id: the query as sent, and its id.
        documents: unique ids, ``root^extension``; listed, fetched or provided.
        submission_set: unique id of a submission.
        objects: ids of assertions, service metadata or translated documents.
        error, error_code: text and code of a refusal.
        request_id, response_id: ids of the two messages (wsa:MessageID).
        category: letters of EHDS Art 14(1) (3.2(c)); those of the operation if empty.
        origins: systems that the data came from (3.2(e)).
        purpose: TREATMENT or EMERGENCY; the professional's if empty.
        audit_source: id of the audit source; ``<country>-1`` if empty, as contact points write it.
        transport: SOAP or FHIR.
        wire: HTTP details.
        care: what the Norwegian attest says.
    """

    side: Side
    operation: Operation | Event
    started: dt.datetime
    ended: dt.datetime
    outcome: Indicator = Indicator.SUCCESS
    professional: HealthProfessional | None = None
    issuer: str = ""
    provided_id: str = ""
    assertion_id: str = ""
    assurance: str = ""
    point_of_care: str = ""
    consumer: Party = Party()
    provider: Party = Party()
    master_index: str = ""
    patients: tuple[PatientId, ...] = ()
    next_of_kin: PatientId | None = None
    query: bytes = field(default=b"", repr=False)
    query_id: str = ""
    documents: tuple[str, ...] = ()
    submission_set: str = ""
    objects: tuple[str, ...] = ()
    error: str = ""
    error_code: str = ""
    request_id: str = ""
    response_id: str = ""
    category: str = ""
    origins: tuple[str, ...] = ()
    purpose: str = ""
    audit_source: str = ""
    transport: Literal["SOAP", "FHIR"] = "SOAP"
    wire: Wire = Wire()
    care: CareRelation | None = None

    @property
    def own(self) -> Party:
        """The contact point that writes the audit."""
        return self.provider if self.side == "A" else self.consumer

    @property
    def source_id(self) -> str:
        """Id of the audit source."""
        return self.audit_source or (f"{self.own.country}-1" if self.own.country else "N/A")

    @property
    def letters(self) -> str:
        """Letters of EHDS Art 14(1)."""
        if self.category or isinstance(self.operation, Event):
            return self.category
        return _CATEGORY_OF_OPERATION.get(self.operation, "")

    @property
    def place(self) -> str:
        """Name of the point of care."""
        if self.point_of_care or self.professional is None:
            return self.point_of_care
        return self.professional.locality or self.professional.organization

    @property
    def why(self) -> str:
        """Purpose of use."""
        return self.purpose or (self.professional.purpose if self.professional else "")

    @property
    def user_id(self) -> str:
        """The requestor as IHE XUA writes it: ``[SPProvidedID]<NameID@Issuer>``."""
        if self.professional is None:
            return ""
        return f"{self.provided_id}<{self.professional.name_id}@{self.issuer}>"

    @property
    def failure(self) -> str:
        """Code and text of what was refused, each once."""
        if self.error_code and self.error_code not in self.error:
            return f"{self.error_code}: {self.error}" if self.error else self.error_code
        return self.error

    @property
    def country_b(self) -> str:
        """The country that asked."""
        asked_by = self.professional.country if self.professional else ""
        return asked_by or self.consumer.country

    @property
    def done(self) -> bool:
        """Whether the event succeeded (warnings included)."""
        return self.outcome is Indicator.SUCCESS
