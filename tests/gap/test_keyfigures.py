"""Key figures: what Article 20 asks is there, files are checked whole, nothing is made up."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import openpyxl
import pytest

from data.errors import InputError
from data.loaders.catalogue import catalogue
from gap.keyfigures import UNITS, figures, read, report
from tests.builders import call, write_csv

HEAD = ("id", "period", "value", "source", "date")


def row(ident: str, value: str, period: str = "2027", source: str = "Rapport",
        date: str = "2028-02-01") -> dict[str, str]:  # fmt: skip
    return dict(zip(HEAD, (ident, period, value, source, date), strict=True))


def table(folder: Path, *rows: dict[str, str], name: str = "filled.csv") -> Path:
    write_csv(folder / name, HEAD, rows)
    return folder / name


def test_every_point_of_article_20_has_a_figure_of_the_law() -> None:
    asked = {o.id for o in catalogue().obligations.values() if o.id.startswith("E20.")}
    assert {f.obligation for f in figures().values() if f.basis == "law"} == asked


def test_what_is_our_reading_of_article_20_is_said_so() -> None:
    """The article names no list of categories (b, e) and is open in (d)(iii)."""
    for figure in figures().values():
        if figure.ref in ("Art 20(b)", "Art 20(e)", "Art 20(d)(iii)"):
            assert "vår lesning" in figure.definition_nb, figure.id
            assert "our reading" in figure.definition_en, figure.id
    assert figures()["report.overview"].unit == "text"


def test_access_and_volumes_are_by_category_and_connections_by_three_measures() -> None:
    by = {(f.ref, f.dimension) for f in figures().values()}
    for category in "abcdef":
        assert {("Art 20(b)", category), ("Art 20(e)", category)} <= by
    for kind in ("pharmacy", "hospital", "other"):
        assert {(f"Art 20(d)({n})", kind) for n in ("i", "ii", "iii")} <= by


def test_every_figure_has_its_words_and_a_known_unit() -> None:
    for figure in figures().values():
        assert figure.unit in UNITS
        assert figure.basis in ("law", "proposal")
        for lang in ("nb", "en"):
            assert all(figure.text(field, lang) for field in ("title", "definition", "source"))
    assert all("proposal" in f.definition_en for f in figures().values() if f.basis == "proposal")


def test_what_nobody_has_stays_empty(tmp_path: Path) -> None:
    found = report(read([table(tmp_path, row("non-compliance", "0"), row("volume.a", ""))]))
    assert found.given("2027") == 1
    values = {line.figure.id: line.values[0] for line in found.lines}
    assert values["volume.a"] is None
    zero = values["non-compliance"]
    assert zero is not None
    assert zero.shown == "0"


@pytest.mark.parametrize(
    ("ident", "value", "shown"),
    [("access.a", "43,5", "43.5"), ("access.a", "43.5 %", "43.5"), ("volume.b", "12 000", "12000"),
     ("volume.b", "12\u00a0000", "12000"), ("measures", "Kapittel 2", "Kapittel 2"),
     ("report.published", "2029-03-26", "2029-03-26")],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(
    tmp_path: Path, ident: str, value: str, shown: str
) -> None:
    assert read([table(tmp_path, row(ident, value))])[0].shown == shown


def test_everything_wrong_is_told_at_once_by_line(tmp_path: Path) -> None:
    file = table(
        tmp_path, row("acces.a", "1"), row("access.a", "101"), row("volume.a", "1,5"),
        row("volume.b", "-1"), row("volume.c", "many"), row("volume.d", "1", period="2027-2030"),
        row("volume.e", "1", source=""), row("volume.f", "1", date="1.2.2028"),
        row("report.published", "soon"), row("non-compliance", "1"), row("non-compliance", "2"),
        row("access.b", "NaN"),
    )  # fmt: skip
    with pytest.raises(InputError) as caught:
        read([file])
    told = {p.where.rpartition(":")[2] for p in caught.value.problems}
    assert told == {"2", "3", "4", "5", "6", "7", "8", "9", "10", "12", "13"}
    assert "access.a" in caught.value.problems[0].remedy


def test_change_is_followed_over_a_period_that_nobody_counted(tmp_path: Path) -> None:
    first = table(tmp_path, row("access.a", "40"), row("access.b", "10"), name="1.csv")
    then = table(tmp_path, row("access.b", "12", period="2028"),
                 row("access.a", "43,5", period="2029"), name="2.csv")  # fmt: skip
    found = report(read([first, then]))
    changes = {line.figure.id: [str(c) for c in line.changes] for line in found.lines}
    assert found.periods == ("2027", "2028", "2029")
    assert changes["access.a"] == ["None", "None", "3.5"]
    assert changes["access.b"] == ["None", "2", "None"]


@pytest.mark.parametrize(("lang", "said"), [("nb", "ikke oppgitt"), ("en", "not given")])
def test_the_empty_table_is_shown_without_a_single_number(lang: str, said: str) -> None:
    out = call("gap", "keyfigures", "--lang", lang).out
    assert out.count(said) >= len(figures())


def test_the_table_goes_out_and_comes_back(tmp_path: Path) -> None:
    file = table(tmp_path, row("access.a", "40"), row("access.a", "43,5", period="2029"))
    out = call("gap", "keyfigures", "--file", file, "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(out)))
    assert len(rows) == 2 * len(figures())
    again = tmp_path / "again.csv"
    again.write_text(out, encoding="utf-8")
    first, second = (
        json.loads(call("gap", "keyfigures", "--file", f, "--format", "json").out)
        for f in (file, again)
    )
    assert first == second
    assert first["schema"] == "ehds.key-figures/1"


def test_the_workbook_opens_and_holds_every_figure(tmp_path: Path) -> None:
    file = table(tmp_path, row("access.a", "40"))
    target = tmp_path / "figures.xlsx"
    done = call("gap", "keyfigures", "--file", file, "--format", "xlsx", "-o", target)
    assert done.code == 0, done.err
    sheet = openpyxl.load_workbook(target).worksheets[0]
    cells = {r[0]: r for r in sheet.iter_rows(min_row=6, values_only=True)}
    assert set(figures()) <= set(cells)
    assert cells["access.a"][6] == 40
    assert cells["access.b"][6] == "ikke oppgitt"
