"""The page of one system: its five answers, what was found, and every row that applies to it."""

from __future__ import annotations

from typing import Any

from data.loaders.codes import closed_sets, label
from data.loaders.systems import System
from gap.analysis import Analysis
from reports.numbers import date
from reports.page.answers import answers
from reports.page.filters import filters
from reports.page.index import Index, View
from reports.page.pieces import finding
from reports.system import facts
from reports.texts import Texts

STATUSES = ("not-met", "partial", "met", "not-assessed")


def system_context(index: Index, system: System, t: Texts) -> dict[str, Any]:
    """Return everything that the page of a system shows."""
    analysis, lang = index.analysis, t.lang
    view = index.system(system)
    rows = _rows(view, t)
    words = {f"status-{s}": closed_sets()["status"][s].label(lang) for s in STATUSES}
    j = analysis.judgement
    return {
        "id": system.id,
        "name": system.name(lang),
        "description": system.description(lang),
        "owner": system.owner,
        "region": system.region,
        "region_name": label("region", system.region, lang),
        "answers": answers(view, analysis, t),
        "has_cells": bool(view.cells),
        "facts": facts(system, t),
        "findings": _findings(view, analysis, t),
        "rows": rows,
        "filters": filters(
            "rows", {"status": t("col.status")}, {"status": words}, (r["tokens"] for r in rows)
        ),
        "before": [
            {"id": s.id, "name": s.name(lang)} for s in j.system_list if s.id in system.depends_on
        ],
        "users": [
            {"id": s.id, "name": s.name(lang)} for s in j.system_list if system.id in s.depends_on
        ],
        "history": [
            {"date": h.date, "status": label("system_status", h.status, lang),
             "what": h.what(lang)}
            for h in system.history
        ],
    }  # fmt: skip


def _findings(view: View, analysis: Analysis, t: Texts) -> list[dict[str, Any]]:
    verdicts = {s.obligation.id: s.verdict for s in view.steps}
    order = analysis.judgement.obligation_index
    found = sorted(view.findings, key=lambda f: order[f.obligation])
    return [finding(f, analysis, verdicts.get(f.obligation), t) for f in found]


def _rows(view: View, t: Texts) -> list[dict[str, Any]]:
    """Return every row that applies, the earliest date first."""
    return [
        {
            "obligation": c.obligation.id,
            "ref": c.obligation.ref,
            "title": c.obligation.text("title", t.lang),
            "status": c.status,
            "word": label("status", c.status, t.lang),
            "level": "–" if not c.findings else min(
                (f.level for f in c.findings if f.level is not None), default="–"),
            "due": date(c.due, t.lang),
            "gate": c.obligation.gate,
            "tokens": (f"status-{c.status}",),
        }
        for c in sorted(view.cells, key=lambda c: c.due)
    ]  # fmt: skip
