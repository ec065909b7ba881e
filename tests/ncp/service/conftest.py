"""Norway as country A with the sample patients, and Sweden that asks."""

from __future__ import annotations

import datetime as dt

import pytest

from ncp.connector.records import Records
from ncp.service.pipeline import Pipeline
from ncp.service.starting import start
from tests.ncp.postgres import postgresql_url
from tests.ncp.service.asking import PHARMACIST, CountryB, doctor

__all__ = ["postgresql_url"]


@pytest.fixture(scope="session")
def samples() -> Records:
    return Records.samples()


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """Return a home folder whose certificates all tests share (keys take a second to make)."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def make(home, samples, tmp_path):
    """Return a maker of pipelines with a store of their own."""
    made = []

    def pipeline(connector=samples, **options) -> Pipeline:
        options.setdefault("store", str(tmp_path / f"store{len(made)}.db"))
        started = start(home, options.pop("country", "NO"), connector, **options)
        made.append(started)
        return Pipeline(started.point)

    yield pipeline
    for one in made:
        one.point.store.close()


@pytest.fixture
def norway(make) -> Pipeline:
    return make()


@pytest.fixture
def sweden(home, norway) -> CountryB:
    """A doctor in Sweden, who may see prescriptions too (after Norway, who makes the authority)."""
    who = doctor()
    who = doctor(permissions=(*who.permissions, "PRD-004"))
    return CountryB(home / "certs", dt.datetime.now(dt.UTC), who)


@pytest.fixture
def pharmacy(home, norway) -> CountryB:
    return CountryB(home / "certs", dt.datetime.now(dt.UTC), doctor(PHARMACIST))
