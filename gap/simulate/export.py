"""A simulation as plain data (schema ``ehds.simulation/1``) and as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from data.loaders.assessments import Finding
from gap.scoring import Figure
from gap.simulate.chances import Chance, DeadlineForecast, DeliveryForecast, Forecast
from gap.simulate.changes import Change
from gap.simulate.deadlines import Count
from gap.simulate.outcome import Simulation

SCHEMA = "ehds.simulation/1"
TABLES = ("cells", "rollups", "dates", "deliveries", "deadlines")
_ROUND = 9


def document(s: Simulation) -> dict[str, Any]:
    """Return the whole simulation as plain data."""
    c = s.comparison
    return {
        "schema": SCHEMA,
        "hypothetical": True,
        "assessment": c.old.assessment.id,
        "on": c.new.as_of.isoformat(),
        "assumed": [_change(x) for x in s.assumed],
        "moves_nothing": [{**_change(x), "why": str(kind)} for x, kind in s.idle],
        "delivered": [d.name for d in s.delivered],
        "cells": [
            {"system": x.system, "obligation": x.obligation, "kind": str(x.kind),
             "before": x.before, "after": x.after, "levels_before": _levels(x.old),
             "levels_after": _levels(x.new)}
            for x in c.changes
        ],
        "rollups": [
            {"rollup": f.rollup, "key": f.key, "before": _figure(f.old), "after": _figure(f.new)}
            for f in c.figures
        ],
        "dates": [
            {"due": d.due.isoformat(), "before": _count(d.before), "after": _count(d.after)}
            for d in s.dates
        ],
        "late_or_overdue": {"before": s.late[0], "after": s.late[1]},
        "forecast": _forecast(s.forecast) if s.forecast else None,
    }  # fmt: skip


def _levels(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [{"categories": list(f.categories), "level": f.level} for f in findings]


def _change(change: Change) -> dict[str, Any]:
    return {**asdict(change), "categories": list(change.categories)}


def _figure(figure: Figure | None) -> dict[str, Any] | None:
    return figure.to_dict() if figure else None


def _count(count: Count | None) -> dict[str, Any] | None:
    if count is None:
        return None
    return {"met": count.met, "gaps": count.gaps, "not_assessed": count.open,
            "state": str(count.state)}  # fmt: skip


def _chance(chance: Chance | None) -> dict[str, Any] | None:
    if chance is None:
        return None
    low, high = chance.interval
    return {
        "share": round(chance.share, _ROUND),
        "standard_error": round(chance.standard_error, _ROUND),
        "low": round(low, _ROUND),
        "high": round(high, _ROUND),
    }


def _forecast(f: Forecast) -> dict[str, Any]:
    a = f.assumptions
    return {
        "plan": f.plan.name,
        "assumptions": {"runs": a.runs, "seed": a.seed, "correlation": a.correlation,
                        "waits": str(a.waits)},
        "deliveries": [_delivery(d) for d in f.deliveries],
        "deadlines": [_deadline(d) for d in f.deadlines],
    }  # fmt: skip


def _delivery(d: DeliveryForecast) -> dict[str, Any]:
    when = d.delivery.when
    return {
        "delivery": d.delivery.name,
        "distribution": str(when.distribution),
        "low": when.low.isoformat(),
        "likely": when.likely.isoformat(),
        "high": when.high.isoformat(),
        "closes": d.delivery.closes,
        "changes": [_change(c) for c in d.delivery.changes],
        "days": [day.isoformat() for day in d.days],
        "due": [
            {"due": x.due.isoformat(), "pieces": x.pieces, "in_time": _chance(x.in_time),
             "blocked_by": [" ".join(pair) for pair in x.blocked],
             "rests_on_unassessed": [" ".join(pair) for pair in x.unknown]}
            for x in d.due
        ],
    }  # fmt: skip


def _deadline(d: DeadlineForecast) -> dict[str, Any]:
    return {
        "due": d.due.isoformat(),
        "system": d.system,
        "met_today": d.met,
        "planned": d.planned,
        "gaps_without_delivery": d.unplanned,
        "not_assessed": d.open,
        "planned_in_time": _chance(d.in_time),
        "expected_in_time": round(d.expected, _ROUND),
        "in_time_10_90": list(d.spread),
        "whole_date": _chance(d.whole),
    }


def table(s: Simulation, name: str) -> tuple[Sequence[str], list[list[Any]]]:
    """Return one of ``TABLES`` as column names and rows; without a plan the last two are empty."""
    whole = document(s)
    forecast = whole["forecast"] or {"deliveries": [], "deadlines": []}
    if name == "rollups":
        keys = ("share_assessed", "low", "point", "high", "level")
        head = ["rollup", "key", *(f"{k}_{side}" for side in ("before", "after") for k in keys)]
        return head, [
            [r["rollup"], r["key"],
             *((r[side] or {}).get(k) for side in ("before", "after") for k in keys)]
            for r in whole["rollups"]
        ]  # fmt: skip
    if name == "dates":
        counted = ("met", "gaps", "not_assessed", "state")
        head = ["due", *(f"{k}_{side}" for side in ("before", "after") for k in counted)]
        return head, [
            [r["due"], *((r[side] or {}).get(k) for side in ("before", "after") for k in counted)]
            for r in whole["dates"]
        ]
    if name == "deliveries":
        return _delivery_rows(forecast["deliveries"])
    if name == "deadlines":
        return _deadline_rows(forecast["deadlines"])
    head = ["system", "obligation", "kind", "before", "after"]
    return head, [[r[h] for h in head] for r in whole["cells"]]


def _delivery_rows(deliveries: list[dict[str, Any]]) -> tuple[Sequence[str], list[list[Any]]]:
    head = ["delivery", "distribution", "day_10", "day_50", "day_90", "due", "pieces", "in_time",
            "standard_error", "low", "high", "blocked_by", "rests_on_unassessed"]  # fmt: skip
    return head, [
        [d["delivery"], d["distribution"], *d["days"], x["due"], x["pieces"],
         *x["in_time"].values(), "; ".join(x["blocked_by"]), "; ".join(x["rests_on_unassessed"])]
        for d in deliveries for x in d["due"]
    ]  # fmt: skip


def _deadline_rows(deadlines: list[dict[str, Any]]) -> tuple[Sequence[str], list[list[Any]]]:
    head = ["due", "system", "met_today", "planned", "gaps_without_delivery", "not_assessed",
            "expected_in_time", "planned_in_time", "standard_error", "low", "high",
            "whole_date"]  # fmt: skip
    return head, [
        [*(d[h] for h in head[:7]), *d["planned_in_time"].values(),
         d["whole_date"]["share"] if d["whole_date"] else None]
        for d in deadlines
    ]  # fmt: skip
