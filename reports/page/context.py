"""What the national page shows: plain data, every number already computed and written."""

from __future__ import annotations

import shlex
from typing import Any

from data.loaders.codes import closed_sets, label
from data.loaders.structure import timeline
from gap.analysis import Analysis
from reports.numbers import date, number, percent
from reports.page.answers import answers
from reports.page.filters import Filter, filters
from reports.page.index import Index
from reports.page.obligations import obligation_groups, obligation_words
from reports.page.pieces import dates, gap, heat, rollup, step
from reports.page.region import (
    due_words,
    plan_words,
    region_name,
    region_rows,
    state_words,
    system_rows,
)
from reports.texts import Texts
from reports.words import source_line

WORST = 10
PRINTED_STEPS = 40
"""The rows of the roadmap that go on paper; the style sheet holds the same number."""


def context(index: Index, t: Texts) -> dict[str, Any]:
    """Return everything that the national page shows."""
    analysis, lang = index.analysis, t.lang
    j = analysis.judgement
    with_findings = {f.system for f in j.findings}
    view = index.national
    steps = [step(s, t) for s in view.steps]
    systems = system_rows(index, view.systems, t)
    obligations = obligation_groups(analysis, t)
    return {
        "answers": answers(view, analysis, t),
        "regions": region_rows(index, t),
        "figures": [rollup(analysis, name, t) for name in analysis.scheme.groups
                    if name not in ("national", "system")],
        "worst": [gap(c, t) for c in view.gaps[:WORST]],
        "dates": dates(view, analysis, t),
        "law_dates": [
            {"date": date_text(row["date"], t), "what": row[f"what_{lang}"],
             "provision": row["provision"]}
            for row in timeline()
        ],
        "heat": heat(analysis, [s for s in j.system_list if s.id in with_findings], t),
        "steps": steps,
        "steps_unprinted": max(0, len(steps) - PRINTED_STEPS),
        "missed": len(analysis.roadmap.missed()),
        "systems": systems,
        "filters": _filters(index, steps, systems, obligations, t),
        "obligations": obligations,
        "options": [_option(o, findings, t) for o, findings in analysis.options if findings],
        "counts": analysis.counts,
        "limits": limits(analysis, t),
        "words": [
            {"set": t(f"set.{name}"), "codes": list(closed_sets()[name].values())}
            for name in ("status", "level", "grade", "basis", "modality")
        ],
        "sources": [
            {"title": s.title(lang), "publisher": s.publisher, "note": s.date_note(lang),
             "date": date(s.date, lang) if s.date else "–"}
            for s in analysis.judgement.assessment.register.values()
        ],
    }  # fmt: skip


def common(index: Index, t: Texts) -> dict[str, Any]:
    """Return what every page of a report says of where it comes from."""
    analysis = index.analysis
    return {
        "facts": _facts(analysis, t),
        "command": _command(analysis, t.lang),
        "region_links": [{"id": r, "name": region_name(r, t)} for r in index.regions],
    }


def date_text(iso: str, t: Texts) -> str:
    """Return an ISO date of a table in words."""
    from data.loaders.dates import day

    return date(day(iso), t.lang)


def _filters(
    index: Index, steps: list[dict[str, Any]], systems: list[dict[str, Any]],
    obligations: list[dict[str, Any]], t: Texts,
) -> list[Filter]:  # fmt: skip
    regions = {f"region-{r}": region_name(r, t) for r in index.regions}
    return [
        *filters("roadmap",
                 {"plan": t("col.verdict"), "due": t("col.due"), "region": t("col.region")},
                 {"plan": plan_words(t), "due": due_words(index.national, t), "region": regions},
                 (s["tokens"] for s in steps)),
        *filters("systems", {"region": t("col.region"), "state": t("system.state")},
                 {"region": regions, "state": state_words(t)}, (s["tokens"] for s in systems)),
        *filters("obligations", {"found": t("page.found")}, {"found": obligation_words(t)},
                 (o["tokens"] for g in obligations for o in g["rows"])),
    ]  # fmt: skip


def _command(analysis: Analysis, lang: str) -> str:
    """Return the command that makes this page again."""
    j = analysis.judgement
    words = ["ehds", "readiness", "--assessment", j.assessment.id, "--scheme",
             analysis.scheme.name, "--as-of", j.as_of.isoformat(), "--lang", lang]  # fmt: skip
    return shlex.join(words)


def _facts(analysis: Analysis, t: Texts) -> list[tuple[str, str]]:
    """Return what stands in the head (the first three) and in the foot of a page."""
    j, lang = analysis.judgement, t.lang
    return [
        (t("page.assessment"), j.assessment.title(lang)),
        (t("page.as_of"), date(j.as_of, lang)),
        (t("page.assessor"), j.assessment.assessor),
        (t("page.edition"), j.catalogue.edition),
        (t("page.scheme"), f"{analysis.scheme.title(lang)} ({analysis.scheme.name})"),
        (t("page.scope"), t("page.scope.text", systems=analysis.counts["systems"],
                            obligations=analysis.counts["obligations"],
                            binding=analysis.counts["binding"],
                            cells=number(analysis.counts["cells"], lang))),
    ]  # fmt: skip


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


def limits(analysis: Analysis, t: Texts) -> list[str]:
    """Return what the reader has to know before using a number."""
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
