"""An import from files to plan: read, check, compare; every problem of every file at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from data.errors import InputError, Problem
from data.loaders.tables import Problems
from gap.worksheet import csvtable, values, xlsx
from gap.worksheet.apply import Target
from gap.worksheet.edits import Edit, Ground, edits
from gap.worksheet.page import Page
from gap.worksheet.plan import Decisions, Plan, plan
from gap.worksheet.register import collect
from ips.identifiers import mask

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Read:
    """What one file gave: how many rows, how many edits, who, and what is remarkable."""

    page: Page
    who: str
    edits: tuple[Edit, ...]
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Intake:
    """The files of an import, and what they would change."""

    files: tuple[Read, ...]
    plan: Plan


def read_file(file: Path, *, as_csv: bool = False) -> Page:
    """Read a workbook, or a CSV table by its ending or on demand.

    Raises:
        InputError: the file cannot be taken.
    """
    if as_csv or file.suffix.lower() in (".csv", ".txt"):
        return csvtable.read(file)
    return xlsx.read(file)


def prepare(
    paths: Sequence[Path],
    to: Target,
    ground: Ground,
    *,
    as_csv: bool = False,
    who: str = "",
    decisions: Decisions | None = None,
) -> Intake:
    """Return what files would change in an assessment.

    Args:
        paths: workbooks and CSV tables.
        to: the assessment that is changed.
        ground: catalogue, systems and the day.
        as_csv: read every file as CSV, whatever its ending.
        who: who assessed; each file's own answer when empty.
        decisions: what was decided about conflicts and disagreements.

    Raises:
        InputError: with everything that is wrong in all files.
    """
    problems = Problems()
    decisions = decisions or Decisions()
    _check_names(paths, decisions, problems)
    pages: list[Page] = []
    for path in paths:
        with problems.gather():
            pages.append(read_file(path, as_csv=as_csv))
    _check_people(pages, who, problems)
    register = collect(pages, who, to.base.register, problems)
    ground = replace(ground, sources=register.known)
    found: list[Read] = []
    for page in pages:
        here, notices = edits(page, who, ground, problems)
        found.append(Read(page, who or page.assessor, tuple(here), tuple(notices)))
    result = plan((e for r in found for e in r.edits), to.base, ground, decisions, problems)
    result.sources = list(register.new)
    problems.found[:] = dict.fromkeys(map(_masked, problems.found))
    problems.stop()
    return Intake(tuple(found), result)


def _check_names(paths: Sequence[Path], decisions: Decisions, problems: Problems) -> None:
    """Files are told apart by their names alone, in addresses and in the log."""
    names = [p.name for p in paths]
    for name in {n for n in names if names.count(n) > 1}:
        problems.add(f"two files are called «{name}»", rule="the log names files without folders",
                     remedy="rename one of them")  # fmt: skip
    if decisions.preferred and decisions.preferred not in names:
        raise InputError(
            Problem(f"there is no file «{decisions.preferred}» among those given", "--prefer",
                    remedy=f"one of: {', '.join(names)}")
        )  # fmt: skip


def _check_people(pages: Sequence[Page], who: str, problems: Problems) -> None:
    """Who assessed stands in the log of every change: a name, and no more."""
    said = [(who, "--assessor")] if who else [(p.assessor, p.file) for p in pages]
    for name, where in said:
        if len(name) > _LONGEST_NAME:
            problems.add(
                f"the name of the assessor has {len(name)} characters", where,
                rule=f"at most {_LONGEST_NAME}", remedy="write the name alone",
            )  # fmt: skip
        if values.real_number(name):
            problems.add("the name of the assessor holds a national identity number", where,
                         rule="a name is enough", remedy="write the name alone")  # fmt: skip


def _masked(problem: Problem) -> Problem:
    """Return a problem without a number that could be a person's: people paste into any cell."""
    return replace(problem, what=mask(problem.what), where=mask(problem.where))
