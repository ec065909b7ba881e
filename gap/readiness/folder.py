"""The evidence folder: filled unit by unit, taken up again after a stop, closed with checksums.

While a run lasts, everything is in a folder with ``.part`` at its end; the finished one takes the
place of an earlier one in one step. A unit counts as done when its record stands, which is written
after its files; a record or file that was changed afterwards makes the unit undone.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from data.errors import InputError, Problem
from data.files import check_folder, write_all
from gap.evidence import Record, from_json, to_json

UNIT = "ehds.readiness-unit/1"
RUN = "ehds.readiness-run/1"
RUN_FILE = "run.json"
MANIFEST = "manifest-sha256.txt"
EVIDENCE = "evidence.json"
UNITS = "units"
_JUDGED = ("name", "kind", "derived", "results", "coverage")
_PRINTED = ("version", "data", "subject", "ncp_subject")
"""What every print says (``Plan.print_of``), and a check builds on."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What came of one unit of a stage.

    Attributes:
        stage, name: which.
        files: SHA-256 of each of its files, by name in the folder.
        records: the evidence.
        documents: how each document was judged, and what was found (``verify`` repeats it).
        sources: files of the records that it was made of, by name in their folder.
    """

    stage: str
    name: str
    files: Mapping[str, str]
    records: tuple[Record, ...]
    documents: Sequence[Mapping[str, Any]] = ()
    sources: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """Name of its record in the folder."""
        return f"{UNITS}/{self.stage}/{self.name}.json"

    def to_json(self) -> bytes:
        """Return it as one JSON document; the same unit gives the same bytes."""
        plain = {"schema": UNIT, "stage": self.stage, "unit": self.name,
                 "sources": list(self.sources), "files": dict(sorted(self.files.items())),
                 "documents": list(self.documents),
                 "records": orjson.loads(to_json(self.records))["records"]}  # fmt: skip
        return orjson.dumps(plain, option=orjson.OPT_INDENT_2) + b"\n"


def sha256(content: bytes) -> str:
    """Return the checksum of a file's content."""
    return hashlib.sha256(content).hexdigest()


def read_unit(content: bytes, where: str) -> Unit:
    """Read the record of a unit.

    Raises:
        InputError: it is not whole, or was changed.
    """
    try:
        plain = orjson.loads(content)
        records = tuple(from_json({"records": plain["records"]}, where))
        if not records or not all(set(_JUDGED) <= set(one) for one in plain["documents"]):
            raise ValueError("records, or how documents were judged, are missing")
        return Unit(str(plain["stage"]), str(plain["unit"]), dict(plain["files"]), records,
                    list(plain["documents"]), tuple(plain.get("sources", ())))  # fmt: skip
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(Problem("this is no record of a unit", where, str(error))) from None


class Folder:
    """The evidence folder of a run.

    Args:
        final: where it will be.
        wanted: print of the run (``Plan.print_of``).
        resume: take up what is there.

    Raises:
        InputError: the folder cannot be written, or what is there is of another run.
    """

    def __init__(self, final: Path, wanted: Mapping[str, Any], *, resume: bool) -> None:
        self.final, self.wanted = final, dict(wanted)
        self.work = final.with_name(f"{final.name}.part")
        check_folder(final.parent)
        self._there = final
        self.done: dict[tuple[str, str], Unit] = {}
        if resume:
            self._take_up()

    def start(self) -> None:
        """Begin to write: anew, or beside what is done already."""
        if self.work.exists() and not (self.done and self._there == self.work):
            shutil.rmtree(self.work)
        if self.done and self._there == self.final:
            self.final.rename(self.work)
        known = {unit.file for unit in self.done.values()}
        for file in (self.work / UNITS).glob("*/*.json"):
            if file.relative_to(self.work).as_posix() not in known:
                file.unlink()  # cut off or changed
        write_all({self.work / RUN_FILE: self._run(complete=False)})

    def keep(
        self, stage: str, name: str, files: Mapping[str, bytes], records: Iterable[Record],
        documents: Sequence[Mapping[str, Any]] = (), sources: tuple[str, ...] = (),
    ) -> Unit:  # fmt: skip
        """Write a unit: its files first, then its record."""
        unit = Unit(stage, name, {n: sha256(c) for n, c in files.items()}, tuple(records),
                    documents, sources)  # fmt: skip
        write_all({self.work / n: c for n, c in files.items()})
        write_all({self.work / unit.file: unit.to_json()})
        self.done[stage, name] = unit
        return unit

    def finish(self) -> None:
        """Write the evidence and the checksums, and put the folder in its place."""
        write_all({self.work / EVIDENCE: to_json(self.records()),
                   self.work / RUN_FILE: self._run(complete=True)})  # fmt: skip
        lines = [f"{sha256(file.read_bytes())}  {name}" for name, file in listed(self.work)
                 if name != MANIFEST]  # fmt: skip
        write_all({self.work / MANIFEST: ("\n".join(lines) + "\n").encode()})
        if self.final.exists():
            shutil.rmtree(self.final)
        self.work.rename(self.final)

    def give_up(self) -> None:
        """Leave what is done for a later run; where nothing is, leave nothing."""
        if not self.done and self.work.exists():
            shutil.rmtree(self.work)

    def records(self) -> tuple[Record, ...]:
        """Return the evidence of everything that is done."""
        return tuple(r for _, unit in sorted(self.done.items()) for r in unit.records)

    def _run(self, *, complete: bool) -> bytes:
        stages: dict[str, int] = {}
        for stage, _ in self.done:
            stages[str(stage)] = stages.get(stage, 0) + 1
        plain = {"schema": RUN, "complete": complete, "print": self.wanted, "units": stages}
        return orjson.dumps(plain, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"

    def _take_up(self) -> None:
        there = self.work if (self.work / RUN_FILE).is_file() else self.final
        self._there = there
        if not (there / RUN_FILE).is_file():
            return
        found = read_run(there)["print"]
        different = [k for k in {*found, *self.wanted} if found.get(k) != self.wanted.get(k)]
        if different:
            raise InputError(
                Problem("what is there is of another run", str(there),
                        f"different: {', '.join(sorted(different))}",
                        "run without --resume, or choose another --out")
            )  # fmt: skip
        for file in sorted((there / UNITS).glob("*/*.json")):
            try:
                unit = read_unit(file.read_bytes(), str(file))
            except InputError:
                continue  # cut off or changed: it is done again
            if _whole(there, unit):
                self.done[unit.stage, unit.name] = unit


def read_run(folder: Path) -> dict[str, Any]:
    """Return what the folder says of its run.

    Raises:
        InputError: it is no evidence folder of a run.
    """
    file = folder / RUN_FILE
    try:
        plain = orjson.loads(file.read_bytes())
        if plain["schema"] != RUN or not all(isinstance(plain["print"][k], str) for k in _PRINTED):
            raise ValueError("another schema")
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(Problem("this is no evidence folder of ehds readiness", str(folder),
                                 f"it holds {RUN_FILE}", "name the folder evidence/ of a run")
                         ) from None  # fmt: skip
    found: dict[str, Any] = plain
    return found


def listed(folder: Path) -> list[tuple[str, Path]]:
    """Return every file of a folder with its name in it, sorted."""
    return sorted((p.relative_to(folder).as_posix(), p) for p in folder.rglob("*") if p.is_file())


def _whole(folder: Path, unit: Unit) -> bool:
    try:
        return all(sha256((folder / name).read_bytes()) == digest
                   for name, digest in unit.files.items())  # fmt: skip
    except OSError:
        return False
