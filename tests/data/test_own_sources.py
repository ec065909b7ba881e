"""An assessment may rest on documents of its own: a ``sources.csv`` beside its findings."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from data.errors import InputError, Problem
from data.loaders.assessments import load, load_all
from data.loaders.sources import COLUMNS, sources
from reports.words import source_line, source_titles
from tests.builders import finding, make_assessment

REPORT = {
    "id": "kartlegging-vest-2026", "title_nb": "Kartlegging", "title_en": "Survey",
    "publisher": "Helse Vest", "date": "2024-09-01", "date_note_nb": "", "date_note_en": "",
    "where": "Sak 2026/1",
}  # fmt: skip


def registered(folder: Path, *rows: dict[str, str]) -> Path:
    with (folder / "sources.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return folder


def problems(folder: Path) -> list[Problem]:
    with pytest.raises(InputError) as caught:
        load(str(folder))
    return list(caught.value.problems)


def test_a_finding_may_rest_on_a_document_of_the_assessment(tmp_path):
    cell = f"ref-norway ; {REPORT['id']}"
    folder = registered(make_assessment(tmp_path, [finding(source=cell)], name="a"), REPORT)
    got = load(str(folder))
    assert [s.id for s in got.sources] == [REPORT["id"]]
    assert set(got.register) == {*sources(), REPORT["id"]}
    (found,) = got.findings
    assert source_line(found, "nb").startswith(f"{source_titles('ref-norway', 'nb')}; Kartlegging")
    assert "; Survey" in source_line(found, "en")


def test_who_extends_an_assessment_has_its_documents(tmp_path):
    registered(make_assessment(tmp_path, [], name="old"), REPORT)
    newer = make_assessment(tmp_path, [finding(source=REPORT["id"])], name="new", extends="old")
    assert load(str(newer)).findings[0].documents[0].publisher == "Helse Vest"
    registered(newer, REPORT)
    assert len(load(str(newer)).sources) == 1


def test_an_id_names_one_document(tmp_path):
    registered(make_assessment(tmp_path, [], name="old"), REPORT)
    newer = make_assessment(tmp_path, [], name="new", extends="old")
    registered(newer, {**REPORT, "publisher": "Helse Nord"})
    (problem,) = problems(newer)
    assert problem.where.endswith("sources.csv:2")
    assert "Helse Vest" in problem.what
    taken = registered(make_assessment(tmp_path, [], name="b"), {**REPORT, "id": "ref-ehds"})
    assert "ref-ehds" in problems(taken)[0].what


def test_a_row_of_the_product_may_be_repeated_word_for_word(tmp_path):
    row = sources()["ref-norway"].cells()
    folder = registered(make_assessment(tmp_path, [finding()], name="a"), row)
    assert load(str(folder)).sources == ()


def test_assessments_on_top_of_each_other_agree_on_their_documents(tmp_path):
    one = registered(make_assessment(tmp_path, [finding()], name="one"), REPORT)
    two = registered(make_assessment(tmp_path, [], name="two"), REPORT)
    assert [s.id for s in load_all([str(one), str(two)]).sources] == [REPORT["id"]]
    registered(two, {**REPORT, "where": "Sak 2026/2"})
    with pytest.raises(InputError, match="another document"):
        load_all([str(one), str(two)])


def test_everything_that_is_wrong_is_told_with_its_line(tmp_path):
    folder = make_assessment(tmp_path, [finding(source="rykte")], name="a")
    registered(
        folder, {**REPORT, "id": "Kartlegging 1"}, {**REPORT, "id": "b-1", "title_en": ""},
        {**REPORT, "id": "c-1", "date": "i fjor"}, {**REPORT, "id": "d-1", "date": ""},
        {**REPORT, "id": "e-1", "date_note_nb": "Uten dag"}, REPORT, REPORT,
    )  # fmt: skip
    found = problems(folder)
    lines = [p.where.rpartition(":")[2] for p in found if "sources.csv" in p.where]
    assert lines == ["2", "3", "4", "5", "6", "8"]
    assert any("findings.csv" in p.where and "«rykte»" in p.what for p in found)
    assert all(p.remedy or "date:" in p.what for p in found)


def test_a_finding_is_not_older_than_a_document_of_its_own(tmp_path):
    folder = make_assessment(tmp_path, [finding(source=REPORT["id"])], name="a")
    registered(folder, {**REPORT, "date": "2099-01-01"})
    assert "lies before the source" in problems(folder)[0].what
