"""From folders of files to patients with documents.

A folder of one patient's Norwegian source files gives a patient summary; messages of e-resept give
prescriptions; FHIR documents and CDA documents, of any country, are given as they are.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data.errors import InputError, Problem
from ips import record, sources
from ips.eresept import fest as fest_reader
from ips.eresept import recall as recalls
from ips.eresept.fest import Fest
from ips.identifiers import mask
from ips.prescription import assemble
from ips.prescription.document import as_document
from ips.provenance import SYSTEMS
from ncp.connector import making
from ncp.connector.described import Described, describe
from ncp.connector.files import Found, Is, listing, look
from ncp.connector.making import Dossier, Making
from ncp.connector.people import person_of_fhir
from ncp.model import DocumentKind, PatientId, Person

_REGISTER = "Reseptformidleren"
"""Where prescriptions of e-resept are kept."""


@dataclass
class Loaded:
    """What a folder holds, and what of it could not be used."""

    dossiers: list[Dossier] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _by_id: dict[PatientId, Dossier] = field(default_factory=dict)

    def add(self, person: Person, makings: Iterable[Making]) -> None:
        """Add documents of a person, to what is there of the same person."""
        known = next((self._by_id[i] for i in person.ids if i in self._by_id), None)
        if known is None:
            known = Dossier(person, [])
            self.dossiers.append(known)
            self._by_id.update(dict.fromkeys(person.ids, known))
        known.makings.extend(makings)

    def note(self, error: InputError, name: str) -> None:
        """Note why something was left out."""
        for problem in error.problems:
            where = f"{name}: {problem.where}" if problem.where else name
            self.problems.append(Problem(problem.what, mask(where), problem.rule, problem.remedy))


def load(folder: Path, *, lenient: bool = False) -> Loaded:
    """Read a folder: one patient's files, a folder for each patient, or both.

    Raises:
        InputError: the folder cannot be read.
    """
    loaded = Loaded()
    groups = [folder, *sorted(p for p in folder.iterdir() if p.is_dir() and p.name[0] != ".")]
    for group in groups:
        files = [*listing(group)]
        inner = group / "prescriptions"
        if inner.is_dir():
            files += listing(inner)
        if group.name != "prescriptions" or group is folder:
            take(loaded, files, lenient=lenient)
    return loaded


def take(loaded: Loaded, files: Sequence[Path], *, lenient: bool = False) -> None:
    """Add the patients and documents of some files that belong together."""
    found: list[Found] = []
    for path in files:
        try:
            found.append(look(path))
        except InputError as error:
            loaded.note(error, mask(path.name))
    by_kind = {kind: [f for f in found if f.what is kind] for kind in Is}
    plain = by_kind[Is.SOURCE]
    if plain:
        # A FHIR summary beside Norwegian sources is one of them; alone it is a document.
        _sources(loaded, [*plain, *(f for f in by_kind[Is.DOCUMENT]
                                    if f.kind is DocumentKind.PATIENT_SUMMARY)],
                 lenient=lenient)  # fmt: skip
    for one in by_kind[Is.DOCUMENT]:
        if not plain or one.kind is not DocumentKind.PATIENT_SUMMARY:
            _document(loaded, one)
    _cda(loaded, by_kind[Is.CDA])
    _prescriptions(loaded, by_kind, lenient=lenient)


def _sources(loaded: Loaded, files: list[Found], *, lenient: bool) -> None:
    name = files[0].path.parent.name

    def read() -> record.Record:
        got = [sources.read_any(f.content, f.path.name, lenient=lenient) for f in files]
        return record.combine(got, name=name)

    def read_again() -> record.Record:
        got = [sources.read_any(f.read_bytes(), f.name, lenient=lenient) for f in paths]
        return record.combine(got, name=name)

    paths = [f.path for f in files]
    try:
        first = read()
        person = person_of_fhir(first.patient, mask(name))
    except InputError as error:
        loaded.note(error, name)
        return
    origins = tuple(dict.fromkeys(SYSTEMS[one.kind] for one in first.sources))
    loaded.add(person, [making.summary(paths, read_again, mask(name), origins)])


def _document(loaded: Loaded, found: Found) -> None:
    try:
        for bundle in _split(found.resource):
            patient = next((p for p in _resources(bundle) if p.get("resourceType") == "Patient"),
                           {})  # fmt: skip
            whole = bundle.get("type") == "document"
            document = bundle if whole else as_document(bundle)
            person = person_of_fhir(patient, found.name)
            loaded.add(person, [making.of_fhir(document, found.kind, found.name)])
    except InputError as error:
        loaded.note(error, found.name)


def _cda(loaded: Loaded, files: list[Found]) -> None:
    """Add CDA documents; level 1 and level 3 of one content become one document of two levels."""
    pending: list[tuple[Described, Found]] = []
    for found in files:
        try:
            described = describe(found.content, found.name)
        except InputError as error:
            loaded.note(error, found.name)
            continue
        pending.append((described, found))
    while pending:
        described, found = pending.pop(0)
        twin = next((p for p in pending if _twins(described, p[0])), None)
        levels = {described.level: found.content}
        if twin is not None:
            pending.remove(twin)
            levels[twin[0].level] = twin[1].content
        loaded.add(described.person, [making.as_it_came(levels, described.kind, found.name)])


def _twins(one: Described, other: Described) -> bool:
    same = bool(one.set_id) and one.set_id == other.set_id
    named = one.unique_id in other.related or other.unique_id in one.related
    return (one.kind is other.kind and one.level != other.level
            and one.person.ids == other.person.ids and (same or named))  # fmt: skip


def _prescriptions(loaded: Loaded, by_kind: dict[Is, list[Found]], *, lenient: bool) -> None:
    products: Fest | None = None
    taken_back: dict[str, bytes] = {}
    try:
        for found in by_kind[Is.PRODUCTS]:
            products = fest_reader.read(found.content)
        for found in by_kind[Is.RECALL]:
            for recall in recalls.read(found.content, name=found.name, lenient=lenient)[1]:
                taken_back[recall.prescription.lower()] = found.content
    except InputError as error:
        loaded.note(error, found.name)
    for found in by_kind[Is.PRESCRIPTION]:
        prescription(loaded, found, products, taken_back, lenient=lenient)


def prescription(
    loaded: Loaded, found: Found, products: Fest | None, recalled: dict[str, bytes],
    *, lenient: bool = False,
) -> None:  # fmt: skip
    """Add the prescriptions of one M1 or M9.6.

    Args:
        recalled: the M5 of each prescription that was taken back, by its lower-case ReseptId.
    """
    text = found.content.lower()
    recall = next((m5 for number, m5 in recalled.items() if number.encode() in text), None)
    try:
        built = assemble(found.content, products, recall=recall, name=found.name, lenient=lenient)
        for bundle in _split(built.bundle):
            patient = next(p for p in _resources(bundle) if p["resourceType"] == "Patient")
            made = making.of_fhir(as_document(bundle), DocumentKind.EPRESCRIPTION, found.name,
                                  (_REGISTER,))  # fmt: skip
            loaded.add(person_of_fhir(patient, found.name), [made])
    except InputError as error:
        loaded.note(error, found.name)


def _split(bundle: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield one Bundle for each prescription: MyHealth@EU exchanges each as its own document."""
    requests = [r for r in _resources(bundle) if r.get("resourceType") == "MedicationRequest"]
    if len(requests) < 2:
        yield bundle
        return
    for one in requests:
        part = copy.copy(bundle)
        part["entry"] = [
            entry for entry in bundle["entry"]
            if entry.get("resource") is one
            or (entry.get("resource") or {}).get("resourceType") not in
            ("MedicationRequest", "Composition")
        ]  # fmt: skip
        if part.get("type") == "document":
            part["type"] = "collection"
        yield part


def _resources(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    return [e["resource"] for e in bundle["entry"] if isinstance(e.get("resource"), dict)]
