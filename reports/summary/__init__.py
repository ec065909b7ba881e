"""The summary for those who decide: two A4 pages that an adviser can send as they are.

It answers the same five questions as the pages, with the same numbers, in plain words.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from data.loaders.structure import timeline
from gap.analysis import Analysis
from reports.numbers import date
from reports.page.answers import answers, owners
from reports.page.context import common, date_text
from reports.page.index import Index
from reports.page.names import NATIONAL, region_file, system_file
from reports.page.pieces import dates, gap
from reports.page.region import region_rows
from reports.texts import Texts

_HERE = Path(__file__).parent
_WORST = 5
_OWNERS = 6
_LAW_DATES = 3


def render(analysis: Analysis, t: Texts) -> str:
    """Return the summary of an analysis in the language of the texts."""
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(system_file=system_file, region_file=region_file, national=NATIONAL)
    css = (_HERE / "summary.css").read_text(encoding="utf-8")
    return environment.get_template("summary.html.j2").render(
        t=t, lang=t.lang, css=css, **context(analysis, t)
    )


def context(analysis: Analysis, t: Texts) -> dict[str, Any]:
    """Return everything that the summary shows."""
    index = Index(analysis)
    view = index.national
    return {
        **common(index, t),
        "day": date(analysis.judgement.as_of, t.lang),
        "assessor": analysis.judgement.assessment.assessor,
        "answers": answers(view, analysis, t),
        "worst": [gap(c, t) for c in view.gaps[:_WORST]],
        "regions": region_rows(index, t),
        "owners": owners(view)[:_OWNERS],
        "dates": dates(view, analysis, t),
        "law": _law(analysis, t),
        "missed": len(analysis.roadmap.missed()),
        "counts": analysis.counts,
    }


def _law(analysis: Analysis, t: Texts) -> list[dict[str, str]]:
    """Return what begins to apply on the next dates of the law, the first entry of each date."""
    as_of = analysis.judgement.as_of.isoformat()
    first: dict[str, str] = {}
    for row in timeline():
        if row["date"] > as_of:
            first.setdefault(row["date"], row[f"what_{t.lang}"])
    return [{"date": date_text(day, t), "what": first[day]} for day in sorted(first)[:_LAW_DATES]]
