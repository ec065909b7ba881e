"""The requests of country B, built for a partner and an asker.

Sources: IHE ITI-55, ITI-38, ITI-39, ITI-41; MyHealth@EU: only the traits of country A's search mask
travel, one kind of document in a query, a TRC assertion with everything about documents.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lxml import etree

from data.errors import InputError, Problem
from ips.xml import parse
from ncp import tables
from ncp.client.asker import Asker
from ncp.client.message import Message
from ncp.client.partner import Partner
from ncp.codes import HL7
from ncp.messages import xca, xcpd, xdr
from ncp.model import (
    Address,
    DocumentEntry,
    DocumentKind,
    DocumentReference,
    Operation,
    PatientId,
    Person,
    Submission,
    Traits,
)

_SUBMISSIONS = {DocumentKind.EDISPENSATION: Operation.DISPENSE,
                DocumentKind.DISCARD: Operation.DISCARD}  # fmt: skip


def masked(traits: Traits, country: str) -> Traits:
    """Return the traits that the search mask of a country asks for; all where it has none.

    What it does not ask for is nobody's business there (GDPR Art 5(1)(c): no more than needed).
    """
    mask = tables.search_masks().get(country)
    if mask is None:
        return traits
    names = {field.name for field in mask.fields}
    domains = {field.domain for field in mask.identifiers}
    known = tuple(one for one in traits.ids if one.root in domains)
    place = traits.address
    return Traits(
        known or traits.ids,
        traits.family if "familyName" in names else "",
        traits.given if "firstName" in names else "",
        traits.gender if "gender" in names else "",
        traits.birth_date if "birthDate" in names else "",
        Address(
            place.street if "addressStreet" in names else "",
            place.city if "addressCity" in names else "",
            place.postal_code if "addressPostalCode" in names else "",
            place.country if "addressCountry" in names else "",
        ),
    )  # fmt: skip


@dataclass(frozen=True)
class Builder:
    """Builds the requests of one asker to one partner.

    Attributes:
        partner, asker: who is asked, and who asks.
        home: home community of country B.
        quirks: whose way of writing a query is used, see ``xca.query``.
    """

    partner: Partner
    asker: Asker
    home: str
    quirks: str = ""

    def identify(self, traits: Traits, now: dt.datetime) -> Message:
        """Build ITI-55."""
        body = xcpd.request(traits, sender=self.home, receiver=self.partner.home, created=now)
        return self._message("ITI-55", Operation.IDENTIFY, body, None, now,
                             patients=traits.ids)  # fmt: skip

    def query(self, wanted: xca.QueryRequest, now: dt.datetime) -> Message:
        """Build ITI-38."""
        operation = tables.document_kinds()[wanted.kinds[0]].list_operation
        return self._message(
            "ITI-38", operation or Operation.ORCD_LIST, xca.query(wanted, quirks=self.quirks),
            wanted.patient, now,
        )  # fmt: skip

    def retrieve(
        self, patient: PatientId, documents: Sequence[DocumentReference], kind: DocumentKind,
        now: dt.datetime,
    ) -> Message:  # fmt: skip
        """Build ITI-39."""
        operation = tables.document_kinds()[kind].retrieve_operation
        wanted = tuple(documents)
        return self._message(
            "ITI-39", operation or Operation.ORCD_RETRIEVE,
            xca.retrieve(xca.RetrieveRequest(wanted)), patient, now, documents=wanted,
        )  # fmt: skip

    def submit(
        self, patient: PatientId, contents: Sequence[bytes], kind: DocumentKind, now: dt.datetime,
        *, person: Person | None = None, packaged: bool = True,
    ) -> Message:  # fmt: skip
        """Build ITI-41 with eDispensations or discards of one submission set.

        Args:
            patient: as country A knows the patient.
            contents: CDA documents in pivot form.
            kind: eDispensation or discard.
            now: aware time.
            person: the patient, for sourcePatientInfo.
            packaged: documents travel as MTOM parts, as the profile has it, or inline.

        Raises:
            InputError: a document that is no CDA with an id.
        """
        set_id = f"2.25.{uuid.uuid4().int}"
        made = [Submission(self._entry(patient, kind, content, now), content, set_id,
                           f"{now.astimezone(dt.UTC):%Y%m%d%H%M%S}")
                for content in contents]  # fmt: skip
        sent = tuple(DocumentReference(self.home, self.home, one.entry.unique_id) for one in made)
        return self._message(
            "ITI-41", _SUBMISSIONS[kind], xdr.provide(made, person=person), patient, now,
            documents=sent, submission_set=set_id, packaged=packaged,
        )  # fmt: skip

    def _message(
        self, name: str, operation: Operation, body: etree._Element, patient: PatientId | None,
        now: dt.datetime, *, patients: tuple[PatientId, ...] = (),
        documents: tuple[DocumentReference, ...] = (), submission_set: str = "",
        packaged: bool = False,
    ) -> Message:  # fmt: skip
        transaction = tables.transactions()[name]
        return Message(
            transaction, operation, body, self.partner.service(transaction.service),
            self.asker.for_patient(patient, now), (patient,) if patient else patients, documents,
            submission_set, packaged,
        )  # fmt: skip

    def _entry(
        self, patient: PatientId, kind: DocumentKind, content: bytes, now: dt.datetime
    ) -> DocumentEntry:
        known, who = tables.document_kinds()[kind], self.asker.who
        return DocumentEntry(
            document_id(content), f"urn:uuid:{uuid.uuid4()}", patient, kind, 3,
            known.formats[3][0], known.title, now, self.home, self.home, size=len(content),
            country=who.country if who else "", author_person=who.name if who else "",
            author_institution=_institution(who.organization, who.organization_id) if who else "",
        )  # fmt: skip


def _institution(name: str, number: str) -> str:
    """Return an organisation as XON (IHE ITI TF-3 4.2.3.1.4.1): ``Name^^^^^&root&ISO^^^^ext``."""
    _, _, said = number.partition("urn:hl7ii:")
    root, _, extension = said.partition(":")
    plain = name.replace("^", " ")
    return f"{plain}^^^^^&{root}&ISO^^^^{extension}" if root and extension else plain


def document_id(content: bytes) -> str:
    """Return the id of a CDA document: ``root^extension``, or the root alone.

    Raises:
        InputError: not CDA, or without an id.
    """
    root = parse(content, name="document")
    own = root.find(f"{{{HL7}}}id")
    if root.tag != f"{{{HL7}}}ClinicalDocument" or own is None or not own.get("root"):
        raise InputError(
            Problem("this is no CDA document with an id", "document",
                    rule="MyHealth@EU: ClinicalDocument/id 1..1",
                    remedy="give an eDispensation, as «ehds ncp dispense -o» writes it")
        )  # fmt: skip
    return "^".join(filter(None, (own.get("root"), own.get("extension"))))


def with_traits(traits: Traits, **more: str) -> Traits:
    """Return traits with what was stated besides; an empty word changes nothing."""
    return replace(traits, **{name: said for name, said in more.items() if said})  # type: ignore[arg-type]
