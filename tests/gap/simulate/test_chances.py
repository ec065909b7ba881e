"""Chances: against closed forms, reproducible, in order, and held up by what is missing."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InputError
from gap.judgement import Judgement
from gap.simulate.chances import Assumptions, Chance, DeadlineForecast, draw, forecast
from gap.simulate.changes import Change
from gap.simulate.distributions import Distribution, When
from gap.simulate.plans import Delivery, Plan, read
from gap.simulate.waiting import Waits
from tests.builders import call
from tests.gap.builders import GROUP_1, finding, judge, obligation, system

LOW, LIKELY, HIGH = dt.date(2028, 1, 1), dt.date(2029, 1, 1), dt.date(2030, 1, 1)
HEAD = "delivery,system,obligations,categories,becomes,distribution,date,low,likely,high\n"


def when(kind: str, low: dt.date = LOW, likely: dt.date = LIKELY, high: dt.date = HIGH) -> When:
    return When(Distribution(kind), low, likely, high)


def delivery(name: str, on: str, at: When, level: int = 3, of: str = "one") -> Delivery:
    status = {1: "partial", 2: "partial", 3: "met"}[level]
    return Delivery(name, (Change(of, on, (), status, level),), at, "", "test")


def day(at: dt.date) -> When:
    return when("fixed", at, at, at)


def playing(
    j: Judgement, *deliveries: Delivery, runs: int = 4000, seed: int = 1, correlation: float = 0,
    waits: Waits = Waits.OWN,
) -> tuple[DeadlineForecast, ...]:  # fmt: skip
    assumptions = Assumptions(runs, seed, correlation, waits)
    return forecast(j, Plan("test", deliveries, None), assumptions).deadlines


def triangular(at: float, mode: float) -> float:
    """The closed form of the triangular distribution over 0 to 1."""
    return at * at / mode if at < mode else 1 - (1 - at) ** 2 / (1 - mode)


@pytest.mark.parametrize("due", [dt.date(2028, 7, 1), GROUP_1, dt.date(2029, 11, 1)])
def test_a_triangular_range_keeps_a_date_as_often_as_its_closed_form_says(due: dt.date) -> None:
    j = judge([obligation("A", eu_date=due)], [system()], [finding("A", 1)])
    (whole, _) = playing(j, delivery("d", "A", when("triangular")), runs=20_000)
    span = (HIGH - LOW).days
    exact = triangular((due - LOW).days / span, (LIKELY - LOW).days / span)
    assert abs(whole.in_time.share - exact) < 4 * whole.in_time.standard_error


@pytest.mark.parametrize("mode", [0.0, 0.25, 0.5, 1.0])
def test_a_pert_range_has_its_mean_where_the_formula_puts_it(mode: float) -> None:
    likely = LOW + dt.timedelta(days=round(1000 * mode))
    at = when("pert", LOW, likely, LOW + dt.timedelta(days=1000))
    shares = (np.arange(20_000) + 0.5) / 20_000
    mean = at.days(shares).mean() - LOW.toordinal()
    assert mean == pytest.approx(1000 * (0 + 4 * mode + 1) / 6, abs=1)


@given(st.sampled_from([d.value for d in Distribution if d is not Distribution.FIXED]),
       st.integers(0, 900), st.integers(0, 900), st.lists(st.floats(0, 1), min_size=2))  # fmt: skip
def test_a_larger_share_gives_a_later_day_within_the_range(
    kind: str, first: int, second: int, shares: list[float]
) -> None:
    at = when(kind, LOW, LOW + dt.timedelta(days=first), LOW + dt.timedelta(days=first + second))
    days = at.days(np.array(sorted(shares)))
    assert np.all(np.diff(days) >= -1e-6)
    assert np.all(days >= LOW.toordinal())
    assert np.all(days <= at.high.toordinal() + 1e-6)


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(list(Distribution)), st.integers(0, 2000), st.integers(0, 700),
       st.integers(0, 5), st.sampled_from([0.0, 0.4, 1.0]))  # fmt: skip
def test_a_later_date_is_never_kept_less_often(
    kind: Distribution, offset: int, more: int, seed: int, correlation: float
) -> None:
    due = dt.date(2027, 1, 1) + dt.timedelta(days=offset)
    found = []
    for eu_date in (due, due + dt.timedelta(days=more)):
        rows = [obligation("A", eu_date=eu_date), obligation("B", eu_date=eu_date)]
        j = judge(rows, [system()], [finding("A", 1), finding("B", 0)])
        both = (delivery("d", "A", when(kind)), delivery("e", "B", when("uniform")))
        found.append(playing(j, *both, runs=200, seed=seed, correlation=correlation)[0].in_time)
    assert found[0].hits <= found[1].hits


@settings(deadline=None, max_examples=20)
@given(st.integers(), st.floats(0, 1))
def test_the_same_seed_draws_the_same_and_another_does_not(seed: int, correlation: float) -> None:
    plan = Plan("test", (delivery("d", "A", when("uniform")),), None)
    first, again, other = (
        draw(plan, Assumptions(100, s, correlation, Waits.OWN))["d"] for s in (seed, seed, seed + 1)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_another_delivery_leaves_the_draws_of_the_others() -> None:
    one, two = delivery("d", "A", when("pert")), delivery("e", "B", when("pert"))
    assumptions = Assumptions(200, 3, 0, Waits.OWN)
    alone = draw(Plan("p", (one,), None), assumptions)["d"]
    assert np.array_equal(alone, draw(Plan("p", (two, one), None), assumptions)["d"])


def test_common_delay_is_as_strong_as_it_says() -> None:
    plan = Plan("p", tuple(delivery(n, "A", when("uniform")) for n in "de"), None)
    for correlation in (0.0, 0.6, 1.0):
        found = draw(plan, Assumptions(8000, 1, correlation, Waits.OWN))
        # Spearman's rank correlation of a normal copula
        expected = 6 / np.pi * np.arcsin(correlation / 2)
        assert np.corrcoef(found["d"], found["e"])[0, 1] == pytest.approx(expected, abs=0.03)


def test_together_or_each_for_itself_changes_the_chance_of_all() -> None:
    rows = [obligation("A"), obligation("B")]
    j = judge(rows, [system()], [finding("A", 1), finding("B", 1)])
    both = (delivery("d", "A", when("uniform")), delivery("e", "B", when("uniform")))
    alone, together = (playing(j, *both, correlation=c)[0] for c in (0, 1))
    single = (GROUP_1 - LOW).days / (HIGH - LOW).days
    assert alone.in_time.share == pytest.approx(single**2, abs=0.03)
    assert together.in_time.share == pytest.approx(single, abs=0.03)
    assert alone.expected == pytest.approx(2 * single, abs=0.05)


def test_the_day_itself_is_in_time_and_the_next_is_not() -> None:
    j = judge([obligation("A")], [system()], [finding("A", 1)])
    assert playing(j, delivery("d", "A", day(GROUP_1)))[0].in_time.share == 1
    late = day(GROUP_1 + dt.timedelta(days=1))
    assert playing(j, delivery("d", "A", late))[0].in_time.share == 0


EARLY, LATE = day(dt.date(2028, 1, 1)), day(dt.date(2030, 1, 1))
CHAIN = [obligation("A", depends_on=("B",)), obligation("B", depends_on=("C",)), obligation("C")]


def test_a_delivery_waits_for_what_it_builds_on_through_the_whole_chain() -> None:
    j = judge(CHAIN, [system()], [finding(o, 1) for o in "ABC"])
    steps = [delivery("a", "A", EARLY), delivery("b", "B", EARLY)]
    assert playing(j, *steps, delivery("c", "C", EARLY))[0].in_time.share == 1
    assert playing(j, *steps, delivery("c", "C", LATE))[0].expected == 0
    assert playing(j, *steps, delivery("c", "C", LATE), waits=Waits.NONE)[0].expected == 2


def test_a_gap_without_a_delivery_blocks_and_is_named() -> None:
    j = judge(CHAIN, [system()], [finding(o, 1) for o in "ABC"])
    plan = Plan("p", (delivery("a", "A", EARLY), delivery("b", "B", EARLY)), None)
    found = forecast(j, plan, Assumptions(100, 1, 0, Waits.OWN))
    assert [d.due[0].blocked for d in found.deliveries] == [(("one", "C"),)] * 2
    assert [d.due[0].in_time.share for d in found.deliveries] == [0, 0]


def test_what_is_not_assessed_holds_nothing_up_but_is_named() -> None:
    j = judge(CHAIN, [system()], [finding("A", 1)])
    plan = Plan("p", (delivery("a", "A", EARLY),), None)
    (found,) = forecast(j, plan, Assumptions(100, 1, 0, Waits.OWN)).deliveries
    assert found.due[0].in_time.share == 1
    assert found.due[0].unknown == (("one", "B"), ("one", "C"))


def test_gaps_of_other_systems_count_only_when_asked() -> None:
    both = [system("one"), system("two")]
    j = judge(CHAIN[1:], both, [finding("B", 1), finding("C", 3), finding("C", 1, of="two")])
    step = delivery("b", "B", EARLY)
    assert playing(j, step)[0].in_time.share == 1
    assert playing(j, step, waits=Waits.ALL)[0].in_time.share == 0


def test_a_circle_of_dependencies_ends() -> None:
    rows = [obligation("A", depends_on=("B",)), obligation("B", depends_on=("A",))]
    j = judge(rows, [system()], [finding("A", 1), finding("B", 1)])
    steps = (delivery("a", "A", EARLY), delivery("b", "B", LATE))
    assert playing(j, *steps)[0].in_time.share == 0


def test_the_whole_date_is_never_claimed_beyond_what_is_known() -> None:
    rows = [obligation("A"), obligation("B")]
    step = delivery("a", "A", EARLY)
    known = {3: 1.0, 1: 0.0}
    for level, whole in known.items():
        j = judge(rows, [system()], [finding("A", 1), finding("B", level)])
        found = playing(j, step)[0].whole
        assert found is not None
        assert found.share == whole
    open_ = playing(judge(rows, [system()], [finding("A", 1)]), step)[0]
    assert (open_.whole, open_.open) == (None, 1)


def test_a_delivery_below_the_full_level_closes_nothing() -> None:
    j = judge([obligation("A")], [system()], [finding("A", 1)])
    assert playing(j, delivery("a", "A", EARLY, level=2)) == ()


def test_the_interval_is_sound_at_the_ends() -> None:
    assert Chance(0, 100).interval[0] == 0
    assert 0.03 < Chance(0, 100).interval[1] < 0.04
    assert Chance(50, 100).standard_error == pytest.approx(0.05)


# ---- the files


def plan_file(folder: Path, *rows: str) -> Path:
    file = folder / "plan.csv"
    file.write_text(HEAD + "".join(f"{r}\n" for r in rows), encoding="utf-8")
    return file


def test_csv_and_toml_say_the_same(tmp_path: Path) -> None:
    rows = [obligation("A", categories=("a", "b")), obligation("B", categories=("b",))]
    j = judge(rows, [system()], [finding("A", 1)])
    table = read(plan_file(tmp_path, "d,one,A B,b,met,triangular,,2027-H1,2028,2029-03"), j)
    other = tmp_path / "plan.toml"
    other.write_text(
        'correlation = 0.5\n[[delivery]]\ndelivery = "d"\nsystem = "one"\n'
        'obligations = ["A", "B"]\ncategories = "b"\nbecomes = "met"\ndistribution = "triangular"\n'
        'low = "2027-H1"\nlikely = 2028\nhigh = 2029-03-31\n', encoding="utf-8",
    )  # fmt: skip
    found = read(other, j)
    (first,), (second,) = table.deliveries, found.deliveries
    assert (first.when, first.changes) == (second.when, second.changes)
    assert first.when.low == dt.date(2027, 6, 30)
    assert (table.correlation, found.correlation) == (None, 0.5)


def test_everything_wrong_in_a_plan_is_told_at_once(tmp_path: Path) -> None:
    rows = [obligation("A"), obligation("B"), obligation("M", actors=("MS",))]
    j = judge(rows, [system()], [finding("A", 3)])
    file = plan_file(
        tmp_path, "a,one,Z,,met,fixed,2028,,,", "b,one,A,,partial/1,fixed,2028,,,",
        "c,one,B,,met,normal,2028,,,", "d,one,B,,met,uniform,,2029,,2028",
        "e,one,B,,met,pert,2028,2027,,2029", "f,one,M,,met,fixed,2028,,,",
        "f,one,B,,met,fixed,2028-13,,,", "g,one,B,,used,fixed,2028,,,",
        "h,one,B,,met,fixed,2028,,,", "i,one,B,,met,fixed,2029,,,",
    )  # fmt: skip
    with pytest.raises(InputError) as caught:
        read(file, j)
    text = "\n".join(line for p in caught.value.problems for line in p.lines())
    for said in ("unknown obligation «Z»", "never lowers a level", "«normal» is no distribution",
                 "2029-12-31, 2028-12-31, 2028-12-31", "date is not used with «pert»",
                 "likely is missing with «pert»", "is not scored for one", "2028-13",
                 "«used» does not fit B", "delivery «f» stands twice",
                 "B for one stands twice"):  # fmt: skip
        assert said in text, said
    assert f"{file}:2" in text


def test_the_command_reproduces_itself_byte_for_byte(tmp_path: Path) -> None:
    file = plan_file(tmp_path, "q,openqreg,E60.3a,,met,triangular,,2027-H1,2028-H2,2030")
    args = ("gap", "simulate", "--plan", file, "--seed", "7", "--as-of", "2026-11-22")
    for fmt in ("text", "json", "csv"):
        first, again = (call(*args, "--format", fmt) for _ in range(2))
        assert first.code == 0, first.err
        assert first.out == again.out
    document = json.loads(call(*args, "--format", "json").out)
    assert document["forecast"]["assumptions"] == {
        "runs": 10_000, "seed": 7, "correlation": 0.0, "waits": "own"}  # fmt: skip
    other = call(*args[:-4], "--seed", "8", "--as-of", "2026-11-22", "--format", "json").out
    assert json.loads(other)["forecast"]["deadlines"] != document["forecast"]["deadlines"]


@pytest.mark.parametrize(("correlation", "said"), [("0", "independent"), ("1", "early or late"),
                                                   ("0.5", "correlation 0.5")])  # fmt: skip
def test_the_assumptions_are_printed(tmp_path: Path, correlation: str, said: str) -> None:
    file = plan_file(tmp_path, "q,openqreg,E60.3a,,met,uniform,,2027-H1,,2030")
    out = call("gap", "simulate", "--plan", file, "--correlation", correlation, "--lang", "en").out
    for words in (said, "10,000 runs with seed 1", "0.5 percentage points", "uniform",
                  "in the same system"):  # fmt: skip
        assert words in " ".join(out.split())


def test_on_a_day_only_what_has_come_by_its_median_counts(tmp_path: Path) -> None:
    file = plan_file(tmp_path, "q,openqreg,E60.3a,,met,uniform,,2027-12-31,,2029-12-31",
                     "r,provesvar,X1.5,e,met,fixed,2027,,,")  # fmt: skip
    args = ("gap", "simulate", "--plan", file, "--format", "json", "--on")
    came = {on: json.loads(call(*args, on).out)["delivered"] for on in ("2028-06-01", "2029-06-01")}
    assert came == {"2028-06-01": ["r"], "2029-06-01": ["q", "r"]}
