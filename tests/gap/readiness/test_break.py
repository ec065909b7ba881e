"""One thing broken in the product: the evidence of what it bears on fails, and nothing else."""

from __future__ import annotations

import pydoc

import pytest

from ncp.scenarios.embedded import country_a
from tests.gap.readiness import breaking

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def running(home):
    """A contact point that serves all breaks; it is whole again after each."""
    with country_a(home) as running:
        yield running


@pytest.fixture(scope="module")
def whole(running):
    """The evidence with nothing broken, by stage."""
    found = {
        breaking.DOCUMENTS: breaking.of_documents(),
        breaking.EXCHANGE: breaking.of_exchange(running),
    }
    assert not [r.test for part in found.values() for r in part if r.fails or r.blocks]
    return found


@pytest.fixture(scope="module")
def before(whole):
    """The levels with nothing broken."""
    return breaking.levels([r for part in whole.values() for r in part])


def evidence(broken, whole, running, home):
    """Return the evidence with one thing broken; what it cannot reach is not done again."""
    if broken.stage is breaking.EVERYWHERE:
        return breaking.anew(home)
    if broken.stage is breaking.DOCUMENTS:
        return (*breaking.of_documents(), *whole[breaking.EXCHANGE])
    return (*whole[breaking.DOCUMENTS], *breaking.of_exchange(running))


@pytest.mark.parametrize("what", breaking.BREAKAGES)
def test_what_it_bears_on_falls_and_nothing_else(what, whole, before, running, home, monkeypatch):
    broken = breaking.BREAKAGES[what]
    if "/" in broken.target:
        with breaking.wrong_row(broken.target, broken.how):
            records = evidence(broken, whole, running, home)
    else:
        place, _, name = broken.target.rpartition(".")
        owner = pydoc.locate(place)
        monkeypatch.setattr(owner, name, broken.how(getattr(owner, name)))
        records = evidence(broken, whole, running, home)
    after = breaking.levels(records)
    assert set(after) == set(before)
    fallen = {obligation for (_, obligation), level in before.items()
              if after[_, obligation] < level}  # fmt: skip
    assert fallen == set(broken.obligations.split())
    assert fallen <= {o for r in records if r.fails for o in r.obligations}
    assert not [key for key in before if after[key] > before[key]]
