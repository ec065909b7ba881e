"""The names of MyHealth@EU documents: templates, sections, code-system OIDs, small code pairs.

The tables stand in ``data/cda``; what writes and what reads a document uses the same ones.
Sources: MyHealth@EU (eHDSI) templates as published in ART-DECOR, value set catalogue 8.1.0.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

import data
from data.loaders.tables import Problems, Row, read_csv
from ips.terms import normalise_system

V3 = "urn:hl7-org:v3"
PHARM = "urn:hl7-org:pharm"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

EHDSI = "1.3.6.1.4.1.12559.11.10.1.3"
ENTRY = f"{EHDSI}.1.3."
"""Root of the entry templates; the value sets stand under ``.1.42.``."""

PCC = "1.3.6.1.4.1.19376.1.5.3.1."
CCD = "2.16.840.1.113883.10.20.1."

OID_REGISTRY = "http://oid-info.com/get/"
"""Before a bare arc (2.999), which the validator of HL7 refuses after ``urn:oid:``."""

_OID = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]*))+")
_UUID_ARC = "2.25."


@dataclass(frozen=True, slots=True)
class Section:
    """One section of a MyHealth@EU document.

    Attributes:
        key: our name, as in the patient summary (``allergies``).
        loinc: its LOINC code (eHDSISection 8.1.0).
        template: template id.
        older: template ids of earlier waves, written beside the current one where still usual.
        documents: kinds of document that have it (``ps``, ``ep``, ``ed``).
        mandatory: kinds of document that must have it.
        known_absent: code of «none known»; empty where the section has none.
        no_information: code of «no information».
        also: LOINC codes of FHIR sections whose narrative it takes in.
    """

    key: str
    loinc: str
    display: str
    titles: Mapping[str, str]
    template: str
    older: tuple[str, ...]
    entries: tuple[str, ...]
    documents: frozenset[str]
    mandatory: frozenset[str]
    absent_at: str
    known_absent: str
    no_information: str
    also: tuple[str, ...]
    obligations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """One kind of document at one level: 3 (structured) or 1 (a PDF)."""

    key: str
    level: int
    template: str
    loinc: str
    display: str
    titles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Pair:
    """A code of FHIR and the code that MyHealth@EU has for it.

    Attributes:
        system: URI of the code system of ``code``.
        displays: name per language.
        exact: whether the meaning is the same.
        reason: why it is not, in one sentence.
    """

    system: str
    code: str
    displays: Mapping[str, str]
    exact: bool
    reason: str


def _table(name: str, columns: tuple[str, ...]) -> list[Row]:
    problems = Problems()
    rows = read_csv(data.path("cda", name), columns, problems)
    problems.stop()
    return rows


def _titles(row: Row, stem: str = "title") -> Mapping[str, str]:
    return {lang: row[f"{stem}_{lang}"] for lang in ("nb", "en")}


_SECTIONS = (
    "key", "loinc", "display", "title_en", "title_nb", "template", "older_templates",
    "entry_templates", "documents", "mandatory", "absent_at", "known_absent", "no_information",
    "also_loinc", "obligations",
)  # fmt: skip


@cache
def sections() -> Mapping[str, Section]:
    """Return the sections by key, in the order in which they are written."""
    return {
        row["key"]: Section(
            key=row["key"], loinc=row["loinc"], display=row["display"], titles=_titles(row),
            template=row["template"], older=row.words("older_templates"),
            entries=row.words("entry_templates"), documents=frozenset(row.words("documents")),
            mandatory=frozenset(row.words("mandatory")), absent_at=row["absent_at"],
            known_absent=row["known_absent"], no_information=row["no_information"],
            also=row.words("also_loinc"), obligations=row.words("obligations"),
        )
        for row in _table("sections.csv", _SECTIONS)
    }  # fmt: skip


@cache
def section_of_loinc() -> Mapping[str, Section]:
    """Return the section that takes in a FHIR section, by LOINC code."""
    return {loinc: one for one in sections().values() for loinc in (one.loinc, *one.also)}


@cache
def documents() -> Mapping[tuple[str, int], Document]:
    """Return the kinds of document by key and level."""
    columns = ("key", "level", "template", "loinc", "display", "title_en", "title_nb")
    return {
        (row["key"], int(row["level"])): Document(
            row["key"], int(row["level"]), row["template"], row["loinc"], row["display"],
            _titles(row),
        )
        for row in _table("documents.csv", columns)
    }  # fmt: skip


@cache
def pairs(group: str) -> Mapping[str, Pair]:
    """Return the code pairs of one group by the code that FHIR has; ``""`` is the default."""
    columns = ("group", "from", "system", "code", "display_en", "display_nb", "fate", "reason")
    return {
        row["from"]: Pair(
            row["system"], row["code"], _titles(row, "display"), row["fate"] == "exact",
            row["reason"],
        )
        for row in _table("codes.csv", columns)
        if row["group"] == group
    }  # fmt: skip


@cache
def words(lang: str) -> Mapping[str, str]:
    """Return the words of a document in one language by key."""
    return {row["key"]: row[lang] for row in _table("words.csv", ("key", "nb", "en"))}


@cache
def _systems() -> tuple[Mapping[str, tuple[str, str]], Mapping[str, str]]:
    rows = _table("oids.csv", ("oid", "uri", "name", "written"))
    written = {row["uri"]: (row["oid"], row["name"]) for row in rows if row["written"] == "yes"}
    return written, {row["oid"]: row["uri"] for row in rows}


@lru_cache(maxsize=4096)
def oid_of(uri: str) -> tuple[str, str]:
    """Return the OID and the name under which a code system or identifier system is written.

    A system that has no OID gets one under 2.25, made from its URI (ITU-T X.667, UUID version 5),
    and its URI as name, so that ``uri_of`` gives it back.
    """
    known = _systems()[0]
    for spelling in (uri, normalise_system(uri)):
        if spelling in known:
            return known[spelling]
    bare = uri.removeprefix("urn:oid:").removeprefix(OID_REGISTRY).strip()
    if _OID.fullmatch(bare):
        return bare, ""
    return f"{_UUID_ARC}{uuid.uuid5(uuid.NAMESPACE_URL, uri).int}", uri


def uri_of(oid: str, name: str = "") -> str:
    """Return the FHIR URI of a system that stands in a document as an OID.

    Args:
        oid: codeSystem or root.
        name: codeSystemName or assigningAuthorityName; the URI itself where ``oid_of`` made an OID.
    """
    oid = oid.strip()
    if oid in _systems()[1]:
        return _systems()[1][oid]
    if oid.startswith(_UUID_ARC) and ":" in name and oid_of(name)[0] == oid:
        return name
    if _OID.fullmatch(oid):
        return normalise_system(f"urn:oid:{oid}")
    return f"urn:uuid:{oid.lower()}" if re.fullmatch(r"[0-9A-Fa-f-]{36}", oid) else oid


def uuid_root(seed: str) -> str:
    """Return an OID under 2.25 for a UUID, or for the UUID that a text makes."""
    try:
        number = uuid.UUID(seed.removeprefix("urn:uuid:"))
    except ValueError:
        number = uuid.uuid5(uuid.NAMESPACE_URL, seed)
    return f"{_UUID_ARC}{number.int}"
