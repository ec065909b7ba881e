"""``ehds ncp test`` as people call it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from ehds.cli.ncp.test import command


def call(*words: str):
    return CliRunner().invoke(command, words, catch_exceptions=True)


def test_the_list_needs_no_target():
    done = call("--list", "--only", "IDN-0*", "--lang", "en")
    assert done.exit_code == 0
    assert "IDN-01" in done.output
    assert "identified by number" in done.output


def test_our_own_contact_point_is_tested_without_any_option(tmp_path):
    done = call(
        "--only",
        "IDN-01",
        "--only",
        "IDN-10",
        "--report",
        f"junit={tmp_path / 'j.xml'}",
        "--report",
        f"testreport={tmp_path / 't.json'}",
        "--out",
        str(tmp_path / "out"),
    )
    assert done.exit_code == 0, done.output
    assert "2 bestått" in done.output
    assert (tmp_path / "j.xml").read_text("utf-8").count("<testcase") == 2
    assert json.loads((tmp_path / "t.json").read_text("utf-8"))["resourceType"] == "TestReport"
    assert (tmp_path / "out" / "manifest-sha256.txt").is_file()


def test_a_failure_leaves_with_one_and_says_how_to_repeat_it():
    done = call("--only", "IDN-01", "--fault", "birth-date-missing", "--lang", "en")
    assert done.exit_code == 1
    assert "Repeat: ehds ncp test" in done.output
    assert "--only IDN-01" in done.output


def test_json_is_one_document():
    done = call("--only", "IDN-01", "--format", "json")
    assert json.loads(done.stdout)["schema"] == "ehds.ncp-test/1"


@pytest.mark.parametrize(("words", "says"), [
    (["--report", "pdf=x"], "no report"),
    (["--target", "ftp://x"], "no address"),
    (["--target", "http://example.org"], "without TLS"),
    (["--target", "https://example.org", "--reset"], "on this machine"),
    (["--target", "https://localhost", "--fault", "reset"], "our own"),
    (["--only", "NOPE"], "no scenario fits"),
])  # fmt: skip
def test_what_is_wrong_is_told(words, says):
    done = call(*words)
    assert says in str(done.exception)
