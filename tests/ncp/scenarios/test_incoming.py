"""Expectations against a country B: what comes in is judged, what does not come is not passed."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from data.errors import InputError
from data.results import Outcome
from ncp.connector.records import Records
from ncp.model import Operation, Traits
from ncp.scenarios.doing import World
from ncp.scenarios.embedded import country_a
from ncp.scenarios.incoming import Watcher, judge, read_expectations, report
from ncp.scenarios.model import Step
from ncp.scenarios.serving import wire
from ncp.service.pipeline import Pipeline
from ncp.service.starting import start
from tests.ncp.service.asking import EP, MRSA, PHARMACIST, WORKER, CountryB, doctor

TEXT = """
[[expect]]
id = "B-01"
nb = "Legen lister oppsummeringen"
en = "The doctor lists the summary"
operation = "ps-list"
patient = "09926601137"
role = "221"
count = [1, 2]

[[expect]]
id = "B-02"
nb = "Apoteket lister resepter"
en = "The pharmacy lists prescriptions"
operation = "ep-list"
"""


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    home = tmp_path_factory.mktemp("watched")
    started = start(home, "NO", Records.samples())
    yield Watcher(Pipeline(started.point), started.point), home
    started.point.store.close()


@pytest.fixture
def sweden(watched):
    watcher, home = watched
    watcher.reset()
    return CountryB(home / "certs", dt.datetime.now(dt.UTC))


@pytest.fixture
def expected(tmp_path):
    file = tmp_path / "expect.toml"
    file.write_text(TEXT)
    return read_expectations(file)


def outcomes(expected, watcher):
    return {r.id: r.outcome for r in report(expected, watcher.seen).results}


def test_what_has_not_come_is_not_assessed(watched, sweden, expected):
    watcher, _ = watched
    assert outcomes(expected, watcher) == {
        "B-01": Outcome.NOT_ASSESSED, "B-02": Outcome.NOT_ASSESSED}  # fmt: skip
    watcher.handle(sweden.query(MRSA))
    assert outcomes(expected, watcher)["B-01"] is Outcome.PASS
    assert outcomes(expected, watcher)["B-02"] is Outcome.NOT_ASSESSED


def test_a_broken_rule_fails_and_names_it(watched, sweden, expected):
    watcher, home = watched
    pharmacy = CountryB(home / "certs", sweden.now, doctor(PHARMACIST, locality=""))
    watcher.handle(pharmacy.query(MRSA, EP))
    (result,) = [r for r in report(expected, watcher.seen).results if r.id == "B-02"]
    assert result.outcome is Outcome.FAIL
    assert "trust-locality" in result.message


def test_too_many_requests_fail(watched, sweden, expected):
    watcher, _ = watched
    for _ in range(3):
        watcher.handle(sweden.query(MRSA))
    assert outcomes(expected, watcher)["B-01"] is Outcome.FAIL


def test_the_operation_is_read_from_the_message(watched, sweden):
    watcher, _ = watched
    watcher.handle(sweden.identify(Traits(ids=(WORKER,))))
    watcher.handle(sweden.retrieve(MRSA, "2.25.1"))
    identified, retrieved = watcher.seen
    assert identified.operation is Operation.IDENTIFY
    assert identified.patients == (WORKER,)
    assert retrieved.patients == (MRSA,)
    assert identified.broken(frozenset()) == []


def test_a_message_that_cannot_be_read_is_told(watched, sweden):
    watcher, _ = watched
    incoming = sweden.query(MRSA)
    seen = judge(type(incoming)(incoming.service, b"<x/>", incoming.content_type), watcher._point)
    assert seen.operation is None
    assert [r.id for r in seen.results] == ["soap-message"]


def test_a_wrong_file_is_told_with_everything(tmp_path):
    file = tmp_path / "expect.toml"
    file.write_text('[[expect]]\nid = "B-1"\noperation = "sing"\nfarge = "blue"\n')
    with pytest.raises(InputError) as caught:
        read_expectations(file)
    told = " ".join(p.what for p in caught.value.problems)
    assert all(word in told for word in ("sing", "farge", "«nb»", "«en»"))


def test_a_contact_point_for_testers_has_faults_and_expectations(tmp_path):
    wired = []
    (tmp_path / "expect.toml").write_text(TEXT)
    with country_a(tmp_path / "home", wrap=lambda started: wired.append(wire(
            started, tmp_path / "home", faults=["error=ERROR_PS_GENERIC"],
            expect=tmp_path / "expect.toml")) or wired[0].app) as running:  # fmt: skip
        steps = [Step("query", patient="prescription", options={"kinds": ["PS"]})]
        world = World(running.target.b, running.target.profile)
        (exchange,) = world.carry_out(steps[0])
    assert exchange.codes == ["ERROR_PS_GENERIC"]
    wired[0].write(tmp_path / "judged.json")
    judged = json.loads((tmp_path / "judged.json").read_text("utf-8"))
    assert {e["id"]: e["outcome"] for e in judged["expectations"]} == {
        "B-01": "pass", "B-02": "not-assessed"}  # fmt: skip
