"""Which files of a folder of records belong together, and what each of them is.

The Norwegian sources of one folder are about one patient. A message of e-resept, and a document
that the test environment made or that came from abroad, is about whom it names: it is by itself.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson

from data.errors import InputError, Problem
from gap.readiness.plan import hidden
from ips.identifiers import mask
from ncp.connector.files import Found, Is, listing, look
from ncp.model import DocumentKind

_REPORT = b"Utleveringsrapport"
_ORDERS = {
    "MedicationDispense": DocumentKind.EDISPENSATION,
    "MedicationRequest": DocumentKind.EPRESCRIPTION,
}
_LONGEST = 100


class Part(StrEnum):
    """What is made of the files of a unit."""

    PATIENT = "patient"
    MESSAGE = "message"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Gathered:
    """The files of one unit.

    Attributes:
        unit: stable name of its own, part of file names.
        part: what is made of it.
        found: the files.
        names: where they are in the folder of the records, for people.
        products: FEST of the same folder, for messages.
    """

    unit: str
    part: Part
    found: tuple[Found, ...]
    names: tuple[str, ...]
    products: bytes | None = None


def gather(folder: Path) -> list[Gathered]:
    """Return the units of a folder of records, in a fixed order.

    Raises:
        InputError: a file cannot be read, or none can hold a record.
    """
    found = [
        one
        for group in [folder, *sorted(p for p in folder.rglob("*") if p.is_dir())]
        if not hidden(group, folder)
        for one in _of_group(group, folder)
    ]
    if not found:
        raise InputError(
            Problem("there is no record in this folder", str(folder),
                    rule="records are files in JSON or XML; a folder for each patient",
                    remedy="check --records")
        )  # fmt: skip
    return list(_apart(found))


def _of_group(group: Path, folder: Path) -> Iterator[Gathered]:
    files = [_seen(path) for path in listing(group)]
    stem = "-".join(group.relative_to(folder).parts)
    products = next((f.content for f in files if f.what is Is.PRODUCTS), None)

    def gathered(name: str, part: Part, some: Sequence[Found]) -> Gathered:
        names = tuple(mask(f.path.relative_to(folder).as_posix()) for f in some)
        return Gathered(_unit(name), part, tuple(some), names, products)

    plain = [f for f in files if f.what is Is.SOURCE and not _reports(f) and not _whole(f)]
    if plain:
        yield gathered(stem or "records", Part.PATIENT, plain)
    for one in files:
        name = f"{stem or 'records'}-{one.path.stem}"
        if one.what is Is.PRESCRIPTION or _reports(one):
            yield gathered(name, Part.MESSAGE, [one])
        elif one.what in (Is.CDA, Is.DOCUMENT):
            yield gathered(name, Part.DOCUMENT, [one])
        elif one.what is Is.SOURCE and _whole(one):
            yield gathered(name, Part.PATIENT, [one])


def _seen(path: Path) -> Found:
    """Tell what a file holds: an order or dispensation with its patient is a document too."""
    found = look(path)
    bundle = _bundle(found)
    if bundle is None or bundle.get("type") != "collection":
        return found
    types = _types(bundle)
    kind = next((kind for name, kind in _ORDERS.items() if name in types), None)
    if kind is None or "Patient" not in types:
        return found
    return replace(found, what=Is.DOCUMENT, resource=dict(bundle), kind=kind)


def _whole(found: Found) -> bool:
    """Whether a source is a FHIR document (a discharge or laboratory report, say)."""
    bundle = _bundle(found)
    return bundle is not None and bundle.get("type") == "document"


def _bundle(found: Found) -> Mapping[str, Any] | None:
    if found.what is not Is.SOURCE or b'"Bundle"' not in found.content:
        return None
    try:
        value = orjson.loads(found.content.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        return None  # the reader of sources tells where
    return value if isinstance(value, dict) and value.get("resourceType") == "Bundle" else None


def _types(bundle: Mapping[str, Any]) -> set[str]:
    entries = bundle.get("entry")
    inner = [e.get("resource") for e in entries if isinstance(e, dict)] if (
        isinstance(entries, list)) else []  # fmt: skip
    return {str(r.get("resourceType")) for r in inner if isinstance(r, dict)}


def _reports(found: Found) -> bool:
    return found.what is Is.SOURCE and _REPORT in found.content


def _unit(name: str) -> str:
    """Return a name that every file system takes."""
    kept = "".join(c if c.isalnum() or c in "-." else "-" for c in mask(name)).strip(".")
    if len(kept.encode()) <= _LONGEST:
        return kept or "record"
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{kept.encode()[:_LONGEST].decode(errors='ignore')}-{digest}"


def _apart(found: Iterable[Gathered]) -> Iterator[Gathered]:
    """Give units of one name (``a.xml`` and ``a.json``, say) names of their own."""
    used: Counter[str] = Counter()
    for one in found:
        name = one.unit.casefold()  # file systems may not tell the case
        used[name] += 1
        number = used[name]
        yield one if number == 1 else replace(one, unit=f"{one.unit}-{number}")
