"""The roadmap: gaps by the date that binds, by what depends on what, and by weight."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from data.loaders.assessments import Finding
from data.loaders.catalogue import Obligation
from data.loaders.structure import acts
from data.loaders.systems import System
from gap.applicability import Kind, cell_categories, due_dates
from gap.judgement import Judgement


class PlanVerdict(StrEnum):
    """What the present plan of a gap means for its date."""

    OVERDUE = "overdue"
    LATE = "late"
    NO_PLAN = "no-plan"
    PAST_PLAN = "past-plan"
    IN_TIME = "in-time"


@dataclass(frozen=True, slots=True)
class Step:
    """One gap: an obligation that a system is known not to meet in full.

    Attributes:
        due: the EU date that binds first for what is missing; in Norway it binds only after
            incorporation in the EEA Agreement.
        planned: the last day of the planned period, None without a plan.
        verdict: whether the plan keeps the date.
        depth: how many steps in this roadmap have to come first.
        after: the obligations among the gaps that this one builds on.
        waits_for: acts that are not adopted, so that only readiness can be judged.
    """

    system: System
    obligation: Obligation
    status: str
    level: int
    categories: tuple[str, ...]
    due: dt.date
    planned: dt.date | None
    planned_text: str
    verdict: PlanVerdict
    depth: int
    after: tuple[str, ...]
    waits_for: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Roadmap:
    """The steps in order, and how much is unassessed at each date."""

    as_of: dt.date
    steps: tuple[Step, ...]
    unassessed: Mapping[dt.date, int]

    def missed(self) -> tuple[Step, ...]:
        """Return the steps whose plan does not keep the date, or whose date has passed."""
        return tuple(s for s in self.steps if s.verdict in (PlanVerdict.LATE, PlanVerdict.OVERDUE))


def roadmap(judgement: Judgement) -> Roadmap:
    """Return the roadmap of a judgement on its day."""
    gaps = _gaps(judgement)
    gap_ids = {obligation.id for _, obligation, _ in gaps}
    steps = [_step(judgement, *gap, gap_ids) for gap in gaps]
    steps.sort(
        key=lambda s: (
            s.due, s.depth, -s.obligation.weight, s.level,
            judgement.obligation_index[s.obligation.id], judgement.system_index[s.system.id],
        )
    )  # fmt: skip
    return Roadmap(judgement.as_of, tuple(steps), _unassessed(judgement))


def step_of(judgement: Judgement, system_id: str, obligation_id: str) -> Step | None:
    """Return one step of the roadmap alone; None where the cell is no gap."""
    gaps = _gaps(judgement)
    gap_ids = {obligation.id for _, obligation, _ in gaps}
    here = (gap for gap in gaps if (gap[0].id, gap[1].id) == (system_id, obligation_id))
    found = next(here, None)
    return _step(judgement, *found, gap_ids) if found else None


def _gaps(judgement: Judgement) -> list[tuple[System, Obligation, list[Finding]]]:
    """Return the scored cells that somebody found not to be met in full, with what they found."""
    gaps = []
    for (system_id, obligation_id), findings in judgement.by_cell.items():
        system = judgement.systems[system_id]
        obligation = judgement.catalogue.obligations[obligation_id]
        missing = [f for f in findings if f.level is not None and f.status != "met"]
        if missing and judgement.kind(system, obligation) is Kind.SCORED:
            gaps.append((system, obligation, missing))
    return gaps


def _step(
    judgement: Judgement,
    system: System,
    obligation: Obligation,
    missing: list[Finding],
    gap_ids: set[str],
) -> Step:
    of_cell = cell_categories(obligation, system)
    named = {c for f in missing for c in (f.categories or of_cell)}
    categories = tuple(c for c in of_cell if c in named)
    due = min(due_dates(obligation, system, categories).values())
    plans = [f for f in missing if f.planned_date]
    latest = max(plans, key=lambda f: f.planned or dt.date.min, default=None)
    planned = latest.planned if latest else None
    order = _chain(obligation.id, judgement.catalogue.obligations, gap_ids)
    return Step(
        system=system,
        obligation=obligation,
        status="not-met" if all(f.status == "not-met" for f in missing) else "partial",
        level=min(f.level for f in missing if f.level is not None),
        categories=categories,
        due=due,
        planned=planned,
        planned_text=latest.planned_date if latest else "",
        verdict=_verdict(due, planned, judgement.as_of),
        depth=len(order),
        after=tuple(o for o in obligation.depends_on if o in gap_ids),
        waits_for=tuple(a for a in obligation.waits_for if acts()[a]["status"] != "adopted"),
        findings=tuple(missing),
    )


def _verdict(due: dt.date, planned: dt.date | None, as_of: dt.date) -> PlanVerdict:
    """A plan whose day has passed without the gap being closed is no plan any more."""
    if due < as_of:
        return PlanVerdict.OVERDUE
    if planned is None:
        return PlanVerdict.NO_PLAN
    if planned > due:
        return PlanVerdict.LATE
    return PlanVerdict.PAST_PLAN if planned < as_of else PlanVerdict.IN_TIME


def _chain(start: str, obligations: Mapping[str, Obligation], gap_ids: set[str]) -> frozenset[str]:
    """Return all gaps that have to be closed before this one."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for before in obligations[waiting.pop()].depends_on:
            if before not in found:
                found.add(before)
                waiting.append(before)
    return frozenset(found & gap_ids) - {start}


def _unassessed(judgement: Judgement) -> dict[dt.date, int]:
    """Count the cells that nobody has assessed in full, by the date that binds first."""
    counts: dict[dt.date, int] = {}
    open_cells = judgement.cells[judgement.cells["assessed"] < 1 - 1e-9]
    for s, o in zip(open_cells["system"], open_cells["obligation"], strict=True):
        system, obligation = judgement.system_list[s], judgement.obligations[o]
        categories = cell_categories(obligation, system)
        due = min(due_dates(obligation, system, categories).values())
        counts[due] = counts.get(due, 0) + 1
    return dict(sorted(counts.items()))
