"""``ehds catalogue check`` on broken copies: every failing row by file and line, all at once."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.builders import call, edit, make_catalogue, place, read_rows, write_csv


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_catalogue(tmp_path)


def check(folder: Path) -> list[dict[str, str]]:
    """Run the check and return the problems it tells."""
    done = call("catalogue", "check", "--folder", folder, "--format", "json")
    told = json.loads(done.out)
    assert told["schema"] == "ehds.catalogue-check/1"
    assert done.code == (1 if told["problems"] else 0), done.err
    assert told["outcome"] == ("fail" if told["problems"] else "pass")
    problems: list[dict[str, str]] = told["problems"]
    return problems


def the_problem(folder: Path, where: str, text: str) -> None:
    """Assert that one problem is told at a place, and that its text says a word."""
    here = [p for p in check(folder) if p["where"] == where]
    assert len(here) == 1, here
    assert text in here[0]["what"], here


def test_the_shipped_catalogue_is_sound():
    done = call("catalogue", "check")
    assert done.code == 0, done.out
    assert "526 sound rows, 0 problems" in done.out
    assert done.err == ""


def test_an_untouched_copy_is_sound(folder):
    assert check(folder) == []


# Each break: the row, its column, the new text, and a word that the message must hold.
BREAKS = [
    ("E15.4a", "ref", "Article 15, 4", "not well-formed"),
    ("E15.4a", "ref", "", "ref is empty"),
    ("E03.1a", "title_nb", "", "title_nb is empty"),
    ("E03.1a", "obligation_nb", "", "obligation_nb is empty"),
    ("E03.1a", "obligation_en", "", "obligation_en is empty"),
    ("E03.1a", "evidence_nb", "", "evidence_nb is empty"),
    ("E03.1a", "modality", "Q", "modality: «Q»"),
    ("E03.1a", "modality", "", "modality: «»"),
    ("E03.1a", "actors", "MS KING", "actors: «KING»"),
    ("E03.1a", "actors", "MS MS", "«MS» stands twice"),
    ("E03.1a", "scopes", "POR XYZ", "scopes: «XYZ»"),
    ("E03.1a", "categories", "a b z", "categories: «z»"),
    ("E03.1a", "reeif", "spiritual", "reeif: «spiritual»"),
    ("E03.1a", "gate", "maybe", "gate: «maybe»"),
    ("E03.1a", "ehr_only", "open?", "ehr_only"),
    ("X2.2.1", "roles", "producer dancer", "roles: «dancer»"),
    ("E03.1b", "verbs_any", "store hoard", "verbs_any: «hoard»"),
    ("E03.1a", "evidence_kinds", "rumour", "evidence_kinds: «rumour»"),
    ("E03.1a", "date_rule", "T99", "date_rule: «T99»"),
    ("E03.1a", "eu_date", "2029-03-28", "the date rule gives «2029-03-26»"),
    ("E03.1a", "eu_date_group_2", "2031-03-28", "the date rule gives «2031-03-26»"),
    ("E25.1", "eu_date_in_house", "", "the date rule gives «2031-03-26»"),
    ("E03.1a", "eu_date_in_house", "2031-03-26", "the date rule gives «»"),
    ("E03.1a", "eu_date", "26.3.2029", "is not a date"),
    ("E13.4a", "eu_date", "", "eu_date is empty"),
    ("E03.1a", "eea_date", "soon", "eea_date"),
    ("E03.1a", "verified_on", "2026-13-01", "verified_on"),
    ("E03.1a", "depends_on", "E99.9", "depends_on: there is no «E99.9»"),
    ("E03.1a", "waits_for", "act-99", "waits_for: there is no «act-99»"),
    ("X2.2.1", "xtehr", "api-nothing", "xtehr: there is no «api-nothing»"),
    ("E10.2a", "if_option", "E03.1a", "«E03.1a» is not a national option"),
    ("E10.2a", "if_option", "E99.9", "«E99.9» is not a national option"),
    ("E09.2b", "threshold", "three years", "threshold «three years»"),
    ("E09.2b", "threshold", "3Y", "threshold «3Y»"),
    ("E03.1a", "weight", "4", "weight «4»"),
    ("E03.1a", "weight", "", "weight «»"),
    ("X1.1", "remark_nb", "", "the remark stands in one language only"),
    ("E03.1a", "remark_en", "A remark.", "the remark stands in one language only"),
    ("E03.1a", "inferred", "weight colour", "inferred names no column: colour"),
]


@pytest.mark.parametrize(("key", "column", "value", "text"), BREAKS)
def test_a_broken_cell_is_named_with_file_and_line(folder, key, column, value, text):
    where = edit(folder, key, column, value)
    said = [p for p in check(folder) if p["where"] == where]
    assert any(text in p["what"] for p in said), said


@pytest.mark.parametrize("ref", ["Art 106(1)", "Art 0", "Annex V 1", "Annex IX"])
def test_a_reference_outside_the_law_is_named(folder, ref):
    where = edit(folder, "E15.4a", "ref", ref)
    assert any(p["where"] == where for p in check(folder))


def test_a_doubled_id_names_both_places(folder):
    first = place(folder / "obligations" / "1-chapter-2-primary-use.csv", "E03.1a")
    second = edit(folder, "E50.1", "id", "E03.1a")
    the_problem(folder, second, "«E03.1a» stands also at")
    assert first in next(p["what"] for p in check(folder) if p["where"] == second)


def test_an_id_of_another_form_is_named(folder):
    where = edit(folder, "E64.8", "id", "Art64-8")
    the_problem(folder, where, "id «Art64-8» is not well-formed")


def test_a_row_with_too_few_cells_is_named(folder):
    file = folder / "obligations" / "5-chapters-5-to-9.csv"
    lines = file.read_text("utf-8").splitlines()
    file.write_text("\n".join([*lines, "E82.9,Art 82"]) + "\n", "utf-8")
    the_problem(folder, f"{file}:{len(lines) + 1}", "2 cells where the header has")


def test_everything_is_told_at_once(folder):
    places = {
        edit(folder, "E03.1a", "modality", "Q"),
        edit(folder, "E25.1", "title_nb", ""),
        edit(folder, "X2.2.1", "xtehr", "api-nothing"),
        edit(folder, "E75.5", "eu_date", "2034-03-26"),
        edit(folder, "E82.1", "weight", "9"),
    }
    assert {p["where"] for p in check(folder)} == places
    text = call("catalogue", "check", "--folder", folder)
    assert text.code == 1
    assert all(place in text.out for place in places)
    assert "521 sound rows" in text.out or "5 problems" in text.out
    assert all(p["rule"] or p["remedy"] or p["what"] for p in check(folder))


def test_an_error_of_one_row_hides_no_error_of_another_in_the_same_row(folder):
    edit(folder, "E03.1a", "modality", "Q")
    where = edit(folder, "E03.1a", "title_nb", "")
    said = " ".join(p["what"] for p in check(folder) if p["where"] == where)
    assert "modality" in said
    assert "title_nb" in said


# ---- the tables around the obligations


@pytest.mark.parametrize(
    ("table", "key", "column", "value", "by"),
    [
        ("acts.csv", "act-13-4", "title_nb", "", "id"),
        ("acts.csv", "act-13-4", "finding_en", "", "id"),
        ("acts.csv", "act-13-4", "status", "rumoured", "id"),
        ("acts.csv", "act-13-4", "checked_on", "yesterday", "id"),
        ("timeline.csv", "t2027-general", "what_nb", "", "id"),
        ("timeline.csv", "t2027-general", "date", "26 March 2027", "id"),
        ("xtehr.csv", "gen-Installation", "what_en", "", "id"),
        ("articles.csv", "15", "title_nb", "", "article"),
        ("articles.csv", "15", "part", "XX", "article"),
        ("parts.csv", "II", "title_en", "", "id"),
        ("date_rules.csv", "T35", "eu_date", "in 2035", "rule"),
    ],
)
def test_a_broken_table_around_the_obligations_is_named(folder, table, key, column, value, by):
    file = folder / table
    edit(folder, key, column, value, by=by)
    where = place(file, key, by=by)
    assert any(p["where"] == where and column in p["what"] for p in check(folder))


def test_a_doubled_act_is_named(folder):
    file = folder / "acts.csv"
    rows = read_rows(file)
    write_csv(file, list(rows[0]), [*rows, rows[0]])
    assert any("stands twice" in p["what"] and str(file) in p["where"] for p in check(folder))


def test_an_act_that_only_the_copy_knows_may_be_waited_for(folder):
    rows = read_rows(folder / "acts.csv")
    rows.append({**rows[0], "id": "act-new"})
    write_csv(folder / "acts.csv", list(rows[0]), rows)
    edit(folder, "E03.1a", "waits_for", "act-new")
    assert check(folder) == []


# ---- unreadable folders


@pytest.mark.parametrize("key", ["edition", "law_date"])
def test_an_edition_file_without_a_key_is_an_input_error(folder, key):
    file = folder / "edition.toml"
    text = re.sub(rf"(?m)^{key} = .*$", "", file.read_text("utf-8"))
    file.write_text(text, "utf-8")
    done = call("catalogue", "check", "--folder", folder)
    assert done.code == 2
    assert str(file) in done.err
    assert key in done.err


def test_a_folder_without_a_catalogue_is_an_input_error(tmp_path):
    done = call("catalogue", "check", "--folder", tmp_path)
    assert done.code == 2
    assert "edition.toml" in done.err
    assert "no such file" in done.err


def test_a_catalogue_without_obligations_says_so(folder):
    for file in (folder / "obligations").glob("*.csv"):
        file.unlink()
    assert any("there are no obligations" in p["what"] for p in check(folder))


def test_a_missing_column_is_an_input_error_with_its_name(folder):
    file = folder / "obligations" / "5-chapters-5-to-9.csv"
    rows = read_rows(file)
    columns = [c for c in rows[0] if c != "modality"]
    write_csv(file, columns, [{c: r[c] for c in columns} for r in rows])
    done = call("catalogue", "check", "--folder", folder)
    assert done.code == 2
    assert "column «modality» is missing" in done.err
    assert f"{file}:1" in done.err
