"""A store on each database: SQLite always, PostgreSQL where a server can be started."""

from __future__ import annotations

import pytest

from ncp.audit import tables  # noqa: F401 - hangs the tables of the journal on the store
from ncp.store import Store
from tests.ncp.postgres import postgresql_url

__all__ = ["postgresql_url"]


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path):
    """Return an empty store; what is tested with it holds on both databases."""
    url = str(tmp_path / "store.db")
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    made = Store(url)
    made.clear()
    yield made
    made.close()


@pytest.fixture
def sqlite_store(tmp_path):
    """Return an empty store in a file."""
    made = Store(str(tmp_path / "store.db"))
    yield made
    made.close()
