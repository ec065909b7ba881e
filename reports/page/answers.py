"""Five answers at the top of every page: how ready, how sure, what is worst, what is next, whose.

Each is counted from the view of the page. None says more than its evidence: what nobody has
assessed stands in the first sentence.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from data.loaders.codes import closed_sets, label
from gap.analysis import STALE_AFTER_DAYS, Analysis
from gap.roadmap import Step
from reports.numbers import date, number, percent
from reports.page.index import View
from reports.page.pieces import TOO_LATE, UNPLANNED, figure, gap, step
from reports.texts import Texts

_WORST = 3
_NEXT = 3
_OWNERS = 5
_SMALL = 10
_SHOWN = ("tested", "verified")


def answers(view: View, analysis: Analysis, t: Texts) -> dict[str, Any]:
    """Return the five answers of a view as plain data."""
    return {
        "lead": lead(view, t),
        "headline": headline(view, analysis, t),
        "sure": sure(view, t),
        "ground": ground(view, analysis, t),
        "worst": [gap(c, t) for c in view.gaps[:_WORST]],
        "gaps": len(view.gaps),
        "next": coming(view, analysis, t),
        "owners": owners(view)[:_OWNERS],
        "owners_rest": max(0, len(owners(view)) - _OWNERS),
    }


def about(value: float, lang: str) -> str:
    """Return a count for a sentence: whole numbers, a decimal only where the number is small."""
    return number(value if value < _SMALL else round(value), lang)


def lead(view: View, t: Texts) -> str:
    """Return the answer to «how ready» in one sentence, with what nobody has assessed in it."""
    f, lang = view.figure, t.lang
    if f is None:
        return t("answer.lead.none")
    known = {"assessed": about(f.assessed, lang), "cells": number(f.cells, lang),
             "unknown": about(f.not_assessed, lang), "met": about(f.met, lang)}  # fmt: skip
    if not f.assessed:
        return t("answer.lead.unknown", **known)
    return t("answer.lead.met" if f.met else "answer.lead.unmet", **known)


def headline(view: View, analysis: Analysis, t: Texts) -> dict[str, Any] | None:
    """Return the figure of a view with what limits it, None when no row counts."""
    if view.figure is None:
        return None
    binding = {c.obligation.id for c in view.cells}
    touched = {c.obligation.id for c in view.cells if c.findings}
    everything = len(view.systems) == len(analysis.judgement.system_list)
    f = view.figure
    return {
        **figure(f, t),
        "about": {name: about(value, t.lang) for name, value in (
            ("assessed", f.assessed), ("unknown", f.not_assessed), ("met", f.met),
            ("partial", f.partial), ("not_met", f.not_met))},
        "touched": t("page.touched", touched=analysis.counts["touched"],
                     binding=analysis.counts["binding"])
        if everything else t("answer.touched", touched=len(touched), binding=len(binding)),
        "capped": t("page.key.band.capped", cap=percent(analysis.scheme.gate_cap, t.lang))
        if view.figure.capped else "",
    }  # fmt: skip


def sure(view: View, t: Texts) -> str:
    """Return the answer to «how sure» in one sentence: what others than its makers have shown."""
    if not view.findings:
        return t("answer.sure.none")
    shown = sum(f.grade in _SHOWN for f in view.findings)
    key = "answer.sure.some" if shown else "answer.sure.claims"
    return t(key, n=shown, all=len(view.findings))


def ground(view: View, analysis: Analysis, t: Texts) -> str:
    """Return how strong the findings are, and how many are old."""
    if not view.findings:
        return ""
    counted = Counter(f.grade for f in view.findings)
    grades = ", ".join(f"{counted[code]} {label('grade', code, t.lang)}"
                       for code in closed_sets()["grade"])  # fmt: skip
    said = t("answer.ground", n=len(view.findings), grades=grades)
    as_of = analysis.judgement.as_of
    old = sum((as_of - f.date).days > STALE_AFTER_DAYS for f in view.findings)
    return f"{said} {t('answer.ground.old', n=old)}" if old else said


def coming(view: View, analysis: Analysis, t: Texts) -> dict[str, Any] | None:
    """Return the next date with its known gaps and what is unknown; None when nothing is due."""
    as_of = analysis.roadmap.as_of
    days = sorted(day for day in {s.due for s in view.steps} | set(view.unassessed) if day >= as_of)
    if not days:
        return None
    day = days[0]
    here = [s for s in view.steps if s.due == day]
    worst = {(c.system.id, c.obligation.id) for c in view.gaps[:_WORST]}
    others = [s for s in here if (s.system.id, s.obligation.id) not in worst]
    later = [s.due for s in view.steps if s.due > day]
    return {
        "date": date(day, t.lang),
        "days": number((day - as_of).days, t.lang),
        "gaps": len(here),
        "unplanned": sum(s.verdict in UNPLANNED for s in here),
        "late": sum(s.verdict in TOO_LATE for s in here),
        "unknown": number(view.unassessed.get(day, 0), t.lang),
        "owners": [
            {"name": name, "gaps": n}
            for name, n in Counter(s.system.owner for s in here).most_common(_NEXT)
        ],
        "steps": [step(s, t) for s in others[:_NEXT]],
        "later": date(min(later), t.lang) if later and not here else "",
    }


def owners(view: View) -> list[dict[str, Any]]:
    """Return who owns the known gaps, those with most first, and how many lack a valid plan.

    A single system is owned by somebody even when no gap is known.
    """
    alone = view.systems if len(view.systems) == 1 else ()
    by_owner: dict[str, list[Step]] = {s.owner: [] for s in alone}
    for one in view.steps:
        by_owner.setdefault(one.system.owner, []).append(one)
    rows = [
        {"name": name, "gaps": len(steps),
         "unplanned": sum(s.verdict in UNPLANNED for s in steps)}
        for name, steps in by_owner.items()
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (-int(str(row["gaps"])), str(row["name"])))
