"""Writing results: all files of a run or none, each beside its place first and then moved."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from data.errors import EnvironmentProblem, InputError, Problem

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
"""Faults of the machine, not of the name that the user chose."""


class Outbox:
    """Collects the files of one run; they appear together when the ``with`` block ends well.

    Nothing is created when the block fails or is interrupted. A file that another program holds
    open (the lock files of LibreOffice and Excel are honoured) is an error before anything is
    written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._contents: dict[Path, bytes] = {}

    def add(self, name: str, content: bytes | str) -> Path:
        """Add a file by its name in the folder, and return its path."""
        path = self.folder / name
        self._contents[path] = content.encode() if isinstance(content, str) else content
        return path

    def __enter__(self) -> Outbox:
        """Check early that the folder can be written."""
        check_folder(self.folder)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write everything, or nothing when the block failed."""
        if kind is None:
            write_all(self._contents)


def check_folder(folder: Path) -> None:
    """Raise an error when files cannot be created in a folder (which need not exist yet)."""
    existing = folder
    try:
        while not existing.exists() and existing != existing.parent:
            existing = existing.parent
    except OSError as error:  # a name that no file system takes
        raise InputError(
            Problem(f"cannot be written: {error.strerror}", str(folder),
                    remedy="choose another folder with --out")
        ) from None  # fmt: skip
    if not existing.is_dir():
        raise InputError(
            Problem(
                "this is a file, a folder was expected",
                str(existing),
                remedy="choose another --out",
            )
        )
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise InputError(
            Problem(
                f"the folder cannot be written: {error.strerror}",
                str(folder),
                remedy="choose another folder with --out, or change its permissions",
            )
        ) from None


def write_all(contents: dict[Path, bytes]) -> None:
    """Write several files so that either all of them are there, or none is changed.

    Raises:
        InputError: a file is open elsewhere, or cannot be written.
        EnvironmentProblem: the disk is full or broken.
    """
    beside: list[tuple[Path, Path]] = []
    now = Path()
    try:
        in_the_way = [*_folders(contents), *_open_elsewhere(contents)]
        if in_the_way:
            raise InputError(in_the_way)
        streams = [path for path in contents if path.exists() and not path.is_file()]
        for path, content in contents.items():
            now = path
            if path in streams:
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            beside.append((Path(name), path))
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            Path(name).chmod(0o644)
        for path in streams:  # a device or pipe is written to, never replaced
            now = path
            path.write_bytes(contents[path])
        for temporary, path in beside:
            now = path
            temporary.replace(path)
    except OSError as error:
        what = f"cannot be written: {error.strerror}"
        if error.errno in _NO_ROOM:
            raise EnvironmentProblem(Problem(what, str(now), remedy="free some space, or choose "
                                             "another folder")) from None  # fmt: skip
        raise InputError(
            Problem(what, str(error.filename2 or error.filename or now),
                    remedy="close the file elsewhere, or choose another folder")
        ) from None  # fmt: skip
    finally:
        for temporary, _ in beside:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def _folders(paths: Iterable[Path]) -> list[Problem]:
    return [
        Problem("this is a folder, a file was to be written", str(path),
                remedy="move it, or choose another folder")
        for path in paths if path.is_dir()
    ]  # fmt: skip


def _open_elsewhere(paths: Iterable[Path]) -> list[Problem]:
    """Return the files beside which LibreOffice or Excel has left its lock file."""
    return [
        Problem("the file is open in another program", str(path),
                remedy="close it there and run again")
        for path in paths
        if any(path.with_name(lock).exists()
               for lock in (f".~lock.{path.name}#", f"~${path.name}"))
    ]  # fmt: skip
