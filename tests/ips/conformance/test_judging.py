"""How the official validator is run: by a program that stands in for Java."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from data.errors import EnvironmentProblem
from ips.conformance import hl7_validator
from ips.conformance.hl7_validator import Validator, validate

ANSWERING = """
echo 'loading' >&2
echo '{"ready": true}'
while read -r line; do
  echo "{\\"file\\": \\"$line\\", \\"ms\\": 7, \\"issues\\": []}" | tr '\\t' ' '
done
"""
STOPPING = """
read -r line
echo 'java.lang.OutOfMemoryError: Java heap space' >&2
exit 1
"""


@pytest.fixture
def java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return what puts a program in the place of Java."""
    classes = tmp_path / "home" / "classes"
    classes.mkdir(parents=True)
    (classes / "Hl7Validator.class").touch()
    monkeypatch.setenv(hl7_validator.VARIABLE, str(tmp_path / "home"))
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    def put(script: str) -> None:
        (tmp_path / "java").write_text(f"#!/bin/sh{script}", encoding="utf-8")
        (tmp_path / "java").chmod(0o755)

    return put


def test_one_process_judges_again_and_again(java, tmp_path):
    java(ANSWERING)
    with Validator() as validator:
        first = validator.judge([tmp_path / "a.json", tmp_path / "b.json"])
        (again,) = validator.judge([tmp_path / "c.json"], "http://example.org/profile")
    assert [one.file for one in first] == [str(tmp_path / name) for name in ("a.json", "b.json")]
    assert again.file.startswith(str(tmp_path / "c.json"))
    assert again.file.endswith("http://example.org/profile")
    assert again.valid


def test_nothing_is_started_for_no_file(java):
    java(STOPPING)
    assert validate([]) == []


def test_what_stopped_it_is_told(java, tmp_path):
    java(STOPPING)
    with pytest.raises(EnvironmentProblem, match="OutOfMemoryError: Java heap space"):
        validate([tmp_path / "a.json"])


def test_an_answer_is_not_waited_for_without_end(java, tmp_path, monkeypatch):
    monkeypatch.setattr(hl7_validator, "START_SECONDS", 0.2)
    monkeypatch.setattr(hl7_validator, "FILE_SECONDS", 0)
    java("\nexec sleep 60\n")
    with pytest.raises(EnvironmentProblem, match=r"did not answer within 0\.2 s"):
        validate([tmp_path / "a.json"])


def test_without_preparation_the_remedy_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv(hl7_validator.VARIABLE, str(tmp_path))
    with pytest.raises(EnvironmentProblem, match="not prepared"):
        validate([tmp_path / "a.json"])
