"""Membership of a code in one of several value sets, by their code systems where that decides."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import data
from data.loaders.tables import Problems, read_csv
from ips.terms import in_value_set


@cache
def _systems() -> dict[str, frozenset[str]]:
    problems = Problems()
    rows = read_csv(data.path("cda", "value-set-systems.csv"), ("value_set", "systems"), problems)
    problems.stop()
    return {row["value_set"]: frozenset(row.words("systems")) for row in rows}


def member(value_set: str, system: str, code: str) -> bool | None:
    """Return whether a code is in a value set; None when that cannot be told.

    A code of a system from which the value set takes nothing is not in it, unless a user's own copy
    of the value set has it.

    Args:
        value_set: OID.
        system: URI of the code system.
        code: the code.
    """
    answer = in_value_set(value_set, system, code)
    systems = _systems().get(value_set)
    if answer is None and systems is not None and system not in systems:
        return False
    return answer


def member_of_any(value_sets: Iterable[str], system: str, code: str) -> bool | None:
    """Return whether a code is in one of some value sets; None when that cannot be told."""
    return decided(member(one, system, code) for one in value_sets)


def decided(answers: Iterable[bool | None]) -> bool | None:
    """Return what several answers amount to: one yes is enough, a no needs all of them."""
    given = list(answers)
    if any(given):
        return True
    return None if None in given or not given else False
