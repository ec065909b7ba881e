"""Side by side: regions of one assessment, or several schemes over the same assessment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError, Problem
from data.loaders.codes import closed_sets
from data.loaders.structure import parts
from gap.judgement import FULL_LEVEL, Judgement
from gap.rollup import rollups
from gap.schemes import Scheme
from gap.scoring import Figure, figures, units

NATIONAL = "national"
ROLLUPS = (NATIONAL, "part", "category")


@dataclass(frozen=True, slots=True)
class Line:
    """One group side by side; None where a column has no such group.

    Attributes:
        rollup: ``national`` (everything of the column), or the name of a roll-up.
        key: the group, for example a chapter.
        figures: one for each column, in their order.
    """

    rollup: str
    key: str
    figures: tuple[Figure | None, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One obligation on which regions are assessed differently.

    ``levels`` is the mean level (0 to 3) of what is assessed, None where nothing is.
    """

    obligation: str
    levels: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Columns (regions or schemes) with their figures; ``differences`` only between regions."""

    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    differences: tuple[Difference, ...]


def by_region(judgement: Judgement, scheme: Scheme, regions: Sequence[str]) -> SideBySide:
    """Compare regions of one assessment.

    Raises:
        InputError: an unknown or doubled region, or fewer than two.
    """
    known = [
        r for r in closed_sets()["region"] if any(s.region == r for s in judgement.system_list)
    ]
    _check(regions, known, "region", "--regions")
    counted = units(judgement.cells, judgement, scheme)
    spread = units(judgement.by_category, judgement, scheme)
    of_system = np.array([s.region for s in judgement.system_list])
    of_part = np.array([o.part for o in judgement.obligations])
    frames: list[tuple[str, Sequence[str], list[Mapping[str, Figure]]]] = [
        (NATIONAL, (NATIONAL,), []), ("part", list(parts()), []),
        ("category", list(closed_sets()["category"]), []),
    ]  # fmt: skip
    for region in regions:
        here = counted[of_system[counted["system"].to_numpy()] == region]
        split = spread[of_system[spread["system"].to_numpy()] == region]
        for (_, _, columns), frame, keys in (
            (frames[0], here, np.full(len(here), NATIONAL)),
            (frames[1], here, of_part[here["obligation"].to_numpy()]),
            (frames[2], split, split["category"].to_numpy()),
        ):
            columns.append({f.key: f for f in figures(frame, keys, scheme)})
    lines = [line for name, order, columns in frames for line in _lines(name, order, columns)]
    return SideBySide(tuple(regions), tuple(lines), _differences(judgement, regions, of_system))


def by_scheme(judgement: Judgement, schemes: Sequence[Scheme]) -> SideBySide:
    """Compare schemes over one assessment, in the roll-ups that all of them give.

    Raises:
        InputError: a doubled scheme, or fewer than two.
    """
    names = [s.name for s in schemes]
    _check(names, names, "scheme", "--schemes")
    scored = [rollups(judgement, s) for s in schemes]
    lines: list[Line] = []
    for name in ROLLUPS:
        if all(name in found for found in scored):
            columns = [{f.key: f for f in found[name]} for found in scored]
            order = list(dict.fromkeys(key for column in columns for key in column))
            lines += _lines(name, order, columns)
    return SideBySide(tuple(names), tuple(lines), ())


def _check(names: Sequence[str], known: Sequence[str], what: str, option: str) -> None:
    problems = [
        Problem(f"there is no {what} «{name}»", option, remedy=f"choose among: {', '.join(known)}")
        for name in dict.fromkeys(names) if name not in known
    ]  # fmt: skip
    if len(set(names)) < len(names):
        problems.append(Problem(f"a {what} stands twice", option, remedy="name each once"))
    if len(names) < 2:
        problems.append(
            Problem(f"one {what} cannot be compared", option,
                    remedy=f"name two or more, with commas, of: {', '.join(known)}")
        )  # fmt: skip
    if problems:
        raise InputError(problems)


def _lines(name: str, order: Sequence[str], columns: Sequence[Mapping[str, Figure]]) -> list[Line]:
    return [
        Line(name, key, tuple(column.get(key) for column in columns))
        for key in order
        if any(key in column for column in columns)
    ]


def _differences(
    judgement: Judgement, regions: Sequence[str], of_system: NDArray[np.str_]
) -> tuple[Difference, ...]:
    """Return the obligations that two regions are assessed on with another mean level."""
    cells = judgement.cells
    sums = cells.groupby([of_system[cells["system"].to_numpy()], "obligation"])[
        ["assessed", "level"]
    ].sum()
    means = {
        key: FULL_LEVEL * row["level"] / row["assessed"]
        for key, row in sums.to_dict("index").items()
        if row["assessed"] > 0
    }
    found = []
    for index, obligation in enumerate(judgement.obligations):
        levels = tuple(
            None if (mean := means.get((region, index))) is None else round(float(mean), 6)
            for region in regions
        )
        if len({x for x in levels if x is not None}) > 1:
            found.append(Difference(obligation.id, levels))
    return tuple(found)
