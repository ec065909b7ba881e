"""``ehds gap import``: take filled-in workbooks and tables back."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from data.errors import Exit
from ehds.cli import options
from ehds.cli.output import as_json, say


@click.command(name="import")
@click.argument("files", metavar="FILE...", nargs=-1, required=True,
                type=click.Path(path_type=Path))  # fmt: skip
@options.assessment
@click.option("--csv", "as_csv", is_flag=True, help="Read the files as CSV whatever they end in.")
@click.option("--apply", "write", is_flag=True, help="Write the changes into the folder of -o.")
@click.option("-n", "--dry-run", is_flag=True, help="Only show what would change (the default).")
@click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=False),
              help="Folder of your assessment; what lies there is changed.")  # fmt: skip
@click.option("--assessor", default="", help="Who assessed; by default the name in the workbook.")
@click.option("--date", "day", type=options.Day(),
              help="The day of the assessment; today by default.")  # fmt: skip
@click.option("--accept", "accepted", multiple=True, metavar="SYSTEM:ID",
              help="Let the file win where the ground has moved; or all.")  # fmt: skip
@click.option("--prefer", default="", metavar="FILE",
              help="The file that wins where several files disagree.")  # fmt: skip
@options.language
@options.output_format("text", "json")
def command(
    files: tuple[Path, ...],
    assessment: str,
    as_csv: bool,
    write: bool,
    dry_run: bool,
    output: Path | None,
    assessor: str,
    day: dt.date | None,
    accepted: tuple[str, ...],
    prefer: str,
    lang: str,
    fmt: str,
) -> None:
    """Take filled-in workbooks back: check all, show what changes, write on demand.

    Documents on the sheet of new sources are registered with the assessment; in CSV a table with
    the columns of data/sources.csv does the same.

    Nothing is written when a single cell is wrong. Places where the ground has moved since the
    export, and places where files disagree, are shown and left out; the exit code is then 1.

    \b
    Examples:
      ehds gap import kjernejournal.xlsx
      ehds gap import kjernejournal.xlsx --apply -o my-assessment --assessor "Kari Nordmann"
    """
    from data.files import check_folder, write_all
    from data.loaders import catalogue, systems
    from gap.worksheet import apply, intake
    from gap.worksheet.edits import Ground
    from gap.worksheet.plan import Decisions
    from reports import import_preview, import_words
    from reports.texts import Texts

    _check_flags(write=write, dry_run=dry_run, output=output)
    ground = Ground(catalogue.catalogue(), systems.systems(), day or options.today())
    with import_words.told(lang):
        if write and output:
            check_folder(output)
        target = apply.target(output, assessment, ground)
        found = intake.prepare(
            files, target, ground, as_csv=as_csv, who=assessor.strip(),
            decisions=Decisions(frozenset(accepted), Path(prefer).name),
        )  # fmt: skip
        if write and found.plan.writes:
            write_all(apply.files(found.plan, target, ground))
    t = Texts(lang)
    if fmt == "json":
        click.echo(as_json({**import_preview.document(found), "applied": write}))
    else:
        click.echo(import_preview.text(found, t))
    if not write:
        say(t("import.preview"))
    elif found.plan.writes:
        say(t("import.applied", n=found.plan.writes, folder=output))
    else:
        say(t("import.untouched", folder=output))
    if found.plan.undecided:
        raise click.exceptions.Exit(Exit.FINDINGS)


def _check_flags(*, write: bool, dry_run: bool, output: Path | None) -> None:
    if write and dry_run:
        raise click.UsageError("--apply and --dry-run exclude each other.")
    if write and output is None:
        raise click.UsageError("--apply needs -o FOLDER, the folder of your assessment.")
