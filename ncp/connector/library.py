"""Documents that are written when they are first asked for, described once, and remembered.

What is written again is the same, so forgetting costs time only; the memory is bounded.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace

from data.errors import EnvironmentProblem, InputError
from ips.identifiers import mask
from ncp.connector.described import Described, describe
from ncp.connector.making import Making, entry_id
from ncp.model import DocumentEntry, PatientId
from ncp.tables import country as country_of
from ncp.tables import document_kinds

_log = logging.getLogger("ehds.ncp")
_BOUND = 64 * 1024 * 1024
"""Bytes of documents that are remembered."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A document in the list: what it says of itself, and the id of its level 1 (or empty)."""

    making: Making
    described: Described
    level_1: str


class Library:
    """The documents of a connector.

    Args:
        country: country A, ISO 3166-1 alpha-2.
        bound: bytes of documents to remember.
    """

    def __init__(self, country: str, bound: int = _BOUND) -> None:
        self._country = country_of(country)
        self._listed: dict[int, Listed | None] = {}
        self._where: dict[str, tuple[Listed, int]] = {}
        self._lock = threading.RLock()
        self._pdf: bool | None = None
        self._bound, self._size = bound, 0
        self._kept: OrderedDict[tuple[int, int], bytes] = OrderedDict()

    def entries(self, making: Making, patient: PatientId) -> list[DocumentEntry]:
        """Return the entries of a document, level 3 first; none where it cannot be written."""
        listed = self._list(making)
        if listed is None:
            return []
        made = listed.described
        entries = [self._entry(listed, made.unique_id, made.level, patient)]
        if not listed.level_1:
            return entries
        first, second = entries[0], self._entry(listed, listed.level_1, 1, patient)
        return [replace(first, pair=second.entry_id), replace(second, pair=first.entry_id)]

    def described(self, unique_id: str) -> Described:
        """Return what a listed document says of itself.

        Raises:
            KeyError: no document with this id has been listed.
        """
        return self._where[unique_id][0].described

    def origins(self, unique_id: str) -> tuple[str, ...]:
        """Return the systems that a listed document came from.

        Raises:
            KeyError: no document with this id has been listed.
        """
        listed = self._where[unique_id][0]
        author = listed.described.author_institution
        return listed.making.origins or ((author,) if author else ())

    def content(self, unique_id: str) -> bytes:
        """Return a listed document.

        Raises:
            KeyError: no document with this id has been listed.
        """
        listed, level = self._where[unique_id]
        return self._written(listed.making, level)

    def forget(self, making: Making) -> None:
        """Drop a document; it may be asked for again as a new one."""
        with self._lock:
            listed = self._listed.pop(id(making), None)
            for unique_id in (listed.described.unique_id, listed.level_1) if listed else ():
                self._where.pop(unique_id, None)
            for level in (3, 1):
                self._size -= len(self._kept.pop((id(making), level), b""))

    def _list(self, making: Making) -> Listed | None:
        key = id(making)
        if key in self._listed:
            return self._listed[key]
        with self._lock:
            if key not in self._listed:
                listed = self._first_look(making)
                if listed is not None:
                    self._where[listed.described.unique_id] = (listed, listed.described.level)
                    if listed.level_1:
                        self._where[listed.level_1] = (listed, 1)
                self._listed[key] = listed
            return self._listed[key]

    def _first_look(self, making: Making) -> Listed | None:
        try:
            made = describe(self._written(making, making.levels[0]), making.name)
            known = self._where.get(made.unique_id)
            if known is not None and known[0].making.name != making.name:
                _log.warning("left out: %s: another document has the same id", making.name)
                return None
            return Listed(making, made, self._level_1(making, made))
        except InputError as error:
            _log.warning("left out: %s: %s", making.name, mask(error.problems[0].what))
            return None

    def _level_1(self, making: Making, made: Described) -> str:
        """Return the id of level 1; empty where there is none, or no PDF can be made here."""
        if made.level == 1 or 1 not in making.levels:
            return ""
        if 1 in making.ready:
            return describe(making.ready[1], making.name).unique_id
        if self._pdf is None:
            try:
                self._written(making, 1)
                self._pdf = True
            except EnvironmentProblem as error:
                self._pdf = False
                _log.warning("level 1 is left out of all lists: %s", error.problems[0].what)
        return made.related[0] if self._pdf and made.related else ""

    def _entry(
        self, listed: Listed, unique_id: str, level: int, patient: PatientId
    ) -> DocumentEntry:
        made, kind = listed.described, document_kinds()[listed.described.kind]
        formats = kind.formats[level] or kind.formats[1] or kind.formats[3]
        original = not kind.formats[3]
        key = (id(listed.making), level)
        known = listed.making.ready.get(level) or self._kept.get(key)
        return DocumentEntry(
            unique_id=unique_id, entry_id=entry_id(unique_id), patient=patient, kind=made.kind,
            level=level, format_code=formats[0], title=kind.title, created=made.created,
            home=self._country.home_community, repository=self._country.home_community,
            language=made.language, size=len(known) if known else None,
            hash=hashlib.sha1(known, usedforsecurity=False).hexdigest() if known else "",
            description=made.description or made.title, country=self._country.code,
            author_person=made.author_person, author_institution=made.author_institution,
            events=made.events, started=f"{made.created:%Y%m%d%H%M%S}" if original else "",
        )  # fmt: skip

    def _written(self, making: Making, level: int) -> bytes:
        if level in making.ready:
            return making.ready[level]
        key = (id(making), level)
        with self._lock:  # those who ask for the same document wait for one writing
            content = self._kept.get(key)
            if content is None:
                content = self._kept[key] = making.write(level)
                self._size += len(content)
            self._kept.move_to_end(key)
            while self._size > self._bound and len(self._kept) > 1:
                self._size -= len(self._kept.popitem(last=False)[1])
        return content
