"""What is shown of one obligation of one system, by what, and what nobody has shown."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from data.loaders.assessments import Finding
from data.loaders.catalogue import Obligation
from data.loaders.structure import acts
from data.loaders.systems import System
from data.results import Outcome
from gap.analysis import Analysis
from gap.applicability import Kind, cell_categories, due_dates
from gap.evidence import Record, Relation, Weighed
from gap.evidence.coverage import Line, one
from gap.explain import cell_status

PROVEN = frozenset({"tested", "verified"})
"""The grades that rest on a test or a check, rather than on what somebody says."""


class Standing(StrEnum):
    """How far a point is shown; never a verdict of conformity."""

    SHOWN = "shown"
    CLAIMED = "claimed"
    PART = "part"
    LACKING = "lacking"
    CONTRADICTED = "contradicted"
    NOBODY = "nobody"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True, slots=True)
class Point:
    """One obligation of one system.

    Attributes:
        findings: what the assessment says, with the evidence applied.
        records: the tests of this system that bear on it and count on the day.
        test: which tests exist for it, or why there is none; None where the row does not bind.
        unassessed: the priority categories of the point that nobody has assessed.
        awaits: the acts that decide its content and are not adopted.
        due: the EU date that binds first; in Norway only after incorporation in the EEA Agreement.
    """

    obligation: Obligation
    standing: Standing
    findings: tuple[Finding, ...]
    records: tuple[Record, ...]
    test: Line | None
    unassessed: tuple[str, ...]
    awaits: tuple[str, ...]
    due: dt.date

    @property
    def outcomes(self) -> Counter[Outcome]:
        """How many tests of this system came to which outcome."""
        return Counter(r.outcome for r in self.records)


def point(
    analysis: Analysis, system: System, obligation: Obligation, weighed: Weighed | None = None
) -> Point:
    """Return what is shown of an obligation of a system.

    Args:
        analysis: scored, with the evidence applied where there is some.
        system: of the judgement.
        obligation: of the judgement.
        weighed: what the evidence did, None without evidence.
    """
    judgement = analysis.judgement
    categories = cell_categories(obligation, system)
    findings = tuple(judgement.by_cell.get((system.id, obligation.id), ()))
    bonds = [b for b in (weighed.bonds if weighed else ())
             if b.system == system.id and b.obligation == obligation.id]  # fmt: skip
    spoken_of = {c for f in findings for c in (f.categories or categories)}
    if judgement.kind(system, obligation) is not Kind.SCORED:
        standing = Standing.NOT_APPLICABLE
    elif any(b.relation is Relation.CONTRADICTS for b in bonds):
        standing = Standing.CONTRADICTED
    else:
        standing = _standing(findings, categories)
    return Point(
        obligation=obligation,
        standing=standing,
        findings=findings,
        records=tuple(dict.fromkeys(b.record for b in bonds)),
        test=one(obligation.id) if obligation.binding else None,
        unassessed=tuple(c for c in categories if c not in spoken_of),
        awaits=tuple(a for a in obligation.waits_for if acts()[a]["status"] != "adopted"),
        due=min(due_dates(obligation, system, categories).values()),
    )


def _standing(findings: Sequence[Finding], categories: Sequence[str]) -> Standing:
    status = cell_status(findings, categories)
    if status == "not-assessed":
        return Standing.NOBODY
    if status == "met":
        proven = all(f.grade in PROVEN for f in findings)
        return Standing.SHOWN if proven else Standing.CLAIMED
    return Standing.LACKING if status == "not-met" else Standing.PART


def counted(points: Iterable[Point]) -> Counter[Standing]:
    """Return how many points stand how."""
    return Counter(p.standing for p in points)
