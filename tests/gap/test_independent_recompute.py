"""Every number of the exported JSON, computed again by other code (``recompute``)."""

from __future__ import annotations

import ast
import csv
import io
import json
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.builders import run
from tests.gap import recompute
from tests.gap.recompute import Cell, Json

SCHEMES = ("share-met", "level", "xt-ehr")
ASSESSMENTS = ("norway-2024-10", "norway-2026-11")
RUNS = [(a, s) for a in ASSESSMENTS for s in SCHEMES]


@pytest.fixture(scope="module", params=RUNS, ids=[f"{a}-{s}" for a, s in RUNS])
def document(request: pytest.FixtureRequest) -> Json:
    assessment, scheme = request.param
    done = run("gap", "score", "--format", "json", "--assessment", assessment, "--scheme", scheme,
               "--as-of", "2026-11-22")  # fmt: skip
    assert done.code == 0, done.err
    found: Json = json.loads(done.out)
    assert found["scheme"]["name"] == scheme
    return found


@pytest.fixture(scope="module")
def cells(document: Json) -> list[Cell]:
    return recompute.cells(document)


def same(theirs: Any, ours: Any) -> bool:
    if isinstance(ours, Fraction):
        return theirs is not None and abs(Fraction(str(theirs)) - ours) <= recompute.ROUNDED
    return bool(theirs == ours)


def differences(theirs: Json, ours: Json) -> list[str]:
    missing = [f"{k}: only on one side" for k in theirs.keys() ^ ours.keys()]
    return missing + [
        f"{k}: {theirs[k]} for {ours[k]}"
        for k in theirs.keys() & ours.keys() if not same(theirs[k], ours[k])
    ]  # fmt: skip


def test_the_recomputation_uses_none_of_the_product() -> None:
    tree = ast.parse(Path(recompute.__file__).read_text(encoding="utf-8"))
    used = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    used |= {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    rooms = {"ehds", "reports", "gap", "ncp", "ips", "data", "tests", "pandas", "numpy"}
    assert not {name.split(".")[0] for name in used if name} & rooms


def test_the_same_cells_apply(document: Json, cells: list[Cell]) -> None:
    theirs = [(c["system"], c["obligation"]) for c in document["cells"]]
    assert theirs == [(c.one["id"], c.row["id"]) for c in cells]
    assert len(theirs) > 5000


def test_every_cell_is_worth_the_same(document: Json, cells: list[Cell]) -> None:
    wrong = []
    for theirs, cell in zip(document["cells"], cells, strict=True):
        ours = {
            "system": cell.one["id"], "obligation": cell.row["id"],
            "categories": [p.category for p in cell.parts if p.category],
            "status": theirs["status"], "assessed": cell.assessed,
            "met": cell.with_status("met"), "partial": cell.with_status("partial"),
            "level": cell.level, "due": recompute.first_due(cell),
        }  # fmt: skip
        wrong += [f"{cell.one['id']} {cell.row['id']} {d}" for d in differences(theirs, ours)]
    assert wrong == []


def test_the_status_of_a_cell_is_that_of_its_findings(document: Json) -> None:
    said: dict[tuple[str, str], set[str]] = {}
    for f in document["findings"]:
        said.setdefault((f["system"], f["obligation"]), set()).add(f["status"])
    for cell in document["cells"]:
        found = said.get((cell["system"], cell["obligation"]), {"not-assessed"})
        assert cell["status"] == (found.pop() if len(found) == 1 else "partial")


def test_every_roll_up_has_the_same_groups_and_numbers(document: Json, cells: list[Cell]) -> None:
    wrong = []
    for name, theirs in document["rollups"].items():
        ours = recompute.rollup(name, cells, document["scheme"])
        keys = [f["key"] for f in theirs]
        assert len(keys) == len(set(keys))
        assert set(keys) == set(ours), name
        for figure in theirs:
            expected = {"key": figure["key"], **ours[figure["key"]]}
            wrong += [f"{name} {figure['key']} {d}" for d in differences(figure, expected)]
    assert wrong == []
    assert {"national", "category", "system", "owner", "region"} <= document["rollups"].keys()


def test_the_heat_map_has_the_same_numbers(document: Json, cells: list[Cell]) -> None:
    ours = recompute.heat_map(cells, document["scheme"])
    assert {(h["system"], h["part"]) for h in document["heat_map"]} == set(ours)
    wrong = []
    for theirs in document["heat_map"]:
        key = theirs["system"], theirs["part"]
        expected = {"system": key[0], "part": key[1], "key": theirs["key"], **ours[key]}
        wrong += [f"{key} {d}" for d in differences(theirs, expected)]
    assert wrong == []


def test_the_roadmap_has_the_same_steps_in_the_same_order(
    document: Json, cells: list[Cell]
) -> None:
    ours = recompute.roadmap(document, cells)
    theirs = document["roadmap"]
    assert [(s["system"], s["obligation"]) for s in theirs] == [
        (s["system"], s["obligation"]) for s in ours
    ]
    assert theirs == ours
    assert theirs


def test_what_nobody_has_assessed_is_counted_by_the_first_date(
    document: Json, cells: list[Cell]
) -> None:
    ours = Counter(recompute.first_due(c) for c in cells if c.assessed < 1)
    assert document["unassessed_by_date"] == dict(sorted(ours.items()))


def test_the_csv_has_a_head_for_every_number_of_the_json() -> None:
    options = ("--assessment", "norway-2026-11", "--as-of", "2026-11-22", "--format")
    table = list(csv.DictReader(io.StringIO(run("gap", "score", *options, "csv").out)))
    figures = json.loads(run("gap", "score", *options, "json").out)["rollups"]
    flat = [(name, figure) for name, found in figures.items() for figure in found]
    assert len(table) == len(flat)
    for row, (name, figure) in zip(table, flat, strict=True):
        shown = {key: "" if value is None else str(value) for key, value in figure.items()}
        assert row == {"rollup": name, **shown}


def test_the_counts_are_those_of_the_lists(document: Json, cells: list[Cell]) -> None:
    rows = document["obligations"]
    counts = document["counts"]
    binding = {o["id"] for o in rows if o["modality"] in recompute.BINDING}
    scored = {(c.one["id"], c.row["id"]) for c in cells}
    touched = {f["obligation"] for f in document["findings"]} & binding
    used = {f["obligation"] for f in document["findings"] if f["status"] == "used"}
    reached = {o["id"] for o in rows for s in document["systems"] if recompute.applies(o, s)}
    assert counts["obligations"] == len(rows) == 526
    assert counts["binding"] == len(binding)
    assert counts["options"] == sum(o["modality"] == "O" for o in rows)
    assert counts["external"] == len(document["obligations_external"])
    assert document["obligations_external"] == [o["id"] for o in rows if o["modality"] == "C"]
    assert counts["other"] == sum(o["modality"] in "LN" for o in rows)
    assert counts["systems"] == len(document["systems"])
    assert counts["cells"] == len(cells)
    assert counts["findings"] == len(document["findings"])
    assert counts["touched"] == len(touched)
    unused = [
        o for o in rows if o["id"] in binding and o["if_option"] and o["if_option"] not in used
    ]
    assert counts["awaiting"] == len(unused)
    unallocated = [o["id"] for o in rows if o["id"] in binding and o["id"] not in reached]
    assert document["obligations_unallocated"] == unallocated
    assert counts["unallocated"] == len(unallocated)
    off = [f for f in document["findings"] if (f["system"], f["obligation"]) not in scored]
    beside = len(document["findings_supporting"]) + len(document["findings_waiting"])
    of_options = [f for f in off if f["level"] is None]
    assert len(off) == beside + sum(f not in document["findings_supporting"] for f in of_options)
