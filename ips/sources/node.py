"""One JSON object under reading: values come out typed, and what nobody asked for is reported.

Every reader asks a node for the elements it understands. ``rest()`` then reports each element and
extension that was never asked for, so that nothing disappears without a line in the loss report.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from ips.loss import Fate
from ips.sources import dates
from ips.sources.base import Reading

_HOUSEKEEPING = ("resourceType", "id", "meta", "text", "language", "implicitRules")
META = ("versionId", "lastUpdated", "profile", "source", "tag")
"""Parts of ``meta`` that say nothing about the patient; security labels do."""
_NO_PLACE = "The European document has no place for this element."
_UNKNOWN_EXTENSION = "This extension is not known, and the European document has no place for it."


class Node:
    """A JSON object with its place in the source.

    An absent object is an empty node: every question to it has an empty answer.
    """

    __slots__ = ("_children", "_dates", "_read", "path", "reading", "value")

    def __init__(self, value: dict[str, Any], path: str, reading: Reading) -> None:
        self.value = value
        self.path = path
        self.reading = reading
        self._read: set[str] = set()
        self._children: dict[str, list[Node]] = {}
        self._dates: dict[str, str] = {}

    def __bool__(self) -> bool:
        """Whether there is anything in the object."""
        return bool(self.value)

    def __contains__(self, key: str) -> bool:
        """Whether the element is there."""
        return key in self.value

    def at(self, key: str) -> str:
        """Return the place of an element."""
        return f"{self.path}.{key}" if self.path else key

    def raw(self, key: str) -> Any:
        """Return an element as it stands, and count it as read."""
        self._read.add(key)
        return self.value.get(key)

    def skip(self, *keys: str) -> None:
        """Count elements as read that deliberately have no counterpart and need no report."""
        self._read.update(keys)

    def text(self, key: str) -> str:
        """Return a text without surrounding blanks; a number is read as its digits."""
        found = self.raw(key)
        if isinstance(found, str):
            return found.strip()
        if isinstance(found, int | float) and not isinstance(found, bool):
            return str(found)
        self._expect(found is None, key, "a text", found)
        return ""

    def code(self, key: str, allowed: Iterable[str]) -> str:
        """Return a code of a closed set; another one is a fault."""
        found = self.text(key)
        allowed = tuple(allowed)
        if found and found not in allowed:
            self.reading.fault(
                f"«{found[:60]}» is not one of {', '.join(allowed)}", self.at(key),
                rule="FHIR R4 required value set",
            )  # fmt: skip
            return ""
        return found

    def flag(self, key: str) -> bool | None:
        """Return a boolean, None when absent."""
        found = self.raw(key)
        self._expect(found is None or isinstance(found, bool), key, "true or false", found)
        return found if isinstance(found, bool) else None

    def number(self, key: str) -> float | int | None:
        """Return a number, None when absent."""
        found = self.raw(key)
        fits = isinstance(found, int | float) and not isinstance(found, bool)
        self._expect(found is None or fits, key, "a number", found)
        return found if fits else None

    def whole(self, key: str, least: int = -(2**31)) -> int | None:
        """Return a whole number of 32 bits (FHIR integer), None when absent."""
        found = self.number(key)
        if found is None:
            return None
        if found != int(found) or not least <= found < 2**31:
            self.reading.fault(f"{found:g} is not a whole number that can be", self.at(key),
                               rule="FHIR R4 integer")  # fmt: skip
            return None
        return int(found)

    def date(self, key: str) -> str:
        """Return a FHIR date; an impossible one is a fault."""
        return self._dated(key, dates.date)

    def moment(self, key: str) -> str:
        """Return a FHIR dateTime; an impossible one is a fault, a missing zone is noted."""
        if key in self._dates:
            return self._dates[key]
        found = self._dates[key] = self._dated(key, dates.moment)
        written = self.value.get(key)
        if found and isinstance(written, str) and not dates.has_zone(written):
            self.reading.lose(
                self.at(key), written, Fate.APPROXIMATE,
                "The source names no time zone; the time is read as Norwegian time.",
            )  # fmt: skip
        return found

    def _dated(self, key: str, convert: Callable[[str], str]) -> str:
        written = self.text(key)
        if not written:
            return ""
        try:
            return convert(written)
        except ValueError as error:
            self.reading.fault(f"«{written[:40]}»: {error}", self.at(key),
                               rule="FHIR R4 date and dateTime")  # fmt: skip
            self.reading.lose(
                self.at(key), written, Fate.NOT_CARRIED, f"The date is wrong: {error}."
            )
            return ""

    def node(self, key: str) -> Node:
        """Return a nested object; an empty node when absent."""
        if key not in self._children:
            found = self.raw(key)
            fits = isinstance(found, dict)
            self._expect(found is None or fits, key, "an object", found)
            self._children[key] = [Node(found if fits else {}, self.at(key), self.reading)]
        return self._children[key][0]

    def nodes(self, key: str) -> list[Node]:
        """Return a list of nested objects; a single object counts as a list of one."""
        if key not in self._children:
            found = self.raw(key)
            if isinstance(found, dict):
                found = [found]
            fits = isinstance(found, list)
            self._expect(found is None or fits, key, "a list", found)
            made = []
            for index, item in enumerate(found if fits else []):
                place = f"{self.at(key)}[{_label(key, item, index)}]"
                if isinstance(item, dict):
                    made.append(Node(item, place, self.reading))
                elif item is not None:
                    self.reading.error(f"an object was expected, not {_kind(item)}", place)
            self._children[key] = made
        return self._children[key]

    def texts(self, key: str) -> list[str]:
        """Return a list of texts."""
        found = self.raw(key)
        if isinstance(found, str):
            found = [found]
        fits = isinstance(found, list)
        self._expect(found is None or fits, key, "a list of texts", found)
        texts = []
        for index, item in enumerate(found if fits else []):
            if isinstance(item, str):
                texts.append(item.strip())
            elif item is not None:
                self.reading.error(
                    f"a text was expected, not {_kind(item)}", f"{self.at(key)}[{index}]"
                )
        return [text for text in texts if text]

    def extensions(self, *names: str) -> list[Node]:
        """Return the extensions whose URL ends in one of the names, however it is spelled.

        Kjernejournal writes some names with and some without ``Kj`` in front, and SFM mixes upper
        and lower case.
        """
        wanted = {_plain(name) for name in names}
        return [e for e in self.nodes("extension") if _plain(str(e.value.get("url", ""))) in wanted]

    def extension(self, *names: str) -> Node:
        """Return the first extension with one of the names; an empty node when there is none."""
        found = self.extensions(*names)
        if not found:
            return Node({}, self.at("extension"), self.reading)
        found[0].skip("url")
        return found[0]

    def set_aside(self, key: str, reason: str, obligations: Iterable[str] = ()) -> None:
        """Report an element that is known and deliberately not carried."""
        found = self.raw(key)
        if found not in (None, "", [], {}):
            self.reading.lose(self.at(key), show(found), Fate.NOT_CARRIED, reason, obligations)

    def set_aside_whole(self, reason: str, obligations: Iterable[str] = ()) -> None:
        """Report the whole object as known and deliberately not carried."""
        if self.value:
            self._read.update(self.value)
            shown = show({k: v for k, v in self.value.items() if k != "url"})
            self.reading.lose(self.path, shown, Fate.NOT_CARRIED, reason, obligations)

    def rest(self, obligations: Iterable[str] = ()) -> None:
        """Report every element below this node that was never asked for."""
        done = self._read | set(_HOUSEKEEPING)
        if self._is_extension():
            done.add("url")
        meta = self.value.get("meta")
        if isinstance(meta, dict) and "meta" not in self._children:
            self.node("meta").skip(*META)
        for key, value in self.value.items():
            if key in self._children:
                for child in self._children[key]:
                    child._rest_of_child(obligations)
            elif key not in done and value not in (None, "", [], {}):
                reason = _UNKNOWN_EXTENSION if key == "extension" else _NO_PLACE
                self.reading.lose(self.at(key), show(value), Fate.NOT_CARRIED, reason, obligations)

    def _rest_of_child(self, obligations: Iterable[str]) -> None:
        if self.value and not self._read:
            reason = _UNKNOWN_EXTENSION if self._is_extension() else _NO_PLACE
            self.reading.lose(self.path, show(self.value), Fate.NOT_CARRIED, reason, obligations)
            return
        self.rest(obligations)

    def _is_extension(self) -> bool:
        return "extension[" in self.path.rsplit(".", 1)[-1] and "url" in self.value

    def _expect(self, fits: bool, key: str, wanted: str, found: Any) -> None:
        if not fits:
            self.reading.error(f"{wanted} was expected, not {_kind(found)}", self.at(key),
                               rule="the type that the format defines")  # fmt: skip


def show(value: Any) -> str:
    """Return a value for the loss report: texts as they are, the rest as compact JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _kind(value: Any) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "a text",
             list: "a list", dict: "an object", type(None): "nothing"}  # fmt: skip
    return names.get(type(value), type(value).__name__)


def _label(key: str, item: Any, index: int) -> str:
    """Extensions are found by their name, everything else by its number."""
    url = item.get("url") if isinstance(item, dict) and key == "extension" else None
    name = url.rstrip("/").rsplit("/", 1)[-1] if isinstance(url, str) else ""
    return f"{name[:60]}#{index}" if name else str(index)


def _plain(url: str) -> str:
    """The part of a URL that names an extension, however Kjernejournal and SFM spell it."""
    return url.rstrip("/").rsplit("/", 1)[-1].lower().removeprefix("kj")
