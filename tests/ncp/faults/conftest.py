"""One contact point for all tests of the faults."""

from __future__ import annotations

import pytest

from tests.ncp.running import bench


@pytest.fixture(scope="session")
def norway(tmp_path_factory):
    with bench(tmp_path_factory.mktemp("faults")) as running:
        yield running
