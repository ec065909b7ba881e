"""``ehds gap simulate``: what would move, and the chance that dates are kept."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from ehds.cli import options
from ehds.cli.output import as_csv, as_json, give


@click.command(name="simulate")
@options.assessment
@options.scheme
@options.as_of
@options.language
@options.output_format("text", "json", "csv")
@click.option("--if", "assumed", multiple=True, metavar="SYSTEM:ID[:CATEGORIES]=STATE",
              help="A state to assume: met, partial/2, partial/1, not-met, not-assessed, or used "
              "for a national option. May be given several times.")  # fmt: skip
@click.option("--plan", "plan_file", type=click.Path(path_type=Path), metavar="FILE",
              help="Deliveries with dates or ranges, CSV or TOML.")  # fmt: skip
@click.option("--on", type=options.Day(),
              help="The day to look at: deliveries whose median day has come are in place; "
              "without it all are.")  # fmt: skip
@click.option("--runs", default=10_000, show_default=True, type=click.IntRange(100, 100_000),
              help="How often the plan is played through.")  # fmt: skip
@click.option("--seed", default=1, show_default=True, type=int,
              help="The same seed gives the same figures.")  # fmt: skip
@click.option("--correlation", type=click.FloatRange(0, 1),
              help="Common delay of all deliveries: 0 each for itself, 1 all together. By default "
              "what the plan says, or 0.")  # fmt: skip
@click.option("--waits", type=click.Choice(["own", "all", "none"]), default="own",
              show_default=True,
              help="Whose gaps hold a delivery up, among what its obligations build on: those of "
              "the same system, of all systems, or nobody's.")  # fmt: skip
@click.option("--table", "which", default=None,
              type=click.Choice(["cells", "rollups", "dates", "deliveries", "deadlines"]),
              help="Which table --format csv gives; cells by default, with a plan the deadlines.",
              )  # fmt: skip
@click.option("-o", "--output", help="File; standard output by default.")
def command(
    assessment: str,
    scheme: str,
    as_of: dt.date | None,
    lang: str,
    fmt: str,
    assumed: tuple[str, ...],
    plan_file: Path | None,
    on: dt.date | None,
    runs: int,
    seed: int,
    correlation: float | None,
    waits: str,
    which: str | None,
    output: str | None,
) -> None:
    """Assume changes or a plan: what moves, which dates are met, and how likely.

    The assessment is never changed, and what is assumed is no evidence.

    \b
    Examples:
      ehds gap simulate --if sfm:E15.4a=met --if pll:X1.2:b=partial/2
      ehds gap simulate --plan deliveries.csv --on 2028-01-01
      ehds gap simulate --plan deliveries.toml --runs 20000 --seed 7 --correlation 0.5
    """
    from gap.simulate import changes, export, plans
    from gap.simulate.applying import assume
    from gap.simulate.chances import Assumptions
    from gap.simulate.outcome import simulate
    from gap.simulate.waiting import Waits
    from reports import simulation
    from reports.texts import Texts

    if not assumed and not plan_file:
        raise click.UsageError("Give --if or --plan: without them there is nothing to assume.")
    if which and fmt != "csv":
        raise click.UsageError("--table goes with --format csv.")
    if which in ("deliveries", "deadlines") and not plan_file:
        raise click.UsageError(f"--table {which} needs --plan.")
    analysis = options.analyse(assessment, scheme, as_of)
    judgement = analysis.judgement
    wanted = changes.parse(assumed, judgement)
    plan = plans.read(plan_file, assume(judgement, wanted)) if plan_file else None
    common = correlation if correlation is not None else (plan and plan.correlation) or 0.0
    assumptions = Assumptions(runs, seed, common, Waits(waits))
    found = simulate(judgement, analysis.scheme, wanted, plan, assumptions, on)
    if fmt == "json":
        give(as_json(export.document(found)), output)
    elif fmt == "csv":
        give(as_csv(*export.table(found, which or ("deadlines" if plan else "cells"))), output)
    else:
        give(simulation.text(found, Texts(lang)), output)
