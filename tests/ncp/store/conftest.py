"""A store on each database: SQLite always, PostgreSQL where a server can be started."""

from __future__ import annotations

import pytest

from ncp.store import Store
from tests.ncp.postgres import postgresql_url

__all__ = ["postgresql_url"]


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path):
    """Return an empty store; the tests of this folder hold on both databases."""
    if request.param == "sqlite":
        url = str(tmp_path / "store.db")
    else:
        url = request.getfixturevalue("postgresql_url")
    made = Store(url)
    made.clear()
    yield made
    made.close()
