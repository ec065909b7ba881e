"""``--terminology``: a user's own tables, from the command line, for one command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ehds.cli import run

MAPS = (
    "source_list,source_code,source_display_nb,target_system,target_code,target_display_en,"
    "equivalence,inferred,map_source,edition,note\n"
)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    (folder / "maps").mkdir(parents=True)
    (folder / "value-sets").mkdir()
    (folder / "maps" / "form.csv").write_text(
        f"{MAPS}7448,53,Tablett,edqm,10221000,Film-coated tablet,inexact,no,ours,1,by hand\n",
        encoding="utf-8",
    )
    (folder / "value-sets" / "form.csv").write_text(
        "value_set,system,code,display_en\neHDSIDoseForm,edqm,10221000,Film-coated tablet\n",
        encoding="utf-8",
    )
    (folder / "designations.csv").write_text(
        "system,code,language,display\natc,C10AA05,en,Atorvastatin of ours\n", encoding="utf-8"
    )
    return folder


def codes(file: Path) -> str:
    return file.read_text(encoding="utf-8")


@pytest.mark.parametrize("as_variable", [False, True])
def test_a_prescription_is_built_with_them(
    own: Path, tmp_path: Path, as_variable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_own, without = tmp_path / "a.json", tmp_path / "b.json"
    options = [] if as_variable else ["--terminology", str(own)]
    if as_variable:
        monkeypatch.setenv("EHDS_TERMINOLOGY", str(own))
    assert run(["-q", "rx", "build", "substance", *options, "-o", str(with_own)]) == 0
    monkeypatch.delenv("EHDS_TERMINOLOGY", raising=False)
    assert run(["-q", "rx", "build", "substance", "-o", str(without)]) == 0
    assert "10221000" in codes(with_own)
    assert "10221000" not in codes(without)


def test_a_cda_document_is_written_and_checked_with_them(own: Path, tmp_path: Path) -> None:
    given, cda = tmp_path / "p.json", tmp_path / "p.xml"
    options = ["--terminology", str(own)]
    assert run(["-q", "rx", "build", "substance", "-o", str(given)]) == 0
    assert run(["-q", "ips", "convert", str(given), "--to", "cda", *options, "-o", str(cda)]) == 0
    assert "Atorvastatin of ours" in codes(cda)
    assert run(["-q", "rx", "build", "substance", "--to", "cda", "-o", str(cda)]) == 0
    assert "10219000" in codes(cda)
    strict = ["--fail-level", "warning"]
    assert run(["-q", "rx", "check", str(cda), *strict]) == 0
    assert run(["-q", "rx", "check", str(cda), *strict, *options]) == 1
    assert run(["-q", "ips", "check", str(cda), *strict, *options]) == 1


def test_a_summary_is_built_with_them(own: Path, tmp_path: Path) -> None:
    one, all_of_them = tmp_path / "s.json", tmp_path / "bulk"
    options = ["--terminology", str(own)]
    row = "7514,15,Annet,snomed,1,Ours,equivalent,no,ours,1,\n"
    (own / "maps" / "allergy.csv").write_text(MAPS + row, encoding="utf-8")
    assert run(["-q", "ips", "build", "everything", *options, "-o", str(one)]) == 0
    assert '"display": "Ours"' in codes(one) or '"display":"Ours"' in codes(one)
    records = tmp_path / "records"
    assert run(["-q", "patients", "copy", "everything", "--out", str(records)]) == 0
    assert run(["-q", "ips", "bulk", "--records", str(records), "--out", str(all_of_them),
                *options]) == 0  # fmt: skip
    assert any("Ours" in codes(file) for file in all_of_them.glob("*.json"))


def test_terms_are_looked_up_in_them(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--terminology", str(own)]
    assert run(["terms", "lookup", "7448", "53", "--format", "json", *options]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [t["code"] for t in found["codes"][0]["targets"]] == ["10221000"]
    assert run(["terms", "map", "form", "--format", "json", *options]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["map_source"] == "ours"
    assert run(["terms", "lookup", "7448", "53", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [t["code"] for t in found["codes"][0]["targets"]] == ["10219000"]
    assert run(["terms", "coverage", "everything", "--format", "json", *options]) == 0


def test_what_is_wrong_is_told_with_file_and_line_before_anything_is_written(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own / "value-sets" / "form.csv").write_text(
        "value_set,system,code,display_en\neHDSIDoseForm,edqm,,x\n", encoding="utf-8"
    )
    (own / "maps" / "form.csv").write_text(
        f"{MAPS}7448,53,Tablett,edqm,1,x,maybe,no,ours,1,\n", encoding="utf-8"
    )
    target = tmp_path / "p.json"
    options = ["--terminology", str(own), "-o", str(target)]
    assert run(["rx", "build", "substance", *options]) == 2
    told = capsys.readouterr().err
    assert "form.csv:2: value_set, system and code must all be filled" in told
    assert "form.csv:2: unknown equivalence «maybe»" in told
    assert "Traceback" not in told
    assert not target.exists()
