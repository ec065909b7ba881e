"""``ehds readiness``: the main job in one command."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ehds.cli import options, readiness_profile, readiness_run, readiness_verify
from ehds.cli.output import as_json, say

if TYPE_CHECKING:
    from data.files import Outbox
    from gap.analysis import Analysis
    from gap.evidence import Weighed
    from gap.readiness.running import Ran
    from reports.texts import Texts


@click.group(name="readiness", invoke_without_command=True)
@options.assessments
@options.scheme
@options.as_of
@options.language
@click.option("--out", type=click.Path(path_type=Path), default=Path("ehds-out"),
              show_default=True, help="Folder for the results.")  # fmt: skip
@click.option("--pdf", "as_pdf", is_flag=True,
              help="Write page and summary as PDF too (PDF/A-2a, PDF/UA-1).")  # fmt: skip
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
        written = [
            *_evidence(outbox, ran, weighed),
            *readiness_profile.add_profile(outbox, analysis, *profile, lang, weighed),
            *_pages(outbox, analysis, t, as_pdf),
            (outbox.add("ehds-gap.xlsx", build(analysis, t)), "wrote.workbook"),
            (outbox.add("ehds-gap.json", as_json(document(analysis)) + "\n"), "wrote.json"),
        ]
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


def _pages(outbox: Outbox, analysis: Analysis, t: Texts, as_pdf: bool) -> list[tuple[Path, str]]:
    """Add all pages, and return those that a reader starts from with the key of what they are."""
    from reports import page, pdf, summary
    from reports.page.names import NATIONAL, SUMMARY

    first = {NATIONAL: "wrote.page", SUMMARY: "wrote.summary"}
    files = {**page.pages(analysis, t), SUMMARY: summary.render(analysis, t)}
    written = [(outbox.add(name, html), first.get(name, "")) for name, html in files.items()]
    if as_pdf:
        written += [
            (outbox.add(str(Path(name).with_suffix(".pdf")), pdf.render(files[name])), "wrote.pdf")
            for name in first
        ]
    return [(path, what) for path, what in written if what]


command.add_command(readiness_verify.command)
