"""Which rows an assessment sheet holds: systems, a region, a chapter, annex or category."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from data.errors import did_you_mean
from data.loaders.assessments import Finding
from data.loaders.catalogue import Obligation
from data.loaders.codes import closed_sets
from data.loaders.structure import parts
from data.loaders.systems import System
from data.loaders.tables import Problems
from gap.applicability import Kind, cell_categories, due_dates
from gap.judgement import Judgement
from gap.worksheet import fields

ASKED = frozenset({Kind.SCORED, Kind.OPTION})
"""Cells that get a row although nobody has assessed them."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What to assess; an empty field sets no limit.

    Attributes:
        systems: ids of systems.
        region: a code of the closed set ``region``.
        theme: a chapter or annex (``II``, ``Annex II``) or a priority category (``a`` to ``f``).
    """

    systems: tuple[str, ...] = ()
    region: str = ""
    theme: str = ""

    def words(self) -> tuple[str, ...]:
        """Return what was chosen, as words for a file name."""
        return tuple(w for w in (*self.systems, self.region, self.theme) if w)


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row: a finding, or the part of a cell that nobody has assessed.

    ``categories`` are those of the finding, or those that are left to assess; empty is all of the
    cell. ``allowed`` are the categories that may be chosen.
    """

    system: System
    obligation: Obligation
    categories: tuple[str, ...]
    allowed: tuple[str, ...]
    finding: Finding | None
    due: dt.date
    due_last: dt.date

    @property
    def inputs(self) -> dict[str, str]:
        """What the input cells hold at export."""
        return fields.of_finding(self.finding) if self.finding else fields.blank(self.categories)


def choose(
    judgement: Judgement, systems: Sequence[str] = (), region: str = "", theme: str = ""
) -> Selection:
    """Return a selection with its names checked.

    Args:
        judgement: knows the systems.
        systems: ids of systems.
        region: a region code.
        theme: ``II``, ``Annex II``, ``annex-ii`` or a category letter.

    Raises:
        InputError: with every name that is unknown.
    """
    problems = Problems()
    for name in systems:
        if name not in judgement.systems:
            problems.add(
                f"unknown system «{name}»", "--system",
                remedy=did_you_mean(name, judgement.systems, "ehds systems list"),
            )  # fmt: skip
    regions = closed_sets()["region"]
    if region and region not in regions:
        problems.add(
            f"unknown region «{region}»", "--region", remedy=f"one of: {', '.join(regions)}"
        )
    themes = {_folded(name): name for name in (*parts(), *closed_sets()["category"])}
    if theme and _folded(theme) not in themes:
        problems.add(
            f"unknown theme «{theme}»", "--theme", rule="a chapter, an annex or a category",
            remedy=f"one of: {', '.join(themes.values())}",
        )  # fmt: skip
    problems.stop()
    return Selection(tuple(dict.fromkeys(systems)), region, themes[_folded(theme)] if theme else "")


def _folded(name: str) -> str:
    return name.casefold().replace("-", " ").replace("vedlegg", "annex").strip()


def rows(judgement: Judgement, selection: Selection) -> tuple[SheetRow, ...]:
    """Return the rows of a sheet by system and obligation.

    A row is a finding, or what is left of a cell that applies: duties and national options.
    """
    found: list[SheetRow] = []
    for system in judgement.system_list:
        if selection.systems and system.id not in selection.systems:
            continue
        if selection.region and system.region != selection.region:
            continue
        for obligation in judgement.obligations:
            found += _cell(judgement, system, obligation, selection.theme)
    return tuple(found)


def _cell(
    judgement: Judgement, system: System, obligation: Obligation, theme: str
) -> Iterator[SheetRow]:
    whole = cell_categories(obligation, system)
    by_category = theme in closed_sets()["category"]
    if (by_category and theme not in whole) or (
        theme and not by_category and obligation.part != theme
    ):
        return
    findings = judgement.by_cell.get((system.id, obligation.id), [])
    spoken = {c for f in findings for c in (f.categories or whole)}
    dates = due_dates(obligation, system, whole).values()
    for finding in sorted(findings, key=lambda f: f.categories):
        if not by_category or theme in (finding.categories or whole):
            allowed = tuple(sorted({*whole, *finding.categories}))
            yield SheetRow(system, obligation, finding.categories, allowed, finding,
                           min(dates), max(dates))  # fmt: skip
    left = tuple(c for c in whole if c not in spoken)
    if (findings and not left) or (by_category and theme not in left):
        return
    if judgement.kind(system, obligation) in ASKED:
        key = left if findings else ()
        yield SheetRow(system, obligation, key, whole, None, min(dates), max(dates))
