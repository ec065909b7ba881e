"""The page under two judges that nobody on this project wrote: axe-core and html-validate."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reports.page import render
from reports.texts import Texts
from tests.builders import ROOT
from tests.reports.analyses import shipped

HERE = Path(__file__).parent
LOCK = HERE / "package-lock.json"


@pytest.fixture(scope="session")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the locked packages, installed once for a lock file."""
    npm = shutil.which("npm")
    if not npm or not shutil.which("node"):
        pytest.skip("node and npm are not installed")
    kept = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    place = _cache() / f"ehds-a11y-{kept}"
    if (place / "done").is_file():
        return place
    making = tmp_path_factory.mktemp("npm")
    for file in (HERE / "package.json", LOCK):
        shutil.copy(file, making)
    done = subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=making, capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    if done.returncode:
        if os.environ.get("CI") == "true":
            pytest.fail(f"npm could not install the judges: {done.stderr[-2000:]}")
        pytest.skip("npm could not install the judges (no network?)")
    (making / "done").touch()
    beside = place.with_name(f"{place.name}-{os.getpid()}")
    shutil.copytree(making, beside, symlinks=True)
    try:
        beside.rename(place)
    except OSError:
        shutil.rmtree(beside)  # another worker of this run was faster
    return place


def _cache() -> Path:
    """Return the folder for the packages: in the virtual environment, outside version control."""
    inside = sys.prefix != sys.base_prefix
    return Path(sys.prefix) if inside else ROOT / ".pytest_cache"


def judged(modules: Path, page: Path) -> dict[str, Any]:
    done = subprocess.run(
        ["node", str(HERE / "check.mjs"), str(modules), str(page)],
        capture_output=True, text=True, encoding="utf-8", timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


@pytest.mark.slow
@pytest.mark.oracle
@pytest.mark.parametrize("lang", ["nb", "en"])
def test_axe_and_html_validate_find_nothing(
    lang: str,
    modules: Path,
    tmp_path: Path,
) -> None:
    page = tmp_path / "page.html"
    page.write_text(render(shipped("norway-2026-11"), Texts(lang)), encoding="utf-8")
    found = judged(modules, page)
    assert found["violations"] == []
    assert found["rules"] > 30


@pytest.mark.oracle
def test_the_judges_see_what_is_wrong(modules: Path, tmp_path: Path) -> None:
    """A page with known faults: both judges have to find theirs."""
    page = tmp_path / "bad.html"
    page.write_text(
        "<!doctype html>\n<html><head><title>x</title></head><body><h1>a</h1><h4>b</h4>"
        '<img src="x.png"><p id="a"></p><p id="a"></p></body></html>',
        encoding="utf-8",
    )
    rules = {(v["tool"], v["rule"]) for v in judged(modules, page)["violations"]}
    assert {("axe-core", "html-has-lang"), ("axe-core", "image-alt")} <= rules
    assert ("html-validate", "no-dup-id") in rules


def test_the_lock_names_no_registry() -> None:
    packages = json.loads(LOCK.read_text(encoding="utf-8"))["packages"]
    assert len(packages) > 3
    assert not [name for name, fields in packages.items() if "resolved" in fields]
    assert all(fields.get("integrity") for name, fields in packages.items() if name)
