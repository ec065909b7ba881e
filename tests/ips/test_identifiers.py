"""Norwegian identifiers: published examples, the rule from 2032, synthetic series, hiding."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ips import identifiers
from ips.generate import numbers
from ips.identifiers import Series, mask, person_number


@pytest.mark.parametrize(
    ("number", "system", "birth", "series"),
    [
        ("16858399649", identifiers.FNR, dt.date(1983, 5, 16), Series.TENOR),
        ("15507600333", identifiers.FNR, dt.date(1976, 10, 15), Series.DOLLY),
        ("55507608360", identifiers.DNR, dt.date(1976, 10, 15), Series.DOLLY),
        ("13717404089", identifiers.FNR, dt.date(1974, 6, 13), Series.NHN),
    ],
)
def test_published_test_numbers_say_what_their_owners_say(
    number: str, system: str, birth: dt.date, series: Series
) -> None:
    read = person_number(number)
    assert (read.system, read.birth_date, read.series) == (system, birth, series)
    assert read.synthetic


# Skatteetaten, nyttfnr2032: the first and third hold under both rules, the others only from 2032.
@pytest.mark.parametrize(
    ("day", "tail", "relaxed"),
    [("020132", "99997", False), ("020132", "99903", True),
     ("301082", "99920", False), ("301082", "99939", True)],
)  # fmt: skip
def test_the_check_digit_rule_of_2032(day: str, tail: str, relaxed: bool) -> None:
    read = person_number(day + tail)
    assert read.relaxed is relaxed
    if relaxed:
        assert read.birth_date is None
        assert read.gender == ""
        with pytest.raises(ValueError, match="check digits"):
            person_number(day + tail, relaxed_k1=False)


def test_a_number_whose_birth_date_is_to_come_tells_neither_date_nor_gender() -> None:
    read = person_number("020132" + "99997")
    assert (read.birth_date, read.gender) == (None, "")


def test_a_known_wrong_national_demo_number_is_refused() -> None:
    with pytest.raises(ValueError, match="check digits"):
        person_number("050766" + "00324")


_WIDE = "".join(chr(0xFF10 + int(digit)) for digit in "16858399649")


@pytest.mark.parametrize("text", ["", "1234", "abcdefghijk", "1685839964x", _WIDE])
def test_other_texts_are_no_numbers(text: str) -> None:
    with pytest.raises(ValueError, match="11 digits"):
        person_number(text)


def test_a_local_h_number_is_told_apart_from_the_synthetic_series_by_its_source() -> None:
    assert person_number("15507600333", local=True).system == identifiers.HNR
    assert person_number("15507600333").system == identifiers.FNR


def test_organisation_numbers() -> None:
    assert identifiers.valid_organisation_number("994598759")
    assert identifiers.valid_organisation_number("915933149")
    assert not identifiers.valid_organisation_number("994598758")
    assert identifiers.check(identifiers.ENH, "994598758")


@pytest.mark.parametrize(
    ("spelling", "system"),
    [
        ("2.16.578.1.12.4.1.4.1", identifiers.FNR),
        ("http://hl7.no/fhir/NamingSystem/HPR", identifiers.HPR),
        ("FNR", identifiers.FNR),
        ("urn:oid:2.16.578.1.12.4.1.2.101", identifiers.ENH),
        ("http://example.org/x", "http://example.org/x"),
    ],
)
def test_identifier_systems_have_one_canonical_spelling(spelling: str, system: str) -> None:
    assert identifiers.normalise_system(spelling) == system


@given(
    st.dates(dt.date(1940, 1, 1), dt.date(2020, 1, 1)), st.booleans(),
    st.sampled_from(list(numbers.Series)), st.booleans(),
)  # fmt: skip
def test_every_generated_number_reads_back(
    birth: dt.date, female: bool, series: numbers.Series, foreign: bool
) -> None:
    number = next(numbers.person_numbers(birth, female=female, series=series, d_number=foreign))
    read = person_number(number)
    assert read.birth_date == birth
    assert read.gender == ("female" if female else "male")
    assert read.system == (identifiers.DNR if foreign else identifiers.FNR)
    assert read.synthetic


@given(st.from_regex(r"[a-z ]{0,9}[0-9]{6} ?[0-9]{5}[a-z ]{0,9}", fullmatch=True))
def test_mask_leaves_no_identity_number(text: str) -> None:
    digits = "".join(c for c in text if c.isdigit())
    assert digits[2:] not in mask(text).replace(" ", "")


@given(st.text())
def test_no_text_breaks_the_checks(text: str) -> None:
    mask(text)
    identifiers.check("FNR", text)
    identifiers.check(identifiers.ENH, text)
    identifiers.normalise_system(text)
