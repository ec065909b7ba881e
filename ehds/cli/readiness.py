"""``ehds readiness``: the main job in one command."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from ehds.cli import options
from ehds.cli.output import as_json, say


@click.command(name="readiness")
@options.assessments
@options.scheme
@options.as_of
@options.language
@click.option("--out", type=click.Path(path_type=Path), default=Path("ehds-out"),
              show_default=True, help="Folder for the results.")  # fmt: skip
@options.fail_under
def command(
    names: tuple[str, ...],
    scheme: str,
    as_of: dt.date | None,
    lang: str,
    out: Path,
    fail_under: float | None,
) -> None:
    """How ready is Norway for the EHDS? Scores, workbook and page in one go.

    \b
    Examples:
      ehds readiness
      ehds readiness --lang en --assessment norway-2024-10 --out report-2024
    """
    from data.files import Outbox
    from reports import terminal
    from reports.page import render
    from reports.texts import Texts
    from reports.workbook import build

    t = Texts(lang)
    with Outbox(out) as outbox:
        say(t("readiness.scoring", assessment=" + ".join(names)))
        analysis = options.analyse(names, scheme, as_of)
        from gap.export import document

        say(t("readiness.writing"))
        written = [
            (outbox.add("ehds-gap.html", render(analysis, t)), "wrote.page"),
            (outbox.add("ehds-gap.xlsx", build(analysis, t)), "wrote.workbook"),
            (outbox.add("ehds-gap.json", as_json(document(analysis)) + "\n"), "wrote.json"),
        ]
    click.echo(terminal.summary(analysis, t))
    click.echo(f"\n{t('wrote.head')}")
    for path, what in written:
        click.echo(f"  {path}  {t(what)}")
    click.echo(f"\n{t('next.explain')}")
    options.check_fail_under(analysis, fail_under)
