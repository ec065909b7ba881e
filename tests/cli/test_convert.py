"""``ehds ips convert`` and CDA in ``ehds ips check``."""

from __future__ import annotations

import io
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


@pytest.mark.parametrize("form", ["pivot", "friendly"])
def test_a_cda_document_is_transcoded_and_the_messages_are_told(
    summary: Path, tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first, made, told = tmp_path / "a.xml", tmp_path / "b.xml", tmp_path / "m.json"
    source = "friendly" if form == "pivot" else "pivot"
    assert run(["-q", "ips", "convert", str(summary), "--to", "cda", "--form", source,
                "-o", str(first)]) == 0  # fmt: skip
    capsys.readouterr()
    assert run(["ips", "convert", str(first), "--to", "cda", "--form", form, "-o", str(made),
                "--messages", str(told)]) == 0  # fmt: skip
    messages = json.loads(told.read_text(encoding="utf-8"))
    assert messages["schema"] == "ehds.transcoding/1"
    assert {m["family"] for m in messages["messages"]} <= {"TM", "TSAM"}
    assert f"0 errors, {len(messages['messages'])} warnings" in capsys.readouterr().err
    assert run(["-q", "ips", "check", str(made)]) == 0
    again = tmp_path / "c.xml"
    assert run(["-q", "ips", "convert", str(made), "--to", "cda", "--form", form,
                "-o", str(again)]) == 0  # fmt: skip
    assert again.read_bytes() == made.read_bytes()


def test_an_error_of_the_transcoding_leaves_with_one_and_its_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given, made = tmp_path / "p.xml", tmp_path / "q.xml"
    assert run(["-q", "rx", "build", "substance", "--to", "cda", "-o", str(given)]) == 0
    text = given.read_text(encoding="utf-8")
    start = text.index(":formCode")
    strange = text[:start] + text[start:].replace("0.4.0.127.0.16.1.1.2.1", "2.999.5", 1)
    given.write_text(strange, encoding="utf-8")
    assert run(["ips", "convert", str(given), "--to", "cda", "-o", str(made)]) == 1
    told = capsys.readouterr().err
    assert "Error: TSAM 4501" in told
    assert "Error: TM 4505" in told
    assert made.exists()


@pytest.mark.parametrize("option", [["--level", "3"], ["--loss", "loss.json"]])
def test_what_has_no_meaning_from_cda_to_cda_is_refused(
    summary: Path, tmp_path: Path, option: list[str]
) -> None:
    cda = tmp_path / "a.xml"
    assert run(["-q", "ips", "convert", str(summary), "--to", "cda", "-o", str(cda)]) == 0
    assert run(["-q", "ips", "convert", str(cda), "--to", "cda", *option]) == 2


def test_the_form_of_a_document_can_be_asked_for(summary: Path, tmp_path: Path) -> None:
    cda = tmp_path / "a.xml"
    assert run(["-q", "ips", "convert", str(summary), "--to", "cda", "--form", "friendly",
                "-o", str(cda)]) == 0  # fmt: skip
    judge = ["-q", "ips", "check", str(cda), "--fail-level", "warning", "--form"]
    assert run([*judge, "pivot"]) == 1


def test_the_two_levels_are_judged_as_a_pair(
    summary: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("fpdf")
    full, flat = tmp_path / "full.xml", tmp_path / "flat.xml"
    for level, file in (("3", full), ("1", flat)):
        assert run(["-q", "ips", "convert", str(summary), "--to", "cda", "--level", level,
                    "-o", str(file)]) == 0  # fmt: skip
    capsys.readouterr()
    for command in ("ips", "rx"):
        assert run(["-q", command, "check", str(flat), str(full), "--pair"]) == 0
        assert f"{full} + {flat}: valid" in capsys.readouterr().out
    text = flat.read_text(encoding="utf-8").replace("<setId root=", '<setId root="2.999" x=', 1)
    flat.write_text(text.replace(' x="', ' extension="', 1), encoding="utf-8")
    judge = ["-q", "ips", "check", str(full), str(flat), "--pair", "--fail-level", "warning"]
    assert run(judge) == 1
    assert "cda-p-set" in capsys.readouterr().out
    assert run(["-q", "ips", "check", str(full), "--pair"]) == 2


def test_standard_input_is_bounded_as_files_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    endless = io.BufferedReader(Zeros())  # type: ignore[arg-type]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(endless))
    assert run(["ips", "convert", "-", "--to", "fhir"]) == 2
    told = capsys.readouterr().err
    assert "standard input is larger than 50 MiB" in told
    assert "Traceback" not in told


class Zeros(io.RawIOBase):
    """A stream that never ends, as ``/dev/zero`` is."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        buffer[:] = b"0" * len(buffer)
        return len(buffer)
