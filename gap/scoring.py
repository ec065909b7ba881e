"""Figures: every one is a band from «all unassessed fail» to «all unassessed pass»."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gap.judgement import FULL_LEVEL, Judgement
from gap.schemes import Scheme

_DUST = 1e-9


@dataclass(frozen=True, slots=True)
class Figure:
    """The score of one group of cells.

    Attributes:
        key: the group, for example a chapter or a system.
        cells: how many cells the group has; the denominator before weights.
        assessed: how many of them are assessed (a part of a cell is a fraction).
        met: how many are met in full.
        partial: how many are partly met.
        share_assessed: assessed divided by cells, 0 to 1.
        low: the score if everything unassessed failed, 0 to 1.
        point: the score over what is assessed, 0 to 1; None when nothing is.
        high: the score if everything unassessed passed, 0 to 1.
        level: mean level (0 to 3) over what is assessed, without weights; None when nothing is.
        gates_failed: assessed gate cells that are not fully met; they cap the group.
        gates_open: gate cells that are not assessed.
        capped: whether the cap changed ``point`` or ``high``.
    """

    key: str
    cells: int
    assessed: float
    met: float
    partial: float
    share_assessed: float
    low: float
    point: float | None
    high: float
    level: float | None
    gates_failed: int
    gates_open: int
    capped: bool

    @property
    def not_assessed(self) -> float:
        """How many cells nobody has assessed."""
        return self.cells - self.assessed

    @property
    def not_met(self) -> float:
        """How many assessed cells are not met at all."""
        return self.assessed - self.met - self.partial

    def to_dict(self) -> dict[str, Any]:
        """Return the figure as plain data for JSON."""
        return asdict(self)


def units(frame: pd.DataFrame, judgement: Judgement, scheme: Scheme) -> pd.DataFrame:
    """Return the cells that count in a scheme, with what each is worth.

    Adds ``unit`` (the most a cell can give), ``open`` (the part of it nobody assessed), ``value``
    (what it gives), ``gate_failed`` and ``gate_open``.
    """
    o = frame["obligation"].to_numpy()
    obligations = judgement.obligations
    if scheme.rows == "with-role":
        chosen = np.array([bool(x.roles) for x in obligations])[o]
        frame, o = frame[chosen], o[chosen]
    weights = np.array([x.weight if scheme.weighted else 1 for x in obligations], dtype=float)[o]
    gates = np.array([x.gate for x in obligations])[o]
    assessed = frame["assessed"].to_numpy()
    return frame.assign(
        unit=weights,
        open=weights * (1 - assessed),
        value=weights * frame[scheme.value].to_numpy(),
        gate_failed=gates & (assessed - frame["met"].to_numpy() > _DUST),
        gate_open=gates & (1 - assessed > _DUST),
    )


_SUMS = ["unit", "open", "value", "assessed", "met", "partial", "level", "gate_failed",
         "gate_open"]  # fmt: skip


def figures(counted: pd.DataFrame, keys: pd.Series | NDArray[Any], scheme: Scheme) -> list[Figure]:
    """Return one figure a group.

    Args:
        counted: cells as ``units`` returns them.
        keys: the group of each cell, in the same order.
        scheme: the scheme, for its gate cap.
    """
    if counted.empty:
        return []
    grouped = counted[_SUMS].groupby(np.asarray(keys), sort=False)
    sums, sizes = grouped.sum(), grouped.size()
    return [
        _figure(str(key), int(sizes[key]), row, scheme)
        for key, row in zip(sums.index, sums.to_dict("records"), strict=True)
    ]


def _figure(key: str, cells: int, row: dict[Any, Any], scheme: Scheme) -> Figure:
    unit, value, unknown = float(row["unit"]), float(row["value"]), float(row["open"])
    known = unit - unknown
    low, high = value / unit, (value + unknown) / unit
    point = value / known if known > _DUST else None
    failed, unjudged = int(row["gate_failed"]), int(row["gate_open"])
    capped = False
    if failed:
        capped = high > scheme.gate_cap or (point or 0) > scheme.gate_cap
        high = min(high, scheme.gate_cap)
        point = None if point is None else min(point, scheme.gate_cap)
    if failed or unjudged:
        low = min(low, scheme.gate_cap)
    return Figure(
        key=key,
        cells=cells,
        assessed=_clean(row["assessed"]),
        met=_clean(row["met"]),
        partial=_clean(row["partial"]),
        share_assessed=_clean(row["assessed"] / cells),
        low=_clean(low),
        point=None if point is None else _clean(point),
        high=_clean(high),
        level=_clean(FULL_LEVEL * row["level"] / row["assessed"]) if known > _DUST else None,
        gates_failed=failed,
        gates_open=unjudged,
        capped=capped,
    )


def _clean(number: float) -> float:
    """Take off the dust of binary fractions, so that one third three times is one."""
    return round(float(number), 9) + 0.0
