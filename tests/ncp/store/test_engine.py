"""The database of a contact point: everything of a block or nothing, on both databases."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from sqlalchemy import select, text

from data.errors import EnvironmentProblem, InputError
from ncp.store import Store
from ncp.store.replay import WINDOW, first_time, forget
from ncp.store.tables import seen

NOW = dt.datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=dt.UTC)


def test_a_block_that_fails_leaves_nothing(store):
    def fail() -> None:
        with store.begin() as connection:
            first_time(connection, "m", NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.connect() as connection:
        assert connection.execute(select(seen)).all() == []


def test_a_time_comes_back_exactly_and_in_utc(store):
    with store.begin() as connection:
        zone = dt.timezone(dt.timedelta(hours=2))
        connection.execute(seen.insert().values(message_id="m", moment=NOW.astimezone(zone)))
        kept = connection.execute(select(seen.c.moment)).scalar_one()
    assert kept == NOW
    assert kept.utcoffset() == dt.timedelta(0)


def test_a_time_without_zone_is_never_kept(store):
    with pytest.raises(Exception, match="without time zone"), store.begin() as connection:
        connection.execute(seen.insert().values(message_id="m", moment=NOW.replace(tzinfo=None)))


def test_a_message_is_taken_once_within_the_window(store):
    def take(message: str, now: dt.datetime) -> bool:
        with store.begin() as connection:
            return first_time(connection, message, now)

    assert take("urn:uuid:1", NOW)
    assert not take("urn:uuid:1", NOW + dt.timedelta(hours=5))
    assert take("urn:uuid:2", NOW)
    assert take("urn:uuid:1", NOW + WINDOW + dt.timedelta(seconds=1))


def test_old_messages_are_forgotten(store):
    with store.begin() as connection:
        first_time(connection, "old", NOW - WINDOW - dt.timedelta(seconds=1))
        first_time(connection, "new", NOW)
        assert forget(connection, NOW) == 1
        assert connection.execute(select(seen.c.message_id)).scalars().all() == ["new"]


def test_one_of_many_threads_takes_a_message(store):
    taken: list[bool] = []

    def take() -> None:
        with store.begin() as connection:
            taken.append(first_time(connection, "urn:uuid:1", NOW))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 7 + [True]


def test_works_that_wait_together_stand_each_on_its_own(store):
    """Eight works, two of which fail: six are kept, and each caller learns of its own."""
    told: dict[int, str] = {}
    start = threading.Barrier(8)

    def work(number: int) -> None:
        def job(connection) -> int:
            first_time(connection, f"m{number}", NOW)
            if number in (2, 5):
                raise ValueError(f"no {number}")
            return number

        start.wait()
        try:
            told[number] = str(store.write(job))
        except ValueError as error:
            told[number] = str(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == {n: f"no {n}" if n in (2, 5) else str(n) for n in range(8)}
    with store.connect() as connection:
        kept = set(connection.execute(select(seen.c.message_id)).scalars())
    assert kept == {f"m{n}" for n in range(8) if n not in (2, 5)}


def test_a_reader_does_not_wait_for_a_writer(store):
    with store.begin() as writing:
        first_time(writing, "m", NOW)
        with store.connect() as reading:
            assert reading.execute(select(seen)).all() == []


def test_a_store_can_be_opened_again_and_cleared(store):
    with store.begin() as connection:
        first_time(connection, "m", NOW)
    again = Store(store.url.render_as_string(hide_password=False))
    with again.connect() as connection:
        assert connection.execute(select(seen.c.message_id)).scalars().all() == ["m"]
    again.clear()
    again.close()
    with store.connect() as connection:
        assert connection.execute(select(seen)).all() == []


def test_sqlite_waits_for_the_disk_at_every_commit(tmp_path):
    store = Store(tmp_path / "store.db")
    with store.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
    store.close()


@pytest.mark.parametrize("url", ["mysql://x/y", "http://x", "sqlite://", "://"])
def test_an_unknown_store_is_told(url):
    with pytest.raises(InputError):
        Store(url)


def test_a_store_that_cannot_be_opened_is_told_without_password(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(EnvironmentProblem):
        Store(tmp_path / "folder")
    (tmp_path / "letter.txt").write_text("no database " * 100)
    with pytest.raises(EnvironmentProblem):
        Store(tmp_path / "letter.txt")
    assert {one.name for one in tmp_path.iterdir()} == {"folder", "letter.txt"}
    with pytest.raises(EnvironmentProblem) as caught:
        Store("postgresql://someone:secret@127.0.0.1:1/none?connect_timeout=2")
    assert "secret" not in str(caught.value.problems)


def test_only_the_owner_can_read_a_new_database(tmp_path):
    """The journal has messages and numbers of patients."""
    file = tmp_path / "store.db"
    kept = Store(file)
    with kept.begin() as connection:
        first_time(connection, "m", NOW)
    assert {one.name: one.stat().st_mode & 0o077 for one in tmp_path.iterdir()} == {
        one.name: 0 for one in tmp_path.iterdir()
    }
    kept.close()
