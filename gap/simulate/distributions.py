"""Delivery dates as ranges: from a share of probability to a day, for each named distribution."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.float64]
_GRID = 4001
"""Points of the table of the PERT distribution: a three-year range is read to within a day."""
_PERT_SHAPE = 4.0
"""The weight of the likely date in a PERT distribution, as in its classic form."""


class Distribution(StrEnum):
    """How probability lies between the first and the last possible day."""

    FIXED = "fixed"
    UNIFORM = "uniform"
    TRIANGULAR = "triangular"
    PERT = "pert"


@dataclass(frozen=True, slots=True)
class When:
    """A delivery date; ``low``, ``likely`` and ``high`` are one day for a fixed date."""

    distribution: Distribution
    low: dt.date
    likely: dt.date
    high: dt.date

    def days(self, shares: Days) -> Days:
        """Return the ordinal of the day for each share of probability (0 to 1).

        A share of 0 is the first possible day, 1 the last; larger shares give later days.
        """
        low, span = self.low.toordinal(), (self.high - self.low).days
        if self.distribution is Distribution.FIXED or span == 0:
            return np.full(shares.shape, float(self.high.toordinal()))
        mode = (self.likely - self.low).days / span
        part: Days = shares
        if self.distribution is Distribution.TRIANGULAR:
            part = _triangular(shares, mode)
        elif self.distribution is Distribution.PERT:
            part = _pert(shares, mode)
        return low + span * part


def _triangular(shares: Days, mode: float) -> Days:
    rising = np.sqrt(shares * mode)
    falling = 1 - np.sqrt((1 - shares) * (1 - mode))
    chosen: Days = np.where(shares < mode, rising, falling)
    return chosen


def _pert(shares: Days, mode: float) -> Days:
    grid, cumulated = _pert_table(mode)
    found: Days = np.interp(shares, cumulated, grid)
    return found


@cache
def _pert_table(mode: float) -> tuple[Days, Days]:
    """Return the beta distribution of PERT over 0 to 1 as points and cumulated probability."""
    grid = np.linspace(0, 1, _GRID)
    rise, fall = _PERT_SHAPE * mode, _PERT_SHAPE * (1 - mode)
    density = grid**rise * (1 - grid) ** fall
    cumulated = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
    return grid, cumulated / cumulated[-1]
