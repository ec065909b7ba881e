"""A judgement: catalogue x systems x findings, as one frame of cells with everything counted.

A cell is one obligation for one system. It counts once; where it speaks of n priority categories,
each category is 1/n of it, so that a finding on some categories assesses just that part.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.loaders.assessments import Assessment, Finding
from data.loaders.catalogue import Catalogue, Obligation
from data.loaders.codes import closed_sets
from data.loaders.systems import System
from gap.applicability import Kind, cell_categories, kind, mask, matrix

FULL_LEVEL = 3


@dataclass(frozen=True)
class Judgement:
    """Everything that scoring, roadmap, comparison and reports start from.

    ``as_of`` hides findings of a later date; ``later`` holds those hidden.
    """

    catalogue: Catalogue
    systems: Mapping[str, System]
    assessment: Assessment
    as_of: dt.date

    @cached_property
    def obligations(self) -> tuple[Obligation, ...]:
        """The obligations in the order of the catalogue."""
        return tuple(self.catalogue.obligations.values())

    @cached_property
    def system_list(self) -> tuple[System, ...]:
        """The systems in the order of the table."""
        return tuple(self.systems.values())

    @cached_property
    def findings(self) -> Sequence[Finding]:
        """The findings that count on the day."""
        return tuple(f for f in self.assessment.findings if f.date <= self.as_of)

    @cached_property
    def later(self) -> Sequence[Finding]:
        """The findings that are younger than the day, and so left out."""
        return tuple(f for f in self.assessment.findings if f.date > self.as_of)

    @cached_property
    def options_used(self) -> frozenset[str]:
        """The national options that a finding says are used."""
        return frozenset(f.obligation for f in self.findings if f.status == "used")

    @cached_property
    def conditions(self) -> NDArray[np.bool_]:
        """Which cells meet all conditions of applicability (systems, obligations)."""
        return matrix(self.obligations, self.system_list)

    @cached_property
    def by_cell(self) -> Mapping[tuple[str, str], list[Finding]]:
        """The findings of each cell, by (system, obligation)."""
        found: dict[tuple[str, str], list[Finding]] = {}
        for finding in self.findings:
            found.setdefault((finding.system, finding.obligation), []).append(finding)
        return found

    def kind(self, system: System, obligation: Obligation) -> Kind:
        """Return what a cell is to the score."""
        s = self.system_index[system.id]
        o = self.obligation_index[obligation.id]
        return kind(obligation, bool(self.conditions[s, o]), self.options_used)

    @cached_property
    def system_index(self) -> Mapping[str, int]:
        """The row of each system in ``conditions``."""
        return {s.id: i for i, s in enumerate(self.system_list)}

    @cached_property
    def obligation_index(self) -> Mapping[str, int]:
        """The column of each obligation in ``conditions``."""
        return {o.id: i for i, o in enumerate(self.obligations)}

    @cached_property
    def scored(self) -> NDArray[np.bool_]:
        """Which cells are scored (systems, obligations)."""
        counts = np.array(
            [
                o.binding and (not o.if_option or o.if_option in self.options_used)
                for o in self.obligations
            ]
        )
        result: NDArray[np.bool_] = self.conditions & counts[None, :]
        return result

    @cached_property
    def supporting(self) -> Sequence[Finding]:
        """Findings on cells that do not apply: a system that contributes to another's duty.

        They are shown beside the obligation and never scored.
        """
        return tuple(f for f in self.findings if self._kind_of(f) is Kind.NOT_APPLICABLE)

    @cached_property
    def waiting(self) -> Sequence[Finding]:
        """Findings on rows that apply only when a national option is used; shown, not scored."""
        return tuple(f for f in self.findings if self._kind_of(f) is Kind.AWAITS_OPTION)

    @cached_property
    def unplaced(self) -> Sequence[Finding]:
        """Findings on a row that applies, but for categories that the cell does not have.

        They cannot be counted; they are shown so that the assessment can be put right.
        """
        return tuple(
            f
            for f in self.findings
            if self._kind_of(f) is Kind.SCORED
            and not set(f.categories)
            <= set(
                cell_categories(self.catalogue.obligations[f.obligation], self.systems[f.system])
            )
        )

    def _kind_of(self, finding: Finding) -> Kind:
        return self.kind(
            self.systems[finding.system], self.catalogue.obligations[finding.obligation]
        )

    @cached_property
    def unallocated(self) -> Sequence[Obligation]:
        """Binding obligations that no system in the table answers for."""
        covered: NDArray[np.bool_] = np.any(self.conditions, axis=0)
        return tuple(
            o
            for o, c in zip(self.obligations, covered.tolist(), strict=True)
            if o.binding and not c
        )

    @cached_property
    def cells(self) -> pd.DataFrame:
        """One row for each scored cell.

        Columns: ``system`` and ``obligation`` (indices), ``n_categories``, ``assessed``, ``met``,
        ``partial``, ``level`` (shares of the cell, 0 to 1), ``categories`` (mask).
        """
        s_index, o_index = np.nonzero(self.scored)
        o_masks = np.array([mask("category", o.categories) for o in self.obligations])
        s_masks = np.array([mask("category", s.categories) for s in self.system_list])
        categories = o_masks[o_index] & s_masks[s_index]
        frame = pd.DataFrame(
            {
                "system": s_index,
                "obligation": o_index,
                "categories": categories,
                "n_categories": np.maximum(1, np.bitwise_count(categories)),
                "assessed": 0.0,
                "met": 0.0,
                "partial": 0.0,
                "level": 0.0,
            }
        )
        position = np.full(self.scored.shape, -1, dtype=np.int64)
        position[s_index, o_index] = np.arange(len(frame))
        self._add_findings(frame, position)
        return frame

    def _add_findings(self, frame: pd.DataFrame, position: NDArray[np.int64]) -> None:
        n_categories = frame["n_categories"].to_numpy()
        has = frame["categories"].to_numpy()
        shares = {name: np.zeros(len(frame)) for name in ("assessed", "met", "partial", "level")}
        for finding in self.findings:
            row = position[
                self.system_index[finding.system], self.obligation_index[finding.obligation]
            ]
            if row < 0 or finding.level is None:
                continue
            share = 1.0
            if finding.categories:
                covered = int(has[row]) & mask("category", finding.categories)
                share = covered.bit_count() / int(n_categories[row])
            shares["assessed"][row] += share
            shares["met"][row] += share * (finding.status == "met")
            shares["partial"][row] += share * (finding.status == "partial")
            shares["level"][row] += share * finding.level / FULL_LEVEL
        for name, values in shares.items():
            frame[name] = values

    @cached_property
    def by_category(self) -> pd.DataFrame:
        """The scored cells that speak of categories, one row for each of their categories.

        The same columns as ``cells``, and ``category``; here each category counts in full.
        """
        pieces = []
        for bit, code in enumerate(closed_sets()["category"]):
            here = self.cells[(self.cells["categories"].to_numpy() >> bit) & 1 == 1].copy()
            here["category"] = code
            pieces.append(here)
        frame: pd.DataFrame = pd.concat(pieces, ignore_index=True)
        frame[["assessed", "met", "partial", "level"]] = 0.0
        self._spread(frame)
        return frame

    def _spread(self, frame: pd.DataFrame) -> None:
        codes = list(closed_sets()["category"])
        position = np.full((len(codes), *self.scored.shape), -1, dtype=np.int64)
        at = frame["category"].map({code: i for i, code in enumerate(codes)}).to_numpy(dtype=int)
        position[at, frame["system"], frame["obligation"]] = np.arange(len(frame))
        shares = {name: np.zeros(len(frame)) for name in ("assessed", "met", "partial", "level")}
        for finding in self.findings:
            if finding.level is None:
                continue
            s, o = self.system_index[finding.system], self.obligation_index[finding.obligation]
            for i, code in enumerate(codes):
                row = position[i, s, o]
                if row < 0 or (finding.categories and code not in finding.categories):
                    continue
                shares["assessed"][row] = 1.0
                shares["met"][row] = float(finding.status == "met")
                shares["partial"][row] = float(finding.status == "partial")
                shares["level"][row] = finding.level / FULL_LEVEL
        for name, values in shares.items():
            frame[name] = values
