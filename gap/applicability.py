"""Which obligation applies to which system, by rule, and why (EHDS Art 2(2)(k), 25-27, Annex II).

Every rule is one ``Condition``: the fast evaluation over all cells and the explanation of one
cell use the same object, so that they cannot disagree. Codes of a closed set are bits of an
integer: a set of scopes is a mask.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from data.loaders.catalogue import Obligation
from data.loaders.codes import closed_sets
from data.loaders.systems import System

Masks = Mapping[str, NDArray[np.int64]]

NOT_ABOUT_DATA = ("ID", "SEC", "LOG", "GOV", "LAW", "DOC", "MKT")
"""Scopes in which a system can have a duty without itself handling a priority category."""


class Kind(StrEnum):
    """What a cell (an obligation and a system) is to the score."""

    SCORED = "scored"
    OPTION = "option"
    AWAITS_OPTION = "awaits-option"
    EXTERNAL = "external"
    SCOPE_RULE = "scope-rule"
    RECOMMENDATION = "recommendation"
    NOT_APPLICABLE = "not-applicable"


KIND_OF_MODALITY = {
    "C": Kind.EXTERNAL, "L": Kind.SCOPE_RULE, "N": Kind.RECOMMENDATION, "O": Kind.OPTION,
}  # fmt: skip


def mask(set_name: str, codes: Sequence[str]) -> int:
    """Return codes of a closed set as bits, in the order of the set."""
    bits = {code: 1 << i for i, code in enumerate(closed_sets()[set_name])}
    return sum(bits[code] for code in codes)


def _any(wanted: str, has: str) -> Callable[[Masks, Masks], NDArray[np.bool_]]:
    """Pass when the obligation asks for nothing in particular, or shares a code."""

    def test(o: Masks, s: Masks) -> NDArray[np.bool_]:
        ask, have = o[wanted][None, :], s[has][:, None]
        result: NDArray[np.bool_] = (ask == 0) | ((ask & have) != 0)
        return result

    return test


def _category(o: Masks, s: Masks) -> NDArray[np.bool_]:
    """Share a priority category; a system that handles none can only have duties beside data."""
    ask, have = o["categories"][None, :], s["categories"][:, None]
    beside = mask("scope", NOT_ABOUT_DATA)
    shared_scopes = o["scopes"][None, :] & s["scopes"][:, None]
    result: NDArray[np.bool_] = (
        (ask == 0) | ((ask & have) != 0) | ((have == 0) & ((shared_scopes & beside) != 0))
    )
    return result


def _ehr_system(o: Masks, s: Masks) -> NDArray[np.bool_]:
    """Chapter III and Annexes II to IV reach only what may be an EHR system.

    What handles none of the priority categories is none (Art 2(2)(k) with Art 14(1)).
    """
    may_be = (s["ehr_system"] != 0) & (s["categories"] != 0)
    result: NDArray[np.bool_] = (o["ehr_only"][None, :] == 0) | may_be[:, None]
    return result


@dataclass(frozen=True, slots=True)
class Condition:
    """One rule: its id, the fields it compares, and the test over all cells at once."""

    id: str
    obligation_field: str
    system_field: str
    code_set: str
    test: Callable[[Masks, Masks], NDArray[np.bool_]]


CONDITIONS: tuple[Condition, ...] = (
    Condition("scope", "scopes", "scopes", "scope", _any("scopes", "scopes")),
    Condition("actor", "actors", "actors", "actor", _any("actors", "actors")),
    Condition("ehr-system", "ehr_only", "ehr_system", "yesno", _ehr_system),
    Condition("category", "categories", "categories", "category", _category),
    Condition("verb", "verbs_any", "verbs", "verb", _any("verbs_any", "verbs")),
    Condition("serves", "serves_any", "serves", "serves", _any("serves_any", "serves")),
    Condition(
        "deployment", "deployment_any", "deployment", "deployment",
        _any("deployment_any", "deployment"),
    ),
)  # fmt: skip

_OBLIGATION_SETS = {
    "scopes": "scope", "actors": "actor", "categories": "category", "verbs_any": "verb",
    "serves_any": "serves", "deployment_any": "deployment",
}  # fmt: skip
_SYSTEM_SETS = {
    "scopes": "scope", "actors": "actor", "categories": "category", "verbs": "verb",
    "serves": "serves", "deployment": "deployment",
}  # fmt: skip


def obligation_masks(obligations: Sequence[Obligation]) -> dict[str, NDArray[np.int64]]:
    """Return the fields that rules compare, as one array of masks a field."""
    masks = {
        field: np.array([mask(name, getattr(o, field)) for o in obligations], dtype=np.int64)
        for field, name in _OBLIGATION_SETS.items()
    }
    masks["ehr_only"] = np.array([int(o.ehr_only) for o in obligations], dtype=np.int64)
    return masks


def system_masks(systems: Sequence[System]) -> dict[str, NDArray[np.int64]]:
    """Return the fields that rules compare, as one array of masks a field."""
    masks = {
        field: np.array([mask(name, getattr(s, field)) for s in systems], dtype=np.int64)
        for field, name in _SYSTEM_SETS.items()
    }
    masks["ehr_system"] = np.array([int(s.ehr_system != "no") for s in systems], dtype=np.int64)
    return masks


def matrix(obligations: Sequence[Obligation], systems: Sequence[System]) -> NDArray[np.bool_]:
    """Return which cells meet every condition, as an array (systems, obligations).

    Only the conditions are judged here: modality and national options come on top in ``kind``.
    """
    o, s = obligation_masks(obligations), system_masks(systems)
    met = np.ones((len(systems), len(obligations)), dtype=np.bool_)
    for condition in CONDITIONS:
        met &= condition.test(o, s)
    return met


@dataclass(frozen=True, slots=True)
class Verdict:
    """One condition judged for one cell: what the obligation asks, what the system has."""

    condition: str
    code_set: str
    holds: bool
    asks: tuple[str, ...]
    has: tuple[str, ...]


def verdicts(obligation: Obligation, system: System) -> list[Verdict]:
    """Return every condition for one cell, in the order of ``CONDITIONS``."""
    o, s = obligation_masks([obligation]), system_masks([system])
    return [
        Verdict(
            c.id,
            c.code_set,
            bool(c.test(o, s)[0, 0]),
            _words(getattr(obligation, c.obligation_field)),
            _words(getattr(system, c.system_field)),
        )
        for c in CONDITIONS
    ]


def _words(value: tuple[str, ...] | str | bool) -> tuple[str, ...]:
    if isinstance(value, bool):
        return ("yes",) if value else ()
    return (value,) if isinstance(value, str) else value


def kind(obligation: Obligation, applies: bool, options_used: frozenset[str]) -> Kind:
    """Return what a cell is to the score.

    Args:
        obligation: the row.
        applies: whether all conditions hold.
        options_used: the national options that the assessment finds used.
    """
    if obligation.modality in "CLN":
        return KIND_OF_MODALITY[obligation.modality]
    if not applies:
        return Kind.NOT_APPLICABLE
    if obligation.modality == "O":
        return Kind.OPTION
    if obligation.if_option and obligation.if_option not in options_used:
        return Kind.AWAITS_OPTION
    return Kind.SCORED


def cell_categories(obligation: Obligation, system: System) -> tuple[str, ...]:
    """Return the categories that a cell speaks of; empty when it speaks of none in particular."""
    return tuple(c for c in obligation.categories if c in system.categories)


def due_dates(
    obligation: Obligation, system: System, categories: Sequence[str]
) -> dict[str, dt.date]:
    """Return the EU date that binds for each category of a cell (Art 105, Art 26(2)).

    A cell without categories has one date, under the empty string.
    """
    return {c: obligation.due(c, in_house=system.in_house_only) for c in tuple(categories) or ("",)}
