"""A report quotes what the target said, without numbers of people and without control."""

from __future__ import annotations

import json

import pytest
from lxml import etree

from data.results import Outcome, Result, Severity
from ncp.scenarios import reporting
from ncp.scenarios.loading import choose, shipped
from ncp.scenarios.model import ScenarioRun
from tests.ncp.client.test_harmless_words import HOSTILE, NUMBER

ABOUT = {"target": "https://a.example", "country_a": "NO", "country_b": "SE", "home_b": "1.2"}


@pytest.fixture
def run() -> ScenarioRun:
    (scenario,) = choose(shipped(), ["IDN-01"])
    said = Result("code", Outcome.FAIL, Severity.ERROR, f"no patient {NUMBER}{HOSTILE}\ufffe")
    return ScenarioRun(scenario, (said,), (), 0.1, {}, Severity.ERROR)


def test_the_line_of_a_failure_steers_no_terminal(run):
    lines = reporting.line(run, "en", "ehds ncp test --only IDN-01").split("\n")
    assert len(lines) == 3
    assert all(map(str.isprintable, lines))
    assert NUMBER not in "".join(lines)


def test_junit_is_xml_whatever_the_target_said(run):
    made = reporting.as_junit([run], ABOUT)
    (failure,) = etree.fromstring(made.encode()).iter("failure")
    assert failure.get("message").isprintable()
    assert NUMBER not in made


@pytest.mark.parametrize("make", [reporting.as_json, reporting.as_test_report])
def test_json_names_nobody_and_steers_no_terminal(run, make):
    text = json.dumps(make([run], ABOUT), ensure_ascii=False)
    assert text.isprintable()
    assert NUMBER not in text
