"""The tables of the summary: its sections, the profiles its entries claim, and its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from data.loaders.tables import Problems, Row, read_csv

LANGUAGES = ("nb", "en")
PROFILES = ("ips", "eps")

_HERE = Path(__file__).parent
_BASES = {
    "ips": "http://hl7.org/fhir/uv/ips/StructureDefinition/",
    "eps": "http://hl7.eu/fhir/eps/StructureDefinition/",
    "base": "http://hl7.eu/fhir/base/StructureDefinition/",
    "r4": "http://hl7.org/fhir/StructureDefinition/",
}


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the summary (IPS 2.0.0 and EPS 1.0.0-xtehr Composition.section).

    Attributes:
        key: our name, for example ``allergies``.
        loinc: LOINC code, the discriminator of the section slices.
        display: LOINC display.
        titles: title per language.
        mandatory: profiles that ask for the section, ``ips`` and ``eps``.
        obligations: ids of EHDS Annex I (1) that the section bears on.
        statement: what a source states when it knows that there is nothing; empty for none.
        absent: SNOMED CT code and display of the known absence; empty for none.
        absent_nb: Norwegian text of the known absence.
        empty: sentence per language when nothing is known.
    """

    key: str
    loinc: str
    display: str
    titles: Mapping[str, str]
    mandatory: frozenset[str]
    obligations: tuple[str, ...]
    statement: str
    absent: tuple[str, str]
    absent_nb: str
    empty: Mapping[str, str]


_SECTION_COLUMNS = (
    "key", "loinc", "display", "title_nb", "title_en", "mandatory", "obligations", "statement",
    "absent_code", "absent_display", "absent_nb", "empty_nb", "empty_en",
)  # fmt: skip


def _read(name: str, columns: tuple[str, ...]) -> list[Row]:
    problems = Problems()
    rows = read_csv(_HERE / name, columns, problems)
    problems.stop()
    return rows


@cache
def sections() -> Mapping[str, Section]:
    """Return the sections by key, in the order they stand in the document."""
    return {
        row["key"]: Section(
            key=row["key"],
            loinc=row["loinc"],
            display=row["display"],
            titles={"nb": row["title_nb"], "en": row["title_en"]},
            mandatory=frozenset(row.words("mandatory")),
            obligations=row.words("obligations"),
            statement=row["statement"],
            absent=(row["absent_code"], row["absent_display"]),
            absent_nb=row["absent_nb"],
            empty={"nb": row["empty_nb"], "en": row["empty_en"]},
        )
        for row in _read("sections.csv", _SECTION_COLUMNS)
    }


@cache
def section_by_loinc() -> Mapping[str, Section]:
    """Return the sections by LOINC code."""
    return {section.loinc: section for section in sections().values()}


@cache
def _canonicals() -> Mapping[tuple[str, str], str]:
    found = {}
    for row in _read("profiles.csv", ("kind", *PROFILES)):
        for profile in PROFILES:
            if row[profile]:
                base, name = row[profile].split(":")
                found[row["kind"], profile] = _BASES[base] + name
    return found


def canonical(kind: str, profile: str) -> str | None:
    """Return the profile that an entry claims.

    Args:
        kind: resource type, for observations with its kind (``Observation.laboratory``).
        profile: ``ips`` or ``eps``.
    """
    return _canonicals().get((kind, profile))


@cache
def words(lang: str) -> Mapping[str, str]:
    """Return the words of the document in one language by key."""
    return {row["key"]: row[lang] for row in _read("words.csv", ("key", *LANGUAGES))}
