"""The stages of ``ehds readiness`` that run tests: options, progress, evidence."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ehds.cli.options import F, today
from ehds.cli.output import say

if TYPE_CHECKING:
    from gap.readiness.exchange import Opened
    from gap.readiness.plan import Plan
    from gap.readiness.running import Ran, Step
    from reports.texts import Texts

REPORT = "report"
STAGES = ("documents", "exchange", REPORT)
FOLDER = "evidence"


def run_options(command: F) -> F:
    """Add the options of the stages."""
    for option in reversed((
        click.option("--only", multiple=True, type=click.Choice(STAGES),
                     help="Only this stage; several times. All by default."),
        click.option("--resume", is_flag=True,
                     help="Take up the evidence that is there; nothing done is repeated."),
        click.option("--records", type=click.Path(exists=True, file_okay=False, path_type=Path),
                     help="Records of a real test environment (synthetic patients only), instead "
                     "of our samples; needs --subject."),
        click.option("--subject", default="", metavar="SYSTEM",
                     help="The system whose records these are (ehds systems list)."),
        click.option("--ncp-a", default="", metavar="URL",
                     help="A contact point of country A to test, instead of our own; needs "
                     "--ncp-subject."),
        click.option("--ncp-subject", default="", metavar="SYSTEM",
                     help="The system that the contact point is."),
        click.option("--ncp-profile", type=click.Path(exists=True, path_type=Path),
                     help="Target profile (TOML): patients and features of the contact point."),
        click.option("--ncp-home", type=click.Path(file_okay=False, path_type=Path),
                     envvar="EHDS_NCP_HOME", show_envvar=True,
                     help="Folder with certs/CC of country B."),
        click.option("--ncp-ca", type=click.Path(exists=True, dir_okay=False, path_type=Path),
                     help="PEM of the authority of the contact point's TLS certificate."),
        click.option("--as-country", default="SE", show_default=True,
                     help="Country B that asks."),
        click.option("--by", default="", help="Who runs the tests, for the evidence."),
    )):  # fmt: skip
        command = option(command)
    return command


def stages_of(only: Sequence[str]) -> tuple[str, ...]:
    """Return the stages that were asked for; all of them by default."""
    return tuple(stage for stage in STAGES if not only or stage in only)


def collect(out: Path, asked: dict[str, Any], t: Texts) -> Ran:
    """Run the stages that leave evidence.

    Args:
        out: folder of the results; the evidence goes into ``evidence`` in it.
        asked: the options of ``run_options``.
        t: words of the progress.

    Raises:
        InputError: options that do not fit together, or evidence of another run.
        EnvironmentProblem: our own contact point does not start.
    """
    from gap.readiness.plan import Stage
    from gap.readiness.running import run

    plan, opened = _plan(asked)
    stages = {Stage(s) for s in stages_of(asked["only"]) if s != REPORT}
    folder = out / FOLDER
    try:
        return run(plan, folder, stages, resume=asked["resume"], opened=opened, told=_progress(t))
    except KeyboardInterrupt:
        say("\n" + t("readiness.stopped", folder=f"{folder}.part"))
        raise


def _plan(asked: dict[str, Any]) -> tuple[Plan, Opened | None]:
    from ehds import __version__
    from gap.evidence import TOOL_CHAIN
    from gap.readiness.plan import Plan

    url, country, profile = asked["ncp_a"], asked["as_country"].upper(), asked["ncp_profile"]
    more = {"profile": hashlib.sha256(profile.read_bytes()).hexdigest()} if profile else {}
    plan = Plan(__version__, today(), asked["records"], asked["subject"] or TOOL_CHAIN, url,
                asked["ncp_subject"] or TOOL_CHAIN, country, asked["by"], more)  # fmt: skip
    if not url:
        return plan, None
    from ehds.cli.ncp.home import home_folder
    from gap.readiness.exchange import far
    from ncp.scenarios import profile as profiles

    known = profiles.read(profile or profiles.shipped())
    return plan, far(plan, known, home_folder(asked["ncp_home"]), asked["ncp_ca"])


def _progress(t: Texts) -> Callable[[Step], None]:
    """Return what tells how far it is: one line that changes on a terminal, few lines in a log."""
    live = sys.stderr.isatty()

    def told(step: Step) -> None:
        last = step.number == step.total
        text = f"{t(f'readiness.stage.{step.stage}')} {step.number}/{step.total}"
        if live:
            _rewrite(f"{text} {step.unit}", last=last)
        elif last or step.number % 50 == 0:
            say(text)

    return told


def _rewrite(text: str, *, last: bool) -> None:
    context = click.get_current_context(silent=True)
    if not (context and context.obj and context.obj.get("quiet")):
        click.echo(f"\r{text:<70.70}", err=True, nl=last)
