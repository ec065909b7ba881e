"""The obligations of the page: every row with its anchor, grouped by chapter and annex."""

from __future__ import annotations

from typing import Any

from data.loaders.codes import label
from data.loaders.structure import parts
from gap.analysis import Analysis
from reports.obligation import dates
from reports.texts import Texts
from reports.words import labels, part_label


def obligation_groups(analysis: Analysis, t: Texts) -> list[dict[str, Any]]:
    """Return the chapters and annexes with their obligations, each with what was found."""
    j, lang = analysis.judgement, t.lang
    found: dict[str, list[dict[str, str]]] = {}
    for finding in j.findings:
        found.setdefault(finding.obligation, []).append(
            {
                "system": j.systems[finding.system].name(lang),
                "system_id": finding.system,
                "status": finding.status,
                "word": label("status", finding.status, lang),
            }
        )
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
                "findings": found.get(o.id, []),
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
