"""Regions and schemes side by side: the same figures as elsewhere, and honest differences."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given, settings

from data.errors import InputError
from gap.compare_groups import by_region, by_scheme
from gap.judgement import Judgement
from gap.rollup import rollups
from gap.schemes import schemes
from tests.builders import call
from tests.gap.builders import finding, judge, obligation, system
from tests.gap.test_scoring_properties import judgements

MET, LEVEL, ROLES = (schemes()[n] for n in ("share-met", "level", "xt-ehr"))
TWO = [system("one", region="nord"), system("two", region="vest")]


@settings(deadline=None)
@given(judgements())
def test_a_region_has_the_figure_of_the_roll_up_by_region(j: Judgement) -> None:
    regions = list(dict.fromkeys(s.region for s in j.system_list))
    if len(regions) < 2:
        return
    told = {f.key: f for f in rollups(j, LEVEL)["region"]}
    lines = [x for x in by_region(j, LEVEL, regions).lines if x.rollup == "national"]
    for line in lines:
        for region, figure in zip(regions, line.figures, strict=True):
            if figure is None:
                assert region not in told
            else:
                assert figure.low == told[region].low
                assert (figure.point, figure.high) == (told[region].point, told[region].high)


def test_schemes_stand_side_by_side_with_their_own_figures() -> None:
    j = judge([obligation("A", weight=3), obligation("B")], [system()], [finding("A", 2)])
    line = by_scheme(j, [MET, LEVEL]).lines[0]
    assert line.rollup == "national"
    assert [f.point for f in line.figures if f] == [0, pytest.approx(2 / 3)]


def test_a_scheme_without_cells_leaves_its_column_empty() -> None:
    j = judge([obligation("A")], [system()], [finding("A", 2)])
    found = by_scheme(j, [MET, ROLES])
    assert found.lines[0].figures[1] is None


def test_only_obligations_assessed_in_both_regions_differ() -> None:
    rows = [obligation(o) for o in "ABC"]
    found = [finding("A", 1), finding("A", 3, of="two"), finding("B", 1), finding("C", 2),
             finding("C", 2, of="two")]  # fmt: skip
    (different,) = by_region(judge(rows, TWO, found), MET, ["nord", "vest"]).differences
    assert (different.obligation, different.levels) == ("A", (1, 3))


@pytest.mark.parametrize("regions", [["nord"], ["nord", "nord"], ["nord", "south"], [""]])
def test_wrong_regions_are_told(regions: list[str]) -> None:
    with pytest.raises(InputError):
        by_region(judge([obligation("A")], TWO, []), MET, regions)


@pytest.mark.parametrize(
    "args",
    [["--regions", "nord,vest"], ["--schemes", "share-met,level,xt-ehr"],
     ["--regions", "nord,vest,midt", "--scheme", "level", "--assessment", "norway-2024-10"]],
    ids=" ".join,
)  # fmt: skip
def test_the_command_gives_text_data_and_a_table(args: list[str]) -> None:
    for lang, note in (("nb", "vurdert"), ("en", "assessed")):
        done = call("gap", "compare", *args, "--lang", lang)
        assert done.code == 0, done.err
        assert note in done.out
    found = json.loads(call("gap", "compare", *args, "--format", "json").out)
    assert found["schema"] == "ehds.gap-side-by-side/1"
    assert set(found["columns"]) == set(args[1].split(","))
    rows = list(csv.DictReader(io.StringIO(call("gap", "compare", *args, "--format", "csv").out)))
    assert {r["column"] for r in rows} == set(found["columns"])


@pytest.mark.parametrize(
    "args",
    [[], ["norway-2024-10"], ["norway-2024-10", "norway-2026-11", "--regions", "nord,vest"],
     ["--regions", "nord,vest", "--schemes", "level,share-met"], ["--schemes", "level,share"],
     ["--schemes", "level,level"], ["--schemes", "level"]],
    ids=" ".join,
)  # fmt: skip
def test_wrong_use_leads_to_exit_2(args: list[str]) -> None:
    assert call("gap", "compare", *args).code == 2


def test_two_assessments_as_a_table() -> None:
    done = call("gap", "compare", "norway-2024-10", "norway-2026-11", "--format", "csv")
    assert done.code == 0
    assert done.out.startswith("kind,system,obligation,before,after\n")
