"""A journal is opened where it is, and never made where it is not."""

from __future__ import annotations

import sqlite3

import pytest

from data.errors import InputError
from ncp.scenarios.audits import source_of
from ncp.scenarios.journals import opened
from ncp.store import Store


def test_the_store_of_a_server_is_opened(tmp_path):
    file = tmp_path / "store.db"
    Store(file).close()
    for place in (str(file), f"sqlite:///{file}"):
        opened(place).close()


@pytest.mark.parametrize(("content", "why"), [
    (None, "no journal yet"), (b"", "it is empty"), (b"hello" * 99, "no database of SQLite"),
    (b"SQLite format 3\0" + b"\x01" * 900, "no journal"),
], ids=["absent", "empty", "text", "damaged"])  # fmt: skip
def test_what_is_no_journal_is_told_and_left_as_it_is(tmp_path, content, why):
    file = tmp_path / "store.db"
    if content is not None:
        file.write_bytes(content)
    for opening in (opened, source_of):
        with pytest.raises(InputError) as told:
            opening(str(file))
        assert told.value.problems[0].where == str(file)
        assert why in told.value.problems[0].what
        assert told.value.problems[0].remedy
    assert (file.read_bytes() if file.exists() else None) == content


def test_a_database_of_something_else_is_not_written_to(tmp_path):
    file = tmp_path / "other.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE other (name)")
    connection.close()
    before = file.read_bytes()
    with pytest.raises(InputError, match="without a journal"):
        opened(str(file))
    assert file.read_bytes() == before
