"""Fixtures that all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.builders import SHARED


def _outside(folder: Path, what: str) -> Path:
    """Return a folder beside the checkout: a skip where it is absent, a failure in CI."""
    if folder.is_dir():
        return folder
    reason = f"{what} are not at {folder.name}/ beside the checkout"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def oracles() -> Path:
    """Return the folder of material that nobody on this project wrote (``EHDS_ORACLES``)."""
    return _outside(Path(os.environ.get("EHDS_ORACLES", SHARED / "oracles")), "the oracles")


@pytest.fixture(scope="session")
def reference() -> Path:
    """Return the folder of the fact base; it is beside the checkout or the test is skipped."""
    folder = SHARED / "reference"
    if not folder.is_dir():
        pytest.skip("the fact base is not beside the checkout")
    return folder


@pytest.fixture(scope="session")
def seeds() -> Path:
    """Return the folder of the source documents; beside the checkout or the test is skipped."""
    folder = SHARED / "seeds"
    if not folder.is_dir():
        pytest.skip("the source documents are not beside the checkout")
    return folder
