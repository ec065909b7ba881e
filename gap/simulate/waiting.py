"""What waits for what: a part of a cell is in place once all that it builds on is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from gap.judgement import FULL_LEVEL, Judgement
from gap.simulate.changes import cell_units
from gap.simulate.deadlines import Levels, levels
from gap.simulate.distributions import Days
from gap.simulate.plans import Plan

Unit = tuple[str, str, str]
"""System, obligation, and category (empty for a cell that speaks of none)."""


class Waits(StrEnum):
    """Whose gaps a delivery waits for, among the obligations that its own builds on."""

    OWN = "own"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Closing:
    """When a part of a cell is in place, over all runs.

    Attributes:
        days: ordinals, one a run; minus infinity when it is in place today, infinity when never.
        blocked: known gaps that it waits for and that no delivery closes.
        unknown: what it builds on and nobody has assessed; the chance is then the most it can be.
    """

    days: Days
    blocked: frozenset[tuple[str, str]] = frozenset()
    unknown: frozenset[tuple[str, str]] = frozenset()


@dataclass
class Network:
    """The days on which the parts of all cells are in place.

    Args:
        judgement: what is in place today.
        plan: the deliveries.
        drawn: the days of each delivery by its name, one a run.
        waits: whose gaps hold a delivery up.
        runs: how many runs there are.
    """

    judgement: Judgement
    plan: Plan
    drawn: dict[str, Days]
    waits: Waits
    runs: int
    _own: dict[Unit, Days] = field(init=False, default_factory=dict)
    _done: dict[Unit, Closing] = field(init=False, default_factory=dict)
    _levels: dict[tuple[str, str], Levels] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Note on which days each planned part is delivered in full."""
        never = np.full(self.runs, np.inf)
        for delivery in self.plan.deliveries:
            for change in delivery.changes:
                days = self.drawn[delivery.name] if change.level == FULL_LEVEL else never
                units = change.categories or cell_units(
                    self.judgement, change.system, change.obligation
                )
                self._own.update({(change.system, change.obligation, c): days for c in units})

    def closing(self, unit: Unit) -> Closing:
        """Return when a part of a cell is in place, with what it waits for."""
        return self._closing(unit, ())

    def _closing(self, unit: Unit, path: tuple[Unit, ...]) -> Closing:
        if not path and unit in self._done:
            return self._done[unit]
        own, blocked, unknown = self._alone(unit, top=not path)
        days = own
        if unit[:2] in unknown or not np.all(np.isneginf(own)):
            for before in self._before(unit):
                if before in (*path, unit):  # a circle holds nothing up
                    continue
                earlier = self._closing(before, (*path, unit))
                days = np.maximum(days, earlier.days)
                blocked |= earlier.blocked
                unknown |= earlier.unknown
        found = Closing(days, frozenset(blocked), frozenset(unknown))
        if not path:
            self._done[unit] = found
        return found

    def _alone(
        self, unit: Unit, *, top: bool
    ) -> tuple[Days, set[tuple[str, str]], set[tuple[str, str]]]:
        """Return the days of a part by itself; ``top`` is the part asked for, not one before."""
        system, obligation, category = unit
        level = self._known(system, obligation).get(category)
        if level == FULL_LEVEL:
            return np.full(self.runs, -np.inf), set(), set()
        if unit in self._own:
            days = self._own[unit]
            stuck = not top and bool(np.all(np.isposinf(days)))
            return days, {unit[:2]} if stuck else set(), set()
        if level is None and not top:
            return np.full(self.runs, -np.inf), set(), {unit[:2]}
        return np.full(self.runs, np.inf), set() if top else {unit[:2]}, set()

    def _known(self, system: str, obligation: str) -> Levels:
        key = (system, obligation)
        if key not in self._levels:
            self._levels[key] = levels(self.judgement, system, obligation)
        return self._levels[key]

    def _before(self, unit: Unit) -> Iterator[Unit]:
        """Yield the parts that a part builds on: the same category where there is one."""
        if self.waits is Waits.NONE:
            return
        j, (system, obligation, category) = self.judgement, unit
        for name in j.catalogue.obligations[obligation].depends_on:
            for other in self._systems(system, name):
                units = cell_units(j, other, name)
                for letter in [category] if category in units else units:
                    yield other, name, letter

    def _systems(self, system: str, obligation: str) -> list[str]:
        j = self.judgement
        column = j.scored[:, j.obligation_index[obligation]]
        if self.waits is Waits.ALL:
            return [
                s.id for s, counts in zip(j.system_list, column.tolist(), strict=True) if counts
            ]
        return [system] if column[j.system_index[system]] else []
