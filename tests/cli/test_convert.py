"""``ehds ips convert`` and CDA in ``ehds ips check``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lxml import etree

from ehds.cli import run


@pytest.fixture
def summary(tmp_path: Path) -> Path:
    target = tmp_path / "summary.json"
    assert run(["-q", "ips", "build", "penicillin-anaphylaxis", "-o", str(target)]) == 0
    return target


@pytest.mark.parametrize("form", ["pivot", "friendly"])
def test_a_summary_becomes_cda_and_comes_back(summary: Path, tmp_path: Path, form: str) -> None:
    cda, back = tmp_path / "summary.xml", tmp_path / "back.json"
    loss = tmp_path / "loss.json"
    assert run(["-q", "ips", "convert", str(summary), "--to", "cda", "--form", form,
                "-o", str(cda), "--loss", str(loss)]) == 0  # fmt: skip
    assert etree.parse(cda).getroot().tag == "{urn:hl7-org:v3}ClinicalDocument"
    assert json.loads(loss.read_text(encoding="utf-8"))["schema"] == "ehds.loss/1"
    assert run(["-q", "ips", "check", str(cda)]) == 0
    assert run(["-q", "ips", "convert", str(cda), "--to", "fhir", "-o", str(back)]) == 0
    assert run(["-q", "ips", "check", str(back)]) == 0


def test_the_schema_judges_too(summary: Path, tmp_path: Path, oracles: Path) -> None:
    cda = tmp_path / "summary.xml"
    assert run(["-q", "ips", "convert", str(summary), "--to", "cda", "-o", str(cda)]) == 0
    schema = ["--cda-schema", str(oracles / "cda-schema")]
    assert run(["-q", "ips", "check", str(cda), *schema]) == 0
    broken = cda.read_text(encoding="utf-8").replace("<effectiveTime", "<unheardOf", 1)
    broken = broken.replace("</effectiveTime>", "</unheardOf>", 1)
    cda.write_text(broken, encoding="utf-8")
    assert run(["-q", "ips", "check", str(cda), *schema]) in (1, 2)


def test_what_is_no_document_is_refused_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = tmp_path / "x.xml", tmp_path / "y.json"
    source.write_text("<ClinicalDocument><patient", encoding="utf-8")
    assert run(["ips", "convert", str(source), "--to", "fhir", "-o", str(target)]) == 2
    assert "x.xml" in capsys.readouterr().err
    assert not target.exists()
