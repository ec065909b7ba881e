"""The chance that dates are kept: the plan played through many times, with a seed."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from gap.judgement import Judgement
from gap.simulate.changes import units_of
from gap.simulate.deadlines import Piece, State, pieces
from gap.simulate.distributions import Days
from gap.simulate.plans import Delivery, Plan
from gap.simulate.waiting import Closing, Network, Waits

Kept = NDArray[np.bool_]
_NORMAL = NormalDist()
_Z95 = _NORMAL.inv_cdf(0.975)
_LEAST = 2.0**-53
"""The smallest share drawn: the normal distribution has no value at 0."""


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Everything a forecast rests on beside the plan.

    ``correlation`` is 0 when deliveries are late or early each for itself, and 1 when they all are
    together; between, a normal copula carries the common part.
    """

    runs: int
    seed: int
    correlation: float
    waits: Waits


@dataclass(frozen=True, slots=True)
class Chance:
    """A share of runs, with how exactly that many runs can tell it."""

    hits: int
    runs: int

    @property
    def share(self) -> float:
        """The share of runs, 0 to 1."""
        return self.hits / self.runs

    @property
    def standard_error(self) -> float:
        """The standard error of the share."""
        return math.sqrt(self.share * (1 - self.share) / self.runs)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the share after Wilson; sound at 0 and 1 too."""
        n, p, z = self.runs, self.share, _Z95
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True, slots=True)
class DueForecast:
    """What a delivery does for one date.

    ``in_time`` is the chance that all of its parts due then are in place by then;
    ``blocked`` and ``unknown`` are cells that they wait for: known gaps without a delivery, and
    cells that nobody has assessed (the chance is then the most it can be).
    """

    due: dt.date
    pieces: int
    in_time: Chance
    blocked: tuple[tuple[str, str], ...]
    unknown: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class DeliveryForecast:
    """One delivery: the days by which it comes with 10, 50 and 90 %, and its dates."""

    delivery: Delivery
    days: tuple[dt.date, dt.date, dt.date]
    due: tuple[DueForecast, ...]


@dataclass(frozen=True, slots=True)
class DeadlineForecast:
    """One date, for one system or for all (``system`` empty).

    Attributes:
        met: pieces in place today.
        planned: pieces that the plan brings to the full level.
        unplanned: known gaps that no delivery closes.
        open: pieces that nobody has assessed and no delivery brings.
        in_time: the chance that every planned piece is in place by the date.
        expected: how many planned pieces are in place by the date, on average.
        spread: the same with 10 and 90 % of the runs at or below.
        whole: the chance that the date is met as a whole; None where what nobody has assessed
            leaves it open, and then ``in_time`` is the most it can be.
    """

    due: dt.date
    system: str
    met: int
    planned: int
    unplanned: int
    open: int
    in_time: Chance
    expected: float
    spread: tuple[int, int]
    whole: Chance | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """The chances of a plan under its assumptions."""

    plan: Plan
    assumptions: Assumptions
    deliveries: tuple[DeliveryForecast, ...]
    deadlines: tuple[DeadlineForecast, ...]


def forecast(judgement: Judgement, plan: Plan, assumptions: Assumptions) -> Forecast:
    """Play a plan through and count in how many runs each date is kept.

    The same seed gives the same result. Each delivery draws from a stream of its own, named by
    seed and delivery: adding one to a plan leaves the draws of the others as they were.
    """
    drawn = draw(plan, assumptions)
    network = Network(judgement, plan, drawn, assumptions.waits, assumptions.runs)
    own = {
        (c.system, c.obligation, unit)
        for d in plan.deliveries if d.closes for c in d.changes for unit in units_of(c, judgement)
    }  # fmt: skip
    found = [(p, _is_planned(p, own, judgement)) for p in pieces(judgement)]
    named = {c.system for d in plan.deliveries for c in d.changes}
    groups = [("", found)] + [
        (s, [f for f in found if f[0].system == s]) for s in judgement.systems if s in named
    ]
    return Forecast(
        plan,
        assumptions,
        tuple(_of_delivery(d, found, network, drawn[d.name]) for d in plan.deliveries),
        tuple(
            _of_deadline(due, system, [f for f in group if f[0].due == due], network)
            for system, group in groups
            for due in sorted({p.due for p, planned in group if planned})
        ),
    )


def draw(plan: Plan, assumptions: Assumptions) -> dict[str, Days]:
    """Return the days of each delivery, one a run."""
    runs, rho = assumptions.runs, assumptions.correlation
    common = _shares(f"{assumptions.seed}", runs)
    drawn = {}
    for delivery in plan.deliveries:
        shares = common if rho == 1 else _shares(f"{assumptions.seed}/{delivery.name}", runs)
        if 0 < rho < 1:
            shares = _mixed(common, shares, rho)
        drawn[delivery.name] = delivery.when.days(shares)
    return drawn


def _shares(stream: str, runs: int) -> Days:
    # The generator of the standard library promises the same numbers in every version.
    source = random.Random(stream)  # noqa: S311 - chance, not secrecy
    return np.array([max(source.random(), _LEAST) for _ in range(runs)])


def _mixed(common: Days, own: Days, rho: float) -> Days:
    """Return shares that are correlated through a normal copula."""
    a, b = math.sqrt(rho), math.sqrt(1 - rho)
    inverse, cumulated = _NORMAL.inv_cdf, _NORMAL.cdf
    pairs = zip(common.tolist(), own.tolist(), strict=True)
    return np.array([cumulated(a * inverse(x) + b * inverse(y)) for x, y in pairs])


def _is_planned(piece: Piece, own: set[tuple[str, str, str]], judgement: Judgement) -> bool:
    """A piece is planned when deliveries bring all of it that is not in place."""
    if piece.state is State.MET:
        return False
    in_place = {
        c for f in judgement.by_cell.get((piece.system, piece.obligation), ())
        if f.status == "met" for c in (f.categories or piece.units)
    }  # fmt: skip
    units = [c for c in piece.units if c not in in_place]
    return all((piece.system, piece.obligation, c) in own for c in units)


def _in_time(piece: Piece, network: Network) -> tuple[Kept, list[Closing]]:
    closings = [network.closing((piece.system, piece.obligation, c)) for c in piece.units]
    day = piece.due.toordinal()
    return np.all([c.days <= day for c in closings], axis=0), closings


def _of_delivery(
    delivery: Delivery, found: Sequence[tuple[Piece, bool]], network: Network, drawn: Days
) -> DeliveryForecast:
    units = {
        (c.system, c.obligation, u)
        for c in delivery.changes for u in units_of(c, network.judgement)
    }  # fmt: skip
    cells = {unit[:2] for unit in units}
    mine = [
        Piece(p.system, p.obligation, p.due, tuple(touched), p.state)
        for p, _ in found if (p.system, p.obligation) in cells
        and (touched := [u for u in p.units if (p.system, p.obligation, u) in units])
    ]  # fmt: skip
    due = []
    for day in sorted({p.due for p in mine}):
        here = [_in_time(p, network) for p in mine if p.due == day]
        closings = [c for _, many in here for c in many]
        due.append(
            DueForecast(day, len(here), _chance(kept for kept, _ in here),
                        _named(c.blocked for c in closings), _named(c.unknown for c in closings))
        )  # fmt: skip
    ordered = np.sort(drawn)
    at = [ordered[math.ceil(share * len(ordered)) - 1] for share in (0.1, 0.5, 0.9)]
    first, middle, last = (dt.date.fromordinal(math.ceil(day)) for day in at)
    return DeliveryForecast(delivery, (first, middle, last), tuple(due))


def _of_deadline(
    due: dt.date, system: str, found: Sequence[tuple[Piece, bool]], network: Network
) -> DeadlineForecast:
    kept = [_in_time(p, network)[0] for p, planned in found if planned]
    per_run = np.sort(np.sum(kept, axis=0))
    rest = [p.state for p, planned in found if not planned]
    gaps, unknown = rest.count(State.GAP), rest.count(State.OPEN)
    runs = network.runs
    in_time = _chance(kept)
    whole = Chance(0, runs) if gaps else None if unknown else in_time
    return DeadlineForecast(
        due=due,
        system=system,
        met=rest.count(State.MET),
        planned=len(kept),
        unplanned=gaps,
        open=unknown,
        in_time=in_time,
        expected=float(per_run.mean()),
        spread=(int(per_run[math.ceil(0.1 * runs) - 1]), int(per_run[math.ceil(0.9 * runs) - 1])),
        whole=whole,
    )


def _chance(kept: Iterable[Kept]) -> Chance:
    whole = np.all(list(kept), axis=0)
    return Chance(int(np.count_nonzero(whole)), len(whole))


def _named(many: Iterable[frozenset[tuple[str, str]]]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(set().union(*many)))
