"""A real browser for tests: Chromium as it comes in a package, installed once for a lock file."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import ROOT

HERE = Path(__file__).parent
_PACKAGES = (HERE / "package.json", HERE / "package-lock.json")


def modules(making: Path) -> Path:
    """Return the folder with the locked packages; a skip where they cannot be, a failure in CI.

    Args:
        making: an empty folder for the installation.
    """
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        pytest.skip("the packed Chromium is for Linux on x86-64")
    npm = shutil.which("npm")
    if not npm or not shutil.which("node"):
        _without("node and npm are not installed")
    place = _cache() / f"ehds-browser-{hashlib.sha256(_PACKAGES[1].read_bytes()).hexdigest()[:12]}"
    if place.is_dir():
        return place
    for file in _PACKAGES:
        shutil.copy(file, making)
    done = subprocess.run(
        [str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=making, capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    if done.returncode:
        _without(f"npm could not install the browser: {done.stderr[-2000:]}")
    (making / "unpacked").mkdir()
    # Unpacked before anybody sees the folder: a program still being written cannot be started.
    node(HERE / "unpack.mjs", making)
    beside = place.with_name(f"{place.name}-{os.getpid()}")
    shutil.copytree(making, beside, symlinks=True)
    try:
        beside.rename(place)
    except OSError:
        shutil.rmtree(beside)  # another worker of this run was faster
    return place


def node(script: Path, folder: Path, *args: str, timeout: float = 300) -> str:
    """Run a script of node with the packages and return what it prints."""
    environment = {
        **os.environ,
        # The browser is unpacked there, with the libraries that a bare machine lacks.
        "TMPDIR": str(folder / "unpacked"), "AWS_LAMBDA_JS_RUNTIME": "nodejs22.x",
    }  # fmt: skip
    done = subprocess.run(
        ["node", str(script), str(folder), *args], env=environment, capture_output=True,
        text=True, encoding="utf-8", timeout=timeout, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def _without(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def _cache() -> Path:
    """Return the folder for the packages: in the virtual environment, outside version control."""
    inside = sys.prefix != sys.base_prefix
    return Path(sys.prefix) if inside else ROOT / ".pytest_cache"
