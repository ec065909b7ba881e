"""Assumed changes: what they move, and that nothing real is touched."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InputError
from gap.applicability import Kind
from gap.compare import compare
from gap.judgement import Judgement
from gap.schemes import Scheme, schemes
from gap.simulate.applying import assume
from gap.simulate.changes import Change, parse
from gap.simulate.deadlines import State, counts, pieces
from gap.simulate.outcome import simulate
from tests.builders import call
from tests.gap.builders import DAY, GROUP_1, GROUP_2, finding, judge, obligation, system
from tests.gap.test_scoring_properties import SCHEMES, every, judgements, places

LEVELS = {0: "not-met", 1: "partial", 2: "partial", 3: "met"}
MET = schemes()["share-met"]


def change(on: str, level: int = 3, categories: str = "", of: str = "one") -> Change:
    return Change(of, on, tuple(categories.split()), LEVELS[level], level)


def told(j: Judgement, *texts: str) -> str:
    with pytest.raises(InputError) as caught:
        parse(texts, j)
    return "\n".join(line for p in caught.value.problems for line in p.lines())


@settings(deadline=None)
@given(judgements(), st.data())
def test_assuming_what_is_so_already_changes_nothing(j: Judgement, data: st.DataObject) -> None:
    if not j.findings:
        return
    found = data.draw(st.sampled_from(j.findings))
    assert found.level is not None
    same = Change(found.system, found.obligation, found.categories, found.status, found.level)
    assert assume(j, [same]) is j


@settings(deadline=None)
@given(judgements(), SCHEMES, st.data())
def test_assuming_met_never_lowers_a_score(
    j: Judgement, scheme: Scheme, data: st.DataObject
) -> None:
    here = places(j)
    if not here:
        return
    one, what, categories = data.draw(st.sampled_from(here))
    after = every(assume(j, [Change(one, what, categories, "met", 3)]), scheme)
    for key, old in every(j, scheme).items():
        new = after[key]
        assert new.low >= old.low - 1e-9
        assert new.high >= old.high - 1e-9
        if old.point is not None:
            assert new.point is not None
            assert new.point >= old.point - 1e-9


@settings(deadline=None)
@given(judgements(), st.data())
def test_the_given_judgement_is_never_touched(j: Judgement, data: st.DataObject) -> None:
    here = places(j)
    if not here:
        return
    one, what, categories = data.draw(st.sampled_from(here))
    before = tuple(j.findings)
    level = data.draw(st.integers(0, 3))
    after = assume(j, [Change(one, what, categories, LEVELS[level], level)])
    assert tuple(j.findings) == before
    back = [f for f in after.findings if f not in before and f.assessment == "simulation"]
    assert all(f.source == "" and f.grade == "claimed" for f in back)


@settings(deadline=None)
@given(judgements())
def test_every_scored_cell_is_due_whole(j: Judgement) -> None:
    found = pieces(j)
    for row in j.cells.to_dict("records"):
        one, what = j.system_list[row["system"]], j.obligations[row["obligation"]]
        mine = [p for p in found if (p.system, p.obligation) == (one.id, what.id)]
        units = [u for p in mine for u in p.units]
        assert len(units) == len(set(units)) == row["n_categories"]
        if row["met"] > 1 - 1e-9:
            assert {p.state for p in mine} == {State.MET}
    assert sum(c.total for c in counts(found)) == len(found)


def test_a_change_of_one_category_leaves_the_others() -> None:
    j = judge([obligation("A", categories=("a", "b", "c"))], [system()], [finding("A", 1)])
    after = assume(j, parse(["one:A:b=met"], j))
    assert {f.categories: f.level for f in after.findings} == {("a", "c"): 1, ("b",): 3}
    assert compare(j, after, MET).changes[0].after == "partial"


def test_the_plan_of_a_gap_stays_until_it_is_met() -> None:
    j = judge([obligation("A")], [system()], [finding("A", 1, planned_date="2028")])
    assert assume(j, [change("A", 2)]).findings[0].planned_date == "2028"
    assert assume(j, [change("A", 3)]).findings[0].planned_date == ""


def test_a_date_is_met_only_when_nothing_due_is_open() -> None:
    rows = [obligation("A"), obligation("B"), obligation("C", eu_date=GROUP_2)]
    j = judge(rows, [system()], [finding("A", 3), finding("C", 1)])
    found = simulate(j, MET, [change("B"), change("C")])
    states = {d.due: (d.before.state, d.after.state) for d in found.dates if d.before and d.after}
    assert states == {GROUP_1: (State.OPEN, State.MET), GROUP_2: (State.GAP, State.MET)}


def test_a_row_that_does_not_apply_is_told_and_moves_nothing() -> None:
    rows = [obligation("A", actors=("MS",)), obligation("B", if_option="O")]
    j = judge([*rows, obligation("O", modality="O")], [system()], [])
    found = simulate(j, MET, [change("A"), change("B")])
    assert [kind for _, kind in found.idle] == [Kind.NOT_APPLICABLE, Kind.AWAITS_OPTION]
    assert found.comparison.changes == ()
    used = Change("one", "O", (), "used", None)
    assert [c.obligation for c, _ in simulate(j, MET, [change("B"), used]).idle] == []


def test_everything_wrong_is_told_at_once() -> None:
    rows = [obligation("A", categories=("a",)), obligation("X", modality="C")]
    j = judge(rows, [system()], [])
    text = told(j, "one:A", "two:A=met", "one:B=met", "one:A=partial", "one:A:z=met", "one:X=met")
    for said in ("no assumed change", "unknown system «two»", "unknown obligation «B»",
                 "partial/1 or partial/2", "no category", "no duty of a system"):  # fmt: skip
        assert said in text


def test_two_changes_of_one_cell_are_told() -> None:
    j = judge([obligation("A", categories=("a", "b"))], [system()], [])
    assert "stands twice" in told(j, "one:A:a=met", "one:A=not-met")


def test_a_day_before_the_analysis_is_refused() -> None:
    j = judge([obligation("A")], [system()], [])
    with pytest.raises(InputError, match="before the day"):
        simulate(j, MET, [], on=DAY - dt.timedelta(days=1))


@pytest.mark.parametrize("lang", ["nb", "en"])
def test_the_command_says_that_it_is_no_evidence(lang: str) -> None:
    done = call("gap", "simulate", "--if", "openqreg:E60.3a=met", "--on", "2028-01-01",
                "--lang", lang)  # fmt: skip
    assert done.code == 0, done.err
    said = {"nb": "antakelser, ikke bevis", "en": "assumptions, not evidence"}
    assert said[lang] in done.out
    assert {"nb": "oppfylt", "en": "met"}[lang] in done.out


def test_the_command_gives_one_document_and_tables() -> None:
    args = ("gap", "simulate", "--if", "openqreg:E60.3a=met")
    found = json.loads(call(*args, "--format", "json").out)
    assert found["schema"] == "ehds.simulation/1"
    assert found["hypothetical"] is True
    assert [c["after"] for c in found["cells"]] == ["met"]
    table = call(*args, "--format", "csv", "--table", "dates").out.splitlines()
    assert len(table) == 1 + len(found["dates"])


@pytest.mark.parametrize(
    "args",
    [[], ["--if", "x"], ["--if", "openqreg:E60.3a=met", "--table", "dates"],
     ["--if", "openqreg:E60.3a=met", "--format", "csv", "--table", "deadlines"],
     ["--plan", "nothing-here.csv"]],
)  # fmt: skip
def test_wrong_use_leads_to_exit_2(args: list[str]) -> None:
    assert call("gap", "simulate", *args).code == 2
