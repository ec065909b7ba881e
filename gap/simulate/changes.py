"""Assumed changes: ``sfm:E15.4a=met`` read and checked against catalogue and systems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from data.errors import did_you_mean
from data.loaders.catalogue import Obligation
from data.loaders.codes import closed_sets
from data.loaders.systems import System
from data.loaders.tables import Problems
from gap.applicability import cell_categories
from gap.judgement import Judgement

NOT_ASSESSED = "not-assessed"
OPTION_STATES = ("used", "not-used", "undecided")
_TARGETS: dict[str, tuple[str, int | None]] = {
    "met": ("met", 3), "3": ("met", 3), "partial/2": ("partial", 2), "2": ("partial", 2),
    "partial/1": ("partial", 1), "1": ("partial", 1), "not-met": ("not-met", 0),
    "0": ("not-met", 0), NOT_ASSESSED: (NOT_ASSESSED, None),
    **{state: (state, None) for state in OPTION_STATES},
}  # fmt: skip
RULE = "SYSTEM:OBLIGATION[:CATEGORIES]=STATE, for example sfm:E15.4a=met or pll:X1.2:b=partial/2"


@dataclass(frozen=True, slots=True)
class Change:
    """One assumed state of a cell.

    ``categories`` is empty for the whole cell. ``level`` is 0 to 3, None for national options
    and for ``not-assessed``.
    """

    system: str
    obligation: str
    categories: tuple[str, ...]
    status: str
    level: int | None


def parse(texts: Sequence[str], judgement: Judgement) -> list[Change]:
    """Read assumed changes as the command line gives them.

    Raises:
        InputError: with everything that is wrong in all of them.
    """
    problems = Problems()
    found: list[Change] = []
    for text in texts:
        change = _one(text, judgement, problems)
        if change:
            found.append(change)
    check_overlaps([(f"--if {t}", c) for t, c in zip(texts, found, strict=False)]
                   if len(found) == len(texts) else [], judgement, problems)  # fmt: skip
    problems.stop()
    return found


def _one(text: str, judgement: Judgement, problems: Problems) -> Change | None:
    where = f"--if {text}"
    place, equals, state = text.partition("=")
    words = [w.strip() for w in place.split(":")]
    if not equals or len(words) not in (2, 3):
        problems.add("this is no assumed change", where, RULE, "write it in this form")
        return None
    letters = tuple(sorted(words[2].replace(",", " ").split())) if len(words) == 3 else ()
    return checked(words[0], words[1], letters, state.strip(), judgement, problems, where)


def checked(
    system_id: str,
    obligation_id: str,
    categories: tuple[str, ...],
    state: str,
    judgement: Judgement,
    problems: Problems,
    where: str,
) -> Change | None:
    """Return a change when system, obligation, categories and state fit, else note why not."""
    before = len(problems.found)
    system = judgement.systems.get(system_id)
    obligation = judgement.catalogue.obligations.get(obligation_id)
    if not system:
        remedy = did_you_mean(system_id, judgement.systems, "ehds systems list")
        problems.add(f"unknown system «{system_id}»", where, remedy=remedy)
    if not obligation:
        known = judgement.catalogue.obligations
        remedy = did_you_mean(obligation_id, known, "ehds catalogue list")
        problems.add(f"unknown obligation «{obligation_id}»", where, remedy=remedy)
    if state not in _TARGETS:
        remedy = "say which level: partial/1 or partial/2" if state == "partial" else "use one"
        problems.add(f"«{state}» is no state", where, f"one of: {' '.join(_TARGETS)}", remedy)
    if system and obligation:
        _check_cell(system, obligation, categories, problems, where)
        _check_state(obligation, state, problems, where)
    if len(problems.found) > before:
        return None
    status, level = _TARGETS[state]
    return Change(system_id, obligation_id, categories, status, level)


def _check_cell(
    system: System, obligation: Obligation, categories: tuple[str, ...], problems: Problems,
    where: str,
) -> None:  # fmt: skip
    if obligation.modality in "CLN":
        problems.add(
            f"{obligation.id} is no duty of a system: nothing can move", where,
            "Commission tasks, scope rules and recommendations are not assessed",
            f"see: ehds catalogue show {obligation.id}",
        )  # fmt: skip
        return
    has = cell_categories(obligation, system)
    for letter in categories:
        if letter not in has:
            known = letter in closed_sets()["category"]
            problems.add(
                f"{obligation.id} for {system.id} does not speak of category «{letter}»"
                if known else f"«{letter}» is no category", where,
                remedy=f"its categories are: {' '.join(has)}" if has else "leave categories out",
            )  # fmt: skip


def _check_state(obligation: Obligation, state: str, problems: Problems, where: str) -> None:
    if state not in _TARGETS or state == NOT_ASSESSED:
        return
    if (obligation.modality == "O") != (state in OPTION_STATES):
        allowed = OPTION_STATES if obligation.modality == "O" else ("met", "partial/2", "not-met")
        problems.add(f"«{state}» does not fit {obligation.id}", where,
                     "a national option is used or not; a duty is met or not",
                     f"for example: {' '.join(allowed)}")  # fmt: skip


def check_overlaps(
    placed: Sequence[tuple[str, Change]], judgement: Judgement, problems: Problems
) -> None:
    """Note every part of a cell that two changes speak of."""
    seen: dict[tuple[str, str, str], str] = {}
    for where, change in placed:
        for category in units_of(change, judgement):
            key = (change.system, change.obligation, category)
            if key in seen and seen[key] != where:
                problems.add(f"{change.obligation} for {change.system} stands twice", where,
                             "one assumed state for each part of a cell",
                             f"merge it with {seen[key]}")  # fmt: skip
                break
            seen[key] = where


def units_of(change: Change, judgement: Judgement) -> tuple[str, ...]:
    """Return the categories of the cell that a change speaks of; one empty for a cell of none."""
    if change.categories:
        return change.categories
    return cell_units(judgement, change.system, change.obligation)


def cell_units(judgement: Judgement, system: str, obligation: str) -> tuple[str, ...]:
    """Return the categories of a cell, or one empty word for a cell without categories."""
    return cell_categories(
        judgement.catalogue.obligations[obligation], judgement.systems[system]
    ) or ("",)
