"""Membership in the MyHealth@EU value sets, as far as they are at hand.

Shipped are only the codes that the maps use, each looked up in its value set (eHDSI catalogue
8.1.0), and a few small sets whole; the lists belong to their owners. A user's own copies (``*.fsh``
of the HL7 Europe terminology package, or FHIR ValueSet as JSON) in the folder EHDS_TERMINOLOGY make
the answer complete.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import data
from data.errors import InputError, Problem
from data.loaders.tables import Problems, read_csv, read_text
from ips.terms.computed import ICD10, in_icd10
from ips.terms.systems import normalise_system
from ips.terms.tables import own_folder

SETS_COLUMNS = ("value_set", "oid", "version", "complete")
CODES_COLUMNS = ("value_set", "system", "code", "member")

_ALIAS = re.compile(r"Alias:\s*(\$?\S+)\s*=\s*(\S+)")
_CODE = re.compile(r"\*\s+(\$?[^\s#]+)#(\"[^\"]+\"|\S+)(?:\s+\".*)?")


def in_value_set(value_set: str, system: str, code: str) -> bool | None:
    """Return whether a code is in a value set; None when that cannot be told.

    Args:
        value_set: name (``eHDSIDoseForm``), canonical URL or OID.
        system: any spelling of the code system.
        code: the code.
    """
    name = _name(value_set)
    uri = normalise_system(system)
    own = _own_sets().get(name)
    if own is not None:
        return (uri, code) in own
    if name == "eHDSIIllnessandDisorder" and uri == ICD10:
        return in_icd10(code)
    seen = _shipped_codes().get(name, {}).get((uri, code))
    return False if seen is None and name in _complete_sets() else seen


def read_fsh(text: str) -> frozenset[tuple[str, str]]:
    """Return the (system, code) pairs that a value set lists in FHIR Shorthand."""
    aliases: dict[str, str] = {}
    found = set()
    for line in text.splitlines():
        if alias := _ALIAS.match(line):
            aliases[alias[1]] = alias[2]
        elif concept := _CODE.match(line.strip()):
            system = aliases.get(concept[1], concept[1])
            found.add((normalise_system(system), concept[2].strip('"')))
    return frozenset(found)


def _name(value_set: str) -> str:
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
def _own_sets() -> dict[str, frozenset[tuple[str, str]]]:
    folder = own_folder()
    found: dict[str, frozenset[tuple[str, str]]] = {}
    for file in sorted(folder.rglob("*.fsh")) if folder else ():
        codes = read_fsh(read_text(file))
        if codes:
            found[file.stem] = codes
    for file in sorted(folder.rglob("*.json")) if folder else ():
        name, codes = _read_json(file)
        if codes:
            found[name] = codes
    return found


def _read_json(file: Path) -> tuple[str, frozenset[tuple[str, str]]]:
    import json

    try:
        content = json.loads(read_text(file))
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(Problem(f"not valid JSON: {error}", str(file))) from None
    if not isinstance(content, dict) or content.get("resourceType") != "ValueSet":
        return "", frozenset()
    groups: list[tuple[object, list[dict[str, object]]]] = [
        (part.get("system"), _dicts(part.get("concept")))
        for part in _part(content, "compose", "include")
    ]
    groups += [(part.get("system"), [part]) for part in _part(content, "expansion", "contains")]
    codes = frozenset(
        (normalise_system(str(system)), str(concept.get("code", "")))
        for system, concepts in groups
        for concept in concepts
    )
    name = str(content.get("name") or content.get("url") or file.stem)
    return name.rsplit("/", 1)[-1], codes


def _part(content: dict[str, object], outer: str, inner: str) -> list[dict[str, object]]:
    part = content.get(outer)
    return _dicts(part.get(inner)) if isinstance(part, dict) else []


def _dicts(value: object) -> list[dict[str, object]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
