"""Results are written whole or not at all, and only where they can be."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from data.errors import EnvironmentProblem, InputError
from data.files import Outbox, write_all
from data.loaders.systems import systems
from tests.builders import ROOT, call, environment, finding, make_assessment, run

FIRST = {"ehds-gap.html", "ehds-gap.xlsx", "ehds-gap.json", "sammendrag.html"}
RESULTS = FIRST | {f"system-{name}.html" for name in systems()} | {
    f"region-{s.region}.html" for s in systems().values()
}  # fmt: skip


def names(folder: Path) -> set[str]:
    """Return everything in a folder, hidden files too."""
    return {p.name for p in folder.iterdir()}


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """Return a folder with the results of an earlier run."""
    out = tmp_path / "out"
    out.mkdir()
    for name in RESULTS:
        (out / name).write_text("of yesterday")
    return out


def untouched(out: Path) -> bool:
    return names(out) == RESULTS and all(
        (out / name).read_text() == "of yesterday" for name in RESULTS
    )


def test_readiness_writes_its_results_and_nothing_else(tmp_path):
    out = tmp_path / "deep" / "out"
    done = call("readiness", "--only", "report", "--out", out)
    assert done.code == 0, done.err
    assert names(out) == RESULTS
    assert all(str(out / name) in done.out for name in FIRST)
    assert json.loads((out / "ehds-gap.json").read_text("utf-8"))["schema"] == "ehds.gap/1"


def test_the_default_folder_is_ehds_out_in_the_present_one(tmp_path):
    assert run("readiness", "--only", "report", cwd=tmp_path).code == 0
    assert names(tmp_path) == {"ehds-out"}
    assert names(tmp_path / "ehds-out") == RESULTS


def test_a_second_run_replaces_the_first(earlier):
    assert call("readiness", "--only", "report", "--out", earlier).code == 0
    assert names(earlier) == RESULTS
    assert not any((earlier / name).read_bytes() == b"of yesterday" for name in RESULTS)


def test_a_wrong_assessment_leaves_the_earlier_results_as_they_were(tmp_path, earlier):
    folder = make_assessment(tmp_path, [finding(status="splendid")])
    assert call("readiness", "--only", "report", "--assessment", folder, "--out", earlier).code == 2
    assert untouched(earlier)


# ---- places that cannot be written (the tests may run as root, so no permissions here)


def cannot_be_written(out: Path, *said: str) -> None:
    done = call("readiness", "--only", "report", "--out", out)
    assert done.code == 2, done
    assert done.out == ""
    assert "Traceback" not in done.err
    for text in said:
        assert text in done.err


def test_a_file_in_the_place_of_the_folder_is_told_before_anything_is_computed(tmp_path):
    file = tmp_path / "out"
    file.write_text("a file")
    cannot_be_written(file, str(file), "a folder was expected", "--out")
    assert file.read_text() == "a file"


def test_a_file_on_the_way_to_the_folder_is_told(tmp_path):
    (tmp_path / "file").write_text("a file")
    cannot_be_written(tmp_path / "file" / "out", str(tmp_path / "file"))
    assert names(tmp_path) == {"file"}


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="there is no /proc on this machine")
def test_a_folder_where_nothing_can_be_created_is_told():
    cannot_be_written(Path("/proc/out"), "cannot be written")


def test_a_name_that_is_too_long_is_told(tmp_path):
    cannot_be_written(tmp_path / ("x" * 300), "x" * 300)
    assert names(tmp_path) == set()


@pytest.mark.parametrize("length", [250, 300])
def test_a_result_with_a_name_that_is_too_long_is_told(tmp_path, length):
    done = call("gap", "score", "-o", tmp_path / ("x" * length))
    assert done.code == 2, done
    assert names(tmp_path) == set()


def test_a_link_that_leads_nowhere_is_told_or_followed_but_no_internal_error(tmp_path):
    (tmp_path / "out").symlink_to(tmp_path / "gone" / "away")
    assert call("readiness", "--only", "report", "--out", tmp_path / "out").code in (0, 2)


@pytest.mark.parametrize(
    "args",
    [["gap", "score", "--format", "json"], ["catalogue", "export"], ["gap", "workbook"]],
    ids=" ".join,
)
@pytest.mark.parametrize("where", ["file/result", "folder"], ids=["under a file", "a folder"])
def test_a_single_result_that_cannot_be_written_is_told(tmp_path, args, where):
    (tmp_path / "file").write_text("a file")
    (tmp_path / "folder").mkdir()
    done = call(*args, "-o", tmp_path / where)
    assert done.code == 2, done
    assert str(tmp_path / where.split("/")[0]) in done.err
    assert names(tmp_path) == {"file", "folder"}
    assert names(tmp_path / "folder") == set()


def test_a_name_of_a_file_that_would_steer_the_terminal_is_told_harmless(tmp_path):
    done = call("catalogue", "export", "-o", tmp_path / "a\nWrote \x1b[31mb")
    assert done.code == 0, done
    assert done.err.splitlines()[-1] == f"Wrote {tmp_path / 'a Wrote  [31mb'}"


@pytest.mark.parametrize(("args", "option"), [
    (("certs", "--country", "XX", "--out", "c"), "--country"),
    (("identify", "--country", "XX", "--patient", "mrsa"), "--country"),
    (("identify", "--country-a", "XX", "--patient", "mrsa", "--url", "https://localhost:1"),
     "--country-a"),
    (("assert", "hcp", "--country", "XX"), "--country"),
    (("portal", "--country", "XX"), "--country"),
    (("portal", "--target", "XX=https://localhost:1"), "--target"),
    (("test", "--as-country", "XX"), "--as-country"),
])  # fmt: skip
def test_an_unknown_country_is_told_with_its_option(tmp_path, args, option):
    done = call("ncp", *args, "--home", tmp_path / "home")
    assert done.code == 2, done
    assert f"{option}: «XX» is no country" in done.err


def test_a_folder_in_the_place_of_one_result_leaves_all_others_as_they_were(tmp_path):
    out = tmp_path / "out"
    (out / "ehds-gap.xlsx").mkdir(parents=True)
    (out / "ehds-gap.html").write_text("of yesterday")
    cannot_be_written(out, str(out / "ehds-gap.xlsx"))
    assert names(out) == {"ehds-gap.xlsx", "ehds-gap.html"}
    assert (out / "ehds-gap.html").read_text() == "of yesterday"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in the file system")
def test_a_pipe_is_written_to_and_never_replaced(tmp_path):
    """The same holds for /dev/null, which root could otherwise replace by a file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE)
    write_all({pipe: b"through the pipe"})
    out, _ = reader.communicate(timeout=60)
    assert out == b"through the pipe"
    assert pipe.is_fifo()


# ---- a workbook that is open elsewhere


@pytest.mark.parametrize(
    "lock", [".~lock.ehds-gap.xlsx#", "~$ehds-gap.xlsx"], ids=["LibreOffice", "Excel"]
)
def test_a_workbook_open_in_another_program_is_told_and_nothing_changes(earlier, lock):
    (earlier / lock).write_text("somebody")
    done = call("readiness", "--only", "report", "--out", earlier)
    assert done.code == 2
    assert f"{earlier / 'ehds-gap.xlsx'}: the file is open in another program" in done.err
    assert "close it there" in done.err
    (earlier / lock).unlink()
    assert untouched(earlier)


def test_all_files_that_are_open_are_named_at_once(tmp_path):
    for name in ("one", "two"):
        (tmp_path / f".~lock.{name}#").write_text("somebody")
    with pytest.raises(InputError) as caught:
        write_all({tmp_path / n: b"" for n in ("one", "two", "three")})
    assert len(caught.value.problems) == 2
    assert not (tmp_path / "three").exists()


def test_the_lock_of_another_file_does_not_matter(earlier):
    (earlier / ".~lock.other.xlsx#").write_text("somebody")
    assert call("readiness", "--only", "report", "--out", earlier).code == 0


# ---- interruptions


def test_an_outbox_whose_block_fails_creates_nothing(tmp_path):
    def block() -> None:
        with Outbox(tmp_path / "out") as outbox:
            outbox.add("result", "half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        block()
    assert names(tmp_path) == set()


def test_an_interruption_while_writing_leaves_no_half_file(tmp_path, monkeypatch):
    (tmp_path / "one").write_text("of yesterday")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_all({tmp_path / "one": b"new", tmp_path / "two": b"new"})
    assert names(tmp_path) == {"one"}
    assert (tmp_path / "one").read_text() == "of yesterday"


def test_a_full_disk_leaves_everything_as_it_was(tmp_path, monkeypatch):
    (tmp_path / "one").write_text("of yesterday")
    asked: list[object] = []
    real = Path.chmod

    def full_at_the_second(self: Path, mode: int) -> None:
        asked.append(self)
        if len(asked) > 1:
            raise OSError(28, "No space left on device", str(self))
        real(self, mode)

    monkeypatch.setattr(Path, "chmod", full_at_the_second)
    with pytest.raises(EnvironmentProblem, match="No space left"):
        write_all({tmp_path / "one": b"new", tmp_path / "two": b"new"})
    assert names(tmp_path) == {"one"}
    assert (tmp_path / "one").read_text() == "of yesterday"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are another matter there")
@pytest.mark.parametrize("after", [0.0, 0.3, 0.8])
def test_ctrl_c_in_the_middle_ends_with_130_and_leaves_nothing_half_written(earlier, after):
    process = subprocess.Popen(
        [sys.executable, "-m", "ehds", "readiness", "--only", "report", "--out", earlier],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment(),
    )  # fmt: skip
    assert process.stderr is not None
    first = process.stderr.readline()  # the work has begun
    assert first
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    if process.returncode == 0:
        assert names(earlier) == RESULTS  # it was done before the signal came
        return
    assert process.returncode == 130, (out, err)
    assert "Interrupted" in err
    assert "Traceback" not in err
    assert out == ""
    assert untouched(earlier)
