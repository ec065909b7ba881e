"""What a file in a records folder is, told by its content: CDA, FHIR, e-resept or a source."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson

from data.errors import InputError, Problem
from data.loaders.tables import read_bytes
from ips.identifiers import mask
from ncp.model import DocumentKind

LOINC = "http://loinc.org"
MAX_FILES = 100_000


class Is(StrEnum):
    """What a file holds."""

    CDA = "cda"
    DOCUMENT = "document"
    PRESCRIPTION = "prescription"
    RECALL = "recall"
    PRODUCTS = "products"
    SOURCE = "source"


@dataclass(frozen=True)
class Found:
    """One file.

    Attributes:
        resource: the FHIR content of a DOCUMENT, else empty.
        kind: of a FHIR document.
    """

    path: Path
    what: Is
    content: bytes = field(repr=False)
    resource: dict[str, Any] = field(default_factory=dict, repr=False)
    kind: DocumentKind = DocumentKind.PATIENT_SUMMARY

    @property
    def name(self) -> str:
        """Name for errors and logs."""
        return mask(f"{self.path.parent.name}/{self.path.name}")


def look(path: Path) -> Found:
    """Tell what a file holds.

    Raises:
        InputError: it cannot be read.
    """
    content = read_bytes(path)
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] == b"<":
        return Found(path, _xml(start[:8192]), content)
    if b'"Bundle"' in content:
        try:
            resource = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
        except orjson.JSONDecodeError:
            return Found(path, Is.SOURCE, content)  # the reader of sources tells the line
        kind = _document_kind(resource)
        if kind is not None:
            return Found(path, Is.DOCUMENT, content, resource, kind)
    return Found(path, Is.SOURCE, content)


def _xml(head: bytes) -> Is:
    if b"ClinicalDocument" in head:
        return Is.CDA
    if re.search(rb"<(\w+:)?FEST[\s>]", head):
        return Is.PRODUCTS
    # The M9.12 of a medication list holds prescriptions too, but is a source: M25 comes first.
    types = re.search(rb"<(?:\w+:)?Type\s[^>]*V=[\"'](ERM\w+)", head)
    kind = types[1] if types else b""
    if kind == b"ERM5":
        return Is.RECALL
    if kind in (b"ERM1", b"ERM96") or re.match(rb"(<\?xml.*?\?>\s*)?<(\w+:)?Resept[\s>]", head):
        return Is.PRESCRIPTION
    return Is.SOURCE


def _document_kind(resource: Any) -> DocumentKind | None:
    """Return the kind of a FHIR document, or of a collection of HL7 Europe MPD."""
    if not isinstance(resource, dict) or not isinstance(resource.get("entry"), list):
        return None
    inner = [e.get("resource") for e in resource["entry"] if isinstance(e, dict)]
    first = inner[0] if inner and isinstance(inner[0], dict) else {}
    if resource.get("type") == "document" and first.get("resourceType") == "Composition":
        for coding in (first.get("type") or {}).get("coding", ()):
            if coding.get("system") == LOINC and coding.get("code") in ("60591-5", "57833-6"):
                return DocumentKind(coding["code"])
        return None
    if first.get("resourceType") == "MedicationRequest" and resource.get("type") == "collection":
        return DocumentKind.EPRESCRIPTION
    return None


def listing(folder: Path) -> list[Path]:
    """Return the files of a folder that may hold records, sorted.

    Raises:
        InputError: the folder cannot be read, or holds too many files.
    """
    try:
        found = sorted(
            p for p in folder.iterdir()
            if p.is_file() and not p.name.startswith(".") and p.suffix.lower() in (".json", ".xml")
        )  # fmt: skip
    except OSError as error:
        raise InputError(
            Problem(f"the folder cannot be read: {error.strerror}", mask(str(folder)))
        ) from None
    if len(found) > MAX_FILES:
        raise InputError(Problem(f"more than {MAX_FILES} files", mask(str(folder))))
    return found
