"""What changed between two judgements, cell by cell, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from data.loaders.assessments import Finding
from gap.applicability import cell_categories
from gap.explain import cell_status
from gap.judgement import Judgement
from gap.rollup import rollups
from gap.schemes import Scheme
from gap.scoring import Figure


class ChangeKind(StrEnum):
    """How a cell changed; the order is the order in which changes are shown."""

    BETTER = "better"
    WORSE = "worse"
    NEW = "new"
    GONE = "gone"
    EVIDENCE = "evidence"
    PLAN = "plan"


@dataclass(frozen=True, slots=True)
class Change:
    """One cell that changed: before, after, and the findings that explain it."""

    kind: ChangeKind
    system: str
    obligation: str
    before: str
    after: str
    old: tuple[Finding, ...]
    new: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class FigureChange:
    """One group before and after; None where the group is missing on that side."""

    rollup: str
    key: str
    old: Figure | None
    new: Figure | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two judgements side by side."""

    old: Judgement
    new: Judgement
    changes: tuple[Change, ...]
    figures: tuple[FigureChange, ...]


def compare(old: Judgement, new: Judgement, scheme: Scheme) -> Comparison:
    """Return what changed from one judgement to another."""
    keys = dict.fromkeys([*old.by_cell, *new.by_cell])
    found = []
    for key in keys:
        obligation = new.catalogue.obligations[key[1]]
        change = _change(
            key,
            tuple(old.by_cell.get(key, ())),
            tuple(new.by_cell.get(key, ())),
            cell_categories(obligation, new.systems[key[0]]) or obligation.categories,
        )
        if change:
            found.append(change)
    order = list(ChangeKind)
    found.sort(
        key=lambda c: (order.index(c.kind), c.system, new.obligation_index.get(c.obligation, 0))
    )
    return Comparison(old, new, tuple(found), tuple(_figure_changes(old, new, scheme)))


def _change(
    key: tuple[str, str],
    old: tuple[Finding, ...],
    new: tuple[Finding, ...],
    of_cell: tuple[str, ...],
) -> Change | None:
    before, after = cell_status(old, of_cell), cell_status(new, of_cell)
    difference = _difference(_levels(old, of_cell), _levels(new, of_cell))
    kind: ChangeKind | None
    if not old or not new:
        kind = ChangeKind.NEW if new else ChangeKind.GONE
    elif difference:
        kind = ChangeKind.BETTER if difference > 0 else ChangeKind.WORSE
    elif _levels(old, of_cell).keys() != _levels(new, of_cell).keys():
        more = _levels(new, of_cell).keys() - _levels(old, of_cell).keys()
        kind = ChangeKind.NEW if more else ChangeKind.GONE
    elif before != after:
        kind = ChangeKind.EVIDENCE
    elif [f.planned_date for f in old] != [f.planned_date for f in new]:
        kind = ChangeKind.PLAN
    elif [_proof(f) for f in old] != [_proof(f) for f in new]:
        kind = ChangeKind.EVIDENCE
    else:
        kind = None
    return Change(kind, *key, before, after, old, new) if kind else None


def _levels(findings: tuple[Finding, ...], of_cell: tuple[str, ...]) -> dict[str, int]:
    """Return the level of each category; national options have none and count as zero."""
    return {c: f.level or 0 for f in findings for c in (f.categories or of_cell or ("",))}


def _difference(old: dict[str, int], new: dict[str, int]) -> int:
    """Return how far the categories that both sides speak of have moved, taken together."""
    return sum(new[c] - old[c] for c in old.keys() & new.keys())


def _proof(finding: Finding) -> tuple[str, ...]:
    return (finding.grade, finding.basis, finding.source, finding.section, finding.comment_nb,
            finding.comment_en, str(finding.date))  # fmt: skip


def _figure_changes(old: Judgement, new: Judgement, scheme: Scheme) -> list[FigureChange]:
    before, after = rollups(old, scheme), rollups(new, scheme)
    found = []
    for name in scheme.groups:
        a = {f.key: f for f in before[name]}
        b = {f.key: f for f in after[name]}
        found += [
            FigureChange(name, key, a.get(key), b.get(key))
            for key in dict.fromkeys([*a, *b])
            if a.get(key) != b.get(key)
        ]
    return found
