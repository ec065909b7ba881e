"""The stage of the exchange: scenarios against a contact point, each with its messages kept."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gap.evidence import Record, of_scenario
from gap.readiness.folder import listed
from gap.readiness.plan import Plan, Stage
from ncp.countries import country
from ncp.scenarios import evidence
from ncp.scenarios.embedded import country_a
from ncp.scenarios.model import Scenario, ScenarioRun
from ncp.scenarios.reaching import Opened, Reached, reach, unanswered
from ncp.scenarios.reaching import far as reached
from ncp.scenarios.running import Options, Target, run

__all__ = ["Kept", "Opened", "Reached", "carry_out", "embedded", "far"]


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


def far(plan: Plan, how: Reached) -> Opened:
    """Return a contact point at the address of a plan, as ``ehds ncp test`` reaches it.

    Raises:
        InputError: no address of a contact point, one without TLS or to be reset on another
            machine, or an audit or authority that cannot be read.
    """
    return reached(plan.ncp_a, plan.country_b, how, "--ncp-a")


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
        InputError: there are no certificates of country B.
        EnvironmentProblem: our own contact point does not start, or the other one does not answer
            (any more); what was told before stands.
    """
    if not scenarios:
        return
    origin = plan.origin(Stage.EXCHANGE)
    about = {"target": plan.ncp_a or "embedded", "country_b": plan.country_b,
             "home_b": country(plan.country_b).home_community,
             "when": plan.day.isoformat()}  # fmt: skip

    with opened() as target:

        def one(done: ScenarioRun) -> None:
            if plan.ncp_a and unanswered(done):
                reach(target.b.line)  # it went away: no result about it
            told(Kept(done, of_scenario(done, origin), _files(done, about)))

        run(scenarios, target, Options(keep_audits=True), told=one)


def _files(done: ScenarioRun, about: dict[str, str]) -> dict[str, bytes]:
    """Return results, messages and audits as ``ehds ncp test --out`` writes them."""
    own = done.scenario.id
    with tempfile.TemporaryDirectory() as folder:
        evidence.write(Path(folder), [done], about)
        return {f"{Stage.EXCHANGE}/{own}/{name.removeprefix(f'{own}/')}": file.read_bytes()
                for name, file in listed(Path(folder)) if name != evidence.MANIFEST}  # fmt: skip
