"""The shipped scenarios: they say where they come from, and our own contact point passes them."""

from __future__ import annotations

import re

import pytest

from data.errors import InputError
from data.loaders import catalogue
from data.results import Outcome
from ncp.scenarios import profile as profiles
from ncp.scenarios.checks import CHECKS
from ncp.scenarios.loading import choose, read, shipped
from ncp.scenarios.tampering import sorted_changes


def test_our_own_contact_point_passes_every_scenario_or_says_why_it_does_not_apply(norway):
    runs = norway.run()
    wrong = {r.scenario.id: [x.message for x in r.reasons][:2] for r in runs
             if r.outcome not in (Outcome.PASS, Outcome.OMIT)}  # fmt: skip
    assert wrong == {}
    left_out = {r.scenario.id for r in runs if r.outcome is Outcome.OMIT}
    can = norway.target.profile.features
    expected = {s.id for s in shipped() if set(s.needs) - can}
    assert left_out == expected


def test_the_order_does_not_matter(norway):
    from dataclasses import replace

    from tests.ncp.running import STRICT

    runs = norway.run("EDA-*", "TRN-1*", "AUD-*", options=replace(STRICT, seed=7))
    assert [r.scenario.id for r in runs] != sorted(r.scenario.id for r in runs)
    assert {r.outcome for r in runs} <= {Outcome.PASS, Outcome.OMIT}


def test_every_scenario_has_two_languages_and_a_source():
    for scenario in shipped():
        assert scenario.nb != scenario.en, scenario.id
        assert scenario.source, scenario.id
        assert re.fullmatch(r"[A-Z]{3}-\d{2}", scenario.id)


def test_the_obligations_are_those_of_the_catalogue():
    known = set(catalogue.catalogue().obligations)
    named = {o for s in shipped() for o in s.obligations}
    assert named <= known


def test_every_check_and_change_that_a_scenario_names_is_there():
    for scenario in shipped():
        for step in scenario.steps:
            sorted_changes(step.tamper)
            assert set((step.expect or {}).get("checks", ())) <= set(CHECKS), scenario.id


def test_every_scenario_judges_something():
    for scenario in shipped():
        assert any(s.expect is not None or s.do in ("audit", "log") for s in scenario.steps), (
            scenario.id
        )


@pytest.mark.parametrize("area", ["identify", "list", "retrieve", "dispense", "security"])
def test_the_areas_of_the_public_catalogue_are_covered(area):
    """The groups of the 117 published cases for a country A (identify, find, retrieve, dispense,
    rights and tokens)."""
    prefix = {"identify": "IDN", "list": "PSA", "retrieve": "EPA", "dispense": "EDA",
              "security": "ASR"}[area]  # fmt: skip
    assert sum(s.id.startswith(prefix) for s in shipped()) >= 14


def test_what_is_not_understood_is_told_all_at_once(tmp_path):
    file = tmp_path / "wrong.toml"
    file.write_text(
        '[[scenario]]\nid = "X-1"\nnb = "a"\nen = "b"\nservices = ["PS-B"]\nsource = "s"\n'
        'steps = [{do = "dance"}, {do = "query", pasient = "x", expect = {outcom = "a"}}]\n'
    )
    with pytest.raises(InputError) as caught:
        read(file)
    told = " ".join(p.what for p in caught.value.problems)
    for word in ("PS-B", "dance", "pasient", "outcom"):
        assert word in told


def test_a_pattern_that_fits_nothing_is_told():
    with pytest.raises(InputError, match="NOPE"):
        choose(shipped(), ["NOPE-*"])
    assert [s.id for s in choose(shipped(), ["idn-01"])] == ["IDN-01"]


@pytest.mark.parametrize(("text", "says"), [
    ('services = ["PS-A"]', "country A is missing"),
    ('country = "NO"\nservices = ["X"]', "no role"),
    ('country = "NO"\n[patients.a]\nroot = "1.2"', "root and an extension"),
    ('country = "NO"\nfarge = 1', "not understood"),
])  # fmt: skip
def test_a_wrong_profile_is_told(tmp_path, text, says):
    file = tmp_path / "p.toml"
    file.write_text(text)
    with pytest.raises(InputError, match=says):
        profiles.read(file)
