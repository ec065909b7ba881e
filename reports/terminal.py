"""The analysis on a terminal: short tables, the worst gaps, what is due, and what is not known."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence

from data.loaders.assessments import Finding
from data.loaders.codes import label
from gap.analysis import Analysis
from gap.compare import ChangeKind, Comparison
from gap.roadmap import PlanVerdict, Roadmap
from gap.scoring import Figure
from reports.numbers import band, date, level, number, percent
from reports.texts import Texts
from reports.words import gates, group_label

WIDTH = 100
WORST = 8


def _width(text: str) -> int:
    return sum(0 if unicodedata.combining(c) else 1 for c in text)


def _cut(text: str, width: int) -> str:
    """Return a text that fits a width; what is cut off is shown as an ellipsis."""
    return text if _width(text) <= width else text[: width - 1] + "…"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Return a plain table: aligned columns, no box drawing, the first column cut to fit.

    Args:
        head: the column heads.
        rows: the cells.
        right: the columns that are aligned to the right.
    """
    widths = [max(_width(r[i]) for r in [head, *rows]) for i in range(len(head))]
    spare = WIDTH - sum(widths[1:]) - 2 * (len(head) - 1)
    widths[0] = min(widths[0], max(spare, 20))

    def line(cells: Sequence[str]) -> str:
        done = []
        for i, cell in enumerate(cells):
            shown = _cut(cell, widths[i])
            gap = " " * (widths[i] - _width(shown))
            done.append(gap + shown if i in right else shown + gap)
        return "  ".join(done).rstrip()

    return "\n".join([line(head), line(["-" * w for w in widths]), *(line(r) for r in rows)])


def _wrap(text: str, indent: str = "") -> str:
    return textwrap.fill(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )


def score_table(analysis: Analysis, rollup: str, t: Texts) -> str:
    """Return one roll-up as a table; what is not assessed stands before any percentage."""
    names = {s.id: s.name(t.lang) for s in analysis.judgement.system_list}
    head = [t(f"group.{rollup}"), t("col.cells"), t("col.not_assessed"), t("col.share"),
            t("col.level"), t("col.point.short"), t("col.band")]  # fmt: skip
    rows = [
        [
            group_label(rollup, f.key, t, names),
            str(f.cells),
            number(f.not_assessed, t.lang),
            percent(f.share_assessed, t.lang),
            level(f.level, t.lang),
            percent(f.point, t.lang),
            band(f, t.lang),
        ]
        for f in analysis.rollups[rollup]
    ]
    return table(head, rows, right=range(1, 7))


def headline(analysis: Analysis, t: Texts) -> str:
    """Return title, scheme, what is unassessed, and the figure with its band."""
    j, lang = analysis.judgement, t.lang
    lines = [
        t("score.head", title=t("app.title"), assessment=j.assessment.title(lang),
          as_of=date(j.as_of, lang)),
        _wrap(t("score.scheme", name=analysis.scheme.name, title=analysis.scheme.title(lang),
                what=analysis.scheme.what(lang))),
        "",
    ]  # fmt: skip
    figure = analysis.national
    if figure:
        lines += _figure_lines(figure, analysis, t)
    return "\n".join(lines)


def _figure_lines(figure: Figure, analysis: Analysis, t: Texts) -> list[str]:
    lang = t.lang
    lines = [
        t("score.not_assessed", share=percent(1 - figure.share_assessed, lang),
          n=number(figure.not_assessed, lang), cells=number(figure.cells, lang)),
        t("score.figure", point=percent(figure.point, lang), band=band(figure, lang)),
        t("score.partial", assessed=number(figure.assessed, lang), met=number(figure.met, lang),
          partial=number(figure.partial, lang), not_met=number(figure.not_met, lang)),
    ]  # fmt: skip
    counts = analysis.counts
    lines.append(
        t("score.level", level=level(figure.level, lang), touched=counts["touched"],
          binding=counts["binding"])
    )  # fmt: skip
    if figure.capped:
        lines.append(t("score.capped", cap=percent(analysis.scheme.gate_cap, lang)))
    if figure.gates_failed or figure.gates_open:
        lines.append(f"{t('col.gates')}: {gates(figure, t)}")
    return lines


def worst_gaps(analysis: Analysis, t: Texts, how_many: int = WORST) -> str:
    """Return the gravest known gaps."""
    cells = analysis.worst(how_many)
    if not cells:
        return t("worst.none")
    head = [t("col.system"), t("col.obligation"), t("col.title"), t("col.level"), t("col.due")]
    rows = [
        [_cut(c.system.name(t.lang), 32), c.obligation.id,
         _cut(c.obligation.text("title", t.lang), 40),
         f"{min(f.level for f in c.findings if f.level is not None)}/3", date(c.due, t.lang)]
        for c in cells
    ]  # fmt: skip
    return f"{t('worst.head')}\n{table(head, rows)}"


def due_next(analysis: Analysis, t: Texts) -> str:
    """Return what is due at each date, and how the plans stand."""
    road = analysis.roadmap
    dates = sorted({s.due for s in road.steps} | set(road.unassessed))
    lines = [t("due.head")]
    lines += [
        "  " + t("due.line", date=date(day, t.lang), gaps=sum(s.due == day for s in road.steps),
                 unassessed=road.unassessed.get(day, 0))
        for day in dates
    ]  # fmt: skip
    late = sum(s.verdict in (PlanVerdict.LATE, PlanVerdict.OVERDUE) for s in road.steps)
    none = sum(s.verdict in (PlanVerdict.NO_PLAN, PlanVerdict.PAST_PLAN) for s in road.steps)
    lines += ["  " + t("due.late", n=late, none=none), _wrap(t("due.eea"), "  ")]
    return "\n".join(lines)


def limits(analysis: Analysis, t: Texts) -> str:
    """Return what the reader has to know before using a number."""
    counts = analysis.counts
    lines = [
        t(f"limits.{name}", n=counts[name])
        for name in ("unallocated", "supporting", "waiting", "unplaced", "stale")
        if counts[name]
    ]
    if counts["findings_later"]:
        day = date(analysis.judgement.as_of, t.lang)
        lines.append(t("limits.later", n=counts["findings_later"], as_of=day))
    return "\n".join(_wrap(line) for line in lines)


def summary(analysis: Analysis, t: Texts) -> str:
    """Return the whole short report of ``ehds readiness`` and ``ehds gap score``."""
    rollup = "part" if "part" in analysis.scheme.groups else analysis.scheme.groups[1]
    pieces = [headline(analysis, t), score_table(analysis, rollup, t)]
    if "category" in analysis.scheme.groups:
        pieces.append(score_table(analysis, "category", t))
    pieces += [worst_gaps(analysis, t), due_next(analysis, t), limits(analysis, t)]
    return "\n\n".join(p for p in pieces if p)


def roadmap_table(road: Roadmap, t: Texts, how_many: int) -> str:
    """Return the first steps of the roadmap."""
    head = [t("col.system"), t("col.obligation"), t("col.due"), t("col.level"), t("col.plan"),
            t("col.verdict"), t("col.after")]  # fmt: skip
    rows = [
        [_cut(s.system.name(t.lang), 30), s.obligation.id, s.due.isoformat(), f"{s.level}/3",
         s.planned_text or "–", _cut(t(f"plan.{s.verdict}"), 22), " ".join(s.after) or "–"]
        for s in road.steps[:how_many]
    ]  # fmt: skip
    text = f"{t('roadmap.head', n=len(road.steps))}\n{table(head, rows)}"
    rest = len(road.steps) - how_many
    return f"{text}\n{t('roadmap.more', n=rest)}" if rest > 0 else text


def _state(status: str, findings: Sequence[Finding], lang: str) -> str:
    """Return the status of a cell with its levels, for example ``delvis oppfylt (1)``."""
    levels = "/".join(str(f.level) for f in findings if f.level is not None)
    word = label("status", status, lang)
    return f"{word} ({levels})" if levels else word


def comparison(c: Comparison, t: Texts) -> str:
    """Return what changed between two assessments, and why."""
    lang = t.lang
    lines = [t("compare.head", old=c.old.assessment.title(lang), new=c.new.assessment.title(lang))]
    for figure in c.figures:
        if figure.rollup == "national" and figure.old and figure.new:
            lines.append(
                t("compare.national", a=percent(figure.old.share_assessed, lang),
                  b=percent(figure.new.share_assessed, lang), c=percent(figure.old.point, lang),
                  d=percent(figure.new.point, lang))
            )  # fmt: skip
    if not c.changes:
        lines.append(t("compare.none"))
    for kind in ChangeKind:
        here = [change for change in c.changes if change.kind is kind]
        if here:
            lines += ["", f"{t(f'change.{kind}')} ({len(here)})"]
        for change in here:
            name = c.new.systems[change.system].name(lang)
            before = _state(change.before, change.old, lang)
            after = _state(change.after, change.new, lang)
            lines.append(f"  {change.obligation} {name}: {before} → {after}")
            lines += [_wrap(f.comment(lang), "    ") for f in change.new or change.old]
    return "\n".join(lines)
