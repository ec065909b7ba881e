"""Figures against numbers that were worked out by hand (``scoring_cases.csv``).

How to read the table. An obligation is a letter; after it may stand ``=abc`` (its categories),
``*2`` (weight), ``@role``, ``!`` (gate), ``>NCP`` (another scope than the system's) and ``?O``
(another modality than duty). A finding is ``A:2`` (level 2 on A), ``A/ab:2`` (for these
categories), ``A:0>2027`` (with a plan) or ``A:not-used`` (of an option). Numbers are fractions;
an empty cell is «there is no figure».
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from fractions import Fraction
from pathlib import Path

import pytest

from data.loaders.assessments import Finding
from data.loaders.catalogue import Obligation
from gap.analysis import Analysis
from gap.judgement import Judgement
from gap.schemes import schemes
from tests.builders import read_rows
from tests.gap.builders import finding, judge, obligation, system

_OBLIGATION = re.compile(
    r"(?P<id>[A-Z])(=(?P<categories>[a-f]+))?(\*(?P<weight>\d))?(@(?P<role>\w+))?(?P<gate>!)?"
    r"(>(?P<scope>\w+))?(\?(?P<modality>\w))?"
)
_FINDING = re.compile(
    r"(?P<id>[A-Z])(/(?P<categories>[a-f]+))?:((?P<level>\d)|(?P<status>[a-z-]+))(>(?P<plan>.+))?"
)
CASES = read_rows(Path(__file__).with_name("scoring_cases.csv"))


def _obligation(text: str) -> Obligation:
    said = _OBLIGATION.fullmatch(text)
    assert said, text
    return obligation(
        said["id"],
        categories=tuple(said["categories"] or ""),
        weight=int(said["weight"] or 1),
        roles=(said["role"],) if said["role"] else (),
        gate=bool(said["gate"]),
        scopes=(said["scope"] or "EHR",),
        modality=said["modality"] or "S",
    )


def _finding(text: str) -> Finding:
    said = _FINDING.fullmatch(text)
    assert said, text
    fields = {"status": said["status"]} if said["status"] else {}
    level = None if said["level"] is None else int(said["level"])
    categories = " ".join(said["categories"] or "")
    return finding(said["id"], level, categories, planned_date=said["plan"] or "", **fields)


def _number(text: str) -> float | None:
    return float(Fraction(text)) if text else None


def _judged(case: dict[str, str]) -> Judgement:
    return judge(
        [_obligation(o) for o in case["obligations"].split()],
        [system()],
        [_finding(f) for f in case["findings"].split()],
    )


@pytest.mark.parametrize("case", CASES, ids=[c["case"] for c in CASES])
def test_figures_are_those_worked_out_by_hand(case: dict[str, str]) -> None:
    figure = Analysis(_judged(case), schemes()[case["scheme"]]).national
    assert figure is not None
    for name in ("cells", "assessed", "met", "partial", "low", "point", "high", "level",
                 "gates_failed", "gates_open"):  # fmt: skip
        assert getattr(figure, name) == pytest.approx(_number(case[name]), abs=1e-6), (
            f"{name}: {case['why']}"
        )
    assert figure.capped is (case["capped"] == "yes")
    assert figure.share_assessed == pytest.approx(figure.assessed / figure.cells, abs=1e-6)
    assert figure.not_assessed == pytest.approx(figure.cells - figure.assessed, abs=1e-6)


def test_a_group_without_cells_has_no_figure() -> None:
    j = judge([obligation("A", scopes=("NCP",))], [system()])
    for scheme in schemes().values():
        analysis = Analysis(j, scheme)
        assert analysis.national is None
        assert all(found == [] for found in analysis.rollups.values())
        assert analysis.heat == {}


def test_the_cap_of_gates_is_the_one_that_the_schemes_state() -> None:
    assert {s.gate_cap for s in schemes().values()} == {0.5}


def test_three_schemes_can_be_chosen_and_share_met_is_the_default() -> None:
    assert list(schemes()) == ["share-met", "level", "xt-ehr"]


def test_the_category_roll_up_counts_each_category_in_full() -> None:
    """One cell with categories a and d: met for a, unknown for d."""
    j = judge([obligation("A", categories=("a", "d"))], [system()], [finding("A", 3, "a")])
    by = {f.key: f for f in Analysis(j, schemes()["share-met"]).rollups["category"]}
    assert set(by) == {"a", "d"}
    assert (by["a"].cells, by["a"].assessed, by["a"].low, by["a"].high) == (1, 1, 1, 1)
    assert (by["d"].cells, by["d"].assessed, by["d"].low, by["d"].high) == (1, 0, 0, 1)


def test_the_xt_ehr_scheme_gives_the_share_met_for_each_role_and_category() -> None:
    rows = [
        obligation("A", categories=("a", "b"), roles=("producer",)),
        obligation("B", categories=("a",), roles=("producer", "consumer")),
    ]
    j = judge(rows, [system()], [finding("A", 3, "a"), finding("B", 1)])
    found = Analysis(j, schemes()["xt-ehr"]).rollups["role-category"]
    by = {f.key: (f.cells, f.assessed, f.met, f.point) for f in found}
    assert by == {
        "producer|a": (2, 2, 1, 0.5),
        "producer|b": (1, 0, 0, None),
        "consumer|a": (1, 1, 0, 0.0),
    }


def test_a_row_of_two_actors_counts_in_each_that_the_system_is() -> None:
    row = obligation("A", actors=("MAN", "HP", "MS"))
    j = judge([row], [system(actors=("MAN", "HP"))], [finding("A", 3)])
    by = {f.key: f.met for f in Analysis(j, schemes()["share-met"]).rollups["actor"]}
    assert by == {"HP": 1, "MAN": 1}


def test_findings_younger_than_the_day_are_left_out_and_told() -> None:
    young = finding("A", 3, date=dt.date(2026, 12, 1))
    a = Analysis(judge([obligation("A")], [system()], [young]), schemes()["share-met"])
    assert a.national is not None
    assert a.national.assessed == 0
    assert a.counts["findings_later"] == 1


def test_a_finding_on_a_category_that_the_system_lacks_counts_nowhere_and_is_told() -> None:
    j = judge(
        [obligation("A", categories=("a", "b"))],
        [system(categories=("a",))],
        [finding("A", 3, "b")],
    )
    a = Analysis(j, schemes()["share-met"])
    assert a.national is not None
    assert a.national.assessed == 0
    assert [f.obligation for f in j.unplaced] == ["A"]


def test_a_cell_speaks_only_of_categories_that_the_system_handles() -> None:
    """The row asks of six categories, the system has one: that one is the whole cell."""
    j = judge(
        [obligation("A", categories=tuple("abcdef"))],
        [system(categories=("a",))],
        [finding("A", 3, "a")],
    )
    figure = Analysis(j, schemes()["share-met"]).national
    assert figure is not None
    assert (figure.cells, figure.assessed, figure.low) == (1, 1, 1)


def test_a_plan_changes_no_number() -> None:
    row, other = obligation("A"), obligation("B")
    for scheme in schemes().values():
        bare = Analysis(judge([row, other], [system()], [finding("A", 1)]), scheme)
        planned = Analysis(
            judge([row, other], [system()], [finding("A", 1, planned_date="2026-12")]), scheme
        )
        assert bare.rollups == planned.rollups


def test_a_binding_row_that_no_system_answers_for_is_listed_and_not_lost() -> None:
    j = judge([obligation("A"), obligation("B", scopes=("NCP",))], [system()])
    assert [o.id for o in j.unallocated] == ["B"]


def test_old_evidence_is_told_apart() -> None:
    old = finding("A", 3, date=dt.date(2024, 11, 1))
    fresh = finding("B", 3, date=dt.date(2024, 11, 30))
    j = judge([obligation("A"), obligation("B")], [system()], [old, fresh])
    assert [f.obligation for f in Analysis(j, schemes()["share-met"]).stale] == ["A"]


def test_the_gravest_gaps_come_first() -> None:
    rows = [
        obligation("A", weight=3),
        obligation("B"),
        obligation("C", gate=True),
        obligation("D", weight=2),
        obligation("E"),
    ]
    found = [finding("A", 1), finding("B", 0), finding("C", 0), finding("D", 0), finding("E", 3)]
    a = Analysis(judge(rows, [system()], found), schemes()["share-met"])
    assert [c.obligation.id for c in a.worst(10)] == ["C", "D", "B", "A"]


def test_figures_as_json_hold_every_field() -> None:
    figure = Analysis(judge([obligation("A")], [system()]), schemes()["level"]).national
    assert figure is not None
    assert figure.to_dict() == dataclasses.asdict(figure)
