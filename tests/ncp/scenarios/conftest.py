"""One contact point for all tests of the scenarios (certificates take seconds to make)."""

from __future__ import annotations

import pytest

from tests.ncp.running import Bench, bench


@pytest.fixture(scope="session")
def norway(tmp_path_factory):
    with bench(tmp_path_factory.mktemp("scenarios")) as running:
        yield running


__all__ = ["Bench"]
