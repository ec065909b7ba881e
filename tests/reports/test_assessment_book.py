"""The workbook to fill in: guidance, drop-downs, protection, keys; LibreOffice leaves it alone."""

from __future__ import annotations

import datetime as dt
import io
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils import range_boundaries

from data.loaders.assessments import LEVEL_STATUS, OPTION_STATUS
from data.loaders.catalogue import catalogue
from data.loaders.codes import label
from data.loaders.systems import systems
from gap.worksheet import fields, selection
from gap.worksheet.fields import SCHEMA
from gap.worksheet.xlsx import LISTS
from reports.texts import Texts
from tests.gap.worksheets import ASSESSMENT, FULL, Filled, exported, prepare
from tests.reports.analyses import shipped

LANGS = ("nb", "en")


def lists_of(filled: Filled, row: int, column: str) -> list[object]:
    """Return what the drop-down of a cell offers."""
    cell = filled.sheet.cell(row, filled.columns[column]).coordinate
    (found,) = [v for v in filled.sheet.data_validations.dataValidation if cell in v.sqref]
    assert found.type == "list"
    left, top, right, bottom = range_boundaries(found.formula1.rpartition("!")[2].replace("$", ""))
    hidden = filled.book[LISTS]
    return [hidden.cell(r, c).value for r in range(top, bottom + 1) for c in range(left, right + 1)]


@pytest.mark.parametrize("lang", LANGS)
def test_every_row_carries_its_guidance_and_its_keys(lang):
    filled, j = Filled(exported(lang=lang)), shipped(ASSESSMENT).judgement
    rows = selection.rows(j, selection.choose(j, ["kjernejournal"]))
    assert len(list(filled.rows())) == len(rows)
    for number, row in zip(filled.rows(), rows, strict=True):
        o = row.obligation
        assert filled.get(number, "obligation") == filled.get(number, "key.obligation") == o.id
        assert o.text("obligation", lang) in filled.get(number, "text")
        assert (filled.get(number, "remark") or "") == o.text("remark", lang)
        assert filled.get(number, "evidence") == o.text("evidence", lang)
        assert row.due.isoformat() in filled.get(number, "due")
        if row.finding:
            assert row.finding.comment(lang) in filled.get(number, "found")
        assert filled.get(number, "key.ground").startswith(f"{catalogue().edition}:")
        assert filled.get(number, "key.assessment") == ASSESSMENT


def test_the_rows_are_every_finding_and_every_open_part_of_a_cell():
    j = shipped(ASSESSMENT).judgement
    rows = selection.rows(j, selection.Selection())
    assert sum(r.finding is not None for r in rows) == len(j.findings)
    assert len({(r.system.id, r.obligation.id, r.categories) for r in rows}) == len(rows)
    cells = {(c.system.id, c.obligation.id) for c in shipped(ASSESSMENT).cells}
    assert cells <= {(r.system.id, r.obligation.id) for r in rows}


@pytest.mark.parametrize(("chosen", "holds"), [
    ({"region": "vest"}, lambda r: r.system.region == "vest"),
    ({"theme": "annex-ii"}, lambda r: r.obligation.part == "Annex II"),
    ({"theme": "II"}, lambda r: r.obligation.part == "II"),
    ({"theme": "d"}, lambda r: "d" in r.allowed),
    ({"systems": ("sysvak", "helsami")}, lambda r: r.system.id in ("sysvak", "helsami")),
    ({"region": "nord", "theme": "c"}, lambda r: r.system.region == "nord" and "c" in r.allowed),
], ids=["region", "annex", "chapter", "category", "systems", "region-and-category"])  # fmt: skip
def test_a_choice_limits_the_rows(chosen, holds):
    j = shipped(ASSESSMENT).judgement
    rows = selection.rows(j, selection.choose(j, **chosen))
    assert rows
    assert all(map(holds, rows))


@pytest.mark.parametrize("lang", LANGS)
def test_the_drop_downs_offer_what_may_stand_there(lang):
    filled = Filled(exported(("kjernejournal", "ehds-arbeidet"), lang=lang))
    for row in list(filled.rows())[::7]:
        obligation = catalogue().obligations[filled.get(row, "key.obligation")]
        codes = OPTION_STATUS if obligation.modality == "O" else set(LEVEL_STATUS)
        wanted = {label("status", code, lang) for code in {*codes, "not-assessed"}}
        assert set(lists_of(filled, row, "status")) == wanted
        assert lists_of(filled, row, "level") == [0, 1, 2, 3]
        assert len(lists_of(filled, row, "grade")) == 4
        assert len(lists_of(filled, row, "basis")) == 2
        both = set(obligation.categories) & set(systems()[filled.get(row, "key.system")].categories)
        if both:
            assert {" ".join(sorted(both)), min(both)} <= set(lists_of(filled, row, "categories"))
    assert lists_of(filled, filled.spare(), "system")


def test_only_what_people_fill_in_is_unlocked_and_the_keys_are_hidden():
    filled = Filled()
    assert filled.sheet.protection.sheet
    assert filled.sheet.protection.password is None
    row = filled.open_row()
    hidden = {
        column for d in filled.sheet.column_dimensions.values() if d.hidden
        for column in range(d.min, d.max + 1)
    }  # fmt: skip
    assert hidden == {filled.columns[name] for name in fields.KEYS}
    for name, column in filled.columns.items():
        cell = filled.sheet.cell(row, column)
        assert cell.protection.locked == (name not in fields.INPUTS), name
    assert filled.sheet.row_dimensions[filled.key_row].hidden
    assert filled.book[LISTS].sheet_state == "veryHidden"
    assert not filled.sheet.merged_cells.ranges
    spare = filled.sheet.cell(filled.spare(), filled.columns["system"])
    assert not spare.protection.locked


def test_the_properties_say_what_the_workbook_is():
    filled = Filled(exported(("kjernejournal",), theme="a", lang="en"))
    custom = {p.name: p.value for p in filled.book.custom_doc_props.props}
    assert custom == {
        "ehds.schema": SCHEMA, "ehds.catalogue": catalogue().edition, "ehds.language": "en",
        "ehds.assessment": ASSESSMENT, "ehds.as-of": "2026-11-22",
        "ehds.selection": "kjernejournal a", "ehds.rows": str(len(list(filled.rows()))),
    }  # fmt: skip


@pytest.mark.parametrize("lang", LANGS)
def test_the_guide_explains_every_word_of_the_drop_downs(lang):
    filled = Filled(exported(lang=lang))
    guide = filled.book.worksheets[0]
    words = {str(c.value) for row in guide.iter_rows() for c in row if c.value}
    for name in ("status", "grade", "basis"):
        assert {str(w) for w in lists_of(filled, filled.open_row(), name)} <= words
    assert any("ehds gap import" in w for w in words)


def test_the_same_rows_give_the_same_bytes():
    exported.cache_clear()
    one = exported(theme="Annex II")
    exported.cache_clear()
    assert exported(theme="Annex II") == one


def test_a_text_of_a_finding_is_never_a_formula():
    with zipfile.ZipFile(io.BytesIO(exported())) as archive:
        sheet = archive.read("xl/worksheets/sheet2.xml").decode()
    filled = Filled()
    letter = openpyxl.utils.get_column_letter(filled.columns["check"])
    cells = re.findall(r'<c r="([A-Z]+)(\d+)"[^>]*><f>', sheet)
    assert {column for column, row in cells if int(row) >= filled.first} == {letter}


# ---- LibreOffice as a second spreadsheet


def through_libreoffice(file: Path) -> Path:
    """Return the file as LibreOffice saves it; a skip where it is not installed, CI too."""
    office = shutil.which("soffice")
    if not office:
        pytest.skip("LibreOffice is not installed; it is no part of the test environment")
    out = file.parent / "out"
    subprocess.run(
        [office, f"-env:UserInstallation={(file.parent / 'profile').as_uri()}", "--headless",
         "--convert-to", "xlsx", "--outdir", str(out), str(file)],
        check=True, capture_output=True, timeout=240,
    )  # fmt: skip
    return out / file.name


@pytest.mark.slow
@pytest.mark.parametrize(("names", "theme"), [(("kjernejournal",), ""), ((), "Annex II")])
def test_a_round_trip_through_libreoffice_changes_nothing(tmp_path, names, theme):
    file = tmp_path / "a.xlsx"
    file.write_bytes(exported(names, theme=theme, lang="nb"))
    found = prepare(through_libreoffice(file))
    assert found.files[0].edits == ()
    assert found.files[0].notices == ()


@pytest.mark.slow
def test_edits_come_through_libreoffice_and_nothing_else_does(tmp_path):
    filled = Filled()
    one, other, gone = filled.open_row(), filled.found_row(2), filled.found_row(0)
    filled.set(one, **{**FULL, "planned_date": "2027-06", "comment_nb": "Én\nlinje\u00a0til "})
    filled.set(other, comment_en="Another reason").set(gone, status="ikke vurdert").by("Kari")
    document = ("kart-1", "Kart", "Map", "Etat", dt.date(2026, 9, 1), None, None, "Sak 1")
    for column, value in enumerate(document, 1):
        filled.book.worksheets[3].cell(6, column).value = value
    filled.set(one, source="kart-1")
    before = prepare(filled.save(tmp_path))
    after = prepare(through_libreoffice(filled.save(tmp_path)))
    assert len(after.plan.changes) == 3
    assert [(c.old, c.new) for c in after.plan.changes] == [
        (c.old, c.new) for c in before.plan.changes
    ]
    assert [n.source for n in after.plan.sources] == [n.source for n in before.plan.sources]
    assert after.plan.sources[0].source.date == dt.date(2026, 9, 1)
    assert after.files[0].who == "Kari"
    saved = Filled((tmp_path / "out" / "a.xlsx").read_bytes())
    assert saved.sheet.protection.sheet
    assert lists_of(saved, saved.open_row(), "grade")
    assert not saved.sheet.cell(one, saved.columns["status"]).protection.locked


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGS)
def test_the_check_column_says_what_is_missing(tmp_path, lang):
    """LibreOffice computes the formulas; the words are those of the legend."""
    filled, t = Filled(exported(lang=lang)), Texts(lang)
    words = {
        **FULL,
        "grade": label("grade", "tested", lang),
        "basis": label("basis", "stated", lang),
    }
    met, partial = label("status", "met", lang), label("status", "partial", lang)
    cases = [
        ({}, None), ({**words, "status": partial, "level": 2}, t("fill.ready")),
        ({**words, "status": partial, "level": "1"}, t("fill.ready")),
        ({**words, "status": met, "level": 2}, t("fill.level_wrong")),
        ({**words, "status": met, "level": None}, t("fill.level_wrong")),
        ({**words, "status": met, "level": 3, "source": None, "comment_en": None},
         f"{t('fill.missing')} {t('fill.short.source')} {t('fill.short.comment_en')} "),
        ({**words, "status": None}, f"{t('fill.missing')} {t('fill.short.status')}"),
        ({"status": label("status", "not-assessed", lang)}, t("fill.taken_out")),
    ]  # fmt: skip
    rows = [filled.open_row(n) for n in range(len(cases))]
    for row, (values, _) in zip(rows, cases, strict=True):
        filled.set(row, **values)
    for row, number in enumerate((8, 5), 6):
        for column, value in enumerate(("kart-1", "K", "M", "E", "2026-09-01", "", "", "S"), 1):
            if column <= number:
                filled.book.worksheets[3].cell(row, column).value = value or None
    file = filled.save(tmp_path)
    book = openpyxl.load_workbook(through_libreoffice(file), data_only=True)
    new = book.worksheets[3]
    assert [new.cell(r, 9).value or None for r in (6, 7, 8)] == [
        t("fill.ready"), t("fill.new.lacking"), None,
    ]  # fmt: skip
    sheet = book.worksheets[1]
    column = filled.columns["check"]
    assert [sheet.cell(r, column).value or None for r in rows] == [said for _, said in cases]
    ready = sum(sheet.cell(r, column).value == t("fill.ready") for r in filled.rows())
    of, lacking = t("fill.progress.of", n=len(list(filled.rows()))), t("fill.progress.lacking")
    assert sheet["A3"].value == f"{ready} {of} 4 {lacking}"


def test_stored_values_of_the_formulas_are_those_of_the_export():
    book = openpyxl.load_workbook(io.BytesIO(exported()), data_only=True)
    filled = Filled()
    column = filled.columns["check"]
    for row in filled.rows():
        value = book.worksheets[1].cell(row, column).value
        assert (value == "klar") == (filled.get(row, "status") is not None)
    assert isinstance(filled.get(filled.found_row(), "date"), dt.datetime)
