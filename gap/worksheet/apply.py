"""The assessment that follows from a plan: a folder that stands alone, with a log of changes."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from data.errors import InputError, Problem
from data.loaders import assessments
from data.loaders.assessments import Assessment, Finding
from data.loaders.sources import COLUMNS as SOURCE_COLUMNS
from data.loaders.sources import OWN
from data.loaders.tables import Problems, read_text
from gap.worksheet import fields
from gap.worksheet.edits import Ground
from gap.worksheet.plan import Change, Plan

LOG = "changes.csv"
LOG_COLUMNS = ("when", "who", "file", "sha256", "change", "system", "obligation", "categories",
               "field", "old", "new")  # fmt: skip
_RUN = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Target:
    """Where an import writes, and what lies there.

    Attributes:
        folder: the folder of the assessment.
        base: the assessment that is changed: that of the folder, or the one it starts from.
        exists: whether the folder holds an assessment already.
    """

    folder: Path
    base: Assessment
    exists: bool


def target(folder: Path | None, assessment: str, ground: Ground) -> Target:
    """Return what an import starts from: the folder's own assessment, or a named one.

    Raises:
        InputError: the folder holds an assessment that extends another one, or a wrong one.
    """
    known = (ground.catalogue, ground.systems)
    if folder is None or not (folder / "assessment.toml").is_file():
        return Target(folder or Path(), assessments.load(assessment, *known), exists=False)
    base = assessments.load(str(folder), *known)
    if base.extends:
        raise InputError(
            Problem(f"this assessment extends «{base.extends}»", str(folder / "assessment.toml"),
                    rule="an import writes assessments that stand alone",
                    remedy=f"give it with --assessment {folder}, and a new folder with -o")
        )  # fmt: skip
    return Target(folder, base, exists=True)


def files(plan: Plan, to: Target, ground: Ground) -> dict[Path, bytes]:
    """Return the files of the assessment after the plan: header, findings, own sources, log.

    The result is loaded once before it is returned: what cannot be read back is never written.

    Raises:
        InputError: the assessment would not load, or nobody said who assessed.
    """
    _check_who(plan)
    made = {
        to.folder / "assessment.toml": _header(plan, to, ground.day),
        to.folder / "findings.csv": _table(assessments.COLUMNS, after(plan, to.base.findings)),
    }
    own = [*to.base.sources, *(new.source for new in plan.sources)]
    if own:
        made[to.folder / OWN] = _table(SOURCE_COLUMNS, [source.cells() for source in own])
    _check_loads(made, to.folder, ground)
    return {**made, to.folder / LOG: _log(plan, to.folder / LOG, ground.day)}


def _check_who(plan: Plan) -> None:
    problems = Problems()
    said = {new.file: new.who for new in plan.sources}
    said |= {e.file: e.who for c in plan.changes for e in c.by}
    for file, who in said.items():
        if not who:
            problems.add(
                "nobody says who assessed", file, rule="the log names who and when",
                remedy="fill in the name on the first sheet, or give --assessor NAME",
            )  # fmt: skip
    problems.stop()


def after(plan: Plan, findings: Iterable[Finding]) -> list[dict[str, str]]:
    """Return the rows of ``findings.csv`` after the plan.

    A text that was not edited is kept letter by letter.
    """
    gone = {c.old.key for c in plan.changes if c.old}
    rows = [_row(f) for f in findings if f.key not in gone]
    rows += [_new_row(c) for c in plan.changes if c.new]
    rows.sort(key=lambda r: (r["system"], r["obligation"], r["categories"].split()))
    return rows


def _row(finding: Finding) -> dict[str, str]:
    return {"system": finding.system, "obligation": finding.obligation,
            **fields.of_finding(finding)}  # fmt: skip


def _new_row(change: Change) -> dict[str, str]:
    assert change.new is not None
    row = {"system": change.system, "obligation": change.obligation, **change.new}
    old: Mapping[str, str] = _row(change.old) if change.old else {}
    return {
        name: old[name] if name in old and fields.canonical(old[name]) == text else text
        for name, text in row.items()
    }


def _table(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> bytes:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode()


def _header(plan: Plan, to: Target, day: dt.date) -> bytes:
    base = to.base
    named = [*(e.who for c in plan.changes for e in c.by), *(new.who for new in plan.sources)]
    who = [w for w in dict.fromkeys(named) if w not in base.assessor]
    header = {
        "id": base.id if to.exists else to.folder.resolve().name,
        "title_nb": base.title_nb if to.exists else f"{base.title_nb}, videreført",
        "title_en": base.title_en if to.exists else f"{base.title_en}, continued",
        "as_of": max(base.as_of, day),
        "catalogue_edition": base.catalogue_edition,
        "assessor": "; ".join([base.assessor, *who]),
        "note_nb": base.note_nb if to.exists
        else f"{base.note_nb} Ført videre fra «{base.id}» med arbeidsbøker; {LOG} sier hvem, når "
             "og fra hvilken fil.",
        "note_en": base.note_en if to.exists
        else f"{base.note_en} Continued from «{base.id}» with workbooks; {LOG} says who, when and "
             "from which file.",
    }  # fmt: skip
    lines = [
        f"{name} = {value if isinstance(value, dt.date) else json.dumps(value, ensure_ascii=False)}"
        for name, value in header.items()
    ]
    return ("\n".join(lines) + "\n").encode()


def _check_loads(made: Mapping[Path, bytes], folder: Path, ground: Ground) -> None:
    with tempfile.TemporaryDirectory() as place:
        for path, content in made.items():
            (Path(place) / path.name).write_bytes(content)
        try:
            assessments.load(place, ground.catalogue, ground.systems)
        except InputError as error:
            raise InputError(
                [Problem(p.what, p.where.replace(place, str(folder)), p.rule, p.remedy)
                 for p in error.problems]
            ) from None  # fmt: skip


def _log(plan: Plan, file: Path, day: dt.date) -> bytes:
    """Return the log with the changes at its end; what stands in it is kept."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    if file.is_file():
        earlier = read_text(file)
        stream.write(earlier if earlier.endswith("\n") else earlier + "\n")
    else:
        writer.writerow(LOG_COLUMNS)
    for new in plan.sources:
        writer.writerow([day.isoformat(), new.who, new.file, new.sha256, "added", "", "", "",
                         "source", "", new.source.id])  # fmt: skip
    for change in plan.changes:
        writer.writerows([_plain(cell) for cell in row] for row in log_rows(change, day))
    return stream.getvalue().encode()


def log_rows(change: Change, day: dt.date) -> list[list[str]]:
    """Return a row for each field that a change touches, in the order of ``LOG_COLUMNS``."""
    whos = "; ".join(dict.fromkeys(e.who for e in change.by))
    names = "; ".join(dict.fromkeys(e.file for e in change.by))
    hashes = "; ".join(dict.fromkeys(e.sha256 for e in change.by))
    about = change.old.categories if change.old else tuple((change.new or {})["categories"].split())
    return [
        [day.isoformat(), whos, names, hashes, str(change.kind), change.system, change.obligation,
         " ".join(about), name, old, new]
        for name, old, new in change.differences()
    ]  # fmt: skip


def _plain(cell: str) -> str:
    """Make plain text of what a spreadsheet would run: the log is read, never loaded."""
    return f"'{cell}" if cell.startswith(_RUN) else cell
