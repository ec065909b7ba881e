"""What people write in a workbook comes back as they meant it, or is told with its cell."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import InputError, Problem
from data.loaders.catalogue import catalogue
from gap.applicability import cell_categories
from gap.worksheet import fields
from gap.worksheet.plan import Kind
from tests.gap.worksheets import DAY, FULL, GROUND, Filled, applied, base, exported, prepare, said


def problems(*files: Path, **rest: Any) -> list[Problem]:
    with pytest.raises(InputError) as caught:
        prepare(*files, **rest)
    return list(caught.value.problems)


def row_of(filled: Filled, row: int) -> tuple[str, str, tuple[str, ...]]:
    """Return the key of the finding that a row makes."""
    categories = filled.get(row, "categories") or ""
    return (filled.get(row, "key.system"), filled.get(row, "key.obligation"),
            tuple(categories.split()))  # fmt: skip


@pytest.mark.parametrize("lang", ["nb", "en"])
@pytest.mark.parametrize("chosen", [
    {"names": ("kjernejournal",)}, {"region": "vest", "names": ()}, {"names": ("ehds-arbeidet",)},
    {"theme": "Annex II", "names": ()}, {"theme": "b", "names": ()},
], ids=str)  # fmt: skip
def test_a_workbook_that_nobody_touched_changes_nothing(tmp_path, lang, chosen):
    file = tmp_path / "a.xlsx"
    file.write_bytes(exported(**chosen, lang=lang))
    found = prepare(file)
    assert found.files[0].page.lines
    assert found.files[0].edits == ()
    assert found.files[0].notices == ()
    assert found.plan.changes == []


def test_a_new_finding_is_added_and_everything_else_stays_letter_by_letter(tmp_path):
    filled = Filled()
    row = filled.open_row()
    filled.set(row, **FULL).by("Kari Nordmann")
    key = row_of(filled, row)
    after = said(applied(filled.save(tmp_path), folder=tmp_path / "mine", who=""))
    assert after.pop(key) == {
        "categories": " ".join(key[2]), "status": "partial", "level": "2", "grade": "documented",
        "basis": "stated", "source": "ref-norway", "section": "8.1", "date": "2026-11-20",
        "planned_date": "2028", "comment_nb": "Kilden viser en del",
        "comment_en": "The source shows a part",
    }  # fmt: skip
    assert after == base()
    log = (tmp_path / "mine" / "changes.csv").read_text("utf-8").splitlines()
    assert log[0].startswith("when,who,file,sha256,change,system,obligation")
    assert all(line.startswith("2026-11-22,Kari Nordmann,a.xlsx,") for line in log[1:])
    assert len(log) - 1 == sum(bool(v) for v in {**FULL, "categories": " ".join(key[2])}.values())


def test_a_changed_cell_changes_that_field_alone(tmp_path):
    filled = Filled()
    row = filled.found_row()
    key = row_of(filled, row)
    filled.set(row, comment_nb="Noe annet")
    found = prepare(filled.save(tmp_path))
    assert [c.kind for c in found.plan.changes] == [Kind.CHANGED]
    old = base()[key]["comment_nb"]
    assert found.plan.changes[0].differences() == [("comment_nb", old, "Noe annet")]
    after = said(applied(filled.save(tmp_path), folder=tmp_path / "mine"))
    assert after == {**base(), key: {**base()[key], "comment_nb": "Noe annet"}}


def test_not_assessed_takes_a_finding_out_and_an_emptied_row_does_not(tmp_path):
    filled = Filled()
    row = filled.found_row()
    key = row_of(filled, row)
    filled.set(row, status="ikke vurdert")
    after = said(applied(filled.save(tmp_path), folder=tmp_path / "mine"))
    assert after == {k: v for k, v in base().items() if k != key}
    filled.set(row, **dict.fromkeys(fields.INPUTS))
    (problem,) = problems(filled.save(tmp_path))
    assert problem.where == filled.at(row, "status")
    assert "takes nothing out" in problem.rule


def test_a_deleted_row_is_told_and_means_nothing(tmp_path):
    filled = Filled()
    row = filled.found_row()
    obligation = filled.get(row, "key.obligation")
    filled.sheet.delete_rows(row)
    found = prepare(filled.save(tmp_path))
    assert found.plan.changes == []
    (notice,) = found.files[0].notices
    assert f"kjernejournal {obligation}" in notice
    assert "stay as they are" in notice


def test_rows_that_were_sorted_or_hidden_carry_their_keys(tmp_path):
    filled = Filled()
    row = filled.open_row(3)
    filled.set(row, **FULL)
    key = row_of(filled, row)
    block = [[c.value for c in filled.sheet[r]] for r in filled.rows()]
    random.Random(1).shuffle(block)
    for number, values in zip(list(filled.rows()), block, strict=True):
        for column, value in enumerate(values, 1):
            filled.sheet.cell(number, column).value = value
        filled.sheet.row_dimensions[number].hidden = number % 2 == 0
    found = prepare(filled.save(tmp_path))
    assert [(c.system, c.obligation) for c in found.plan.changes] == [key[:2]]
    assert found.files[0].notices == ()


def test_columns_sorted_apart_are_seen(tmp_path):
    filled = Filled()
    rows = list(filled.rows())
    first, second = rows[0], rows[5]
    one, other = filled.get(first, "obligation"), filled.get(second, "obligation")
    filled.set(first, obligation=other).set(second, obligation=one)
    found = problems(filled.save(tmp_path))
    assert [p.where for p in found] == [f"[a.xlsx]Vurdering!{r}:{r}" for r in (first, second)]
    assert all("sorted" in p.rule for p in found)


def test_a_copied_row_is_an_error_that_names_both(tmp_path):
    filled = Filled()
    row, spare = filled.open_row(), filled.spare()
    for column in range(1, filled.sheet.max_column + 1):
        filled.sheet.cell(spare, column).value = filled.sheet.cell(row, column).value
    (problem,) = problems(filled.save(tmp_path))
    assert problem.where == f"[a.xlsx]Vurdering!{spare}:{spare}"
    assert f"!{row}:{row}" in problem.remedy


def test_an_empty_row_at_the_end_takes_a_finding_on_other_categories(tmp_path):
    filled = Filled()
    row = next(r for r in filled.rows() if not filled.get(r, "status")
               and len(_allowed(filled, r)) > 2)  # fmt: skip
    system, obligation = "kjernejournal", filled.get(row, "key.obligation")
    first, *others = _allowed(filled, row)
    filled.set(row, **{**FULL, "categories": first})
    filled.set(
        filled.spare(),
        **{**FULL, "status": "oppfylt", "level": "3"},
        system="Kjernejournal",
        obligation=obligation,
        categories=", ".join(others),
    )
    after = said(applied(filled.save(tmp_path), folder=tmp_path / "mine"))
    assert after[system, obligation, (first,)]["status"] == "partial"
    assert after[system, obligation, tuple(sorted(others))]["status"] == "met"
    filled.set(filled.spare(1), **{**FULL, "categories": first}, system=system,
               obligation=obligation)  # fmt: skip
    (problem,) = problems(filled.save(tmp_path))
    assert "second finding" in problem.what


def _allowed(filled: Filled, row: int) -> tuple[str, ...]:
    obligation = catalogue().obligations[filled.get(row, "key.obligation")]
    return cell_categories(obligation, GROUND.systems[filled.get(row, "key.system")])


# ---- what a cell may say

TAKEN = [
    ("level", "2", "2"), ("level", 2.0, "2"), ("level", "2,0", "2"), ("level", "\u00a02 ", "2"),
    ("status", "DELVIS  oppfylt ", "partial"), ("status", "partly\u00a0met", "partial"),
    ("status", "partial", "partial"), ("grade", "Tested", "tested"),
    ("basis", "vår slutning", "inferred"),
    ("date", DAY, "2026-11-22"), ("date", "2026-11-19", "2026-11-19"),
    ("date", "19.11.2026", "2026-11-19"), ("date", 46345, "2026-11-19"),
    ("date", "1.9.2026\u00a0", "2026-09-01"),
    ("planned_date", 2027, "2027"), ("planned_date", "2027-h1", "2027-H1"),
    ("planned_date", dt.date(2027, 6, 30), "2027-06-30"),
    ("planned_date", "30.06.2027", "2027-06-30"),
    ("section", 8, "8"), ("comment_nb", "  Med\u00a0fast mellomrom \n", "Med fast mellomrom"),
    ("comment_en", "-1 is below", "-1 is below"), ("comment_en", "a\r\nb", "a\nb"),
    ("source", "ref-norway ; ref-ehds", "ref-norway ; ref-ehds"),
]  # fmt: skip
REFUSED = [
    ("level", 4), ("level", "2,5"), ("level", "tre"), ("level", DAY),
    ("level", True), ("level", 3), ("level", None), ("level", -1), ("level", "1e3"),
    ("status", "kanskje"), ("status", "tatt i bruk"), ("status", None), ("status", 1),
    ("grade", "sikkert"), ("grade", None), ("basis", "gjetning"), ("basis", None),
    ("source", "en rapport"), ("source", None), ("section", None), ("section", 4.1),
    ("section", DAY), ("date", None), ("date", "i går"), ("date", 2027),
    ("date", "2026-13-01"), ("date", dt.date(2027, 1, 1)), ("date", "31.02.2026"),
    ("planned_date", "snart"), ("planned_date", "jun.27"), ("planned_date", 12),
    ("comment_nb", None), ("comment_en", None), ("comment_en", "x" * 5001), ("comment_nb", False),
    ("comment_nb", "@SUM(A1)"), ("categories", "z"), ("categories", "d"), ("status", "=A1"),
    ("comment_nb", '=HYPERLINK("x")'), ("level", "=1+1"), ("date", "=TODAY()"),
    ("comment_en", "#N/A"),
]  # fmt: skip


@pytest.mark.parametrize(("column", "value", "meant"), TAKEN)
def test_a_value_is_taken_in_the_ways_people_and_spreadsheets_write_it(
    tmp_path, column, value, meant
):
    filled = Filled(exported(theme="Annex II"))
    row = filled.open_row()
    filled.set(row, **{**FULL, column: value})
    (change,) = prepare(filled.save(tmp_path)).plan.changes
    assert change.new is not None
    assert change.new[column] == meant


def test_a_month_that_the_spreadsheet_made_a_date_of_stays_a_month(tmp_path):
    filled = Filled(exported(theme="Annex II"))
    row = filled.open_row()
    filled.set(row, **{**FULL, "planned_date": dt.date(2027, 6, 1)})
    filled.sheet.cell(row, filled.columns["planned_date"]).number_format = "mmm\\-yy"
    (change,) = prepare(filled.save(tmp_path)).plan.changes
    assert change.new is not None
    assert change.new["planned_date"] == "2027-06"


@pytest.mark.parametrize(("column", "value"), REFUSED)
def test_a_wrong_value_is_told_with_its_cell_rule_or_remedy(tmp_path, column, value):
    filled = Filled(exported(theme="Annex II"))
    row = filled.open_row()
    filled.set(row, **{**FULL, column: value})
    found = problems(filled.save(tmp_path))
    assert {p.where for p in found} <= {filled.at(row, column), filled.at(row, "level")}
    assert filled.at(row, column) in {p.where for p in found}
    assert all(p.rule or p.remedy for p in found)
    assert not any("Traceback" in p.what for p in found)


def test_all_problems_of_all_files_come_at_once(tmp_path):
    wanted = set()
    files = []
    for name in ("a.xlsx", "b.xlsx"):
        filled = Filled()
        one, other = filled.open_row(1), filled.open_row(2)
        filled.set(one, **{**FULL, "level": 7, "grade": "?"}).set(other, **{**FULL, "date": "?"})
        files.append(filled.save(tmp_path, name))
        wanted |= {filled.at(one, "level", name), filled.at(one, "grade", name),
                   filled.at(other, "date", name)}  # fmt: skip
    assert {p.where for p in problems(*files)} == wanted


def test_national_options_have_words_of_their_own_and_no_level(tmp_path):
    filled = Filled()
    row = next(
        r for r in filled.rows()
        if catalogue().obligations[filled.get(r, "key.obligation")].modality == "O"
        and not filled.get(r, "status")
    )  # fmt: skip
    filled.set(row, **FULL)
    assert filled.at(row, "status") in {p.where for p in problems(filled.save(tmp_path))}
    filled.set(row, status="ikke avgjort")
    assert [p.where for p in problems(filled.save(tmp_path))] == [filled.at(row, "level")]
    filled.set(row, level=None)
    (change,) = prepare(filled.save(tmp_path)).plan.changes
    assert change.new is not None
    assert (change.new["status"], change.new["level"]) == ("undecided", "")


# ---- many at once

WORDS = ("Kilden", "viser", "en\u00a0del", "æøå", "100 %", "«sitat»", "a;b,c", 'hermetegn "', "–")


def _valid(random_: random.Random, filled: Filled, row: int) -> dict[str, Any]:
    status, level = random_.choice([("oppfylt", 3), ("delvis oppfylt", 1), ("partly met", "2"),
                                    ("not-met", 0), ("IKKE OPPFYLT", "0,0")])  # fmt: skip
    allowed = _allowed(filled, row)
    keep = filled.get(row, "key.categories") or ""
    whole = keep or (" ".join(random_.sample(allowed, random_.randint(1, len(allowed))))
                     if allowed and random_.random() < 0.3 else "")  # fmt: skip
    day = dt.date(2026, 11, 22) - dt.timedelta(days=random_.randint(0, 300))
    return {
        "categories": whole or None, "status": status, "level": level,
        "grade": random_.choice(["påstått", "documented", "Tested"]),
        "basis": random_.choice(["stated", "vår slutning"]),
        "source": random_.choice(["ref-norway", "ref-ehds; ref-norway"]),
        "section": f"del {random_.randint(1, 99)}",
        "date": random_.choice([day, day.isoformat(), f"{day:%d.%m.%Y}"]),
        "planned_date": random_.choice([None, "2028", "2027-H1", "2029-Q2", dt.date(2028, 3, 1)]),
        "comment_nb": " ".join(random_.choices(WORDS, k=6)),
        "comment_en": " ".join(random_.choices(WORDS, k=6)),
    }  # fmt: skip


def test_three_hundred_random_edits_are_all_reported_or_all_applied(tmp_path):
    random_ = random.Random(20261122)
    names = ("kjernejournal", "sysvak", "reseptformidleren")
    filled = Filled(exported(names))
    known = catalogue().obligations
    duties = [r for r in filled.rows() if known[filled.get(r, "key.obligation")].modality != "O"]
    chosen = random_.sample(duties, 300)
    bad = random_.sample(chosen, 100)
    wrong: dict[str, tuple[int, str, Any]] = {}
    meant: dict[int, dict[str, Any]] = {}
    for row in chosen:
        meant[row] = _valid(random_, filled, row)
        filled.set(row, **meant[row])
    kinds = [(c, v) for c, v in REFUSED if (c, v) not in (("level", 3), ("categories", "d"))]
    for row in bad:
        column, value = random_.choice(kinds)
        wrong[filled.at(row, column)] = (row, column, value)
        filled.set(row, **{column: value})
    found = problems(filled.save(tmp_path))
    assert {p.where for p in found} == set(wrong)
    for row, column, _ in wrong.values():
        filled.set(row, **{column: meant[row][column]})
    plan = prepare(filled.save(tmp_path)).plan
    assert len(plan.changes) == 300
    touched = {row_of(filled, r)[:2] for r in chosen}
    assert {(c.system, c.obligation) for c in plan.changes} == touched
    after = said(applied(filled.save(tmp_path), folder=tmp_path / "mine"))
    for row in chosen:
        system, obligation, categories = row_of(filled, row)
        got = after[system, obligation, tuple(sorted(categories))]
        assert got["section"] == meant[row]["section"]
        assert got["comment_nb"] == fields.canonical(meant[row]["comment_nb"])
        assert got["level"] == str(meant[row]["level"])[0]
    rest = {k: v for k, v in after.items() if k[:2] not in touched}
    assert rest == {k: v for k, v in base().items() if k[:2] not in touched}
    again = prepare(filled.save(tmp_path), folder=tmp_path / "mine")
    assert again.plan.changes == []
    assert again.plan.agreed == 300
    assert again.plan.undecided == 0


@given(st.text())
def test_one_form_of_a_text_is_its_own_form(text):
    once = fields.canonical(text)
    assert fields.canonical(once) == once
    assert fields.canonical(f"\u00a0{text} \r\n") == once


@given(st.dictionaries(st.sampled_from(fields.INPUTS), st.text(max_size=20)), st.data())
def test_the_hash_of_a_row_tells_any_field_from_another(inputs, data):
    whole = {**fields.blank(()), **inputs}
    name = data.draw(st.sampled_from(fields.INPUTS))
    other = {**whole, name: data.draw(st.text(max_size=20))}
    args = ("s", "o", ("a",))
    equal = fields.ground(*args, whole, "1") == fields.ground(*args, other, "1")
    assert equal == fields.same(whole, other)
    assert fields.ground(*args, whole, "1") != fields.ground(*args, whole, "2")
