"""``ehds ncp test``: scenarios against any contact point of country A."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from data.errors import EnvironmentProblem, Exit
from ehds.cli.ncp.home import Seconds, home, home_folder
from ehds.cli.options import language, output_format
from ehds.cli.output import as_json, give, say, say_line

if TYPE_CHECKING:
    from ncp.faults.plan import Plan
    from ncp.scenarios.model import Scenario, ScenarioRun
    from ncp.scenarios.reaching import Opened
    from ncp.scenarios.running import Options, Target


@click.command(name="test")
@click.option("--target", "url", default="",
              help="URL of the contact point; without it our own is tested.")  # fmt: skip
@click.option("--profile", "profile_file", type=click.Path(exists=True, path_type=Path),
              help="Target profile (TOML): patients and features of the target.")  # fmt: skip
@click.option("--as-country", default="SE", show_default=True,
              help="Country B that asks; several with commas, one run each.")  # fmt: skip
@home
@click.option("--ca", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="PEM of the authority of the target's TLS certificate.")  # fmt: skip
@click.option("--base", default="", help="Path of the services, as OpenNCP has it by default.")
@click.option("--audit-a", default="",
              help="Audit of country A: file, folder, or a server's store.db.")  # fmt: skip
@click.option("--reset", is_flag=True,
              help="Let our own server on this machine forget in between.")  # fmt: skip
@click.option("--only", multiple=True, help="Scenario id, pattern (IDN-*) or area; several times.")
@click.option("--scenarios", "folder", type=click.Path(exists=True, path_type=Path),
              help="Own scenarios: TOML file or folder, instead of the shipped ones.")  # fmt: skip
@click.option("--list", "listing", is_flag=True, help="Show the scenarios and run none.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True,
              help="Order of the scenarios; 0 is that of the files.")  # fmt: skip
@click.option("--timeout", type=Seconds(0.1, 600), default=30, show_default=True,
              help="Seconds to wait for one answer.")  # fmt: skip
@click.option("--lenient", is_flag=True, help="Another error code than agreed is a note only.")
@click.option("--fail-level", type=click.Choice(["error", "warning"]), default="error",
              show_default=True, help="What makes a scenario fail.")  # fmt: skip
@click.option("--fault", "specs", multiple=True,
              help="Give our own contact point a fault; several times.")  # fmt: skip
@click.option("--report", "reports", multiple=True, metavar="KIND=PATH",
              help="junit=PATH, testreport=PATH (FHIR) or json=PATH; several times.")  # fmt: skip
@click.option("--out", type=click.Path(file_okay=False, path_type=Path),
              help="Folder for the evidence: every message, audits, checksums.")  # fmt: skip
@output_format("text", "json")
@language
def command(
    url: str, profile_file: Path | None, as_country: str, home: Path | None, ca: Path | None,
    base: str, audit_a: str, reset: bool, only: tuple[str, ...], folder: Path | None,
    listing: bool, seed: int, timeout: float, lenient: bool, fail_level: str,
    specs: tuple[str, ...], reports: tuple[str, ...], out: Path | None, fmt: str, lang: str,
) -> None:  # fmt: skip
    """Run the scenarios against a contact point of country A and judge what comes back.

    Without --target it runs our own contact point inside this process. What the target cannot show
    is «not possible» or «not applicable», never «passed». Scenarios that dispense take their
    dispensations back.

    \b
    Examples:
      ehds ncp test
      ehds ncp test --target https://ncp.example:8443 --profile a.toml --out proof/
      ehds ncp test --only 'EDA-*' --fault double-dispensing
    """
    from data.results import Severity
    from ehds.cli.ncp import checking
    from ncp.scenarios.loading import choose, read, shipped
    from ncp.scenarios.running import Options

    chosen = choose(read(folder) if folder else shipped(), only)
    if listing:
        give(_listed(chosen, fmt, lang), None)
        return
    wanted = checking.report_files(reports)
    checking.check_places(wanted, out)
    checking.check_options(url, specs, {"--ca": ca, "--base": base, "--audit-a": audit_a,
                                "--reset": reset})  # fmt: skip
    where = _Where(url, profile_file, home, ca, base, audit_a, reset, timeout, specs)
    countries = checking.countries(as_country)
    targets = [(code, where.target(code)) for code in countries]
    where.check(countries)
    options = Options(Severity(fail_level), lenient, seed, keep_audits=out is not None)
    runs: list[ScenarioRun] = []
    about: dict[str, str] = {}
    gone: EnvironmentProblem | None = None
    try:
        for country_b, opened in targets:
            with opened() as target:
                about = _about(target, country_b)
                _run(chosen, target, options, runs, fmt, lang, far=bool(url))
    except EnvironmentProblem as error:
        gone = error
    if gone and not runs:
        raise gone
    _write(runs, about, wanted, out)
    if fmt == "json":
        from ncp.scenarios.reporting import as_json as document

        give(as_json(document(runs, about)), None)
    if gone:  # what was judged before stands, and is written
        raise gone
    came = {run.outcome for run in runs}
    nothing = bool(came) and came <= {"skip", "omit", "not-assessed"} and "skip" in came
    if nothing:
        say("Nothing was judged: no scenario could be carried out with this profile (--profile).")
    if nothing or came & {"fail", "error"}:
        raise click.exceptions.Exit(Exit.FINDINGS)


def _run(
    chosen: list[Scenario], target: Target, options: Options, runs: list[ScenarioRun], fmt: str,
    lang: str, *, far: bool,
) -> None:  # fmt: skip
    """Run the scenarios, and tell and keep each as it ends.

    Raises:
        EnvironmentProblem: the target went away; the scenario that noticed it is not kept.
    """
    from ncp.scenarios import reporting
    from ncp.scenarios.reaching import reach, unanswered
    from ncp.scenarios.running import run

    done: list[ScenarioRun] = []

    def told(one: ScenarioRun) -> None:
        if far and unanswered(one):
            reach(target.b.line)
        done.append(one)
        runs.append(one)
        if fmt == "text":
            click.echo(reporting.line(one, lang, _again(one.scenario.id)))

    try:
        run(chosen, target, options, told=told)
    finally:
        if fmt == "text" and done:
            click.echo("\n" + reporting.tally(done, lang))


def _again(scenario: str) -> str:
    """Return the command that runs one scenario as this command did."""
    kept, skip = [], False
    left_out = ("--only", "--report", "--out", "--seed")
    for argument in sys.argv[1:]:
        if skip:
            skip = False
        elif argument in left_out:
            skip = True
        elif not argument.startswith(tuple(f"{option}=" for option in left_out)):
            kept.append(argument)
    words = kept if kept[:2] == ["ncp", "test"] else ["ncp", "test"]
    return shlex.join(["ehds", *words, "--only", scenario])


class _Where:
    """What is tested: our own contact point, or one at an address."""

    def __init__(
        self, url: str, profile: Path | None, home: Path | None, ca: Path | None, base: str,
        audit_a: str, reset: bool, timeout: float, specs: tuple[str, ...],
    ) -> None:  # fmt: skip
        from ncp.scenarios import profile as profiles
        from ncp.scenarios.reaching import Reached

        read = profiles.read(profile or profiles.shipped())
        self._url, self._timeout, self._specs = url, timeout, specs
        self._how = Reached(read, home_folder(home), ca, base, audit_a, timeout, reset)

    def target(self, country_b: str) -> Opened:
        """Return what gives the target as long as a block; what was given is judged now."""
        from ncp.scenarios.reaching import far

        if self._url:
            return far(self._url, country_b, self._how)
        from ncp.faults.plan import Plan
        from ncp.faults.table import parse

        plan = Plan(parse(self._specs))
        return lambda: self._own(country_b, plan)

    def check(self, countries: list[str]) -> None:
        """Refuse countries that have no certificates to ask with."""
        from ncp.scenarios.credentials import Credentials
        from ncp.scenarios.reaching import certified

        own = (self._how.home / "certs" / "ca" / "ca.key").exists()
        for code in countries if self._url else ():
            certified(Credentials(self._how.home, code, own))

    @contextmanager
    def _own(self, country_b: str, plan: Plan) -> Iterator[Target]:
        """Run our own contact point in this process, with the faults that are wanted."""
        import tempfile

        from ncp.faults.exchange import application
        from ncp.scenarios.embedded import country_a

        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            with country_a(
                home, country_b, profile=self._how.profile,
                wrap=(lambda started: application(started, plan, home / "certs"))
                if self._specs else None,
            ) as running:  # fmt: skip
                running.target.b.line.timeout = self._timeout
                yield running.target


def _about(target: Target, country_b: str) -> dict[str, str]:
    import datetime as dt

    from ncp.countries import country

    return {"target": target.b.line.url, "country_a": target.profile.country.code,
            "country_b": country_b, "home_b": country(country_b).home_community,
            "when": dt.datetime.now(dt.UTC).isoformat(timespec="seconds")}  # fmt: skip


def _write(
    runs: list[ScenarioRun], about: dict[str, str], wanted: list[tuple[str, str]], out: Path | None
) -> None:
    from ncp.scenarios import evidence, reporting

    for kind, path in wanted:
        if kind == "junit":
            give(reporting.as_junit(runs, about), path)
            continue
        made = reporting.as_test_report if kind == "testreport" else reporting.as_json
        give(json.dumps(made(runs, about), ensure_ascii=False, indent=1), path)
    if out is not None:
        say_line(f"Wrote {evidence.write(out, runs, about)}")


def _listed(chosen: list[Scenario], fmt: str, lang: str) -> str:
    if fmt == "json":
        return as_json({"schema": "ehds.ncp-scenarios/1", "scenarios": [
            {"id": s.id, "area": s.area, "nb": s.nb, "en": s.en, "services": s.services,
             "needs": s.needs, "obligations": s.obligations, "source": s.source}
            for s in chosen]})  # fmt: skip
    return "\n".join(f"{s.id:8} {s.title(lang)}" for s in chosen)
