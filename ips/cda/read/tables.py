"""The tables of the reading: code systems, sections, codes of absence, and how a code is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

import data
from data.loaders.tables import Problems, Row, read_csv
from ips.cda import names
from ips.cda.names import Section
from ips.loss import Fate

OID = re.compile(r"[0-2](?:\.(?:0|[1-9]\d*))+")
UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Absence:
    """What a code of absence says: ``none``, ``part`` (none of one kind) or ``unknown``."""

    section: str
    means: str
    snomed: str
    display: str


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a coded statement becomes in FHIR, and how exactly."""

    value: str
    fate: Fate
    reason: str


def rows(name: str, columns: tuple[str, ...]) -> list[Row]:
    """Return the rows of a table of ``data/cda``.

    Raises:
        InputError: the table is not as its columns say.
    """
    problems = Problems()
    found = read_csv(data.path("cda", name), columns, problems)
    problems.stop()
    return found


@cache
def _older_systems() -> dict[str, str]:
    return {row["oid"]: row["uri"] for row in rows("oids-read.csv", ("oid", "uri", "name"))}


@lru_cache(maxsize=4096)
def system_uri(oid: str, name: str = "") -> str:
    """Return the URI of a code system or of a system of identifiers; empty for what is no OID.

    Args:
        oid: ``codeSystem`` or ``root``.
        name: ``codeSystemName`` or ``assigningAuthorityName``.
    """
    found = _older_systems().get(oid)
    if found is not None:
        return found
    if not OID.fullmatch(oid):
        return ""
    uri = names.uri_of(oid, name)
    return oid_uri(oid) if uri == f"urn:oid:{oid}" else uri


_SHORTEST = 5


def oid_uri(oid: str) -> str:
    """Return ``urn:oid:``, or for a bare arc its address in the OID registry.

    Test documents use bare arcs (2.999, 1.2.3). The validator of HL7 refuses ``urn:oid:`` for an
    OID whose last dot stands before the sixth character.
    """
    return names.OID_REGISTRY + oid if oid.rfind(".") < _SHORTEST else f"urn:oid:{oid}"


@cache
def section_by_code() -> dict[str, Section]:
    """Return the sections by their own LOINC code."""
    return {section.loinc: section for section in names.sections().values()}


@cache
def section_by_template() -> dict[str, Section]:
    """Return the sections by template; a template that several share means none of them."""
    found: dict[str, Section] = {}
    shared: set[str] = set()
    for section in names.sections().values():
        for template in (section.template, *section.older):
            if template in found:
                shared.add(template)
            found[template] = section
    return {template: section for template, section in found.items() if template not in shared}


@cache
def absences() -> dict[tuple[str, str], Absence]:
    """Return the codes of absence, of today and of earlier waves, by system and code."""
    columns = ("system", "code", "section", "means", "snomed", "snomed_display")
    return {
        (row["system"], row["code"]): Absence(
            row["section"], row["means"], row["snomed"], row["snomed_display"]
        )
        for row in rows("absent.csv", columns)
    }


@cache
def _readings() -> dict[tuple[str, str, str], Meaning]:
    columns = ("field", "system", "code", "value", "fate", "reason")
    return {
        (row["field"], row["system"], row["code"]): Meaning(
            row["value"], Fate(row["fate"]), row["reason"]
        )
        for row in rows("readings.csv", columns)
    }


def meaning(field: str, code: str, system: str = "") -> Meaning | None:
    """Return what a code means in a field of FHIR, or None when it has no counterpart."""
    return _readings().get((field, system, code))
