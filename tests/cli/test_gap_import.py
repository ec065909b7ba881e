"""``ehds gap workbook`` to fill in and ``ehds gap import``: streams, exit codes, nothing half."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from data.loaders.assessments import load
from tests.builders import call, run
from tests.gap.worksheets import FULL, Filled

DAY = ("--date", "2026-11-22")


@pytest.fixture
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Filled:
    """Return a workbook that the command wrote, in the present folder."""
    monkeypatch.chdir(tmp_path)
    done = call("gap", "workbook", "--system", "kjernejournal", "--theme", "annex-ii")
    assert done.code == 0, done.err
    assert "Wrote ehds-kjernejournal-annex-ii.xlsx" in done.err
    return Filled((tmp_path / "ehds-kjernejournal-annex-ii.xlsx").read_bytes())


def names(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()}


def test_without_a_choice_the_overview_is_written_as_before(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert call("gap", "workbook").code == 0
    assert names(tmp_path) == {"ehds-gap.xlsx"}
    target = tmp_path / "deep" / "other.xlsx"
    assert call("gap", "workbook", "-o", target).code == 0
    assert target.read_bytes() == (tmp_path / "ehds-gap.xlsx").read_bytes()


def test_the_preview_writes_nothing(filled, tmp_path):
    row = filled.open_row()
    file = filled.set(row, **FULL).save(tmp_path)
    before = names(tmp_path)
    for flags in ((), ("--dry-run",), ("-o", tmp_path / "mine")):
        done = call("gap", "import", file, *DAY, *flags)
        assert done.code == 0, done.err
        assert filled.get(row, "obligation") in done.out
        assert "ikke vurdert" not in done.out
        assert "ingenting er skrevet" in done.err
        assert names(tmp_path) == before


def test_apply_writes_an_assessment_that_every_command_reads(filled, tmp_path):
    row = filled.open_row()
    file = filled.set(row, **FULL).by("Kari Nordmann").save(tmp_path)
    done = call("gap", "import", file, *DAY, "--apply", "-o", tmp_path / "mine", "--lang", "en")
    assert done.code == 0, done.err
    assert names(tmp_path / "mine") == {"assessment.toml", "findings.csv", "changes.csv"}
    assert "Wrote 1 changes" in done.err
    told = call("gap", "explain", "kjernejournal", filled.get(row, "obligation"),
                "--assessment", tmp_path / "mine")  # fmt: skip
    assert "Kilden viser en del" in " ".join(told.out.split())
    compared = call("gap", "compare", "norway-2026-11", tmp_path / "mine", "--format", "json")
    changes = json.loads(compared.out)["changes"]
    assert [c["obligation"] for c in changes] == [filled.get(row, "obligation")]
    again = call("gap", "import", file, *DAY, "--apply", "-o", tmp_path / "mine")
    assert again.code == 0
    assert "Ingenting å skrive" in again.err


def test_one_wrong_cell_writes_nothing(filled, tmp_path):
    one, other = filled.open_row(), filled.open_row(1)
    file = filled.set(one, **FULL).set(other, **{**FULL, "level": 9}).save(tmp_path)
    done = call("gap", "import", file, *DAY, "--apply", "-o", tmp_path / "mine", "--assessor", "K")
    assert done.code == 2
    assert done.out == ""
    assert filled.at(other, "level") in done.err
    assert "remedy:" in done.err
    assert not (tmp_path / "mine").exists()


def test_what_is_left_out_makes_exit_1(filled, tmp_path):
    row = filled.found_row()
    first = filled.set(row, comment_nb="Én").save(tmp_path, "a.xlsx")
    second = filled.set(row, comment_nb="To").save(tmp_path, "b.xlsx")
    mine = tmp_path / "mine"
    done = call("gap", "import", first, second, *DAY)
    assert done.code == 1
    assert "uenige" in done.out
    assert call("gap", "import", first, *DAY, "--apply", "-o", mine, "--assessor", "K").code == 0
    done = call("gap", "import", second, *DAY, "--apply", "-o", mine, "--assessor", "K")
    assert done.code == 1
    place = f"kjernejournal:{filled.get(row, 'obligation')}"
    assert f"--accept {place}" in done.out
    assert any(f.comment_nb == "Én" for f in load(str(mine)).findings)
    done = call("gap", "import", second, *DAY, "--apply", "-o", mine, "--assessor", "K",
                "--accept", place)  # fmt: skip
    assert done.code == 0
    assert any(f.comment_nb == "To" for f in load(str(mine)).findings)


def test_json_holds_the_whole_preview(filled, tmp_path):
    row = filled.open_row()
    file = filled.set(row, **FULL).save(tmp_path)
    found = json.loads(call("gap", "import", file, *DAY, "--format", "json").out)
    assert found["schema"] == "ehds.gap-import/1"
    assert found["applied"] is False
    (change,) = found["changes"]
    assert change["old"] is None
    assert change["new"]["comment_en"] == "The source shows a part"
    assert change["from"] == [f"[a.xlsx]Vurdering!{row}:{row}"]


def test_csv_goes_out_and_comes_back(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert call("gap", "workbook", "--system", "sysvak", "--csv").code == 0
    assert names(tmp_path) == {"ehds-sysvak.csv"}
    done = call("gap", "import", "ehds-sysvak.csv")
    assert done.code == 0, done.err
    assert "Ingenting endres" in done.out
    out = run("gap", "workbook", "--system", "sysvak", "--csv", "--lang", "en", "-o", "-")
    assert "key.ground" in out.out.splitlines()[0]


@pytest.mark.parametrize(("arguments", "said"), [
    (("workbook", "--system", "kjernejurnal"), "did you mean: kjernejournal"),
    (("workbook", "--region", "oslo", "--theme", "z"), "2 problems"),
    (("workbook", "--theme", "XX"), "a chapter, an annex or a category"),
    (("workbook", "--csv"), "--csv needs"),
    (("workbook", "--system", "helseid", "--theme", "a"), "no row applies"),
    (("import", "missing.xlsx"), "filen finnes ikke"),
    (("import", "missing.xlsx", "--lang", "en"), "no such file"),
    (("import",), "Missing argument"),
    (("import", "x.xlsx", "--apply"), "--apply needs -o"),
    (("import", "x.xlsx", "--apply", "--dry-run", "-o", "y"), "exclude each other"),
    (("import", "x.xlsx", "--date", "snart"), "not a date"),
], ids=" ".join)  # fmt: skip
def test_a_wrong_call_is_told(tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    done = call("gap", *arguments)
    assert done.code == 2
    assert said in done.err
    assert names(tmp_path) == set()


def test_a_new_document_is_shown_kept_and_known_to_other_commands(filled, tmp_path):
    row, sheet = filled.open_row(), filled.book["Nye kilder"]
    said = ("kart-1", "Kartet", "The map", "Etat", "2026-09-01", None, None, "Sak 1")
    for column, value in enumerate(said, 1):
        sheet.cell(6, column).value = value
    file = filled.set(row, **{**FULL, "source": "kart-1"}).by("Kari Nordmann").save(tmp_path)
    shown = call("gap", "import", file, *DAY, "--format", "json")
    (document,) = json.loads(shown.out)["sources"]
    assert (document["id"], document["date"]) == ("kart-1", "2026-09-01")
    done = call("gap", "import", file, *DAY, "--apply", "-o", tmp_path / "mine", "--lang", "en")
    assert done.code == 0, done.err
    assert "kart-1: The map, Etat, 2026-09-01 (Sak 1)" in " ".join(done.out.split())
    assert "Wrote 2 changes" in done.err
    assert "sources.csv" in names(tmp_path / "mine")
    told = call("gap", "explain", "kjernejournal", filled.get(row, "obligation"),
                "--assessment", tmp_path / "mine")  # fmt: skip
    assert "Kartet" in told.out
    again = call("gap", "import", file, *DAY, "--apply", "-o", tmp_path / "mine")
    assert "Ingenting å skrive" in again.err
