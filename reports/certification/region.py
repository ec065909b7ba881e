"""The paper on a region: three worst risks, plans against the dates, systems."""

from __future__ import annotations

from data.loaders.codes import label
from gap.analysis import Analysis
from gap.certification import RegionReadiness
from gap.roadmap import PlanVerdict, Step
from reports.certification.paper import Mark, Paper, Section, ground
from reports.certification.points import awaits
from reports.texts import Texts
from reports.words import source_line

_COLOURS = {
    PlanVerdict.OVERDUE: "not-met", PlanVerdict.LATE: "not-met", PlanVerdict.PAST_PLAN: "partial",
    PlanVerdict.NO_PLAN: "not-assessed", PlanVerdict.IN_TIME: "met",
}  # fmt: skip
_UNPLANNED = (PlanVerdict.NO_PLAN, PlanVerdict.PAST_PLAN)
_LATE = (PlanVerdict.LATE, PlanVerdict.OVERDUE)


def readiness(found: RegionReadiness, analysis: Analysis, t: Texts) -> Paper:
    """Return the risks first, then the plans, then the systems."""
    name = label("region", found.region, t.lang)
    return Paper(
        title=t("cert.title.region", name=name[0].upper() + name[1:]),
        lead=(t("cert.no-verdict"), ground(analysis, t), t("cert.eea")),
        sections=(_risks(found, t), _plans(found, t), _systems(found, t)),
        day=analysis.judgement.as_of,
        lang=t.lang,
    )


def _risks(found: RegionReadiness, t: Texts) -> Section:
    key = "cert.note.risks" if found.risks else "cert.note.no-risk"
    return _steps("risks", found.risks, t(key, unassessed=found.unassessed), t)


def _plans(found: RegionReadiness, t: Texts) -> Section:
    note = t("cert.note.plans", n=len(found.steps),
             late=sum(s.verdict in _LATE for s in found.steps),
             none=sum(s.verdict in _UNPLANNED for s in found.steps))  # fmt: skip
    return _steps("plans", found.steps, note, t)


def _steps(ident: str, steps: tuple[Step, ...], note: str, t: Texts) -> Section:
    rows = tuple(
        (s.system.name(t.lang), s.obligation.id, s.obligation.text("title", t.lang),
         Mark(label("status", s.status, t.lang), s.status),
         " | ".join(f.comment(t.lang) for f in s.findings), s.due,
         s.planned_text or t("cert.no-plan"), _verdict(s.verdict, t),
         awaits(s.waits_for, t) if s.waits_for else "",
         " | ".join(source_line(f, t.lang) for f in s.findings))
        for s in steps
    )  # fmt: skip
    heads = ("system", "point", "what", "standing", "shown-by", "due", "plan", "verdict", "note",
             "source")  # fmt: skip
    return Section(ident, t(f"cert.sheet.{ident}"), t(f"cert.section.{ident}"), note,
                   tuple(t(f"cert.col.{h}") for h in heads), rows)  # fmt: skip


def _systems(found: RegionReadiness, t: Texts) -> Section:
    rows = tuple(
        (s.system.name(t.lang), s.system.owner, s.cells, s.assessed, s.gaps,
         _verdict(s.worst, t) if s.worst else "")
        for s in found.systems
    )  # fmt: skip
    heads = ("system", "owner", "cells", "assessed", "gaps", "verdict")
    note = t("cert.note.systems", cells=found.cells, unassessed=found.unassessed)
    return Section("systems", t("cert.sheet.systems"), t("cert.section.systems"), note,
                   tuple(t(f"cert.col.{h}") for h in heads), rows)  # fmt: skip


def _verdict(verdict: PlanVerdict, t: Texts) -> Mark:
    return Mark(t(f"plan.{verdict}"), _COLOURS[verdict])
