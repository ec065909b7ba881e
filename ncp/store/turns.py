"""Taking turns among processes that write to one SQLite file.

SQLite lets a writer that finds another one at work sleep for up to a tenth of a second; a lock on a
file wakes it at once. The lock only spares time: what keeps writers apart is the database itself.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:  # a system without file locks: the database alone makes writers wait
    fcntl = None  # type: ignore[assignment]


class Turns:
    """A queue of processes; the threads of one process must not use it at the same time.

    Args:
        file: the file that processes lock.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._open: int | None = None
        self._close: Callable[[], Any] = _nothing

    @contextmanager
    def take(self) -> Iterator[None]:
        """Wait for the turn, and have it for the length of the block.

        Raises:
            OSError: the file cannot be made.
        """
        if fcntl is None:
            yield
            return
        if self._open is None:
            self._open = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._close = weakref.finalize(self, os.close, self._open)
        fcntl.flock(self._open, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._open, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give the file back; a forked process must, because its parent's lock would be its own."""
        self._close()
        self._open, self._close = None, _nothing


def _nothing() -> None:
    """There is nothing to close."""
