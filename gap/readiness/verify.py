"""Checks an evidence folder again without network: the bytes, the versions, and the verdicts.

Every checksum of the manifest is compared; no file may be missing or have come in beside. Every
document is judged again from its stored bytes, and has to get the same findings; the records have
to follow from the stored results. Nothing is believed that can be computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from data.errors import InputError
from data.results import Outcome, Result, Severity
from gap.evidence import TOOL_CHAIN, Origin, Record, from_json, read
from gap.readiness.folder import (
    EVIDENCE,
    MANIFEST,
    UNITS,
    Unit,
    listed,
    read_run,
    read_unit,
    sha256,
)
from gap.readiness.judging import Judged, Kind, Made, judge
from gap.readiness.plan import Plan, Stage
from gap.readiness.running import as_plain
from ips.identifiers import mask


@dataclass(frozen=True, slots=True)
class Verified:
    """What the check found.

    Attributes:
        results: one for each thing that does not hold (fail), or that could not be judged (skip).
        files, documents, scenarios: how many were checked.
        same_version: the folder was made by this version with these tables. With another one a
            different verdict can follow from the version, and is told as such.
    """

    results: tuple[Result, ...]
    files: int
    documents: int
    scenarios: int
    same_version: bool

    @property
    def holds(self) -> bool:
        """Whether everything is as it was recorded."""
        return not any(r.outcome is Outcome.FAIL for r in self.results)


def verify(folder: Path, now: Plan) -> Verified:
    """Check an evidence folder.

    Args:
        folder: ``evidence/`` of a run.
        now: a plan with the version of this product, to compare with.

    Raises:
        InputError: it is no evidence folder.
    """
    said = read_run(folder)
    results: list[Result] = []
    if not said.get("complete"):
        results.append(_fail("incomplete", "the run was stopped before its end", str(folder),
                             "take it up: ehds readiness --resume"))  # fmt: skip
    current = now.print_of()
    other = [k for k in ("version", "data") if said["print"].get(k) != current[k]]
    for key in other:
        results.append(
            Result(
                f"readiness-{key}",
                Outcome.SKIP,
                Severity.WARNING,
                f"{key}: recorded {said['print'].get(key)}, here {current[key]}",
            )
        )
    files = dict(listed(folder))
    results += _checksums(folder, files)
    units = list(_units(files, results))
    for unit in units:
        results += _of_unit(unit, files, said["print"])
    results += _evidence(files, units)
    return Verified(
        tuple(results), len(files), sum(len(u.documents) for u in units),
        sum(u.stage == Stage.EXCHANGE for u in units), not other,
    )  # fmt: skip


def _checksums(folder: Path, files: Mapping[str, Path]) -> Iterator[Result]:
    if MANIFEST not in files:
        yield _fail("manifest", f"{MANIFEST} is missing", str(folder))
        return
    said = {}
    for line in files[MANIFEST].read_text("utf-8", errors="replace").splitlines():
        digest, _, name = line.partition("  ")
        said[name] = digest
    for name in sorted({*said, *files} - {MANIFEST}):
        if name not in files:
            yield _fail("file-missing", "the file is missing", name)
        elif name not in said:
            yield _fail("file-added", "the file is not in the manifest", name)
        elif sha256(files[name].read_bytes()) != said[name]:
            yield _fail("file-changed", "the file was changed after the run", name)


def _units(files: Mapping[str, Path], results: list[Result]) -> Iterator[Unit]:
    for name, file in files.items():
        if name.startswith(f"{UNITS}/"):
            try:
                yield read_unit(file.read_bytes(), name)
            except InputError as error:
                results += [_fail("record-changed", p.what, p.where or name)
                            for p in error.problems]  # fmt: skip


def _of_unit(unit: Unit, files: Mapping[str, Path], said: Mapping[str, Any]) -> Iterator[Result]:
    for name, digest in unit.files.items():
        if name not in files or sha256(files[name].read_bytes()) != digest:
            yield _fail("file-changed", "the file is not the one that was judged", name)
    expected: list[Record] = []
    if unit.stage == Stage.EXCHANGE:
        results = f"{Stage.EXCHANGE}/{unit.name}/results.json"
        if results in files:
            origin = _origin(unit, said["ncp_subject"])
            expected = [replace(r, file="", sha256="") for r in read([files[results]], origin)]
    else:
        made = [r for r in unit.records if r.what == unit.name]
        expected += made  # what could not be made has no bytes to judge again
        for one in unit.documents:
            name = f"{Stage.DOCUMENTS}/{one['name']}"
            if name in files:
                judged = _judged(one, files[name].read_bytes())
                yield from _same(one, judged, name)
                if judged is not None:
                    origin = _origin(unit, said["subject"], derived=bool(one["derived"]))
                    expected += judged.records(origin)
    if {r.id for r in expected} != {r.id for r in unit.records}:
        yield _fail("evidence-differs", "the evidence does not follow from what is stored",
                    unit.file)  # fmt: skip


def _judged(said: Mapping[str, Any], content: bytes) -> Judged | None:
    try:
        return judge(Made(said["name"], Kind(said["kind"]), content, bool(said["derived"])))
    except (InputError, ValueError):
        return None


def _same(said: Mapping[str, Any], judged: Judged | None, name: str) -> Iterator[Result]:
    if judged is None:
        yield _fail("verdict-differs", "the document can no longer be judged", name)
        return
    again = orjson.loads(orjson.dumps(as_plain(judged)))
    if again["results"] != said["results"] or again["coverage"] != said["coverage"]:
        yield _fail("verdict-differs", "judged again, the document gets other findings", name)


def _origin(unit: Unit, subject: str, *, derived: bool = False) -> Origin:
    """Return where the records of a unit come from; the subject is that of the run."""
    one = unit.records[0]
    return Origin(
        subject,
        derived=derived and subject != TOOL_CHAIN,
        by=one.by,
        strength=one.strength,
        environment=one.environment,
        date=one.date,
        tool_version=one.tool_version,
    )


def _evidence(files: Mapping[str, Path], units: Sequence[Unit]) -> Iterator[Result]:
    if EVIDENCE not in files:
        yield _fail("file-missing", "the evidence is missing", EVIDENCE)
        return
    try:
        told = {r.id for r in from_json(orjson.loads(files[EVIDENCE].read_bytes()), EVIDENCE)}
    except (InputError, ValueError):
        told = set()
    if told != {r.id for unit in units for r in unit.records}:
        yield _fail("evidence-differs", "it does not hold what the units recorded", EVIDENCE)


def _fail(rule: str, what: str, where: str, remedy: str = "") -> Result:
    message = f"{what}: {remedy}" if remedy else what
    return Result(f"readiness-{rule}", Outcome.FAIL, message=message, location=mask(where))
