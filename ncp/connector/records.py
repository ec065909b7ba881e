"""The connector over files: sample patients, or a folder of records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import data
from data.errors import InputError, Problem
from ips.eresept import fest as fest_reader
from ips.eresept import recall as recall_reader
from ips.identifiers import mask
from ips.prescription import samples as messages
from ncp.connector import loading
from ncp.connector.base import Consent, Notice
from ncp.connector.consents import Consents
from ncp.connector.files import look
from ncp.connector.library import Library
from ncp.connector.loading import Loaded
from ncp.connector.making import Dossier
from ncp.connector.people import agrees
from ncp.model import DocumentEntry, DocumentKind, PatientId, Person, Traits


class Records:
    """Patients and documents from files.

    Args:
        loaded: the patients, and what could not be used.
        consents: what they have forbidden.
        country: country A, ISO 3166-1 alpha-2.
        expire: whether prescriptions end with their validity; the samples do not, so that they
            are useful in any year.
    """

    def __init__(
        self, loaded: Loaded, consents: Consents, country: str = "NO", *, expire: bool = True
    ) -> None:
        self.problems = loaded.problems
        self.expire = expire
        self._dossiers = loaded.dossiers
        self._consents = consents
        self._library = Library(country)
        self._by_id: dict[PatientId, Dossier] = {
            one: dossier for dossier in loaded.dossiers for one in dossier.person.ids
        }

    @classmethod
    def samples(cls, country: str = "NO") -> Records:
        """Return the connector over the shipped sample patients and prescriptions."""
        loaded = Loaded()
        for folder in sorted(p.parent for p in data.path("patients").glob("*/patient.json")):
            loading.take(loaded, [*sorted(folder.glob("*.json")), *sorted(folder.glob("*.xml"))])
        products = fest_reader.read(messages.fest().read_bytes())
        known = messages.samples()
        recall = known["recalled.m5"].path.read_bytes()
        recalled = {one.prescription.lower(): recall for one in recall_reader.read(recall)[1]}
        for sample in known.values():
            if sample.kind == "M1" and sample.id != "goods":
                loading.prescription(loaded, look(sample.path), products, recalled)
        consents = Consents.read(data.path("exchange", "consents.csv"))
        return cls(loaded, consents, country, expire=False)

    @classmethod
    def folder(cls, path: Path, country: str = "NO", *, lenient: bool = False) -> Records:
        """Return the connector over a folder of records (see ``ncp.connector.loading``).

        What cannot be read is in ``problems`` and left out.

        Raises:
            InputError: no folder, nothing in it that can be used, or a wrong ``consents.csv``.
        """
        if not path.is_dir():
            what = "this is a file" if path.exists() else "there is no such folder"
            raise InputError(Problem(what, mask(str(path)), "a folder of records",
                                     "check --records"))  # fmt: skip
        loaded = loading.load(path, lenient=lenient)
        if not loaded.dossiers:
            nothing = Problem("no record is in the folder", mask(str(path)),
                              remedy="one folder a patient, see docs/ncp-a.md")  # fmt: skip
            raise InputError(loaded.problems or nothing)
        table = path / "consents.csv"
        consents = Consents.read(table) if table.is_file() else Consents()
        return cls(loaded, consents, country)

    @property
    def persons(self) -> list[Person]:
        """Everyone who is here."""
        return [dossier.person for dossier in self._dossiers]

    def warm(self, going: Callable[[], bool]) -> None:
        """Write what is listed first, document by document, as long as ``going()``."""
        for dossier in self._dossiers:
            for making in dossier.makings:
                if not going():
                    return
                self._library.entries(making, dossier.person.ids[0])

    def find(self, traits: Traits) -> Sequence[Person]:
        """Return the persons with one of the identifiers whose demographics agree."""
        found: list[Person] = []
        for one in traits.ids:
            dossier = self._by_id.get(one)
            if dossier and dossier.person not in found and agrees(dossier.person, traits):
                found.append(dossier.person)
        return found

    def documents(self, patient: PatientId, kind: DocumentKind) -> Sequence[DocumentEntry]:
        """Return the documents of a kind; one that cannot be written is logged and left out."""
        dossier = self._by_id.get(patient)
        return [entry for making in (dossier.makings if dossier else ()) if making.kind is kind
                for entry in self._library.entries(making, patient)]  # fmt: skip

    def content(self, unique_id: str) -> bytes:
        """Return a document that was listed.

        Raises:
            KeyError: no such document.
        """
        return self._library.content(unique_id)

    def origins(self, unique_id: str) -> Sequence[str]:
        """Return the national systems that a listed document came from.

        Raises:
            KeyError: no such document.
        """
        return self._library.origins(unique_id)

    def consent(self, patient: PatientId, kind: DocumentKind, country: str) -> Consent:
        """Return whether documents of a kind may go to a country."""
        dossier = self._by_id.get(patient)
        ids = dossier.person.ids if dossier else (patient,)
        return self._consents.decide(ids, kind, country)

    def dispensed(self, notice: Notice) -> None:
        """Nothing to tell: files have no system behind them."""

    def discarded(self, notice: Notice) -> None:
        """Nothing to tell: files have no system behind them."""
