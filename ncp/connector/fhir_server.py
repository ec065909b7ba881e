"""The connector over a FHIR server: the way a country that has its records in FHIR joins.

Patients with ``Patient?identifier`` (IHE PDQm ITI-78), documents with ``DocumentReference`` (MHD
ITI-67) and its attachment (ITI-68); where the server lists no patient summary it is asked to make
one (``Patient/{id}/$summary``, IPS 2.0.0). Every request has a timeout; reading is tried again.
"""

from __future__ import annotations

import base64
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from data.errors import InputError
from ips.conformance.reader import read_document
from ips.identifiers import mask
from ncp.connector import making
from ncp.connector.base import Consent, Notice
from ncp.connector.consents import Consents
from ncp.connector.described import describe
from ncp.connector.library import Library
from ncp.connector.making import Making
from ncp.connector.people import agrees, person_of_fhir
from ncp.model import DocumentEntry, DocumentKind, PatientId, Person, Refusal, Traits

_log = logging.getLogger("ehds.ncp")
TIMEOUT = (5.0, 20.0)
"""Seconds to connect, and between two bytes."""
_LARGEST = 32 * 1024 * 1024
_DOCUMENTS = 2000
"""Documents that are remembered."""
_FRESH = 300.0
"""Seconds for which a summary that the server has made counts as current."""
_FHIR_JSON = "application/fhir+json"


class FhirServer:
    """Country A's data on a FHIR server.

    Args:
        base: its base URL.
        country: country A, ISO 3166-1 alpha-2.
        headers: sent with every request (authorisation).
        consents: what patients have forbidden; the server is the place for it if it can say so.
        session: the HTTP client, for other certificates.
    """

    def __init__(
        self,
        base: str,
        country: str = "NO",
        *,
        headers: Mapping[str, str] | None = None,
        consents: Consents | None = None,
        session: requests.Session | None = None,
    ) -> None:
        self._base = base.rstrip("/") + "/"
        self._session = session or _session()
        self._session.headers.update({"Accept": _FHIR_JSON, **(headers or {})})
        self._consents = consents or Consents()
        self._library = Library(country)
        self._makings: OrderedDict[tuple[PatientId, str, str, str], Making] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, traits: Traits) -> Sequence[Person]:
        """Return the persons with one of the identifiers whose demographics agree."""
        found: list[Person] = []
        for one in traits.ids:
            for patient in self._patients(one):
                person = person_of_fhir(patient, "Patient")
                if person not in found and agrees(person, traits):
                    found.append(person)
        return found

    def documents(self, patient: PatientId, kind: DocumentKind) -> Sequence[DocumentEntry]:
        """Return the documents of a kind, as the server lists or makes them now."""
        found: list[tuple[str, str]] = []
        for reference in self._references(patient, kind):
            version = str((reference.get("meta") or {}).get("versionId") or reference.get("date"))
            urls = [str((c.get("attachment") or {}).get("url") or "")
                    for c in reference.get("content", ())]  # fmt: skip
            found += [(url, version) for url in filter(None, urls[:1])]
        if not found and kind is DocumentKind.PATIENT_SUMMARY:
            age = str(int(time.monotonic() // _FRESH))
            found = [(f"Patient/{p['id']}/$summary", age) for p in self._patients(patient)]
        entries: list[DocumentEntry] = []
        for url, version in found:
            made = self._making(patient, kind, url, version)
            entries += self._library.entries(made, patient) if made else []
        return entries

    def content(self, unique_id: str) -> bytes:
        """Return a document that was listed.

        Raises:
            KeyError: no such document.
        """
        return self._library.content(unique_id)

    def consent(self, patient: PatientId, kind: DocumentKind, country: str) -> Consent:
        """Return whether documents of a kind may go to a country."""
        return self._consents.decide((patient,), kind, country)

    def dispensed(self, notice: Notice) -> None:
        """Note it in the log: the server is not written to."""
        _log.info("dispensation %s is not written to the FHIR server", notice.dispensation_id)

    def discarded(self, notice: Notice) -> None:
        """Note it in the log: the server is not written to."""
        _log.info("discard of %s is not written to the FHIR server", notice.dispensation_id)

    def _patients(self, one: PatientId) -> list[dict[str, Any]]:
        bundle = self._json("Patient", {"identifier": f"urn:oid:{one.root}|{one.extension}"})
        return [r for r in _resources(bundle) if r.get("resourceType") == "Patient"]

    def _references(self, patient: PatientId, kind: DocumentKind) -> list[dict[str, Any]]:
        bundle = self._json(
            "DocumentReference",
            {"patient.identifier": f"urn:oid:{patient.root}|{patient.extension}",
             "type": f"http://loinc.org|{kind}", "status": "current"},
        )  # fmt: skip
        return [r for r in _resources(bundle) if r.get("resourceType") == "DocumentReference"]

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
        content, name = self._get(url, {}), mask(url)
        if b"ClinicalDocument" not in content[:4096]:
            document = read_document(content)
            if document.get("resourceType") != "Binary":
                return making.of_fhir(document, kind, name)
            content = base64.b64decode(str(document.get("data", "")))
        return making.as_it_came({describe(content, name).level: content}, kind, name)

    def _json(self, path: str, params: dict[str, str]) -> dict[str, Any]:
        try:
            return read_document(self._get(path, params))
        except InputError:
            raise _unavailable("the answer is no FHIR resource") from None

    def _get(self, path: str, params: dict[str, str]) -> bytes:
        url = urljoin(self._base, path)
        if urlsplit(url)[:2] != urlsplit(self._base)[:2]:
            raise _unavailable("the server names a document on another server")
        try:
            with self._session.get(url, params=params, timeout=TIMEOUT, stream=True) as response:
                if response.status_code in (404, 410):
                    return b'{"resourceType": "Bundle", "type": "searchset"}'
                response.raise_for_status()
                parts, size = [], 0
                for part in response.iter_content(65536):
                    size += len(part)
                    if size > _LARGEST:
                        raise _unavailable("the answer is too large")
                    parts.append(part)
                return b"".join(parts)
        except requests.RequestException as error:
            _log.warning("FHIR server: %s", mask(type(error).__name__))
            raise _unavailable(type(error).__name__) from None


def _unavailable(why: str) -> Refusal:
    """The register cannot be asked; each operation has its own code for it."""
    return Refusal("ERROR_PI_REGISTRY_NOT_AVAILABLE", "The national registry is not available.",
                   reason="AnswerNotAvailable", details={"why": why})  # fmt: skip


def _resources(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    entries = bundle.get("entry") or []
    return [e["resource"] for e in entries if isinstance(e, dict)
            and isinstance(e.get("resource"), dict)]  # fmt: skip


def _session() -> requests.Session:
    made = requests.Session()
    retry = Retry(total=2, backoff_factor=0.2, status_forcelist=(502, 503, 504),
                  allowed_methods=("GET",), raise_on_status=False)  # fmt: skip
    for scheme in ("http://", "https://"):
        made.mount(scheme, HTTPAdapter(max_retries=retry, pool_maxsize=32))
    return made
