"""A region: its systems, its plans against the dates, and its three worst risks."""

from __future__ import annotations

from dataclasses import dataclass

from data.errors import InputError, Problem
from data.loaders.codes import closed_sets
from data.loaders.systems import System
from gap.analysis import Analysis, Cell
from gap.roadmap import PlanVerdict, Step

RISKS = 3
_GRAVE = (PlanVerdict.OVERDUE, PlanVerdict.LATE, PlanVerdict.PAST_PLAN, PlanVerdict.NO_PLAN,
          PlanVerdict.IN_TIME)  # fmt: skip
"""The verdicts on a plan, the gravest first."""


@dataclass(frozen=True, slots=True)
class SystemLine:
    """One system: the duties that apply, those that somebody has assessed, and the known gaps."""

    system: System
    cells: int
    assessed: int
    gaps: int
    worst: PlanVerdict | None


@dataclass(frozen=True)
class RegionReadiness:
    """What is known of the systems of a region."""

    region: str
    systems: tuple[SystemLine, ...]
    steps: tuple[Step, ...]

    @property
    def cells(self) -> int:
        """How many duties apply to the systems of the region."""
        return sum(s.cells for s in self.systems)

    @property
    def unassessed(self) -> int:
        """How many of them nobody has assessed at all."""
        return self.cells - sum(s.assessed for s in self.systems)

    @property
    def risks(self) -> tuple[Step, ...]:
        """The three worst known gaps: by plan, then level, gate, weight and date.

        A gap whose plan keeps the date is no risk. What nobody has assessed cannot be ranked; its
        number stands beside the risks.
        """
        at_risk = [s for s in self.steps if s.verdict is not PlanVerdict.IN_TIME]
        at_risk.sort(key=lambda s: (_GRAVE.index(s.verdict), s.level, not s.obligation.gate,
                                    -s.obligation.weight, s.due))  # fmt: skip
        return tuple(at_risk[:RISKS])


def region(analysis: Analysis, code: str) -> RegionReadiness:
    """Return the readiness of a region.

    Raises:
        InputError: there is no such region, or none of the systems belongs to it.
    """
    found = [s for s in analysis.judgement.system_list if s.region == code]
    if not found:
        raise InputError(
            Problem(f"no system belongs to a region «{code}»", "--region",
                    remedy=f"choose one of: {', '.join(closed_sets()['region'])}")
        )  # fmt: skip
    steps = tuple(s for s in analysis.roadmap.steps if s.system.region == code)
    cells: dict[str, list[Cell]] = {}
    for cell in analysis.cells:
        cells.setdefault(cell.system.id, []).append(cell)
    return RegionReadiness(code, tuple(_line(s, cells.get(s.id, []), steps) for s in found), steps)


def _line(system: System, cells: list[Cell], steps: tuple[Step, ...]) -> SystemLine:
    own = [s for s in steps if s.system is system]
    return SystemLine(
        system=system,
        cells=len(cells),
        assessed=sum(c.assessed > 0 for c in cells),
        gaps=len(own),
        worst=min((s.verdict for s in own), key=_GRAVE.index, default=None),
    )
