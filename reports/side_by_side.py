"""Regions or schemes side by side, as text and as plain data."""

from __future__ import annotations

import textwrap
from dataclasses import asdict
from typing import Any

from data.loaders.codes import label
from gap.compare_groups import SideBySide
from gap.judgement import Judgement
from gap.schemes import schemes
from gap.scoring import Figure
from reports.numbers import band, date, level, percent
from reports.terminal import WIDTH, table
from reports.texts import Texts
from reports.words import group_label

SCHEMA = "ehds.gap-side-by-side/1"
DIFFERENCES = 40
"""How many differing obligations the text shows; JSON and CSV give all."""


def text(s: SideBySide, judgement: Judgement, kind: str, t: Texts) -> str:
    """Return the comparison as text; ``kind`` is ``regions`` or ``schemes``."""
    lang = t.lang
    heads = [_column(name, kind, lang) for name in s.columns]
    rows = [
        [group_label(line.rollup, line.key, t, {}) if line.rollup != "national" or kind == "schemes"
         else t("plan.all"), *(_cell(f, t) for f in line.figures)]
        for line in s.lines
    ]  # fmt: skip
    lines = [
        t(f"groups.{kind}", assessment=judgement.assessment.title(lang),
          as_of=date(judgement.as_of, lang)),
        textwrap.fill(t(f"groups.note.{kind}"), WIDTH), "",
        *_blocks([t("groups.col.what"), *heads], rows),
    ]  # fmt: skip
    if kind == "regions":
        lines += ["", *_differences(s, judgement, heads, t)]
    return "\n".join(lines)


def _blocks(head: list[str], rows: list[list[str]]) -> list[str]:
    """Return tables of at most two columns beside the names, so that lines stay readable."""
    found: list[str] = []
    for start in range(1, len(head), 2):
        cut = [[row[0], *row[start : start + 2]] for row in rows]
        found += [*([""] if found else []), table([head[0], *head[start : start + 2]], cut)]
    return found


def _column(name: str, kind: str, lang: str) -> str:
    if kind == "regions":
        word = label("region", name, lang)
        return f"{word[0].upper()}{word[1:]}"
    return schemes()[name].title(lang).split(":")[0]


def _cell(figure: Figure | None, t: Texts) -> str:
    if figure is None:
        return t("groups.none")
    return t("groups.cell", share=percent(figure.share_assessed, t.lang),
             point=percent(figure.point, t.lang), band=band(figure, t.lang))  # fmt: skip


def _differences(s: SideBySide, judgement: Judgement, heads: list[str], t: Texts) -> list[str]:
    if not s.differences:
        return [t("groups.differ.none")]
    shown = [
        [f"{d.obligation} {judgement.catalogue.obligations[d.obligation].text('title', t.lang)}",
         *(level(x, t.lang) for x in d.levels)]
        for d in s.differences[:DIFFERENCES]
    ]  # fmt: skip
    lines = [t("groups.differ", n=len(s.differences)), table([t("col.obligation"), *heads], shown)]
    rest = len(s.differences) - DIFFERENCES
    return [*lines, f"  {t('sim.more', n=rest)}"] if rest > 0 else lines


def document(s: SideBySide, judgement: Judgement, kind: str, scheme: str) -> dict[str, Any]:
    """Return the comparison as plain data."""
    return {
        "schema": SCHEMA,
        "assessment": judgement.assessment.id,
        "as_of": judgement.as_of.isoformat(),
        "across": kind,
        "scheme": scheme if kind == "regions" else None,
        "columns": list(s.columns),
        "figures": [
            {"rollup": line.rollup, "key": line.key,
             "figures": {c: asdict(f) if f else None
                         for c, f in zip(s.columns, line.figures, strict=True)}}
            for line in s.lines
        ],
        "differences": [
            {"obligation": d.obligation, "levels": dict(zip(s.columns, d.levels, strict=True))}
            for d in s.differences
        ],
    }  # fmt: skip


def rows(s: SideBySide) -> tuple[list[str], list[list[Any]]]:
    """Return the figures as a table: one row for each group and column."""
    fields = ("cells", "assessed", "share_assessed", "low", "point", "high", "level")
    return ["rollup", "key", "column", *fields], [
        [line.rollup, line.key, column, *(getattr(figure, name) for name in fields)]
        for line in s.lines
        for column, figure in zip(s.columns, line.figures, strict=True)
        if figure
    ]
