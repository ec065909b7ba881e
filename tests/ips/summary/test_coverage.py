"""The 18 elements of EHDS Annex I (1), in our documents and in those of others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ips.summary import Filled, build, coverage
from tests.ips.summary import samples


def states(record: samples.FakeRecord, profile: str = "ips") -> dict[int, Filled]:
    built = build(record, profile=profile, now=samples.NOW)
    return {row.element: row.state for row in built.coverage}


def test_there_are_eighteen_elements_with_an_obligation_each(reference: Path) -> None:
    rows = build(samples.empty_record(), profile="ips", now=samples.NOW).coverage
    known = {row["id"] for row in json.loads((reference / "ehds_rows.json").read_text())}
    assert [row.element for row in rows] == list(range(1, 19))
    assert [row.obligation for row in rows] == [f"X1.1.{n}" for n in range(1, 19)]
    assert {row.obligation for row in rows} <= known
    assert all(row.reason("nb") and row.reason("en") and row.name("nb") for row in rows)


@pytest.mark.parametrize("profile", ["ips", "eps"])
def test_a_full_record_fills_what_it_has_and_no_more(profile: str) -> None:
    found = states(samples.full_record(), profile)
    missing = {n for n, state in found.items() if state is Filled.MISSING}
    assert missing == {3, 11, 13, 17, 18}
    assert all(state is Filled.FILLED for n, state in found.items() if n not in missing)


def test_no_information_none_known_and_missing_are_three_things() -> None:
    nothing = states(samples.empty_record(), "eps")
    stated = states(samples.empty_record("no-known-allergies", "no-known-devices"), "eps")
    assert nothing[4] is Filled.EMPTY
    assert nothing[9] is Filled.EMPTY
    assert stated[4] is Filled.NONE_KNOWN
    assert stated[9] is Filled.NONE_KNOWN
    assert nothing[6] is Filled.MISSING


@pytest.mark.parametrize(
    "bundle",
    [{}, {"entry": "x"}, {"entry": [None, {"resource": []}, {"resource": {}}]},
     {"entry": [{"resource": {"resourceType": "Composition", "section": [{"code": 3}]}}]},
     {"entry": [{"resource": {"resourceType": "Condition", "code": "x", "performer": "y"}}]}],
)  # fmt: skip
def test_a_broken_document_covers_nothing_and_breaks_nothing(bundle: dict[str, object]) -> None:
    assert all(row.state is Filled.MISSING for row in coverage(bundle))
