"""A PostgreSQL server for the length of a test run, without anything to set up.

The programs come from ``EHDS_POSTGRES_BIN``, the path, a Debian package, or the Python package
``pgserver`` (which carries them); ``EHDS_POSTGRES_URL`` names a server that runs already.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

NOBODY = 65534


def programs() -> Path | None:
    """Return the folder with initdb and postgres, if there is one."""
    folders = [Path(os.environ["EHDS_POSTGRES_BIN"])] if "EHDS_POSTGRES_BIN" in os.environ else []
    found = shutil.which("postgres")
    folders += [Path(found).parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    package = importlib.util.find_spec("pgserver")
    if package and package.origin:
        folders.append(Path(package.origin).parent / "pginstall" / "bin")
    return next((f for f in folders if (f / "initdb").exists() and (f / "postgres").exists()), None)


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """Start a server in a temporary folder and return its URL."""
    if "EHDS_POSTGRES_URL" in os.environ:
        yield os.environ["EHDS_POSTGRES_URL"]
        return
    folder = programs()
    if folder is None:
        reason = "no PostgreSQL here: install it, or the Python package pgserver"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    home = Path(tempfile.mkdtemp(prefix="ehds-postgres-"))
    # The server refuses to run as root, and says so even in a container where only root exists.
    user = NOBODY if os.geteuid() == 0 else None
    if user is not None:
        os.chown(home, user, user)
        if not all(parent.stat().st_mode & stat.S_IXOTH for parent in (folder, *folder.parents)):
            folder = _copied(folder, home / "programs")
    server = None
    try:
        subprocess.run(
            [folder / "initdb", "-D", home / "data", "-U", "ehds", "-A", "trust", "-E", "UTF8",
             "--no-locale", "--no-sync"],
            check=True, capture_output=True, user=user, cwd=home,
        )  # fmt: skip
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
        server = subprocess.Popen(
            [folder / "postgres", "-D", home / "data", "-h", "127.0.0.1", "-p", str(port),
             "-k", home, "-c", "max_connections=50"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=user, cwd=home,
        )  # fmt: skip
        _wait(port, server)
        yield f"postgresql://ehds@127.0.0.1:{port}/postgres"
    finally:
        if server is not None:
            server.send_signal(signal.SIGINT)  # does not wait for those who are still connected
            server.wait(timeout=20)
        shutil.rmtree(home, ignore_errors=True)


def _copied(folder: Path, to: Path) -> Path:
    """Copy a package with programs, and its libraries beside it, to where everyone can reach it.

    Root's own environment is closed to the user that the server runs as.
    """
    package = folder.parents[1]
    for one in package.parent.glob(f"{package.name}*"):
        if one.is_dir():
            shutil.copytree(one, to / one.name)
    return to / package.name / folder.relative_to(package)


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    import psycopg

    until = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(host="127.0.0.1", port=port, user="ehds", dbname="postgres").close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > until or server.poll() is not None:
                raise
            time.sleep(0.1)
