"""``ehds rx`` from the outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from data.errors import InputError
from ehds.cli.rx import command


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments), catch_exceptions=True)


def test_from_m1_to_m10(tmp_path: Path) -> None:
    asked, given, home = (str(tmp_path / n) for n in ("p.json", "d.xml", "m10.xml"))
    loss = tmp_path / "loss.json"
    assert run("build", "package", "-o", asked, "--loss", str(loss)).exit_code == 0
    assert json.loads(loss.read_text())["schema"] == "ehds.loss/1"
    assert run("check", asked).exit_code == 0
    done = run("dispense", asked, "--package", "Kåvepenin 800 mg", "--quantity", "1", "--pharmacy",
               "Apoteket Storken", "--country", "SE", "--when", "2026-10-20T12:00:00+02:00",
               "--format", "xml", "-o", given)  # fmt: skip
    assert done.exit_code == 0, done.output
    assert run("check", given).exit_code == 0
    assert run("report", given, "-o", home).exit_code == 0
    assert "<Utleveringsrapport" in Path(home).read_text()
    assert run("build", home).exit_code == 0


def test_check_leaves_with_one_on_findings(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    assert run("build", "vaccine", "-o", str(path)).exit_code == 0
    assert run("check", str(path)).exit_code == 0
    assert run("check", str(path), "--fail-level", "warning").exit_code == 1
    found = json.loads(run("check", str(path), "--format", "json").stdout)
    ids = {r["id"] for r in found["documents"][0]["results"]}
    assert "rx-2012-52-strength" in ids


def test_goods_are_refused_and_the_loss_report_is_written(tmp_path: Path) -> None:
    loss = tmp_path / "loss.json"
    done = run("build", "goods", "--loss", str(loss))
    assert isinstance(done.exception, InputError)
    assert json.loads(loss.read_text())["counts"]["not-carried"] > 0


@pytest.mark.parametrize("lang", ["nb", "en"])
def test_list_shows_the_samples(lang: str) -> None:
    assert "tapering" in run("list", "--lang", lang).output


def test_a_misspelt_sample_gets_the_nearest_name() -> None:
    done = run("build", "taperin")
    assert isinstance(done.exception, InputError)
    assert "tapering" in done.exception.problems[0].remedy
