"""Which obligations have a test, which tests prove nothing, and what cannot be tested and why.

Tests stand in ``data/evidence/tests.csv``. Where the rules of a test lie in tables of the product
(profiles, CDA, scenarios), they are taken from there: nothing is written down twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import data
from data.errors import InputError, Problem, did_you_mean
from data.loaders.catalogue import Obligation, catalogue
from data.loaders.codes import closed_sets
from data.loaders.tables import Problems, Row, read_csv
from gap.evidence import families
from gap.evidence.mapping import CARRIED, Rule, matches, shipped

TESTS = ("id", "rules", "shows", "title_nb", "title_en", "run", "source")
UNTESTABLE = ("code", "obligations", "kinds", "state", "reason_nb", "reason_en")


class State(StrEnum):
    """Whether an obligation can be tested here."""

    TESTED = "tested"
    FAULTS_ONLY = "faults-only"
    IN_THE_SYSTEM = "in-the-system"
    BY_OPERATOR = "by-operator"
    BY_PEOPLE = "by-people"
    WAITS = "waits"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Test:
    """One test, or a family of tests whose rules lie in one table.

    Attributes:
        id: as in ``Record.test``; ``*`` stands for the rules of the family.
        title_nb, title_en: what it looks at.
        run: the command that runs it; empty for tests of others, and those that a run includes.
        source: what it implements.
        obligations: what its results can bear on.
        only_faults: its results are faults that it found; it has no pass to show.
    """

    id: str
    title_nb: str
    title_en: str
    run: str
    source: str
    obligations: tuple[str, ...]
    only_faults: bool = False
    __test__ = False

    def title(self, lang: str) -> str:
        """Return the title in ``nb`` or ``en``."""
        return self.title_nb if lang == "nb" else self.title_en


@dataclass(frozen=True, slots=True)
class Line:
    """One binding obligation with its tests, or why there is none."""

    obligation: Obligation
    tests: tuple[str, ...]
    state: State
    reason_nb: str = ""
    reason_en: str = ""

    def reason(self, lang: str) -> str:
        """Return why there is no test, in ``nb`` or ``en``; empty where there is one."""
        return self.reason_nb if lang == "nb" else self.reason_en


@cache
def tests() -> tuple[Test, ...]:
    """Return every test by itself: a scenario each, a family of rules by what it bears on."""
    problems = Problems()
    rows = read_csv(data.path("evidence", "tests.csv"), TESTS, problems)
    for row in rows:
        if row["shows"] not in ("both", "faults"):
            problems.add(f"shows is «{row['shows']}»", row.where, remedy="both or faults")
        if row["rules"] and row["rules"] not in families.FAMILIES:
            problems.add(f"there is no family of rules «{row['rules']}»", row.where,
                         remedy=f"one of: {', '.join(families.FAMILIES)}")  # fmt: skip
    problems.stop()
    return tuple(test for row in rows for test in _expanded(row))


def _expanded(row: Row) -> list[Test]:
    members: Sequence[families.Member] = (
        families.FAMILIES[row["rules"]]() if row["rules"] else [families.Member(row["id"])]
    )
    found = []
    for member in members:
        ident = member.id if "/" in member.id else row["id"].replace("*", member.id)
        found.append(
            Test(
                ident,
                member.title_nb or row["title_nb"],
                member.title_en or row["title_en"],
                row["run"],
                row["source"],
                _bearing(ident, member.obligations),
                row["shows"] == "faults",
            )
        )
    return found


def _bearing(ident: str, carried: Sequence[str]) -> tuple[str, ...]:
    """What the mapping says of a test; ``carried`` is what the rules themselves bear on."""
    found: dict[str, None] = {}
    for rule in fitting(ident):
        for word in rule.obligations:
            named = carried if word == CARRIED else (word,)
            found.update(dict.fromkeys(o for o in named if _can_move(o, rule)))
    return tuple(found)


def _can_move(name: str, rule: Rule) -> bool:
    """A test of one category says nothing of a row that is only about others."""
    row = catalogue().obligations.get(name)
    if row is None:
        return False
    return not (rule.categories and row.categories) or bool(
        set(rule.categories) & set(row.categories)
    )


def fitting(ident: str) -> tuple[Rule, ...]:
    """Return the rows of the mapping that are about a test."""
    return tuple(rule for rule in shipped() if "@" not in rule.pattern and rule.fits(ident))


@cache
def coverage() -> tuple[Line, ...]:
    """Return every binding obligation, in the order of the catalogue."""
    by_obligation: dict[str, list[Test]] = {}
    for test in tests():
        for name in test.obligations:
            by_obligation.setdefault(name, []).append(test)
    reasons = _reasons()
    return tuple(
        _line(o, by_obligation.get(o.id, ()), reasons)
        for o in catalogue().obligations.values() if o.binding
    )  # fmt: skip


def proving_nothing() -> tuple[Test, ...]:
    """Return the tests whose results bear on no obligation until somebody says on which."""
    return tuple(test for test in tests() if not test.obligations)


def chosen_tests(pattern: str) -> tuple[Test, ...]:
    """Return the tests of an id, or of a pattern with ``*``.

    Raises:
        InputError: there is no such test.
    """
    found = tuple(test for test in tests() if pattern == test.id or matches(pattern, test.id))
    if not found:
        raise InputError(
            Problem(f"there is no test «{pattern}»",
                    remedy=did_you_mean(pattern, [test.id for test in tests()],
                                        "ehds catalogue coverage --format json"))
        )  # fmt: skip
    return found


def one(obligation: str) -> Line:
    """Return the line of one obligation.

    Raises:
        InputError: there is no such binding obligation.
    """
    lines = {line.obligation.id: line for line in coverage()}
    if obligation not in lines:
        raise InputError(
            Problem(f"there is no binding obligation «{obligation}»",
                    remedy=did_you_mean(obligation, lines, "ehds catalogue list"))
        )  # fmt: skip
    return lines[obligation]


def _line(obligation: Obligation, found: Sequence[Test], reasons: _Reasons) -> Line:
    names = tuple(test.id for test in found)
    if any(not test.only_faults for test in found):
        return Line(obligation, names, State.TESTED)
    row = reasons.by_code["faults"] if found else reasons.of(obligation)
    return Line(obligation, names, State(row["state"]), row["reason_nb"], row["reason_en"])


@dataclass(frozen=True)
class _Reasons:
    by_obligation: Mapping[str, Row]
    by_kind: Mapping[str, Row]
    by_code: Mapping[str, Row]

    def of(self, obligation: Obligation) -> Row:
        """A row that names the obligation goes first; then that of what would show it.

        What a test could show is open, whatever else would show it too.
        """
        if obligation.id in self.by_obligation:
            return self.by_obligation[obligation.id]
        kinds = obligation.evidence_kinds
        return self.by_kind["test" if "test" in kinds else kinds[0]]


@cache
def _reasons() -> _Reasons:
    problems = Problems()
    named: dict[str, Row] = {}
    kinds: dict[str, Row] = {}
    codes: dict[str, Row] = {}
    check: tuple[tuple[str, dict[str, Row], Callable[[str], bool]], ...] = (
        ("obligations", named, lambda name: name in catalogue().obligations),
        ("kinds", kinds, lambda name: name in closed_sets()["evidence_kind"]),
    )
    for row in read_csv(data.path("evidence", "untestable.csv"), UNTESTABLE, problems):
        codes[row["code"]] = row
        if row["state"] not in set(State):
            problems.add(f"unknown state «{row['state']}»", row.where, remedy=", ".join(State))
        if not row["reason_nb"] or not row["reason_en"]:
            problems.add("the reason lacks a language", row.where)
        for column, into, known in check:
            for name in row.words(column):
                if not known(name):
                    problems.add(f"{column}: there is no «{name}»", row.where)
                if name in into:
                    problems.add(f"«{name}» has two reasons", row.where)
                into[name] = row
    for kind in closed_sets()["evidence_kind"]:
        if kind not in kinds:
            problems.add(f"no reason for what is shown by «{kind}»", "untestable.csv")
    problems.stop()
    return _Reasons(named, kinds, codes)
