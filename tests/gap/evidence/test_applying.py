"""What evidence does to the score: the rules of docs/evidence.md, cell by cell."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.results import Outcome, Severity
from gap.evidence import Covers, Environment, Relation, Strength, with_evidence
from gap.evidence.applying import Reason
from tests.gap.builders import DAY, finding
from tests.gap.evidence.builders import TESTED, analysis, record


def level_of(weighed, obligation="E03.1", system="one"):
    """Return the levels of a cell by category, as they are scored."""
    found = weighed.analysis.judgement.by_cell.get((system, obligation), [])
    return {f.categories: (f.level, f.grade) for f in found}


def test_a_pass_lifts_the_grade_of_a_finding_and_not_its_level():
    weighed = with_evidence(analysis([finding("E03.1", 2, grade="claimed")]), [record()])
    assert level_of(weighed) == {(): (2, "tested")}
    assert weighed.analysis.national == weighed.before.national
    assert [b.relation for b in weighed.bonds] == [Relation.SUPPORTS]


@pytest.mark.parametrize(("strength", "grade"), [
    (Strength.MAKER, "tested"), (Strength.THIRD_PARTY, "verified"),
    (Strength.AUTHORITY, "verified"),
])  # fmt: skip
def test_the_grade_follows_from_who_ran_the_test(strength, grade):
    weighed = with_evidence(analysis([finding("E03.1", 2)]), [record(strength=strength)])
    assert level_of(weighed) == {(): (2, grade)}


def test_a_stronger_grade_is_never_lowered_by_a_weaker_pass():
    weighed = with_evidence(analysis([finding("E03.1", 2, grade="verified")]), [record()])
    assert weighed.changes == ()


def test_a_partial_test_does_not_lift_a_finding_that_the_whole_requirement_is_met():
    claimed = [finding("E03.1", 3, grade="claimed")]
    assert level_of(with_evidence(analysis(claimed), [record()])) == {(): (3, "claimed")}
    whole = with_evidence(analysis(claimed), [record(covers=Covers.WHOLE)])
    assert level_of(whole) == {(): (3, "tested")}


@pytest.mark.parametrize(("level", "alone", "with_a_pass"), [(3, 0, 1), (2, 0, 1), (1, 0, 0)])
def test_a_failure_lowers_the_level_to_what_is_shown(level, alone, with_a_pass):
    start = analysis([finding("E03.1", level)])
    failed = record(outcome="fail", test="junit/other")
    assert level_of(with_evidence(start, [failed])) == {(): (alone, "tested")}
    both = with_evidence(start, [failed, record()])
    assert level_of(both) == {(): (with_a_pass, "tested")}
    assert [b.relation for b in both.contradictions] == [Relation.CONTRADICTS]
    assert both.changes[0].contradicted


def test_the_contradiction_is_told_in_both_languages():
    weighed = with_evidence(analysis([finding("E03.1", 3)]), [record(outcome="fail")])
    after = weighed.changes[0].after
    assert "nivå 3 er senket til 0" in after.comment_nb
    assert "level 3 is lowered to 0" in after.comment_en
    assert after.comment_nb.startswith("Fordi")


def test_a_pass_against_a_finding_of_nothing_is_shown_and_moves_nothing():
    weighed = with_evidence(analysis([finding("E03.1", 0)]), [record()])
    assert weighed.changes == ()
    assert [b.relation for b in weighed.bonds] == [Relation.CONTRADICTS]


def test_a_failure_agrees_with_a_finding_of_nothing_and_lifts_its_grade():
    weighed = with_evidence(analysis([finding("E03.1", 0)]), [record(outcome="fail")])
    assert level_of(weighed) == {(): (0, "tested")}
    assert weighed.contradictions == ()


@pytest.mark.parametrize(("fields", "level"), [
    ({}, 1),
    ({"covers": Covers.WHOLE}, 1),
    ({"environment": Environment.PRODUCTION}, 2),
    ({"environment": Environment.PRODUCTION, "covers": Covers.WHOLE}, 3),
    ({"outcome": "fail"}, 0),
])  # fmt: skip
def test_where_nobody_has_assessed_the_tests_found_a_finding(fields, level):
    weighed = with_evidence(analysis(), [record(**fields)])
    assert level_of(weighed) == {(): (level, "tested")}
    assert weighed.bonds[0].relation is Relation.FOUNDS
    assert weighed.changes[0].before is None


@pytest.mark.parametrize(("fields", "reason"), [
    ({"outcome": "error"}, Reason.NO_VERDICT),
    ({"outcome": "omit"}, Reason.NO_VERDICT),
    ({"outcome": "not-assessed"}, Reason.NO_VERDICT),
    ({"outcome": "skip"}, Reason.PRECONDITION),
    ({"outcome": "fail", "severity": Severity.WARNING}, Reason.WARNING),
    ({"stale": TESTED}, Reason.STALE),
])  # fmt: skip
def test_what_shows_nothing_says_so_and_moves_nothing(fields, reason):
    weighed = with_evidence(analysis([finding("E03.1", 2)]), [record(**fields)])
    assert weighed.changes == ()
    assert [(b.relation, b.reason) for b in weighed.bonds] == [(Relation.SILENT, reason)]


def test_a_missing_precondition_keeps_a_pass_from_counting_but_not_a_failure():
    start, skipped = analysis(), record(outcome="skip", test="junit/other")
    assert with_evidence(start, [record(), skipped]).changes == ()
    failed = record(outcome="fail", test="junit/third")
    assert level_of(with_evidence(start, [record(), skipped, failed])) == {(): (0, "tested")}


def test_a_failure_stands_even_when_it_is_old():
    weighed = with_evidence(analysis([finding("E03.1", 3)]), [record(outcome="fail", stale=TESTED)])
    assert level_of(weighed) == {(): (0, "tested")}


def test_only_the_categories_that_the_test_is_about_move():
    start = analysis([finding("E03.1", 3)], categories=("a", "b", "c"))
    weighed = with_evidence(start, [record(outcome="fail", categories=("a",))])
    assert level_of(weighed) == {("a",): (0, "tested"), ("b", "c"): (3, "documented")}
    cells = {c.obligation.id: c for c in weighed.analysis.cells if c.system.id == "one"}
    assert cells["E03.1"].met == pytest.approx(2 / 3)


def test_unassessed_categories_stay_unassessed():
    start = analysis([finding("E03.1", 2, "b")], categories=("a", "b", "c"))
    weighed = with_evidence(start, [record(categories=("a",))])
    assert level_of(weighed) == {("a",): (1, "tested"), ("b",): (2, "documented")}


def test_a_test_of_another_category_says_nothing():
    start = analysis(categories=("a",))
    weighed = with_evidence(start, [record(categories=("f",))])
    assert weighed.changes == ()
    assert weighed.bonds[0].reason is Reason.OTHER_CATEGORY


def test_a_row_that_does_not_apply_to_the_system_is_never_scored():
    weighed = with_evidence(analysis(scopes=("SPE",)), [record()])
    assert weighed.changes == ()
    assert weighed.bonds[0].reason is Reason.NOT_APPLICABLE


def test_evidence_about_this_product_moves_no_system():
    start = analysis([finding("E03.1", 3)])
    weighed = with_evidence(start, [record(outcome="fail", of="ehds")])
    assert weighed.analysis is start
    assert weighed.bonds == ()
    assert len(weighed.tool_chain) == 1


def test_evidence_that_bears_on_nothing_is_listed():
    weighed = with_evidence(analysis(), [record("")])
    assert len(weighed.unplaced) == 1
    assert weighed.changes == ()


def test_evidence_after_the_day_of_the_analysis_waits():
    weighed = with_evidence(analysis(), [record(date=DAY + dt.timedelta(1))])
    assert weighed.records == ()
    assert len(weighed.later) == 1


def test_a_newer_run_of_the_same_test_replaces_the_older():
    old = record(outcome="fail", date=TESTED - dt.timedelta(1))
    weighed = with_evidence(analysis(), [old, record()])
    assert weighed.superseded == (old,)
    assert level_of(weighed) == {(): (1, "tested")}


def test_a_new_verdict_on_a_document_replaces_all_that_was_found_in_it():
    old = record(outcome="fail", test="ehds.ips/rule/ait-1", what="a.json",
                 date=TESTED - dt.timedelta(1))  # fmt: skip
    other = record(outcome="fail", test="ehds.ips/rule/ait-1", what="b.json",
                   date=TESTED - dt.timedelta(1))  # fmt: skip
    new = record(test="ehds.ips/verdict", what="a.json", whole=True)
    weighed = with_evidence(analysis(), [old, other, new])
    assert weighed.superseded == (old,)


def test_the_maker_does_not_undo_what_an_authority_saw():
    seen = record(outcome="fail", strength=Strength.AUTHORITY, date=TESTED - dt.timedelta(9))
    weighed = with_evidence(analysis([finding("E03.1", 3)]), [seen, record()])
    assert level_of(weighed) == {(): (1, "verified")}


OUTCOMES = st.sampled_from([o.value for o in Outcome])
RECORDS = st.lists(
    st.builds(
        record,
        on=st.sampled_from(["E03.1", "E03.2", "E03.1 E03.2", ""]),
        outcome=OUTCOMES,
        of=st.sampled_from(["one", "two", "ehds"]),
        test=st.sampled_from(["junit/a", "junit/b", "ehds.ips/verdict"]),
        categories=st.sampled_from([(), ("a",), ("b", "c")]),
        covers=st.sampled_from(list(Covers)),
        environment=st.sampled_from(list(Environment)),
        strength=st.sampled_from(list(Strength)),
        severity=st.sampled_from(list(Severity)),
        whole=st.booleans(),
        date=st.dates(dt.date(2026, 10, 1), dt.date(2026, 12, 1)),
    ),
    max_size=8,
)  # fmt: skip
LEVELS = st.sampled_from([None, 0, 1, 2, 3])


def start_with(first, second):
    levels = (("E03.1", first), ("E03.2", second))
    return analysis([finding(o, lv) for o, lv in levels if lv is not None],
                    categories=("a", "b", "c"))  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(RECORDS, LEVELS, LEVELS, st.randoms())
def test_the_order_of_the_evidence_does_not_matter(records, first, second, random):
    shuffled = list(records)
    random.shuffle(shuffled)
    start = start_with(first, second)
    one, other = with_evidence(start, records), with_evidence(start, shuffled)
    assert one.analysis.judgement.findings == other.analysis.judgement.findings
    assert one.bonds == other.bonds


@settings(max_examples=60, deadline=None)
@given(RECORDS, LEVELS, LEVELS)
def test_only_cells_that_evidence_names_can_move(records, first, second):
    start = start_with(first, second)
    weighed = with_evidence(start, records)
    named = {(r.subject, o) for r in records for o in r.obligations}
    before, after = start.judgement.by_cell, weighed.analysis.judgement.by_cell
    for system in ("one", "two"):
        for obligation in ("E03.1", "E03.2"):
            if (system, obligation) not in named:
                assert before.get((system, obligation)) == after.get((system, obligation))


@settings(max_examples=60, deadline=None)
@given(RECORDS, LEVELS, LEVELS)
def test_evidence_never_raises_what_was_assessed(records, first, second):
    start = start_with(first, second)
    weighed = with_evidence(start, records)
    for change in weighed.changes:
        if change.before is not None:
            assert change.after.level <= change.before.level


@settings(max_examples=60, deadline=None)
@given(RECORDS, LEVELS, LEVELS)
def test_a_further_failure_never_raises_a_cell(records, first, second):
    start = start_with(first, second)
    failed = record(outcome="fail", test="sarif/new", what="new")
    before = with_evidence(start, records)
    after = with_evidence(start, [*records, failed])
    pairs = zip(before.analysis.cells, after.analysis.cells, strict=True)
    for one, other in pairs:
        assert other.level <= one.level
        if (one.system.id, one.obligation.id) == ("one", "E03.1"):
            assert other.assessed == 1
            assert other.level < 1
        else:
            assert other.level == one.level


@settings(max_examples=60, deadline=None)
@given(RECORDS, LEVELS, LEVELS)
def test_the_findings_of_a_cell_never_overlap(records, first, second):
    weighed = with_evidence(start_with(first, second), records)
    for found in weighed.analysis.judgement.by_cell.values():
        spoken_of = [c for f in found for c in (f.categories or ("a", "b", "c"))]
        assert len(spoken_of) == len(set(spoken_of))
