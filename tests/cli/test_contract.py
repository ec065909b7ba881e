"""The contract of the command line: exit codes, streams, formats, help, start-up."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import ehds.cli
from ehds.cli import COMMANDS, cli
from tests.builders import ROOT, call, environment, finding, make_assessment, run

HEAVY = ("pandas", "numpy", "openpyxl", "xlsxwriter", "jinja2", "lxml", "fhir", "fhirpathpy",
         "orjson", "babel")  # fmt: skip
ESCAPE = "\x1b["


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command with its path: («gap», «score»)."""
    context = click.Context(cli)
    waiting: list[tuple[tuple[str, ...], click.Command]] = [((), cli)]
    while waiting:
        path, command = waiting.pop()
        yield path, command
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                sub = command.get_command(context, name)
                assert sub is not None
                waiting.append(((*path, name), sub))


ALL = dict(commands())


# ---- help


@pytest.mark.parametrize("path", ALL, ids=[" ".join(p) or "ehds" for p in ALL])
def test_every_command_and_option_has_help(path):
    command = ALL[path]
    assert command.help, path
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, (path, parameter.name)
    done = call(*path, "--help")
    assert done.code == 0
    assert done.out.startswith("Usage: ehds")
    assert done.err == ""


def test_the_root_help_lists_every_command_with_its_line():
    out = call("--help").out
    for name, line in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(line[:20])}", out, re.M), name
    for code in ("0 done", "1 findings", "2 wrong use", "3 environment", "4 internal", "130"):
        assert code in " ".join(out.split())


EACH_IN_ITS_OWN_PROCESS = f"""
import json, os, sys
from ehds.cli import run
for path in json.loads(sys.argv[1]):
    if os.fork() == 0:
        code = run([*path, "--help"])
        heavy = [m for m in {HEAVY!r} if m in sys.modules]
        print(json.dumps([path, code, heavy]), file=sys.stderr, flush=True)
        sys.stdout.flush()
        os._exit(0)
    os.wait()
"""


@pytest.fixture(scope="module")
def loaded() -> dict[tuple[str, ...], tuple[int, list[str]]]:
    """Return by command the exit code of its help and the heavy modules that it loaded.

    Each runs in a fork of one process that has only imported the entry point.
    """
    done = subprocess.run(
        [sys.executable, "-c", EACH_IN_ITS_OWN_PROCESS, json.dumps([*ALL])],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment(),
        check=True,
    )  # fmt: skip
    told = [json.loads(line) for line in done.stderr.splitlines()]
    return {tuple(path): (code, heavy) for path, code, heavy in told}


@pytest.mark.parametrize("path", ALL, ids=[" ".join(p) or "ehds" for p in ALL])
def test_help_of_any_command_loads_nothing_heavy(path, loaded):
    assert loaded[path] == (0, [])


def test_the_version_is_told_on_standard_output():
    done = call("--version")
    assert done.code == 0
    assert ehds.__version__ in done.out


# ---- exit codes


WRONG_USE = {
    "no such command": (["readines"], "Did you mean «readiness»?"),
    "a command like none": (["zzz"], "Choose: readiness"),
    "no such sub-command": (["gap", "scor"], "score"),
    "no such option": (["gap", "score", "--assesment", "x"], "--assessment"),
    "an argument too few": (["gap", "explain", "kjernejournal"], "ID"),
    "no such language": (["gap", "score", "--lang", "sv"], "'nb', 'en'"),
    "no such format": (["gap", "score", "--format", "yaml"], "'text', 'json', 'csv'"),
    "no such scheme": (["gap", "score", "--scheme", "share"], "share-met, level, xt-ehr"),
    "no such roll-up": (["gap", "score", "--by", "colour"], "choose one of: national, part"),
    "a date in another form": (["gap", "score", "--as-of", "26.3.2027"], "2027-03-26"),
    "a day before everything": (["gap", "score", "--as-of", "2010-01-01"], "the first finding is"),
    "a share over 100": (["gap", "score", "--fail-under", "101"], "--fail-under"),
    "no such assessment": (["gap", "score", "--assessment", "norge"], "norway-2026-11"),
    "no such obligation": (["catalogue", "show", "E15.4z"], "did you mean: E15.4"),
    "no such system": (["systems", "show", "kjernejurnal"], "did you mean: kjernejournal"),
    "two unknown names": (["gap", "explain", "kjernejurnal", "E15.4z"], "unknown obligation"),
    "no steps": (["gap", "roadmap", "-n", "0"], "-n"),
}


@pytest.mark.parametrize(("args", "text"), WRONG_USE.values(), ids=WRONG_USE)
def test_wrong_use_is_told_on_standard_error_with_exit_code_2(args, text):
    done = call(*args)
    assert done.code == 2, done
    assert text in done.err
    assert done.out == ""
    assert "Traceback" not in done.err


def test_two_unknown_names_are_told_at_once():
    done = call("gap", "explain", "kjernejurnal", "E15.4z")
    assert "kjernejurnal" in done.err
    assert "E15.4z" in done.err


def test_the_nearest_names_are_offered_when_a_cell_is_explained():
    done = call("gap", "explain", "kjernejurnal", "E15.4z")
    assert "did you mean: kjernejournal" in done.err
    assert "did you mean: E15.4" in done.err


def test_a_group_without_a_sub_command_shows_its_help():
    done = call("gap")
    assert "Usage: ehds gap" in done.out + done.err


def test_a_score_under_the_limit_ends_with_1_and_gives_the_product_all_the_same():
    done = call("gap", "score", "--fail-under", "99", "--format", "json")
    assert done.code == 1
    assert json.loads(done.out)["schema"] == "ehds.gap/1"
    assert call("gap", "score", "--fail-under", "0").code == 0


def test_readiness_with_a_limit_ends_with_1_after_writing(tmp_path):
    done = call("readiness", "--only", "report", "--fail-under", "100", "--out", tmp_path / "out")
    assert done.code == 1
    assert (tmp_path / "out" / "ehds-gap.xlsx").is_file()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="there is no /proc on this machine")
def test_doctor_ends_with_3_where_nothing_can_be_written():
    done = run("doctor", cwd=Path("/proc"))
    assert done.code == 3
    assert "this folder" in done.out


def test_doctor_tells_versions_editions_and_a_checksum(tmp_path):
    done = run("doctor", "--format", "json", cwd=tmp_path)
    assert done.code == 0, done.out
    facts = {f["what"]: f["value"] for f in json.loads(done.out)["facts"]}
    assert facts["ehds"] == ehds.__version__
    assert "526 rows, sha256" in facts["catalogue"]
    assert facts["this folder"] == "can be written"


def _break(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a broken wheel")

    monkeypatch.setattr("data.loaders.catalogue.catalogue", fail)


def test_an_internal_error_ends_with_4_without_a_traceback(monkeypatch):
    _break(monkeypatch)
    done = call("catalogue", "list")
    assert done.code == 4
    assert "RuntimeError: a broken wheel" in done.err
    assert "--debug" in done.err
    assert "Traceback" not in done.err


def test_debug_shows_the_traceback_of_an_internal_error_and_keeps_the_exit_code(monkeypatch):
    _break(monkeypatch)
    done = call("--debug", "catalogue", "list")
    assert done.code == 4
    assert "Traceback" in done.err


def test_a_day_in_the_first_years_of_our_era_is_no_internal_error(tmp_path):
    empty = make_assessment(tmp_path)
    assert call("gap", "score", "--assessment", empty, "--as-of", "0001-01-01").code in (0, 2)


# ---- streams and formats


JSON_COMMANDS = {
    ("catalogue", "list"): ["--part", "Annex II"],
    ("catalogue", "show"): ["E15.4a"],
    ("catalogue", "check"): [],
    ("catalogue", "export"): [],
    ("catalogue", "coverage"): [],
    ("systems", "list"): [],
    ("systems", "show"): ["kjernejournal"],
    ("gap", "score"): [],
    ("gap", "compare"): ["norway-2024-10", "norway-2026-11"],
    ("gap", "roadmap"): [],
    ("gap", "simulate"): ["--if", "openqreg:E60.3a=met"],
    ("gap", "keyfigures"): [],
    ("doctor",): [],
}


NEEDS_A_FILE = {("gap", "import"), ("readiness", "verify")}
"""Tried in tests of their own, with a workbook or an evidence folder to read."""


def test_every_command_of_the_analysis_that_gives_json_is_tried():
    offering = {
        path for path, command in ALL.items() for p in command.params
        if isinstance(p, click.Option) and p.name == "fmt" and isinstance(p.type, click.Choice)
        and "json" in p.type.choices
        and path[0] in {"catalogue", "systems", "gap", "readiness", "doctor"}
    }  # fmt: skip
    assert offering - NEEDS_A_FILE == set(JSON_COMMANDS)


@pytest.mark.parametrize(("path", "args"), JSON_COMMANDS.items(), ids=map(" ".join, JSON_COMMANDS))
def test_json_is_one_document_with_a_schema_and_nothing_else(path, args):
    done = call(*path, *args, "--format", "json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert re.fullmatch(r"ehds\.[a-z-]+/\d+", document["schema"])


@pytest.mark.parametrize(
    "args",
    [
        ["catalogue", "list"],
        ["systems", "list"],
        ["gap", "score"],
        ["gap", "score", "--by", "system"],
        ["gap", "roadmap"],
    ],
    ids=" ".join,
)
def test_csv_is_a_table_with_as_many_cells_as_its_head(args):
    done = call(*args, "--format", "csv")
    assert done.code == 0
    rows = list(csv.reader(io.StringIO(done.out)))
    assert len(rows) > 1
    assert {len(row) for row in rows} == {len(rows[0])}
    assert len(set(rows[0])) == len(rows[0])


def test_the_csv_of_scores_has_its_figures_under_the_right_heads():
    told = json.loads(call("gap", "score", "--format", "json").out)["rollups"]
    rows = list(csv.DictReader(io.StringIO(call("gap", "score", "--format", "csv").out)))
    flat = [(name, figure) for name, figures in told.items() for figure in figures]
    assert len(rows) == len(flat)
    for row, (name, figure) in zip(rows, flat, strict=True):
        assert row["rollup"] == name
        for key, value in figure.items():
            assert row[key] == ("" if value is None else str(value)), (name, key)


def test_remarks_beside_the_product_go_to_standard_error():
    done = call("catalogue", "list", "--part", "Annex II")
    assert "of 526 rows" in done.err
    assert "of 526 rows" not in done.out


def test_quiet_leaves_only_the_product(tmp_path):
    done = call("-q", "readiness", "--only", "report", "--out", tmp_path / "out")
    assert done.code == 0
    assert done.err == ""
    assert "ehds-gap.xlsx" in done.out
    assert call("--quiet", "catalogue", "list").err == ""


def test_quiet_does_not_silence_errors():
    assert "there is no obligation" in call("-q", "catalogue", "show", "E99.9").err


@pytest.mark.parametrize("flags", [["-o", "-"], []], ids=["dash", "default"])
def test_a_dash_is_standard_output(flags, tmp_path):
    done = run("catalogue", "export", *flags, cwd=tmp_path)
    assert json.loads(done.out)["schema"] == "ehds.catalogue/1"
    done = run("gap", "score", "--format", "json", *flags, cwd=tmp_path)
    assert json.loads(done.out)["schema"] == "ehds.gap/1"
    assert list(tmp_path.iterdir()) == []


def test_a_workbook_to_a_dash_is_bytes_on_standard_output(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "ehds", "gap", "workbook", "-o", "-"],
        capture_output=True, cwd=tmp_path, env=environment(), check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout[:4] == b"PK\x03\x04"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("how", ["head -n 1", "true"])
@pytest.mark.parametrize("args", ["catalogue list", "catalogue export", "gap score"])
def test_a_reader_that_goes_away_is_no_error(args, how):
    script = f'"{sys.executable}" -m ehds {args} | {how}; echo "code ${{PIPESTATUS[0]}}"'
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, cwd=ROOT, env=environment(),
        check=False,
    )  # fmt: skip
    assert "code 0" in done.stdout
    assert "Broken" not in done.stderr
    assert "Exception" not in done.stderr


# ---- colour


def _on_a_terminal(*args: str, **env: str) -> str:
    """Return what a command shows on a terminal."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "ehds", *args], stdin=follower, stdout=follower, stderr=follower,
        cwd=ROOT, env=environment({"TERM": "xterm-256color", **env}),
    )  # fmt: skip
    os.close(follower)
    shown = b""
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(leader)
    process.wait(timeout=60)
    return shown.decode("utf-8", errors="replace")


@pytest.mark.parametrize(
    ("args", "env"),
    [(["--help"], {"NO_COLOR": "1"}), (["--no-color", "gap", "score"], {}),
     (["gap", "score"], {"NO_COLOR": "1"}), (["zzz"], {"NO_COLOR": "1"})],
    ids=["help", "--no-color", "NO_COLOR", "error"],
)  # fmt: skip
def test_no_colour_means_no_escape_codes_on_a_terminal(args, env):
    assert ESCAPE not in _on_a_terminal(*args, **env)


def test_output_to_a_file_has_no_escape_codes():
    for args in (["gap", "score"], ["gap", "roadmap"], ["catalogue", "show", "E15.4a"]):
        assert ESCAPE not in run(*args).out


# ---- language


def test_norwegian_is_the_default_and_english_a_choice():
    assert "pasientoppsummering" in call("gap", "score").out
    english = call("gap", "score", "--lang", "en").out
    assert "patient summary" in english
    assert "pasientoppsummering" not in english


def test_the_language_can_stand_in_the_environment():
    assert "patient summary" in run("gap", "score", env={"EHDS_LANG": "en"}).out
    assert run("gap", "score", env={"EHDS_LANG": "sv"}).code == 2


def test_output_is_utf_8_where_the_locale_is_not():
    done = subprocess.run(
        [sys.executable, "-m", "ehds", "systems", "list"], capture_output=True, cwd=ROOT,
        env={**environment({"LC_ALL": "C", "LANG": "C"}), "PYTHONUTF8": "0",
             "PYTHONCOERCECLOCALE": "0"},
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Helse Sør-Øst" in done.stdout.decode("utf-8")


# ---- the same answer twice


def test_the_same_day_gives_the_same_document():
    first = call("gap", "score", "--format", "json", "--as-of", "2026-11-22").out
    assert call("gap", "score", "--format", "json", "--as-of", "2026-11-22").out == first


def test_a_finding_of_tomorrow_is_left_out_and_told(tmp_path):
    folder = make_assessment(tmp_path, [finding(), finding(obligation="E04.1a", date="2026-05-01")])
    done = call("gap", "score", "--assessment", folder, "--as-of", "2026-01-01", "--format", "json")
    assert [f["obligation"] for f in json.loads(done.out)["findings"]] == ["E03.1a"]
    text = call("gap", "score", "--assessment", folder, "--as-of", "2026-01-01", "--lang", "en")
    assert "1" in text.out.splitlines()[-1]
