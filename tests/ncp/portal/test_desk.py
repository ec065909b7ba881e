"""The desk: what it keeps, what it forgets, and a portal that fails without a traceback."""

from __future__ import annotations

import datetime as dt

import pytest

from data.errors import InputError
from ncp.model import Traits
from ncp.portal import Target, build, desk
from ncp.portal.calls import Call
from ncp.portal.desk import Desks, Who
from ncp.portal.steps import Step
from tests.ncp.portal.tester import BASE, TestClient, Tester


def step(number: int, size: int) -> Step:
    return Step(number=number, word="query", when=dt.datetime.now(dt.UTC), sent=None,
                response=b"x" * size)  # fmt: skip


def test_the_latest_steps_are_kept_within_the_memory_of_a_desk(monkeypatch):
    monkeypatch.setattr(desk, "_BYTES", 100)
    kept = desk._latest([step(1, 60), step(2, 60), step(3, 30)])
    assert [one.number for one in kept] == [2, 3]
    assert [one.number for one in desk._latest([step(1, 10), step(2, 500)])] == [2]
    assert len(desk._latest([step(i, 0) for i in range(1000)])) == desk._STEPS


def test_the_oldest_desk_is_forgotten_first(settings, store):
    desks = Desks(settings, store)
    keys = [desks.get("")[0] for _ in range(desk._DESKS)]
    assert desks.get(keys[0])[0] == keys[0]
    desks.get("")
    assert desks.get(keys[0])[0] == keys[0]
    assert desks.get(keys[1])[0] != keys[1]


def test_a_cookie_that_was_not_given_here_is_not_taken(settings, store):
    key, _ = Desks(settings, store).get("chosen-by-somebody")
    assert key != "chosen-by-somebody"


def test_a_fault_of_the_portal_is_a_page_without_a_traceback(settings, store, monkeypatch):
    def fails(_self: Call, *_args: object, **_values: object) -> None:
        raise RuntimeError("secret")

    tester = Tester(build(settings, store))
    monkeypatch.setattr(desk.Desk, "step", fails)
    web = TestClient(tester.web.app, base_url=BASE, raise_server_exceptions=False)
    answer = web.get("/messages/1")
    assert answer.status_code == 500
    assert "Feil i portalen selv" in answer.text
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_another_method_is_a_page_too(tester):
    answer = tester.web.post("/messages", data={}, headers={"origin": BASE})
    assert "ikke lenger" in answer.text


def test_what_was_asked_with_before_does_not_stay_in_the_assertion(settings, store):
    """Prescription id and PIN stand in the TRC: other ones need another client."""
    one = desk.Desk(settings, store, "nb")
    one.choose(Target(), Who())
    before = one._client("2262")
    one.ask_with(Traits(), "", "")
    assert one._client("2262") is before
    one.ask_with(Traits(), "77", "123456")
    after = one._client("2262")
    assert (after.asker.prescription_id, after.asker.pin) == ("77", "123456")
    one.close()


def test_what_cannot_be_chosen_changes_nothing(settings, store):
    one = desk.Desk(settings, store, "nb")
    one.choose(Target(), Who())
    before = one.partner
    for target, who in ((Target("NO", "ftp://a.example"), Who()), (Target(), Who("999"))):
        with pytest.raises(InputError):
            one.choose(target, who)
    assert (one.partner, one.who) == (before, Who())
