"""A simulation as text: what is assumed, what moves, and the chance that dates are kept."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence

from babel.numbers import format_decimal

from data.loaders.assessments import Finding
from data.loaders.codes import label
from gap.applicability import Kind
from gap.compare import FigureChange
from gap.scoring import Figure
from gap.simulate.chances import Chance, DeadlineForecast, DeliveryForecast, DueForecast, Forecast
from gap.simulate.changes import Change
from gap.simulate.deadlines import Count
from gap.simulate.outcome import Simulation
from reports.numbers import band, date, number, percent
from reports.terminal import WIDTH, table
from reports.texts import Texts
from reports.words import group_label

CELLS, FIGURES, PAIRS = 30, 24, 6
"""How many cells, figures and names the text shows; JSON and CSV give all."""


def text(s: Simulation, t: Texts) -> str:
    """Return the whole simulation as text."""
    pieces = [_head(s, t)]
    if s.comparison.changes:
        pieces += [_cells(s, t), _figures(s, t)]
    else:
        pieces.append(t("sim.nothing"))
    pieces.append(_dates(s, t))
    if s.forecast:
        names = {i: x.name(t.lang) for i, x in s.comparison.new.systems.items()}
        pieces += [_assumptions(s.forecast, t), _deliveries(s.forecast, t),
                   _deadlines(s.forecast, names, t)]  # fmt: skip
    return "\n\n".join(p for p in pieces if p)


def _wrap(line: str, indent: str = "") -> str:
    return textwrap.fill(line, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ",
                         break_on_hyphens=False)  # fmt: skip


def _head(s: Simulation, t: Texts) -> str:
    new, lang = s.comparison.new, t.lang
    lines = [
        t("sim.head", assessment=new.assessment.title(lang), on=date(new.as_of, lang)),
        _wrap(t("sim.note")),
    ]
    if s.assumed:
        lines += ["", t("sim.assumed"), *(_wrap(_assumed(c, s, t), "  ") for c in s.assumed)]
    lines += [_wrap(_idle(c, kind, s, t), "  ") for c, kind in s.idle]
    if s.forecast:
        everything = len(s.forecast.plan.deliveries)
        names = ", ".join(d.name for d in s.delivered)
        key = "sim.delivered" if s.delivered else "sim.delivered.none"
        lines += ["", _wrap(t(key, n=len(s.delivered), all=everything, names=names))]
    return "\n".join(lines)


def _assumed(change: Change, s: Simulation, t: Texts) -> str:
    state = label("status", change.status, t.lang)
    if change.level in (1, 2):
        state = f"{state} ({change.level})"
    categories = f" ({' '.join(change.categories)})" if change.categories else ""
    return t("sim.assumed.line", system=s.comparison.new.systems[change.system].name(t.lang),
             obligation=change.obligation, categories=categories, state=state)  # fmt: skip


def _idle(change: Change, kind: Kind, s: Simulation, t: Texts) -> str:
    option = s.comparison.new.catalogue.obligations[change.obligation].if_option
    return t(f"sim.idle.{kind}", system=change.system, obligation=change.obligation,
             option=option)  # fmt: skip


def _cells(s: Simulation, t: Texts) -> str:
    found, lang = s.comparison.changes, t.lang
    lines = [t("sim.cells", n=len(found))]
    lines += [
        f"  {c.obligation} {s.comparison.new.systems[c.system].name(lang)}: "
        f"{_state(c.before, c.old, lang)} → {_state(c.after, c.new, lang)}"
        for c in found[:CELLS]
    ]
    return "\n".join([*lines, *_rest(len(found) - CELLS, t)])


def _state(status: str, findings: Sequence[Finding], lang: str) -> str:
    """Return a status with its levels by category, for example ``delvis oppfylt (a 1, b 3)``."""
    known = [(" ".join(f.categories), f.level) for f in findings if f.level is not None]
    said = ", ".join(f"{letters} {level}".strip() for letters, level in sorted(known))
    word = label("status", status, lang)
    return f"{word} ({said})" if status == "partial" and said else word


def _rest(n: int, t: Texts) -> list[str]:
    return [f"  {t('sim.more', n=n)}"] if n > 0 else []


def _figures(s: Simulation, t: Texts) -> str:
    names = {i: x.name(t.lang) for i, x in s.comparison.new.systems.items()}
    moved = [f for f in s.comparison.figures if f.old and f.new and _seen(f, t)]
    rows = [
        [group_label(f.rollup, f.key, t, names), *(_arrow(*pair) for pair in _sides(f, t))]
        for f in moved[:FIGURES]
    ]
    if not rows:
        return ""
    head = [t("sim.col.group"), t("sim.col.share"), t("sim.col.point"), t("sim.col.band")]
    return "\n".join([t("sim.figures"), table(head, rows), *_rest(len(moved) - FIGURES, t)])


def _sides(change: FigureChange, t: Texts) -> list[tuple[str, str]]:
    def said(f: Figure | None) -> tuple[str, str, str]:
        if f is None:
            return "–", "–", "–"
        return percent(f.share_assessed, t.lang), percent(f.point, t.lang), band(f, t.lang)

    return list(zip(said(change.old), said(change.new), strict=True))


def _seen(change: FigureChange, t: Texts) -> bool:
    """Whether a reader sees the move in whole percentages."""
    return any(a != b for a, b in _sides(change, t))


def _arrow(before: object, after: object) -> str:
    return f"{before} → {after}" if before != after else str(before)


def _dates(s: Simulation, t: Texts) -> str:
    head = [t("sim.col.due"), t("sim.col.met"), t("sim.col.gaps"), t("sim.col.open"),
            t("sim.col.state")]  # fmt: skip
    rows = []
    for move in s.dates:
        old, new = move.before or _none(move.after), move.after or _none(move.before)
        rows.append([
            date(move.due, t.lang), _arrow(old.met, new.met), _arrow(old.gaps, new.gaps),
            _arrow(old.open, new.open),
            _arrow(t(f"sim.state.{old.state}"), t(f"sim.state.{new.state}")),
        ])  # fmt: skip
    lines = [t("sim.dates"), table(head, rows)]
    lines.append(t("sim.late", before=s.late[0], after=s.late[1]))
    return "\n".join([*lines, _wrap(t("sim.eea"))])


def _none(other: Count | None) -> Count:
    assert other is not None
    return Count(other.due, 0, 0, 0)


def _decimal(value: float, lang: str, form: str = "0.###") -> str:
    return str(format_decimal(value, format=form, locale=lang))


def _assumptions(f: Forecast, t: Texts) -> str:
    a, lang = f.assumptions, t.lang
    names = ", ".join(sorted({str(d.when.distribution) for d in f.plan.deliveries}))
    error = _decimal(100 * math.sqrt(0.25 / a.runs), lang, "0.0#")
    if a.correlation in (0, 1):
        common = t(f"plan.assume.correlation.{int(a.correlation)}")
    else:
        common = t("plan.assume.correlation.part", value=_decimal(a.correlation, lang))
    lines = [
        t("plan.assume.runs", runs=number(a.runs, lang), seed=a.seed, error=error),
        t("plan.assume.dates", names=names),
        common,
        t(f"plan.assume.waits.{a.waits}"),
        t("plan.assume.unknown"),
    ]
    head = [t("plan.head", name=f.plan.name), t("plan.assume")]
    return "\n".join([*head, *(_wrap(f"- {line}") for line in lines)])


def _share(chance: Chance, lang: str) -> str:
    return percent(chance.share, lang)


def _interval(chance: Chance, lang: str) -> str:
    low, high = (_decimal(100 * x, lang, "0.0") for x in chance.interval)
    return f"{low}–{high}"


def _deliveries(f: Forecast, t: Texts) -> str:
    head = [t("plan.col.delivery"), t("plan.col.days"), t("plan.col.due"), t("plan.col.pieces"),
            t("plan.col.chance"), t("plan.col.interval")]  # fmt: skip
    rows, notes = [], []
    for d in f.deliveries:
        for due in d.due:
            rows.append(_delivery_row(d, due, t))
            notes += [
                _wrap(t(f"plan.{key}", name=d.delivery.name, pairs=_pairs(pairs)))
                for key, pairs in (("blocked", due.blocked), ("unknown", due.unknown)) if pairs
            ]  # fmt: skip
    return "\n".join([t("plan.deliveries"), table(head, rows), *dict.fromkeys(notes)])


def _delivery_row(d: DeliveryForecast, due: DueForecast, t: Texts) -> list[str]:
    days = " ".join(day.isoformat() for day in d.days)
    if len(set(d.days)) == 1:
        days = d.days[0].isoformat()
    chance = f"{'≤ ' if due.unknown and due.in_time.hits else ''}{_share(due.in_time, t.lang)}"
    interval = _interval(due.in_time, t.lang)
    if not d.delivery.closes:
        chance, interval = t("plan.partial"), "–"
    return [d.delivery.name, days, due.due.isoformat(), str(due.pieces), chance, interval]


def _pairs(pairs: Sequence[tuple[str, str]]) -> str:
    shown = ", ".join(" ".join(pair) for pair in pairs[:PAIRS])
    return f"{shown} … (+{len(pairs) - PAIRS})" if len(pairs) > PAIRS else shown


def _deadlines(f: Forecast, names: dict[str, str], t: Texts) -> str:
    if not f.deadlines:
        return ""
    head = [t("plan.col.where"), t("plan.col.due"), t("plan.col.planned"), t("plan.col.expected"),
            t("plan.col.all"), t("plan.col.unplanned"), t("sim.col.open"),
            t("plan.col.whole")]  # fmt: skip
    rows = [_deadline_row(d, names, t) for d in f.deadlines]
    return "\n".join([t("plan.deadlines"), _narrow(head, rows)])


def _deadline_row(d: DeadlineForecast, names: dict[str, str], t: Texts) -> list[str]:
    lang = t.lang
    low, high = d.spread
    spread = "" if low == high else f" ({low}–{high})"
    whole = (_share(d.whole, lang) if d.whole
             else t("plan.whole.open", share=_share(d.in_time, lang)))  # fmt: skip
    return [
        names[d.system] if d.system else t("plan.all"), d.due.isoformat(), str(d.planned),
        f"{_decimal(d.expected, lang, '0.0')}{spread}", _share(d.in_time, lang), str(d.unplanned),
        str(d.open), whole,
    ]  # fmt: skip


def _narrow(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table whose long heads stand on two lines."""
    split = [h.rsplit(" ", 1) if len(h) > 12 else [h] for h in head]
    above = [s[0] if len(s) == 2 else "" for s in split]
    below = [s[-1] for s in split]
    lines = table(below, [above, *rows]).split("\n")
    return "\n".join([lines[2], lines[0], lines[1], *lines[3:]])
