"""The small things on the ground: periods, codes, sources, tables, outcomes."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

import data
from data.errors import Exit, InputError, Problem
from data.files import Outbox
from data.loaders.codes import closed_sets
from data.loaders.dates import day, end_of
from data.loaders.sources import sources
from data.loaders.tables import Problems, read_csv
from data.results import Outcome, Report, Result, summary_outcome
from tests.builders import read_rows

# ---- periods of plans


@pytest.mark.parametrize(
    ("period", "last"),
    [("2027", "2027-12-31"), ("2027-H1", "2027-06-30"), ("2027-H2", "2027-12-31"),
     ("2027-Q1", "2027-03-31"), ("2027-Q3", "2027-09-30"), ("2027-02", "2027-02-28"),
     ("2028-02", "2028-02-29"), ("2027-06-15", "2027-06-15")],
)  # fmt: skip
def test_a_plan_is_kept_when_it_is_kept_by_the_last_day_of_its_period(period, last):
    assert end_of(period).isoformat() == last


@pytest.mark.parametrize(
    "period",
    ["", "27", "2027-H3", "2027-Q5", "2027-Q0", "2027-13", "2027-00", "2027-06-31", "2027-06-00",
     "2027-h1", "spring 2027", "2027 ", "2027-1", "0000", "2027-H1-01"],
)  # fmt: skip
def test_what_is_no_period_is_refused_with_its_text(period):
    with pytest.raises(ValueError, match="«"):
        end_of(period)


@given(st.dates(min_value=dt.date(1, 1, 1)))
def test_a_day_is_its_own_period_and_lies_within_its_month_half_and_year(date):
    iso = date.isoformat()
    assert end_of(iso) == date == day(iso)
    half = 1 if date.month <= 6 else 2
    quarter = (date.month + 2) // 3
    assert date <= end_of(iso[:7]) <= end_of(f"{iso[:4]}-Q{quarter}")
    assert end_of(f"{iso[:4]}-Q{quarter}") <= end_of(f"{iso[:4]}-H{half}") <= end_of(iso[:4])


# ---- closed sets and sources


def test_every_code_has_a_word_in_both_languages_and_stands_once():
    rows = read_rows(data.path("codes.csv"))
    assert len({(r["set"], r["code"]) for r in rows}) == len(rows)
    for row in rows:
        assert row["nb"], row
        assert row["en"], row
        assert bool(row["definition_nb"]) == bool(row["definition_en"]), row


def test_the_closed_sets_are_those_of_the_fact_base():
    """reference/ehds.md 0.4 and 12.1."""
    sets = {name: list(codes) for name, codes in closed_sets().items()}
    assert set(sets["modality"]) == set("SRXOCLN")
    assert sets["category"] == list("abcdef")
    assert sets["verb"] == ["store", "intermediate", "export", "import", "convert", "edit", "view"]
    assert set(sets["actor"]) == {
        "COM", "MS", "DHA", "NCP", "MSA", "SA", "HP", "HPR", "PHA", "MAN", "AR", "IMP", "DIS",
        "EO", "WAM", "WAS", "WAD", "MDM", "AIP", "HDH", "THD", "HDAB", "NCS", "HDU", "HDA", "CA",
        "BRD", "ALL",
    }  # fmt: skip
    assert set(sets["scope"]) == {
        "POR", "HPS", "EHR", "INT", "NCP", "RX", "ID", "LOG", "SEC", "GOV", "LAW", "DOC", "MKT",
        "REG", "CAT", "SPE", "WEL",
    }  # fmt: skip
    assert sets["grade"] == ["claimed", "documented", "tested", "verified"]
    assert sets["role"] == ["producer", "consumer", "exchanger"]


def test_every_source_has_a_title_and_a_date_or_says_why_not():
    for source in sources().values():
        assert source.title_nb, source.id
        assert source.title_en, source.id
        assert source.publisher, source.id
        assert source.date or source.date_note_nb, source.id
        assert bool(source.date_note_nb) == bool(source.date_note_en), source.id


# ---- tables


def test_the_line_of_a_row_counts_lines_of_the_file(tmp_path):
    file = tmp_path / "t.csv"
    file.write_bytes(b'a,b\r\n1,"x\r\ny"\r\n\r\n2,z\r\n')
    rows = read_csv(file, ("a", "b"), Problems())
    assert [(r.line, r["a"], r["b"]) for r in rows] == [(2, "1", "x\r\ny"), (5, "2", "z")]


def test_an_optional_column_that_is_missing_reads_as_empty(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("a\n1\n", "utf-8")
    (row,) = read_csv(file, ("a",), Problems(), optional=("b",))
    assert row["b"] == ""


@given(
    cells=st.lists(
        st.lists(
            st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=12)
            .map(lambda t: f"x{t}x"),
            min_size=3, max_size=3,
        ),
        min_size=1, max_size=5,
    ),
    separator=st.sampled_from(",;"),
)  # fmt: skip
def test_whatever_a_spreadsheet_writes_is_read_back(tmp_path_factory, cells, separator):
    import csv
    import io

    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=separator)
    writer.writerow(["one", "two", "three"])
    writer.writerows(cells)
    file = tmp_path_factory.mktemp("table") / "t.csv"
    file.write_bytes(stream.getvalue().encode("utf-8-sig"))
    rows = read_csv(file, ("one", "two", "three"), Problems())
    assert [[r["one"], r["two"], r["three"]] for r in rows] == cells


# ---- errors and outcomes


def test_exit_codes_are_those_of_the_contract():
    assert {e.name: int(e) for e in Exit} == {
        "DONE": 0, "FINDINGS": 1, "INPUT": 2, "ENVIRONMENT": 3, "INTERNAL": 4, "INTERRUPTED": 130,
    }  # fmt: skip


def test_a_problem_tells_place_rule_and_remedy_in_that_order():
    problem = Problem("wrong", "file:3", "the rule", "the remedy")
    assert problem.lines() == ["file:3: wrong", "  rule: the rule", "  remedy: the remedy"]
    assert Problem("wrong").lines() == ["wrong"]


def test_an_error_outweighs_a_failure_and_what_does_not_apply_outweighs_nothing():
    assert {o.value for o in Outcome} == {
        "pass", "fail", "error", "skip", "omit", "not-assessed",
    }  # fmt: skip
    assert summary_outcome([]) is Outcome.OMIT
    assert summary_outcome([Outcome.OMIT, Outcome.PASS]) is Outcome.PASS
    assert summary_outcome([Outcome.PASS, Outcome.SKIP]) is Outcome.SKIP
    assert summary_outcome([Outcome.FAIL, Outcome.ERROR, Outcome.PASS]) is Outcome.ERROR
    assert Report((Result("x", Outcome.FAIL),)).outcome is Outcome.FAIL


def test_files_of_an_outbox_appear_together_when_the_block_ends(tmp_path):
    with Outbox(tmp_path / "out") as outbox:
        first = outbox.add("one", "ein")
        second = outbox.add("sub/two", b"zwei")
        assert not (tmp_path / "out").exists()
    assert first.read_text("utf-8") == "ein"
    assert second.read_bytes() == b"zwei"


def test_a_problem_list_without_problems_stops_nothing():
    problems = Problems()
    problems.stop()
    with problems.gather():
        raise InputError("told")
    with pytest.raises(InputError, match="told"):
        problems.stop()
