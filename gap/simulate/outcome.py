"""One simulation: the judgement as it is and as it would be, side by side."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data.errors import InputError, Problem
from gap.applicability import Kind
from gap.compare import Comparison, compare
from gap.judgement import Judgement
from gap.roadmap import PlanVerdict, roadmap
from gap.schemes import Scheme
from gap.simulate.applying import assume, on_day
from gap.simulate.chances import Assumptions, Forecast, forecast
from gap.simulate.changes import Change
from gap.simulate.deadlines import Count, counts, pieces
from gap.simulate.plans import Delivery, Plan


@dataclass(frozen=True, slots=True)
class DateMove:
    """How the pieces of one date stand before and after."""

    due: dt.date
    before: Count | None
    after: Count | None


@dataclass(frozen=True, slots=True)
class Simulation:
    """What is assumed, what it moves, and the chances of the plan.

    Attributes:
        comparison: the same day without and with what is assumed.
        assumed: the assumed changes that count as in place.
        idle: those among them that move nothing, because the row does not apply to the system or
            waits for a national option that nobody has assumed.
        delivered: deliveries that count as in place, by their median day.
        dates: how much is met at each date, before and after.
        late: gaps whose plan misses its date or that are overdue, before and after.
        forecast: the chances, None without a plan.
    """

    comparison: Comparison
    assumed: tuple[Change, ...]
    idle: tuple[tuple[Change, Kind], ...]
    delivered: tuple[Delivery, ...]
    dates: tuple[DateMove, ...]
    late: tuple[int, int]
    forecast: Forecast | None


def simulate(
    judgement: Judgement,
    scheme: Scheme,
    changes: Sequence[Change],
    plan: Plan | None = None,
    assumptions: Assumptions | None = None,
    on: dt.date | None = None,
) -> Simulation:
    """Return what assumed changes and a plan would move; nothing given is altered.

    Args:
        judgement: the assessment as it is.
        scheme: how it is scored.
        changes: states taken for granted.
        plan: deliveries with dates or ranges; checked against this judgement.
        assumptions: how the plan is played through; needed with a plan.
        on: the day to look at. Deliveries whose median day has come count as in place; without a
            day all of them do, and the day is that of the judgement.

    Raises:
        InputError: the day lies before that of the judgement.
    """
    if on and on < judgement.as_of:
        raise InputError(
            Problem(f"{on} lies before the day of the analysis ({judgement.as_of})", "--on",
                    remedy="choose a later day, or set the day of the analysis with --as-of")
        )  # fmt: skip
    before = on_day(judgement, on or judgement.as_of)
    idle = _idle(changes, assume(before, changes))
    passive = [c for c, _ in idle]
    assumed = assume(before, [c for c in changes if c not in passive])
    delivered = tuple(d for d in plan.deliveries if _is_there(d, on)) if plan else ()
    after = assume(assumed, [c for d in delivered for c in d.changes])
    chances = None
    if plan and assumptions:
        chances = forecast(assumed, plan, assumptions)
    return Simulation(
        comparison=compare(before, after, scheme),
        assumed=tuple(changes),
        idle=idle,
        delivered=delivered,
        dates=_dates(before, after),
        late=(_late(before), _late(after)),
        forecast=chances,
    )


def _is_there(delivery: Delivery, on: dt.date | None) -> bool:
    median = float(delivery.when.days(np.array([0.5]))[0])
    return on is None or median <= on.toordinal()


def _idle(changes: Sequence[Change], assumed: Judgement) -> tuple[tuple[Change, Kind], ...]:
    kinds = [
        (c, assumed.kind(assumed.systems[c.system], assumed.catalogue.obligations[c.obligation]))
        for c in changes
    ]
    return tuple(
        (c, kind) for c, kind in kinds if kind in (Kind.NOT_APPLICABLE, Kind.AWAITS_OPTION)
    )


def _dates(before: Judgement, after: Judgement) -> tuple[DateMove, ...]:
    old, new = ({c.due: c for c in counts(pieces(j))} for j in (before, after))
    return tuple(DateMove(day, old.get(day), new.get(day)) for day in sorted({*old, *new}))


def _late(judgement: Judgement) -> int:
    missed = (PlanVerdict.LATE, PlanVerdict.OVERDUE)
    return sum(s.verdict in missed for s in roadmap(judgement).steps)
