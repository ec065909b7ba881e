"""The connector over a FHIR server: the way a country that has its records in FHIR joins.

Patients with ``Patient?identifier`` (IHE PDQm ITI-78), documents with ``DocumentReference`` (MHD
ITI-67) and its attachment (ITI-68); where the server lists no patient summary it is asked to make
one (``Patient/{id}/$summary``, IPS 2.0.0). The line to it is in ``ncp.connector.fhir_line``.
"""

from __future__ import annotations

import base64
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import requests

from data.errors import InputError, Problem
from ips.conformance.reader import read_document
from ips.identifiers import mask
from ncp.connector import making
from ncp.connector.base import Consent, Notice
from ncp.connector.consents import Consents
from ncp.connector.described import describe
from ncp.connector.fhir_line import TIMEOUT, Bounds, FhirLine
from ncp.connector.library import Library
from ncp.connector.making import Making
from ncp.connector.people import agrees, person_of_fhir
from ncp.model import DocumentEntry, DocumentKind, PatientId, Person, Traits

__all__ = ["TIMEOUT", "FhirServer"]

_log = logging.getLogger("ehds.ncp")
_DOCUMENTS = 2000
"""Documents that are remembered."""
_FRESH = 300.0
"""Seconds for which a summary that the server has made counts as current."""


class FhirServer:
    """Country A's data on a FHIR server.

    Args:
        base: its base URL.
        country: country A, ISO 3166-1 alpha-2.
        headers: sent with every request (authorisation).
        consents: what patients have forbidden; the server is the place for it if it can say so.
        session: the HTTP client, for other certificates.
        bounds: how much of the server is waited for.
    """

    def __init__(
        self,
        base: str,
        country: str = "NO",
        *,
        headers: Mapping[str, str] | None = None,
        consents: Consents | None = None,
        session: requests.Session | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        self._line = FhirLine(base, headers=headers, session=session, bounds=bounds)
        self._consents = consents or Consents()
        self._library = Library(country)
        self._makings: OrderedDict[tuple[PatientId, str, str, str], Making] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, traits: Traits) -> Sequence[Person]:
        """Return the persons with one of the identifiers whose demographics agree."""
        found: list[Person] = []
        for one in traits.ids:
            found += [person for person, _ in self._patients(one)
                      if person not in found and agrees(person, traits)]  # fmt: skip
        return found

    def documents(self, patient: PatientId, kind: DocumentKind) -> Sequence[DocumentEntry]:
        """Return the documents of a kind, as the server lists or makes them now."""
        found: list[tuple[str, str]] = []
        for reference in self._references(patient, kind):
            version = str((reference.get("meta") or {}).get("versionId") or reference.get("date"))
            urls = [str((c.get("attachment") or {}).get("url") or "")
                    for c in reference.get("content") or ()]  # fmt: skip
            found += [(url, version) for url in filter(None, urls[:1])]
        if not found and kind is DocumentKind.PATIENT_SUMMARY:
            age = str(int(time.monotonic() // _FRESH))
            found = [(f"Patient/{identity}/$summary", age)
                     for _, identity in self._patients(patient) if identity]  # fmt: skip
        entries: list[DocumentEntry] = []
        for url, version in found:
            made = self._making(patient, kind, url, version)
            listed = self._library.entries(made, patient) if made else []
            entries += listed if listed and self._is_of(patient, listed[0], url) else []
        return entries

    def content(self, unique_id: str) -> bytes:
        """Return a document that was listed.

        Raises:
            KeyError: no such document.
        """
        return self._library.content(unique_id)

    def studies(self, patient: PatientId) -> Sequence[dict[str, Any]]:
        """Return the patient's imaging studies, as the server has them (FHIR R4)."""
        named = f"urn:oid:{patient.root}|{patient.extension}"
        own = {f"Patient/{identity}" for _, identity in self._patients(patient)}
        found = self._line.search("ImagingStudy", {"patient.identifier": named})
        return [one for one in found if _subject_of(one) in own]

    def consent(self, patient: PatientId, kind: DocumentKind, country: str) -> Consent:
        """Return whether documents of a kind may go to a country."""
        return self._consents.decide((patient,), kind, country)

    def dispensed(self, notice: Notice) -> None:
        """Note it in the log: the server is not written to."""
        _log.info("dispensation %s is not written to the FHIR server", notice.dispensation_id)

    def discarded(self, notice: Notice) -> None:
        """Note it in the log: the server is not written to."""
        _log.info("discard of %s is not written to the FHIR server", notice.dispensation_id)

    def _patients(self, one: PatientId) -> list[tuple[Person, str]]:
        """Return the persons who have an identifier, with their ids on the server."""
        asked = {"identifier": f"urn:oid:{one.root}|{one.extension}"}
        found = []
        for patient in self._line.search("Patient", asked):
            try:
                person = person_of_fhir(patient, "Patient")
            except InputError as error:
                _log.warning("left out: Patient: %s", mask(error.problems[0].what))
                continue
            if one in person.ids:  # else the server has passed over what it was asked
                found.append((person, str(patient.get("id") or "")))
        return found

    def _references(self, patient: PatientId, kind: DocumentKind) -> list[dict[str, Any]]:
        return self._line.search(
            "DocumentReference",
            {"patient.identifier": f"urn:oid:{patient.root}|{patient.extension}",
             "type": f"http://loinc.org|{kind}", "status": "current"},
        )  # fmt: skip

    def _is_of(self, patient: PatientId, entry: DocumentEntry, url: str) -> bool:
        """Return whether a document is of the patient, perhaps by another of their identifiers."""
        named = set(self._library.described(entry.unique_id).person.ids)
        if patient in named or any(named & set(p.ids) for p, _ in self._patients(patient)):
            return True
        _log.error("left out: %s: the document is another patient's", mask(url))
        return False

    def _making(
        self, patient: PatientId, kind: DocumentKind, url: str, version: str
    ) -> Making | None:
        """Return one version of a document, fetched once; None when it is none that is known."""
        key = (patient, kind, url, version)
        with self._lock:
            if key in self._makings:
                self._makings.move_to_end(key)
                return self._makings[key]
        try:
            made = self._fetched(kind, url)
        except InputError as error:
            _log.warning("left out: %s: %s", mask(url), mask(error.problems[0].what))
            return None
        with self._lock:
            self._makings[key] = made
            while len(self._makings) > _DOCUMENTS:
                self._library.forget(self._makings.popitem(last=False)[1])
        return made

    def _fetched(self, kind: DocumentKind, url: str) -> Making:
        content, name = self._line.fetch(url), mask(url)
        if content is None:
            raise InputError(Problem("it is not there", name))
        if b"ClinicalDocument" not in content[:4096]:
            document = read_document(content)
            if document.get("resourceType") != "Binary":
                return making.of_fhir(document, kind, name)
            content = base64.b64decode(str(document.get("data", "")))
        return making.as_it_came({describe(content, name).level: content}, kind, name)


def _subject_of(resource: dict[str, Any]) -> str:
    """Return ``Patient/id`` of the subject, whose address may be whole."""
    reference = str((resource.get("subject") or {}).get("reference") or "")
    return "/".join(reference.partition("/_history")[0].split("/")[-2:])
