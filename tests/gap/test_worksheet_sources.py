"""New documents come back with the workbook that rests on them, or are told with their cells."""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from data.errors import InputError, Problem
from data.loaders.sources import COLUMNS, sources
from gap.analysis import Analysis
from gap.explain import explain
from gap.judgement import Judgement
from gap.schemes import scheme
from gap.worksheet import fields, selection
from reports.assessment_book import build
from reports.texts import Texts
from reports.words import explanation
from reports.workbook import definitions
from reports.workbook.book import Book
from tests.gap.worksheets import DAY, FULL, GROUND, Filled, applied, base, exported, prepare, said

SMALL = {"theme": "Annex II"}
SHEET = "Nye kilder"
DOCUMENT: dict[str, Any] = {
    "id": "kartlegging-vest-2026", "title_nb": "Kartlegging 2026", "title_en": "Survey 2026",
    "publisher": "Helse Vest", "date": dt.date(2026, 9, 1), "date_note_nb": None,
    "date_note_en": None, "where": "Sak 2026/1",
}  # fmt: skip


def register(filled: Filled, *documents: dict[str, Any]) -> Filled:
    """Write documents into the sheet of new sources, as a person would."""
    sheet = filled.book[SHEET]
    for row, document in enumerate(documents, start=6):
        for column, name in enumerate(COLUMNS, start=1):
            sheet.cell(row, column).value = document[name]
    return filled


def workbook(*documents: dict[str, Any], source: str = DOCUMENT["id"]) -> Filled:
    """Return a workbook with documents and a finding that rests on one."""
    filled = Filled(exported(**SMALL))
    filled.set(filled.open_row(), **{**FULL, "source": source})
    return register(filled, *documents)


def problems(*files: Path) -> list[Problem]:
    with pytest.raises(InputError) as caught:
        prepare(*files)
    return list(caught.value.problems)


def test_a_document_is_registered_and_the_finding_rests_on_it(tmp_path):
    filled = workbook(DOCUMENT)
    file = filled.by("Kari Nordmann").save(tmp_path)
    plan = prepare(file).plan
    assert [new.source.id for new in plan.sources] == [DOCUMENT["id"]]
    assert plan.sources[0].where == ("[a.xlsx]'Nye kilder'!6:6",)
    mine = tmp_path / "mine"
    after = applied(file, folder=mine, who="")
    assert [s.publisher for s in after.sources] == ["Helse Vest"]
    (new,) = [f for f in after.findings if f.documents]
    assert new.source == DOCUMENT["id"]
    assert {k: v for k, v in said(after).items() if k != new.key} == base()
    with (mine / "changes.csv").open(encoding="utf-8", newline="") as stream:
        log = list(csv.DictReader(stream))
    assert (log[0]["who"], log[0]["field"], log[0]["new"]) == ("Kari Nordmann", "source",
                                                               DOCUMENT["id"])  # fmt: skip
    again = prepare(file, folder=mine).plan
    assert (again.changes, again.sources, again.agreed) == ([], [], 1)


def test_a_document_alone_is_a_change_too(tmp_path):
    file = register(Filled(exported(**SMALL)), DOCUMENT).save(tmp_path)
    assert prepare(file).plan.writes == 1
    after = applied(file, folder=tmp_path / "mine")
    assert [s.id for s in after.sources] == [DOCUMENT["id"]]
    assert said(after) == base()
    filled = Filled(exported(**SMALL))
    filled.set(filled.open_row(), **{**FULL, "source": DOCUMENT["id"]})
    later = applied(filled.save(tmp_path), folder=tmp_path / "mine")
    assert [s.id for s in later.sources] == [DOCUMENT["id"]]
    assert sum(bool(f.documents) for f in later.findings) == 1


def test_what_was_registered_is_shown_like_any_other_source(tmp_path):
    after = applied(workbook(DOCUMENT).save(tmp_path), folder=tmp_path / "mine")
    (new,) = [f for f in after.findings if f.documents]
    j = Judgement(GROUND.catalogue, GROUND.systems, after, DAY)
    told = explanation(explain(j, new.system, new.obligation, scheme("level")), Texts("en"))
    assert any("Survey 2026" in line for line in told)
    chosen = selection.choose(j, [new.system], "", "Annex II")
    filled = Filled(build(j, selection.rows(j, chosen), chosen, Texts("nb")))
    shown = {c.value for row in filled.book["Kilder"].iter_rows() for c in row}
    assert {DOCUMENT["id"], "Kartlegging 2026", "Helse Vest"} <= shown
    assert not any(c.value for c in filled.book[SHEET][6][:8])
    assert prepare(filled.save(tmp_path, "b.xlsx"), folder=tmp_path / "mine").plan.writes == 0
    assert {DOCUMENT["id"], "Kartlegging 2026"} <= _defined(Analysis(j, scheme("level")))


def _defined(analysis: Analysis) -> set[object]:
    """Return what the sheet of definitions of the overview says."""
    stream = io.BytesIO()
    book = Book(xlsxwriter.Workbook(stream), analysis, Texts("nb"))
    book.add(book.t("sheet.definitions"))
    definitions.write(book)
    book.workbook.close()
    (sheet,) = openpyxl.load_workbook(stream).worksheets
    return {c for row in sheet.iter_rows(values_only=True) for c in row}


@pytest.mark.parametrize(("column", "value", "about"), [
    ("id", None, "empty"), ("id", "Kartlegging vest", "no id"), ("id", "ref-norway", "another"),
    ("id", 2026.5, "number"), ("title_en", None, "empty"), ("publisher", "=A1", "formula"),
    ("where", None, "empty"), ("date", "i fjor", "i fjor"), ("date", None, "empty"),
    ("date", 12, "the day 1900-01-12"), ("date_note_nb", "Uten dag", "date_note_en"),
])  # fmt: skip
def test_a_wrong_cell_is_told_with_its_address_and_once(tmp_path, column, value, about):
    document = {**DOCUMENT, column: value}
    source = document["id"] if isinstance(document["id"], str) else "ref-norway"
    filled = workbook(document, source=source if " " not in source else "ref-norway")
    (problem,) = problems(filled.save(tmp_path))
    where = "date_note_en" if column == "date_note_nb" else column
    assert problem.where == f"[a.xlsx]'Nye kilder'!{'ABCDEFGH'[COLUMNS.index(where)]}6"
    assert about in problem.what


def test_a_wrong_document_and_a_wrong_finding_are_told_together(tmp_path):
    filled = workbook({**DOCUMENT, "publisher": None})
    row = filled.open_row(2)
    filled.set(row, **{**FULL, "source": "rykte"})
    found = problems(filled.save(tmp_path))
    assert {p.where for p in found} == {"[a.xlsx]'Nye kilder'!D6", filled.at(row, "source")}


def test_two_assessors_may_register_the_same_document_but_not_two_of_one_id(tmp_path):
    one = workbook(DOCUMENT).save(tmp_path, "one.xlsx")
    two = register(Filled(exported(**SMALL)), DOCUMENT).save(tmp_path, "two.xlsx")
    (new,) = prepare(one, two).plan.sources
    assert len(new.where) == 2
    other = {**DOCUMENT, "publisher": "Helse Nord"}
    two = register(Filled(exported(**SMALL)), other).save(tmp_path, "two.xlsx")
    (problem,) = problems(one, two)
    assert problem.where == "[two.xlsx]'Nye kilder'!A6"
    assert "Helse Vest" in problem.what


def test_the_finding_is_not_older_than_the_new_document(tmp_path):
    filled = workbook({**DOCUMENT, "date": dt.date(2026, 11, 21)})
    (row,) = [r for r in filled.rows() if filled.get(r, "source") == DOCUMENT["id"]]
    (problem,) = problems(filled.save(tmp_path))
    assert problem.where == filled.at(row, "date")
    assert f"lies before the source {DOCUMENT['id']}" in problem.what


def test_the_sheet_may_be_missing_but_not_halved_or_doubled(tmp_path):
    filled = Filled(exported(**SMALL))
    del filled.book[SHEET]
    assert prepare(filled.save(tmp_path)).plan.sources == []
    filled = workbook(DOCUMENT)
    filled.book.copy_worksheet(filled.book[SHEET])
    assert "Nye kilder, Nye kilder Copy" in problems(filled.save(tmp_path))[0].what
    filled = workbook(DOCUMENT)
    filled.book[SHEET].delete_cols(4)
    assert "«new.publisher» was deleted" in problems(filled.save(tmp_path))[0].what


def test_the_drop_down_of_sources_offers_the_new_ones_too():
    filled = Filled(exported(**SMALL))
    cell = filled.sheet.cell(filled.open_row(), filled.columns["source"]).coordinate
    (found,) = [v for v in filled.sheet.data_validations.dataValidation if cell in v.sqref]
    sheet, _, area = found.formula1.partition("!")
    listed = [c.value for (c,) in filled.book[sheet.strip("'")][area.replace("$", "")]]
    assert listed[: len(sources())] == list(sources())
    assert listed[len(sources())] == f"='{SHEET}'!$A$6&\"\""
    assert len(listed) == len(sources()) + 30


def test_only_the_cells_of_new_documents_are_unlocked():
    sheet = Filled(exported(**SMALL)).book[SHEET]
    assert sheet.protection.sheet
    locked = [[c.protection.locked for c in row[:9]] for row in sheet.iter_rows(4, 7)]
    assert locked == [[True] * 9, [True] * 9, [False] * 8 + [True], [False] * 8 + [True]]
    assert sheet.row_dimensions[4].hidden


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_table_of_documents_is_the_csv_twin(tmp_path, delimiter):
    file = tmp_path / "kilder.csv"
    cells = {k: str(v or "") for k, v in DOCUMENT.items()} | {"date": "1.9.2026"}

    def write(*rows: dict[str, str]) -> None:
        with file.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.DictWriter(stream, COLUMNS, delimiter=delimiter)
            writer.writeheader()
            writer.writerows(rows)

    write(cells)
    filled = Filled(exported(**SMALL))
    filled.set(filled.open_row(), **{**FULL, "source": DOCUMENT["id"]})
    book = filled.save(tmp_path)
    assert problems(book)
    after = applied(book, file, folder=tmp_path / "mine")
    assert [s.cells() for s in after.sources] == [{**cells, "date": "2026-09-01"}]
    write(cells | {"where": "", "date": "i fjor"})
    assert {p.where for p in problems(file)} == {"kilder.csv:2 (where)", "kilder.csv:2 (date)"}


def test_the_keys_of_the_sheet_are_no_keys_of_the_table():
    assert not {f"{fields.NEW}{name}" for name in COLUMNS} & set(fields.COLUMNS)
