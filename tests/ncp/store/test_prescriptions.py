"""Never more is dispensed than was prescribed: one process, many, killed, on both databases."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys
import threading
import time
from decimal import Decimal

import pytest
from sqlalchemy import select

from ncp.model import PatientId, Refusal
from ncp.store import Store
from ncp.store import prescriptions as rx
from ncp.store.tables import dispensation, dispensed_item, prescription
from tests.builders import ROOT

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
PATIENT = PatientId("2.16.578.1.12.4.1.4.1", "05865301555")
OTHER = PatientId("2.16.578.1.12.4.1.4.1", "16858399649")


def order(name: str = "1.2^rx", issue: str = "1", repeats: int = 0, **more) -> rx.Order:
    return rx.Order(name, f"{name}.item", PATIENT, Decimal(issue), repeats, **more)


def given(id_: str, amount: str | None = "1", name: str = "1.2^rx", **more) -> rx.Dispensed:
    values = {"patient": PATIENT, "country": "SE", "home": "1.2.752", "received": NOW, **more}
    handout = rx.Handout(name, f"{name}.item", None if amount is None else Decimal(amount))
    return rx.Dispensed(id=id_, set_id=f"set-{id_}", content=b"<x/>", handouts=[handout], **values)


def do(store: Store, action, *args, **kwargs):
    with store.begin() as connection:
        return action(connection, *args, **kwargs)


def state(store: Store, name: str = "1.2^rx") -> rx.State | None:
    with store.connect() as connection:
        return rx.states(connection, [name]).get(name)


def refused(store: Store, action, *args, **kwargs) -> str:
    with pytest.raises(Refusal) as caught:
        do(store, action, *args, **kwargs)
    return caught.value.code


def test_a_prescription_goes_from_available_over_partly_to_dispensed(store):
    do(store, rx.register, [order(issue="3")])
    assert state(store) is rx.State.AVAILABLE
    do(store, rx.dispense, given("a", "1"))
    assert state(store) is rx.State.PARTLY
    do(store, rx.dispense, given("b", "2"))
    assert state(store) is rx.State.DISPENSED
    assert refused(store, rx.dispense, given("c")) == "4106"


def test_the_same_dispensation_is_taken_once(store):
    do(store, rx.register, [order(issue="5")])
    do(store, rx.dispense, given("a"))
    assert refused(store, rx.dispense, given("a")) == "4106"
    assert state(store) is rx.State.PARTLY


def test_more_than_is_left_is_refused_and_changes_nothing(store):
    do(store, rx.register, [order(issue="2")])
    do(store, rx.dispense, given("a", "1"))
    assert refused(store, rx.dispense, given("b", "1.5")) == rx.NOT_DISPENSABLE
    do(store, rx.dispense, given("b", "1"))


def test_repeats_allow_as_many_issues(store):
    do(store, rx.register, [order(repeats=2)])
    for id_ in "abc":
        do(store, rx.dispense, given(id_, None))
    assert refused(store, rx.dispense, given("d", None)) == "4106"


def test_an_amount_that_cannot_be_compared_uses_up_one_issue_or_the_rest(store):
    do(store, rx.register, [order(issue="100")])
    do(store, rx.dispense, given("a", "60"))
    do(store, rx.dispense, given("b", None))
    assert state(store) is rx.State.DISPENSED
    with store.connect() as connection:
        amounts = connection.execute(select(dispensed_item.c.amount)).scalars().all()
    assert sorted(amounts) == [40_000, 60_000]


def test_a_discard_gives_back_what_was_dispensed_once(store):
    do(store, rx.register, [order(issue="2")])
    do(store, rx.dispense, given("a", "2"))
    what = {"dispensation_id": "a", "patient": PATIENT, "home": "1.2.752", "now": NOW}
    do(store, rx.discard, discard_id="d1", **what)
    assert state(store) is rx.State.AVAILABLE
    assert refused(store, rx.discard, discard_id="d2", **what) == rx.DISCARD_FAILED
    do(store, rx.dispense, given("b", "1"))
    do(store, rx.dispense, given("c", "1"))
    do(store, rx.discard, discard_id="d3", **{**what, "dispensation_id": "c"})
    assert state(store) is rx.State.PARTLY
    taken = {**what, "dispensation_id": "b"}
    assert refused(store, rx.discard, discard_id="d3", **taken) == rx.DISCARD_FAILED


@pytest.mark.parametrize("change", [{"patient": OTHER}, {"home": "1.2.3"},
                                    {"dispensation_id": "unknown"}], ids=str)  # fmt: skip
def test_a_discard_must_name_its_own_dispensation(store, change):
    do(store, rx.register, [order()])
    do(store, rx.dispense, given("a"))
    what = {"dispensation_id": "a", "patient": PATIENT, "home": "1.2.752", "now": NOW, **change}
    assert refused(store, rx.discard, discard_id="d", **what) == rx.DISCARD_FAILED
    assert state(store) is rx.State.DISPENSED


def test_what_the_source_took_back_is_not_dispensed(store):
    do(store, rx.register, [order(issue="2")])
    do(store, rx.dispense, given("a"))
    do(store, rx.register, [order(issue="2", cancelled=True)])
    assert state(store) is rx.State.CANCELLED
    assert refused(store, rx.dispense, given("b")) == rx.NOT_DISPENSABLE


def test_registering_again_keeps_what_was_dispensed(store):
    do(store, rx.register, [order()])
    do(store, rx.dispense, given("a"))
    do(store, rx.register, [order()])
    assert state(store) is rx.State.DISPENSED


def test_an_unknown_prescription_and_another_patients_are_not_told_apart(store):
    do(store, rx.register, [order()])
    assert refused(store, rx.dispense, given("a", patient=OTHER)) == rx.NOT_IDENTIFIABLE
    assert refused(store, rx.dispense, given("a", name="9.9^no")) == rx.NOT_IDENTIFIABLE
    with store.connect() as connection:
        assert connection.execute(select(dispensation)).all() == [], "nothing half-written"


def test_a_document_of_two_items_is_partly_dispensed_when_one_is(store):
    two = rx.Order("1.2^rx", "second", PATIENT, Decimal(1))
    do(store, rx.register, [order(), two])
    do(store, rx.dispense, given("a"))
    assert state(store) is rx.State.PARTLY
    both = rx.Dispensed("b", "s", PATIENT, "SE", "1", NOW, b"", [rx.Handout("1.2^rx", "second")])
    do(store, rx.dispense, both)
    assert state(store) is rx.State.DISPENSED


def test_a_dispensation_of_two_prescriptions_is_kept_whole_or_not_at_all(store):
    do(store, rx.register, [order("1.2^a"), order("1.2^b")])
    do(store, rx.dispense, given("x", name="1.2^b"))
    items = [rx.Handout("1.2^a", "1.2^a.item"), rx.Handout("1.2^b", "1.2^b.item")]
    both = rx.Dispensed("y", "s", PATIENT, "SE", "1", NOW, b"", items)
    assert refused(store, rx.dispense, both) == "4106"
    assert state(store, "1.2^a") is rx.State.AVAILABLE


def test_the_retrieval_of_either_level_counts_for_the_country_that_made_it(store):
    do(store, rx.retrieved, "1.2^level1", "1.2.752", NOW)
    do(store, rx.retrieved, "1.2^level1", "1.2.752", NOW)
    with store.connect() as connection:
        assert rx.was_retrieved(connection, ["1.2^rx", "1.2^level1"], "1.2.752")
        assert not rx.was_retrieved(connection, ["1.2^rx"], "1.2.752")
        assert not rx.was_retrieved(connection, ["1.2^level1"], "9.9")


def test_threads_that_dispense_the_same_prescription_get_it_once(store):
    do(store, rx.register, [order(issue="3")])
    codes: list[str] = []

    def pharmacy(name: str) -> None:
        try:
            do(store, rx.dispense, given(name))
            codes.append("done")
        except Refusal as refusal:
            codes.append(refusal.code)

    threads = [threading.Thread(target=pharmacy, args=(f"p{i}",)) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["4106"] * 9 + ["done"] * 3


PHARMACY = """
import sys
from tests.ncp.store.test_prescriptions import given
from ncp.model import Refusal
from ncp.store import Store, prescriptions as rx
url, name, number = sys.argv[1:]
store = Store(url)
print("ready", flush=True)
for i in range(int(number)):
    try:
        with store.begin() as connection:
            rx.dispense(connection, given(f"{name}-{i}"))
        print(f"{name}-{i}", flush=True)
    except Refusal:
        pass
"""


def pharmacies(store: Store, names: str, number: int) -> list[subprocess.Popen[str]]:
    url = store.url.render_as_string(hide_password=False)
    started = [
        subprocess.Popen([sys.executable, "-c", PHARMACY, url, name, str(number)], cwd=ROOT,
                         stdout=subprocess.PIPE, text=True)
        for name in names
    ]  # fmt: skip
    for process in started:
        assert process.stdout.readline() == "ready\n"
    return started


def said(process: subprocess.Popen[str]) -> list[str]:
    """Return the ids that a process acknowledged (not ``communicate``: a line was read before)."""
    with process:
        return process.stdout.read().split()


def in_store(store: Store) -> tuple[set[str], int]:
    with store.connect() as connection:
        ids = set(connection.execute(select(dispensation.c.id)).scalars())
        taken = connection.execute(select(prescription.c.dispensed)).scalar_one()
    return ids, taken // 1000


def test_processes_that_dispense_the_same_prescription_get_it_once(store):
    do(store, rx.register, [order(issue="10")])
    told = [line for p in pharmacies(store, "abc", 8) for line in said(p)]
    ids, taken = in_store(store)
    assert len(told) == taken == 10
    assert ids == set(told)


@pytest.mark.slow
@pytest.mark.parametrize("pause", [0.05, 0.2, 0.4])
def test_after_a_kill_everything_acknowledged_is_there_and_nothing_twice(store, pause):
    do(store, rx.register, [order(issue="100000")])
    processes = pharmacies(store, "ab", 50_000)
    time.sleep(pause)
    told: set[str] = set()
    for process in processes:
        process.send_signal(signal.SIGKILL)
        told |= set(said(process))
    ids, taken = in_store(store)
    assert told <= ids
    assert len(ids) - len(told) <= len(processes), "at most one each was kept but not told"
    assert taken == len(ids)
    do(store, rx.dispense, given("afterwards"))
