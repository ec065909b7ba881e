"""Why a cell is what it is: every rule, every finding, what it gives, and what the dates are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from data.errors import InputError, Problem, did_you_mean
from data.loaders.assessments import Finding
from data.loaders.catalogue import Obligation
from data.loaders.systems import System
from gap.applicability import Kind, Verdict, cell_categories, due_dates, verdicts
from gap.judgement import Judgement
from gap.roadmap import PlanVerdict, Step, step_of
from gap.schemes import Scheme
from gap.scoring import units


@dataclass(frozen=True, slots=True)
class Due:
    """The EU date that binds for one category (empty for a row without categories)."""

    category: str
    date: dt.date


@dataclass(frozen=True, slots=True)
class Explanation:
    """One cell, told whole.

    ``unit`` is the most the cell gives in the scheme, ``value`` what it gives, ``open`` the part
    that nobody assessed; all three are None for a cell that does not count in the scheme.
    """

    system: System
    obligation: Obligation
    kind: Kind
    verdicts: tuple[Verdict, ...]
    categories: tuple[str, ...]
    findings: tuple[Finding, ...]
    unit: float | None
    value: float | None
    open: float | None
    due: tuple[Due, ...]
    step: Step | None
    scheme: Scheme

    @property
    def status(self) -> str:
        """The status of the cell: one of the closed set, or ``not-assessed``."""
        return cell_status(self.findings, self.categories)

    @property
    def plan_verdict(self) -> PlanVerdict | None:
        """What the plan means for the date, None when the cell is no gap."""
        return self.step.verdict if self.step else None


def cell_status(findings: Sequence[Finding], categories: Sequence[str]) -> str:
    """Return one status for a cell whose findings may differ by category.

    A cell is met only when every category of it is: what nobody assessed cannot be met.
    """
    found = {f.status for f in findings}
    if not found:
        return "not-assessed"
    spoken_of = {c for f in findings for c in (f.categories or categories)}
    if len(found) > 1 or (found == {"met"} and not set(categories) <= spoken_of):
        return "partial"
    return found.pop()


def explain(
    judgement: Judgement, system_id: str, obligation_id: str, scheme: Scheme
) -> Explanation:
    """Return why one cell is what it is.

    Raises:
        InputError: there is no such system or obligation.
    """
    system = judgement.systems.get(system_id)
    obligation = judgement.catalogue.obligations.get(obligation_id)
    unknown = []
    if not system:
        remedy = did_you_mean(system_id, judgement.systems, "ehds systems list")
        unknown.append(Problem(f"unknown system «{system_id}»", remedy=remedy))
    if not obligation:
        remedy = did_you_mean(obligation_id, judgement.catalogue.obligations, "ehds catalogue list")
        unknown.append(Problem(f"unknown obligation «{obligation_id}»", remedy=remedy))
    if unknown or not system or not obligation:
        raise InputError(unknown)
    categories = cell_categories(obligation, system)
    unit, value, open_part = _worth(judgement, system, obligation, scheme)
    return Explanation(
        system=system,
        obligation=obligation,
        kind=judgement.kind(system, obligation),
        verdicts=tuple(verdicts(obligation, system)),
        categories=categories,
        findings=tuple(judgement.by_cell.get((system_id, obligation_id), ())),
        unit=unit,
        value=value,
        open=open_part,
        due=tuple(Due(c, day) for c, day in due_dates(obligation, system, categories).items()),
        step=step_of(judgement, system_id, obligation_id),
        scheme=scheme,
    )


def _worth(
    judgement: Judgement, system: System, obligation: Obligation, scheme: Scheme
) -> tuple[float | None, float | None, float | None]:
    cells = judgement.cells
    here = cells[
        (cells["system"] == judgement.system_index[system.id])
        & (cells["obligation"] == judgement.obligation_index[obligation.id])
    ]
    counted = units(here, judgement, scheme)
    if counted.empty:
        return None, None, None
    row = counted.iloc[0]
    return float(row["unit"]), float(row["value"]), float(row["open"])
