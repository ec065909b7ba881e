"""One canonical URI for a code system, however a Norwegian source spells it.

National lists travel as ``urn:oid:2.16.578.1.12.4.1.1.NNNN`` (no-basis, LMDI, Kjernejournal);
``data/terminology/systems.csv`` names the systems with a URI of their own and all other spellings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

import data
from data.loaders.tables import Problems, read_csv

NATIONAL = "urn:oid:2.16.578.1.12.4.1.1."
"""Root of the national code lists (Volven)."""

_HL7 = ("http://terminology.hl7.org/", "http://hl7.org/fhir/")
"""Code systems of HL7 are part of FHIR: every reader of FHIR knows them."""

COLUMNS = ("uri", "list_id", "target", "title_nb", "title_en", "aliases")

_SPELLINGS = (
    re.compile(r"(?:urn:(?:oid|uid):)?2\.16\.578\.1\.12\.4\.1\.1\.(\d{4})"),
    re.compile(r"https?://(?:helsedir|ehelse|helsedirektoratet)\.no/fhir/CodeSystem/"
               r"no-kodeverk-(\d{4})(?:[-.].*)?"),
    re.compile(r"https?://finnkode\.(?:helsedirektoratet|ehelse)\.no/(?:adm/)?collections/"
               r"(\d{4})(?:\?.*)?"),
    re.compile(r"(\d{4})"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class System:
    """A code system that is known by name.

    Attributes:
        uri: the canonical URI.
        list_id: number of the national list; empty for a European or international system.
        target: short name as a translation target (``snomed``); empty when it is none.
    """

    uri: str
    list_id: str
    target: str
    title_nb: str
    title_en: str
    aliases: tuple[str, ...]


@cache
def known_systems() -> dict[str, System]:
    """Return the known systems by canonical URI, in file order."""
    problems = Problems()
    rows = read_csv(data.path("terminology", "systems.csv"), COLUMNS, problems)
    problems.stop()
    return {
        row["uri"]: System(
            row["uri"], row["list_id"], row["target"], row["title_nb"], row["title_en"],
            row.words("aliases"),
        )
        for row in rows
    }  # fmt: skip


@cache
def _by_spelling() -> dict[str, System]:
    found: dict[str, System] = {}
    for system in known_systems().values():
        names = (system.uri, system.list_id, system.target, *system.aliases)
        for name in filter(None, names):
            found.setdefault(name.casefold(), system)
        if system.list_id:
            found.setdefault(NATIONAL + system.list_id, system)
    return found


@lru_cache(maxsize=4096)
def normalise_system(uri_or_oid: str) -> str:
    """Return the canonical URI of a code system; an unknown one stays as it is.

    Args:
        uri_or_oid: a URI, an OID with or without ``urn:oid:``, the number of a national list
            (``7519``), or the short name of a target (``snomed``).
    """
    text = uri_or_oid.strip()
    system = _find(text)
    if system:
        return system.uri
    number = _national_number(text)
    return NATIONAL + number if number else text


@lru_cache(maxsize=4096)
def list_id(uri_or_oid: str) -> str | None:
    """Return the number of the national list that a spelling means, or None.

    ``http://www.whocc.no/atc`` is 7180: the national ATC list is ATC itself.
    """
    text = uri_or_oid.strip()
    system = _find(text)
    if system:
        return system.list_id or None
    return _national_number(text)


def list_name(uri: str) -> str:
    """Return how reports name a system: list number, short name, or the URI itself."""
    number = list_id(uri)
    if number:
        return number
    system = known_systems().get(uri)
    return (system.target if system else "") or uri


def is_european(uri: str) -> bool:
    """Return whether a canonical URI is a system that Europe reads as it stands."""
    system = known_systems().get(uri)
    return bool(system and system.target) or uri.startswith(_HL7)


def target_uri(target: str) -> str:
    """Return the canonical URI of a target given by short name or by URI."""
    return normalise_system(target)


def _find(text: str) -> System | None:
    spellings = _by_spelling()
    system = spellings.get(text.casefold())
    if system is None:
        bare = re.fullmatch(r"(?:urn:(?:oid|uid):)?(\d+(?:\.\d+){3,})/?", text)
        if bare:
            system = spellings.get(f"urn:oid:{bare[1]}")
    if system is None:
        number = _national_number(text)
        system = spellings.get(NATIONAL + number) if number else None
    return system


def _national_number(text: str) -> str | None:
    for spelling in _SPELLINGS:
        match = spelling.fullmatch(text)
        if match:
            return match[1]
    return None
