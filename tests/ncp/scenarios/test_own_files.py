"""What a tester writes in TOML: the examples of the page work, and what is wrong is told."""

from __future__ import annotations

import re

import pytest

from data.errors import InputError
from ncp.scenarios import profile
from ncp.scenarios.incoming import read_expectations
from ncp.scenarios.loading import read, shipped
from tests.builders import ROOT

SCENARIO = """
[[scenario]]
id = "OWN-01"
nb = "En"
en = "One"
services = ["PS-A"]
source = "own"
"""
EXPECT = """
[[expect]]
id = "B-01"
nb = "En"
en = "One"
operation = "ps-list"
"""


def examples(kind: str) -> str:
    """Return the example of docs/ncp-test.md with tables of a kind."""
    page = (ROOT / "docs" / "ncp-test.md").read_text("utf-8")
    (found,) = [b for b in re.findall(r"```toml\n(.*?)```", page, re.S) if f"[[{kind}]]" in b]
    return found


def wrong(reading, tmp_path, text: str) -> str:
    """Return everything that is told about a file."""
    file = tmp_path / "own.toml"
    file.write_text(text)
    with pytest.raises(InputError) as told:
        reading(file)
    assert all(str(file) in p.where for p in told.value.problems)
    return " ".join(f"{p.where} {p.what} {p.remedy}" for p in told.value.problems)


def test_the_examples_of_the_page_are_read(tmp_path):
    (tmp_path / "own.toml").write_text(examples("scenario"))
    (one,) = read(tmp_path / "own.toml")
    assert one.steps[0].expect == {"outcome": "refused", "codes": ["1001"]}
    (tmp_path / "own.toml").write_text(examples("expect"))
    (expectation,) = read_expectations(tmp_path / "own.toml")
    assert expectation.count == (1, 5)


@pytest.mark.parametrize(("text", "key"), [
    ("scenario = 3", "scenario"), ("scenario = [3]", "scenario"),
    (f"{SCENARIO}steps = 3", "steps"), (f"{SCENARIO}steps = ['x']", "steps"),
    (f"{SCENARIO}steps = [{{do = ['query']}}]", "do"),
    (f"{SCENARIO}steps = [{{do = 'query', expect = 3}}]", "expect"),
    (f"{SCENARIO}steps = [{{do = 'query', tamper = 'no-trc'}}]", "tamper"),
    (f"{SCENARIO}steps = [{{do = 'query', expect = {{codes = '1001'}}}}]", "codes"),
    (f"{SCENARIO}steps = [{{do = 'query', expect = {{count = [1]}}}}]", "count"),
    (f"{SCENARIO}steps = [{{do = 'dispense', copies = true}}]", "copies"),
    (SCENARIO.replace('"OWN-01"', "1") + "steps = [{do = 'query'}]", "id"),
    (f"{SCENARIO}severity = 'loud'\nsteps = [{{do = 'query'}}]", "loud"),
    (SCENARIO.replace("OWN-01", "../x") + "steps = [{do = 'query'}]", "id"),
])  # fmt: skip
def test_a_scenario_of_another_shape_is_told_with_its_place(tmp_path, text, key):
    assert key in wrong(read, tmp_path, text)


@pytest.mark.parametrize(("text", "key"), [
    ("country = 3", "country"), ("country = 'NO'\nservices = 3", "services"),
    ("country = 'NO'\npatients = 3", "patients"),
    ("country = 'NO'\n[patients.x]\nroot = '1.2'\nextension = 4", "extension"),
    ("country = 'NO'\n[patients.x]\nroot = '1.2'", "patients.x"),
])  # fmt: skip
def test_a_profile_of_another_shape_is_told_with_its_place(tmp_path, text, key):
    assert key in wrong(profile.read, tmp_path, text)


@pytest.mark.parametrize(("text", "key"), [
    ("expect = 3", "expect"), (f"{EXPECT}count = 'many'", "count"), (f"{EXPECT}allow = 3", "allow"),
    (EXPECT.replace('"ps-list"', "3"), "operation"), (f"{EXPECT}roles = '221'", "role"),
])  # fmt: skip
def test_an_expectation_of_another_shape_is_told_with_its_place(tmp_path, text, key):
    assert key in wrong(read_expectations, tmp_path, text)


def test_the_shipped_scenarios_have_their_shapes():
    assert len(shipped()) > 100
