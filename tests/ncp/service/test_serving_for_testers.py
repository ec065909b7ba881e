"""``ehds ncp serve`` as a tester's tool: faults on demand, expectations against country B."""

from __future__ import annotations

import json
import signal

import pytest

from ncp.model import Refusal, Traits
from tests.ncp.service.test_server import WORKER, serving

EXPECTED = """
[[expect]]
id = "B-01"
nb = "Pasienten blir identifisert"
en = "The patient is identified"
operation = "identify"
count = [1, 1]

[[expect]]
id = "B-02"
nb = "Ingen lister oppsummeringer"
en = "Nobody lists summaries"
operation = "ps-list"
count = [1, 1]
"""


def test_a_fault_that_is_asked_for_is_answered(tmp_path):
    with serving(tmp_path, "--fault", "error=ERROR_PI_NO_MATCH@identify") as running:
        answer = running.send(running.b.identify(Traits(ids=(WORKER,))))
    assert isinstance(answer.refusal, Refusal)
    assert answer.refusal.code == "ERROR_PI_NO_MATCH"


def test_expectations_are_judged_at_the_end(tmp_path):
    wanted, told = tmp_path / "wanted.toml", tmp_path / "told.json"
    wanted.write_text(EXPECTED, encoding="utf-8")
    options = ("--expect", str(wanted), "--expect-report", str(told))
    with serving(tmp_path / "home", *options) as running:
        running.send(running.b.identify(Traits(ids=(WORKER,))))
        running.stop(signal.SIGTERM)
    found = {r["id"]: r["outcome"] for r in json.loads(told.read_text("utf-8"))["expectations"]}
    assert found == {"B-01": "pass", "B-02": "not-assessed"}


@pytest.mark.parametrize("option", [("--fault", "latency=1"), ("--expect", ".")])
def test_faults_and_expectations_are_for_one_process(tmp_path, option):
    with (
        pytest.raises(AssertionError, match="leave out --workers"),
        serving(tmp_path, "--workers", "2", *option),
    ):
        pass
