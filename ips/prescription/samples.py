"""The sample messages that are shipped: ``data/prescriptions/`` and their index."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import data
from data.errors import InputError, Problem
from data.loaders.tables import Problems, read_csv

COLUMNS = ("id", "kind", "title_nb", "title_en", "tests", "patient")


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample message.

    Attributes:
        id: name of the file without ``.xml``.
        kind: ``M1``, ``M5``, ``M9.6`` or ``M10``.
        title_nb: what it is about, in Norwegian.
        title_en: the same in English.
        tests: which parts of the format it exercises.
        patient: the sample patient whom it belongs to.
    """

    id: str
    kind: str
    title_nb: str
    title_en: str
    tests: str
    patient: str

    @property
    def path(self) -> Path:
        """The message."""
        return data.path("prescriptions", f"{self.id}.xml")


@cache
def samples() -> dict[str, Sample]:
    """Return the samples by id, in the order of the index."""
    problems = Problems()
    rows = read_csv(data.path("prescriptions", "index.csv"), COLUMNS, problems)
    problems.stop()
    return {row["id"]: Sample(*(row[column] for column in COLUMNS)) for row in rows}


def fest() -> Path:
    """Return the FEST extract that knows the sample medicines (invented products)."""
    return data.path("prescriptions", "fest.xml")


def locate(name: str) -> Path:
    """Return the file of that path, or the sample of that name.

    Raises:
        InputError: neither, or a folder.
    """
    path = Path(name)
    if path.is_file():
        return path
    if path.is_dir():
        inside = sorted(path.glob("*.xml"))
        first = f", for example {inside[0]}" if inside else "; there is no XML in this folder"
        raise InputError(Problem("this is a folder; a prescription is built of one message", name,
                                 rule="one M1, M9.6 or M10 at a time",
                                 remedy=f"name one file{first}"))  # fmt: skip
    if name in samples():
        return samples()[name].path
    near = difflib.get_close_matches(name, samples(), n=1)
    hint = f"did you mean the sample «{near[0]}»?" if near else f"samples: {', '.join(samples())}"
    raise InputError(Problem("there is no such file or sample", name, remedy=hint))
