"""The catalogue against the audited rows and against the Official Journal text."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from pathlib import Path

import pytest

import data
from data.loaders import structure
from data.loaders.catalogue import Obligation, catalogue
from tests.builders import read_rows
from tests.data.regulation import Address, Regulation, expand, read

GENERAL, GROUP_1, GROUP_2 = dt.date(2027, 3, 26), dt.date(2029, 3, 26), dt.date(2031, 3, 26)
THIRD_COUNTRIES = dt.date(2035, 3, 26)
GROUPED_ARTICLES = {*range(3, 16), 25, 26, 27, 47, 48, 49}
"""Art 105 third paragraph, besides Article 23(2) to (6)."""
EARLY = {"55(6)", "70", "73(5)", "75(1)", "75(12)", "77(4)", "78(6)"}
"""The parts of Chapter IV that apply from 26 March 2027 (Art 105 fifth paragraph)."""
ANNEX_I_GROUPS = {"1": GROUP_1, "2": GROUP_1, "3": GROUP_1,
                  "4": GROUP_2, "5": GROUP_2, "6": GROUP_2}  # fmt: skip


@pytest.fixture(scope="module")
def law(oracles: Path) -> Regulation:
    return read(oracles / "regulation" / "oj-l-2025-327-en.txt")


@pytest.fixture(scope="module")
def audited(reference: Path) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads((reference / "ehds_rows.json").read_text("utf-8"))
    return rows


def obligations() -> list[Obligation]:
    return list(catalogue().obligations.values())


# ---- against the audited rows


def test_the_catalogue_has_all_526_rows_in_the_audited_proportions():
    """reference/ehds.md parts 2 to 6: 394 duties, 51 Commission tasks, 33 options, 22 bans..."""
    assert len(catalogue()) == 526
    assert Counter(o.modality for o in obligations()) == {
        "S": 394, "C": 51, "O": 33, "X": 22, "R": 20, "L": 5, "N": 1,
    }  # fmt: skip


def test_ids_and_order_are_those_of_the_audited_rows(audited):
    assert [o.id for o in obligations()] == [row["id"] for row in audited]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("ref", "ref"), ("mod", "modality"), ("actor", "actors"), ("scope", "scopes"),
     ("evidence", "evidence_en")],
)  # fmt: skip
def test_a_field_agrees_with_the_audited_rows(audited, theirs, ours):
    differing = []
    for row in audited:
        mine = getattr(catalogue().obligations[row["id"]], ours)
        if (list(mine) if isinstance(mine, tuple) else mine) != row[theirs]:
            differing.append((row["id"], row[theirs], mine))
    assert differing == []


def test_the_english_text_is_the_audited_text_without_its_internal_pointers(audited):
    """E16.2 points to a part of the fact base there; a reader of the catalogue has no such part."""
    differing = [
        row["id"]
        for row in audited
        if catalogue().obligations[row["id"]].obligation_en != row["obligation"]
    ]
    assert differing == ["E16.2"]
    assert "part 8" not in catalogue().obligations["E16.2"].obligation_en


def test_the_date_rule_is_the_audited_one_and_a_date_in_the_cell_is_kept(audited):
    differing = []
    for row in audited:
        o = catalogue().obligations[row["id"]]
        expected = row["date"] if o.date_rule != "PROV" else o.eu_date.isoformat()
        if row["date"] != (o.date_rule if o.date_rule != "PROV" else expected):
            differing.append((row["id"], row["date"], o.date_rule, o.eu_date))
    assert differing == []


# ---- against the Official Journal


def test_the_reader_of_the_journal_finds_all_articles_and_annexes(law):
    assert len(law.texts) == 105 + 4
    assert ("15", "4") in law.addresses
    assert ("15", "5") not in law.addresses
    assert ("8", "par 4") in law.addresses
    assert ("8", "par 5") not in law.addresses
    assert ("Annex I", "1", "18") in law.addresses
    assert ("Annex II", "3.2", "e") in law.addresses


@pytest.mark.oracle
def test_every_place_that_a_reference_names_exists_in_the_law(law):
    missing: list[tuple[str, str, Address]] = []
    for o in obligations():
        if o.modality == "N":
            continue
        places = expand(o.ref)
        assert places, o.ref
        missing += [(o.id, o.ref, p) for p in places if p not in law.addresses]
    assert missing == []


@pytest.mark.oracle
def test_unnumbered_paragraphs_are_cited_as_paragraphs(law):
    """An article whose paragraphs bear no numbers cannot be cited as «Art 8(1)»."""
    unnumbered = {name for name in law.texts if (name, "par 1") in law.addresses}
    wrong = [
        o.ref for o in obligations()
        if any(p[0] in unnumbered and len(p) > 1 and p[1].isdecimal()
               for p in (expand(o.ref) if o.modality != "N" else []))
        and not o.ref.startswith("Annex")
    ]  # fmt: skip
    assert wrong == []


@pytest.mark.oracle
def test_a_date_set_in_a_provision_stands_in_that_provision(law):
    for o in obligations():
        if o.date_rule == "PROV" and not o.ref.startswith(tuple(f"Art {n}" for n in EARLY)):
            article = expand(o.ref)[0][0]
            day = f"{o.eu_date.day} {o.eu_date:%B} {o.eu_date.year}"
            assert day in law.texts[article], f"{o.id}: {day} is not in Article {article}"


@pytest.mark.oracle
def test_the_dates_of_article_105_stand_in_article_105(law):
    text = law.texts["105"]
    for day in ("26 March 2027", "26 March 2029", "26 March 2031", "26 March 2035"):
        assert day in text
    assert "26 March 2034" not in text
    assert "twentieth day following that of its publication" in text
    assert "25 March 2025" in law.texts["97"]
    assert "25 March 2025" in law.texts["102"]


@pytest.mark.oracle
def test_articles_have_the_chapter_that_the_journal_gives_them(oracles):
    chapter, found = "", {}
    for line in (oracles / "regulation" / "oj-l-2025-327-en.txt").read_text("utf-8").splitlines():
        words = line.split()
        if len(words) == 2 and words[0] == "CHAPTER":
            chapter = words[1]
        elif len(words) == 2 and words[0] == "Article" and words[1].isdecimal() and chapter:
            found[words[1]] = chapter
    assert {number: row["part"] for number, row in structure.articles().items()} == found


# ---- dates by the words of Article 105


def _article(o: Obligation) -> int:
    return int(expand(o.ref)[0][0])


def _annex(o: Obligation) -> bool:
    return o.ref.startswith(("Annex", "D5.1"))


def _provision(o: Obligation) -> str:
    return o.ref.removeprefix("Art ").split(" ")[0]


def test_rows_of_the_deferred_articles_have_the_dates_of_the_two_groups():
    for o in obligations():
        if _annex(o) or o.date_rule == "PROV":
            continue
        here = _article(o)
        in_23 = here == 23 and _provision(o)[:5] in {f"23({n})" for n in range(2, 7)}
        if here in GROUPED_ARTICLES or in_23:
            if o.id == "E26.2":
                # Art 105 fourth paragraph speaks of the systems of Art 26(2) themselves.
                assert o.eu_date == GROUP_2
                continue
            assert (o.eu_date, o.eu_date_group_2) == (GROUP_1, GROUP_2), o.id
        else:
            assert o.eu_date_group_2 is None, o.id


def test_rows_of_chapter_iv_apply_from_2029_but_for_the_named_exceptions():
    later = {f"51(1)({letter})" for letter in "bfgmp"}
    for o in obligations():
        if _annex(o) or not 50 <= _article(o) <= 81:
            continue
        if _provision(o) in EARLY:
            assert o.eu_date == GENERAL, o.id
        elif _provision(o) in later:
            assert o.eu_date == GROUP_2, o.id
        elif _provision(o) == "75(5)":
            assert o.eu_date == THIRD_COUNTRIES, o.id
        elif o.date_rule != "PROV":
            assert o.eu_date == GROUP_1, o.id


def test_everything_else_applies_from_26_march_2027():
    for o in obligations():
        if _annex(o) or o.date_rule == "PROV" or 50 <= _article(o) <= 81:
            continue
        if _article(o) not in GROUPED_ARTICLES and not o.eu_date_group_2:
            assert o.eu_date == GENERAL, o.id


def test_annex_i_follows_the_date_group_of_its_category():
    for o in obligations():
        if o.ref.startswith("Annex I("):
            assert o.eu_date == ANNEX_I_GROUPS[o.ref[len("Annex I(")]], o.id


def test_only_rows_on_ehr_systems_have_the_later_date_for_in_house_systems():
    """Art 105 fourth paragraph: Chapter III for systems under Art 26(2) from 26 March 2031."""
    for o in obligations():
        product = o.part == "III" or o.part in {"Annex II", "Annex III", "Annex IV"}
        assert o.eu_date_in_house in (None, GROUP_2), o.id
        if not product:
            assert o.eu_date_in_house is None, o.id
        elif o.date_rule in {"TG", "T27c"}:
            assert o.eu_date_in_house == GROUP_2, o.id


def test_eea_and_national_dates_are_empty_until_they_are_known():
    """The regulation is not incorporated in the EEA Agreement; no date may be invented."""
    assert [o.id for o in obligations() if o.eea_date or o.national_date] == []


# ---- languages and structure


def test_every_row_stands_in_both_languages_and_they_differ():
    for o in obligations():
        for name in ("title", "obligation", "evidence"):
            nb, en = o.text(name, "nb"), o.text(name, "en")
            assert nb, o.id
            assert en, o.id
        assert o.obligation_nb != o.obligation_en, o.id


def test_every_act_timeline_row_and_xtehr_id_stands_in_both_languages():
    for table in ("acts", "timeline", "xtehr", "parts", "articles"):
        for row in read_rows(data.path("catalogue", f"{table}.csv")):
            for column in row:
                if column.endswith(("_nb", "_en")):
                    assert row[column].strip(), f"{table}: {column} of {next(iter(row.values()))}"


def test_the_timeline_holds_every_date_of_article_105_in_order():
    days = [row["date"] for row in structure.timeline()]
    assert days == sorted(days)
    for day in ("2025-03-25", "2027-03-26", "2029-03-26", "2031-03-26", "2035-03-26"):
        assert day in days
    assert "2034-03-26" not in days


def test_a_commission_row_is_no_gap_and_waits_for_no_act_of_its_own():
    for o in obligations():
        if o.modality == "C":
            assert not o.binding, o.id
            assert not o.gate, o.id


def test_gates_are_the_must_pass_rows_that_the_fact_base_names():
    """reference/ehds.md 10.4 names the candidates."""
    named = {"E05.3", "E08.3", "E11.5a", "E12.2", "X2.3.1", "X2.3.2", "E18.2", "E61.3",
             *(f"E73.1{letter}" for letter in "abcdef")}  # fmt: skip
    assert {o.id for o in obligations() if o.gate} == named
    assert all(catalogue().obligations[gate].binding for gate in named)


def test_the_numbers_of_the_law_stand_as_durations_on_their_rows():
    """reference/ehds.md 12.4."""
    expected = {
        "E09.2b": "P3Y", "E30.3a": "P10Y", "E39.4": "P10Y", "E35.1": "P10Y", "E37.4a": "P30D",
        "E44.7b": "P3D", "E45.4": "P3M", "E47.5": "P3Y", "E20.1": "P2Y", "E59.1": "P2Y",
        "E60.2": "P3M P3M", "E60.3b": "P1Y", "E61.4a": "P18M", "E63.1": "P4W P5Y",
        "E68.4": "P3M P4W P3M", "E68.6": "P2M P1M", "E68.7": "P2M", "E68.12": "P10Y P10Y P6M",
        "E69.1": "P3M P3M", "E72.5": "P2M P2M", "E73.1e": "P1Y",
    }  # fmt: skip
    assert {i: catalogue().obligations[i].threshold for i in expected} == expected


def test_a_row_that_depends_on_an_option_names_a_national_option():
    rows = catalogue().obligations
    for o in rows.values():
        if o.if_option:
            assert rows[o.if_option].modality == "O", o.id


def test_an_obligation_that_an_option_switches_on_is_named():
    """reference/ehds.md 12.2: E10.1 -> E10.2a; E71.4."""
    rows = catalogue().obligations
    assert rows["E10.2a"].if_option == "E10.1"
    assert rows["E10.1b"].if_option == "E10.1"
    assert rows["E71.4b"].if_option == "E71.4"
