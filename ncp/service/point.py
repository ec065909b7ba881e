"""A contact point of country A: what it is, whom it trusts, what it asks for, and who called."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from ncp.audit import Party, Transaction, Wire, indicator
from ncp.audit.transaction import Event, Indicator
from ncp.codes import SAML
from ncp.connector.base import NationalConnector, Notice
from ncp.countries import Country
from ncp.model import DocumentEntry, DocumentKind, Operation, PatientId, Refusal
from ncp.service.agreements import Agreements
from ncp.service.hooks import Hooks, NoHooks
from ncp.service.wire import Incoming
from ncp.soap import Envelope
from ncp.store import Store
from ncp.tables import document_kinds
from ncp.trust.anchors import TrustStore
from ncp.trust.keys import Signer, common_name, country_of
from ncp.trust.policy import DEFAULT, CountryRules
from ncp.trust.seals import Memory
from ncp.trust.verify import Trusted, verify

GEMATIK = CountryRules(frozenset({"2262", "3213"}), generic_codes=True)
"""Germany as country A: pharmacies need no permissions, rights are refused with generic codes."""
_SUBJECT = "urn:oasis:names:tc:xspa:1.0:subject:subject-id"
_VALUE = f"{{{SAML}}}AttributeValue"


def now() -> dt.datetime:
    """Return the time of the machine, in UTC."""
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class Point:
    """A contact point.

    Attributes:
        country: country A.
        connector: its national side.
        store: what it remembers.
        trust: whose certificates are trusted.
        name: of its certificate, for the audit.
        strict: False answers what some implementations do differently and no patient is harmed by.
        quirks: ``''``, ``openncp`` or ``gematik``: whose way of answering is imitated.
        need_retrieval: a prescription must have been retrieved by the country that dispenses.
        hooks: faults on demand.
        clock: what time it is.
        agreements: which countries are served with what; None serves all that are trusted.
        seal: signs evidence that a request was received; None writes no evidence.
    """

    country: Country
    connector: NationalConnector
    store: Store
    trust: TrustStore
    name: str = "ehds-ncp"
    strict: bool = True
    quirks: str = ""
    need_retrieval: bool = True
    hooks: Hooks = field(default_factory=NoHooks)
    clock: Callable[[], dt.datetime] = now
    memory: Memory = field(default_factory=Memory)
    agreements: Agreements | None = None
    seal: Signer | None = None

    @property
    def home(self) -> str:
        """Home community of country A."""
        return self.country.home_community

    @property
    def rules(self) -> CountryRules:
        """What country A demands differently."""
        return GEMATIK if self.quirks == "gematik" else DEFAULT


@dataclass
class Call:
    """One request on its way through, with what the audit must know of it in the end.

    Attributes:
        operation: what is done; a communication failure until that is known.
        listed: the kinds of document asked for.
        refusals: what the answer says.
        notices: what the national side learns after everything is kept.
        origins: national systems that the answer came from.
    """

    point: Point
    incoming: Incoming
    started: dt.datetime
    envelope: Envelope | None = None
    operation: Operation | Event = Event.COMMUNICATION_FAILURE
    trusted: Trusted | None = None
    patients: list[PatientId] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    category: str = ""
    query: bytes = b""
    query_id: str = ""
    submission_set: str = ""
    refusals: list[Refusal] = field(default_factory=list)
    failed: str = ""
    notices: list[tuple[bool, Notice]] = field(default_factory=list)
    answer_id: str = ""
    origins: dict[str, None] = field(default_factory=dict)

    @property
    def country_b(self) -> str:
        """The country that asks: of its seal, else of its TLS certificate."""
        if self.trusted and self.trusted.country:
            return self.trusted.country
        return country_of(self.incoming.peer) if self.incoming.peer else ""

    @property
    def home_b(self) -> str:
        """Home community of country B as its professional says it, else its country."""
        said = self.trusted.professional.home_community if self.trusted else ""
        return said or self.country_b

    def verify(self, operations: Iterable[Operation]) -> Trusted:
        """Verify the assertions for operations, all of which must be allowed.

        Raises:
            Refusal: what they lack.
            SoapFault: where the exchange answers with a fault.
        """
        assert self.envelope is not None
        for operation in operations:
            self.operation = operation
            self.trusted = verify(
                self.envelope.assertions, operation=operation, trust=self.point.trust,
                now=self.started, peer=self.incoming.peer, strict=self.point.strict,
                country_rules=self.point.rules, memory=self.point.memory,
            )  # fmt: skip
            if self.point.agreements is not None:
                self.point.agreements.check(self.country_b, operation)
        assert self.trusted is not None
        return self.trusted

    def verify_any(self, operations: Sequence[Operation]) -> Trusted:
        """Verify the assertions where the request does not say which operation it is.

        Raises:
            Refusal: none of the operations is allowed; the reason for the last.
            SoapFault: where the exchange answers with a fault.
        """
        for operation in operations[:-1]:
            try:
                return self.verify([operation])
            except Refusal:
                continue
        return self.verify(operations[-1:])

    def came_from(self, entries: Iterable[DocumentEntry]) -> None:
        """Note the systems that documents came from (EHDS Annex II 3.2(e))."""
        ask = getattr(self.point.connector, "origins", None)
        for entry in entries:
            named = ask(entry.unique_id) if ask else (entry.author_institution,)
            self.origins.update(dict.fromkeys(filter(None, named)))

    def hooked(self) -> None:
        """Raise the refusal that is wanted on demand for this operation, if one is."""
        wanted = self.point.hooks.refuse(self.audited)
        if wanted is not None:
            raise wanted

    @property
    def audited(self) -> Operation:
        """The operation, where it is known."""
        return self.operation if isinstance(self.operation, Operation) else Operation.IDENTIFY

    def claimed_patient(self) -> PatientId | None:
        """Return the patient of the TRC assertion before it is verified.

        Only to learn which kind of document is asked for, and so which permissions it takes.
        """
        assert self.envelope is not None
        for assertion in self.envelope.assertions:
            for attribute in assertion.iter(f"{{{SAML}}}Attribute"):
                if attribute.get("Name") == _SUBJECT:
                    try:
                        return PatientId.parse(attribute.findtext(_VALUE) or "")
                    except ValueError:
                        continue
        return None

    def transaction(self, status: int, answer_type: str) -> Transaction:
        """Return what the audit keeps."""
        trusted, incoming = self.trusted, self.incoming
        outcome = Indicator.MAJOR if self.failed else indicator(self.refusals)
        told = [str(r) for r in self.refusals]
        peer = incoming.peer
        professional = trusted.professional if trusted else None
        if professional and not professional.country:
            professional = replace(professional, country=self.country_b)
        kin = trusted.next_of_kin if trusted else None
        return Transaction(
            side="A", operation=self.operation, started=self.started, ended=self.point.clock(),
            outcome=outcome, professional=professional,
            issuer=trusted.issuer if trusted else "",
            assertion_id=trusted.hcp_id if trusted else "",
            assurance=trusted.assurance if trusted else "", origins=tuple(self.origins),
            consumer=Party(common_name(peer) if peer else "", incoming.address,
                           professional.home_community if professional else "", self.country_b),
            provider=Party(self.point.name, incoming.server, self.point.home,
                           self.point.country.code),
            master_index=self.point.name if self.operation is Operation.IDENTIFY else "",
            patients=tuple(dict.fromkeys(self.patients)),
            next_of_kin=kin.ids[0] if kin and kin.ids else None,
            query=self.query, query_id=self.query_id, documents=tuple(self.documents),
            submission_set=self.submission_set, error=self.failed or "; ".join(told),
            error_code=self.refusals[0].code if self.refusals else "",
            request_id=self.envelope.message_id if self.envelope else "",
            response_id=self.answer_id, category=self.category,
            purpose=trusted.purpose if trusted else "",
            wire=Wire("POST", incoming.url, status, incoming.content_type, answer_type),
        )  # fmt: skip


def list_operation(kind: DocumentKind) -> Operation | None:
    """Return the operation that lists a kind of document."""
    return document_kinds()[kind].list_operation


def retrieve_operation(kind: DocumentKind) -> Operation | None:
    """Return the operation that retrieves a kind of document."""
    return document_kinds()[kind].retrieve_operation
