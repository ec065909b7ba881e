"""The words of a cell: an entry points to the source's own words, wherever they stand in it."""

from __future__ import annotations

from ips.cda.write.element import Element, to_bytes
from ips.cda.write.spoken import Spoken, say
from ips.summary.phrases import Phrase

CELL = (Phrase("Tablet", "", "Tablett"), Phrase("Paracet [ATC N02BE01]"), Phrase("500 mg"))


def spoken(phrases: tuple[Phrase, ...], more: str = "") -> tuple[Spoken, Element]:
    cell = Element("td", say(phrases, "original text") + more)
    cell.set("ID", "c")
    return Spoken(cell, "c", phrases, "original text"), cell


def written(cell: Element) -> str:
    return to_bytes(cell).decode().split("\n", 1)[1].strip()


def test_only_the_words_that_are_pointed_to_get_an_id() -> None:
    words, cell = spoken(CELL)
    place = words.place("Tablett")
    assert written(cell) == (
        f'<td ID="c">Tablet (original text: <content ID="{place}">Tablett</content>); '
        "Paracet [ATC N02BE01]; 500 mg</td>"
    )
    assert words.place("Tablett") == place != words.place("Paracet") != words.place("500 mg")


def test_a_cell_that_says_nothing_else_is_pointed_to_itself() -> None:
    words, cell = spoken((Phrase("Tablett"),))
    assert words.place("Tablett") == "c"
    assert written(cell) == '<td ID="c">Tablett</td>'


def test_what_was_added_to_the_cell_stays_behind_its_words() -> None:
    words, cell = spoken((Phrase("Tablett"),), " (told by the patient)")
    assert words.place("Tablett") != "c"
    assert written(cell).endswith("Tablett</content> (told by the patient)</td>")


def test_words_that_are_not_in_the_cell_have_no_place() -> None:
    words, _ = spoken(CELL)
    assert words.place("Tablet") == words.place("") == ""
