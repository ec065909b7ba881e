"""The obligations of the page: every row with its anchor, grouped by chapter and annex."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from data.loaders.assessments import Finding
from data.loaders.codes import label
from data.loaders.structure import parts
from gap.analysis import Analysis
from reports.obligation import dates
from reports.texts import Texts
from reports.words import labels, part_label

_STATES = ("gap", "known", "unknown", "gate")


def obligation_words(t: Texts) -> dict[str, str]:
    """Return the words of the states by which obligations can be filtered."""
    return {f"found-{state}": t(f"obligation.state.{state}") for state in _STATES}


def obligation_groups(analysis: Analysis, t: Texts) -> list[dict[str, Any]]:
    """Return the chapters and annexes with their obligations, each with what was found."""
    j, lang = analysis.judgement, t.lang
    found: dict[str, list[Finding]] = {}
    for finding in j.findings:
        found.setdefault(finding.obligation, []).append(finding)
    steps = {s.obligation.id for s in analysis.roadmap.steps}
    applies = dict(zip((o.id for o in j.obligations), j.conditions.sum(axis=0), strict=True))
    groups = []
    for part, row in parts().items():
        rows = [
            {
                "id": o.id,
                "ref": o.ref,
                "title": o.text("title", lang),
                "text": o.text("obligation", lang),
                "remark": o.text("remark", lang),
                "modality": label("modality", o.modality, lang),
                "actors": labels("actor", o.actors, lang),
                "dates": dates(o, t),
                "gate": o.gate,
                "applies": int(applies[o.id]) if o.binding else None,
                "findings": _by_system(analysis, found.get(o.id, ()), t),
                "tokens": _tokens(o.id in steps, o.id in found, o.binding, o.gate),
            }
            for o in j.obligations
            if o.part == part
        ]
        if rows:
            groups.append(
                {"id": part.replace(" ", "-"), "name": part_label(part, t),
                 "title": row[f"title_{lang}"], "rows": rows}
            )  # fmt: skip
    return groups


def _by_system(analysis: Analysis, found: Sequence[Finding], t: Texts) -> list[dict[str, str]]:
    """Return one entry a system; categories are named only where they differ in status."""
    by_system: dict[str, dict[str, list[str]]] = {}
    for f in found:
        statuses = by_system.setdefault(f.system, {})
        statuses.setdefault(f.status, []).extend(f.categories)
    entries = []
    for system, statuses in by_system.items():
        words = [
            label("status", status, t.lang)
            + (f" ({', '.join(dict.fromkeys(named))})" if named and len(statuses) > 1 else "")
            for status, named in statuses.items()
        ]
        name = analysis.judgement.systems[system].name(t.lang)
        entries.append({"system": name, "system_id": system, "word": ", ".join(words)})
    return entries


def _tokens(is_gap: bool, is_known: bool, binding: bool, gate: bool) -> list[str]:
    holds = {"gap": is_gap, "known": is_known, "unknown": binding and not is_known, "gate": gate}
    return [f"found-{state}" for state in _STATES if holds[state]]
