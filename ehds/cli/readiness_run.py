"""The stages of ``ehds readiness`` that run tests: options, progress, evidence."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from data.errors import EnvironmentProblem, InputError, Problem
from ehds.cli.ncp.home import Seconds
from ehds.cli.options import F, today
from ehds.cli.output import say

if TYPE_CHECKING:
    from gap.readiness.exchange import Opened
    from gap.readiness.plan import Plan
    from gap.readiness.running import Ran, Step
    from reports.texts import Texts

REPORT = "report"
EXCHANGE = "exchange"
STAGES = ("documents", EXCHANGE, REPORT)
FOLDER = "evidence"


class Part(click.ParamType[str]):
    """A stage, or scenarios of the exchange by id, pattern or area."""

    name = "part"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """Return the stage or the pattern, or fail where it fits nothing."""
        text = str(value)
        if text in STAGES:
            return text
        from ncp.scenarios.loading import choose, shipped

        try:
            choose(shipped(), [text])
        except InputError:
            self.fail(f"«{text}» is no stage ({', '.join(STAGES)}), and no scenario fits it "
                      "(ehds ncp test --list)", param, ctx)  # fmt: skip
        return text


def run_options(command: F) -> F:
    """Add the options of the stages."""
    for option in reversed((
        click.option("--only", multiple=True, type=Part(),
                     help="Only this stage (documents, exchange, report), or this scenario: id, "
                     "pattern (IDN-*) or area; several times. All by default."),
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
        click.option("--home", "--ncp-home", "home",
                     type=click.Path(file_okay=False, path_type=Path),
                     envvar="EHDS_NCP_HOME", show_envvar=True,
                     help="Folder with certs/CC of country B."),
        click.option("--ca", "--ncp-ca", "ca",
                     type=click.Path(exists=True, dir_okay=False, path_type=Path),
                     help="PEM of the authority of the contact point's TLS certificate."),
        click.option("--base", default="",
                     help="Path of its services, as OpenNCP has it by default."),
        click.option("--audit-a", default="",
                     help="Its audit: file, folder, or a server's store.db."),
        click.option("--reset", is_flag=True,
                     help="Let our own server on this machine forget in between."),
        click.option("--timeout", type=Seconds(0.1, 600), default=30, show_default=True,
                     help="Seconds to wait for one answer."),
        click.option("--as-country", default="SE", show_default=True,
                     help="Country B that asks."),
        click.option("--by", default="", help="Who runs the tests, for the evidence."),
    )):  # fmt: skip
        command = option(command)
    return command


def stages_of(only: Sequence[str]) -> tuple[str, ...]:
    """Return the stages that were asked for; all of them by default.

    Args:
        only: stages, and patterns of scenarios, which ask for the exchange.
    """
    wanted = {part if part in STAGES else EXCHANGE for part in only}
    return tuple(stage for stage in STAGES if not only or stage in wanted)


def collect(out: Path, asked: dict[str, Any], t: Texts) -> Ran:
    """Run the stages that leave evidence.

    Args:
        out: folder of the results; the evidence goes into ``evidence`` in it.
        asked: the options of ``run_options``.
        t: words of the progress.

    Raises:
        InputError: options that do not fit together, or evidence of another run.
        EnvironmentProblem: our own contact point does not start, or the other does not answer.
    """
    from gap.readiness.plan import Stage
    from gap.readiness.running import run
    from ncp.scenarios.loading import choose, shipped

    plan, opened = _plan(asked)
    stages = {Stage(s) for s in stages_of(asked["only"]) if s != REPORT}
    patterns = [part for part in asked["only"] if part not in STAGES]
    scenarios = choose(shipped(), () if EXCHANGE in asked["only"] else patterns)
    folder = out / FOLDER
    try:
        return run(plan, folder, stages, resume=asked["resume"], opened=opened,
                   scenarios=scenarios, told=_progress(t))  # fmt: skip
    except (KeyboardInterrupt, EnvironmentProblem):
        begun = folder.with_name(f"{folder.name}.part")
        if begun.is_dir():
            say("\n" + t("readiness.stopped", folder=begun))
        raise


def _plan(asked: dict[str, Any]) -> tuple[Plan, Opened | None]:
    from ehds import __version__
    from gap.evidence import TOOL_CHAIN
    from gap.readiness.plan import Plan

    url, country = asked["ncp_a"], asked["as_country"].upper()
    plan = Plan(__version__, today(), asked["records"], asked["subject"] or TOOL_CHAIN, url,
                asked["ncp_subject"] or TOOL_CHAIN, country, asked["by"], _more(asked))  # fmt: skip
    if not url:
        _only_far(asked)
        return plan, None
    from ehds.cli.ncp.home import home_folder
    from gap.readiness.exchange import Reached, far
    from ncp.scenarios import profile as profiles

    known = profiles.read(asked["ncp_profile"] or profiles.shipped())
    return plan, far(plan, Reached(known, home_folder(asked["home"]), asked["ca"], asked["base"],
                                   asked["audit_a"], asked["timeout"], asked["reset"])
                     )  # fmt: skip


def _more(asked: dict[str, Any]) -> dict[str, str]:
    """Return what else the results follow from: with something else another run begins."""
    profile = asked["ncp_profile"]
    said = {"profile": hashlib.sha256(profile.read_bytes()).hexdigest() if profile else "",
            "base": asked["base"], "audit_a": "given" if asked["audit_a"] else ""}  # fmt: skip
    return {key: value for key, value in said.items() if value}


def _only_far(asked: dict[str, Any]) -> None:
    """Refuse what says how a contact point is reached where none is named."""
    named = {"--ncp-profile": "ncp_profile", "--ca": "ca", "--base": "base",
             "--audit-a": "audit_a", "--reset": "reset"}  # fmt: skip
    wrong = [Problem(f"{option} means nothing here", option, rule="it belongs to --ncp-a URL",
                     remedy="leave it out, or name the contact point with --ncp-a")
             for option, key in named.items() if asked[key]]  # fmt: skip
    if wrong:
        raise InputError(wrong)


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
