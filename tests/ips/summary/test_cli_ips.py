"""``ehds ips``: names, files, exit codes and errors that say what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from data.errors import InputError
from ehds.cli.ips import command

SAMPLE = "penicillin-anaphylaxis"
STAMP = "2026-11-22T12:00:00+01:00"


def run(*arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(command, list(arguments), input=stdin, catch_exceptions=True)


def built(tmp_path: Path, *more: str, name: str = "summary.json") -> Path:
    target = tmp_path / name
    done = run("build", SAMPLE, "--timestamp", STAMP, "-o", str(target), *more)
    assert done.exit_code == 0, done.output
    return target


@pytest.mark.parametrize("profile", ["ips", "eps"])
@pytest.mark.parametrize("fmt", ["json", "xml"])
def test_what_is_built_passes_the_check(tmp_path: Path, profile: str, fmt: str) -> None:
    target = built(tmp_path, "--profile", profile, "--format", fmt, name=f"summary.{fmt}")
    done = run("check", str(target))
    assert done.exit_code == 0, done.output
    assert "valid" in done.stdout


def test_a_document_goes_to_standard_output_and_the_loss_to_its_file(tmp_path: Path) -> None:
    loss = tmp_path / "loss.json"
    done = run("build", SAMPLE, "--loss", str(loss))
    assert json.loads(done.stdout)["resourceType"] == "Bundle"
    report = json.loads(loss.read_text())
    assert report["schema"] == "ehds.loss/1"
    assert report["items"]


def test_bulk_writes_the_same_bytes_as_build(tmp_path: Path) -> None:
    import data

    records = tmp_path / "records"
    for name in (SAMPLE, "mrsa"):
        (records / name).mkdir(parents=True)
        for file in data.path("patients", name).glob("*.json"):
            (records / name / file.name).write_bytes(file.read_bytes())
    out = tmp_path / "out"
    done = run("bulk", "--records", str(records), "--out", str(out), "--profile", "eps",
               "--timestamp", STAMP)  # fmt: skip
    assert done.exit_code == 0, done.output
    single = built(tmp_path, "--profile", "eps")
    assert (out / f"{SAMPLE}.json").read_bytes() == single.read_bytes()
    assert sorted(p.name for p in out.iterdir()) == ["loss.json", "mrsa.json", f"{SAMPLE}.json"]


def test_bulk_writes_the_good_records_and_names_the_bad_one(tmp_path: Path) -> None:
    (tmp_path / "records" / "bad").mkdir(parents=True)
    (tmp_path / "records" / "bad" / "patient.json").write_text("{")
    done = run("bulk", "--records", str(tmp_path / "records"), "--out", str(tmp_path / "out"))
    assert isinstance(done.exception, InputError)
    assert "bad" in done.exception.problems[0].where


def test_a_broken_document_gives_exit_code_1_and_a_place(tmp_path: Path) -> None:
    target = built(tmp_path)
    bundle = json.loads(target.read_text())
    del bundle["entry"][0]["resource"]["title"]
    target.write_text(json.dumps(bundle))
    done = run("check", str(target))
    assert done.exit_code == 1
    assert "Bundle.entry[0].resource" in done.stdout


def test_check_reads_standard_input_folders_and_names_what_it_cannot_read(tmp_path: Path) -> None:
    target = built(tmp_path)
    assert run("check", "-", stdin=target.read_bytes()).exit_code == 0
    assert str(target) in run("check", str(tmp_path)).stdout
    (tmp_path / "broken.json").write_text('{"resourceType": ')
    done = run("check", str(tmp_path))
    assert isinstance(done.exception, InputError)
    assert "valid" in done.stdout
    assert "broken.json" in done.exception.problems[0].where


def parsed(fmt: str, text: str) -> Any:
    if fmt == "junit":
        from lxml import etree

        return etree.fromstring(text.encode()).tag
    return json.loads(text)


@pytest.mark.parametrize(
    ("fmt", "key", "value"),
    [("json", "schema", None), ("operationoutcome", "resourceType", "OperationOutcome"),
     ("junit", None, "testsuites")],
)  # fmt: skip
def test_every_format_of_check_is_well_formed(
    tmp_path: Path, fmt: str, key: str | None, value: str | None
) -> None:
    content = parsed(fmt, run("check", str(built(tmp_path)), "--format", fmt).stdout)
    assert (content[key] if key else content) == value or value is None


@pytest.mark.parametrize("lang", ["nb", "en"])
def test_coverage_lists_the_eighteen_elements_with_reasons(tmp_path: Path, lang: str) -> None:
    target = built(tmp_path)
    text = run("check", str(target), "--coverage", "--lang", lang).stdout
    assert all(f"X1.1.{n} " in text for n in range(1, 19))
    content = json.loads(run("check", str(target), "--coverage", "--format", "json").stdout)
    rows = content["documents"][0]["coverage"]
    assert len(rows) == 18
    assert all(row["reason"][lang] for row in rows)


def test_show_gives_text_and_a_page(tmp_path: Path) -> None:
    target = built(tmp_path, "--lang", "en")
    assert "ALLERGIES" in run("show", str(target), "--lang", "en").stdout
    page = tmp_path / "page.html"
    assert run("show", str(target), "--html", "--lang", "en", "-o", str(page)).exit_code == 0
    assert page.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    "arguments",
    [("build", "no-such-patient"), ("show", "no-such-file.json"), ("check", "no-such-file.json"),
     ("check", "x.json", "--profile", "http://nowhere")],
)  # fmt: skip
def test_wrong_input_is_an_input_error_with_a_remedy(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert isinstance(done.exception, InputError)
    assert all(p.remedy for p in done.exception.problems)


def test_a_wrong_time_is_wrong_use() -> None:
    assert run("build", SAMPLE, "--timestamp", "yesterday").exit_code == 2
