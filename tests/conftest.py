"""Fixtures that all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ips.conformance.hl7_validator import LIGHT, Validator
from tests.builders import SHARED
from tests.ips.conformance.documents import need_validator


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Share the tests among workers by groups."""
    from tests.scheduling import Together

    config.option.loadscopereorder = False
    return Together(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the groups that take longest, so that no worker ends long after the others."""
    if not hasattr(config, "workerinput"):
        return
    from tests.scheduling import group

    groups = {item: group(item.nodeid.split("::")[0]) for item in items}
    slow = {groups[item] for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: groups[item] not in slow)


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


@pytest.fixture(scope="session")
def official() -> Iterator[Validator]:
    """Return the official HL7 validator, one for all tests: starting takes most of the time.

    Who asks for it is in the group ``hl7-validator``, so that one worker starts it.
    """
    need_validator()
    with Validator(LIGHT) as validator:
        yield validator
