"""Reads scenarios from TOML: what they may say is checked before anything is sent."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import data
from data.errors import InputError, Problem, did_you_mean
from data.loaders.tables import Problems, read_toml
from data.results import Severity
from ncp.scenarios.model import SERVICES, Scenario, Step
from ncp.scenarios.shapes import shaped, words

_STEP = {"do", "as", "patient", "country", "tamper", "tls", "expect"}
_OPTIONS = {
    "identify": {"receiver", "family", "birth", "no-id", "sender"},
    "query": {"kinds", "asked", "class", "raw-patient", "max-size", "missing"},
    "retrieve": {"which", "kind", "repository", "home"},
    "dispense": {"number", "copies", "again", "quantity", "unknown", "about", "parallel", "class",
                 "rubbish", "substituted", "with-unknown"},
    "discard": {"unknown"},
    "audit": {"of"},
    "log": set(),
}  # fmt: skip
_EXPECT = {"outcome", "codes", "fault", "count", "reason", "ack", "checks", "seconds", "status",
           "dispensable", "levels", "one-of-many"}  # fmt: skip
_SCENARIO = {"id", "nb", "en", "services", "needs", "source", "obligations", "state", "severity",
             "steps"}  # fmt: skip
_SCENARIO_SHAPES = {
    **words("text", "id nb en source"), **words("texts", "services needs obligations"),
    "state": "flag", "severity": "text", "steps": "tables",
}  # fmt: skip
_STEP_SHAPES = {
    **words("text", "do as patient country tls receiver family birth sender asked class missing "
            "raw-patient which kind repository home about of"),
    **words("texts", "tamper kinds"), **words("number", "max-size number copies quantity"),
    **words("flag", "no-id again unknown parallel rubbish substituted with-unknown"),
    "expect": "table",
}  # fmt: skip
_EXPECT_SHAPES = {
    "outcome": "text", **words("texts", "codes fault reason ack checks status"), "count": "span",
    "levels": "numbers", "seconds": "number", **words("flag", "dispensable one-of-many"),
}  # fmt: skip
_ID = re.compile(r"\w[\w.-]*")
_OUTCOMES = ("success", "partial", "refused", "fault", "none")


def read(folder: Path) -> list[Scenario]:
    """Read every scenario of a folder of TOML files, or of one file.

    Raises:
        InputError: unreadable, or something that is not understood; all of it at once.
    """
    files = sorted(folder.glob("*.toml")) if folder.is_dir() else [folder]
    problems = Problems()
    found: dict[str, Scenario] = {}
    for file in files:
        with problems.gather():
            content = read_toml(file)
            if not shaped(content, {"scenario": "tables"}, str(file), problems):
                continue
            for raw in content.get("scenario", []):
                if not _check(raw, file, problems):
                    continue
                if raw["id"] in found:
                    problems.add(f"the id {raw['id']} is used twice", str(file))
                else:
                    found[raw["id"]] = _scenario(raw, file.stem)
    if not files or not (found or problems.found):
        problems.add("no scenario is there", str(folder), remedy="name a file or folder of TOML")
    problems.stop()
    return list(found.values())


@cache
def shipped() -> tuple[Scenario, ...]:
    """Return the scenarios of the product."""
    return tuple(read(data.path("exchange", "scenarios")))


def choose(scenarios: Sequence[Scenario], only: Iterable[str]) -> list[Scenario]:
    """Return the scenarios whose id or area fits one of the patterns (``IDN-*``); all without.

    Raises:
        InputError: a pattern that fits nothing.
    """
    patterns = list(only)
    if not patterns:
        return list(scenarios)
    chosen: list[Scenario] = []
    problems = []
    for pattern in patterns:
        fits = [s for s in scenarios if pattern == s.area
                or fnmatch.fnmatchcase(s.id, pattern.upper())]  # fmt: skip
        if not fits:
            names = [s.id for s in scenarios]
            problems.append(Problem(f"no scenario fits «{pattern}»", "--only",
                                    remedy=did_you_mean(pattern, names, "ehds ncp test --list"))
                            )  # fmt: skip
        chosen += [s for s in fits if s not in chosen]
    if problems:
        raise InputError(problems)
    return sorted(chosen, key=list(scenarios).index)


def _scenario(raw: dict[str, Any], area: str) -> Scenario:
    return Scenario(
        raw["id"], raw["nb"], raw["en"], area, tuple(raw["services"]), raw["source"],
        tuple(_step(step) for step in raw["steps"]), tuple(raw.get("needs", ())),
        tuple(raw.get("obligations", ())), bool(raw.get("state", False)),
        Severity(raw.get("severity", "error")),
    )  # fmt: skip


def _step(raw: dict[str, Any]) -> Step:
    options = {key: value for key, value in raw.items() if key not in _STEP}
    return Step(raw["do"], raw.get("as", "doctor"), raw.get("patient", ""), raw.get("country", ""),
                tuple(raw.get("tamper", ())), raw.get("tls", ""), options, raw.get("expect")
                )  # fmt: skip


def _check(raw: dict[str, Any], file: Path, problems: Problems) -> bool:
    """Return whether a scenario can be made of a table, once all that is wrong with it is told."""
    where = f"{file}: {raw.get('id', 'a scenario')}"
    for key in ("id", "nb", "en", "services", "source", "steps"):
        if not raw.get(key):
            problems.add(f"«{key}» is missing", where)
    _known(raw, _SCENARIO, where, problems)
    if not shaped(raw, _SCENARIO_SHAPES, where, problems):
        return False
    if not _ID.fullmatch(raw.get("id", "X")):
        problems.add("the id is not one that files can be named after", where,
                     remedy="letters, digits, dot, hyphen and underscore: OWN-01")  # fmt: skip
    for service in raw.get("services", ()):
        if service not in SERVICES:
            problems.add(f"«{service}» is no role of a contact point", where,
                         remedy=" ".join(SERVICES))  # fmt: skip
    if raw.get("severity", "error") not in list(Severity):
        problems.add(f"«{raw['severity']}» is no severity", where, remedy=", ".join(Severity))
    for number, step in enumerate(raw.get("steps", ()), 1):
        _check_step(step, f"{where}, step {number}", problems)
    return not problems.found


def _check_step(step: dict[str, Any], place: str, problems: Problems) -> None:
    if not shaped(step, _STEP_SHAPES, place, problems):
        return
    if step.get("do") not in _OPTIONS:
        problems.add(f"«{step.get('do')}» is no step", place, remedy=", ".join(_OPTIONS))
        return
    _known(step, _STEP | _OPTIONS[step["do"]], place, problems)
    expect = step.get("expect", {})
    _known(expect, _EXPECT, f"{place}, expect", problems)
    if not shaped(expect, _EXPECT_SHAPES, f"{place}, expect", problems):
        return
    if expect.get("outcome", "success") not in _OUTCOMES:
        problems.add(f"«{expect['outcome']}» is no outcome", place, remedy=", ".join(_OUTCOMES))


def _known(raw: dict[str, Any], known: set[str], where: str, problems: Problems) -> None:
    for key in sorted(set(raw) - known):
        problems.add(f"«{key}» is not understood", where,
                     remedy=did_you_mean(key, known, ", ".join(sorted(known))))  # fmt: skip
