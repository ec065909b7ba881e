"""``ehds gap``: the gap analysis."""

from __future__ import annotations

import datetime as dt

import click

from ehds.cli import gap_compare, gap_import, gap_keyfigures, gap_simulate, gap_workbook, options
from ehds.cli.output import as_csv, as_json, give


@click.group(name="gap")
def command() -> None:
    """The judgement over catalogue, systems and an assessment.

    \b
    Examples:
      ehds gap score --scheme xt-ehr
      ehds gap explain kjernejournal E09.2e
      ehds gap compare norway-2024-10 norway-2026-11
    """


@command.command()
@options.assessment
@options.scheme
@options.as_of
@options.language
@options.output_format("text", "json", "csv")
@click.option("--by", default=None, help="One roll-up: part, category, date-group, actor, scope, "
              "reeif, system, owner, region, role, role-category.")  # fmt: skip
@click.option("-o", "--output", help="File; standard output by default.")
@options.evidence
@options.fail_under
def score(
    assessment: str,
    evidence_paths: tuple[str, ...],
    scheme: str,
    as_of: dt.date | None,
    lang: str,
    fmt: str,
    by: str | None,
    output: str | None,
    fail_under: float | None,
) -> None:
    """Score an assessment: every figure is a band, and what is not assessed comes first."""
    from data.errors import InputError, Problem
    from gap.export import document
    from reports import terminal
    from reports.texts import Texts

    analysis = options.with_evidence(options.analyse(assessment, scheme, as_of), evidence_paths)
    groups = analysis.scheme.groups
    if by and by not in groups:
        raise InputError(
            Problem(f"scheme «{scheme}» has no roll-up «{by}»",
                    remedy=f"choose one of: {', '.join(groups)}")
        )  # fmt: skip
    t = Texts(lang)
    if fmt == "json":
        give(as_json(document(analysis)), output)
    elif fmt == "csv":
        head = ["rollup", "key", "cells", "assessed", "met", "partial", "share_assessed", "low",
                "point", "high", "level", "gates_failed", "gates_open", "capped"]  # fmt: skip
        rows = [
            [name, *f.to_dict().values()]
            for name in ([by] if by else groups)
            for f in analysis.rollups[name]
        ]
        give(as_csv(head, rows), output)
    else:
        text = terminal.summary(analysis, t)
        if by:
            text = f"{terminal.headline(analysis, t)}\n\n{terminal.score_table(analysis, by, t)}"
        give(text, output)
    options.check_fail_under(analysis, fail_under)


@command.command()
@click.argument("system")
@click.argument("obligation_id", metavar="ID")
@options.assessment
@options.scheme
@options.as_of
@options.evidence
@options.language
def explain(
    system: str,
    obligation_id: str,
    assessment: str,
    evidence_paths: tuple[str, ...],
    scheme: str,
    as_of: dt.date | None,
    lang: str,
) -> None:
    """Tell in words why a cell is what it is.

    \b
    Example: ehds gap explain kjernejournal E09.2e
    """
    import textwrap

    from gap.explain import explain as explain_cell
    from reports.texts import Texts
    from reports.words import explanation

    analysis = options.with_evidence(options.analyse(assessment, scheme, as_of), evidence_paths)
    cell = explain_cell(analysis.judgement, system, obligation_id, analysis.scheme)
    for line in explanation(cell, Texts(lang)):
        indent = " " * (len(line) - len(line.lstrip()) + 2)
        click.echo(textwrap.fill(line, 100, subsequent_indent=indent) if line else "")


@command.command()
@options.assessment
@options.as_of
@options.language
@options.output_format("text", "json", "csv")
@click.option("-n", "how_many", default=40, show_default=True, type=click.IntRange(1),
              help="How many steps the text shows; json and csv give all.")  # fmt: skip
def roadmap(assessment: str, as_of: dt.date | None, lang: str, fmt: str, how_many: int) -> None:
    """Order the gaps by date, by what depends on what, and by weight; tell which plans miss."""
    from gap.export import document
    from reports import terminal
    from reports.texts import Texts

    analysis = options.analyse(assessment, "share-met", as_of)
    road = analysis.roadmap
    if fmt == "text":
        t = Texts(lang)
        click.echo(terminal.roadmap_table(road, t, how_many))
        click.echo("\n" + terminal.due_next(analysis, t))
        return
    whole = document(analysis)
    if fmt == "json":
        kept = ("as_of", "assessment", "roadmap", "unassessed_by_date")
        click.echo(as_json({"schema": "ehds.roadmap/1", **{k: whole[k] for k in kept}}))
        return
    rows = whole["roadmap"]
    head = ["system", "obligation", "categories", "status", "level", "due", "planned", "plan",
            "after", "waits_for"]  # fmt: skip
    click.echo(
        as_csv(head, [[" ".join(v) if isinstance(v := r[h], list) else v for h in head]
                      for r in rows]),
        nl=False,
    )  # fmt: skip


command.add_command(gap_workbook.command)
command.add_command(gap_import.command)
command.add_command(gap_compare.command)
command.add_command(gap_keyfigures.command)
command.add_command(gap_simulate.command)
