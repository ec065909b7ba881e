"""For every fault: exactly the scenarios that must notice it fail, and no other."""

from __future__ import annotations

import pytest

from data.results import Outcome
from ncp.faults.table import faults
from ncp.scenarios.loading import shipped

BROKEN = (Outcome.FAIL, Outcome.ERROR)


@pytest.fixture(autouse=True)
def needs_pdf(request, norway):
    """Without the library that writes PDF nobody can notice what is wrong with level 1."""
    if "level-1" not in norway.target.profile.features:
        pytest.skip("no PDF can be written on this machine")


def noticed(runs) -> list[str]:
    return [run.scenario.id for run in runs if run.outcome in BROKEN]


def test_without_a_fault_nothing_fails(norway):
    assert noticed(norway.run()) == []


@pytest.mark.parametrize("name", list(faults()))
def test_exactly_the_scenarios_that_must_notice_a_fault_fail(norway, name):
    known = faults()[name]
    assert noticed(norway.run(faults=[known.proof])) == list(known.noticed_by)


def test_every_fault_is_noticed_by_a_scenario():
    assert [name for name, known in faults().items() if not known.noticed_by] == []


def test_the_table_names_scenarios_that_there_are():
    ids = {scenario.id for scenario in shipped()}
    assert {one for known in faults().values() for one in known.noticed_by} <= ids
