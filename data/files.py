"""Writing results: all files of a run or none, each beside its place first and then moved."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from data.errors import InputError, Problem


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
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
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
    """
    locked = [path for path in contents if _held_open(path)]
    if locked:
        raise InputError(
            [
                Problem("the file is open in another program", str(path),
                        remedy="close it there and run again")
                for path in locked
            ]
        )  # fmt: skip
    beside: list[tuple[Path, Path]] = []
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            beside.append((Path(name), path))
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            Path(name).chmod(0o644)
        for temporary, path in beside:
            temporary.replace(path)
    except OSError as error:
        place = error.filename2 or error.filename or ""
        raise InputError(
            Problem(f"cannot be written: {error.strerror}", str(place),
                    remedy="close the file elsewhere, free some space, or choose another folder")
        ) from None  # fmt: skip
    finally:
        for temporary, _ in beside:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def _held_open(path: Path) -> bool:
    """Return whether LibreOffice or Excel has left its lock file beside the file."""
    return any(path.with_name(lock).exists() for lock in (f".~lock.{path.name}#", f"~${path.name}"))
