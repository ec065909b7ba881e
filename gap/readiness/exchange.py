"""The stage of the exchange: scenarios against a contact point, each with its messages kept."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from data.errors import InputError, Problem
from gap.evidence import Record, of_scenario
from gap.readiness.folder import listed
from gap.readiness.plan import Plan, Stage
from ncp.countries import country
from ncp.scenarios import evidence
from ncp.scenarios.asking import CountryB
from ncp.scenarios.credentials import Credentials
from ncp.scenarios.embedded import country_a
from ncp.scenarios.model import Scenario, ScenarioRun
from ncp.scenarios.profile import Profile
from ncp.scenarios.running import Options, Target, run
from ncp.scenarios.sending import Line
from ncp.service.app import BASE

Opened = Callable[[], AbstractContextManager[Target]]


@dataclass(frozen=True, slots=True)
class Kept:
    """One scenario: its evidence, and the files that show it."""

    run: ScenarioRun
    records: tuple[Record, ...]
    files: dict[str, bytes]


def embedded(plan: Plan) -> Opened:
    """Return our own contact point, with the samples, inside this process."""

    @contextmanager
    def opened() -> Iterator[Target]:
        with tempfile.TemporaryDirectory() as home, country_a(
            Path(home), plan.country_b
        ) as running:  # fmt: skip
            yield running.target

    return opened


def far(plan: Plan, profile: Profile, home: Path, ca: Path | None) -> Opened:
    """Return a contact point at an address.

    Args:
        plan: says where, and who asks.
        profile: patients and features of the target.
        home: folder with ``certs/CC`` of country B.
        ca: PEM of the authority of the target's TLS certificate.

    Raises:
        InputError: no address of a contact point, or one without TLS on another machine.
    """
    parts = urlsplit(plan.ncp_a)
    here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and here):
        raise InputError(Problem(f"«{plan.ncp_a}» is no address of a contact point", "--ncp-a",
                                 remedy="write it as https://ncp.example:8443"))  # fmt: skip
    ours = home / "certs" / "ca"
    own_ca = ours / "ca.pem"

    @contextmanager
    def opened() -> Iterator[Target]:
        credentials = Credentials(home, plan.country_b, (ours / "ca.key").exists())
        line = Line(plan.ncp_a, BASE, credentials, ca or (own_ca if own_ca.exists() else None))
        try:
            yield Target(CountryB(line, profile.country.home_community), profile)
        finally:
            line.close()

    return opened


def carry_out(
    scenarios: Sequence[Scenario], plan: Plan, opened: Opened, told: Callable[[Kept], None]
) -> None:
    """Run scenarios, and tell each with its evidence as soon as it has ended.

    Args:
        scenarios: those that are not done.
        plan: who tests what.
        opened: gives the target for as long as it is needed.
        told: keeps what came.

    Raises:
        EnvironmentProblem: our own contact point does not start.
    """
    if not scenarios:
        return
    origin = plan.origin(Stage.EXCHANGE)
    about = {"target": plan.ncp_a or "embedded", "country_b": plan.country_b,
             "home_b": country(plan.country_b).home_community,
             "when": plan.day.isoformat()}  # fmt: skip

    def one(done: ScenarioRun) -> None:
        told(Kept(done, of_scenario(done, origin), _files(done, about)))

    with opened() as target:
        run(scenarios, target, Options(keep_audits=True), told=one)


def _files(done: ScenarioRun, about: dict[str, str]) -> dict[str, bytes]:
    """Return results, messages and audits as ``ehds ncp test --out`` writes them."""
    own = done.scenario.id
    with tempfile.TemporaryDirectory() as folder:
        evidence.write(Path(folder), [done], about)
        return {f"{Stage.EXCHANGE}/{own}/{name.removeprefix(f'{own}/')}": file.read_bytes()
                for name, file in listed(Path(folder)) if name != evidence.MANIFEST}  # fmt: skip
