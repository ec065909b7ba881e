"""The code maps and lists of ``data/terminology/``, opened once and indexed.

A user's own tables come from the folder that the environment variable EHDS_TERMINOLOGY names (see
:mod:`ips.terms.own`): ``maps/*.csv`` with the columns of the shipped maps (an ICPC-2 conversion
file, say) go before the shipped rows.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import data
from data.errors import InputError, Problem
from data.loaders.tables import Problems, Row, read_csv
from ips.terms.model import Coding, Equivalence
from ips.terms.systems import list_id, normalise_system, target_uri

OWN_FOLDER = "EHDS_TERMINOLOGY"
"""Environment variable: the folder with a user's own maps and value sets."""

OWN_RANK = 0
"""Rank of a user's own maps: before every shipped map and rule."""

MAP_COLUMNS = (
    "source_list", "source_code", "source_display_nb", "target_system", "target_code",
    "target_display_en", "equivalence", "inferred", "map_source", "edition", "note",
)  # fmt: skip
CATALOGUE_COLUMNS = (
    "file", "source_list", "target", "rank", "value_set", "otherwise", "title_nb", "title_en",
)  # fmt: skip
LIST_COLUMNS = ("code", "display_nb", "display_en", "note")


@dataclass(frozen=True, slots=True)
class MapRow:
    """One pair of a map, or one code that has no counterpart."""

    source: Coding
    target: Coding | None
    equivalence: Equivalence
    inferred: bool
    map_source: str
    edition: str
    note: str
    where: str


@dataclass(frozen=True, slots=True)
class CodeMap:
    """One map: a national list to one European system.

    Attributes:
        name: file name without ending; empty for a list of which no map may or can be shipped.
        source_list: number of the national list; of a user's own maps also the URI of a system.
        target: canonical URI of the European system; empty where no system carries the matter.
        rank: 1 is used when no target is asked for; 2 only where rank 1 has nothing.
        value_set: the eHDSI value set that the targets are meant for; empty when there is none.
        otherwise: why a code without a row has no counterpart; empty when that is not known.
        rows: by source code; several rows for one code are candidates or editions.
    """

    name: str
    source_list: str
    target: str
    rank: int
    value_set: str
    otherwise: str
    title_nb: str
    title_en: str
    rows: dict[str, tuple[MapRow, ...]]


@cache
def maps() -> dict[str, tuple[CodeMap, ...]]:
    """Return all maps by number of the national list, the user's own first, then by rank.

    A system that is no national list has its URI as key; only a user's own maps have such.

    Raises:
        InputError: a table is wrong; all problems with file and line.
    """
    problems = Problems()
    found: dict[str, list[CodeMap]] = {}
    for entry in read_csv(data.path("terminology", "maps.csv"), CATALOGUE_COLUMNS, problems):
        name = entry["file"]
        file = data.path("terminology", "maps", f"{name}.csv")
        rows = _rows(file, problems) if name else []
        found.setdefault(entry["source_list"], []).append(
            CodeMap(
                name, entry["source_list"], target_uri(entry["target"]), int(entry["rank"]),
                entry["value_set"], entry["otherwise"], entry["title_nb"], entry["title_en"],
                _by_code(rows),
            )
        )  # fmt: skip
    for number, own in _own_maps(problems).items():
        found[number] = own + found.get(number, [])
    problems.stop()
    return {number: tuple(sorted(group, key=lambda m: m.rank)) for number, group in found.items()}


@cache
def code_list(number: str) -> dict[str, Row]:
    """Return a national list by code; empty for a list that is not shipped."""
    file = data.path("terminology", "lists", f"{number}.csv")
    if not number.isdigit() or not file.exists():
        return {}
    problems = Problems()
    rows = read_csv(file, LIST_COLUMNS, problems)
    problems.stop()
    return {row["code"]: row for row in rows}


def shipped_lists() -> tuple[str, ...]:
    """Return the numbers of all national lists whose labels are shipped."""
    return tuple(sorted(file.stem for file in data.path("terminology", "lists").glob("*.csv")))


def own_folder() -> Path | None:
    """Return the folder of the user's own terminology, or None.

    Raises:
        InputError: EHDS_TERMINOLOGY names no folder.
    """
    name = os.environ.get(OWN_FOLDER)
    if not name:
        return None
    folder = Path(name)
    if not folder.is_dir():
        raise InputError(
            Problem("there is no such folder", name, rule=f"{OWN_FOLDER} names a folder",
                    remedy=f"correct {OWN_FOLDER}, or unset it")
        )  # fmt: skip
    return folder


def _own_maps(problems: Problems) -> dict[str, list[CodeMap]]:
    folder = own_folder()
    found: dict[str, list[CodeMap]] = {}
    for file, rows in read_maps(folder, problems).items() if folder else ():
        groups: dict[tuple[str, str], list[MapRow]] = {}
        for row in rows:
            key = list_id(row.source.system) or row.source.system
            groups.setdefault((key, row.target.system if row.target else ""), []).append(row)
        for (key, target), group in groups.items():
            found.setdefault(key, []).append(
                CodeMap(file.stem, key, target, OWN_RANK, "", "", file.name, file.name,
                        _by_code(group))
            )  # fmt: skip
    return found


def read_maps(folder: Path, problems: Problems) -> dict[Path, list[MapRow]]:
    """Return the rows of a user's own maps by file; ``problems`` gets all that is wrong."""
    found: dict[Path, list[MapRow]] = {}
    for file in sorted((folder / "maps").glob("*.csv")):
        found[file] = []
        with problems.gather():
            found[file] = _rows(file, problems)
        for row in found[file]:
            check_system(row.source.system, row.where, problems)
            if row.target:
                check_system(row.target.system, row.where, problems)
    return found


def check_system(uri: str, where: str, problems: Problems) -> None:
    """Note a code system that is neither a URI nor a name that we know."""
    if ":" not in uri:
        problems.add(f"«{uri}» is no code system", where,
                     remedy="a URI (urn:oid:...), the number of a national list, or a name: "
                     "snomed, edqm, atc, icd-10, loinc, ucum ...")  # fmt: skip


def _rows(file: Path, problems: Problems) -> list[MapRow]:
    found = []
    for row in read_csv(file, MAP_COLUMNS, problems):
        try:
            equivalence = Equivalence(row["equivalence"])
        except ValueError:
            problems.add(f"unknown equivalence «{row['equivalence']}»", row.where,
                         remedy=f"one of: {', '.join(Equivalence)}")  # fmt: skip
            continue
        _check(row, equivalence, problems)
        target = None
        if row["target_code"]:
            target = Coding(target_uri(row["target_system"]), row["target_code"],
                            row["target_display_en"])  # fmt: skip
        found.append(
            MapRow(
                Coding(normalise_system(row["source_list"]), row["source_code"],
                       row["source_display_nb"]),
                target, equivalence, row["inferred"] == "yes", row["map_source"],
                row["edition"], row["note"], row.where,
            )
        )  # fmt: skip
    return found


def _check(row: Row, equivalence: Equivalence, problems: Problems) -> None:
    unmatched = equivalence is Equivalence.UNMATCHED
    if unmatched == bool(row["target_code"]):
        problems.add("a row has a target, or is «unmatched», and never both", row.where)
    if unmatched and not row["note"]:
        problems.add("an unmatched code needs a reason", row.where, remedy="fill the column note")
    if row["inferred"] not in ("yes", "no"):
        problems.add(f"«{row['inferred']}» is not yes or no", row.where)
    if not row["source_code"] or not row["source_list"]:
        problems.add("the source list and code are missing", row.where)


def _by_code(rows: list[MapRow]) -> dict[str, tuple[MapRow, ...]]:
    found: dict[str, list[MapRow]] = {}
    for row in rows:
        found.setdefault(row.source.code, []).append(row)
    return {code: tuple(group) for code, group in found.items()}
