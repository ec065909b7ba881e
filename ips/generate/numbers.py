"""Identity numbers that can belong to nobody: the month is raised by 80, 65 or 40.

The rules are those of Skatteetaten (fødselsnummer, D-nummer) and of the three national test series:
Tenor raises the month by 80, Norsk Helsenett by 65, Dolly by 40. Checking numbers is the work of
``ips.identifiers``; this module only makes them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from enum import IntEnum

_FIRST = (3, 7, 6, 1, 8, 9, 4, 5, 2)
_SECOND = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
_ORGANISATION = (3, 2, 7, 6, 5, 4, 3, 2)


class Series(IntEnum):
    """What a series of test numbers adds to the month."""

    TENOR = 80
    NHN = 65
    DOLLY = 40


def person_numbers(
    birth: dt.date, *, female: bool, series: Series = Series.TENOR, d_number: bool = False
) -> Iterator[str]:
    """Yield the synthetic numbers of a birth date, eleven digits each, in a fixed order.

    Args:
        birth: from 1940 to 2039, the years whose individual numbers are free of overlap.
        female: the ninth digit is even for women and odd for men.
        series: the test series, which gives what is added to the month.
        d_number: four is added to the first digit (persons without a permanent address).
    """
    day = birth.day + (40 if d_number else 0)
    date = f"{day:02}{birth.month + series:02}{birth.year % 100:02}"
    for individual in _individuals(birth.year):
        if individual % 2 == (0 if female else 1):
            number = _with_check_digits(f"{date}{individual:03}")
            if number:
                yield number


def organisation_number(serial: int) -> str:
    """Return a synthetic organisation number: the first digit is 3, which the register never uses.

    Args:
        serial: 0 to 9 999 999; the next serial that has a check digit is used.
    """
    while True:
        digits = f"3{serial:07}"
        control = _control(digits, _ORGANISATION)
        if control < 10:
            return f"{digits}{control}"
        serial += 1


def _individuals(year: int) -> Sequence[int]:
    return range(500, 1000) if year >= 2000 else (*range(500), *range(900, 1000))


def _with_check_digits(digits: str) -> str | None:
    for weights in (_FIRST, _SECOND):
        control = _control(digits, weights)
        if control == 10:
            return None
        digits += str(control)
    return digits


def _control(digits: str, weights: tuple[int, ...]) -> int:
    total = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))
    return (11 - total % 11) % 11
