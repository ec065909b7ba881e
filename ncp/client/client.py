"""Country B: identify, query, retrieve, dispense, discard, each recorded in its own journal.

    client = Client(partner, Asker(professional("SE"), seal))
    person = client.identify(traits).persons[0]
    found = client.query(person.ids[0], DocumentKind.PATIENT_SUMMARY)
    documents = client.retrieve(person.ids[0], found.entries).documents

Sources: IHE ITI-55, ITI-38, ITI-39, ITI-41; MyHealth@EU country B as OpenNCP 9 has it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TypeVar

from ncp.client import comparing
from ncp.client.answers import Answer, Fetched, Identified, Listed, Taken
from ncp.client.asker import Asker
from ncp.client.building import Builder
from ncp.client.documents import Received, received
from ncp.client.failures import Unreachable
from ncp.client.message import Message
from ncp.client.partner import Partner
from ncp.client.recording import Recorder
from ncp.client.transport import Reply, Transport
from ncp.countries import country as find_country
from ncp.messages.xca import QueryRequest, Retrieved
from ncp.model import (
    DocumentEntry,
    DocumentKind,
    DocumentReference,
    PatientId,
    Person,
    Traits,
)
from ncp.store import Store

_A = TypeVar("_A", bound=Answer)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Client:
    """A contact point of country B that asks one partner.

    Business refusals of country A are in the answer (``refusals``, ``refused``); what prevents an
    answer is raised.

    Args:
        partner: country A.
        asker: who asks.
        country: country B, ISO 3166-1 alpha-2; that of the professional or of the seal by default.
        store: where the journal is kept; None keeps none.
        transport: the line; one with the usual bounds by default.
        clock: what time it is.
        quirks: whose way of writing a query is used (``openncp``).
        watch: told of every reply, for those who keep messages.
    """

    def __init__(
        self,
        partner: Partner,
        asker: Asker,
        *,
        country: str = "",
        store: Store | None = None,
        transport: Transport | None = None,
        clock: Callable[[], dt.datetime] = _now,
        quirks: str = "",
        watch: Callable[[Reply], None] = lambda _reply: None,
    ) -> None:
        own = country or (asker.who.country if asker.who else "")
        own = own or (asker.seal.country if asker.seal else "SE")
        known = find_country(own)
        self.partner, self.asker, self.clock = partner, asker, clock
        home = (asker.who.home_community if asker.who else "") or known.home_community
        self.build = Builder(partner, asker, home, quirks)
        self._transport = transport or Transport(partner)
        self._recorder = Recorder(store, partner, asker, known.code, home)
        self._watch = watch

    def __enter__(self) -> Client:
        """Return the client."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self._transport.close()

    def identify(self, traits: Traits) -> Identified:
        """Find a patient in country A (ITI-55).

        Raises:
            Unreachable: no usable answer.
        """
        message = self.build.identify(traits, self.clock())
        return self._exchange(message, lambda reply: comparing.identified(reply, traits))

    def query(self, patient: PatientId, *kinds: DocumentKind,
              wanted: QueryRequest | None = None) -> Listed:  # fmt: skip
        """List the patient's documents of some kinds (ITI-38).

        Args:
            patient: as country A knows the patient.
            kinds: patient summary by default.
            wanted: the whole question with its filters, instead of ``kinds``.

        Raises:
            Unreachable: no usable answer.
        """
        asked = wanted or QueryRequest(patient, kinds or (DocumentKind.PATIENT_SUMMARY,))
        message = self.build.query(asked, self.clock())
        return self._exchange(message, lambda r: comparing.listed(r, patient, asked.kinds),
                              asked.kinds)  # fmt: skip

    def retrieve(
        self,
        patient: PatientId,
        documents: Sequence[DocumentEntry | DocumentReference],
        kind: DocumentKind | None = None,
    ) -> Fetched:
        """Fetch documents (ITI-39).

        Args:
            patient: as country A knows the patient.
            documents: as they were listed, or as references.
            kind: what they are; that of the first entry, else patient summary, by default.

        Raises:
            Unreachable: no usable answer.
        """
        first = documents[0] if documents else None
        listed = first.kind if isinstance(first, DocumentEntry) else DocumentKind.PATIENT_SUMMARY
        wanted = [self._reference(one) for one in documents]
        message = self.build.retrieve(patient, wanted, kind or listed, self.clock())
        return self._exchange(message, comparing.fetched, (kind or listed,))

    def read(self, document: Retrieved, patient: PatientId, entry: DocumentEntry | None = None,
             lang: str = "nb") -> Received:  # fmt: skip
        """Check a fetched document, translate it and turn it into FHIR.

        Args:
            document: as it was fetched.
            patient: whom it was asked for.
            entry: how it was listed, where it was.
            lang: language of the reader, ``nb`` or ``en``.
        """
        started = self.clock()
        found = received(document.content, document.reference, patient, entry, lang)
        if found.translated is not None:
            self._recorder.translated(document.reference.unique_id, lang, started, self.clock())
        return found

    def dispense(self, patient: PatientId, *contents: bytes, person: Person | None = None) -> Taken:
        """Report eDispensations, one submission set (ITI-41).

        Args:
            patient: as country A knows the patient.
            contents: CDA documents in pivot form.
            person: the patient, for the metadata.

        Raises:
            InputError: no CDA document.
            Unreachable: no usable answer; ``doubtful`` where it may have arrived all the same.
        """
        return self._submit(patient, contents, DocumentKind.EDISPENSATION, person)

    def discard(self, patient: PatientId, *contents: bytes, person: Person | None = None) -> Taken:
        """Take eDispensations back (ITI-41); the documents are those that were reported.

        Raises:
            InputError: no CDA document.
            Unreachable: no usable answer.
        """
        return self._submit(patient, contents, DocumentKind.DISCARD, person)

    def _submit(
        self, patient: PatientId, contents: Sequence[bytes], kind: DocumentKind,
        person: Person | None,
    ) -> Taken:  # fmt: skip
        message = self.build.submit(patient, contents, kind, self.clock(), person=person)
        return self._exchange(message, comparing.taken, (kind,))

    def _reference(self, one: DocumentEntry | DocumentReference) -> DocumentReference:
        if isinstance(one, DocumentReference):
            return one
        # A list from a country that leaves them out still leads to its documents.
        home = one.home or self.partner.home
        return DocumentReference(home, one.repository or home, one.unique_id)

    def _exchange(
        self, message: Message, reading: Callable[[Reply], _A], kinds: Sequence[DocumentKind] = ()
    ) -> _A:
        started = self.clock()
        try:
            reply = self._transport.send(message)
            answer = reading(reply)
        except Unreachable as failure:
            self._watch(Reply(failure.sent, failure.status, failure.content_type, failure.content))
            self._recorder.failed(failure, started, self.clock())
            raise
        self._watch(reply)
        self._recorder.answered(answer, started, self.clock(), kinds)
        return answer
