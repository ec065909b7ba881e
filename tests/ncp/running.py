"""A contact point of our own inside the tests, with faults that can be changed while it runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from data.results import Severity
from ncp.faults.exchange import application
from ncp.faults.plan import Plan
from ncp.faults.table import Fault, parse
from ncp.scenarios.embedded import country_a
from ncp.scenarios.loading import choose, shipped
from ncp.scenarios.model import ScenarioRun
from ncp.scenarios.running import Options, Target, run

STRICT = Options(level=Severity.WARNING, patience=0.5)
"""Every departure counts, and time is short: a fault of latency need not be long."""


@dataclass
class Bench:
    """A running country A."""

    home: Path
    target: Target
    plan: Plan

    def run(
        self, *only: str, faults: Sequence[str | Fault] = (), options: Options = STRICT
    ) -> list[ScenarioRun]:
        """Run scenarios with some faults, which are gone afterwards."""
        self.plan.faults = [f if isinstance(f, Fault) else parse([f])[0] for f in faults]
        try:
            return run(choose(shipped(), only), self.target, options)
        finally:
            self.plan.faults = ()


@contextmanager
def bench(home: Path) -> Iterator[Bench]:
    """Run country A as long as the block."""
    plan = Plan()

    with country_a(
        home, wrap=lambda started: application(started, plan, home / "certs")
    ) as running:
        yield Bench(home, running.target, plan)
