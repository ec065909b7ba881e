"""``ehds gap workbook``: the national overview, or a workbook to fill in."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ehds.cli import options
from ehds.cli.output import say_line

if TYPE_CHECKING:
    from gap.analysis import Analysis

_OVERVIEW = Path("ehds-gap.xlsx")


@click.command(name="workbook")
@options.assessment
@options.scheme
@options.as_of
@options.language
@click.option("--system", "systems", multiple=True, metavar="ID",
              help="To fill in: the rows of this system; may be given several times.")  # fmt: skip
@click.option("--region", default="", metavar="REGION",
              help="To fill in: the systems of this region (nord, midt, vest, sor-ost, municipal, "
              "national).")  # fmt: skip
@click.option("--theme", default="", metavar="PART|CATEGORY",
              help="To fill in: a chapter or annex (II, annex-ii) or a priority category "
              "(a to f).")  # fmt: skip
@click.option("--assess", is_flag=True,
              help="To fill in; alone: every row of every system.")  # fmt: skip
@click.option("--csv", "as_csv", is_flag=True, help="The rows to fill in as CSV.")
@click.option("-o", "--output", type=click.Path(path_type=Path),
              help="The file to write; - is standard output. By default ehds-gap.xlsx, or a name "
              "after what was chosen.")  # fmt: skip
def command(
    assessment: str,
    scheme: str,
    as_of: dt.date | None,
    lang: str,
    systems: tuple[str, ...],
    region: str,
    theme: str,
    assess: bool,
    as_csv: bool,
    output: Path | None,
) -> None:
    """Write the overview for Excel and LibreOffice, or a workbook to fill in and import.

    \b
    Examples:
      ehds gap workbook
      ehds gap workbook --system kjernejournal
      ehds gap workbook --region vest --theme annex-ii --lang en
    """
    from data.files import check_folder, write_all

    fill = bool(systems or region or theme or assess)
    if as_csv and not fill:
        raise click.UsageError("--csv needs --system, --region, --theme or --assess.")
    if output is not None and str(output) != "-":
        check_folder(output.parent)
    analysis = options.analyse(assessment, scheme, as_of)
    if fill:
        name, content, n = _to_fill(analysis, systems, region, theme, lang, as_csv=as_csv)
    else:
        name, content, n = _OVERVIEW, _overview(analysis, lang), None
    target = output or name
    if str(target) == "-":
        click.echo(content, nl=False)
        return
    check_folder(target.parent)
    write_all({target: content})
    say_line(f"Wrote {target}" + ("" if n is None else f" ({n} rows)"))


def _overview(analysis: Analysis, lang: str) -> bytes:
    from reports.texts import Texts
    from reports.workbook import build

    return build(analysis, Texts(lang))


def _to_fill(
    analysis: Analysis, systems: tuple[str, ...], region: str, theme: str, lang: str, *,
    as_csv: bool,
) -> tuple[Path, bytes, int]:  # fmt: skip
    """Return the name, the content and the number of rows of a workbook to fill in."""
    from data.errors import InputError, Problem
    from gap.worksheet import csvtable, selection
    from reports.assessment_book import build, twin
    from reports.texts import Texts

    j = analysis.judgement
    chosen = selection.choose(j, systems, region, theme)
    rows = selection.rows(j, chosen)
    if not rows:
        raise InputError(
            Problem("no row applies to what was chosen",
                    remedy="choose another system, region or theme")
        )  # fmt: skip
    t = Texts(lang)
    words = "-".join(["ehds", *chosen.words()] if chosen.words() else ["ehds", "all"])
    name = words.lower().replace(" ", "-") + (".csv" if as_csv else ".xlsx")
    if as_csv:
        text = csvtable.write((twin.row(r, j, t) for r in rows), norwegian=lang == "nb")
        return Path(name), text.encode(), len(rows)
    return Path(name), build(j, rows, chosen, t), len(rows)
