"""``ehds catalogue``: the obligations of the regulation."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import click

from ehds.cli.catalogue_coverage import command as coverage
from ehds.cli.options import language, output_format
from ehds.cli.output import as_csv, as_json, give, say


@click.group(name="catalogue")
def command() -> None:
    """The obligations of Regulation (EU) 2025/327, one row each with a stable id.

    \b
    Example: ehds catalogue show X2.3.2c
    """


command.add_command(coverage)


@command.command(name="list")
@click.option("--part", help="Only one chapter or annex: II, IV, «Annex II» ...")
@click.option("--modality", help="Only one kind: S, R, X, O, C, L or N.")
@click.option("--actor", help="Only rows of one actor: MS, HP, MAN ...")
@click.option("--scope", help="Only rows about one thing: POR, EHR, NCP ...")
@click.option("--text", "needle", help="Only rows whose text holds this.")
@language
@output_format("text", "json", "csv")
def list_(
    part: str | None,
    modality: str | None,
    actor: str | None,
    scope: str | None,
    needle: str | None,
    lang: str,
    fmt: str,
) -> None:
    """List obligations.

    \b
    Example: ehds catalogue list --part "Annex II" --actor MAN
    """
    from data.loaders.catalogue import catalogue

    chosen = [
        o for o in catalogue().obligations.values()
        if part in (None, o.part)
        and modality in (None, o.modality)
        and (actor is None or actor in o.actors)
        and (scope is None or scope in o.scopes)
        and (needle is None or needle.lower() in f"{o.id} {o.obligation_nb} {o.obligation_en} "
             f"{o.title_nb} {o.title_en}".lower())
    ]  # fmt: skip
    if fmt == "json":
        click.echo(as_json(_envelope([_plain(o) for o in chosen])))
        return
    if fmt == "csv":
        from data.loaders.catalogue import COLUMNS

        rows = [_plain(o) for o in chosen]
        click.echo(as_csv(COLUMNS, [[_cell(r[c]) for c in COLUMNS] for r in rows]), nl=False)
        return
    for o in chosen:
        click.echo(f"{o.id:10} {o.modality}  {o.ref:24} {o.text('title', lang)}")
    say(f"{len(chosen)} of {len(catalogue())} rows")


@command.command()
@click.argument("obligation_id", metavar="ID")
@language
@output_format("text", "json")
def show(obligation_id: str, lang: str, fmt: str) -> None:
    """Show one obligation whole.

    \b
    Example: ehds catalogue show E15.4a
    """
    from data.errors import InputError, Problem, did_you_mean
    from data.loaders.catalogue import catalogue
    from reports.obligation import lines
    from reports.texts import Texts

    o = catalogue().obligations.get(obligation_id)
    if not o:
        raise InputError(
            Problem(
                f"there is no obligation «{obligation_id}»",
                remedy=did_you_mean(obligation_id, catalogue().obligations, "ehds catalogue list"),
            )
        )
    if fmt == "json":
        click.echo(as_json(_envelope([_plain(o)])))
        return
    for line in lines(o, Texts(lang)):
        click.echo(textwrap.fill(line, 100, subsequent_indent="    "))


@command.command()
@click.option("--folder", type=click.Path(path_type=Path), help="Another catalogue folder.")
@output_format("text", "json")
def check(folder: Path | None, fmt: str) -> None:
    """Prove that the catalogue is sound; name every row that is not, with file and line.

    Ids unique, references well-formed and in a chapter, both languages present, every code in its
    closed set, every date after the rule of Article 105, every id it points to there.
    """
    import data
    from data.errors import Exit
    from data.loaders.catalogue import read

    found, problems = read(folder or data.path("catalogue"))
    if fmt == "json":
        click.echo(
            as_json(
                {
                    "schema": "ehds.catalogue-check/1",
                    "edition": found.edition,
                    "rows": len(found),
                    "outcome": "fail" if problems.found else "pass",
                    "problems": [
                        {"what": p.what, "where": p.where, "rule": p.rule, "remedy": p.remedy}
                        for p in problems.found
                    ],
                }
            )
        )
    else:
        for problem in problems.found:
            click.echo("\n".join(problem.lines()))
        click.echo(
            f"Edition {found.edition}: {len(found)} sound rows, {len(problems.found)} problems"
        )
    if problems.found:
        raise click.exceptions.Exit(Exit.FINDINGS)


@command.command()
@click.option("--format", "fmt", type=click.Choice(["json", "csv", "oscal"]), default="json",
              show_default=True, help="oscal gives an OSCAL catalogue.")  # fmt: skip
@click.option("-o", "--output", help="File; standard output by default.")
def export(fmt: str, output: str | None) -> None:
    """Give the whole catalogue as JSON, CSV or OSCAL.

    \b
    Example: ehds catalogue export --format oscal -o ehds-catalogue.json
    """
    from data.loaders.catalogue import COLUMNS, catalogue

    rows = [_plain(o) for o in catalogue().obligations.values()]
    if fmt == "oscal":
        from gap.oscal import catalogue_document

        give(as_json(catalogue_document(catalogue())), output)
    elif fmt == "csv":
        give(as_csv(COLUMNS, [[_cell(r[c]) for c in COLUMNS] for r in rows]), output)
    else:
        give(as_json(_envelope(rows)), output)


def _envelope(rows: list[dict[str, Any]]) -> dict[str, Any]:
    from data.loaders import structure
    from data.loaders.catalogue import catalogue

    return {
        "schema": "ehds.catalogue/1",
        "edition": catalogue().edition,
        "law_date": catalogue().law_date,
        "obligations": rows,
        "parts": [row.cells for row in structure.parts().values()],
        "articles": [row.cells for row in structure.articles().values()],
        "timeline": [row.cells for row in structure.timeline()],
        "acts": [row.cells for row in structure.acts().values()],
        "references": [row.cells for row in structure.references().values()],
        "xtehr": [row.cells for row in structure.xtehr().values()],
    }


def _plain(obligation: Any) -> dict[str, Any]:
    from data.loaders.catalogue import COLUMNS

    row = {}
    for name in COLUMNS:
        value = getattr(obligation, name)
        if isinstance(value, tuple):
            value = list(value)
        row[name] = value.isoformat() if hasattr(value, "isoformat") else value
    return row


def _cell(value: object) -> object:
    if isinstance(value, list):
        return " ".join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else value
