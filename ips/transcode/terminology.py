"""What a transcoding asks of terminology: the European counterpart of a code, and its name.

Shipped are the maps and names of ``data/terminology``; a folder of the user's own goes before them
(docs/terminology.md: ``maps/*.csv``, ``value-sets/*.csv``, ``designations.csv``, ``*.fsh``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import data
from data.loaders.tables import Problems, read_csv
from ips.cda.names import Document, Section, documents, sections
from ips.terms import Coding, Equivalence, label, translate
from ips.terms.own import read_folder
from ips.terms.systems import is_european, known_systems
from ips.terms.tables import MapRow, maps
from ips.terms.valuesets import set_name
from ips.transcode.sets import decided, member

_LOINC = "http://loinc.org"
_CODES = ("group", "from", "system", "code", "display_en", "display_nb", "fate", "reason")
_EXACT = (Equivalence.EQUAL, Equivalence.EQUIVALENT)
_CARRIED = (*_EXACT, Equivalence.WIDER, Equivalence.INEXACT)


@dataclass
class Terminology:
    """Answers of the terminology service of one contact point.

    Attributes:
        language: language of country B's users, for ``friendly`` documents (``nb``).
        names: designations by system, code and language, before the shipped ones.
        own_maps: a user's counterparts by system and code; None says that there is none.
        own_sets: systems and codes by name of a value set, by OID where we do not know it.
    """

    language: str = "nb"
    names: dict[tuple[str, str, str], str] = field(default_factory=dict)
    own_maps: dict[tuple[str, str], Coding | None] = field(default_factory=dict)
    own_sets: dict[str, set[tuple[str, str]]] = field(default_factory=dict)

    @classmethod
    def from_folder(cls, folder: Path, language: str = "nb") -> Terminology:
        """Return the shipped terminology with a user's own in front.

        Raises:
            InputError: no such folder, or a table that is not as its columns say.
        """
        rows, sets, names = read_folder(folder)
        english = {(*key, "en"): said for key, said in sets.names.items()}
        return cls(language, {**english, **names}, _counterparts(rows), sets.codes)

    def knows_system(self, system: str) -> bool:
        """Return whether a code system is one that maps or names exist for."""
        return (
            system in known_systems()
            or is_european(system)
            or system.startswith("urn:oid:2.16.578.1.12.4.1.1.")
            or system in maps()
            or any(key[0] == system for key in self.own_maps)
            or any(key[0] == system for key in self.names)
        )

    def target(self, concept: Coding) -> Coding | None:
        """Return the European counterpart: itself for a European code, None when there is none."""
        key = (concept.system, concept.code)
        if key in self.own_maps:
            return self.own_maps[key]
        if is_european(concept.system):
            return concept
        carried = translate(concept.system, concept.code, concept.display).carried
        return carried[0] if carried else None

    def designation(self, concept: Coding, language: str) -> str | None:
        """Return the name of a code in a language, None when it is not at hand."""
        own = self.names.get((concept.system, concept.code, language))
        if own:
            return own
        found = label(concept.system, concept.code, language)
        if found is None:
            found = _of_documents().get((concept.system, concept.code, language))
        if found or language != "nb":
            return found
        return _norwegian().get((concept.system, concept.code))

    def contains(self, value_sets: tuple[str, ...], concept: Coding) -> bool | None:
        """Return whether a code is in one of some value sets; None when that cannot be told."""
        return decided(self._member(oid, concept) for oid in value_sets)

    def _member(self, oid: str, concept: Coding) -> bool | None:
        own = self.own_sets.get(set_name(oid))
        if own is not None:
            return (concept.system, concept.code) in own
        return member(oid, concept.system, concept.code)


def _counterparts(rows: list[MapRow]) -> dict[tuple[str, str], Coding | None]:
    """Return the closest counterpart that may be sent, for each code of a user's maps."""
    found: dict[tuple[str, str], Coding | None] = {}
    closeness: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row.source.system, row.source.code)
        rank = _CARRIED.index(row.equivalence) if row.equivalence in _CARRIED else len(_CARRIED)
        if key not in found or rank < closeness[key]:
            found[key] = row.target if rank < len(_CARRIED) else None
            closeness[key] = rank
    return found


@cache
def _of_documents() -> dict[tuple[str, str, str], str]:
    """Return the names of documents, sections and what else the tables of our own writing name.

    The Norwegian names are this project's, the English ones those of the value sets.
    """
    found: dict[tuple[str, str, str], str] = {}
    named: list[Document | Section] = [*documents().values(), *sections().values()]
    for one in named:
        found[_LOINC, one.loinc, "en"] = one.display
        found[_LOINC, one.loinc, "nb"] = one.titles["nb"]
    problems = Problems()
    for row in read_csv(data.path("cda", "codes.csv"), _CODES, problems):
        for language in ("nb", "en"):
            if row["code"] and row[f"display_{language}"]:
                key = (row["system"], row["code"], language)
                found.setdefault(key, row[f"display_{language}"])
    problems.stop()
    return found


@cache
def _norwegian() -> dict[tuple[str, str], str]:
    """Return Norwegian names of European codes: those of the one national code that equals it."""
    found: dict[tuple[str, str], set[str]] = {}
    for group in maps().values():
        for code_map in group:
            for rows in code_map.rows.values():
                for row in rows:
                    if row.target and row.equivalence in _EXACT and row.source.display:
                        key = (row.target.system, row.target.code)
                        found.setdefault(key, set()).add(row.source.display)
    return {key: names.pop() for key, names in found.items() if len(names) == 1}
