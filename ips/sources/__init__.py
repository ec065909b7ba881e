"""Readers of Norwegian sources: one module a format, each giving FHIR R4 in European terms."""

from __future__ import annotations

from typing import Any

from data.errors import InputError, Problem
from ips import xml
from ips.identifiers import mask
from ips.sources import dhg, fhir, immunizations, jsontext, kj, m25, nilar, no_basis, pmd, sfm
from ips.sources.base import Origin, Source

__all__ = ["KINDS", "Origin", "Source", "detect", "read", "read_any"]

_READERS = {
    kj.KIND: kj.read,
    sfm.KIND: sfm.read,
    m25.KIND: m25.read,
    immunizations.KIND: immunizations.read,
    nilar.KIND: nilar.read,
    pmd.KIND: pmd.read,
    dhg.KIND: dhg.read,
    no_basis.KIND: no_basis.read,
    fhir.KIND: fhir.read,
}
KINDS = tuple(_READERS)
"""Kinds of source files that are read."""

# An empty answer does not show what was asked for; the name of the file in a record does.
_BY_NAME = {
    "critical-information": kj.KIND,
    "vaccinations": immunizations.KIND,
    "laboratory": nilar.KIND,
    "measurements": pmd.KIND,
    "maternity": dhg.KIND,
    "medication": sfm.KIND,
    "patient": no_basis.KIND,
}


def read_any(content: bytes, name: str, *, lenient: bool = False) -> Source:
    """Read a file of any known format.

    Args:
        content: the file as it came.
        name: its name; tells the format only where the content is empty.
        lenient: faults in the data become warnings.

    Raises:
        InputError: unknown format, unreadable, two patients, or faults in the data.
    """
    return read(detect(content, name), content, name, lenient=lenient)


def read(kind: str, content: bytes, name: str, *, lenient: bool = False) -> Source:
    """Read a file of a given kind (one of ``KINDS``).

    Raises:
        InputError: unreadable, two patients, or faults in the data.
    """
    return _READERS[kind](content, name=name, lenient=lenient)


def detect(content: bytes, name: str) -> str:
    """Return the kind of a file by its content.

    Raises:
        InputError: not XML or JSON, or of no known format.
    """
    name = mask(name)
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        return _detect_xml(content, name)
    value, _ = jsontext.parse(content, name=name)
    if isinstance(value, dict) and "resourceType" not in value:
        inner = value.get("record")
        if dhg.PARTS.intersection(inner if isinstance(inner, dict) else value):
            return dhg.KIND
        raise _unknown("an object that is neither FHIR nor a maternity record", name)
    if not isinstance(value, dict | list):
        raise _unknown("a single value", name)
    return _detect_fhir(value, name)


def _detect_xml(content: bytes, name: str) -> str:
    root = xml.parse(content, name=name)
    names = {xml.local(e) for e in root.iter() if isinstance(e.tag, str)}
    if names & {m25.ROOT, "M912"}:
        return m25.KIND
    if xml.namespace(root) == "http://hl7.org/fhir":
        raise _unknown("FHIR in XML", name, "ask the service for application/fhir+json")
    kinds = [e.get("V") for e in root.iter("{*}Type") if e.get("V")]
    shown = f"{xml.local(root)} {kinds[0]}" if kinds else xml.local(root)
    raise _unknown(f"an XML message of another kind ({shown[:60]})", name)


def _unknown(what: str, name: str, remedy: str = "") -> InputError:
    return InputError(
        Problem(f"this is {what}", name, rule=f"a source is one of: {', '.join(KINDS)}",
                remedy=remedy or "leave the file out of the record, or see docs/sources")
    )  # fmt: skip


def _detect_fhir(value: Any, name: str) -> str:
    types: set[str] = set()
    marks: set[str] = set()
    _survey(value, types, marks)
    if not types:
        stem = name.rsplit("/", 1)[-1].split(".")[0].lower()
        return _BY_NAME.get(stem, fhir.KIND)
    if "sfm" in marks:
        return sfm.KIND
    for mark, kind in (("kj", kj.KIND), ("nilar", nilar.KIND), ("vkp", pmd.KIND)):
        if mark in marks:
            return kind
    return _by_types(types - {"OperationOutcome"})


def _by_types(types: set[str]) -> str:
    people = set(no_basis.TYPES)
    if types <= people:
        return no_basis.KIND
    clinical = types - people
    if clinical <= set(immunizations.TYPES):
        return immunizations.KIND
    if clinical <= {"DiagnosticReport", "Observation", "Specimen", "ServiceRequest"}:
        return nilar.KIND if clinical != {"Observation"} else pmd.KIND
    if clinical <= set(kj.TYPES):
        return kj.KIND
    return fhir.KIND


def _survey(value: Any, types: set[str], marks: set[str]) -> None:
    """Collect resource types and the owners of profiles, through bundles and parameters."""
    if isinstance(value, list):
        for item in value[:20_000]:
            _survey(item, types, marks)
        return
    if not isinstance(value, dict):
        return
    kind = value.get("resourceType")
    for part in ("entry", "parameter"):
        entries = value.get(part) if kind in ("Bundle", "Parameters") else None
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict):
                if entry.get("name") in ("RFHentetTidspunkt", "KJHentetTidspunkt"):
                    marks.add("sfm")
                _survey(entry.get("resource"), types, marks)
    if kind not in ("Bundle", "Parameters") and isinstance(kind, str):
        types.add(kind)
        _mark(value, marks)


def _mark(resource: dict[str, Any], marks: set[str]) -> None:
    meta = resource.get("meta")
    claimed = meta.get("profile") if isinstance(meta, dict) else None
    for profile in claimed if isinstance(claimed, list) else [claimed]:
        text = profile.lower() if isinstance(profile, str) else ""
        for mark, sign in (("sfm", "/sfm-"), ("kj", "/kj/"), ("nilar", "/nilar"), ("vkp", "/vkp-")):
            if sign in text:
                marks.add(mark)
