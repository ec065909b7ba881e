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

from data.errors import Exit, InputError, Problem
from ehds.cli.ncp.home import Seconds
from ehds.cli.options import language, output_format
from ehds.cli.output import as_json, give, say

if TYPE_CHECKING:
    from ncp.scenarios.model import Scenario, ScenarioRun
    from ncp.scenarios.running import Target

_REPORTS = ("junit", "testreport", "json")


@click.command(name="test")
@click.option("--target", "url", default="",
              help="URL of the contact point; without it our own is tested.")  # fmt: skip
@click.option("--profile", "profile_file", type=click.Path(exists=True, path_type=Path),
              help="Target profile (TOML): patients and features of the target.")  # fmt: skip
@click.option("--as-country", default="SE", show_default=True,
              help="Country B that asks; several with commas, one run each.")  # fmt: skip
@click.option("--home", type=click.Path(file_okay=False, path_type=Path), envvar="EHDS_NCP_HOME",
              show_envvar=True, help="Folder with certs/CC of country B.")  # fmt: skip
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
    from ncp.scenarios.loading import choose, read, shipped
    from ncp.scenarios.running import Options

    wanted = _report_files(reports)
    if url and specs:
        raise InputError(Problem("--fault is for our own contact point", "--fault",
                                 remedy="leave out --target, or serve with --fault"))  # fmt: skip
    chosen = choose(read(folder) if folder else shipped(), only)
    if listing:
        give(_listed(chosen, fmt, lang), None)
        return
    options = Options(Severity(fail_level), lenient, seed, keep_audits=out is not None)
    runs: list[ScenarioRun] = []
    about: dict[str, str] = {}
    for country_b in filter(None, as_country.upper().split(",")):
        where = _Where(url, profile_file, country_b, home, ca, base, audit_a, reset, timeout, specs)
        with where.target() as target:
            runs += _run(chosen, target, options, fmt, lang)
            about = _about(target, country_b)
    _write(runs, about, wanted, out)
    if fmt == "json":
        from ncp.scenarios.reporting import as_json as document

        give(as_json(document(runs, about)), None)
    if any(run.outcome in ("fail", "error") for run in runs):
        raise click.exceptions.Exit(Exit.FINDINGS)


def _run(
    chosen: list[Scenario], target: Target, options: object, fmt: str, lang: str
) -> list[ScenarioRun]:
    from ncp.scenarios import reporting
    from ncp.scenarios.running import Options, run

    assert isinstance(options, Options)

    def told(one: ScenarioRun) -> None:
        if fmt == "text":
            click.echo(reporting.line(one, lang, _again(one.scenario.id)))

    runs = run(chosen, target, options, told=told)
    if fmt == "text":
        click.echo("\n" + reporting.tally(runs, lang))
    return runs


def _again(scenario: str) -> str:
    """Return the command that runs one scenario as this command did."""
    kept, skip = [], False
    for argument in sys.argv[1:]:
        if skip:
            skip = False
        elif argument in ("--only", "--report", "--out"):
            skip = True
        elif not argument.startswith(("--only=", "--report=", "--out=")):
            kept.append(argument)
    words = kept if kept[:2] == ["ncp", "test"] else ["ncp", "test"]
    return shlex.join(["ehds", *words, "--only", scenario])


class _Where:
    """What is tested: our own contact point, or one at an address."""

    def __init__(
        self, url: str, profile: Path | None, country_b: str, home: Path | None, ca: Path | None,
        base: str, audit_a: str, reset: bool, timeout: float, specs: tuple[str, ...],
    ) -> None:  # fmt: skip
        from ncp.scenarios import profile as profiles

        self._url, self._country_b, self._home, self._ca = url, country_b, home, ca
        self._base, self._audit_a, self._reset = base, audit_a, reset
        self._timeout, self._specs = timeout, specs
        self._profile = profiles.read(profile or profiles.shipped())

    @contextmanager
    def target(self) -> Iterator[Target]:
        """Give the target as long as the block."""
        if self._url:
            yield self._far()
            return
        import tempfile

        from ncp.faults.exchange import application
        from ncp.faults.plan import Plan
        from ncp.faults.table import parse
        from ncp.scenarios.embedded import country_a

        plan = Plan(parse(self._specs))
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            with country_a(
                home, self._country_b, profile=self._profile,
                wrap=(lambda started: application(started, plan, home / "certs"))
                if self._specs else None,
            ) as running:  # fmt: skip
                running.target.b.line.timeout = self._timeout
                yield running.target

    def _far(self) -> Target:
        from urllib.parse import urlsplit

        from ehds.cli.ncp.home import home_folder
        from ncp.scenarios.asking import CountryB
        from ncp.scenarios.audits import source_of
        from ncp.scenarios.credentials import Credentials
        from ncp.scenarios.embedded import RESET
        from ncp.scenarios.running import Target
        from ncp.scenarios.sending import Line
        from ncp.service.app import BASE

        parts = urlsplit(self._url)
        here = parts.hostname in ("localhost", "127.0.0.1", "::1")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError(Problem(f"«{self._url}» is no address of a contact point", "--target",
                                     remedy="write it as https://ncp.example:8443"))  # fmt: skip
        if parts.scheme == "http" and not here:
            raise InputError(Problem("without TLS only this machine is tested", "--target",
                                     remedy="give an address with https://"))  # fmt: skip
        if self._reset and not here:
            raise InputError(Problem("--reset is for a server of ours on this machine", "--reset",
                                     remedy="leave it out: scenarios take back what they dispense"
                                     ))  # fmt: skip
        home = home_folder(self._home)
        own = (home / "certs" / "ca" / "ca.key").exists()
        ours = home / "certs" / "ca" / "ca.pem"
        credentials = Credentials(home, self._country_b, own)
        line = Line(self._url, self._base or BASE, credentials,
                    self._ca or (ours if ours.exists() else None), self._timeout)  # fmt: skip
        b = CountryB(line, self._profile.country.home_community)
        return Target(b, self._profile, source_of(self._audit_a),
                      (lambda: line.reset(RESET)) if self._reset else None)  # fmt: skip


def _about(target: Target, country_b: str) -> dict[str, str]:
    import datetime as dt

    from ncp.countries import country

    return {"target": target.b.line.url, "country_a": target.profile.country.code,
            "country_b": country_b, "home_b": country(country_b).home_community,
            "when": dt.datetime.now(dt.UTC).isoformat(timespec="seconds")}  # fmt: skip


def _report_files(reports: tuple[str, ...]) -> list[tuple[str, str]]:
    found, problems = [], []
    for said in reports:
        kind, _, path = said.partition("=")
        if kind not in _REPORTS or not path:
            problems.append(Problem(f"«{said}» is no report", "--report",
                                    remedy="write junit=PATH, testreport=PATH or json=PATH")
                            )  # fmt: skip
        found.append((kind, path))
    if problems:
        raise InputError(problems)
    return found


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
        say(f"Wrote {evidence.write(out, runs, about)}")


def _listed(chosen: list[Scenario], fmt: str, lang: str) -> str:
    if fmt == "json":
        return as_json({"schema": "ehds.ncp-scenarios/1", "scenarios": [
            {"id": s.id, "area": s.area, "nb": s.nb, "en": s.en, "services": s.services,
             "needs": s.needs, "obligations": s.obligations, "source": s.source}
            for s in chosen]})  # fmt: skip
    return "\n".join(f"{s.id:8} {s.title(lang)}" for s in chosen)
