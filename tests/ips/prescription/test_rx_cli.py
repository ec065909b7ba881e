"""``ehds rx`` from the outside."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from lxml import etree

from data.errors import InputError
from ehds.cli.rx import command
from ips.cda.write import to_cda


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


@pytest.mark.parametrize("form", ["pivot", "friendly"])
@pytest.mark.parametrize("level", ["1", "3"])
def test_a_prescription_becomes_cda_in_both_forms_and_levels(
    tmp_path: Path, form: str, level: str
) -> None:
    if level == "1":
        pytest.importorskip("fpdf")
    cda = tmp_path / "p.xml"
    options = ["--to", "cda", "--form", form, "--level", level, "-o", str(cda)]
    assert run("build", "brand", *options).exit_code == 0
    assert run("check", str(cda), "--fail-level", "warning").exit_code == 0
    assert ("nonXMLBody" in cda.read_text()) == (level == "1")


def test_the_document_of_a_prescription_has_its_number(tmp_path: Path) -> None:
    cda = tmp_path / "p.xml"
    assert run("build", "brand", "--to", "cda", "-o", str(cda)).exit_code == 0
    request = next(e["resource"] for e in json.loads(run("build", "brand").stdout)["entry"]
                   if e["resource"]["resourceType"] == "MedicationRequest")  # fmt: skip
    number = uuid.UUID(request["identifier"][0]["value"].removeprefix("urn:uuid:"))
    assert etree.parse(cda).find("{*}id").get("root") == f"2.25.{number.int}"


def test_a_list_becomes_a_document_for_each_prescription(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    refused = run("build", "list.m96", "--to", "cda", "-o", str(tmp_path / "one.xml"))
    assert isinstance(refused.exception, InputError)
    assert "folder" in refused.exception.problems[0].remedy
    assert run("build", "list.m96", "--to", "cda", "-o", f"{folder}/").exit_code == 0
    files = sorted(folder.glob("*.xml"))
    assert len(files) == 3
    assert run("check", str(folder), "--fail-level", "warning").exit_code == 0
    for file in files:
        root = etree.parse(file).getroot()
        assert root.find("{*}id").get("root") == f"2.25.{uuid.UUID(file.stem).int}"
        assert len(root.findall(".//{*}entry")) == 1


def test_a_pharmacy_abroad_dispenses_on_cda(tmp_path: Path) -> None:
    cda, given, sent, home = (tmp_path / n for n in ("p.xml", "d.json", "d.xml", "m10.xml"))
    assert run("build", "brand", "--to", "cda", "-o", str(cda)).exit_code == 0
    done = run("dispense", str(cda), "--package", "Insulin X", "--quantity", "1", "--pharmacy",
               "Apoteket Storken", "--country", "SE", "--when", "2026-10-20T12:00:00+02:00",
               "-o", str(given))  # fmt: skip
    assert done.exit_code == 0, done.output
    assert run("check", str(given)).exit_code == 0
    written = to_cda(json.loads(given.read_text()), form="pivot", level=3).xml
    sent.write_bytes(written)
    order = etree.fromstring(written).find("{*}inFulfillmentOf/{*}order/{*}id").get("root")
    assert order == etree.parse(cda).find("{*}id").get("root")
    assert run("check", str(sent)).exit_code == 0
    assert run("report", str(sent), "-o", str(home)).exit_code == 0
    assert "<Utleveringsrapport" in home.read_text()


@pytest.mark.parametrize("command", ["check", "report"])
@pytest.mark.parametrize("content", ["{", "<a/>", '<ClinicalDocument xmlns="urn:hl7-org:v3">'])
def test_an_unreadable_file_is_named(tmp_path: Path, command: str, content: str) -> None:
    file = tmp_path / "strange.xml"
    file.write_text(content)
    done = run(command, str(file))
    assert isinstance(done.exception, InputError)
    assert str(file) in done.exception.problems[0].where


@pytest.mark.parametrize("lang", ["nb", "en"])
def test_list_shows_the_samples(lang: str) -> None:
    assert "tapering" in run("list", "--lang", lang).output


def test_a_misspelt_sample_gets_the_nearest_name() -> None:
    done = run("build", "taperin")
    assert isinstance(done.exception, InputError)
    assert "tapering" in done.exception.problems[0].remedy
