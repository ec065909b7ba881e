"""``ehds gap keyfigures``: the figures of the activity report, to fill in and to follow."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ehds.cli import options
from ehds.cli.output import as_csv, as_json, give, say_line


@click.command(name="keyfigures")
@click.option("--file", "files", multiple=True, metavar="FILE",
              type=click.Path(path_type=Path),
              help="A filled table (CSV); may be given several times.")  # fmt: skip
@options.language
@options.output_format("text", "json", "csv", "xlsx")
@click.option("-o", "--output", help="File; standard output by default.")
def command(files: tuple[Path, ...], lang: str, fmt: str, output: str | None) -> None:
    """Show, check and follow the key figures that Article 20 asks of the health authority.

    A value that nobody has stays empty. Every value needs a period, a source and a date.

    \b
    Examples:
      ehds gap keyfigures
      ehds gap keyfigures --format csv -o key-figures.csv
      ehds gap keyfigures --file key-figures.csv --format xlsx -o key-figures.xlsx
    """
    from gap.keyfigures import read, report
    from reports import keyfigures
    from reports.texts import Texts

    t = Texts(lang)
    found = report(read(files))
    if fmt == "json":
        give(as_json(keyfigures.document(found)), output)
    elif fmt == "csv":
        give(as_csv(keyfigures.COLUMNS, keyfigures.rows(found, t)), output)
    elif fmt == "xlsx":
        _give_bytes(keyfigures.workbook(found, t), output)
    else:
        give(keyfigures.text(found, t), output)


def _give_bytes(content: bytes, target: str | None) -> None:
    from data.errors import InputError, Problem
    from data.files import check_folder, write_all

    if target is None and sys.stdout.isatty():
        raise InputError(Problem("a workbook is nothing to read on a terminal", "--format xlsx",
                                 remedy="name a file with -o"))  # fmt: skip
    if target in (None, "-"):
        click.echo(content, nl=False)
        return
    assert target is not None
    path = Path(target)
    check_folder(path.parent)
    write_all({path: content})
    say_line(f"Wrote {path}")
