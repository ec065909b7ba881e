"""What a page is about (everything, a region, a system), and what the analysis says of it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from data.loaders.assessments import Finding
from data.loaders.codes import closed_sets
from data.loaders.systems import System
from gap.analysis import Analysis, Cell
from gap.roadmap import Step
from gap.scoring import Figure, figures, units

_WHOLE = 1 - 1e-9


@dataclass(frozen=True)
class View:
    """One part of an analysis, as a page shows it.

    Attributes:
        systems: the systems it is about, in the order of the table.
        figure: the figure of their cells, None when none counts in the scheme.
        gaps: the known gaps, the gravest first.
        steps: the gaps of the roadmap in order.
        cells: the scored cells.
        findings: what was found, contributions to the duties of others among them.
    """

    systems: tuple[System, ...]
    figure: Figure | None
    gaps: Sequence[Cell]
    steps: Sequence[Step]
    cells: Sequence[Cell]
    findings: Sequence[Finding]

    @cached_property
    def unassessed(self) -> Mapping[dt.date, int]:
        """How many cells are not assessed in full, by the date that binds first."""
        counted = Counter(c.due for c in self.cells if c.assessed < _WHOLE)
        return dict(sorted(counted.items()))


class Index:
    """The views of one analysis, each computed when it is asked for."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis

    @cached_property
    def _gaps(self) -> Sequence[Cell]:
        return self.analysis.worst(len(self.analysis.cells))

    @cached_property
    def _by_system(self) -> Mapping[str, Figure]:
        return self._figures("id")

    @cached_property
    def _by_region(self) -> Mapping[str, Figure]:
        return self._figures("region")

    def _figures(self, field: str) -> Mapping[str, Figure]:
        """Return the figures by a field of the systems; a scheme need not list them itself."""
        j, scheme = self.analysis.judgement, self.analysis.scheme
        counted = units(j.cells, j, scheme)
        keys = np.array([getattr(s, field) for s in j.system_list])[counted["system"].to_numpy()]
        return {figure.key: figure for figure in figures(counted, keys, scheme)}

    @cached_property
    def _cells(self) -> Mapping[str, Sequence[Cell]]:
        found: dict[str, list[Cell]] = {}
        for cell in self.analysis.cells:
            found.setdefault(cell.system.id, []).append(cell)
        return found

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """The regions that have systems, in the order of the closed set."""
        used = {s.region for s in self.analysis.judgement.system_list}
        return tuple(code for code in closed_sets()["region"] if code in used)

    @cached_property
    def national(self) -> View:
        """Everything."""
        return self._view(self.analysis.judgement.system_list, self.analysis.national)

    def region(self, region: str) -> View:
        """Return the systems of a region; national services are not among them."""
        systems = tuple(s for s in self.analysis.judgement.system_list if s.region == region)
        return self._view(systems, self._by_region.get(region))

    def system(self, system: System) -> View:
        """Return one system."""
        return self._view((system,), self._by_system.get(system.id))

    def _view(self, systems: tuple[System, ...], figure: Figure | None) -> View:
        ids = {s.id for s in systems}
        return View(
            systems, figure,
            [c for c in self._gaps if c.system.id in ids],
            [s for s in self.analysis.roadmap.steps if s.system.id in ids],
            [c for s in systems for c in self._cells.get(s.id, ())],
            [f for f in self.analysis.judgement.findings if f.system in ids],
        )  # fmt: skip
