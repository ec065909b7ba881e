"""The paper on a contact point: six domains and the way to production."""

from __future__ import annotations

from gap.analysis import Analysis
from gap.certification import NcpReadiness
from reports.certification import points
from reports.certification.paper import Mark, Paper, Section, ground, standing
from reports.texts import Texts


def readiness(found: NcpReadiness, analysis: Analysis, t: Texts) -> Paper:
    """Return the domains point by point and the steps to production."""
    return Paper(
        title=t("cert.title.ncp", name=found.system.name(t.lang)),
        lead=(t("cert.no-verdict"), ground(analysis, t), points.count(found.points, t),
              t("cert.eea")),
        sections=(_domains(found, t), _steps(found, t)),
        day=analysis.judgement.as_of,
        lang=t.lang,
    )  # fmt: skip


def _domains(found: NcpReadiness, t: Texts) -> Section:
    rows: list[tuple[object, ...]] = []
    for one in found.domains:
        name = one.domain.name(t.lang)
        rows += [
            (name, p.obligation.id, p.obligation.ref, p.obligation.text("title", t.lang),
             standing(p.standing, t), points.shown_by(p, t), points.checks(p, t),
             points.results(p, t), points.missing(p, t), p.due, one.domain.source)
            for p in one.points
        ]  # fmt: skip
        if not one.points:
            nobody = Mark(t("cert.standing.nobody"), "not-assessed")
            rows.append((name, "", "", one.domain.why(t.lang), nobody, t("cert.nothing"), "", "",
                         "", "", one.domain.source))  # fmt: skip
    heads = ("domain", "point", "ref", "what", "standing", "shown-by", "checks", "results",
             "missing", "due", "source")  # fmt: skip
    return Section("domains", t("cert.sheet.domains"), t("cert.section.domains"),
                   t("cert.note.domains"), tuple(t(f"cert.col.{h}") for h in heads),
                   tuple(rows))  # type: ignore[arg-type]  # fmt: skip


def _steps(found: NcpReadiness, t: Texts) -> Section:
    rows = tuple(
        (t(f"cert.stage.{s.step.stage}"), s.step.name(t.lang),
         s.stated or Mark(t("cert.not-stated"), "not-assessed"), s.step.shown(t.lang),
         s.step.source)
        for s in found.steps
    )  # fmt: skip
    note = t("cert.note.steps", stated=sum(bool(s.stated) for s in found.steps), all=len(rows))
    heads = ("stage", "step", "stated", "would-show", "source")
    return Section("steps", t("cert.sheet.steps"), t("cert.section.steps"), note,
                   tuple(t(f"cert.col.{h}") for h in heads), rows)  # fmt: skip
