"""Norway as country A over FHIR, Sweden that asks, and an EHR system."""

from __future__ import annotations

import pytest

from ncp.fhir import load, register
from ncp.fhir.settings import SCOPES
from ncp.service.pipeline import Pipeline
from tests.ncp.fhir.asking import B, Ehr, web
from tests.ncp.postgres import postgresql_url
from tests.ncp.service.conftest import home, make, pharmacy, samples, sweden

__all__ = ["home", "make", "pharmacy", "postgresql_url", "samples", "sweden"]


@pytest.fixture
def norway(request, make) -> Pipeline:
    """Return Norway; with ``on_both`` on each database."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return make()
    norway = make(store=request.getfixturevalue("postgresql_url"))
    norway.point.store.clear()
    return norway


@pytest.fixture
def doctor(norway, sweden) -> B:
    return B(sweden, web(norway))


@pytest.fixture
def pharmacist(norway, pharmacy) -> B:
    return B(pharmacy, web(norway))


@pytest.fixture
def ehr(norway, tmp_path) -> Ehr:
    key = register(tmp_path, "ehr-one", SCOPES)
    return Ehr(web(norway, load(tmp_path)), "ehr-one", key)
