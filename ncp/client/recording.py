"""What country B writes down of its exchanges: its side of the journal, with evidence of origin.

Every request is recorded, also one that was not answered: EHDS Annex II 3.2, OpenNCP's audit of
country B (ITI-40 identity, EHDSI-92 treatment relationship, EHDSI-CF communication failure).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.exc import SQLAlchemyError

from data.errors import EnvironmentProblem, Problem
from ncp.audit import Event, Indicator, Party, Transaction, Wire, categories, indicator
from ncp.audit.evidence import Kind, evidence
from ncp.audit.journal import Prepared, append, prepare
from ncp.client.answers import Answer, Identified, Listed
from ncp.client.asker import Asker
from ncp.client.failures import Unreachable
from ncp.client.message import Message
from ncp.client.partner import Partner
from ncp.codes import bare
from ncp.messages import xcpd
from ncp.model import Coded, DocumentKind, HealthProfessional, PatientId
from ncp.store import Store
from ncp.trust.keys import common_name, read_certificate
from ncp.trust.names import HOME, LOCALITY, ORGANIZATION, PURPOSE, ROLE, SUBJECT_ID
from ncp.trust.statement import Statement

_NOT_REACHED = "ERROR_GENERIC_CONNECTION_NOT_POSSIBLE"


@dataclass
class Recorder:
    """Writes the journal of country B.

    Attributes:
        store: the database; None records nothing.
        partner, asker: whom is asked, and who asks.
        country, home: country B and its home community.
    """

    store: Store | None
    partner: Partner
    asker: Asker
    country: str
    home: str

    def answered(
        self, answer: Answer, started: dt.datetime, ended: dt.datetime,
        kinds: Iterable[DocumentKind] = (),
    ) -> None:  # fmt: skip
        """Record an exchange that was answered, with the events that led to it."""
        if self.store is None:
            return
        reply = answer.reply
        sent = reply.sent
        content, kind = sent.written
        base = self._base(sent, started, ended, reply.server)
        refusals = answer.refusals if not answer.empty or answer.refusals else ()
        error = "; ".join(str(one) for one in refusals)
        transaction = replace(
            base, outcome=indicator(refusals), error=error,
            error_code=refusals[0].code if refusals else "", response_id=answer.response_id,
            patients=_patients(answer), documents=_documents(answer),
            category=categories(kinds),
            query_id=_query_id(answer),
            wire=Wire("POST", sent.to, reply.status, kind, reply.content_type),
        )  # fmt: skip
        self._write(transaction, sent, content, reply.content)

    def failed(self, failure: Unreachable, started: dt.datetime, ended: dt.datetime) -> None:
        """Record an exchange without a usable answer: OpenNCP's communication failure."""
        if self.store is None:
            return
        sent = failure.sent
        content, kind = sent.written
        transaction = replace(
            self._base(sent, started, ended, ""), operation=Event.COMMUNICATION_FAILURE,
            outcome=Indicator.MAJOR, error_code=_NOT_REACHED,
            error=f"{sent.operation}: {failure.problems[0].what}",
            wire=Wire("POST", sent.to, failure.status, kind, failure.content_type),
        )  # fmt: skip
        self._write(transaction, sent, content, failure.content)

    def translated(self, unique_id: str, lang: str, started: dt.datetime,
                   ended: dt.datetime) -> None:  # fmt: skip
        """Record that a document was translated for its reader (EHDSI-94)."""
        if self.store is None:
            return
        own = Party(self._own_name(), "localhost", self.home, self.country)
        self._append([prepare(
            Transaction(side="B", operation=Event.TRANSLATION, started=started, ended=ended,
                        consumer=own, objects=(unique_id, f"{unique_id} ({lang})")), b"", b"",
        )])  # fmt: skip

    def _own_name(self) -> str:
        own = self.partner.certificate
        return common_name(read_certificate(own)) if own else f"{self.country} without TLS"

    def _base(
        self, sent: Message, started: dt.datetime, ended: dt.datetime, server: str
    ) -> Transaction:
        said = self.asker.facts(started)
        return Transaction(
            side="B", operation=sent.operation, started=started, ended=ended,
            professional=self.asker.who or _professional(said), issuer=said.issuer,
            assertion_id=said.id, assurance=said.authn_class,
            consumer=Party(self._own_name(), "localhost", self.home, self.country),
            provider=Party(server or self.partner.address, self.partner.address,
                           self.partner.home, self.partner.country.code),
            next_of_kin=self.asker.kin(), care=self.asker.care,
            patients=sent.patients, documents=tuple(d.unique_id for d in sent.documents),
            submission_set=sent.submission_set, request_id=sent.message_id,
            origins=(f"{self.partner.country.code} {self.partner.home}",),
        )  # fmt: skip

    def _write(
        self, transaction: Transaction, sent: Message, content: bytes, answer: bytes
    ) -> None:
        assert self.store is not None
        seal = self.asker.seal
        proof = evidence(Kind.ORIGIN, transaction, sent.body, seal) if seal else None
        ready = [*(prepare(one, b"", b"") for one in self._assertions(transaction)),
                 prepare(transaction, content, answer,
                         evidence={Kind.ORIGIN.value: proof} if proof else None)]  # fmt: skip
        self._append(ready)

    def _append(self, ready: Sequence[Prepared]) -> None:
        assert self.store is not None
        try:
            with self.store.begin() as connection:
                for one in ready:
                    append(connection, one)
        except SQLAlchemyError as error:
            last = ready[-1].transaction
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            raise EnvironmentProblem(
                Problem(f"the journal cannot be written: {reason}", str(self.store.url.database),
                        rule="EHDS Annex II 3.2: every access is logged",
                        remedy=f"{last.operation} took place all the same ({last.request_id}); "
                        "make room and note it")
            ) from None  # fmt: skip

    def _assertions(self, transaction: Transaction) -> list[Transaction]:
        """The assertions that were issued for this exchange and are not yet recorded."""
        plain = replace(
            transaction, outcome=Indicator.SUCCESS, documents=(), submission_set="", error="",
            error_code="", request_id="", response_id="", query_id="", category="", wire=Wire(),
            patients=(),
        )  # fmt: skip
        return [
            replace(plain, operation=Event.TRC_ASSERTION if one.patient else Event.AUTHENTICATION,
                    objects=(one.id,), patients=(one.patient,) if one.patient else ())
            for one in self.asker.issued()
        ]  # fmt: skip


def _query_id(answer: Answer) -> str:
    if not isinstance(answer, Identified):
        return ""
    return "^".join(filter(None, xcpd.read_request(answer.reply.sent.body).query_id))


def _patients(answer: Answer) -> tuple[PatientId, ...]:
    asked = answer.reply.sent.patients
    if isinstance(answer, Identified):
        return tuple(dict.fromkeys((*asked, *(i for p in answer.persons for i in p.ids))))
    return asked


def _documents(answer: Answer) -> tuple[str, ...]:
    if isinstance(answer, Listed):
        return tuple(entry.unique_id for entry in answer.entries)
    return tuple(one.unique_id for one in answer.reply.sent.documents)


def _professional(said: Statement) -> HealthProfessional:
    """Return who asks as an assertion made elsewhere says it."""
    role = said.coded(ROLE)
    purpose = said.coded(PURPOSE)
    return HealthProfessional(
        said.name_id, said.text(SUBJECT_ID), role or Coded(said.text(ROLE)),
        purpose.code if purpose else said.text(PURPOSE), said.text(LOCALITY),
        organization=said.text(ORGANIZATION), home_community=bare(said.text(HOME)),
    )  # fmt: skip
