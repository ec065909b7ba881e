"""Membership in the MyHealth@EU value sets, as far as they are at hand.

Shipped are only the codes that the maps use, each looked up in its value set (eHDSI catalogue
8.1.0), and a few small sets whole; the lists belong to their owners. A user's own copies (tables
``value-sets/*.csv``, ``*.fsh`` of the HL7 Europe terminology package, or FHIR ValueSet as JSON) in
the folder EHDS_TERMINOLOGY make the answer complete.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import data
from data.loaders.tables import Problems, read_csv, read_text
from ips.terms.computed import ICD10, in_icd10
from ips.terms.systems import normalise_system
from ips.terms.tables import check_system, own_folder

SETS_COLUMNS = ("value_set", "oid", "version", "complete")
CODES_COLUMNS = ("value_set", "system", "code", "member")

OWN_COLUMNS = ("value_set", "system", "code", "display_en")

_ALIAS = re.compile(r"Alias:\s*(\$?\S+)\s*=\s*(\S+)")
_CODE = re.compile(r"\*\s+(\$?[^\s#]+)#(\"[^\"]+\"|\S+)(?:\s+\"((?:[^\"\\]|\\.)*)\")?.*")
_FSH_OID = re.compile(r"identifier\.value\s*=\s*\"urn:oid:([\d.]+)\"")


@dataclass(slots=True)
class OwnSets:
    """Value sets of a user.

    Attributes:
        codes: systems and codes by name of the value set; by its OID where we do not know it.
        names: English names by system and code.
        files: what was read.
    """

    codes: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    files: set[Path] = field(default_factory=set)

    def add(self, value_set: str, system: str, code: str, name: str) -> None:
        """Take in one code of a value set, given by name, URL or OID."""
        key = (normalise_system(system), code)
        self.codes.setdefault(set_name(value_set), set()).add(key)
        if name:
            self.names.setdefault(key, name)


def in_value_set(value_set: str, system: str, code: str) -> bool | None:
    """Return whether a code is in a value set; None when that cannot be told.

    Args:
        value_set: name (``eHDSIDoseForm``), canonical URL or OID.
        system: any spelling of the code system.
        code: the code.
    """
    name = set_name(value_set)
    uri = normalise_system(system)
    own = own_sets().codes.get(name)
    if own is not None:
        return (uri, code) in own
    if name == "eHDSIIllnessandDisorder" and uri == ICD10:
        return in_icd10(code)
    seen = _shipped_codes().get(name, {}).get((uri, code))
    return False if seen is None and name in _complete_sets() else seen


def set_name(value_set: str) -> str:
    """Return the name of a value set given by name, canonical URL or OID; an unknown OID stays."""
    text = value_set.strip().split("|")[0]
    bare = text.removeprefix("urn:oid:")
    return _oids().get(bare, text.rstrip("/").rsplit("/", 1)[-1])


@cache
def _sets() -> dict[str, tuple[str, bool]]:
    problems = Problems()
    rows = read_csv(data.path("terminology", "value-sets.csv"), SETS_COLUMNS, problems)
    problems.stop()
    return {row["value_set"]: (row["oid"], row["complete"] == "yes") for row in rows}


@cache
def _oids() -> dict[str, str]:
    return {oid: name for name, (oid, _) in _sets().items()}


@cache
def _complete_sets() -> frozenset[str]:
    return frozenset(name for name, (_, complete) in _sets().items() if complete)


@cache
def _shipped_codes() -> dict[str, dict[tuple[str, str], bool]]:
    problems = Problems()
    rows = read_csv(data.path("terminology", "value-set-codes.csv"), CODES_COLUMNS, problems)
    problems.stop()
    found: dict[str, dict[tuple[str, str], bool]] = {}
    for row in rows:
        key = (normalise_system(row["system"]), row["code"])
        found.setdefault(row["value_set"], {})[key] = row["member"] == "yes"
    return found


@cache
def own_sets() -> OwnSets:
    """Return the value sets of the user's own folder.

    Raises:
        InputError: a file is wrong; all problems with file and line.
    """
    folder = own_folder()
    if folder is None:
        return OwnSets()
    problems = Problems()
    found = read_sets(folder, problems)
    problems.stop()
    return found


def read_sets(folder: Path, problems: Problems) -> OwnSets:
    """Return the value sets of a folder; ``problems`` gets all that is wrong."""
    found = OwnSets()
    for file in sorted((folder / "value-sets").glob("*.csv")):
        found.files.add(file)
        with problems.gather():
            _read_csv(file, found, problems)
    for file in sorted(folder.rglob("*.fsh")):
        with problems.gather():
            _read_fsh(file, found)
    for file in sorted(folder.rglob("*.json")):
        with problems.gather():
            _read_json(file, found, problems)
    return found


def _read_csv(file: Path, found: OwnSets, problems: Problems) -> None:
    for row in read_csv(file, OWN_COLUMNS, problems):
        if not (row["value_set"] and row["system"] and row["code"]):
            problems.add("value_set, system and code must all be filled", row.where)
            continue
        check_system(normalise_system(row["system"]), row.where, problems)
        found.add(row["value_set"], row["system"], row["code"], row["display_en"])


def _read_fsh(file: Path, found: OwnSets) -> None:
    """Take in what a file of FHIR Shorthand lists; it is known by its name and by its OID."""
    text = read_text(file)
    found.files.add(file)
    aliases = {one[1]: one[2] for one in _ALIAS.finditer(text)}
    oid = _FSH_OID.search(text)
    for line in text.splitlines():
        concept = _CODE.match(line.strip())
        if concept is None:
            continue
        system, code = aliases.get(concept[1], concept[1]), concept[2].strip('"')
        for value_set in (file.stem, oid[1] if oid else ""):
            if value_set:
                found.add(value_set, system, code, (concept[3] or "").replace('\\"', '"'))


def _read_json(file: Path, found: OwnSets, problems: Problems) -> None:
    """Take in a FHIR ValueSet; other JSON is left alone."""
    try:
        content = json.loads(read_text(file))
    except json.JSONDecodeError as error:
        problems.add(f"not valid JSON: {error.msg}", f"{file}:{error.lineno}:{error.colno}")
        return
    except RecursionError:
        problems.add("not valid JSON: nested too deep", str(file))
        return
    if not isinstance(content, dict) or content.get("resourceType") != "ValueSet":
        return
    found.files.add(file)
    groups: list[tuple[object, list[dict[str, object]]]] = [
        (part.get("system"), _dicts(part.get("concept")))
        for part in _part(content, "compose", "include")
    ]
    groups += [(part.get("system"), [part]) for part in _part(content, "expansion", "contains")]
    name = str(content.get("name") or content.get("url") or file.stem)
    for system, concepts in groups:
        for concept in concepts:
            found.add(name, str(system), str(concept.get("code", "")),
                      str(concept.get("display", "")))  # fmt: skip


def _part(content: dict[str, object], outer: str, inner: str) -> list[dict[str, object]]:
    part = content.get(outer)
    return _dicts(part.get(inner)) if isinstance(part, dict) else []


def _dicts(value: object) -> list[dict[str, object]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
