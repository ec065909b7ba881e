"""Small pieces that several pages show: figures, gaps, steps, findings, dates; plain data."""

from __future__ import annotations

import re
from typing import Any

from data.loaders.assessments import Finding
from data.loaders.codes import label
from data.loaders.structure import parts
from data.loaders.systems import System
from gap.analysis import Analysis, Cell
from gap.roadmap import PlanVerdict, Step
from gap.scoring import Figure
from reports.numbers import band, date, level, number, percent, whole_percent
from reports.page.index import View
from reports.texts import Texts
from reports.words import finding_head, gates, group_label, labels, part_label, source_line

UNPLANNED = frozenset({PlanVerdict.NO_PLAN, PlanVerdict.PAST_PLAN})
_SENTENCE = re.compile(r"(?<=\w{3}[.!?»)])\s+(?=[A-ZÆØÅ«])")
_LONGEST = 170
TOO_LATE = frozenset({PlanVerdict.LATE, PlanVerdict.OVERDUE})


def figure(f: Figure, t: Texts) -> dict[str, Any]:
    """Return a figure with every number written, and its bars in parts of hundred."""
    lang = t.lang
    whole = f.cells or 1
    return {
        "cells": number(f.cells, lang),
        "assessed": number(f.assessed, lang),
        "not_assessed": number(f.not_assessed, lang),
        "share": percent(f.share_assessed, lang),
        "not_assessed_share": percent(1 - f.share_assessed, lang),
        "met": number(f.met, lang),
        "partial": number(f.partial, lang),
        "not_met": number(f.not_met, lang),
        "level": level(f.level, lang),
        "point": percent(f.point, lang),
        "band": band(f, lang),
        "low_n": whole_percent(f.low),
        "high_n": whole_percent(f.high),
        "point_n": None if f.point is None else whole_percent(f.point),
        "gates": gates(f, t),
        "stack": [
            ("met", 100 * f.met / whole),
            ("partial", 100 * f.partial / whole),
            ("not-met", 100 * f.not_met / whole),
            ("not-assessed", 100 * f.not_assessed / whole),
        ],
    }


def rollup(analysis: Analysis, name: str, t: Texts) -> dict[str, Any]:
    """Return one roll-up of the scheme as rows of figures."""
    names = {s.id: s.name(t.lang) for s in analysis.judgement.system_list}
    return {
        "id": name,
        "title": t(f"group.{name}"),
        "note": t(f"group.note.{name}"),
        "rows": [
            {"name": group_label(name, f.key, t, names), **figure(f, t),
             "region": f.key if name == "region" else "",
             "hint": parts()[f.key][f"title_{t.lang}"] if name == "part" else ""}
            for f in analysis.rollups[name]
        ],
    }  # fmt: skip


def gap(cell: Cell, t: Texts) -> dict[str, Any]:
    """Return a known gap with its reason, its owner and its source."""
    return {
        "system": cell.system.name(t.lang),
        "system_id": cell.system.id,
        "owner": cell.system.owner,
        "obligation": cell.obligation.id,
        "title": cell.obligation.text("title", t.lang),
        "status": cell.status,
        "status_word": label("status", cell.status, t.lang),
        "level": min(f.level for f in cell.findings if f.level is not None),
        "due": date(cell.due, t.lang),
        "comment": " ".join(f.comment(t.lang) for f in cell.findings),
        "why": first_sentence(cell.findings[0].comment(t.lang)),
        "source": "; ".join(source_line(f, t.lang) for f in cell.findings),
        "gate": cell.gate_failed,
    }


def first_sentence(text: str) -> str:
    """Return the first sentence of a comment, for a list; a long one is cut between words."""
    first = _SENTENCE.split(text, maxsplit=1)[0]
    if len(first) <= _LONGEST:
        return first
    return first[:_LONGEST].rsplit(" ", 1)[0].rstrip(",;:") + "\N{NO-BREAK SPACE}…"


def step(s: Step, t: Texts) -> dict[str, Any]:
    """Return a step of the roadmap, with the tokens that the filters know."""
    return {
        "due": date(s.due, t.lang),
        "system": s.system.name(t.lang),
        "system_id": s.system.id,
        "owner": s.system.owner,
        "obligation": s.obligation.id,
        "title": s.obligation.text("title", t.lang),
        "level": s.level,
        "planned": s.planned_text or "–",
        "verdict": s.verdict.value,
        "verdict_word": t(f"plan.{s.verdict}"),
        "after": s.after,
        "tokens": (f"plan-{s.verdict}", f"region-{s.system.region}", f"due-{s.due.isoformat()}"),
    }


def finding(
    f: Finding, analysis: Analysis, verdict: PlanVerdict | None, t: Texts
) -> dict[str, Any]:
    """Return a finding with what it says, where it stands, and what its plan means.

    Args:
        f: the finding.
        analysis: the analysis that it belongs to.
        verdict: the plan's verdict in the roadmap, None when the row is no step.
        t: the texts.
    """
    j, lang = analysis.judgement, t.lang
    return {
        "obligation": f.obligation,
        "title": j.catalogue.obligations[f.obligation].text("title", lang),
        "status": f.status,
        "status_word": label("status", f.status, lang),
        "head": finding_head(f, t),
        "categories": labels("category", f.categories, lang),
        "comment": f.comment(lang),
        "source": source_line(f, lang),
        "plan": f.planned_date,
        "verdict": t(f"plan.{verdict}") if f.planned_date and verdict else "",
        "supporting": any(f is one for one in j.supporting),
    }


def dates(view: View, analysis: Analysis, t: Texts) -> list[dict[str, Any]]:
    """Return the dates that bind, each with its known gaps, their plans and what is unknown."""
    road = analysis.roadmap
    days = sorted({s.due for s in view.steps} | set(view.unassessed))
    widest = max((sum(s.due == d for s in view.steps) + view.unassessed.get(d, 0) for d in days),
                 default=1)  # fmt: skip
    found = []
    for day in days:
        steps = [s for s in view.steps if s.due == day]
        unknown = view.unassessed.get(day, 0)
        left = (day - road.as_of).days
        found.append(
            {
                "date": date(day, t.lang),
                "left": t("page.days_left", n=number(left, t.lang))
                if left >= 0 else t("plan.overdue"),
                "gaps": len(steps),
                "unknown": number(unknown, t.lang),
                "late": sum(s.verdict in TOO_LATE for s in steps),
                "none": sum(s.verdict in UNPLANNED for s in steps),
                "in_time": sum(s.verdict is PlanVerdict.IN_TIME for s in steps),
                "gap_width": 100 * len(steps) / widest,
                "unknown_width": 100 * unknown / widest,
            }
        )  # fmt: skip
    return found


def heat(analysis: Analysis, systems: list[System], t: Texts) -> dict[str, Any]:
    """Return systems against chapters and annexes; systems without cells are left out."""
    known = analysis.heat
    columns = [p for p in parts() if any(part == p for _, part in known)]
    rows = []
    for system in systems:
        cells = [_heat_cell(known.get((system.id, part)), t) for part in columns]
        if any(c["class"] != "none" for c in cells):
            rows.append({"id": system.id, "name": system.name(t.lang), "cells": cells})
    return {
        "columns": [{"name": part_label(p, t), "title": parts()[p][f"title_{t.lang}"]}
                    for p in columns],
        "rows": rows,
    }  # fmt: skip


def _heat_cell(f: Figure | None, t: Texts) -> dict[str, str]:
    if f is None:
        return {"class": "none", "word": "–", "share": ""}
    if f.level is None:
        return {"class": "unknown", "word": t("heat.unknown"), "share": ""}
    name = "low" if f.level < 1 else "middle" if f.level < 2 else "high"
    return {
        "class": name,
        "word": f"{t(f'heat.{name}')} {level(f.level, t.lang)}",
        "share": t("heat.assessed", share=percent(f.share_assessed, t.lang)),
    }
