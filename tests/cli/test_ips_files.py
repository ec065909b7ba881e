"""``ehds ips`` and ``ehds terms coverage``: what goes into files, and where a fault lies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ehds.cli import run


def test_a_summary_and_its_loss_report_are_written_together_or_not_at_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "summary.json"
    assert run(["ips", "build", "mrsa", "-o", str(target), "--loss", str(tmp_path)]) == 2
    assert run(["ips", "build", "mrsa", "-o", str(target), "--loss", str(target)]) == 2
    assert "two products" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_patients_is_told_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "records").mkdir()
    out = tmp_path / "out"
    assert run(["ips", "bulk", "--records", str(tmp_path / "records"), "--out", str(out)]) == 2
    assert "Wrote" not in capsys.readouterr().err
    assert not out.exists()


def test_show_names_the_file_that_is_no_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "patient.json"
    file.write_text('{"resourceType": "Patient"}')
    assert run(["ips", "show", str(file)]) == 2
    assert f"Error: {file}: " in capsys.readouterr().err


def test_no_word_of_a_document_steers_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """ECMA-48 sequences in a document from abroad must not reach the terminal."""
    file = tmp_path / "summary.json"
    assert run(["ips", "build", "penicillin-anaphylaxis", "-o", str(file)]) == 0
    document = json.loads(file.read_text("utf-8"))
    allergy = next(e["resource"] for e in document["entry"]
                   if e["resource"]["resourceType"] == "AllergyIntolerance")  # fmt: skip
    allergy["note"] = [{"text": "one\x1b[2Jtwo\x9b31m\u202ethree"}]
    file.write_text(json.dumps(document), "utf-8")
    capsys.readouterr()
    assert run(["ips", "show", str(file)]) == 0
    shown = capsys.readouterr().out
    assert "three" in shown
    assert not set(shown) & set("\x1b\x9b\u202e")


def test_a_folder_is_checked_with_its_files_of_capital_suffix(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "good.json").write_text('{"resourceType": "Basic", "code": {"text": "x"}}')
    (tmp_path / "BAD.JSON").write_text('{"resourceType": "Basic", "code": {"text": ""}}')
    assert run(["ips", "check", "--format", "json", str(tmp_path)]) == 1
    found = json.loads(capsys.readouterr().out)["documents"]
    assert {Path(d["name"]).name: d["valid"] for d in found} == {
        "good.json": True, "BAD.JSON": False,
    }  # fmt: skip


def test_coverage_over_many_records_names_the_one_with_the_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "patient.json").write_text("{")
    assert run(["terms", "coverage", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert "first: patient.json" in told
    assert "second: patient.json" in told


def test_a_misspelt_equivalence_is_told_not_answered_with_no_rows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["terms", "map", "7448-edqm", "--equivalence", "unmached"]) == 2
    assert "unmatched" in capsys.readouterr().err
