"""The order of the gaps and what plans mean for their dates."""

from __future__ import annotations

import datetime as dt

import pytest

from data.loaders.assessments import load
from data.loaders.catalogue import catalogue
from data.loaders.systems import systems
from gap.judgement import Judgement
from gap.roadmap import PlanVerdict, Roadmap, roadmap, step_of
from tests.builders import call
from tests.gap.builders import GROUP_1, GROUP_2, finding, judge, obligation, system


def order(road: Roadmap) -> str:
    return " ".join(s.obligation.id for s in road.steps)


def test_only_known_gaps_that_are_scored_are_steps() -> None:
    rows = [
        obligation("MET"),
        obligation("GAP"),
        obligation("UNKNOWN"),
        obligation("OPTION", modality="O"),
        obligation("ELSEWHERE", scopes=("NCP",)),
        obligation("WAITING", if_option="OPTION"),
    ]
    found = [
        finding("MET", 3),
        finding("GAP", 1),
        finding("OPTION", None, status="not-used"),
        finding("ELSEWHERE", 0),
        finding("WAITING", 0),
    ]
    assert order(roadmap(judge(rows, [system()], found))) == "GAP"


def test_the_earlier_date_comes_first() -> None:
    rows = [
        obligation("LATE", eu_date=GROUP_2, weight=3),
        obligation("SOON", eu_date=dt.date(2027, 3, 26), weight=1),
        obligation("NEXT", eu_date=GROUP_1, weight=2),
    ]
    found = [finding(o.id, 0) for o in rows]
    assert order(roadmap(judge(rows, [system()], found))) == "SOON NEXT LATE"


def test_on_one_date_what_others_build_on_comes_first_whatever_its_weight() -> None:
    rows = [
        obligation("ROOF", depends_on=("WALL",), weight=3),
        obligation("WALL", depends_on=("BASE",), weight=3),
        obligation("BASE", weight=1),
    ]
    road = roadmap(judge(rows, [system()], [finding(o.id, 0) for o in rows]))
    assert order(road) == "BASE WALL ROOF"
    assert [s.depth for s in road.steps] == [0, 1, 2]
    assert [s.after for s in road.steps] == [(), ("BASE",), ("WALL",)]


def test_depth_sees_through_what_is_no_gap() -> None:
    rows = [
        obligation("ROOF", depends_on=("WALL",)),
        obligation("WALL", depends_on=("BASE",)),
        obligation("BASE"),
    ]
    found = [finding("ROOF", 0), finding("WALL", 3), finding("BASE", 0)]
    road = roadmap(judge(rows, [system()], found))
    assert [(s.obligation.id, s.depth, s.after) for s in road.steps] == [
        ("BASE", 0, ()),
        ("ROOF", 1, ()),
    ]


def test_what_is_no_step_of_the_roadmap_is_not_waited_for() -> None:
    """BASE is a contribution to the duty of another: shown, and no step."""
    rows = [obligation("ROOF", depends_on=("BASE",)), obligation("BASE", scopes=("NCP",))]
    road = roadmap(judge(rows, [system()], [finding("ROOF", 0), finding("BASE", 0)]))
    assert [(s.obligation.id, s.depth, s.after) for s in road.steps] == [("ROOF", 0, ())]


def test_obligations_that_build_on_each_other_do_not_hang() -> None:
    rows = [obligation("A", depends_on=("B",)), obligation("B", depends_on=("A",))]
    road = roadmap(judge(rows, [system()], [finding("A", 0), finding("B", 0)]))
    assert [(s.obligation.id, s.depth) for s in road.steps] == [("A", 1), ("B", 1)]


def test_then_the_heavier_and_then_the_lower_level() -> None:
    rows = [obligation("LIGHT"), obligation("PILOT", weight=2), obligation("NOTHING", weight=2)]
    found = [finding("LIGHT", 0), finding("PILOT", 1), finding("NOTHING", 0)]
    assert order(roadmap(judge(rows, [system()], found))) == "NOTHING PILOT LIGHT"


@pytest.mark.parametrize(
    ("planned", "as_of", "verdict"),
    [
        ("", "2026-11-22", PlanVerdict.NO_PLAN),
        ("2029-03-26", "2026-11-22", PlanVerdict.IN_TIME),
        ("2029-03-27", "2026-11-22", PlanVerdict.LATE),
        ("2029-Q1", "2026-11-22", PlanVerdict.LATE),
        ("2028", "2026-11-22", PlanVerdict.IN_TIME),
        ("2026-H1", "2026-11-22", PlanVerdict.PAST_PLAN),
        ("2026-11-22", "2026-11-22", PlanVerdict.IN_TIME),
        ("2026-11-21", "2026-11-22", PlanVerdict.PAST_PLAN),
        ("2029-03-26", "2029-03-26", PlanVerdict.IN_TIME),
        ("2029-03-26", "2029-03-27", PlanVerdict.OVERDUE),
        ("2030", "2029-03-27", PlanVerdict.OVERDUE),
        ("", "2029-03-27", PlanVerdict.OVERDUE),
    ],
)
def test_a_plan_is_held_against_the_date_and_the_day(
    planned: str, as_of: str, verdict: PlanVerdict
) -> None:
    j = judge(
        [obligation("A", eu_date=GROUP_1)],
        [system()],
        [finding("A", 1, planned_date=planned)],
        as_of=dt.date.fromisoformat(as_of),
    )
    assert [s.verdict for s in roadmap(j).steps] == [verdict]


@pytest.mark.parametrize(
    ("categories", "due"), [("a", GROUP_1), ("d e", GROUP_2), ("c f", GROUP_1), ("", GROUP_1)]
)
def test_the_date_is_that_of_what_is_missing(categories: str, due: dt.date) -> None:
    row = obligation("A", categories=tuple("abcdef"))
    (step,) = roadmap(judge([row], [system()], [finding("A", 1, categories)])).steps
    assert step.due == due
    assert step.categories == tuple(categories.split() or "abcdef")


def test_a_category_that_is_met_no_longer_hurries() -> None:
    """a (2029) is met and f (2031) is missing: the gap is due in 2031."""
    row = obligation("A", categories=("a", "f"))
    (step,) = roadmap(judge([row], [system()], [finding("A", 3, "a"), finding("A", 0, "f")])).steps
    assert (step.categories, step.due, step.status, step.level) == (("f",), GROUP_2, "not-met", 0)


def test_the_latest_of_several_plans_counts() -> None:
    row = obligation("A", categories=("a", "b"))
    found = [finding("A", 1, "a", planned_date="2027"), finding("A", 1, "b", planned_date="2030")]
    (step,) = roadmap(judge([row], [system()], found)).steps
    assert (step.planned, step.verdict) == (dt.date(2030, 12, 31), PlanVerdict.LATE)


def test_in_house_products_have_until_2031() -> None:
    row = obligation("A", part="III", eu_date_in_house=GROUP_2)
    own, bought = system("own", deployment=("in-house",)), system("bought")
    found = [finding("A", 0, of="own"), finding("A", 0, of="bought")]
    road = roadmap(judge([row], [own, bought], found))
    assert [(s.system.id, s.due) for s in road.steps] == [("bought", GROUP_1), ("own", GROUP_2)]


def test_missed_are_those_too_late_and_those_whose_date_has_passed() -> None:
    past = obligation("D", eu_date=dt.date(2025, 1, 1))
    rows = [obligation("A"), obligation("B"), obligation("C"), past]
    found = [finding("A", 0, planned_date="2030"), finding("B", 0, planned_date="2028"),
             finding("C", 0), finding("D", 0)]  # fmt: skip
    road = roadmap(judge(rows, [system()], found))
    assert {s.obligation.id for s in road.missed()} == {"A", "D"}


def test_what_is_unassessed_is_counted_at_its_date_also_in_part() -> None:
    rows = [
        obligation("A", categories=("a", "d")),
        obligation("B", categories=("f",)),
        obligation("C"),
    ]
    found = [finding("A", 3, "a"), finding("C", 0)]
    assert roadmap(judge(rows, [system()], found)).unassessed == {GROUP_1: 1, GROUP_2: 1}


def test_an_act_that_is_not_adopted_is_waited_for() -> None:
    row = catalogue().obligations["X2.2.1"]
    one = system(actors=("MAN",))
    (step,) = roadmap(judge([row], [one], [finding("X2.2.1", 0)])).steps
    assert step.waits_for == row.waits_for
    assert step.waits_for


def test_on_the_real_assessment_order_and_dependencies_hold() -> None:
    shipped = load("norway-2026-11")
    road = roadmap(Judgement(catalogue(), systems(), shipped, shipped.as_of))
    seen = {s.obligation.id for s in road.steps}
    assert [s.due for s in road.steps] == sorted(s.due for s in road.steps)
    for step in road.steps:
        assert set(step.after) <= seen
        assert set(step.after) <= set(step.obligation.depends_on)
        assert step.level < 3


@pytest.mark.parametrize("as_of", ["2029-03-27", "2031-03-27"])
def test_as_of_on_the_command_line_moves_the_verdicts(as_of: str) -> None:
    done = call("gap", "roadmap", "--format", "csv", "--as-of", as_of)
    assert done.code == 0
    head, *rows = done.out.splitlines()
    due, verdict = head.split(",").index("due"), head.split(",").index("plan")
    cells = [r.split(",") for r in rows]
    assert cells
    assert all((c[verdict] == "overdue") == (c[due] < as_of) for c in cells)


def test_a_step_alone_is_the_step_of_the_whole_roadmap() -> None:
    assessment = load("norway-2026-11")
    j = Judgement(catalogue(), systems(), assessment, assessment.as_of)
    steps = {(s.system.id, s.obligation.id): s for s in roadmap(j).steps}
    for place in [*list(steps)[::7], *list(j.by_cell)[::29]]:
        assert step_of(j, *place) == steps.get(place)
