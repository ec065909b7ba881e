"""A page knows again what it wrote: each ends with a comment that names its analysis and its bytes.

A later run in the same folder takes away pages of systems and regions that are no more, and only
such: a page that somebody changed no longer fits its seal, and a foreign file has none.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path

_SEAL = re.compile(r"<!-- ehds page of=([0-9a-f]{64}) sha256=([0-9a-f]{64}) -->\n\Z")
_TITLE = re.compile(r"<h1>(.*?)</h1>", re.S)
_GOES = re.compile(r"(?:system|region)-[\w.-]+\.html")
_PROFILE = re.compile(r"readiness-[\w.-]+\.html")
_MOST = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Beside:
    """What earlier runs left in a folder.

    Attributes:
        stale: pages of systems and regions of ours that this run does not write.
        profiles: titles of profile pages of ours about the same analysis, by file name.
    """

    stale: tuple[Path, ...]
    profiles: Mapping[str, str]


def digest(content: str) -> str:
    """Return the name of an analysis: the checksum of all that it says."""
    return hashlib.sha256(content.encode()).hexdigest()


def seal(page: str, of: str) -> str:
    """Return a page with the comment at its end.

    Args:
        page: HTML.
        of: name of the analysis (``digest``).
    """
    whole = page if page.endswith("\n") else f"{page}\n"
    return f"{whole}<!-- ehds page of={of} sha256={digest(whole)} -->\n"


def sealed(page: str) -> str | None:
    """Return the name of the analysis of a page that is as we wrote it, else None."""
    found = _SEAL.search(page)
    if found is None or digest(page[: found.start()]) != found[2]:
        return None
    return found[1]


def beside(folder: Path, written: Collection[str], of: str) -> Beside:
    """Return what earlier runs left in a folder.

    Args:
        folder: where this run writes; it need not exist.
        written: names that this run writes.
        of: name of its analysis.
    """
    stale, profiles = [], {}
    for path, page in _pages(folder):
        name = sealed(page) if path.name not in written else None
        if name is None:
            continue
        if _GOES.fullmatch(path.name):
            stale.append(path)
        title = _TITLE.search(page)
        if _PROFILE.fullmatch(path.name) and name == of and title:
            profiles[path.name] = unescape(" ".join(title[1].split()))
    return Beside(tuple(stale), profiles)


def _pages(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.glob("*.html")):
        if _GOES.fullmatch(path.name) or _PROFILE.fullmatch(path.name):
            try:
                if path.is_file() and not path.is_symlink() and path.stat().st_size <= _MOST:
                    yield path, path.read_bytes().decode("utf-8")
            except (OSError, UnicodeDecodeError):
                continue  # nothing of ours
