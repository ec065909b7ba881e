"""Assessments: the extension rule, and the two that are shipped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import data
from data.loaders.assessments import Assessment, load, load_all, shipped
from data.loaders.catalogue import catalogue
from data.loaders.sources import sources, split
from data.loaders.systems import systems
from gap.judgement import Judgement
from tests.builders import finding, make_assessment, read_rows

SHIPPED = ("norway-2024-10", "norway-2026-11")
CELL = "abcef"
"""The categories of E03.1a that Kjernejournal handles."""


def effective(assessment: Assessment) -> dict[str, str]:
    """Return what the findings on the cell say, by category."""
    said: dict[str, str] = {}
    for f in assessment.findings:
        for category in f.categories or CELL:
            assert category not in said, f"two findings for {category}"
            said[category] = f.status
    return said


def extended(
    tmp_path: Path, older: list[dict[str, str]], newer: list[dict[str, str]]
) -> Assessment:
    make_assessment(tmp_path, older, name="old")
    return load(str(make_assessment(tmp_path, newer, name="new", extends="old")))


# ---- the extension rule


def test_a_newer_finding_on_the_whole_cell_replaces_everything_older(tmp_path):
    got = extended(
        tmp_path,
        [finding(status="not-met", categories="a b"), finding(status="partial", categories="c")],
        [finding(status="met")],
    )
    assert [f.status for f in got.findings] == ["met"]


def test_an_older_finding_keeps_the_categories_that_the_newer_leaves_out(tmp_path):
    got = extended(tmp_path, [finding(status="not-met")], [finding(status="met", categories="a c")])
    assert effective(got) == {"a": "met", "b": "not-met", "c": "met", "e": "not-met",
                              "f": "not-met"}  # fmt: skip


def test_a_replaced_category_leaves_an_older_finding_on_several(tmp_path):
    got = extended(
        tmp_path,
        [finding(status="not-met", categories="a b")],
        [finding(status="met", categories="b e")],
    )
    assert effective(got) == {"a": "not-met", "b": "met", "e": "met"}


def test_other_cells_stay_as_they_were(tmp_path):
    got = extended(
        tmp_path, [finding(status="not-met", obligation="E04.1a")], [finding(status="met")]
    )
    assert {(f.obligation, f.status) for f in got.findings} == {
        ("E03.1a", "met"), ("E04.1a", "not-met"),
    }  # fmt: skip


def test_a_newer_word_on_an_option_replaces_the_older(tmp_path):
    got = extended(
        tmp_path,
        [finding(obligation="E10.1", system="ehds-arbeidet", status="undecided")],
        [finding(obligation="E10.1", system="ehds-arbeidet", status="used")],
    )
    assert [f.status for f in got.findings] == ["used"]


def test_every_finding_knows_the_assessment_it_stands_in(tmp_path):
    got = extended(tmp_path, [finding(obligation="E04.1a"), finding()], [finding(categories="a")])
    assert {(f.obligation, f.categories, f.assessment) for f in got.findings} == {
        ("E04.1a", (), "old"), ("E03.1a", ("a",), "new"), ("E03.1a", ("b", "c", "e", "f"), "old"),
    }  # fmt: skip


def test_extension_works_over_three_assessments(tmp_path):
    make_assessment(tmp_path, [finding(status="not-met")], name="one")
    make_assessment(tmp_path, [finding(categories="a")], name="two", extends="one")
    last = make_assessment(
        tmp_path, [finding(status="partial", categories="b")], name="three", extends="two"
    )
    assert effective(load(str(last))) == {"a": "met", "b": "partial", "c": "not-met",
                                          "e": "not-met", "f": "not-met"}  # fmt: skip


def test_a_shipped_assessment_can_be_extended_by_name(tmp_path):
    base = load("norway-2026-11")
    mine = load(str(make_assessment(tmp_path, [], extends="norway-2026-11")))
    assert sorted(mine.findings, key=lambda f: f.key) == sorted(base.findings, key=lambda f: f.key)


def test_several_assessments_on_top_of_each_other_follow_the_same_rule(tmp_path):
    one = make_assessment(tmp_path, [finding(status="not-met")], name="one")
    two = make_assessment(tmp_path, [finding(categories="a")], name="two")
    got = load_all([str(one), str(two)])
    assert got.id == "two"
    assert effective(got)["a"] == "met"
    assert effective(got)["b"] == "not-met"


_STATUS = st.sampled_from(["met", "partial", "not-met"])


@st.composite
def _cell(draw: st.DrawFn) -> dict[str, str]:
    """Return statuses by category; the empty key stands for the whole cell."""
    if draw(st.booleans()):
        return {"": draw(_STATUS)}
    return draw(st.dictionaries(st.sampled_from(CELL), _STATUS, max_size=len(CELL)))


@settings(max_examples=40, deadline=None)
@given(older=_cell(), newer=_cell())
def test_each_category_has_the_newer_word_and_else_the_older(tmp_path_factory, older, newer):
    def rows(said: dict[str, str]) -> list[dict[str, str]]:
        return [finding(status=s, categories=c) for c, s in said.items()]

    def spread(said: dict[str, str]) -> dict[str, str]:
        return dict.fromkeys(CELL, said[""]) if "" in said else said

    got = extended(tmp_path_factory.mktemp("pair"), rows(older), rows(newer))
    assert effective(got) == {**spread(older), **spread(newer)}


# ---- the shipped assessments


@pytest.fixture(scope="module", params=SHIPPED)
def assessment(request: pytest.FixtureRequest) -> Assessment:
    return load(request.param)


def test_two_assessments_are_shipped():
    assert shipped() == list(SHIPPED)


def test_the_first_rests_on_the_source_documents_alone():
    named = {n for f in load("norway-2024-10").findings for n in split(f.source)}
    assert all(name.startswith("seed-") for name in named)
    assert named == {name for name in sources() if name.startswith("seed-")}


def test_the_second_extends_the_first_and_adds_sources():
    second = load("norway-2026-11")
    assert second.extends == "norway-2024-10"
    named = {n for f in second.findings if f.assessment == second.id for n in split(f.source)}
    assert {"ref-norway", "ref-ehds"} <= named


def test_no_finding_is_for_a_category_that_its_cell_does_not_have(assessment):
    judged = Judgement(catalogue(), systems(), assessment, assessment.as_of)
    assert [(f.where, f.categories) for f in judged.unplaced] == []


def test_every_finding_has_its_place_and_both_languages(assessment):
    for f in assessment.findings:
        assert f.section, f.where
        assert f.comment_nb, f.where
        assert f.comment_en, f.where
        assert f.comment_nb != f.comment_en, f.where


def test_dates_lie_between_source_and_assessment_and_plans_after_their_finding(assessment):
    for f in assessment.findings:
        assert f.date <= assessment.as_of, f.where
        for name in split(f.source):
            published = sources()[name].date
            assert published is None or published <= f.date, f.where
        if f.planned:
            assert f.planned.year >= f.date.year, f"{f.where}: planned before it was said"
            assert f.planned.year < 2045, f.where


def test_an_older_assessment_knows_no_younger_source():
    first = load("norway-2024-10")
    assert max(f.date for f in first.findings) <= first.as_of


def test_met_is_claimed_only_with_a_level_of_three(assessment):
    levels = {"met": {3}, "partial": {1, 2}, "not-met": {0}}
    for f in assessment.findings:
        if f.status in levels:
            assert f.level in levels[f.status], f.where
        else:
            assert f.level is None, f.where


def test_no_finding_claims_a_test_or_a_third_party_that_no_source_reports(assessment):
    """Public documents are claims and documents; nothing here has been tested by anyone."""
    assert {f.grade for f in assessment.findings} <= {"claimed", "documented"}


def test_what_is_met_is_not_planned_any_more(assessment):
    assert [f.where for f in assessment.findings if f.status == "met" and f.planned_date] == []


_WORD = re.compile(r"\w+")
_NAMES = frozenset(["helse", "nord", "vest", "sør", "øst", "midt", "norge", "og", "i", "for",
                    "rhf", "hf", "ikt", "til", *map(str, range(2016, 2031))])  # fmt: skip
"""Words of names and dates: eight of them in a row are no copied sentence."""


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    runs = (tuple(words[i : i + 8]) for i in range(len(words) - 7))
    return {run for run in runs if sum(word not in _NAMES for word in run) >= 4}


def test_no_eight_words_in_a_row_are_copied_from_a_source(seeds):
    copied_from: set[tuple[str, ...]] = set()
    for file in seeds.glob("*.txt"):
        copied_from |= _runs(file.read_text("utf-8", errors="replace"))
    assert copied_from
    found = []
    folders = [*(data.path("assessments", name) for name in SHIPPED), data.path("systems")]
    for file in (f for folder in folders for f in folder.glob("*.csv")):
        for row in read_rows(file):
            for column, text in row.items():
                if column != "section" and (hit := _runs(text) & copied_from):
                    found.append((file.name, row.get("system") or row["id"], column,
                                  " ".join(min(hit))))  # fmt: skip
    assert found == []
