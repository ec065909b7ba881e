"""One thing broken in the product: the evidence of what it bears on fails, and nothing else."""

from __future__ import annotations

import pydoc

import pytest

from tests.gap.readiness import breaking

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def whole(home):
    """Levels with nothing broken."""
    records = breaking.evidence(home)
    assert not [r.test for r in records if r.fails or r.blocks]
    return breaking.levels(records)


@pytest.mark.parametrize("what", breaking.BREAKAGES)
def test_what_it_bears_on_falls_and_nothing_else(what, whole, home, monkeypatch):
    target, how, expected = breaking.BREAKAGES[what]
    place, _, name = target.rpartition(".")
    owner = pydoc.locate(place)
    monkeypatch.setattr(owner, name, how(getattr(owner, name)))
    records = breaking.evidence(home)
    after = breaking.levels(records)
    fallen = {obligation for (_, obligation), level in whole.items()
              if after[_, obligation] < level}  # fmt: skip
    assert fallen == set(expected.split())
    assert fallen <= {o for r in records if r.fails for o in r.obligations}
    assert set(after) == set(whole)
    assert not [key for key in whole if after[key] > whole[key]]
