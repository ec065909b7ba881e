"""A record: everything that the Norwegian sources tell of one patient, as FHIR R4."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import data
from data.errors import InputError, Problem
from ips import identifiers, sources
from ips.identifiers import mask
from ips.loss import Fate, LossReport
from ips.provenance import provenance_of
from ips.reconcile import Merged
from ips.sources.base import PERSONAL, Resource, Source
from ips.xml import MAX_BYTES

MAX_FILES = 60
_ORDER = (
    "no-basis",
    "kj-critical-info",
    "sfm-medication",
    "m25",
    "sysvak",
    "provesvar",
    "maledata",
    "dhg",
    "fhir",
)


@dataclass
class Record:
    """One patient.

    Attributes:
        name: name of the folder, file or sample (identity numbers masked).
        patient: FHIR Patient with id ``patient``.
        sources: the files that were read, in a fixed order.
        resources: FHIR resources, reconciled, ids unique in the record; not the patient.
        provenance: one FHIR Provenance for each clinical resource.
        loss: the losses of all sources.
        statements: what any source positively states (``no-known-medications`` …).
        warnings: what is doubtful.
    """

    name: str
    patient: Resource
    sources: list[Source]
    resources: list[Resource]
    provenance: list[Resource]
    loss: LossReport
    statements: set[str] = field(default_factory=set)
    warnings: list[Problem] = field(default_factory=list)


def load(path_or_name: str, lenient: bool = False) -> Record:
    """Read a record.

    Args:
        path_or_name: a folder of one patient's files, one file, or the name of a sample.
        lenient: faults in the data become warnings.

    Raises:
        InputError: nothing there, a file that cannot be read, or more than one patient; all
            problems of all files at once.
    """
    path = _find(path_or_name)
    problems: list[Problem] = []
    warnings: list[Problem] = []
    read: list[Source] = []
    seen: dict[tuple[str, bytes], str] = {}
    for file in _files(path, warnings):
        try:
            content = _content(file)
            kind = sources.detect(content, file.name)
            told = seen.setdefault((kind, hashlib.sha256(content).digest()), mask(file.name))
            if told != mask(file.name):
                what = f"the same content as {told}; it is read once"
                warnings.append(Problem(what, mask(file.name), remedy="remove one of the two"))
                continue
            read.append(sources.read(kind, content, file.name, lenient=lenient))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    record = combine(read, name=path.stem if path.is_file() else path.name)
    record.warnings = warnings + record.warnings
    return record


def combine(read: list[Source], *, name: str) -> Record:
    """Make one record of several sources.

    Raises:
        InputError: no source names a patient, or they name different ones.
    """
    read = sorted(read, key=lambda s: (_ORDER.index(s.kind) if s.kind in _ORDER else 99, s.name))
    loss = LossReport()
    warnings = [problem for source in read for problem in source.warnings]
    patient = _one_patient(read, loss, warnings)
    merged = Merged()
    for source in read:
        loss.extend(source.loss)
        merged.add(source)
    merged.finish()
    loss.extend(merged.loss)
    for reference, where in merged.contradictions:
        warnings.append(
            Problem(
                f"{reference} is told differently here; both entries are kept",
                where,
                remedy="the treating doctor decides which one holds",
            )
        )
    return Record(
        mask(name), patient, read, merged.resources, list(_provenance(merged)), loss,
        _statements(read, merged), warnings,
    )  # fmt: skip


def _provenance(merged: Merged) -> Iterator[Resource]:
    for resource in merged.resources:
        reference = f"{resource['resourceType']}/{resource['id']}"
        made = provenance_of(resource, merged.told_by[reference])
        if made is not None:
            yield made


def _statements(read: list[Source], merged: Merged) -> set[str]:
    """A stated absence holds only while no source tells of such a thing."""
    stated = {statement for source in read for statement in source.statements}
    types = {resource["resourceType"] for resource in merged.resources}
    for statement, kind in (("no-known-allergies", "AllergyIntolerance"),
                            ("no-known-medications", "MedicationStatement"),
                            ("no-known-immunizations", "Immunization"),
                            ("no-known-devices", "DeviceUseStatement"),
                            ("no-known-procedures", "Procedure"),
                            ("no-known-problems", "Condition")):  # fmt: skip
        if kind in types:
            stated.discard(statement)
    return stated


def _find(path_or_name: str) -> Path:
    path = Path(path_or_name)
    try:
        if path.exists():
            return path
    except (OSError, ValueError):
        pass
    samples = data.path("patients")
    known = (
        sorted(p.name for p in samples.iterdir() if (p / "patient.json").is_file())
        if samples.is_dir()
        else []
    )
    if path_or_name in known:
        return samples / path_or_name
    raise InputError(
        Problem(
            "there is no such file, folder or sample",
            mask(path_or_name),
            remedy=f"samples: {', '.join(known)}" if known else "check the spelling of the path",
        )
    )


def _files(path: Path, warnings: list[Problem]) -> list[Path]:
    """The source files of a record; prescriptions are documents of their own."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(Problem("this is neither a file nor a folder", mask(str(path)),
                                 remedy="save it as a file first"))  # fmt: skip
    found = []
    for file in sorted(path.iterdir()):
        named = file.suffix.lower() in (".json", ".xml")
        if file.name.startswith(".") or (file.is_dir() and not named):
            continue
        if named:
            found.append(file)
        else:
            warnings.append(Problem("the file is not read: it is neither JSON nor XML",
                                    mask(file.name)))  # fmt: skip
    if not found:
        raise InputError(Problem("no source file is in the folder", mask(str(path)),
                                 remedy="a record is a folder of JSON and XML files"))  # fmt: skip
    if len(found) > MAX_FILES:
        raise InputError(Problem(f"more than {MAX_FILES} files in one record", mask(str(path)),
                                 remedy="one folder, one patient"))  # fmt: skip
    return found


def _content(file: Path) -> bytes:
    # A folder here would hide a source in silence, and a pipe may never end.
    if file.exists() and not file.is_file():
        what = "this is a folder, a file was expected" if file.is_dir() else "this is no plain file"
        raise InputError(Problem(what, mask(file.name), remedy="put the file itself here"))
    try:
        if file.stat().st_size > MAX_BYTES:
            raise InputError(
                Problem(f"{file.stat().st_size / 2**20:.1f} MiB is more than the "
                        f"{MAX_BYTES // 2**20} MiB that one source file may have", mask(file.name),
                        remedy="check that this is one patient's file; split a larger export")
            )  # fmt: skip
        return file.read_bytes()
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror}", mask(file.name))) from None


def _numbers(patient: Resource) -> set[str]:
    return {i["value"] for i in patient.get("identifier", [])
            if i.get("system") in identifiers.PERSON_SYSTEMS}  # fmt: skip


def _is_another(one: Resource, other: Resource) -> bool:
    """Whether two sources speak of different persons.

    Norwegian numbers decide. Without them (records from abroad) it is another day of birth, or
    other identifiers from a same issuer.
    """
    mine, theirs = _numbers(one), _numbers(other)
    if mine and theirs:
        return not mine & theirs
    born = [str(p.get("birthDate") or "") for p in (one, other)]
    known = min(map(len, born))
    if known and born[0][:known] != born[1][:known]:
        return True
    here, there = _issued(one), _issued(other)
    return any(not here[issuer] & there[issuer] for issuer in here.keys() & there.keys())


def _issued(patient: Resource) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for identifier in patient.get("identifier", []):
        system, value = identifier.get("system"), identifier.get("value")
        if isinstance(system, str) and isinstance(value, str):
            found.setdefault(system, set()).add(value)
    return found


def _one_patient(read: list[Source], loss: LossReport, warnings: list[Problem]) -> Resource:
    """Join what the sources say of the patient, and refuse two."""
    named = [(source, source.patient) for source in read if source.patient]
    if not named:
        raise InputError(Problem("no source says who the patient is",
                                 rule="one record, one patient",
                                 remedy="add patient.json"))  # fmt: skip
    # The national register comes first in the order; else the source that says most.
    first = named[0] if named[0][0].kind == "no-basis" else max(named, key=lambda n: len(n[1]))
    patient: dict[str, Any] = {"resourceType": "Patient", "id": "patient", **first[1]}
    mine = _numbers(patient)
    strangers = []
    for source, other in named:
        numbers = _numbers(other)
        if _is_another(patient, other):
            strangers.append(source.name)
        elif numbers and not mine:
            mine = numbers
            patient["identifier"] = patient.get("identifier", []) + other["identifier"]
        elif not numbers and source is not first[0]:
            warnings.append(
                Problem(
                    "the source does not give the patient's number; that it is the "
                    "same person is taken from the record",
                    source.name,
                )
            )
    if strangers:
        raise InputError(
            Problem(
                f"{first[0].name} is about another patient than {', '.join(strangers)}",
                rule="one record, one patient",
                remedy="give each patient a folder of their own",
            )
        )
    for _, other in named:
        for key, value in other.items():
            patient.setdefault(key, value)
    _from_number(patient, loss)
    return patient


def _from_number(patient: Resource, loss: LossReport) -> None:
    """Where no source gives birth date or gender, the number itself does (not the 2032 ones)."""
    for value in sorted(_numbers(patient)):
        try:
            number = identifiers.person_number(value)
        except ValueError:
            continue
        for key, said in (("birthDate", number.birth_date), ("gender", number.gender)):
            if said and key not in patient:
                patient[key] = str(said)
                loss.add(f"Patient.{key}", "(identity number)", Fate.APPROXIMATE,
                         "No source gives it; it is read from the identity number.",
                         obligations=PERSONAL)  # fmt: skip
