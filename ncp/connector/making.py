"""How a document comes to be: from Norwegian sources, from FHIR, or as it came from elsewhere.

The ids follow from the content of the sources, so that a document has the same id after a restart.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ips.cda.write import to_cda
from ips.summary import assemble
from ncp.model import DocumentKind, Person

Resource = dict[str, Any]
_NAMESPACE = uuid.UUID("3a3b8f0e-3c1c-5f0a-9d0a-9f2c1f1f7c11")
"""Namespace of the ids that are made here (a fixed UUID of this product)."""


@dataclass(frozen=True)
class Making:
    """A document that can be written, at the levels it has.

    Attributes:
        name: file or patient folder, for logs (numbers masked).
        kind: what it will be.
        write: gives the CDA of a level; ``KeyError`` where there is no such level, and
            ``EnvironmentProblem`` where the PDF of level 1 cannot be made here.
        ready: what is there already, by level.
        levels: which levels there are, as far as is known beforehand.
        origins: the systems that its content comes from; empty where only the document says it.
    """

    name: str
    kind: DocumentKind
    write: Callable[[int], bytes]
    ready: dict[int, bytes] = field(default_factory=dict)
    levels: tuple[int, ...] = (3, 1)
    origins: tuple[str, ...] = ()


@dataclass
class Dossier:
    """One patient with all documents that can be made."""

    person: Person
    makings: list[Making]


def summary(
    files: Sequence[Path], read: Callable[[], Any], name: str, origins: tuple[str, ...] = ()
) -> Making:
    """Return the patient summary of Norwegian sources (European Patient Summary as CDA).

    Args:
        files: the sources; their content makes the id, the newest of them the time.
        read: reads them to a record (``ips.record``).
        name: for logs.
        origins: the systems that the sources are from.
    """

    def write(level: int) -> bytes:
        newest = max(file.stat().st_mtime for file in files)
        moment = dt.datetime.fromtimestamp(int(newest), dt.UTC)
        bundle = assemble(read(), profile="eps", now=moment).bundle
        digest = hashlib.sha256()
        for file in sorted(files, key=lambda f: f.name):
            digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
        number = uuid.uuid5(_NAMESPACE, f"summary|{digest.hexdigest()}")
        own = {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{number}"}
        # The document's own id would change with its time; this one is that of its content.
        bundle["identifier"] = bundle["entry"][0]["resource"]["identifier"] = own
        return _cda(bundle, level)

    return Making(name, DocumentKind.PATIENT_SUMMARY, write, origins=origins)


def of_fhir(
    bundle: Resource, kind: DocumentKind, name: str, origins: tuple[str, ...] = ()
) -> Making:
    """Return the document of a FHIR document Bundle, or of one prescription."""
    return Making(name, kind, lambda level: _cda(bundle, level), origins=origins)


def as_it_came(documents: dict[int, bytes], kind: DocumentKind, name: str) -> Making:
    """Return a CDA document that is given away unchanged, at the levels that are there."""
    return Making(name, kind, documents.__getitem__, documents, tuple(sorted(documents)[::-1]))


def entry_id(unique_id: str) -> str:
    """Return the registry's id of a document: always the same for the same document."""
    return f"urn:uuid:{uuid.uuid5(_NAMESPACE, f'entry|{unique_id}')}"


def _cda(bundle: Resource, level: int) -> bytes:
    which: Literal[1, 3] = 3 if level == 3 else 1
    return to_cda(bundle, form="pivot", level=which, lang="en").xml
