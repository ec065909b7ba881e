"""Builders and runners that several tests share."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import data
from data.loaders.assessments import COLUMNS as FINDING_COLUMNS
from data.loaders.catalogue import catalogue

ROOT = Path(__file__).resolve().parent.parent
"""The checkout."""
SHARED = ROOT.parent / "shared"
"""Reference material beside the checkout; absent on most machines."""

_LEVEL = {"met": "3", "partial": "1", "not-met": "0"}
_FINDING = {
    "system": "kjernejournal", "obligation": "E03.1a", "categories": "", "status": "met",
    "grade": "documented", "basis": "stated", "source": "seed-felles-plan-2024", "section": "2",
    "date": "2024-10-20", "planned_date": "", "comment_nb": "Merknad", "comment_en": "Comment",
}  # fmt: skip
_HEADER = {
    "id": "test", "title_nb": "Prøve", "title_en": "Trial", "as_of": "2026-11-22",
    "assessor": "Prøven", "note_nb": "Merknad", "note_en": "Note",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Run:
    """What a command gave: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


def run(
    *args: object,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    timeout: float = 120,
) -> Run:
    """Run ``ehds`` in a process of its own, as a user does."""
    done = subprocess.run(
        [sys.executable, "-m", "ehds", *map(str, args)],
        cwd=cwd or ROOT,
        env=environment(env),
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )
    return Run(done.returncode, done.stdout, done.stderr)


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a run: ours on the path, no settings of the user."""
    kept = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "EHDS_LANG"}}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **(extra or {})}


def call(*args: object) -> Run:
    """Run ``ehds`` in this process: faster, and with our warnings as errors."""
    from ehds.cli import run as run_cli

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_cli([str(a) for a in args])
    return Run(int(code), out.getvalue(), err.getvalue())


def finding(
    system: str = "kjernejournal", obligation: str = "E03.1a", status: str = "met", **cells: object
) -> dict[str, str]:
    """Return a row of ``findings.csv``: sound, apart from the cells given; the level follows."""
    row = {**_FINDING, "level": _LEVEL.get(status, "")}
    row.update(system=system, obligation=obligation, status=status)
    unknown = set(cells) - set(FINDING_COLUMNS)
    assert not unknown, f"no such column: {unknown}"
    return {**row, **{name: str(value) for name, value in cells.items()}}


def make_assessment(
    folder: Path, rows: Iterable[Mapping[str, str]] = (), *, name: str = "test", **header: object
) -> Path:
    """Write an assessment and return its folder.

    Args:
        folder: the folder to put it in.
        rows: findings as ``finding`` returns them; line 2 of the file is the first.
        name: the name of its folder.
        header: keys of ``assessment.toml`` that differ; None leaves a key out.
    """
    target = folder / name
    target.mkdir(parents=True, exist_ok=True)
    keys: dict[str, object] = {**_HEADER, "id": name, "catalogue_edition": catalogue().edition}
    keys.update(header)
    lines = []
    for key, value in keys.items():
        if value is not None:
            lines.append(f"{key} = {value}" if key == "as_of" else f'{key} = "{value}"')
    (target / "assessment.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    write_csv(target / "findings.csv", FINDING_COLUMNS, rows)
    return target


def make_catalogue(folder: Path) -> Path:
    """Copy the shipped catalogue, to be broken by a test, and return its folder."""
    return Path(shutil.copytree(data.path("catalogue"), folder / "catalogue"))


def make_systems(folder: Path) -> Path:
    """Copy the shipped systems, to be broken by a test, and return their folder."""
    return Path(shutil.copytree(data.path("systems"), folder / "systems"))


def write_csv(file: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> None:
    """Write a table."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_rows(file: Path) -> list[dict[str, str]]:
    """Read a table without any code of the product."""
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def edit(folder: Path, key: str, column: str, value: str, *, by: str = "id") -> str:
    """Change one cell of a table somewhere under a folder; return its «file:line».

    Args:
        folder: where the tables are.
        key: the row whose ``by`` column holds this.
        column: the column to change.
        value: the new text.
        by: the column that names rows.
    """
    for file in sorted(folder.rglob("*.csv")):
        rows = read_rows(file)
        if not rows or by not in rows[0] or column not in rows[0]:
            continue
        for row in rows:
            if row[by] == key:
                row[column] = value
                write_csv(file, list(rows[0]), rows)
                return place(file, key if column != by else value, by=by)
    raise AssertionError(f"no row {key} with {column} under {folder}")


def place(file: Path, key: str, *, by: str = "id") -> str:
    """Return «file:line» of the first row whose ``by`` column holds a key."""
    with file.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream)
        at = next(reader).index(by)
        start = reader.line_num + 1
        for row in reader:
            if row[at] == key:
                return f"{file}:{start}"
            start = reader.line_num + 1
    raise AssertionError(f"no row {key} in {file}")
