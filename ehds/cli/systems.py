"""``ehds systems``: the Norwegian systems that are assessed."""

from __future__ import annotations

import dataclasses
import textwrap

import click

from ehds.cli.options import language, output_format
from ehds.cli.output import as_csv, as_json, say


@click.group(name="systems")
def command() -> None:
    """National services, products, infrastructures, registers and regional portfolios.

    \b
    Example: ehds systems show kjernejournal
    """


@command.command(name="list")
@click.option("--region", help="Only one region: national, nord, midt, vest, sor-ost, municipal.")
@click.option("--kind", help="Only one kind: service, product, register ...")
@click.option("--owner", help="Only systems whose owner holds this text.")
@language
@output_format("text", "json", "csv")
def list_(region: str | None, kind: str | None, owner: str | None, lang: str, fmt: str) -> None:
    """List the systems."""
    from data.loaders.systems import COLUMNS, systems

    chosen = [
        s for s in systems().values()
        if region in (None, s.region) and kind in (None, s.kind)
        and (owner is None or owner.lower() in s.owner.lower())
    ]  # fmt: skip
    if fmt == "json":
        click.echo(
            as_json(
                {"schema": "ehds.systems/1", "systems": [dataclasses.asdict(s) for s in chosen]}
            )
        )
    elif fmt == "csv":
        rows = [
            [" ".join(v) if isinstance(v := getattr(s, c), tuple) else v for c in COLUMNS]
            for s in chosen
        ]
        click.echo(as_csv(COLUMNS, rows), nl=False)
    else:
        for s in chosen:
            click.echo(f"{s.id:28} {s.region:10} {s.owner[:30]:30} {s.name(lang)}")
        say(f"{len(chosen)} of {len(systems())} systems")


@command.command()
@click.argument("system_id", metavar="ID")
@language
@output_format("text", "json")
def show(system_id: str, lang: str, fmt: str) -> None:
    """Show one system: what it does, for whom, its history and sources."""
    from data.errors import InputError, Problem, did_you_mean
    from data.loaders.systems import systems
    from reports.system import lines
    from reports.texts import Texts

    system = systems().get(system_id)
    if not system:
        raise InputError(
            Problem(
                f"there is no system «{system_id}»",
                remedy=did_you_mean(system_id, systems(), "ehds systems list"),
            )
        )
    if fmt == "json":
        click.echo(as_json({"schema": "ehds.systems/1", "systems": [dataclasses.asdict(system)]}))
        return
    for line in lines(system, Texts(lang)):
        click.echo(textwrap.fill(line, 100, subsequent_indent="    "))
