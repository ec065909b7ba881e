"""The CSV twin: the same rows, the same checks, addresses by line and column."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import InputError
from gap.worksheet import csvtable, fields, selection
from reports.assessment_book import twin
from reports.texts import Texts
from tests.gap.worksheets import ASSESSMENT, FULL, applied, base, prepare, said
from tests.reports.analyses import shipped


def table(lang: str = "nb") -> str:
    j = shipped(ASSESSMENT).judgement
    rows = selection.rows(j, selection.choose(j, ["kjernejournal"]))
    return csvtable.write((twin.row(r, j, Texts(lang)) for r in rows), norwegian=lang == "nb")


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.lstrip("\ufeff")), delimiter=";"))


def write(file: Path, rows: list[dict[str, str]], delimiter: str = ";") -> Path:
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return file


def texts() -> dict[str, str]:
    return {
        name: str(value) for name, value in {**FULL, "date": "20.11.2026", "level": "2,0"}.items()
    }


@pytest.mark.parametrize("lang", ["nb", "en"])
def test_a_table_that_nobody_touched_changes_nothing(tmp_path, lang):
    file = tmp_path / "a.csv"
    file.write_text(table(lang), encoding="utf-8")
    assert table(lang).count(";" if lang == "nb" else ",") > 168 * 19
    found = prepare(file)
    assert len(found.files[0].page.lines) > 160
    assert found.files[0].edits == ()


@pytest.mark.parametrize("delimiter", [";", ","])
def test_an_edit_comes_back_whatever_the_separator(tmp_path, delimiter):
    rows = read(table())
    row = next(r for r in rows if not r["status"])
    row.update(texts())
    file = write(tmp_path / "a.csv", rows[::-1], delimiter)
    after = said(applied(file, folder=tmp_path / "mine"))
    key = (row["key.system"], row["key.obligation"], tuple(row["categories"].split()))
    assert after.pop(key)["date"] == "2026-11-20"
    assert after == base()


def test_problems_name_line_and_column(tmp_path):
    rows = read(table())
    at = next(i for i, r in enumerate(rows) if not r["status"])
    rows[at].update({**texts(), "level": "7", "source": "rykte"})
    with pytest.raises(InputError) as caught:
        prepare(write(tmp_path / "a.csv", rows))
    assert {p.where for p in caught.value.problems} == {
        f"a.csv:{at + 2} (level)", f"a.csv:{at + 2} (source)",
    }  # fmt: skip


def test_a_table_in_another_character_set_is_told(tmp_path):
    file = tmp_path / "a.csv"
    file.write_bytes(table().encode("cp1252", "replace"))
    with pytest.raises(InputError, match="not UTF-8") as caught:
        prepare(file)
    assert "CSV UTF-8" in caught.value.problems[0].remedy


def test_a_table_without_a_column_is_told(tmp_path):
    rows = [{k: v for k, v in r.items() if k != "grade"} for r in read(table())]
    with pytest.raises(InputError, match="column «grade» is missing"):
        prepare(write(tmp_path / "a.csv", rows))


def test_any_file_is_read_as_csv_on_demand(tmp_path):
    file = tmp_path / "table.data"
    file.write_text(table(), encoding="utf-8")
    assert prepare(file, as_csv=True).files[0].edits == ()
    with pytest.raises(InputError, match="no workbook"):
        prepare(file)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])))
def test_a_text_that_a_spreadsheet_would_run_is_marked_and_comes_back(text):
    row = {**dict.fromkeys(csvtable.COLUMNS, ""), "comment_nb": text}
    written = csvtable.write([row], norwegian=True)
    cell = read(written)[0]["comment_nb"]
    assert not cell.startswith(("=", "+", "-", "@"))
    assert csvtable._bare(cell) == text or text.startswith("'")


def test_every_column_that_is_read_is_written():
    assert set(fields.INPUTS) | set(fields.KEYS) < set(csvtable.COLUMNS)
