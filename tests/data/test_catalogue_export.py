"""The catalogue as JSON, CSV and OSCAL: nothing is lost on the way out."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from data.loaders.catalogue import COLUMNS, Obligation, catalogue, load
from tests.builders import call, make_catalogue


def exported(kind: str, folder: Path) -> Path:
    file = folder / f"catalogue-{kind}.{'csv' if kind == 'csv' else 'json'}"
    done = call("catalogue", "export", "--format", kind, "-o", file)
    assert done.code == 0, done.err
    assert done.out == ""
    return file


def same(one: Obligation, other: Obligation) -> bool:
    """Return whether two obligations agree in everything but the file they came from."""
    return dataclasses.replace(one, where="") == dataclasses.replace(other, where="")


def test_the_csv_export_is_a_table_that_loads_again_as_the_same_catalogue(tmp_path):
    folder = make_catalogue(tmp_path)
    for file in (folder / "obligations").glob("*.csv"):
        file.unlink()
    exported("csv", tmp_path).rename(folder / "obligations" / "all.csv")
    again = load(folder)
    assert list(again.obligations) == list(catalogue().obligations)
    for ident, o in catalogue().obligations.items():
        assert same(o, again.obligations[ident]), ident


def test_the_json_export_holds_every_field_of_every_row(tmp_path):
    content = json.loads(exported("json", tmp_path).read_text("utf-8"))
    assert content["schema"] == "ehds.catalogue/1"
    assert content["edition"] == catalogue().edition
    assert content["law_date"] == "2025-03-05"
    assert len(content["obligations"]) == 526
    for row in content["obligations"]:
        assert set(row) >= set(COLUMNS)
        o = catalogue().obligations[row["id"]]
        for name in COLUMNS:
            value = getattr(o, name)
            if isinstance(value, tuple):
                value = list(value)
            if hasattr(value, "isoformat"):
                value = value.isoformat()
            assert row[name] == value, (row["id"], name)
    for name, n in (("parts", 13), ("articles", 105), ("acts", 29), ("xtehr", 27)):
        assert len(content[name]) == n
    assert [t["date"] for t in content["timeline"]] == sorted(
        t["date"] for t in content["timeline"]
    )


def test_json_and_csv_exports_are_the_same_on_every_run(tmp_path):
    for kind in ("json", "csv", "oscal"):
        first = exported(kind, tmp_path).read_bytes()
        assert exported(kind, tmp_path).read_bytes() == first


def test_a_list_is_a_part_of_the_export():
    done = call("catalogue", "list", "--part", "Annex II", "--modality", "S", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    expected = [
        o.id for o in catalogue().obligations.values()
        if o.part == "Annex II" and o.modality == "S"
    ]  # fmt: skip
    assert [row["id"] for row in rows] == expected
    told = json.loads(
        call("catalogue", "list", "--part", "Annex II", "--modality", "S", "--format", "json").out
    )
    assert [row["id"] for row in told["obligations"]] == expected


def test_filters_narrow_the_list_together():
    done = call("catalogue", "list", "--actor", "HP", "--scope", "LOG", "--text", "three years",
                "--format", "json")  # fmt: skip
    assert [row["id"] for row in json.loads(done.out)["obligations"]] == ["E09.2b"]


# ---- OSCAL


@pytest.fixture(scope="module")
def oscal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported("oscal", tmp_path_factory.mktemp("oscal"))


@pytest.fixture(scope="module")
def controls(oscal: Path) -> list[dict]:
    content = json.loads(oscal.read_text("utf-8"))
    return [c for group in content["catalog"]["groups"] for c in group["controls"]]


@pytest.mark.oracle
@pytest.mark.slow
def test_compliance_trestle_loads_the_oscal_catalogue_with_526_controls(oscal):
    """In a process of its own: warnings of that library are not ours."""
    code = (
        "import sys, pathlib\n"
        "from trestle.oscal.catalog import Catalog\n"
        "found = Catalog.oscal_read(pathlib.Path(sys.argv[1]))\n"
        "print(sum(len(g.controls) for g in found.groups), found.metadata.version)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, oscal], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-2:] == ["526", catalogue().edition]


def test_every_obligation_is_one_control_and_ids_are_unique(controls):
    assert sorted(c["id"] for c in controls) == sorted(catalogue().obligations)
    parts = [p["id"] for c in controls for p in c["parts"]]
    assert [p for p, n in Counter(parts).items() if n > 1] == []


def test_both_languages_and_the_evidence_travel_in_oscal(controls):
    for control in controls:
        o = catalogue().obligations[control["id"]]
        prose = {p["name"]: p["prose"] for p in control["parts"]}
        assert prose["statement"] == o.obligation_en
        assert prose["statement-nb"] == o.obligation_nb
        assert o.evidence_en in prose["guidance"]
        assert o.evidence_nb in prose["guidance-nb"]
        assert prose.get("remark", "") == o.remark_en
        assert prose.get("remark-nb", "") == o.remark_nb


def test_what_the_scoring_needs_travels_as_props(controls):
    for control in controls:
        o = catalogue().obligations[control["id"]]
        props: dict[str, list[str]] = {}
        for prop in control["props"]:
            props.setdefault(prop["name"], []).append(prop["value"])
        assert props["modality"] == [o.modality]
        assert props["actor"] == list(o.actors)
        assert props["eu-date"] == [o.eu_date.isoformat()]
        assert props.get("category", []) == list(o.categories)
        assert props["gate"] == ["yes" if o.gate else "no"]
        assert props.get("waits-for", []) == list(o.waits_for)
        assert props.get("verb", []) == list(o.verbs_any)
        assert props.get("serves", []) == list(o.serves_any)
        assert props.get("deployment", []) == list(o.deployment_any)
        assert props["ehr-only"] == ["yes" if o.ehr_only else "no"]


def test_links_between_controls_point_to_controls_of_the_document(controls):
    known = {c["id"] for c in controls}
    for control in controls:
        for link in control.get("links", []):
            assert link["href"].removeprefix("#") in known
