"""A file that is not our plain workbook is refused with a reason, before anything is opened."""

from __future__ import annotations

import io
import random
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest

from data.errors import InputError, Problem
from gap.worksheet import safety, xlsx
from gap.worksheet.xlsx import LISTS
from tests.gap.worksheets import FULL, Filled, exported, issued, prepare

SMALL = {"theme": "Annex II"}


def refused(file: Path) -> list[Problem]:
    with pytest.raises(InputError) as caught:
        prepare(file)
    found = list(caught.value.problems)
    assert all(file.name in p.where for p in found)
    assert all(p.remedy for p in found)
    return found


def repacked(content: bytes, changes: dict[str, bytes]) -> bytes:
    """Return a workbook with parts added or replaced."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            if name not in changes:
                new.writestr(name, old.read(name), zipfile.ZIP_DEFLATED)
        for name, part in changes.items():
            new.writestr(name, part, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def part(name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(exported(**SMALL))) as archive:
        return archive.read(name)


def _zip(**parts: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def spanning(element: bytes) -> bytes:
    """Return a workbook with a sheet that holds an element of the namespace x."""
    sheet = b'<x:worksheet xmlns:x="urn:x">' + element + b"</x:worksheet>"
    return repacked(exported(**SMALL), {"xl/worksheets/sheet2.xml": sheet})


OLE = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600
BILLION = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aa">]><worksheet>&a;</worksheet>'
FILES = {
    "empty": (lambda: b"", "empty"),
    "text": (lambda: b"hello", "no workbook"),
    "pdf": (lambda: b"%PDF-1.7\n", "no workbook"),
    "xls": (lambda: OLE + "Workbook".encode("utf-16-le"), ".xls"),
    "password": (lambda: OLE + "EncryptedPackage".encode("utf-16-le"), "password"),
    "ods": (lambda: _zip(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), ".ods"),
    "zip": (lambda: _zip(readme=b"hello"), "no workbook"),
    "docx": (lambda: _zip(**{"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<x/>"}),
             "no workbook"),
    "xlsb": (lambda: _zip(**{"[Content_Types].xml": b"<Types/>", "xl/workbook.bin": b""}), ".xlsb"),
    "macro": (lambda: repacked(exported(**SMALL), {"xl/vbaProject.bin": b"\0" * 9}), "macros"),
    "macro type": (lambda: repacked(exported(**SMALL), {"[Content_Types].xml": part(
        "[Content_Types].xml").replace(b"sheet.main+xml", b"sheet.macroEnabled.main+xml")}),
        "macros"),
    "links": (lambda: repacked(exported(**SMALL), {"xl/externalLinks/externalLink1.xml": b"<x/>"}),
              "linked"),
    "entities": (lambda: repacked(exported(**SMALL), {"xl/worksheets/sheet2.xml": BILLION}),
                 "entities"),
    "late entities": (lambda: repacked(exported(**SMALL), {
        "xl/worksheets/sheet2.xml": b"<!--" + b"x" * 2_000_000 + b"-->" + BILLION[21:]}), "M"),
    "utf-16 entities": (lambda: repacked(exported(**SMALL), {
        "xl/worksheets/sheet2.xml": BILLION.decode().encode("utf-16")}), "entities"),
    "merge of everything": (lambda: repacked(exported(**SMALL), {
        "xl/worksheets/sheet2.xml": part("xl/worksheets/sheet2.xml").replace(
            b"<dataValidations", b'<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
            b"<dataValidations")}), "merged"),
    "merge of everything, other quotes": (lambda: spanning(b"<x:mergeCell ref='$A$1:XFD1048576'/>"),
                                          "merged"),
    "merge of all columns": (lambda: spanning(b'<x:mergeCell foo="" ref="A:XFD"/>'), "merged"),
    "merge of all rows": (lambda: spanning(b'<x:mergeCell ref="1&#58;1048576"/>'), "merged"),
    "link over everything": (lambda: spanning(b'<x:hyperlink ref="A1:XFD1048576"/>'), "linked"),
    "half": (lambda: exported(**SMALL)[:-4000], "damaged"),
    "broken part": (lambda: repacked(exported(**SMALL), {"xl/workbook.xml": b"<workbook"}),
                    "cannot be read"),
    "bomb": (lambda: repacked(exported(**SMALL), {"xl/worksheets/sheet2.xml": b"0" * 209_715_200}),
             "200 MiB"),
    "many parts": (lambda: _zip(**{f"a{i}": b"" for i in range(3000)}), "3000 parts"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_wrong_file_is_refused_with_its_reason(tmp_path, name):
    make, said = FILES[name]
    file = tmp_path / "a.xlsx"
    file.write_bytes(make())
    (problem,) = refused(file)
    assert said in problem.what


def test_a_file_over_the_limit_is_not_read(tmp_path):
    file = tmp_path / "a.xlsx"
    file.write_bytes(b"PK" + b"\0" * safety.MAX_BYTES)
    (problem,) = refused(file)
    assert "10 MiB" in problem.what


def test_the_largest_workbook_of_ours_is_within_the_limits():
    """Every row of every system, with room for as much text again."""
    content = exported((), lang="nb")
    assert len(content) * 3 < safety.MAX_BYTES
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        infos = archive.infolist()
    assert sum(i.file_size for i in infos) * 2 < safety.MAX_UNPACKED
    assert max(i.file_size / i.compress_size for i in infos) * 2 < safety.MAX_RATIO
    safety.check(content, "a.xlsx")


def test_random_damage_is_told_and_never_breaks_the_reader(tmp_path):
    random_, content = random.Random(7), exported(**SMALL)
    file = tmp_path / "a.xlsx"
    for _ in range(60):
        damaged = bytearray(content)
        for _ in range(random_.randint(1, 30)):
            damaged[random_.randrange(len(damaged))] = random_.randrange(256)
        file.write_bytes(bytes(damaged))
        told: list[Problem] = []
        try:
            prepare(file)
        except InputError as error:
            told = list(error.problems)
        assert all("a.xlsx" in p.where for p in told)


# ---- the table in the workbook


def test_a_formula_or_merge_in_an_input_cell_has_its_address(tmp_path):
    filled = Filled(exported(**SMALL))
    row = filled.open_row()
    filled.set(row, **{**FULL, "comment_nb": "=A1&B1"})
    (problem,) = refused(filled.save(tmp_path))
    assert problem.where == filled.at(row, "comment_nb")
    assert "formula" in problem.what
    filled.set(row, comment_nb="Kilden")
    cell = filled.sheet.cell(row, filled.columns["comment_nb"])
    below = filled.sheet.cell(row + 1, filled.columns["comment_nb"])
    filled.sheet.merge_cells(f"{cell.coordinate}:{below.coordinate}")
    found = refused(filled.save(tmp_path))
    assert {p.where for p in found} == {f"[a.xlsx]Vurdering!{cell.coordinate}:{below.coordinate}"}
    assert all("merged" in p.what for p in found)


def test_a_stray_cell_far_down_costs_nothing(tmp_path):
    filled = Filled(exported(**SMALL))
    n = len(list(filled.rows()))
    filled.sheet.cell(1_048_576, 3).value = "x"
    file = filled.save(tmp_path)
    start = time.process_time()
    assert len(prepare(file).files[0].page.lines) == n
    assert time.process_time() - start < 5


def test_locked_formulas_may_show_anything(tmp_path):
    filled = Filled(exported(**SMALL))
    for row in filled.rows():
        filled.set(row, check="#REF!", title="Noe annet")
    assert prepare(filled.save(tmp_path)).plan.changes == []


@pytest.mark.parametrize("column", ["status", "comment_en", "key.ground", "key.system", "system"])
def test_a_deleted_column_is_told_by_its_name(tmp_path, column):
    filled = Filled(exported(**SMALL))
    filled.sheet.delete_cols(filled.columns[column])
    (problem,) = refused(filled.save(tmp_path))
    assert f"«{column}» was deleted" in problem.what


def test_a_copied_column_is_told(tmp_path):
    filled = Filled(exported(**SMALL))
    filled.sheet.cell(filled.key_row, filled.sheet.max_column + 1).value = "status"
    (problem,) = refused(filled.save(tmp_path))
    assert "2 times" in problem.what


def test_moved_columns_and_rows_above_do_no_harm(tmp_path):
    filled = Filled(exported(**SMALL))
    row = filled.open_row()
    filled.set(row, **FULL)
    last = filled.sheet.max_column + 1
    old = filled.columns["comment_nb"]
    for number in range(1, filled.sheet.max_row + 1):
        cell = filled.sheet.cell(number, old)
        filled.sheet.cell(number, last).value = cell.value
        cell.value = None
    filled.sheet.insert_rows(1, 2)
    (change,) = prepare(filled.save(tmp_path)).plan.changes
    assert change.new is not None
    assert change.new["comment_nb"] == FULL["comment_nb"]


def test_without_the_table_there_is_nothing_to_read(tmp_path):
    filled = Filled(exported(**SMALL))
    del filled.book[filled.sheet.title]
    (problem,) = refused(filled.save(tmp_path))
    assert "no sheet holds an assessment" in problem.what
    book = openpyxl.Workbook()
    book.save(tmp_path / "b.xlsx")
    assert "no sheet" in refused(tmp_path / "b.xlsx")[0].what


def test_without_its_key_row_the_table_is_not_found(tmp_path):
    filled = Filled(exported(**SMALL))
    filled.sheet.delete_rows(filled.key_row)
    assert "no sheet" in refused(filled.save(tmp_path))[0].what


def test_a_copied_sheet_is_told(tmp_path):
    filled = Filled(exported(**SMALL))
    filled.book.copy_worksheet(filled.sheet)
    (problem,) = refused(filled.save(tmp_path))
    assert "Vurdering, Vurdering Copy" in problem.what


def test_other_sheets_may_go(tmp_path):
    filled = Filled(exported(**SMALL))
    filled.set(filled.open_row(), **FULL)
    for name in [n for n in filled.book.sheetnames if n != filled.sheet.title]:
        del filled.book[name]
    filled.book.defined_names.clear()
    found = prepare(filled.save(tmp_path), who="Kari")
    assert len(found.plan.changes) == 1
    assert any("hidden sheet" in n for n in found.files[0].notices)
    assert LISTS not in filled.book.sheetnames


@pytest.mark.parametrize(("column", "value", "said"), [
    ("key.system", "nowhere", "no «nowhere»"), ("key.obligation", "E99.9", "no «E99.9»"),
    ("key.system", None, "no «»"), ("key.ground", None, "key.ground is empty"),
    ("key.ground", "2025.9:0000", "edition «2025.9»"), ("key.system", "=A1", "no plain text"),
])  # fmt: skip
def test_an_edited_key_is_told_with_its_cell(tmp_path, column, value, said):
    filled = Filled(exported(**SMALL))
    row = filled.open_row()
    filled.set(row, **{column: value})
    (problem,) = refused(filled.save(tmp_path))
    assert problem.where == filled.at(row, column)
    assert said in problem.what


def test_a_row_without_any_key_has_to_say_what_it_is_about(tmp_path):
    filled = Filled(exported(**SMALL))
    spare = filled.spare()
    filled.set(spare, **FULL)
    found = refused(filled.save(tmp_path))
    assert {p.where for p in found} == {filled.at(spare, "system"), filled.at(spare, "obligation")}
    filled.set(spare, system="kjernejurnal", obligation="E99")
    assert any("kjernejournal" in p.remedy for p in refused(filled.save(tmp_path)))


def test_two_files_of_one_name_cannot_be_told_apart(tmp_path):
    (tmp_path / "x").mkdir()
    files = [Filled(exported(**SMALL)).save(f) for f in (tmp_path, tmp_path / "x")]
    with pytest.raises(InputError, match="two files"):
        prepare(*files)


def test_the_column_of_checks_is_not_needed(tmp_path):
    filled = Filled(exported(**SMALL))
    row = filled.open_row()
    filled.set(row, **FULL)
    filled.sheet.delete_cols(filled.columns["check"])
    (change,) = prepare(filled.save(tmp_path)).plan.changes
    assert change.new is not None


def test_a_merge_over_several_rows_is_told_once(tmp_path):
    filled = Filled(exported(**SMALL))
    rows = sorted(filled.rows())[:4]
    column = filled.sheet.cell(rows[0], filled.columns["level"]).column_letter
    filled.sheet.merge_cells(f"{column}{rows[0]}:{column}{rows[-1]}")
    (problem,) = refused(filled.save(tmp_path))
    assert "merged" in problem.what


def test_more_rows_than_a_table_can_have_are_told_before_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(xlsx, "_MAX_ROWS", 10)
    (problem,) = refused(Filled(exported(**SMALL)).save(tmp_path))
    assert "rows are filled in" in problem.what


# ---- people


def named(tmp_path, name: object, refers_to: str = "") -> Path:
    filled = Filled(exported(**SMALL))
    filled.book.worksheets[0]["B5"] = name
    if refers_to:
        filled.book.defined_names["ehds_assessor"].attr_text = refers_to
    return filled.save(tmp_path)


def test_a_name_that_means_a_whole_sheet_is_no_name(tmp_path):
    file = named(tmp_path, "Kari Nordmann", "'Veiledning'!$B$5:$XFD$1048576")
    start = time.process_time()
    assert prepare(file).files[0].page.assessor == ""
    assert time.process_time() - start < 5


def test_a_formula_in_the_cell_of_the_name_is_told(tmp_path):
    (problem,) = refused(named(tmp_path, "=1+1"))
    assert "formula" in problem.what


def test_a_novel_in_the_cell_of_the_name_is_told(tmp_path):
    (problem,) = refused(named(tmp_path, "Kari " + "x" * 5000))
    assert "5005 characters" in problem.what


@pytest.mark.parametrize("column", ["comment_nb", "status", "level", "categories", "source"])
def test_a_number_of_a_person_is_refused_and_never_repeated(tmp_path, column):
    filled = Filled(exported(**SMALL))
    filled.set(filled.open_row(), **{**FULL, column: f"Gjelder {issued()}."})
    found = refused(filled.save(tmp_path))
    assert not any(issued() in "\n".join(p.lines()) for p in found)


def test_a_synthetic_number_and_long_digits_may_stand_in_a_reason(tmp_path):
    filled = Filled(exported(**SMALL))
    filled.set(filled.open_row(), **{**FULL, "comment_nb": "16858399649, sak 2026/12345678901"})
    (change,) = prepare(filled.save(tmp_path)).plan.changes
    assert change.new is not None


def test_a_long_text_in_a_date_is_not_repeated_whole(tmp_path):
    filled = Filled(exported(**SMALL))
    filled.set(filled.open_row(), **{**FULL, "date": "x" * 20_000, "planned_date": "y" * 20_000})
    found = refused(filled.save(tmp_path))
    assert len(found) == 2
    assert all(len(p.what) < 100 for p in found)
