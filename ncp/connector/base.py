"""What a country gives to be country A: the interface between a contact point and its data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ncp.model import DocumentEntry, DocumentKind, PatientId, Person, Traits


@dataclass(frozen=True, slots=True)
class Consent:
    """Whether documents of a kind may go to a country, and why not.

    Attributes:
        permitted: the answer.
        reason: ``reservation`` (the patient stays out), ``blocked`` (access was closed), or empty.
    """

    permitted: bool
    reason: str = ""


PERMITTED = Consent(True)


@dataclass(frozen=True, slots=True)
class Notice:
    """What a country is told after a dispensation or its discard has been recorded.

    Attributes:
        dispensation_id: id of the eDispensation.
        prescriptions: unique ids of the level 3 documents concerned.
        patient: whose.
        country: country B, ISO 3166-1 alpha-2.
        moment: when it was recorded here.
        content: the document as received.
    """

    dispensation_id: str
    prescriptions: tuple[str, ...]
    patient: PatientId
    country: str
    moment: dt.datetime
    content: bytes


@runtime_checkable
class NationalConnector(Protocol):
    """The national side of country A.

    Every method may be called from several threads at once, may block, and may raise
    ``ncp.model.Refusal`` with the error code that country B shall see. An entry's ``events`` say
    whether a prescription is dispensable at the source; the contact point adds what was dispensed
    through it.

    A connector may have an attribute ``expire``; where it is False, prescriptions do not end with
    their validity. It may have a method ``warm(going)``, which prepares what is asked for first as
    long as ``going()``; it is called once, in the background. A method ``origins(unique_id)``
    names the systems that a document came from, for the audit (EHDS Annex II 3.2(e)); without it
    the institution of the author is named. A method ``opens(unique_id, pin)`` says whether a PIN
    (or its absence) gives access to a prescription. A method ``studies(patient)`` returns imaging
    studies (FHIR R4 ImagingStudy); with it they can be searched for over FHIR.
    """

    def find(self, traits: Traits) -> Sequence[Person]:
        """Return the persons with one of the identifiers whose demographics agree."""

    def documents(self, patient: PatientId, kind: DocumentKind) -> Sequence[DocumentEntry]:
        """Return the documents of a kind, each level as its own entry; ids never change."""

    def content(self, unique_id: str) -> bytes:
        """Return a document that ``documents`` has listed (CDA, pivot form).

        Raises:
            KeyError: no such document.
        """

    def consent(self, patient: PatientId, kind: DocumentKind, country: str) -> Consent:
        """Return whether documents of a kind may go to a country."""

    def dispensed(self, notice: Notice) -> None:
        """Learn of a dispensation that has been recorded."""

    def discarded(self, notice: Notice) -> None:
        """Learn that a dispensation has been taken back."""
