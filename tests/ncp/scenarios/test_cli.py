"""``ehds ncp test`` as people call it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from data.errors import EnvironmentProblem, InputError
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
    (["--target", "https://localhost:port"], "no address"),
    (["--as-country", "ZZ"], "no country of the exchange"),
    (["--as-country", ","], "no country asks"),
    (["--audit-a", "anything"], "at an address"),
    (["--reset"], "at an address"),
    (["--report", "junit=."], "this is a folder"),
    (["--report", "junit=/proc/x"], "cannot be written"),
    (["--target", "https://localhost", "--fault", "reset"], "our own"),
    (["--only", "NOPE"], "no scenario fits"),
])  # fmt: skip
def test_what_is_wrong_is_told_before_anything_runs(words, says):
    done = call(*words)
    assert isinstance(done.exception, InputError)
    assert says in str(done.exception)
    assert done.output == ""


def test_a_target_where_nothing_listens_is_no_result_about_it(norway):
    done = call("--target", "https://localhost:1", "--home",
                str(norway.target.b.line.credentials.home))  # fmt: skip
    assert isinstance(done.exception, EnvironmentProblem)
    assert done.output == ""


def test_a_run_that_could_judge_nothing_is_no_success(norway, tmp_path):
    line = norway.target.b.line
    profile = tmp_path / "empty.toml"
    profile.write_text('country = "NO"')
    done = call("--only", "IDN-01", "--profile", str(profile), "--lang", "en", "--target", line.url,
                "--home", str(line.credentials.home), "--ca", str(line.ca))  # fmt: skip
    assert done.exit_code == 1
    assert "Nothing was judged" in done.output


def test_a_target_that_goes_away_leaves_what_was_judged_before(norway, tmp_path, monkeypatch):
    from ncp.scenarios.sending import Line, Raw

    line, post, sent = norway.target.b.line, Line.post, []

    def once(self, *words, **more):
        sent.append(words[0])
        # The first question whether it is there, and the first scenario, are answered.
        return post(self, *words, **more) if len(sent) < 3 else Raw(error="Connection refused")

    monkeypatch.setattr(Line, "post", once)
    done = call("--only", "IDN-01", "--only", "IDN-02", "--target", line.url, "--home",
                str(line.credentials.home), "--ca", str(line.ca), "--lang", "en",
                "--report", f"json={tmp_path / 'r.json'}")  # fmt: skip
    assert isinstance(done.exception, EnvironmentProblem)
    assert "IDN-02" not in done.output
    kept = json.loads((tmp_path / "r.json").read_text("utf-8"))
    assert [(one["id"], one["outcome"]) for one in kept["scenarios"]] == [("IDN-01", "pass")]
