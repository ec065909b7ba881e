"""What the templates show: plain data, every number already computed and written."""

from __future__ import annotations

import shlex
from typing import Any

from data.loaders.codes import closed_sets, label
from data.loaders.sources import sources
from data.loaders.structure import parts, timeline
from data.loaders.systems import System
from gap.analysis import Analysis, Cell
from gap.roadmap import PlanVerdict, Step
from gap.scoring import Figure
from reports.numbers import band, date, level, number, percent, whole_percent
from reports.page.obligations import obligation_groups
from reports.system import facts
from reports.texts import Texts
from reports.words import finding_head, gates, group_label, labels, part_label, source_line

WORST = 10
ROADMAP_ROWS = 60


def context(analysis: Analysis, t: Texts) -> dict[str, Any]:
    """Return everything that the page shows."""
    j, lang = analysis.judgement, t.lang
    with_findings = {f.system for f in j.findings}
    shown = [s for s in j.system_list if s.id in with_findings]
    return {
        "facts": _facts(analysis, t),
        "command": _command(analysis, lang),
        "headline": _headline(analysis, t),
        "figures": [_rollup(analysis, name, t) for name in analysis.scheme.groups
                    if name not in ("national", "system")],
        "worst": [_gap(c, t) for c in analysis.worst(WORST)],
        "dates": _dates(analysis, t),
        "law_dates": [
            {"date": date_text(row["date"], t), "what": row[f"what_{lang}"],
             "provision": row["provision"]}
            for row in timeline()
        ],
        "heat": _heat(analysis, shown, t),
        "steps": [_step(s, t) for s in analysis.roadmap.steps[:ROADMAP_ROWS]],
        "steps_rest": max(0, len(analysis.roadmap.steps) - ROADMAP_ROWS),
        "missed": len(analysis.roadmap.missed()),
        "systems": [_system(analysis, s, t) for s in shown],
        "silent": [s.name(lang) for s in j.system_list if s.id not in with_findings],
        "obligations": obligation_groups(analysis, t),
        "options": [_option(o, findings, t) for o, findings in analysis.options if findings],
        "counts": analysis.counts,
        "limits": _limits(analysis, t),
        "words": [
            {"set": t(f"set.{name}"), "codes": list(closed_sets()[name].values())}
            for name in ("status", "level", "grade", "basis", "modality")
        ],
        "sources": [
            {"title": s.title(lang), "publisher": s.publisher, "note": s.date_note(lang),
             "date": date(s.date, lang) if s.date else "–"}
            for s in sources().values()
        ],
    }  # fmt: skip


def date_text(iso: str, t: Texts) -> str:
    """Return an ISO date of a table in words."""
    from data.loaders.dates import day

    return date(day(iso), t.lang)


def _command(analysis: Analysis, lang: str) -> str:
    """Return the command that makes this page again."""
    j = analysis.judgement
    words = ["ehds", "readiness", "--assessment", j.assessment.id, "--scheme",
             analysis.scheme.name, "--as-of", j.as_of.isoformat(), "--lang", lang]  # fmt: skip
    return shlex.join(words)


def _facts(analysis: Analysis, t: Texts) -> list[tuple[str, str]]:
    j, lang = analysis.judgement, t.lang
    return [
        (t("page.assessment"), j.assessment.title(lang)),
        (t("page.as_of"), date(j.as_of, lang)),
        (t("page.edition"), j.catalogue.edition),
        (t("page.scheme"), f"{analysis.scheme.title(lang)} ({analysis.scheme.name})"),
        (t("page.assessor"), j.assessment.assessor),
        (t("page.scope"), t("page.scope.text", systems=analysis.counts["systems"],
                            obligations=analysis.counts["obligations"],
                            binding=analysis.counts["binding"],
                            cells=number(analysis.counts["cells"], lang))),
    ]  # fmt: skip


def _headline(analysis: Analysis, t: Texts) -> dict[str, Any] | None:
    figure, lang = analysis.national, t.lang
    if figure is None:
        return None
    return {
        **_figure(figure, t),
        "not_assessed_share": percent(1 - figure.share_assessed, lang),
        "touched": t("page.touched", touched=analysis.counts["touched"],
                     binding=analysis.counts["binding"]),
        "capped": t("score.capped", cap=percent(analysis.scheme.gate_cap, lang))
        if figure.capped else "",
    }  # fmt: skip


def _figure(figure: Figure, t: Texts) -> dict[str, Any]:
    lang = t.lang
    whole = figure.cells or 1
    return {
        "cells": number(figure.cells, lang),
        "assessed": number(figure.assessed, lang),
        "not_assessed": number(figure.not_assessed, lang),
        "share": percent(figure.share_assessed, lang),
        "met": number(figure.met, lang),
        "partial": number(figure.partial, lang),
        "not_met": number(figure.not_met, lang),
        "level": level(figure.level, lang),
        "point": percent(figure.point, lang),
        "band": band(figure, lang),
        "low_n": whole_percent(figure.low),
        "high_n": whole_percent(figure.high),
        "point_n": None if figure.point is None else whole_percent(figure.point),
        "gates": gates(figure, t),
        "stack": [
            ("met", 100 * figure.met / whole),
            ("partial", 100 * figure.partial / whole),
            ("not-met", 100 * figure.not_met / whole),
            ("not-assessed", 100 * figure.not_assessed / whole),
        ],
    }


def _rollup(analysis: Analysis, name: str, t: Texts) -> dict[str, Any]:
    names = {s.id: s.name(t.lang) for s in analysis.judgement.system_list}
    return {
        "id": name,
        "title": t(f"group.{name}"),
        "note": t(f"group.note.{name}"),
        "rows": [
            {"name": group_label(name, f.key, t, names), **_figure(f, t),
             "hint": parts()[f.key][f"title_{t.lang}"] if name == "part" else ""}
            for f in analysis.rollups[name]
        ],
    }  # fmt: skip


def _gap(cell: Cell, t: Texts) -> dict[str, Any]:
    return {
        "system": cell.system.name(t.lang),
        "system_id": cell.system.id,
        "obligation": cell.obligation.id,
        "title": cell.obligation.text("title", t.lang),
        "status": cell.status,
        "status_word": label("status", cell.status, t.lang),
        "level": min(f.level for f in cell.findings if f.level is not None),
        "due": date(cell.due, t.lang),
        "comment": " ".join(f.comment(t.lang) for f in cell.findings),
        "source": "; ".join(source_line(f, t.lang) for f in cell.findings),
        "gate": cell.gate_failed,
    }


def _dates(analysis: Analysis, t: Texts) -> list[dict[str, Any]]:
    road = analysis.roadmap
    days = sorted({s.due for s in road.steps} | set(road.unassessed))
    widest = max((sum(s.due == d for s in road.steps) + road.unassessed.get(d, 0) for d in days),
                 default=1)  # fmt: skip
    found = []
    for day in days:
        steps = [s for s in road.steps if s.due == day]
        unknown = road.unassessed.get(day, 0)
        left = (day - road.as_of).days
        found.append(
            {
                "date": date(day, t.lang),
                "left": t("page.days_left", n=number(left, t.lang))
                if left >= 0 else t("plan.overdue"),
                "gaps": len(steps),
                "unknown": number(unknown, t.lang),
                "late": sum(s.verdict in (PlanVerdict.LATE, PlanVerdict.OVERDUE) for s in steps),
                "none": sum(s.verdict in (PlanVerdict.NO_PLAN, PlanVerdict.PAST_PLAN)
                            for s in steps),
                "in_time": sum(s.verdict is PlanVerdict.IN_TIME for s in steps),
                "gap_width": 100 * len(steps) / widest,
                "unknown_width": 100 * unknown / widest,
            }
        )  # fmt: skip
    return found


def _heat(analysis: Analysis, systems: list[System], t: Texts) -> dict[str, Any]:
    heat = analysis.heat
    columns = [p for p in parts() if any(part == p for _, part in heat)]
    rows = []
    for system in systems:
        cells = [_heat_cell(heat.get((system.id, part)), t) for part in columns]
        if any(c["class"] != "none" for c in cells):
            rows.append({"id": system.id, "name": system.name(t.lang), "cells": cells})
    return {
        "columns": [{"name": part_label(p, t), "title": parts()[p][f"title_{t.lang}"]}
                    for p in columns],
        "rows": rows,
    }  # fmt: skip


def _heat_cell(figure: Figure | None, t: Texts) -> dict[str, str]:
    if figure is None:
        return {"class": "none", "word": "–", "share": ""}
    if figure.level is None:
        return {"class": "unknown", "word": t("heat.unknown"), "share": ""}
    name = "low" if figure.level < 1 else "middle" if figure.level < 2 else "high"
    return {
        "class": name,
        "word": f"{t(f'heat.{name}')} {level(figure.level, t.lang)}",
        "share": t("heat.assessed", share=percent(figure.share_assessed, t.lang)),
    }


def _step(step: Step, t: Texts) -> dict[str, Any]:
    return {
        "due": date(step.due, t.lang),
        "system": step.system.name(t.lang),
        "system_id": step.system.id,
        "owner": step.system.owner,
        "obligation": step.obligation.id,
        "title": step.obligation.text("title", t.lang),
        "level": step.level,
        "planned": step.planned_text or "–",
        "verdict": step.verdict.value,
        "verdict_word": t(f"plan.{step.verdict}"),
        "after": step.after,
    }


def _system(analysis: Analysis, system: System, t: Texts) -> dict[str, Any]:
    j, lang = analysis.judgement, t.lang
    figure = next((f for f in analysis.rollups.get("system", []) if f.key == system.id), None)
    verdicts = {(s.system.id, s.obligation.id): s.verdict for s in analysis.roadmap.steps}
    scored = {id(f) for f in j.supporting}
    findings: list[dict[str, Any]] = []
    for (system_id, obligation_id), found in j.by_cell.items():
        if system_id != system.id:
            continue
        obligation = j.catalogue.obligations[obligation_id]
        for f in found:
            verdict = verdicts.get((system_id, obligation_id))
            findings.append(
                {
                    "obligation": obligation_id,
                    "title": obligation.text("title", lang),
                    "status": f.status,
                    "status_word": label("status", f.status, lang),
                    "head": finding_head(f, t),
                    "categories": labels("category", f.categories, lang),
                    "comment": f.comment(lang),
                    "source": source_line(f, lang),
                    "plan": f.planned_date,
                    "verdict": t(f"plan.{verdict}") if f.planned_date and verdict else "",
                    "supporting": id(f) in scored,
                }
            )
    findings.sort(key=lambda f: j.obligation_index[f["obligation"]])
    return {
        "id": system.id,
        "name": system.name(lang),
        "facts": facts(system, t),
        "figure": _figure(figure, t) if figure else None,
        "has_cells": bool(j.scored[j.system_index[system.id]].any()),
        "findings": findings,
        "history": [
            {"date": h.date, "status": label("system_status", h.status, lang),
             "what": h.what(lang)}
            for h in system.history
        ],
    }  # fmt: skip


def _option(obligation: Any, findings: Any, t: Texts) -> dict[str, Any]:
    return {
        "id": obligation.id,
        "title": obligation.text("title", t.lang),
        "said": [
            {"status": label("status", f.status, t.lang), "comment": f.comment(t.lang),
             "source": source_line(f, t.lang)}
            for f in findings
        ],
    }  # fmt: skip


def _limits(analysis: Analysis, t: Texts) -> list[str]:
    counts = analysis.counts
    lines = [analysis.judgement.assessment.note(t.lang), analysis.scheme.what(t.lang),
             t("method.band"), t("method.options"),
             t("method.gates", cap=percent(analysis.scheme.gate_cap, t.lang)), t("method.eea"),
             t("method.inference")]  # fmt: skip
    lines += [
        t(f"limits.{name}", n=counts[name])
        for name in ("unallocated", "supporting", "waiting", "unplaced", "stale")
        if counts[name]
    ]
    if counts["findings_later"]:
        day = date(analysis.judgement.as_of, t.lang)
        lines.append(t("limits.later", n=counts["findings_later"], as_of=day))
    return [*lines, t("method.not_legal")]
