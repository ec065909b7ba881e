"""What holds for every figure, whatever the findings: bands, monotony, order, partitions."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.loaders.assessments import Finding
from data.loaders.catalogue import Obligation
from data.loaders.systems import System
from gap.analysis import Analysis
from gap.judgement import Judgement
from gap.rollup import rollups
from gap.schemes import Scheme, schemes
from gap.scoring import Figure
from tests.gap.builders import ALL, finding, judge, obligation, system

LETTERS = "ABCDEFGH"
CATEGORIES = st.sets(st.sampled_from(ALL)).map(lambda s: tuple(sorted(s)))
PARTITIONS = ("part", "reeif", "system", "owner", "region")


@st.composite
def catalogues(draw: st.DrawFn, gates: bool) -> list[Obligation]:
    return [
        obligation(
            ident,
            categories=draw(CATEGORIES),
            weight=draw(st.integers(1, 3)),
            gate=gates and draw(st.booleans()),
            roles=draw(st.sampled_from([(), ("producer",), ("consumer", "exchanger")])),
            part=draw(st.sampled_from(["II", "III", "IV"])),
            reeif=draw(st.sampled_from(["legal", "policy", "application"])),
            scopes=draw(st.sampled_from([("EHR",), ("EHR", "LOG"), ("NCP",)])),
        )
        for ident in LETTERS[: draw(st.integers(1, 8))]
    ]


@st.composite
def landscapes(draw: st.DrawFn) -> list[System]:
    return [
        system(
            ident,
            categories=draw(CATEGORIES),
            owner=draw(st.sampled_from(["One", "Two"])),
            region=draw(st.sampled_from(["national", "nord"])),
        )
        for ident in ("one", "two", "three")[: draw(st.integers(1, 3))]
    ]


def places(j: Judgement) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return what can be assessed on its own: every category of a cell, or the cell whole."""
    found = []
    for row in j.cells.to_dict("records"):
        one, what = j.system_list[row["system"]], j.obligations[row["obligation"]]
        shared = [c for c in what.categories if c in one.categories]
        found += [(one.id, what.id, (c,)) for c in shared] or [(one.id, what.id, ())]
    return found


@st.composite
def judgements(draw: st.DrawFn, gates: bool = True) -> Judgement:
    rows, landscape = draw(catalogues(gates)), draw(landscapes())
    empty = judge(rows, landscape)
    found = [
        finding(what, draw(st.integers(0, 3)), " ".join(categories), of=one)
        for one, what, categories in places(empty)
        if draw(st.booleans())
    ]
    return judge(rows, landscape, found)


def again(j: Judgement, findings: Sequence[Finding]) -> Judgement:
    return judge(j.obligations, j.system_list, findings)


def every(j: Judgement, scheme: Scheme) -> dict[tuple[str, str], Figure]:
    return {(name, f.key): f for name, found in rollups(j, scheme).items() for f in found}


SCHEMES = st.sampled_from(list(schemes().values()))


@settings(deadline=None)
@given(judgements(gates=False), SCHEMES)
def test_without_gates_low_point_and_high_stand_in_order(j: Judgement, scheme: Scheme) -> None:
    for figure in every(j, scheme).values():
        assert 0 <= figure.low <= figure.high <= 1
        assert not figure.capped
        if figure.point is not None:
            assert figure.low - 1e-9 <= figure.point <= figure.high + 1e-9


@settings(deadline=None)
@given(judgements(), SCHEMES)
def test_with_gates_every_number_stays_in_order_too(j: Judgement, scheme: Scheme) -> None:
    for figure in every(j, scheme).values():
        assert 0 <= figure.low <= figure.high <= 1
        assert 0 <= figure.assessed <= figure.cells + 1e-9
        assert figure.not_met >= -1e-9
        assert (figure.point is None) == (figure.assessed == 0) == (figure.level is None)
        if figure.point is not None:
            assert figure.low - 1e-9 <= figure.point <= figure.high + 1e-9
        if figure.gates_failed:
            assert figure.high <= scheme.gate_cap
        if figure.gates_failed or figure.gates_open:
            assert figure.low <= scheme.gate_cap


@settings(deadline=None)
@given(judgements(), SCHEMES, st.data())
def test_assessing_one_more_cell_never_widens_a_band(
    j: Judgement, scheme: Scheme, data: st.DataObject
) -> None:
    taken = {(f.system, f.obligation, f.categories) for f in j.findings}
    free = [p for p in places(j) if p not in taken]
    if not free:
        return
    one, what, categories = data.draw(st.sampled_from(free))
    level = data.draw(st.integers(0, 3))
    more = again(j, [*j.findings, finding(what, level, " ".join(categories), of=one)])
    before, after = every(j, scheme), every(more, scheme)
    assert before.keys() == after.keys()
    for key, old in before.items():
        new = after[key]
        assert new.high - new.low <= old.high - old.low + 1e-8
        assert new.share_assessed >= old.share_assessed


@settings(deadline=None)
@given(judgements(), SCHEMES, st.data())
def test_one_more_met_finding_never_lowers_the_low_end(
    j: Judgement, scheme: Scheme, data: st.DataObject
) -> None:
    taken = {(f.system, f.obligation, f.categories) for f in j.findings}
    free = [p for p in places(j) if p not in taken]
    if not free:
        return
    one, what, categories = data.draw(st.sampled_from(free))
    more = again(j, [*j.findings, finding(what, 3, " ".join(categories), of=one)])
    after = every(more, scheme)
    for key, old in every(j, scheme).items():
        assert after[key].low >= old.low - 1e-9


@settings(deadline=None)
@given(judgements(), SCHEMES, st.randoms())
def test_the_order_of_findings_does_not_matter(
    j: Judgement, scheme: Scheme, random: object
) -> None:
    mixed = list(j.findings)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    other = again(j, mixed)
    assert every(j, scheme) == every(other, scheme)
    first, second = (Analysis(x, scheme).roadmap.steps for x in (j, other))
    assert [(s.system.id, s.obligation.id, s.verdict) for s in first] == [
        (s.system.id, s.obligation.id, s.verdict) for s in second
    ]


@settings(deadline=None)
@given(judgements(), SCHEMES)
def test_partitions_add_up_to_the_national_counts(j: Judgement, scheme: Scheme) -> None:
    by = rollups(j, scheme)
    for name in PARTITIONS:
        if name not in by:
            continue
        for field in ("cells", "assessed", "met", "partial", "gates_failed", "gates_open"):
            whole = sum(getattr(f, field) for f in by["national"])
            assert sum(getattr(f, field) for f in by[name]) == pytest.approx(whole, abs=1e-6)


@settings(deadline=None)
@given(judgements(), SCHEMES)
def test_the_heat_map_adds_up_to_the_systems(j: Judgement, scheme: Scheme) -> None:
    analysis = Analysis(j, scheme)
    for figure in analysis.rollups["system"]:
        parts = [f for (one, _), f in analysis.heat.items() if one == figure.key]
        assert sum(f.cells for f in parts) == figure.cells
        assert sum(f.met for f in parts) == pytest.approx(figure.met, abs=1e-6)
