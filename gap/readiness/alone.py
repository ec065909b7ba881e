"""One run at a time in a folder: two would take each other's units away, and leave half a run.

The folder itself is locked, so nothing is left behind, and a run that was killed holds up nobody.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from data.errors import InputError, Problem
from data.files import check_folder

try:
    import fcntl
except ImportError:  # a system without file locks
    fcntl = None  # type: ignore[assignment]


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Have a folder for the length of the block; it is made where it is missing.

    Raises:
        InputError: another run is at work in it, or it cannot be written.
    """
    check_folder(folder)
    new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with _locked(folder):
            yield
    finally:
        if new:
            with suppress(OSError):  # what the run has left there stays
                folder.rmdir()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        _lock(handle, folder)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InputError(
            Problem("another run is at work in this folder", str(folder),
                    rule="one run at a time",
                    remedy="wait until it has ended, or choose another --out")
        ) from None  # fmt: skip
    except OSError:
        return  # a file system without locks
