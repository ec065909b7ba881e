"""Bad assessments: what is wrong, where, all at once, exit code 2, and nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import InputError
from data.loaders.assessments import COLUMNS, load, load_all
from tests.builders import call, finding, make_assessment, write_csv

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06"
ZIP = b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00\x00\xff\xfe\x00\x00[Content_Types].xml"


def problems(folder: Path) -> list[tuple[str, str]]:
    """Return (where, what) of everything that the loader tells."""
    with pytest.raises(InputError) as caught:
        load(str(folder))
    return [(p.where, p.what) for p in caught.value.problems]


def test_the_builder_makes_a_sound_assessment(tmp_path):
    assert len(load(str(make_assessment(tmp_path, [finding()]))).findings) == 1


# ---- one wrong cell: the row, and a word that the message must hold

WRONG = {
    "unknown obligation": (finding(obligation="E99.9"), "unknown obligation «E99.9»"),
    "unknown system": (finding(system="nothing-such"), "unknown system «nothing-such»"),
    "wrong status": (finding(status="splendid", level="3"), "status: «splendid»"),
    "no status": (finding(status="", level="3"), "status: «»"),
    "not-assessed as a row": (finding(status="not-assessed"), "not-assessed"),
    "met at level 2": (finding(status="met", level="2"), "level «2» does not fit status «met»"),
    "partial at level 0": (finding(status="partial", level="0"), "level «0»"),
    "partial at level 3": (finding(status="partial", level="3"), "level «3»"),
    "not met at level 1": (finding(status="not-met", level="1"), "level «1»"),
    "no level": (finding(level=""), "level «»"),
    "a level that is no number": (finding(level="three"), "level «three»"),
    "a level in superscript": (finding(level="³"), "level «³»"),
    "Commission task": (finding(obligation="E15.1"), "E15.1"),
    "scope rule": (finding(obligation="E25.2"), "E25.2"),
    "recommendation": (finding(obligation="X2.D1"), "X2.D1"),
    "duty with the status of an option": (finding(status="used"), "does not fit E03.1a"),
    "option with the status of a duty": (finding(obligation="E10.1"), "does not fit E10.1"),
    "option with a level": (
        finding(obligation="E10.1", status="used", level="3"), "has no level"),
    "unknown grade": (finding(grade="rumoured"), "grade: «rumoured»"),
    "unknown basis": (finding(basis="guessed"), "basis: «guessed»"),
    "unknown category": (finding(categories="a z"), "categories: «z»"),
    "category twice": (finding(categories="a a"), "«a» stands twice"),
    "no source": (finding(source=""), "source is empty"),
    "unknown source": (finding(source="rumour"), "there is no source «rumour»"),
    "no section": (finding(section=""), "section is empty"),
    "no Norwegian": (finding(comment_nb=""), "comment_nb is empty"),
    "no English": (finding(comment_en=""), "comment_en is empty"),
    "date before the source": (
        finding(date="2024-10-13"), "date 2024-10-13 lies before the source seed-felles-plan-2024"),
    "date before one of two sources": (
        finding(source="seed-veikart ; seed-felles-plan-2024", date="2024-10-20"),
        "lies before the source seed-veikart"),
    "date after the assessment": (finding(date="2026-11-23"), "lies after the assessment"),
    "no date": (finding(date=""), "date: «»"),
    "date in Norwegian form": (finding(date="20.10.2024"), "date: «20.10.2024»"),
    "no such day": (finding(date="2024-02-30"), "date: «2024-02-30»"),
    "a plan that is no period": (finding(planned_date="soon"), "planned_date: «soon»"),
    "a plan in month 13": (finding(planned_date="2027-13"), "planned_date"),
    "a plan in month 0": (finding(planned_date="2027-00"), "planned_date"),
    "a plan on day 0": (finding(planned_date="2027-06-00"), "planned_date"),
    "a plan on day 32": (finding(planned_date="2027-06-32"), "planned_date"),
    "a plan in year 0": (finding(planned_date="0000"), "planned_date"),
}  # fmt: skip


@pytest.mark.parametrize(("row", "text"), WRONG.values(), ids=WRONG)
def test_a_wrong_cell_is_named_with_file_and_line(tmp_path, row, text):
    folder = make_assessment(tmp_path, [finding(obligation="E04.1a"), row])
    told = problems(folder)
    here = [what for where, what in told if where == f"{folder / 'findings.csv'}:3"]
    assert any(text in what for what in here), told
    assert len(here) == len(told)


@pytest.mark.parametrize(
    ("first", "second"),
    [("", ""), ("", "a"), ("a", ""), ("a b", "b c"), ("a", "a")],
)
def test_a_second_finding_for_the_same_categories_is_named_with_the_first(tmp_path, first, second):
    folder = make_assessment(
        tmp_path, [finding(categories=first), finding(categories=second, comment_nb="Annet")]
    )
    done = call("gap", "score", "--assessment", folder)
    assert done.code == 2
    assert f"{folder / 'findings.csv'}:3: second finding" in done.err
    assert f"{folder / 'findings.csv'}:2" in done.err


def test_findings_for_different_categories_of_one_cell_stand_side_by_side(tmp_path):
    rows = [finding(categories="a b"), finding(status="not-met", categories="c")]
    assert len(load(str(make_assessment(tmp_path, rows))).findings) == 2


# ---- the header

HEADER = {
    "no title": ({"title_en": None}, "«title_en» is missing"),
    "empty title": ({"title_nb": ""}, "«title_nb» is missing"),
    "no edition": ({"catalogue_edition": None}, "«catalogue_edition» is missing"),
    "another edition": ({"catalogue_edition": "2025.7"}, "made for catalogue edition «2025.7»"),
    "no day": ({"as_of": None}, "«as_of» is missing"),
    "a day as text": ({"as_of": '"2026-11-22"'}, "as_of is not a date"),
    "a day with an hour": ({"as_of": "2026-11-22T10:00:00"}, "as_of is not a date"),
    "unknown key": ({"titel": "x"}, "unknown key «titel»"),
}


@pytest.mark.parametrize(("header", "text"), HEADER.values(), ids=HEADER)
def test_a_wrong_header_is_named_with_its_file(tmp_path, header, text):
    folder = make_assessment(tmp_path, [finding()], **header)
    told = problems(folder)
    assert any(w == str(folder / "assessment.toml") and text in what for w, what in told), told


@pytest.mark.parametrize("value", ["7", "true", "[1, 2]"])
def test_a_header_value_that_is_no_text_is_named(tmp_path, value):
    folder = make_assessment(tmp_path, [finding()], assessor=None, extends=None)
    file = folder / "assessment.toml"
    for key in ("assessor", "extends"):
        file.write_text(f"{file.read_text('utf-8')}\n{key} = {value}\n", "utf-8")
    told = problems(folder)
    for key in ("assessor", "extends"):
        assert any(w == str(file) and f"«{key}» is no text" in what for w, what in told), told


def test_broken_toml_is_named_with_its_line(tmp_path):
    folder = make_assessment(tmp_path)
    (folder / "assessment.toml").write_text('id = "x"\ntitle_nb = unquoted\n', "utf-8")
    ((where, what),) = problems(folder)
    assert where == str(folder / "assessment.toml")
    assert "line 2" in what


# ---- extending


def test_an_assessment_that_extends_itself_is_told(tmp_path):
    folder = make_assessment(tmp_path, [finding()], extends="test")
    assert any("extends itself" in what for _, what in problems(folder))


def test_two_assessments_that_extend_each_other_are_told(tmp_path):
    make_assessment(tmp_path, [finding()], name="one", extends="two")
    folder = make_assessment(tmp_path, [finding()], name="two", extends="one")
    assert any("extends itself" in what for _, what in problems(folder))


def test_a_base_that_does_not_exist_is_told_with_the_shipped_names(tmp_path):
    folder = make_assessment(tmp_path, [finding()], extends="nothing-such")
    done = call("gap", "score", "--assessment", folder)
    assert done.code == 2
    assert "there is no assessment «nothing-such»" in done.err
    assert "norway-2024-10" in done.err


def test_problems_of_the_base_and_of_the_assessment_are_told_together(tmp_path):
    base = make_assessment(tmp_path, [finding(system="nothing-such")], name="base")
    folder = make_assessment(tmp_path, [finding(obligation="E99.9")], extends="base")
    places = {where for where, _ in problems(folder)}
    assert places == {f"{base / 'findings.csv'}:2", f"{folder / 'findings.csv'}:2"}


def test_an_assessment_older_than_the_one_it_extends_is_told(tmp_path):
    make_assessment(tmp_path, [finding()], name="base", as_of="2026-11-22")
    folder = make_assessment(tmp_path, [finding()], extends="base", as_of="2026-11-21")
    assert any("base" in what for _, what in problems(folder))


# ---- files that are no tables


def _score(folder: Path) -> str:
    done = call("gap", "score", "--assessment", folder)
    assert done.code == 2, done.err
    assert done.out == ""
    assert "Traceback" not in done.err
    assert "Internal error" not in done.err
    return done.err


CONTENT = {
    "empty": (b"", "the file is empty", ""),
    "only a byte order mark": (b"\xef\xbb\xbf", "the file is empty", ""),
    "PNG": (PNG, "is not UTF-8", ":1"),
    "workbook": (ZIP, "is not UTF-8", ":1"),
    "UTF-16": ("system,obligation\n".encode("utf-16"), "is not UTF-8", ":1"),
    "NUL": (b"system\x00,obligation\n", "NUL", ":1"),
    "prose": (b"Dear colleague,\nplease find attached.\n", "column «system» is missing", ":1"),
    "JSON": (b'{"findings": []}\n', "column «system» is missing", ":1"),
}


@pytest.mark.parametrize(("content", "text", "line"), CONTENT.values(), ids=CONTENT)
def test_a_file_that_is_no_table_is_told(tmp_path, content, text, line):
    folder = make_assessment(tmp_path)
    (folder / "findings.csv").write_bytes(content)
    told = _score(folder)
    assert text in told
    assert f"{folder / 'findings.csv'}{line}" in told


def test_a_latin_1_byte_is_named_by_its_line(tmp_path):
    folder = make_assessment(
        tmp_path, [finding(), finding(obligation="E04.1a", comment_nb="PLACE")]
    )
    file = folder / "findings.csv"
    file.write_bytes(file.read_bytes().replace(b"PLACE", "Sørøst".encode("latin-1")))
    told = _score(folder)
    assert f"{file}:3: byte 0xf8 is not UTF-8" in told
    assert "CSV UTF-8" in told


def test_a_latin_1_header_file_is_named_by_its_line(tmp_path):
    folder = make_assessment(tmp_path, title_nb="PLACE")
    file = folder / "assessment.toml"
    file.write_bytes(file.read_bytes().replace(b"PLACE", "Sørøst".encode("latin-1")))
    assert f"{file}:2: byte 0xf8 is not UTF-8" in _score(folder)


def test_a_nul_byte_in_a_cell_is_named_by_its_line(tmp_path):
    folder = make_assessment(
        tmp_path, [finding(), finding(obligation="E04.1a", comment_nb="PLACE")]
    )
    file = folder / "findings.csv"
    file.write_bytes(file.read_bytes().replace(b"PLACE", b"a\x00b"))
    assert f"{file}:3" in _score(folder)


def test_an_open_quote_at_the_end_is_named_by_the_row_where_it_opens(tmp_path):
    folder = make_assessment(tmp_path, [finding(), finding(obligation="E04.1a")])
    file = folder / "findings.csv"
    file.write_text(file.read_text("utf-8").rstrip("\n") + ',"never closed\nand more\n', "utf-8")
    told = _score(folder)
    assert f"{file}:3" in told
    assert "quote" in told


def test_a_row_cut_short_is_named(tmp_path):
    folder = make_assessment(tmp_path, [finding(), finding(obligation="E04.1a")])
    file = folder / "findings.csv"
    file.write_text(file.read_text("utf-8")[:-30], "utf-8")
    assert f"{file}:3: " in _score(folder)


def test_the_line_of_a_row_after_a_cell_with_line_breaks_is_right(tmp_path):
    rows = [finding(comment_nb="en\nto\ntre"), finding(system="nothing-such")]
    folder = make_assessment(tmp_path, rows)
    assert problems(folder) == [(f"{folder / 'findings.csv'}:5", "unknown system «nothing-such»")]


@pytest.mark.parametrize("file", ["assessment.toml", "findings.csv"])
def test_a_missing_file_is_told(tmp_path, file):
    folder = make_assessment(tmp_path, [finding()])
    (folder / file).unlink()
    told = _score(folder)
    assert str(folder) in told
    assert file in told


def test_a_folder_in_the_place_of_a_table_is_told(tmp_path):
    folder = make_assessment(tmp_path)
    (folder / "findings.csv").unlink()
    (folder / "findings.csv").mkdir()
    assert f"{folder / 'findings.csv'}: this is a folder" in _score(folder)


@pytest.mark.parametrize("content", [PNG, ZIP], ids=["PNG", "workbook"])
def test_a_file_in_the_place_of_the_folder_is_told(tmp_path, content):
    file = tmp_path / "norway.xlsx"
    file.write_bytes(content)
    told = _score(file)
    assert f"there is no assessment «{file}»" in told
    assert "a folder with assessment.toml and findings.csv" in told


def test_a_name_as_long_as_no_file_system_allows_is_told(tmp_path):
    assert "there is no assessment" in _score(tmp_path / ("x" * 300))


def test_a_file_of_200_megabytes_is_refused_without_reading_it(tmp_path):
    folder = make_assessment(tmp_path)
    with (folder / "findings.csv").open("wb") as stream:
        stream.truncate(200 * 1024 * 1024)
    told = _score(folder)
    assert f"{folder / 'findings.csv'}: the file is larger than" in told


def test_a_device_in_the_place_of_a_table_is_told(tmp_path):
    folder = make_assessment(tmp_path)
    (folder / "findings.csv").unlink()
    (folder / "findings.csv").symlink_to("/dev/null")
    assert "findings.csv" in _score(folder)


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ([c for c in COLUMNS if c != "grade"], "column «grade» is missing"),
        ([*COLUMNS, "colour"], "unknown column «colour»"),
        ([*COLUMNS, "grade"], "column «grade» stands 2 times"),
    ],
    ids=["missing", "unknown", "doubled"],
)
def test_wrong_columns_are_named_in_line_1(tmp_path, columns, text):
    folder = make_assessment(tmp_path)
    (folder / "findings.csv").write_text(",".join(columns) + "\n", "utf-8")
    told = _score(folder)
    assert f"{folder / 'findings.csv'}:1: {text}" in told


# ---- all at once, nothing written


def test_everything_wrong_is_told_at_once_and_nothing_is_written(tmp_path):
    rows = [row for row, _ in WRONG.values()]
    folder = make_assessment(tmp_path, rows, catalogue_edition="2025.7", title_en=None)
    out = tmp_path / "out"
    done = call("readiness", "--assessment", folder, "--out", out)
    assert done.code == 2
    assert done.out == ""
    assert not out.exists()
    for line, (_, text) in enumerate(WRONG.values(), start=2):
        told = [say for say in done.err.splitlines() if f"findings.csv:{line}: " in say]
        assert any(text in say for say in told), text
    assert "made for catalogue edition «2025.7»" in done.err
    assert "«title_en» is missing" in done.err
    assert "problems; nothing was written." in done.err


def test_a_finding_that_is_wrong_twice_gets_both_problems(tmp_path):
    folder = make_assessment(
        tmp_path, [finding(system="nothing-such", date="2027-01-01", comment_en="")]
    )
    told = " ".join(what for _, what in problems(folder))
    assert "unknown system" in told
    assert "comment_en is empty" in told
    assert "lies after the assessment" in told


def test_a_header_problem_does_not_hide_that_the_table_is_missing(tmp_path):
    folder = make_assessment(tmp_path, title_en=None)
    (folder / "findings.csv").unlink()
    told = " ".join(what for _, what in problems(folder))
    assert "«title_en» is missing" in told
    assert "there is no such file" in told


def test_the_problems_of_two_assessments_are_told_together(tmp_path):
    one = make_assessment(tmp_path, [finding(system="nothing-such")], name="one")
    two = make_assessment(tmp_path, [finding(obligation="E99.9")], name="two")
    with pytest.raises(InputError) as caught:
        load_all([str(one), str(two)])
    assert len(caught.value.problems) == 2


def test_each_problem_has_a_rule_or_a_remedy_where_the_cell_can_be_put_right(tmp_path):
    folder = make_assessment(tmp_path, [WRONG["wrong status"][0], WRONG["unknown source"][0]])
    told = _score(folder)
    assert "closed set «status»: met partial not-met" in told
    assert told.count("remedy:") >= 2


# ---- what is good, in other dress


def test_semicolons_and_a_byte_order_mark_of_norwegian_excel_are_read(tmp_path):
    folder = make_assessment(tmp_path, [finding(), finding(obligation="E04.1a")])
    file = folder / "findings.csv"
    text = file.read_text("utf-8").replace(",", ";").replace("\n", "\r\n")
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert len(load(str(folder)).findings) == 2


def test_columns_may_stand_in_any_order_and_empty_rows_are_passed_over(tmp_path):
    folder = make_assessment(tmp_path)
    file = folder / "findings.csv"
    write_csv(file, list(reversed(COLUMNS)), [finding()])
    file.write_text(file.read_text("utf-8") + "," * (len(COLUMNS) - 1) + "\n\n", "utf-8")
    assert len(load(str(folder)).findings) == 1


def test_an_assessment_without_findings_says_that_nothing_is_assessed(tmp_path):
    done = call("gap", "score", "--assessment", make_assessment(tmp_path), "--lang", "en")
    assert done.code == 0, done.err
    assert "100" in done.out.split("\n\n")[1]
