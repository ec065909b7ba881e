"""The journal keeps everything, in order, and shows what was tampered with."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError

from data.results import Outcome
from ncp.audit import Event, Indicator, Transaction, read_atna
from ncp.audit.facts import from_json, to_json
from ncp.audit.journal import GENESIS, Filter, append, entries, load, prepare, record
from ncp.audit.tables import journal, journal_part, journal_patient
from ncp.audit.verification import verify
from ncp.model import Coded, HealthProfessional, Operation, PatientId
from tests.ncp.audit.transactions import NOON, OTHER, PATIENT, SWEDEN, exchange, norwegian


def put(store, *transactions: Transaction) -> None:
    for transaction in transactions:
        with store.begin() as connection:
            record(connection, transaction, b"<request/>", b"<response/>")


def numbers(store, wanted: Filter | None = None) -> list[int]:
    with store.connect() as connection:
        return [e.number for e in entries(connection, wanted)]


def results(store, head: str = "") -> set[str]:
    with store.connect() as connection:
        return {r.id for r in verify(connection, head).results if r.outcome is Outcome.FAIL}


def test_an_entry_holds_the_event_and_its_messages(store):
    made = exchange(Operation.PS_LIST)
    put(store, made)
    with store.connect() as connection:
        (entry,) = entries(connection, parts=("request", "response", "atna", "events"))
    assert (entry.number, entry.previous) == (1, GENESIS)
    assert entry.parts["request"] == b"<request/>"
    assert entry.parts["response"] == b"<response/>"
    assert read_atna(entry.parts["atna"]).operation == "PatientService::List"
    assert orjson.loads(entry.parts["events"])[0]["resourceType"] == "AuditEvent"
    assert set(entry.sums) == {"request", "response", "atna", "events"}
    assert to_json(entry.transaction) == to_json(made)


def test_what_a_hostile_request_holds_is_journalled_too(store):
    long, odd = PatientId("1.2", "9" * 5000), PatientId("1.2\0", "a\0b")
    doctor = HealthProfessional("x\0" * 3000, "n", Coded("221"), country="S" * 50)
    put(store, exchange(Operation.IDENTIFY, patients=(long, odd, odd), professional=doctor))
    assert results(store) == set()
    with store.connect() as connection:
        (entry,) = entries(connection)
    assert entry.transaction.patients == (long, odd, odd)


def test_evidence_is_kept_beside_the_messages(store):
    with store.begin() as connection:
        record(connection, exchange(Operation.PS_LIST), b"q", b"", evidence={"nro": b"<proof/>"})
    with store.connect() as connection:
        assert load(connection, [1])[1]["nro"] == b"<proof/>"
        assert "response" not in load(connection, [1])[1]


def test_a_transaction_that_fails_leaves_no_entry(store):
    put(store, exchange(Operation.PS_LIST))
    with contextlib.suppress(RuntimeError), store.begin() as connection:
        record(connection, exchange(Operation.PS_LIST), b"", b"")
        raise RuntimeError
    put(store, exchange(Operation.PS_LIST))
    assert numbers(store) == [1, 2]
    assert results(store) == set()


def test_entries_of_many_threads_form_one_chain(store):
    def work() -> None:
        for _ in range(8):
            prepared = prepare(exchange(Operation.PS_LIST), b"q", b"r")
            with store.begin() as connection:
                append(connection, prepared)

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert numbers(store) == list(range(1, 41))
    assert results(store) == set()


def test_filters(store):
    later = NOON + dt.timedelta(hours=1)
    doctor = HealthProfessional("b@x.example", "Björn 100%", Coded("2262"), country="FI")
    put(
        store,
        exchange(Operation.PS_LIST),
        exchange(Operation.EP_LIST, patients=(OTHER,), outcome=Indicator.MAJOR),
        exchange(Operation.PS_RETRIEVE, started=later, ended=later, patients=(PATIENT, OTHER)),
        exchange(Operation.DISPENSE, professional=doctor, started=later, ended=later),
        exchange(Event.TRC_ASSERTION, "B"),
    )
    assert numbers(store, Filter(operations=(Operation.PS_LIST, Operation.DISPENSE))) == [1, 4]
    assert numbers(store, Filter(outcomes=(Indicator.MAJOR,))) == [2]
    assert numbers(store, Filter(patient=OTHER)) == [2, 3]
    assert numbers(store, Filter(patient=OTHER.extension)) == [2, 3]
    assert numbers(store, Filter(patient=OTHER.cx)) == [2, 3]
    assert numbers(store, Filter(patient=PatientId("1.2", OTHER.extension))) == []
    assert numbers(store, Filter(since=later)) == [3, 4]
    assert numbers(store, Filter(until=NOON + dt.timedelta(seconds=1))) == [1, 2, 5]
    assert numbers(store, Filter(country="fi")) == [4]
    assert numbers(store, Filter(professional="björn")) == ([4])
    assert numbers(store, Filter(professional="%")) == [4]
    assert numbers(store, Filter(side="B")) == [5]
    assert numbers(store, Filter(limit=2)) == [4, 5]
    assert numbers(store, Filter(limit=1, patient=PATIENT)) == [5]
    assert numbers(store, Filter(number=3)) == [3]
    assert numbers(store, Filter()) == [1, 2, 3, 4, 5]


def test_an_untouched_journal_is_sound(store):
    put(store, *(exchange(Operation.PS_LIST) for _ in range(3)))
    with store.connect() as connection:
        found = verify(connection)
        (last,) = entries(connection, Filter(limit=1))
    assert found.sound
    assert (found.entries, found.head) == (3, last.digest)
    assert [r.outcome for r in found.results] == [Outcome.PASS]
    assert "X2.3.2" in found.results[0].obligations


def test_an_empty_journal_is_sound(store):
    with store.connect() as connection:
        assert verify(connection).sound


@pytest.mark.parametrize("table", [journal, journal_patient, journal_part], ids=lambda t: t.name)
def test_the_database_refuses_to_change_an_entry(store, table):
    put(store, exchange(Operation.PS_LIST))
    column = {"journal": "country", "journal_patient": "extension", "journal_part": "part"}
    with pytest.raises(DBAPIError, match="append-only"), store.begin() as connection:
        connection.execute(update(table).values({column[table.name]: "XX"}))


def forge(store, statement) -> None:
    """Change the database as somebody would who owns the file: without the triggers."""
    with store.begin() as connection:
        for name in ("journal", "journal_patient", "journal_part"):
            on = "" if connection.dialect.name == "sqlite" else f" ON {name}"
            connection.execute(text(f"DROP TRIGGER IF EXISTS {name}_fixed{on}"))
        connection.execute(statement)


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        (lambda: update(journal).where(journal.c.number == 2).values(
            facts=to_json(exchange(Operation.EP_LIST)), operation="OrderService::List"),
         "journal-digest"),
        (lambda: update(journal).where(journal.c.number == 2).values(country="DK"),
         "journal-columns"),
        (lambda: update(journal).where(journal.c.number == 2).values(facts="{}"),
         "journal-facts"),
        (lambda: update(journal).where(journal.c.number == 2).values(previous="f" * 64),
         "journal-chain"),
        (lambda: delete(journal_patient).where(journal_patient.c.number == 2),
         "journal-patients"),
        (lambda: delete(journal_part).where(
            journal_part.c.number == 2, journal_part.c.part == "atna"), "journal-part"),
        (lambda: update(journal_part).where(
            journal_part.c.number == 2, journal_part.c.part == "request").values(content=b"x"),
         "journal-part"),
    ],
)  # fmt: skip
def test_what_was_changed_is_found(sqlite_store, statement, rule):
    put(sqlite_store, *(exchange(Operation.PS_LIST) for _ in range(3)))
    forge(sqlite_store, statement())
    assert rule in results(sqlite_store)
    with sqlite_store.connect() as connection:
        found = verify(connection)
    assert not found.sound
    assert any(r.location == "journal 2" for r in found.results)


def test_a_removed_entry_is_found(sqlite_store):
    put(sqlite_store, *(exchange(Operation.PS_LIST) for _ in range(3)))
    for table in (journal_patient, journal_part, journal):
        forge(sqlite_store, delete(table).where(table.c.number == 2))
    assert results(sqlite_store) == {"journal-gap"}


def test_a_cut_off_end_is_found_by_the_noted_digest(sqlite_store):
    put(sqlite_store, *(exchange(Operation.PS_LIST) for _ in range(3)))
    with sqlite_store.connect() as connection:
        head = verify(connection).head
    put(sqlite_store, exchange(Operation.PS_LIST))
    assert results(sqlite_store, head) == set()
    for table in (journal_patient, journal_part, journal):
        forge(sqlite_store, delete(table).where(table.c.number >= 3))
    assert results(sqlite_store) == set()
    assert results(sqlite_store, head) == {"journal-head"}


@pytest.mark.parametrize(
    "made",
    [exchange(Operation.PS_LIST), norwegian(), exchange(Event.NOK_ASSERTION, "B"),
     exchange(Operation.IDENTIFY, professional=None, patients=(), outcome=Indicator.MAJOR)],
)  # fmt: skip
def test_facts_are_read_back_as_they_were(made):
    back = from_json(to_json(made))
    assert to_json(back) == to_json(made)
    assert (back.operation, back.outcome, back.professional) == (
        made.operation, made.outcome, made.professional)  # fmt: skip
    assert (back.care, back.patients, back.wire) == (made.care, made.patients, made.wire)


@settings(max_examples=50)
@given(st.text(), st.text(), st.lists(st.text(), max_size=4))
def test_facts_hold_any_text(name, error, documents):
    made = exchange(Operation.PS_LIST, error=error, documents=tuple(documents),
                    professional=HealthProfessional(name, name, Coded(name)))  # fmt: skip
    assert to_json(from_json(to_json(made))) == to_json(made)


def test_the_query_is_not_kept_twice():
    assert "<query/>" not in to_json(exchange(Operation.PS_LIST))


def test_the_country_that_asks_is_that_of_the_professional_or_of_the_contact_point():
    assert exchange(Operation.PS_LIST).country_b == "SE"
    assert exchange(Operation.PS_LIST, professional=None, consumer=SWEDEN).country_b == "SE"
