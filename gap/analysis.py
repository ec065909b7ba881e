"""One computation that terminal, JSON, workbook and page all show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from data.loaders.assessments import Finding
from data.loaders.catalogue import Obligation
from data.loaders.systems import System
from gap.applicability import Kind, cell_categories, due_dates
from gap.explain import cell_status
from gap.judgement import Judgement
from gap.roadmap import Roadmap, roadmap
from gap.rollup import heat_map, rollups
from gap.schemes import Scheme
from gap.scoring import Figure, units

STALE_AFTER_DAYS = 730
"""Evidence older than this on the day of the analysis is shown as old (proposal, not law)."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One scored cell with what it is worth in the scheme, as reports list it."""

    system: System
    obligation: Obligation
    categories: tuple[str, ...]
    findings: tuple[Finding, ...]
    status: str
    assessed: float
    met: float
    partial: float
    level: float
    unit: float | None
    value: float | None
    gate_failed: bool
    gate_open: bool
    due: dt.date
    due_last: dt.date


@dataclass(frozen=True)
class Analysis:
    """A judgement scored by a scheme, with its roll-ups, heat map and roadmap."""

    judgement: Judgement
    scheme: Scheme

    @cached_property
    def rollups(self) -> Mapping[str, list[Figure]]:
        """Every roll-up of the scheme by name."""
        return rollups(self.judgement, self.scheme)

    @cached_property
    def national(self) -> Figure | None:
        """The figure of everything, None when no cell counts."""
        return next(iter(self.rollups["national"]), None)

    @cached_property
    def heat(self) -> Mapping[tuple[str, str], Figure]:
        """The figure of each system in each chapter and annex."""
        return heat_map(self.judgement, self.scheme)

    @cached_property
    def roadmap(self) -> Roadmap:
        """The gaps in order."""
        return roadmap(self.judgement)

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """All scored cells, ordered by system and obligation."""
        j = self.judgement
        frame = j.cells
        counted = units(frame, j, self.scheme)[["unit", "value"]]
        worth = dict(zip(counted.index, counted.itertuples(index=False, name=None), strict=True))
        found = []
        for index, row in zip(frame.index, frame.to_dict("records"), strict=True):
            system, obligation = j.system_list[row["system"]], j.obligations[row["obligation"]]
            findings = tuple(j.by_cell.get((system.id, obligation.id), ()))
            categories = cell_categories(obligation, system)
            dates = due_dates(obligation, system, categories).values()
            unit, value = worth.get(index, (None, None))
            found.append(
                Cell(
                    system=system,
                    obligation=obligation,
                    categories=categories,
                    findings=findings,
                    status=cell_status(findings, categories),
                    assessed=float(row["assessed"]),
                    met=float(row["met"]),
                    partial=float(row["partial"]),
                    level=float(row["level"]),
                    unit=unit,
                    value=value,
                    gate_failed=obligation.gate and row["assessed"] - row["met"] > 1e-9,
                    gate_open=obligation.gate and row["assessed"] < 1 - 1e-9,
                    due=min(dates),
                    due_last=max(dates),
                )
            )
        return tuple(found)

    @cached_property
    def options(self) -> tuple[tuple[Obligation, tuple[Finding, ...]], ...]:
        """The national options with what the findings say of them."""
        j = self.judgement
        by_obligation: dict[str, list[Finding]] = {}
        for finding in j.findings:
            by_obligation.setdefault(finding.obligation, []).append(finding)
        return tuple(
            (o, tuple(by_obligation.get(o.id, ()))) for o in j.obligations if o.modality == "O"
        )

    @cached_property
    def external(self) -> tuple[Obligation, ...]:
        """The tasks of the Commission: external dependencies, never scored."""
        return tuple(o for o in self.judgement.obligations if o.modality == "C")

    @cached_property
    def awaiting(self) -> tuple[Obligation, ...]:
        """Binding rows that apply only when a national option is used, and it is not (yet)."""
        used = self.judgement.options_used
        return tuple(
            o for o in self.judgement.obligations
            if o.binding and o.if_option and o.if_option not in used
        )  # fmt: skip

    @cached_property
    def stale(self) -> tuple[Finding, ...]:
        """Findings whose evidence is old on the day."""
        j = self.judgement
        return tuple(f for f in j.findings if (j.as_of - f.date).days > STALE_AFTER_DAYS)

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """How many rows of each modality, systems, cells and findings there are."""
        j = self.judgement
        binding = sum(o.binding for o in j.obligations)
        return {
            "obligations": len(j.obligations),
            "binding": binding,
            "options": sum(o.modality == "O" for o in j.obligations),
            "external": len(self.external),
            "other": sum(o.modality in "LN" for o in j.obligations),
            "systems": len(j.system_list),
            "cells": len(j.cells),
            "findings": len(j.findings),
            "findings_later": len(j.later),
            "supporting": len(j.supporting),
            "waiting": len(j.waiting),
            "unplaced": len(j.unplaced),
            "unallocated": len(j.unallocated),
            "awaiting": len(self.awaiting),
            "touched": len(
                {f.obligation for f in j.findings} & {o.id for o in j.obligations if o.binding}
            ),
            "stale": len(self.stale),
        }

    def worst(self, how_many: int) -> list[Cell]:
        """Return the gravest known gaps: lowest level, then gates, weight and date."""
        gaps = [c for c in self.cells if c.findings and c.status != "met"]
        gaps.sort(
            key=lambda c: (c.level, not c.gate_failed, -c.obligation.weight, c.due,
                           c.system.region != "national",
                           self.judgement.obligation_index[c.obligation.id])
        )  # fmt: skip
        return gaps[:how_many]

    def kind(self, system: System, obligation: Obligation) -> Kind:
        """Return what a cell is to the score."""
        return self.judgement.kind(system, obligation)
