"""A user's own terminology for the length of a command: maps, value sets and names in a folder.

The folder holds ``maps/*.csv``, ``value-sets/*.csv``, ``designations.csv``, and value sets as
``*.fsh`` or FHIR ValueSet in ``*.json`` (docs/terminology.md).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data.errors import InputError, Problem
from data.loaders.tables import Problems
from ips.terms.labels import Names, read_names
from ips.terms.tables import OWN_FOLDER, MapRow, read_maps
from ips.terms.valuesets import OwnSets, read_sets

_READS = "maps/*.csv, value-sets/*.csv, designations.csv, *.fsh or *.json"


@contextmanager
def own_terminology(folder: Path) -> Iterator[None]:
    """Use the tables of a folder before those that are shipped, in this process.

    Raises:
        InputError: as :func:`read_folder`.
    """
    read_folder(folder)
    before = os.environ.get(OWN_FOLDER)
    os.environ[OWN_FOLDER] = str(folder)
    _forget()
    try:
        yield
    finally:
        if before is None:
            del os.environ[OWN_FOLDER]
        else:
            os.environ[OWN_FOLDER] = before
        _forget()


def read_folder(folder: Path) -> tuple[list[MapRow], OwnSets, Names]:
    """Return the maps, value sets and names of a folder.

    Raises:
        InputError: no such folder, nothing to read in it, a table that would not be read, or one
            that is wrong: all problems, with file and line.
    """
    if not folder.is_dir():
        raise InputError(
            Problem("there is no such folder", str(folder), remedy=f"give a folder with {_READS}")
        )
    problems = Problems()
    maps = read_maps(folder, problems)
    sets = read_sets(folder, problems)
    names: Names = {}
    with problems.gather():
        names = read_names(folder, problems)
    read = {*maps, *sets.files, folder / "designations.csv"}
    for file in sorted({*folder.rglob("*.csv")} - read):
        problems.add("this table would not be read", str(file),
                     remedy="move it to maps/ or value-sets/")  # fmt: skip
    if not (maps or sets.files or names or problems.found):
        problems.add("there is nothing to read in this folder", str(folder),
                     remedy=f"put in it {_READS}")  # fmt: skip
    problems.stop()
    return [row for rows in maps.values() for row in rows], sets, names


def _forget() -> None:
    """Empty what our modules remember: names and counterparts are in many of these memories."""
    for name, module in list(sys.modules.items()):
        if name.startswith("ips."):
            for thing in list(vars(module).values()):
                if callable(clear := getattr(thing, "cache_clear", None)):
                    clear()
