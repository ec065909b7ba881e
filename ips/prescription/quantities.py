"""Amounts with units that Europe reads: EDQM units of presentation, UCUM for measures."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from data.loaders.tables import Problems, read_csv
from ips import terms
from ips.eresept.envelope import PRESCRIPTION
from ips.eresept.values import Number
from ips.loss import AS_TEXT, EXACT, Fate
from ips.prescription.urls import UCUM
from ips.sources.codes import code_of_word
from ips.sources.datatypes import pack
from ips.sources.element import Element

COLUMNS = ("word", "ucum", "display", "note")
ONE = {"value": 1, "system": UCUM, "code": "1"}


@cache
def measures() -> dict[str, tuple[str, str]]:
    """Return UCUM code and name by the word that FEST and NavnFormStyrke use for a unit.

    Unit words of list 9090 with exactly one UCUM counterpart; ``E`` (units) has none, because it
    does not say which kind of unit it counts.
    """
    problems = Problems()
    rows = read_csv(Path(__file__).with_name("units.csv"), COLUMNS, problems)
    problems.stop()
    return {row["word"].casefold(): (row["ucum"], row["display"]) for row in rows}


def measure(value: Number, word: str) -> dict[str, Any]:
    """Return a Quantity in UCUM; a unit without UCUM code keeps its word alone."""
    found = measures().get(" ".join(word.split()).casefold())
    if found is None:
        return pack(value=value, unit=word)
    return {"value": value, "unit": word, "system": UCUM, "code": found[0]}


def amount(value: Number, unit: str, place: Element, lists: tuple[str, ...]) -> dict[str, Any]:
    """Return a Quantity whose unit is a word or code of a national list, and note its fate.

    Args:
        value: the number.
        unit: ``U`` of the PQ; the word (``tablett``) or a code of the first list.
        place: the PQ, for the loss report.
        lists: numbers of the lists to look in, in this order (``7480``, ``7452``).
    """
    shown = f"{value} {unit}".strip()
    if not unit:
        place.reading.exact(place.path, shown, PRESCRIPTION)
        return {"value": value}
    found = _unit(unit, lists)
    place.reading.lose(place.path, found.prefix + shown, found.fate, found.reason, PRESCRIPTION,
                       found.list_id)  # fmt: skip
    return {"value": value, "unit": found.word, **found.coding}


class _Unit(NamedTuple):
    """What a unit becomes, and what the loss report says of it; the same with every amount."""

    word: str
    coding: dict[str, str]
    fate: Fate
    reason: str
    list_id: str
    prefix: str


@lru_cache(maxsize=1024)
def _unit(unit: str, lists: tuple[str, ...]) -> _Unit:
    for number in lists:
        code = _code(number, unit)
        if code:
            found = terms.translate(number, code)
            word = (terms.label(number, code) or unit) if unit.isdigit() else unit
            coding = [{"system": one.system, "code": one.code} for one in found.carried[:1]]
            fate = terms.fate(found) if coding else AS_TEXT
            return _Unit(word, coding[0] if coding else {}, fate, found.reason,
                         number, f"{number}|")  # fmt: skip
    ucum = measures().get(" ".join(unit.split()).casefold())
    if ucum:
        return _Unit(unit, {"system": UCUM, "code": ucum[0]}, EXACT, "", "", "")
    return _Unit(unit, {}, AS_TEXT, "The unit is in no list that has a European counterpart; its "
                 "word travels.", lists[0], "")  # fmt: skip


def _code(number: str, unit: str) -> str:
    """The code of a unit: itself where the list's codes are words (7452), else by its word."""
    if terms.label(number, unit):
        return unit
    return code_of_word(number, unit)
