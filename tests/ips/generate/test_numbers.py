"""Synthetic numbers: valid check digits, a month that no calendar has, the right date and sex."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ips import identifiers
from ips.generate.numbers import Series, organisation_number, person_numbers

BIRTHS = st.dates(dt.date(1940, 1, 1), dt.date(2026, 10, 31))

# Numbers that the owners of the series have published themselves.
PUBLISHED = [
    ("16858399649", dt.date(1983, 5, 16), True, Series.TENOR, False),
    ("13717404089", dt.date(1974, 6, 13), True, Series.NHN, False),
    ("15507600333", dt.date(1976, 10, 15), False, Series.DOLLY, False),
    ("55507608360", dt.date(1976, 10, 15), False, Series.DOLLY, True),
]


@pytest.mark.parametrize(("number", "birth", "female", "series", "d_number"), PUBLISHED)
def test_published_test_numbers_are_among_ours(
    number: str, birth: dt.date, female: bool, series: Series, d_number: bool
) -> None:
    assert number in person_numbers(birth, female=female, series=series, d_number=d_number)


@given(BIRTHS, st.booleans(), st.sampled_from(Series), st.booleans())
def test_a_number_says_what_it_was_made_for(
    birth: dt.date, female: bool, series: Series, d_number: bool
) -> None:
    numbers = person_numbers(birth, female=female, series=series, d_number=d_number)
    for number in itertools.islice(numbers, 3):
        read = identifiers.person_number(number, relaxed_k1=False)
        assert read.synthetic
        assert read.birth_date == birth
        assert read.gender == ("female" if female else "male")
        assert read.system == (identifiers.DNR if d_number else identifiers.FNR)


@given(BIRTHS, st.booleans())
def test_a_birthday_has_room_for_hundreds(birth: dt.date, female: bool) -> None:
    numbers = list(person_numbers(birth, female=female))
    assert len(numbers) == len(set(numbers)) > 150


@given(st.integers(0, 9_999_000))
def test_an_organisation_number_has_its_check_digit_and_an_unused_first_digit(serial: int) -> None:
    number = organisation_number(serial)
    weights = (3, 2, 7, 6, 5, 4, 3, 2, 1)
    assert len(number) == 9
    assert sum(int(d) * w for d, w in zip(number, weights, strict=True)) % 11 == 0
    # The register uses 8 and 9 only: nothing real answers to a number that begins with 3.
    assert number[0] == "3"
