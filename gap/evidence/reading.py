"""From files of results to evidence: what a file says, and what ``evidence.toml`` says beside it.

A folder is read whole, unless it holds ``evidence.json``, or ``results.json`` with its manifest:
these are what this product recorded itself, and everything else in the folder is what they were
recorded from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from data.errors import InputError, Problem, did_you_mean
from data.loaders.catalogue import catalogue
from data.loaders.systems import systems
from data.loaders.tables import Problems, read_bytes
from data.results import Report, Result
from gap.evidence.mapping import Rule, bearing, shipped, stale_from
from gap.evidence.origins import HEADER, Given, given_for
from gap.evidence.readers import forms, own
from gap.evidence.record import TOOL_CHAIN, Origin, Raw, Record
from gap.evidence.storing import SCHEMA, from_json
from ips.identifiers import mask
from ncp.scenarios.model import ScenarioRun

RECORDED = (("evidence.json", "evidence.json"), ("results.json", "manifest-sha256.txt"))
"""Files that tell all of a folder, and what stands beside them then: our own records, and the
results of ``ehds ncp test --out``."""
SUFFIXES = (".json", ".xml", ".sarif", ".txt", ".log")


def read(paths: Iterable[str | Path], origin: Origin | None = None) -> tuple[Record, ...]:
    """Return the evidence in files and folders.

    Args:
        paths: files of results in any of the known forms, or folders of them.
        origin: what the files do not say; by default ``evidence.toml`` beside each file says it.

    Raises:
        InputError: with everything that is wrong in all of them.
    """
    problems = Problems()
    found: dict[str, Record] = {}
    for file in _files(paths, problems):
        with problems.gather():
            for record in _of_file(file, origin):
                found[record.id] = record
    problems.stop()
    return tuple(found.values())


def of_results(
    results: Iterable[Result], tool: str, what: str, origin: Origin
) -> tuple[Record, ...]:
    """Return results of a run in memory as evidence.

    Args:
        results: what was judged, for example those of one scenario.
        tool: ``ehds.ncp`` for scenarios, ``ehds.audit`` for log entries.
        what: what was judged.
        origin: the system, the day and who ran it; ``date`` must be given.

    Raises:
        InputError: no such system, no date, or an obligation that the catalogue does not have.
    """
    return records(own.of_results(results, tool, what), Given(origin, shipped()))


def of_report(
    report: Report, what: str, origin: Origin, coverage: Iterable[Any] = (),
    carried: tuple[str, ...] = (),
) -> tuple[Record, ...]:  # fmt: skip
    """Return the check of one document in memory as evidence.

    Args:
        report: of ``check_bundle``, ``check_cda`` or the prescription check.
        what: name of the document; a newer check of the same name replaces this one.
        origin: the system, the day and who ran it; ``derived`` when we made the document.
        coverage: rows of ``ips.summary.coverage.coverage``.
        carried: what the verdict bears on beside the mapping, for example ``("X1.2",)``.

    Raises:
        InputError: as ``of_results``.
    """
    raws = own.of_document(
        [r.to_dict() for r in report.results], own.family(report.extra.get("profiles") or ()),
        what, [row.to_dict() for row in coverage], carried)  # fmt: skip
    return records(raws, Given(origin, shipped()))


def of_scenario(run: ScenarioRun, origin: Origin) -> tuple[Record, ...]:
    """Return a scenario that ran in memory as evidence.

    Args:
        run: what came of it.
        origin: the contact point that was tested, the day and who ran it.

    Raises:
        InputError: as ``of_results``.
    """
    raws = own.of_scenario(run.scenario.id, run.outcome, [r.to_dict() for r in run.results],
                           run.scenario.obligations, run.scenario.services)  # fmt: skip
    return records(raws, Given(origin, shipped()))


def records(
    raws: Sequence[Raw], given: Given, file: str = "", sha256: str = ""
) -> tuple[Record, ...]:
    """Return results as records: dated, masked, and bearing on what the mapping says.

    Raises:
        InputError: no such system, a result without date, or an unknown obligation.
    """
    origin, problems = given.origin, Problems()
    if origin.subject != TOOL_CHAIN and origin.subject not in systems():
        problems.add(f"unknown system «{origin.subject}»", file,
                     rule=f"a system of the table, or {TOOL_CHAIN} for this product itself",
                     remedy=did_you_mean(origin.subject, systems(), "ehds systems list")
                     )  # fmt: skip
    if any(raw.date is None for raw in raws) and origin.date is None:
        problems.add("says not when the test was run", file, rule="every evidence has a date",
                     remedy=f"write date = 2026-11-20 in {HEADER} beside it")  # fmt: skip
    unknown = sorted({o for raw in raws for o in raw.carried} - set(catalogue().obligations))
    for name in unknown:
        problems.add(f"unknown obligation «{name}»", file,
                     remedy=did_you_mean(name, catalogue().obligations, "ehds catalogue list")
                     )  # fmt: skip
    problems.stop()
    return tuple(_record(raw, origin, given.rules, file, sha256) for raw in raws)


def _record(raw: Raw, origin: Origin, rules: Sequence[Rule], file: str, sha256: str) -> Record:
    bears = bearing(rules, raw, derived=origin.derived)
    date = raw.date or origin.date
    assert date is not None
    return Record(
        test=mask(raw.test), what=mask(raw.what), outcome=raw.outcome, subject=origin.subject,
        date=date, obligations=bears.obligations, categories=bears.categories,
        fully=bears.fully, severity=raw.severity, message=mask(raw.message),
        location=mask(raw.location), whole=raw.whole, subject_version=origin.subject_version,
        environment=origin.environment, derived=origin.derived, by=origin.by,
        strength=origin.strength, tool_version=raw.tool_version or origin.tool_version,
        stale=stale_from(raw.test, origin.strength, date), file=file, sha256=sha256,
    )  # fmt: skip


def _files(paths: Iterable[str | Path], problems: Problems) -> list[Path]:
    found: list[Path] = []
    for path in map(Path, paths):
        if not path.is_dir():
            found.append(path)
            continue
        recorded = [
            path / name
            for name, beside in RECORDED
            if (path / name).is_file() and (path / beside).is_file()
        ]
        inside = recorded[:1] or sorted(
            p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file()
        )  # fmt: skip
        if not inside:
            problems.add("no results in this folder", str(path), rule=forms.KNOWN)
        found += inside
    return found


def _of_file(file: Path, origin: Origin | None) -> Sequence[Record]:
    content = read_bytes(file)
    if content.lstrip()[:1] == b"{":
        plain = forms.json_of(content, str(file))
        if isinstance(plain, dict) and plain.get("schema") == SCHEMA:
            return from_json(plain, str(file))
    try:
        raws = forms.read(content, str(file))
    except InputError as error:
        raise InputError([_placed(p, file) for p in error.problems]) from None
    if not raws:
        raise InputError(Problem("the report holds no result", str(file), rule=forms.KNOWN,
                                 remedy="run the tests again; the run may have been cut off")
                         )  # fmt: skip
    given = Given(origin, shipped()) if origin else given_for(file)
    return records(raws, given, file.name, hashlib.sha256(content).hexdigest())


def _placed(problem: Problem, file: Path) -> Problem:
    where = problem.where if str(file) in problem.where else f"{file}: {problem.where}".rstrip(": ")
    return Problem(problem.what, where, problem.rule, problem.remedy)
