"""The words of one cell of the narrative, so that an entry can point to its own words in it.

A cell says more than its source did: names in another language, codes in brackets, several things
one after the other. What an entry calls its original text is the source's own words alone; who
pointed to the whole cell would read them back larger than they were.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ips.cda.write.element import Element, printable
from ips.summary.phrases import Cell

_BESIDE = re.compile(r" \[(?:ATC|ICD-10|LOINC|SNOMED CT) [^\]]*\]$")
"""A code that stands beside words (``ips.summary.phrases``)."""
SEPARATOR = "; "


class Spoken:
    """What a cell says, piece by piece.

    Args:
        cell: the cell, written.
        identity: its ID.
        phrases: what it says.
        mark: the words before an original text.
    """

    def __init__(self, cell: Element, identity: str, phrases: Cell, mark: str) -> None:
        self._cell = cell
        self._identity = identity
        self._phrases = phrases
        self._mark = mark
        self._own: dict[int, str] = {}
        self._split = False

    def place(self, said: str) -> str:
        """Return the ID of the source's words in the cell; empty when they are not in it."""
        said = printable(said)
        if not said:
            return ""
        if not self._split:
            self._take_apart()
        for number, words in self._own.items():
            if words == said or words.endswith(f": {said}"):
                return self._named(number)
        return ""

    def _named(self, number: int) -> str:
        if not self._cell.parts:
            return self._identity  # the cell says nothing else
        part = self._cell.parts[number]
        if not part.name:
            part.name = "content"
            part.set("ID", f"{self._identity}-{number}")
        return part.attributes["ID"]

    def _take_apart(self) -> None:
        """Put every piece of the cell into a part of its own; what follows them stays behind."""
        self._split = True
        pieces = [(printable(words), own) for words, own in self._pieces()]
        joined = "".join(words for words, _ in pieces)
        written = self._cell.text or ""
        if not written.startswith(joined):
            return
        self._own = {number: words for number, (words, own) in enumerate(pieces) if own}
        if len(pieces) > 1 or written != joined:
            self._cell.text = None
            self._cell.parts = [Element("", words) for words, _ in pieces]
            self._cell.parts.append(Element("", written[len(joined) :]))

    def _pieces(self) -> Iterator[tuple[str, bool]]:
        """Yield the pieces of the cell, and whether they are the source's own words."""
        for number, phrase in enumerate(self._phrases):
            if number:
                yield SEPARATOR, False
            if phrase.original:
                yield f"{phrase.text} ({self._mark}: ", False
                yield phrase.original, True
                yield ")", False
                continue
            beside = _BESIDE.search(phrase.text)
            yield phrase.text[: beside.start()] if beside else phrase.text, True
            if beside:
                yield beside[0], False


def say(phrases: Cell, mark: str) -> str:
    """Return what a cell says as one line.

    Args:
        phrases: what it says.
        mark: the words before an original text.
    """
    return SEPARATOR.join(
        f"{one.text} ({mark}: {one.original})" if one.original else one.text for one in phrases
    )
