"""``evidence.toml``: what the files of a folder do not say of themselves.

::

    subject = "sfm"              # id of the system, or "ehds" for this product itself
    subject_version = "5.7"
    environment = "test"         # or "production"
    by = "Norsk helsenett"
    strength = "maker"           # maker, third-party or authority
    date = 2026-11-20            # where the results do not say
    mapping = "own.csv"          # a mapping table of your own, before that of the product

    [files."inferno-*.json"]     # what is different for some of the files
    strength = "third-party"
"""

from __future__ import annotations

import datetime as dt
import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.errors import InputError, Problem
from data.loaders.tables import Problems, read_toml
from gap.evidence.mapping import Rule, read_mapping, shipped
from gap.evidence.record import Environment, Origin, Strength

HEADER = "evidence.toml"
_TEXTS = ("subject", "subject_version", "by", "tool_version")
_KEYS = (*_TEXTS, "environment", "strength", "date", "derived", "mapping", "files")


@dataclass(frozen=True, slots=True)
class Given:
    """What is known of a file from outside: its origin, and what its tests bear on."""

    origin: Origin
    rules: tuple[Rule, ...]


def given_for(file: Path) -> Given:
    """Return what ``evidence.toml`` in the folder of a file, or above it, says of the file.

    Raises:
        InputError: there is none, or it is wrong.
    """
    for folder in file.resolve().parents[:3]:
        header = folder / HEADER
        if header.is_file():
            return _read(header, file.name)
    raise InputError(
        Problem("does not say which system was tested", str(file),
                rule=f"{HEADER} beside the results names the system, and who ran the test",
                remedy=f'write {HEADER} with: subject = "sfm" (see: ehds systems list)')
    )  # fmt: skip


def _read(header: Path, name: str) -> Given:
    said = read_toml(header)
    where, problems = str(header), Problems()
    own = said.get("files", {})
    if not isinstance(own, Mapping):
        raise InputError(Problem("«files» is a table of file names", where))
    merged = {k: v for k, v in said.items() if k != "files"}
    for pattern, different in own.items():
        if not isinstance(different, Mapping):
            problems.add(f"«files.{pattern}» is no table", where)
        elif fnmatch.fnmatchcase(name, pattern):
            merged |= different
    _check(merged, where, problems)
    problems.stop()
    rules = shipped()
    if merged.get("mapping"):
        rules = (*read_mapping(header.parent / merged["mapping"]), *rules)
    origin = Origin(
        **{key: merged[key] for key in _TEXTS if key in merged},
        environment=Environment(merged.get("environment", Environment.TEST)),
        derived=merged.get("derived", False),
        strength=Strength(merged.get("strength", Strength.MAKER)),
        date=merged.get("date"),
    )
    return Given(origin, rules)


def _check(said: Mapping[str, Any], where: str, problems: Problems) -> None:
    for key, value in said.items():
        if key not in _KEYS:
            problems.add(f"unknown key «{key}»", where, remedy=f"known: {', '.join(_KEYS)}")
        elif key in (*_TEXTS, "mapping") and not isinstance(value, str):
            problems.add(f"«{key}» is no text", where, remedy=f'write {key} = "..."')
    if not said.get("subject"):
        problems.add("«subject» is missing", where, remedy='write subject = "sfm"')
    if said.get("environment", "test") not in set(Environment):
        problems.add("environment is unknown", where, remedy="test or production")
    if said.get("strength", "maker") not in set(Strength):
        problems.add("strength is unknown", where, remedy=", ".join(Strength))
    if "date" in said and type(said["date"]) is not dt.date:
        problems.add("date is no date", where, remedy="write date = 2026-11-20")
    if not isinstance(said.get("derived", False), bool):
        problems.add("derived is neither true nor false", where)
