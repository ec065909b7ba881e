"""The workbook: it opens, computes what the tool computes, and takes hostile text as text."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import json
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from lxml import etree
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from data.loaders.systems import systems
from gap.analysis import Analysis
from gap.export import document
from gap.schemes import schemes
from reports.texts import Texts
from reports.words import group_label, part_label
from reports.workbook import build
from reports.workbook.book import CellError
from tests.builders import run
from tests.gap.builders import finding, judge, obligation, system
from tests.reports.analyses import shipped
from tests.reports.formulas import Sheets, evaluate, opened

VARIANTS = [
    ("norway-2026-11", "share-met", "nb"),
    ("norway-2026-11", "xt-ehr", "en"),
    ("norway-2024-10", "level", "en"),
]
SHEETS = {
    "nb": ["Les meg", "Sammendrag", "Vurdering", "Varmekart", "Veikart", "Krav", "Ord og kilder"],
    "en": ["Read me", "Summary", "Assessment", "Heat map", "Roadmap", "Obligations",
           "Words and sources"],
}  # fmt: skip
SUMMARY_FIELDS = ("cells", "not_assessed", "share_assessed", "met", "partial", "not_met", "level",
                  "low", "point", "high", "gates_failed", "gates_open")  # fmt: skip


class Made:
    """A workbook with what it was made from, read in both ways: formulas and stored values."""

    def __init__(self, analysis: Analysis, lang: str) -> None:
        self.analysis, self.lang, self.t = analysis, lang, Texts(lang)
        self.json: dict[str, Any] = json.loads(json.dumps(document(analysis)))
        self.bytes = build(analysis, self.t)
        self.formulas = opened(self.bytes, data_only=False)
        self.values = opened(self.bytes)

    def sheet(self, name: str, book: Workbook | None = None) -> Worksheet:
        found: Worksheet = (book or self.values)[self.t(f"sheet.{name}")]
        return found

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Return the rows under the heads in row 4."""
        sheet = self.sheet(name)
        head, *rows = sheet.iter_rows(min_row=4, values_only=True)
        return [dict(zip(head, row, strict=True)) for row in rows]

    def summary(self) -> Iterator[tuple[str, list[int]]]:
        """Return the row numbers of every roll-up on the summary sheet."""
        row, sheet = 4, self.sheet("summary")
        for rollup in self.analysis.scheme.groups:
            assert sheet.cell(row, 1).value == self.t(f"group.{rollup}")
            n = len(self.json["rollups"][rollup])
            yield rollup, list(range(row + 3, row + 3 + n))
            row += n + 4


@pytest.fixture(scope="module", params=VARIANTS, ids="-".join)
def made(request: pytest.FixtureRequest) -> Made:
    assessment, scheme, lang = request.param
    return Made(shipped(assessment, scheme), lang)


def small(*findings: Any, **fields: Any) -> Analysis:
    j = judge([obligation("E03.1", **fields)], [system()], findings)
    return Analysis(j, schemes()["share-met"])


def test_the_sheets_stand_in_order(made: Made) -> None:
    assert made.values.sheetnames == SHEETS[made.lang]


def test_tables_hold_one_row_a_cell_and_one_a_gap(made: Made) -> None:
    assert set(made.sheet("cells").tables) == {"tblCells"}
    assert set(made.sheet("roadmap").tables) == {"tblRoadmap"}
    assert len(made.rows("cells")) == len(made.json["cells"])
    assert len(made.rows("roadmap")) == len(made.json["roadmap"])
    assert len(made.rows("obligations")) == 526


def test_data_sheets_have_fixed_heads_filters_and_no_merged_cells(made: Made) -> None:
    for name in ("cells", "heat", "roadmap", "obligations"):
        sheet = made.sheet(name)
        row, _ = openpyxl.utils.cell.coordinate_from_string(sheet.freeze_panes)[::-1]
        assert row == 5
        assert sheet.tables or sheet.auto_filter.ref
        heads = [c.value for c in sheet[4]]
        assert all(heads)
        assert len(heads) == len(set(heads))
        assert sheet.print_title_rows == "$4:$4"
    assert not any(sheet.merged_cells.ranges for sheet in made.values)


def test_every_sheet_fits_the_width_of_an_a4_page(made: Made) -> None:
    for sheet in made.values:
        assert sheet.page_setup.paperSize == 9
        assert sheet.page_setup.orientation == "landscape"
        assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)


def test_charts_and_tables_have_a_text_for_those_who_do_not_see_them(made: Made) -> None:
    with zipfile.ZipFile(io.BytesIO(made.bytes)) as archive:
        names = archive.namelist()
        drawings = [n for n in names if re.fullmatch(r"xl/drawings/drawing\d+\.xml", n)]
        tables = [n for n in names if n.startswith("xl/tables/")]
        charts = [n for n in names if n.startswith("xl/charts/chart")]
        described = [
            shape.get("descr")
            for n in drawings
            for shape in etree.fromstring(archive.read(n)).iter("{*}cNvPr")
        ]
        texts = [
            (table.get("altText"), table.get("altTextSummary"))
            for n in tables
            for table in etree.fromstring(archive.read(n)).iter("{*}table")
            if table.get("altText")
        ]
    expected = sum(name in made.analysis.scheme.groups for name in ("part", "category"))
    assert len(charts) == len(described) == expected
    assert all(described)
    assert len(texts) == len(tables) == 2
    assert all(all(pair) for pair in texts)


def test_charts_do_not_lie_on_tables_or_on_each_other(made: Made) -> None:
    sheet = made.sheet("summary", made.formulas)
    places = sorted(
        (c.anchor._from.col, c.anchor._from.row, c.anchor.to.row) for c in sheet._charts
    )
    assert all(column > sheet.max_column for column, _, _ in places)
    for (_, _, end), (_, start, _) in itertools.pairwise(places):
        assert start > end


def test_the_properties_say_what_the_workbook_is(made: Made) -> None:
    p = made.values.properties
    assert p.title
    assert p.title.endswith(made.analysis.judgement.assessment.title(made.lang))
    assert p.creator == made.analysis.judgement.assessment.assessor
    assert p.created == dt.datetime.combine(made.analysis.judgement.as_of, dt.time())
    custom = {c.name: c.value for c in made.values.custom_doc_props.props}
    assert custom == {
        "ehds.schema": "ehds.gap-workbook/1",
        "ehds.catalogue": made.json["catalogue"]["edition"],
        "ehds.assessment": made.json["assessment"]["id"],
        "ehds.scheme": made.json["scheme"]["name"],
        "ehds.as-of": made.json["as_of"],
        "ehds.language": made.lang,
    }


def test_every_formula_has_a_stored_value_that_it_computes_to(made: Made) -> None:
    sheets, checked, wrong = Sheets(made.values), 0, []
    for sheet in made.formulas:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type != "f":
                    continue
                checked += 1
                stored = made.values[sheet.title][cell.coordinate].value
                computed = evaluate(cell.value, sheet, sheets)
                if stored is None or computed != pytest.approx(stored, abs=1e-6):
                    wrong.append(f"{cell.coordinate} {stored} for {computed}: {cell.value[:80]}")
    assert wrong == []
    assert checked > 12 * 40


def test_the_summary_shows_the_figures_of_the_json(made: Made) -> None:
    sheet = made.sheet("summary")
    names = {s.id: s.name(made.lang) for s in systems().values()}
    for rollup, numbers in made.summary():
        for number, figure in zip(numbers, made.json["rollups"][rollup], strict=True):
            cells = [c.value for c in sheet[number][:13]]
            assert cells[0] == group_label(rollup, figure["key"], made.t, names)
            derived = {
                "not_assessed": figure["cells"] - figure["assessed"],
                "not_met": figure["assessed"] - figure["met"] - figure["partial"],
            }
            for field, shown in zip(SUMMARY_FIELDS, cells[1:], strict=True):
                expected = derived.get(field, figure.get(field))
                assert shown == ("–" if expected is None else pytest.approx(expected, abs=1e-8)), (
                    rollup, figure["key"], field,
                )  # fmt: skip


def test_no_two_groups_of_a_roll_up_have_one_name(made: Made) -> None:
    """Formulas find the rows of a group by its name."""
    sheet = made.sheet("summary")
    for rollup, numbers in made.summary():
        names = [str(sheet.cell(n, 1).value).casefold() for n in numbers]
        assert len(names) == len(set(names)), rollup
        assert all(len(name) <= 255 for name in names)


def test_the_assessment_sheet_shows_the_cells_of_the_json(made: Made) -> None:
    t, name = made.t, {s.id: s.name(made.lang) for s in systems().values()}
    status = {c["status"] for c in made.json["cells"]}
    assert "not-assessed" in status
    counted = {o["id"] for o in made.json["obligations"]
               if made.json["scheme"]["rows"] == "all" or o["roles"]}  # fmt: skip
    for row, cell in zip(made.rows("cells"), made.json["cells"], strict=True):
        assert row[t("cells.system")] == name[cell["system"]]
        assert row[t("cells.obligation")] == cell["obligation"]
        assert row[t("cells.due")].date().isoformat() == cell["due"]
        assert (row[t("cells.categories")] or "").split() == cell["categories"]
        counts = cell["obligation"] in counted
        for column, field in (("assessed", "assessed"), ("met", "met"), ("partial", "partial"),
                              ("level_share", "level")):  # fmt: skip
            expected = cell[field] if counts else 0
            assert row[t(f"cells.{column}")] == pytest.approx(expected, abs=1e-8)


def test_the_heat_map_shows_the_levels_of_the_json(made: Made) -> None:
    names = {s.id: s.name(made.lang) for s in systems().values()}
    shown = {row[made.t("col.system")]: row for row in made.rows("heat")}
    for figure in made.json["heat_map"]:
        part = part_label(figure["part"], made.t)
        row = shown[names[figure["system"]]]
        level = made.t("heat.unknown") if figure["level"] is None else figure["level"]
        assert row[part] == level
        assert row[made.t("heat.share", part=part)] == pytest.approx(figure["share_assessed"])


def test_the_roadmap_shows_the_steps_of_the_json(made: Made) -> None:
    t = made.t
    for row, step in zip(made.rows("roadmap"), made.json["roadmap"], strict=True):
        assert row[t("col.obligation")] == step["obligation"]
        assert row[t("col.due")].date().isoformat() == step["due"]
        assert row[t("col.level")] == step["level"]
        assert row[t("col.verdict")] == t(f"plan.{step['plan']}")
        assert (row[t("col.after")] or "").split() == step["after"]


def test_the_words_are_those_of_the_language(made: Made) -> None:
    other = Texts("en" if made.lang == "nb" else "nb")
    shown = {
        cell for sheet in made.values for row in sheet.iter_rows(values_only=True)
        for cell in row if isinstance(cell, str)
    }  # fmt: skip
    for key in (
        "col.group", "col.not_assessed", "cells.comment", "sheet.cells.note", "readme.how.1",
        "method.band", "plan.no-plan", "obligation.not_scored",
    ):  # fmt: skip
        assert made.t(key) in shown, key
        assert other(key) not in shown, key


def test_the_same_analysis_gives_the_same_bytes(made: Made) -> None:
    assert build(made.analysis, made.t) == made.bytes


@pytest.mark.slow
def test_another_process_gives_the_same_bytes(tmp_path: Path) -> None:
    files = []
    for seed in ("1", "2"):
        target = tmp_path / f"{seed}.xlsx"
        done = run("gap", "workbook", "--as-of", "2026-11-22", "-o", target,
                   env={"PYTHONHASHSEED": seed, "TZ": f"UTC+{seed}"})  # fmt: skip
        assert done.code == 0, done.err
        files.append(target.read_bytes())
    assert files[0] == files[1]


@pytest.mark.parametrize(
    "text",
    ["=1+1", '=HYPERLINK("http://example.org")', "+1", "-1", "@SUM(1)", "{=1}", "007",
     "http://example.org", "internal:'Krav'!A1", "<b>&amp;", " padded ", "\U0001f600"],
)  # fmt: skip
def test_text_stays_text(text: str) -> None:
    made = build(small(finding("E03.1", 1, comment_nb=text)), Texts("nb"))
    book = opened(made)
    (cell,) = [c for c in book["Vurdering"][5] if c.value == text]
    assert cell.data_type == "s"
    assert cell.hyperlink is None
    assert [c.value for c in book["Veikart"][5]].count(text) == 1


def test_a_text_longer_than_a_cell_holds_is_an_error_and_not_cut() -> None:
    build(small(finding("E03.1", 3, comment_nb="x" * 32_767)), Texts("nb"))
    with pytest.raises(CellError, match=r"N5"):
        build(small(finding("E03.1", 3, comment_nb="x" * 32_768)), Texts("nb"))


@pytest.mark.parametrize("lang", ["nb", "en"])
@pytest.mark.parametrize("scheme", list(schemes()))
def test_an_analysis_without_cells_or_findings_makes_a_workbook(lang: str, scheme: str) -> None:
    empty = Analysis(judge([obligation("A", scopes=("NCP",))], [system()]), schemes()[scheme])
    book = opened(build(empty, Texts(lang)))
    assert book.sheetnames == SHEETS[lang]


def test_colours_of_a_status_stand_beside_its_word(made: Made) -> None:
    sheet, t = made.sheet("cells"), made.t
    column = [c.value for c in sheet[4]].index(t("cells.status")) + 1
    fills: dict[str, set[str]] = {}
    for row in range(5, sheet.max_row + 1):
        cell = sheet.cell(row, column)
        assert cell.value
        fills.setdefault(cell.value, set()).add(cell.fill.fgColor.rgb)
    assert all(len(colours) == 1 for colours in fills.values())
    assert len({next(iter(c)) for c in fills.values()}) == len(fills)


@pytest.mark.slow
@pytest.mark.oracle
def test_libreoffice_computes_the_same_numbers(made: Made, tmp_path: Path) -> None:
    """The stored values are taken out first, so that LibreOffice has to compute every one."""
    from tests.reports.libreoffice import recalculated

    if os.environ.get("CI") == "true":
        pytest.skip("LibreOffice is not part of the stated machine")
    computed = recalculated(made.bytes, tmp_path)
    sheet, theirs = made.sheet("summary"), computed[made.t("sheet.summary")]
    wrong, n = [], 0
    for row in made.sheet("summary", made.formulas).iter_rows():
        for cell in row:
            if cell.data_type == "f":
                n += 1
                ours, other = sheet[cell.coordinate].value, theirs[cell.coordinate].value
                if other != pytest.approx(ours, abs=1e-6):
                    wrong.append(f"{cell.coordinate}: {ours} for {other}")
    assert wrong == []
    assert n > 400
