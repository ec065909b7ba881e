"""Country A in a process of its own over mutual TLS, and a portal that asks it."""

from __future__ import annotations

import pytest

from ncp.portal import Settings, build
from ncp.store import Store
from reports.clinical import page
from tests.ncp.portal.tester import Process, Tester


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """Return a home folder in which country A runs."""
    folder = tmp_path_factory.mktemp("exchange")
    server = Process(folder, "serve")
    yield folder
    server.end()


@pytest.fixture
def store(home):
    made = Store(home / "store.db")
    yield made
    made.close()


@pytest.fixture
def settings(home) -> Settings:
    return Settings(home, page)


@pytest.fixture
def tester(settings, store) -> Tester:
    return Tester(build(settings, store))
