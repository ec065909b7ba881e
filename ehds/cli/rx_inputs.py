"""The files beside the main one of ``ehds rx``: FEST, a recall, the prescription that was sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from data.errors import InputError


@contextmanager
def named(files: dict[str, Path | None]) -> Iterator[None]:
    """Put the user's own names into errors about the files beside the main one.

    Args:
        files: the name that the readers use, and the file.
    """
    try:
        yield
    except InputError as error:
        renamed = []
        for problem in error.problems:
            own, *rest = problem.where.partition(":")
            name = files.get(own)
            where = f"{name}{''.join(rest)}" if name else problem.where
            renamed.append(replace(problem, where=where))
        error.problems = renamed
        raise


def fest_of(file: Path | None) -> bytes | None:
    """Return FEST, which is larger than other messages; a device without end is not read whole."""
    if file is None:
        return None
    from data.loaders.tables import read_bytes as read_file
    from ips.eresept.fest import MAX_BYTES

    return read_file(file, MAX_BYTES)
