"""The sample patients that are shipped: ``data/patients/<id>/`` and their index."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import data
from data.errors import InputError, Problem
from data.loaders.tables import Problems, read_csv

COLUMNS = ("id", "title_nb", "title_en", "tests")


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample patient.

    Attributes:
        id: name of the folder.
        title_nb: what the patient has, in Norwegian.
        title_en: the same in English.
        tests: which parts of the formats the sample exercises.
    """

    id: str
    title_nb: str
    title_en: str
    tests: str

    @property
    def folder(self) -> Path:
        """The folder with the source files."""
        return data.path("patients", self.id)

    def title(self, lang: str) -> str:
        """Return the title in ``nb`` or ``en``."""
        return self.title_nb if lang == "nb" else self.title_en

    def paths(self) -> list[Path]:
        """Return the source files, in the order of their names."""
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    def files(self) -> dict[str, bytes]:
        """Return the source files by name (``prescriptions/1.xml`` in a folder of their own)."""
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes() for path in self.paths()
        }


@cache
def samples() -> dict[str, Sample]:
    """Return the samples by id, in the order of the index."""
    problems = Problems()
    rows = read_csv(data.path("patients", "index.csv"), COLUMNS, problems)
    problems.stop()
    return {row["id"]: Sample(*(row[column] for column in COLUMNS)) for row in rows}


def sample(name: str) -> Sample:
    """Return one sample.

    Raises:
        InputError: there is no sample of that name; the nearest ones are named.
    """
    found = samples().get(name)
    if found:
        return found
    near = difflib.get_close_matches(name, samples(), n=3, cutoff=0.4)
    raise InputError(
        Problem(
            f"there is no sample patient «{name}»",
            remedy=f"did you mean: {', '.join(near)}" if near else "see: ehds patients list",
        )
    )
