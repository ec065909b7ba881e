"""What is due on which date, in pieces: the part of a cell that binds on one day (Art 105)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gap.applicability import cell_categories, due_dates
from gap.judgement import FULL_LEVEL, Judgement

Levels = Mapping[str, int]


class State(StrEnum):
    """What is known of a piece: met in full, a known gap, or not assessed without a known gap."""

    MET = "met"
    GAP = "gap"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Piece:
    """The part of one cell that binds on one date.

    ``units`` are its categories, or one empty word for a cell that speaks of none.
    """

    system: str
    obligation: str
    due: dt.date
    units: tuple[str, ...]
    state: State


@dataclass(frozen=True, slots=True)
class Count:
    """How the pieces of one date stand."""

    due: dt.date
    met: int
    gaps: int
    open: int

    @property
    def total(self) -> int:
        """How many pieces are due."""
        return self.met + self.gaps + self.open

    @property
    def state(self) -> State:
        """A date is met only when every piece is; what nobody assessed keeps it open."""
        if self.gaps:
            return State.GAP
        return State.OPEN if self.open else State.MET


def levels(judgement: Judgement, system: str, obligation: str) -> Levels:
    """Return the level found for each category of a cell; what nobody assessed is missing."""
    own = cell_categories(judgement.catalogue.obligations[obligation], judgement.systems[system])
    found: dict[str, int] = {}
    for finding in judgement.by_cell.get((system, obligation), ()):
        if finding.level is not None:
            units = (finding.categories or own) if own else ("",)
            found.update(dict.fromkeys(units, finding.level))
    return found


def pieces(judgement: Judgement) -> list[Piece]:
    """Return every piece of every scored cell, in the order of the systems and the catalogue."""
    found = []
    for s, o in np.argwhere(judgement.scored).tolist():
        system, obligation = judgement.system_list[s], judgement.obligations[o]
        dates = due_dates(obligation, system, cell_categories(obligation, system))
        known = levels(judgement, system.id, obligation.id)
        for due in sorted(set(dates.values())):
            units = tuple(c for c, day in dates.items() if day == due)
            found.append(Piece(system.id, obligation.id, due, units, _state(units, known)))
    return found


def _state(units: tuple[str, ...], known: Levels) -> State:
    if any(known.get(c, FULL_LEVEL) < FULL_LEVEL for c in units):
        return State.GAP
    return State.MET if all(c in known for c in units) else State.OPEN


def counts(found: list[Piece]) -> list[Count]:
    """Return how the pieces stand, by date."""
    by = Counter((p.due, p.state) for p in found)
    return [
        Count(due, by[due, State.MET], by[due, State.GAP], by[due, State.OPEN])
        for due in sorted({p.due for p in found})
    ]
