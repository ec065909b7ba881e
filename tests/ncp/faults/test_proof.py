"""For every fault: exactly the scenarios that must notice it fail, and no other."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import pytest

from data.results import Outcome
from ncp.faults.table import Fault, faults, parse
from ncp.model import Operation
from ncp.scenarios.loading import shipped
from tests.ncp.running import Bench

BROKEN = (Outcome.FAIL, Outcome.ERROR)
ASKED = ("refuse", "entries", "answer", "transport")
"""Stages whose faults do nothing before they were asked whether they take hold here."""


@dataclass
class Watched(Fault):
    """A fault that holds back, and tells that it could have taken hold."""

    could: list[str] = field(default_factory=list)

    def strikes(self, operation: Operation | None = None) -> bool:
        if super().strikes(operation):
            self.could.append(self.name)
        return False


@pytest.fixture(autouse=True)
def needs_pdf(request, norway):
    """Without the library that writes PDF nobody can notice what is wrong with level 1."""
    if "level-1" not in norway.target.profile.features:
        pytest.skip("no PDF can be written on this machine")


@pytest.fixture(scope="module")
def reached(norway: Bench) -> dict[str, list[str]]:
    """Return for every fault the scenarios that it can change, from one run for all of them.

    Where a fault was not even asked whether it takes hold, a run with it is the same as without.
    """
    could: list[str] = []
    held = [Watched(one.known, one.value, one.where, None, could=could)
            for one in parse(known.proof for known in faults().values())
            if one.known.stage in ASKED]  # fmt: skip
    found: dict[str, list[str]] = defaultdict(list)
    for scenario in shipped():
        could.clear()
        assert noticed(norway.run(scenario.id, faults=held)) == []
        for name in set(could):
            found[name].append(scenario.id)
    every = [scenario.id for scenario in shipped()]
    return {name: found[name] if known.stage in ASKED else every
            for name, known in faults().items()}  # fmt: skip


def noticed(runs) -> list[str]:
    return [run.scenario.id for run in runs if run.outcome in BROKEN]


def test_without_a_fault_nothing_fails(norway):
    assert noticed(norway.run()) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", list(faults()))
def test_exactly_the_scenarios_that_must_notice_a_fault_fail(norway, reached, name):
    known = faults()[name]
    assert noticed(norway.run(*reached[name], faults=[known.proof])) == list(known.noticed_by)


def test_every_fault_is_noticed_by_a_scenario():
    assert [name for name, known in faults().items() if not known.noticed_by] == []


def test_the_table_names_scenarios_that_there_are():
    ids = {scenario.id for scenario in shipped()}
    assert {one for known in faults().values() for one in known.noticed_by} <= ids
