"""The tables of data/terminology: sound, and true to the European value sets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import data
from data.loaders.tables import Problems, read_csv
from ips.terms.computed import icd10_categories
from ips.terms.labels import LISTS_COLUMNS
from ips.terms.model import Equivalence
from ips.terms.systems import known_systems, normalise_system
from ips.terms.tables import CodeMap, MapRow, code_list, maps, shipped_lists
from ips.terms.valuesets import CODES_COLUMNS, SETS_COLUMNS

ALL = [code_map for group in maps().values() for code_map in group]
NOT_MEMBER = "Not a member of"


def _rows(code_map: CodeMap) -> list[MapRow]:
    return [row for group in code_map.rows.values() for row in group]


def _fsh(file: Path) -> dict[tuple[str, str], str]:
    """Read a value set: (system, code) to display. Written apart from the product's reader."""
    aliases: dict[str, str] = {}
    found = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        if alias := re.match(r"Alias: *(\S+) *= *(\S+)", line):
            aliases[alias[1]] = alias[2]
        if concept := re.match(r'\* (\$?[^ #]+)#("[^"]*"|\S+) +"(.*)"', line.strip()):
            system = aliases.get(concept[1], concept[1])
            found[system, concept[2].strip('"')] = concept[3]
    return found


@pytest.fixture(scope="module")
def value_sets(oracles: Path) -> dict[str, dict[tuple[str, str], str]]:
    return {file.stem: _fsh(file) for file in (oracles / "ehdsi-valuesets").glob("eHDSI*.fsh")}


@pytest.mark.oracle
@pytest.mark.parametrize("code_map", [m for m in ALL if m.value_set], ids=lambda m: m.name)
def test_every_target_is_a_member_of_its_value_set_or_says_that_it_is_not(
    code_map: CodeMap, value_sets: dict[str, dict[tuple[str, str], str]]
) -> None:
    members = value_sets[code_map.value_set]
    for row in _rows(code_map):
        if row.target:
            key = (row.target.system, row.target.code)
            assert (key in members) == (NOT_MEMBER not in row.note), row.where
            if key in members:
                assert row.target.display == members[key], row.where


@pytest.mark.oracle
def test_shipped_membership_is_true_both_ways(
    value_sets: dict[str, dict[tuple[str, str], str]],
) -> None:
    problems = Problems()
    rows = read_csv(data.path("terminology", "value-set-codes.csv"), CODES_COLUMNS, problems)
    problems.stop()
    for row in rows:
        key = (normalise_system(row["system"]), row["code"])
        assert (key in value_sets[row["value_set"]]) == (row["member"] == "yes"), row.where


@pytest.mark.oracle
def test_sets_that_are_called_complete_are_complete(
    value_sets: dict[str, dict[tuple[str, str], str]],
) -> None:
    problems = Problems()
    sets = read_csv(data.path("terminology", "value-sets.csv"), SETS_COLUMNS, problems)
    codes = read_csv(data.path("terminology", "value-set-codes.csv"), CODES_COLUMNS, problems)
    problems.stop()
    complete = {row["value_set"] for row in sets if row["complete"] == "yes"}
    complete.discard("eHDSIIllnessandDisorder")
    for name in complete:
        shipped = {
            (r["system"], r["code"])
            for r in codes
            if r["value_set"] == name and r["member"] == "yes"
        }
        assert shipped == set(value_sets[name]), name


@pytest.mark.oracle
def test_the_european_icd10_is_whole(
    value_sets: dict[str, dict[tuple[str, str], str]],
) -> None:
    ours = {
        f"{category}.{suffix}" if suffix else category
        for category, suffixes in icd10_categories().items()
        for suffix in suffixes
    }
    assert ours == {code for _, code in value_sets["eHDSIIllnessandDisorder"]}


@pytest.mark.parametrize("code_map", ALL, ids=lambda m: m.name or m.source_list)
def test_a_map_is_sound(code_map: CodeMap) -> None:
    known = set(known_systems())
    for row in _rows(code_map):
        assert row.source.system == normalise_system(code_map.source_list), row.where
        if row.target is None:
            assert row.equivalence is Equivalence.UNMATCHED
            assert row.note.endswith("."), row.where
        else:
            assert row.target.system == code_map.target, row.where
            assert row.target.system in known, row.where
            assert row.target.display, row.where
            assert row.map_source, row.where
            assert row.edition, row.where
            if row.equivalence in (Equivalence.WIDER, Equivalence.INEXACT):
                assert row.note, row.where


@pytest.mark.parametrize("code_map", ALL, ids=lambda m: m.name or m.source_list)
def test_no_pair_stands_twice_and_alternatives_are_never_both_carried(code_map: CodeMap) -> None:
    for code, rows in code_map.rows.items():
        pairs = [(row.source.display, row.target) for row in rows]
        assert len(set(pairs)) == len(pairs), code
        for name in {row.source.display for row in rows}:
            carried = [
                row for row in rows
                if row.source.display == name and row.target
                and row.equivalence is not Equivalence.NARROWER
            ]  # fmt: skip
            assert len(carried) <= 1, f"{code_map.name} {code}"


@pytest.mark.parametrize("number", sorted({m.source_list for m in ALL} & set(shipped_lists())))
def test_the_maps_cover_every_code_of_their_list(number: str) -> None:
    covered = {code for m in maps()[number] for code in m.rows}
    otherwise = any(m.otherwise for m in maps()[number])
    assert set(code_list(number)) <= covered or otherwise


def test_every_list_has_a_title_and_every_title_a_list() -> None:
    problems = Problems()
    rows = read_csv(data.path("terminology", "lists.csv"), LISTS_COLUMNS, problems)
    problems.stop()
    assert sorted(row["list_id"] for row in rows) == list(shipped_lists())
    assert all(row["title_nb"] and row["title_en"] for row in rows)


@pytest.mark.parametrize("number", shipped_lists())
def test_a_list_names_every_code_once(number: str) -> None:
    problems = Problems()
    file = data.path("terminology", "lists", f"{number}.csv")
    rows = read_csv(file, ("code", "display_nb", "display_en", "note"), problems)
    assert problems.found == []
    assert len({row["code"] for row in rows}) == len(rows)
    assert all(row["display_nb"] for row in rows)


@pytest.mark.parametrize(
    "number",
    [
        "7497",
        "7498",
        "7513",
        "7514",
        "7515",
        "7516",
        "7517",
        "7518",
        "7519",
        "7520",
        "7521",
        "7522",
        "7650",
        "7651",
    ],
)
def test_critical_information_has_english_names(number: str) -> None:
    assert all(row["display_en"] for row in code_list(number).values())
