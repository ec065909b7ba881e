"""What a transcoding asks of terminology: the European counterpart of a code, and its name.

Shipped are the maps and names of ``data/terminology``; a folder of the user's own adds to them:
``*.fsh`` (value sets with English names), ``maps/*.csv`` (columns of the shipped maps) and
``designations.csv`` (``system,code,language,display``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from data.errors import InputError, Problem
from data.loaders.tables import Problems, read_csv, read_text
from ips.terms import Coding, label, normalise_system, translate
from ips.terms.systems import is_european, known_systems
from ips.terms.tables import MAP_COLUMNS, maps
from ips.transcode.sets import decided, member

_FSH_NAME = re.compile(r"\*\s+(\$?[^\s#]+)#(\"[^\"]+\"|\S+)\s+\"((?:[^\"\\]|\\.)*)\"")
_ALIAS = re.compile(r"Alias:\s*(\$?\S+)\s*=\s*(\S+)")
_EXACT = frozenset({"equal", "equivalent"})


@dataclass
class Terminology:
    """Answers of the terminology service of one contact point.

    Attributes:
        language: language of country B's users, for ``friendly`` documents (``nb``).
        names: designations by system, code and language, before the shipped ones.
        own_maps: a user's counterparts by system and code.
        own_sets: systems and codes by OID or name of a value set.
    """

    language: str = "nb"
    names: dict[tuple[str, str, str], str] = field(default_factory=dict)
    own_maps: dict[tuple[str, str], Coding] = field(default_factory=dict)
    own_sets: dict[str, set[tuple[str, str]]] = field(default_factory=dict)

    @classmethod
    def from_folder(cls, folder: Path, language: str = "nb") -> Terminology:
        """Return the shipped terminology with a user's own in front.

        Raises:
            InputError: no such folder, or a table that is not as its columns say.
        """
        if not folder.is_dir():
            raise InputError(
                Problem("there is no such folder", str(folder),
                        remedy="give a folder with *.fsh, maps/*.csv or designations.csv")
            )  # fmt: skip
        made = cls(language)
        problems = Problems()
        for file in sorted(folder.rglob("*.fsh")):
            made._read_fsh(file)
        for file in sorted(folder.glob("maps/*.csv")):
            for row in read_csv(file, MAP_COLUMNS, problems):
                if row["target_code"] and row["equivalence"] in _EXACT:
                    target = Coding(normalise_system(row["target_system"]), row["target_code"],
                                    row["target_display_en"])  # fmt: skip
                    key = (normalise_system(row["source_list"]), row["source_code"])
                    made.own_maps[key] = target
        names = folder / "designations.csv"
        if names.is_file():
            for row in read_csv(names, ("system", "code", "language", "display"), problems):
                key3 = (normalise_system(row["system"]), row["code"], row["language"])
                made.names[key3] = row["display"]
        problems.stop()
        return made

    def _read_fsh(self, file: Path) -> None:
        text = read_text(file)
        aliases = {m[1]: m[2] for m in _ALIAS.finditer(text)}
        oid = re.search(r'identifier\.value\s*=\s*"urn:oid:([\d.]+)"', text)
        codes: set[tuple[str, str]] = set()
        for line in text.splitlines():
            found = _FSH_NAME.match(line.strip())
            if found:
                system = normalise_system(aliases.get(found[1], found[1]))
                code = found[2].strip('"')
                codes.add((system, code))
                self.names.setdefault((system, code, "en"), found[3].replace('\\"', '"'))
        if codes and oid:
            self.own_sets.setdefault(oid[1], set()).update(codes)

    def knows_system(self, system: str) -> bool:
        """Return whether a code system is one that maps or names exist for."""
        return (
            system in known_systems()
            or is_european(system)
            or system.startswith("urn:oid:2.16.578.1.12.4.1.1.")
            or any(key[0] == system for key in self.own_maps)
            or any(key[0] == system for key in self.names)
        )

    def target(self, concept: Coding) -> Coding | None:
        """Return the European counterpart: itself for a European code, None when there is none."""
        own = self.own_maps.get((concept.system, concept.code))
        if own:
            return own
        if is_european(concept.system) or not concept.system.startswith("urn:oid:2.16.578."):
            return concept if is_european(concept.system) else None
        carried = translate(concept.system, concept.code, concept.display).carried
        return carried[0] if carried else None

    def designation(self, concept: Coding, language: str) -> str | None:
        """Return the name of a code in a language, None when it is not at hand."""
        own = self.names.get((concept.system, concept.code, language))
        if own:
            return own
        found = label(concept.system, concept.code, language)
        if found or language != "nb":
            return found
        return _norwegian().get((concept.system, concept.code))

    def contains(self, value_sets: tuple[str, ...], concept: Coding) -> bool | None:
        """Return whether a code is in one of some value sets; None when that cannot be told."""
        return decided(self._member(oid, concept) for oid in value_sets)

    def _member(self, oid: str, concept: Coding) -> bool | None:
        if oid in self.own_sets:
            return (concept.system, concept.code) in self.own_sets[oid]
        return member(oid, concept.system, concept.code)


@cache
def _norwegian() -> dict[tuple[str, str], str]:
    """Return Norwegian names of European codes: those of the one national code that equals it."""
    found: dict[tuple[str, str], set[str]] = {}
    for group in maps().values():
        for code_map in group:
            for rows in code_map.rows.values():
                for row in rows:
                    if row.target and row.equivalence.value in _EXACT and row.source.display:
                        key = (row.target.system, row.target.code)
                        found.setdefault(key, set()).add(row.source.display)
    return {key: names.pop() for key, names in found.items() if len(names) == 1}
