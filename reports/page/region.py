"""The page of one region: its five answers, its systems, its gaps, and what it builds on."""

from __future__ import annotations

from typing import Any

from data.loaders.codes import label
from data.loaders.systems import System
from gap.roadmap import PlanVerdict
from gap.scoring import Figure
from reports.numbers import band, date, level, number, percent
from reports.page.answers import answers
from reports.page.filters import filters
from reports.page.index import Index, View
from reports.page.pieces import UNPLANNED, dates, gap, heat, step
from reports.texts import Texts

WORST = 8


def region_name(region: str, t: Texts) -> str:
    """Return the name of a region with a capital letter, ready for a heading."""
    word = label("region", region, t.lang)
    return t("region.national") if region == "national" else word[0].upper() + word[1:]


def region_rows(index: Index, t: Texts) -> list[dict[str, Any]]:
    """Return one line a region: how much is known, what is open, and when it binds."""
    return [{"id": code, "name": region_name(code, t), "systems": len(view.systems),
             **_line(view, view.figure, t)}
            for code in index.regions for view in (index.region(code),)]  # fmt: skip


def system_rows(index: Index, systems: tuple[System, ...], t: Texts) -> list[dict[str, Any]]:
    """Return one line a system, with the tokens that the filters know."""
    rows = []
    for system in systems:
        view = index.system(system)
        state = "gaps" if view.steps else "found" if view.findings else "silent"
        rows.append(
            {"id": system.id, "name": system.name(t.lang), "owner": system.owner,
             "region": region_name(system.region, t), **_line(view, view.figure, t),
             "tokens": (f"region-{system.region}", f"state-{state}")}
        )  # fmt: skip
    return rows


def state_words(t: Texts) -> dict[str, str]:
    """Return the words of the states that a system can be in."""
    return {f"state-{s}": t(f"system.state.{s}") for s in ("gaps", "found", "silent")}


def plan_words(t: Texts) -> dict[str, str]:
    """Return the words of the verdicts on a plan."""
    return {f"plan-{v}": t(f"plan.{v}") for v in PlanVerdict}


def due_words(view: View, t: Texts) -> dict[str, str]:
    """Return the dates on which a step of a view is due."""
    return {
        f"due-{day.isoformat()}": date(day, t.lang) for day in sorted({s.due for s in view.steps})
    }


def _line(view: View, figure: Figure | None, t: Texts) -> dict[str, Any]:
    lang = t.lang
    days = sorted({s.due for s in view.steps})
    return {
        "cells": "–" if figure is None else number(figure.cells, lang),
        "unknown": "–" if figure is None else percent(1 - figure.share_assessed, lang),
        "level": "–" if figure is None else level(figure.level, lang),
        "band": "–" if figure is None else band(figure, lang),
        "gaps": len(view.steps),
        "unplanned": sum(s.verdict in UNPLANNED for s in view.steps),
        "due": date(days[0], lang) if days else "–",
    }


def region_context(index: Index, region: str, t: Texts) -> dict[str, Any]:
    """Return everything that the page of a region shows."""
    analysis, view = index.analysis, index.region(region)
    steps = [step(s, t) for s in view.steps]
    rows = system_rows(index, view.systems, t)
    with_findings = {f.system for f in view.findings}
    return {
        "id": region,
        "name": region_name(region, t),
        "answers": answers(view, analysis, t),
        "worst": [gap(c, t) for c in view.gaps[:WORST]],
        "dates": dates(view, analysis, t),
        "heat": heat(analysis, [s for s in view.systems if s.id in with_findings], t),
        "steps": steps,
        "systems": rows,
        "shared": _shared(index, view, t),
        "filters": [
            *filters("roadmap", {"plan": t("col.verdict"), "due": t("col.due")},
                     {"plan": plan_words(t), "due": due_words(view, t)},
                     (s["tokens"] for s in steps)),
            *filters("systems", {"state": t("system.state")}, {"state": state_words(t)},
                     (r["tokens"] for r in rows)),
        ],
    }  # fmt: skip


def _shared(index: Index, view: View, t: Texts) -> list[dict[str, Any]]:
    """Return the systems outside the region that those of the region build on."""
    own = {s.id for s in view.systems}
    named = {one for s in view.systems for one in s.depends_on} - own
    systems = tuple(s for s in index.analysis.judgement.system_list if s.id in named)
    return system_rows(index, systems, t)
