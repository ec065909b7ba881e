"""What one input cell says: codes, dates, levels and text, as spreadsheets and people write it."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Collection, Mapping
from functools import cache, partial

from data.loaders.assessments import LONGEST
from data.loaders.codes import closed_sets
from data.loaders.dates import day, end_of
from data.loaders.sources import Source, sources, split
from data.loaders.tables import Problems
from gap.worksheet import fields
from gap.worksheet.page import Cell
from ips.identifiers import Series, person_number

_FAULTS = {
    "formula": ("a formula in an input cell", "values only",
                "copy the cell and paste it as value, or type the value"),
    "error": ("an error value of the spreadsheet", "values only", "type the value"),
    "merged": ("merged cells", "one cell for each row and column", "take the merge apart"),
}  # fmt: skip
_NORWEGIAN_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_NUMBER = re.compile(r"(?<!\d)(?<!\d[.\-])[0-7]\d{5} ?\d{5}(?!\d|[.\-]\d)")
_LONGEST_DATE = 40
_SERIALS = range(32874, 73051)
"""Serial numbers of the days from 1990 to 2099: a number outside is no date that was meant."""
_YEARS = range(2000, 2100)


class WrongValue(Exception):
    """A cell that cannot be taken: what, rule, remedy."""

    def __init__(self, what: str, rule: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what, self.rule, self.remedy = what, rule, remedy


def read(
    name: str, cell: Cell, problems: Problems, register: Mapping[str, Source] | None = None
) -> str | None:
    """Return the canonical text of an input cell; None when it was noted as a problem.

    Args:
        name: the input column.
        cell: the cell.
        problems: gets what is wrong, with the address of the cell.
        register: the sources that a finding may rest on; those of the product by default.
    """
    try:
        if cell.fault:
            raise WrongValue(*_FAULTS[cell.fault])
        if cell.empty:
            return ""
        if name == "source":
            return _sources(cell, sources() if register is None else register)
        return _READERS.get(name, _text)(cell)
    except WrongValue as error:
        problems.add(f"{name}: {error.what}", cell.where, error.rule, error.remedy)
        return None


def plain(cell: Cell) -> str | None:
    """Return the text of a key or guidance cell, None where it holds anything else."""
    if cell.fault or not isinstance(cell.value, str | int | None):
        return None
    return fields.canonical(str(cell.value or ""))


def _text(cell: Cell) -> str:
    value = cell.value
    if isinstance(value, bool):
        raise WrongValue("true or false where text was expected", remedy="type the text")
    if isinstance(value, dt.datetime | dt.date | dt.time | dt.timedelta):
        raise WrongValue(
            "the spreadsheet has made a date of this", rule="text",
            remedy="format the cell as text and type it again",
        )  # fmt: skip
    if isinstance(value, float) and not value.is_integer():
        raise WrongValue(
            f"the number {value} where text was expected",
            rule="a number loses how it was written: 4.10 becomes 4.1",
            remedy="format the cell as text and type it again",
        )  # fmt: skip
    said = fields.canonical(str(int(value)) if isinstance(value, float) else str(value))
    if len(said) > LONGEST:
        raise WrongValue(f"{len(said)} characters", f"at most {LONGEST}", "shorten the text")
    if said.startswith(("=", "@")):
        raise WrongValue(
            f"text that starts with «{said[0]}»", rule="spreadsheets run it as a formula",
            remedy="start with a letter",
        )  # fmt: skip
    if any(ord(c) < 32 and c not in "\n\t" for c in said):
        raise WrongValue("a control character", remedy="type the text again")
    if real_number(said):
        raise WrongValue("a national identity number that is not synthetic",
                         "an assessment is about systems, never about persons",
                         "take the number out")  # fmt: skip
    return said


def real_number(text: str) -> bool:
    """Whether a text holds a national identity number that may be a living person's."""
    return any(map(_issued, _NUMBER.findall(text)))


def _issued(digits: str) -> bool:
    try:
        number = person_number(digits.replace(" ", ""), relaxed_k1=False)
    except ValueError:
        return False
    return number.series is Series.ISSUED


@cache
def _codes(set_name: str) -> dict[str, str]:
    """Return the codes of a set by every word for them, in small letters."""
    found: dict[str, str] = {}
    for code in closed_sets()[set_name].values():
        for word in (code.code, code.nb, code.en):
            found[" ".join(word.casefold().split())] = code.code
    return found


def _code(cell: Cell, set_name: str) -> str:
    said = _text(cell)
    found = _codes(set_name).get(" ".join(said.casefold().split()))
    if found is None:
        words = [c.nb for c in closed_sets()[set_name].values()]
        raise WrongValue(f"«{said[:60]}» is not one of the words", f"one of: {', '.join(words)}",
                         "choose from the list of the cell")  # fmt: skip
    return found


def _level(cell: Cell) -> str:
    value = cell.value
    rule, remedy = "a whole number from 0 to 3", "choose from the list of the cell"
    if isinstance(value, dt.datetime | dt.date | dt.time | dt.timedelta):
        raise WrongValue("the spreadsheet has made a date of this", rule, remedy)
    if isinstance(value, str):
        said = fields.canonical(value).replace(",", ".")
        if not re.fullmatch(r"[+-]?\d{1,9}(\.\d{1,9})?", said):
            raise WrongValue(f"«{said[:60]}» is not a level", rule, remedy)
        value = float(said)
    if isinstance(value, bool) or value is None or not math.isfinite(value):
        raise WrongValue("not a level", rule, remedy)
    if value not in (0, 1, 2, 3):
        raise WrongValue(f"«{value:g}» is not a level", rule, remedy)
    return str(int(value))


def _categories(cell: Cell) -> str:
    said = re.sub(r"[\s,;()]+", " ", _text(cell).casefold()).split()
    known = closed_sets()["category"]
    wrong = [word for word in said if word not in known]
    if wrong:
        raise WrongValue(f"«{' '.join(wrong)[:60]}» is no category", f"of: {' '.join(known)}",
                         "choose from the list of the cell")  # fmt: skip
    return " ".join(sorted(set(said)))


def _serial(value: float, epoch: dt.datetime) -> dt.date:
    if int(value) not in _SERIALS:
        raise WrongValue(f"the number {value:g} is no date", remedy="write it as 2027-03-26")
    return (epoch + dt.timedelta(days=int(value))).date()


def _sensible(value: dt.date) -> dt.date:
    """Return a date of our time: a year typed into a date cell becomes a day of 1905."""
    if value.year not in range(1990, 2100):
        raise WrongValue(f"the day {value:%Y-%m-%d}", "a day from 1990 to 2099",
                         "write it as 2027-03-26")  # fmt: skip
    return value


def _day(cell: Cell) -> str:
    value = cell.value
    if isinstance(value, dt.datetime | dt.date):
        return f"{_sensible(value):%Y-%m-%d}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _serial(value, cell.epoch).isoformat()
    if not isinstance(value, str):
        raise WrongValue("this is no date", remedy="write it as 2027-03-26")
    said = _iso(_short(value))
    try:
        return day(said).isoformat()
    except ValueError as error:
        raise WrongValue(str(error), "a day of the calendar") from None


def _short(value: str) -> str:
    """Return a text that can be a date; the error of a longer one does not repeat all of it."""
    said = fields.canonical(value)
    if len(said) > _LONGEST_DATE:
        raise WrongValue(f"«{said[:_LONGEST_DATE]}…» is not a date",
                         remedy="write it as 2027-03-26")  # fmt: skip
    return said


def _iso(said: str) -> str:
    """Return a day as Norwegians write it, 26.3.2027, in its ISO form; other text as it is."""
    norwegian = _NORWEGIAN_DAY.fullmatch(said)
    if norwegian:
        date, month, year = map(int, norwegian.groups())
        return f"{year:04}-{month:02}-{date:02}"
    return said.removesuffix(" 00:00:00")


def _period(cell: Cell) -> str:
    value = cell.value
    if isinstance(value, dt.datetime | dt.date):
        return f"{_sensible(value):%Y-%m-%d}" if cell.shows_day else f"{_sensible(value):%Y-%m}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(int(value)) if value in _YEARS else _serial(value, cell.epoch).isoformat()
    if not isinstance(value, str):
        raise WrongValue("this is no date", remedy="write 2027, 2027-H1, 2027-06 or 2027-06-30")
    said = _iso(_short(value)).upper()
    try:
        end_of(said)
    except ValueError as error:
        raise WrongValue(str(error), "a day or a period") from None
    return said


def _sources(cell: Cell, register: Mapping[str, Source]) -> str:
    said = _text(cell)
    unknown = [s for s in split(said) if s not in register]
    if unknown:
        raise WrongValue(
            f"there is no source «{', '.join(unknown)[:80]}»", "ids of the register of sources",
            "choose from the sheet of sources, or register the document on the sheet «Nye kilder» "
            "(New sources)",
        )  # fmt: skip
    return said


_READERS: dict[str, Callable[[Cell], str]] = {
    "categories": _categories,
    "level": _level,
    "date": _day,
    "planned_date": _period,
    **{name: partial(_code, set_name=set_name) for name, set_name in fields.CODED.items()},
}


def outside(categories: str, allowed: Collection[str]) -> list[str]:
    """Return the categories of a cell that its row does not have."""
    return [c for c in categories.split() if c not in allowed]
