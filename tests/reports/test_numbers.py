"""How numbers are written."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.numbers import date, level, number, percent, whole_percent


@pytest.mark.parametrize(
    ("share", "whole"),
    [(0, 0), (0.005, 1), (0.285, 29), (0.145, 15), (0.5, 50), (0.994, 99), (1, 100)],
)
def test_half_a_percent_is_rounded_up(share: float, whole: int) -> None:
    assert whole_percent(share) == whole


@given(st.integers(0, 1000))
def test_rounding_is_that_of_whole_numbers(thousandths: int) -> None:
    assert whole_percent(thousandths / 1000) == (thousandths + 5) // 10


@pytest.mark.parametrize(
    ("share", "nb", "en"),
    [
        (None, "–", "–"),
        (0.43, "43\u00a0%", "43%"),
        (0, "0\u00a0%", "0%"),
        (1, "100\u00a0%", "100%"),
    ],
)
def test_percentages_follow_the_language(share: float | None, nb: str, en: str) -> None:
    assert (percent(share, "nb"), percent(share, "en")) == (nb, en)


@pytest.mark.parametrize(("share", "shown"), [(0.0001, "<1%"), (0.9999, ">99%")])
def test_something_is_never_shown_as_nothing_nor_as_all(share: float, shown: str) -> None:
    assert percent(share, "en") == shown


def test_counts_levels_and_dates_follow_the_language() -> None:
    assert number(7172.3, "en") == "7,172.3"
    assert number(7172.3, "nb") == "7\u00a0172,3"
    assert number(12.0, "nb") == "12"
    assert (level(1.357, "nb"), level(None, "en")) == ("1,4", "–")
    assert date(dt.date(2029, 3, 26), "nb") == "26. mars 2029"
    assert date(dt.date(2029, 3, 26), "en") == "26 March 2029"
