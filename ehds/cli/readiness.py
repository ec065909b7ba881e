"""``ehds readiness``: the main job in one command."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ehds.cli import options, readiness_pages, readiness_profile, readiness_run, readiness_verify
from ehds.cli.output import as_json, say

if TYPE_CHECKING:
    from data.files import Outbox
    from gap.evidence import Weighed
    from gap.readiness.running import Ran


@click.group(name="readiness", invoke_without_command=True)
@options.assessments
@options.scheme
@options.as_of
@options.language
@click.option("--out", type=click.Path(path_type=Path), default=Path("ehds-out"),
              show_default=True, help="Folder for the results.")  # fmt: skip
@click.option("--pdf", "as_pdf", is_flag=True,
              help="Write the pages as PDF too, but for systems (PDF/A-2a, PDF/UA-1).")  # fmt: skip
@options.evidence
@readiness_run.run_options
@readiness_profile.profile_options
@options.fail_under
@click.pass_context
def command(
    context: click.Context,
    /,
    names: tuple[str, ...],
    scheme: str,
    as_of: dt.date | None,
    lang: str,
    out: Path,
    as_pdf: bool,
    evidence_paths: tuple[str, ...],
    fail_under: float | None,
    **asked: Any,
) -> None:
    """How ready is Norway for the EHDS? Tests, scores, workbook and page in one go.

    Builds and checks the documents of our samples, runs the exchange against our own contact
    point, keeps the evidence, scores with it, and writes workbook and pages. Results on our own
    samples are about this tool and move no score; those on the records (--records) or the contact
    point (--ncp-a) of a system are about that system.

    \b
    Examples:
      ehds readiness
      ehds readiness --only report --assessment norway-2024-10 --out report-2024
      ehds readiness --records test-env/ --subject kjernejournal --by "Norsk helsenett"
      ehds readiness verify ehds-out/evidence
    """
    if context.invoked_subcommand:
        return
    from data.files import Outbox
    from reports import pdf, readiness, terminal
    from reports.texts import Texts
    from reports.workbook import build

    if as_pdf:
        pdf.check()
    profile = readiness_profile.chosen(asked)
    t = Texts(lang)
    with Outbox(out) as outbox:
        say(t("readiness.scoring", assessment=" + ".join(names)))
        analysis = options.analyse(names, scheme, as_of)
        from gap.evidence import read, with_evidence

        given = read(evidence_paths)
        ran = readiness_run.collect(out, asked, t)
        shown = readiness.stages(ran, t)
        if readiness_run.REPORT not in readiness_run.stages_of(asked["only"]):
            click.echo("\n".join(shown))
            return
        from gap.export import document

        weighed = with_evidence(analysis, [*given, *ran.records])
        analysis = weighed.analysis
        say(t("readiness.writing"))
        whole = as_json(document(analysis)) + "\n"
        more = readiness_profile.files(analysis, *profile, lang, weighed)
        pages = readiness_pages.add(outbox, analysis, t, whole, more, as_pdf)
        written = [
            *_evidence(outbox, ran, weighed),
            *pages.shown,
            (outbox.add("ehds-gap.xlsx", build(analysis, t)), "wrote.workbook"),
            (outbox.add("ehds-gap.json", whole), "wrote.json"),
        ]
    readiness_pages.clear(pages.stale, t)
    readiness_pages.warn(pages.old, t)
    click.echo("\n".join([*shown, *readiness.moves(weighed, t),
                          *([""] if shown else []), terminal.summary(analysis, t)]))  # fmt: skip
    click.echo(f"\n{t('wrote.head')}")
    for path, what in written:
        click.echo(f"  {path}  {t(what)}")
    click.echo(f"\n{t('next.explain')}")
    options.check_fail_under(analysis, fail_under)


def _evidence(outbox: Outbox, ran: Ran, weighed: Weighed) -> list[tuple[Path, str]]:
    """Add what the evidence did, and return it with the folder of the evidence, if there is any."""
    from reports import readiness

    if not weighed.records and not weighed.later:
        return []
    told = as_json(readiness.document(ran, weighed)) + "\n"
    written = [(outbox.add(readiness.WEIGHED_FILE, told), "wrote.weighed")]
    return [(ran.folder, "wrote.evidence"), *written] if ran.records else written


command.add_command(readiness_verify.command)
