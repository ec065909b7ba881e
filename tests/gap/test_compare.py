"""What changed between two assessments, and why."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import pytest

from data.loaders.assessments import Finding
from gap.compare import ChangeKind, Comparison, compare
from gap.schemes import schemes
from tests.builders import call, make_assessment
from tests.builders import finding as row
from tests.gap.builders import finding, judge, obligation, system

A = obligation("A", categories=("a", "b", "c"))
OPTION = obligation("O", modality="O")


def between(old: list[Finding], new: list[Finding]) -> Comparison:
    first, second = (judge([A, OPTION], [system()], x) for x in (old, new))
    return compare(first, second, schemes()["share-met"])


def kinds(old: list[Finding], new: list[Finding]) -> list[ChangeKind]:
    return [c.kind for c in between(old, new).changes]


def test_the_same_assessment_shows_no_change() -> None:
    found = [finding("A", 1, "a", planned_date="2027"), finding("O", None)]
    result = between(found, found)
    assert result.changes == ()
    assert result.figures == ()


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [(0, 1, ChangeKind.BETTER), (2, 3, ChangeKind.BETTER), (3, 2, ChangeKind.WORSE),
     (1, 0, ChangeKind.WORSE)],
)  # fmt: skip
def test_another_level_is_better_or_worse(old: int, new: int, kind: ChangeKind) -> None:
    assert kinds([finding("A", old)], [finding("A", new)]) == [kind]


def test_a_first_finding_is_new_and_a_lost_one_is_gone() -> None:
    assert kinds([], [finding("A", 0)]) == [ChangeKind.NEW]
    assert kinds([finding("A", 0)], []) == [ChangeKind.GONE]


def test_another_plan_is_a_plan() -> None:
    old, new = finding("A", 1, planned_date="2027"), finding("A", 1, planned_date="2028")
    assert kinds([old], [new]) == [ChangeKind.PLAN]
    assert kinds([finding("A", 1)], [new]) == [ChangeKind.PLAN]


@pytest.mark.parametrize(
    "change",
    [{"grade": "tested"}, {"basis": "inferred"}, {"source": "ref-ehds"}, {"section": "2"},
     {"comment_nb": "Nå"}, {"comment_en": "Now"}, {"date": dt.date(2026, 11, 20)}],
    ids=lambda c: next(iter(c)),
)  # fmt: skip
def test_another_proof_is_evidence(change: dict[str, object]) -> None:
    assert kinds([finding("A", 1)], [finding("A", 1, **change)]) == [ChangeKind.EVIDENCE]


def test_the_same_proof_at_the_same_level_is_no_change() -> None:
    assert kinds([finding("A", 1)], [finding("A", 1, assessment="newer", where="x:9")]) == []


def test_an_option_that_is_now_used_is_told() -> None:
    old, new = finding("O", None, status="undecided"), finding("O", None, status="used")
    (change,) = between([old], [new]).changes
    assert (change.before, change.after) == ("undecided", "used")


def test_a_low_finding_on_another_category_does_not_make_the_cell_worse() -> None:
    """a stays at 2; b was unknown and is now known to be 0."""
    old = [finding("A", 2, "a")]
    assert kinds(old, [*old, finding("A", 0, "b")]) == [ChangeKind.NEW]


def test_a_high_finding_on_another_category_does_not_make_the_cell_better() -> None:
    old = [finding("A", 1, "a")]
    assert kinds(old, [*old, finding("A", 3, "b")]) == [ChangeKind.NEW]


def test_a_finding_that_covers_more_is_compared_where_both_speak() -> None:
    assert kinds([finding("A", 2, "a")], [finding("A", 1)]) == [ChangeKind.WORSE]
    assert kinds([finding("A", 1, "a")], [finding("A", 1)]) == [ChangeKind.NEW]
    assert kinds([finding("A", 1)], [finding("A", 1, "a")]) == [ChangeKind.GONE]


def test_the_findings_that_explain_a_change_come_with_it() -> None:
    old, new = finding("A", 1), finding("A", 3)
    (change,) = between([old], [new]).changes
    assert (change.before, change.after) == ("partial", "met")
    assert (change.old, change.new) == ((old,), (new,))


def test_figures_that_moved_are_listed_and_the_rest_are_not() -> None:
    result = between([finding("A", 1)], [finding("A", 3)])
    moved = {(f.rollup, f.key) for f in result.figures}
    assert ("national", "national") in moved
    national = next(f for f in result.figures if f.rollup == "national")
    assert national.old is not None
    assert national.new is not None
    assert (national.old.point, national.new.point) == (0, 1)


@pytest.mark.parametrize("lang", ["nb", "en"])
def test_identical_assessments_say_so_on_the_command_line(lang: str) -> None:
    done = call("gap", "compare", "norway-2024-10", "norway-2024-10", "--lang", lang)
    assert done.code == 0
    assert {"nb": "Ingen forskjell.", "en": "No difference."}[lang] in done.out


def test_the_shipped_assessments_compare_and_say_why() -> None:
    done = call("gap", "compare", "norway-2024-10", "norway-2026-11", "--format", "json")
    found = json.loads(done.out)
    assert found["schema"] == "ehds.gap-comparison/1"
    assert found["changes"]
    assert all(c["why_nb"] and c["why_en"] for c in found["changes"])
    assert {c["kind"] for c in found["changes"]} <= {k.value for k in ChangeKind}


def test_a_change_by_hand_is_told_with_its_reason(tmp_path: Path) -> None:
    said = "It was shown in a test"
    old = make_assessment(tmp_path, [row(status="partial")], name="old")
    new = make_assessment(tmp_path, [row(status="met", comment_en=said)], name="new")
    done = call("gap", "compare", old, new, "--lang", "en")
    assert done.code == 0
    assert "Better (1)" in done.out
    assert re.search(r"partly met( \(1\))? → met", done.out)
    assert said in done.out
