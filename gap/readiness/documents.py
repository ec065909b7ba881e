"""The stage of the documents: what is built of each patient and message, and judged.

Of a patient's Norwegian sources: the International and the European Patient Summary (FHIR), and of
the latter the document of MyHealth@EU at both levels. Of each message of e-resept: MPD (FHIR) and a
document of MyHealth@EU for each prescription or dispensation. Documents that a test environment
made itself are judged as they came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import data
from data.errors import EnvironmentProblem, InputError, Problem
from data.results import Outcome, Result
from gap.evidence import Record, of_results
from gap.readiness.gathering import Gathered, Part, gather
from gap.readiness.judging import Judged, Kind, Made, judge
from gap.readiness.plan import Plan, Stage
from ips import record, sources
from ips.cda.apart import apart
from ips.cda.write import to_cda
from ips.identifiers import mask
from ips.prescription import Built, OutsideScope, build_dispensation, samples
from ips.prescription import build as build_prescription
from ips.summary import build as build_summary
from ips.summary.output import to_json
from ncp.connector.files import Found, Is
from ncp.model import DocumentKind

_REPORT = b"Utleveringsrapport"


@dataclass(frozen=True, slots=True)
class Work:
    """One unit of the stage.

    Attributes:
        unit: stable name, part of file names.
        tool: family in the mapping, for when nothing can be made.
        make: makes the documents, one after the other.
        files: of the records, by name in their folder; empty for our own samples.
    """

    unit: str
    tool: str
    make: Callable[[], Iterator[Made]]
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What came of one unit: the documents with their findings, and what could not be made."""

    judged: tuple[Judged, ...]
    failures: tuple[Result, ...] = ()

    def records(self, work: Work, plan: Plan) -> tuple[Record, ...]:
        """Return all of it as evidence."""
        found = [
            r
            for one in self.judged
            for r in one.records(plan.origin(Stage.DOCUMENTS, derived=one.made.derived))
        ]
        derived = plan.origin(Stage.DOCUMENTS, derived=True)
        found += of_results(self.failures, work.tool, work.unit, derived)
        return tuple(found)


def works(plan: Plan) -> list[Work]:
    """Return the units of the stage, in a fixed order.

    Raises:
        InputError: a file of the records cannot be read, or there is none.
    """
    return _of_folder(plan.records) if plan.records else _of_samples()


def carry_out(work: Work) -> Outcomes:
    """Make and judge the documents of a unit; what cannot be made is a result, never a stop."""
    judged: list[Judged] = []
    failures: list[Result] = []
    try:
        for made in work.make():
            judged.append(judge(made))
    except OutsideScope as outside:
        failures.append(_not_made(Outcome.OMIT, str(outside)))
    except InputError as error:
        why = "; ".join(f"{p.where}: {p.what}" if p.where else p.what for p in error.problems)
        failures.append(_not_made(Outcome.SKIP, why))
    except EnvironmentProblem as error:
        failures.append(_not_made(Outcome.NOT_ASSESSED, str(error)))
    except Exception as error:  # a fault of ours in one unit is no reason to lose the others
        why = f"this tool broke ({type(error).__name__}: {error})"
        failures.append(_not_made(Outcome.ERROR, why))
    return Outcomes(tuple(judged), tuple(failures))


def _not_made(outcome: Outcome, why: str) -> Result:
    """Nothing was made: a precondition is missing, so that a pass beside it does not count."""
    return Result("verdict", outcome, message=mask(f"the document could not be made: {why}"))


def _of_samples() -> list[Work]:
    found = [
        _summary(folder.name, str(folder), sorted(folder.glob("*.json")))
        for folder in sorted(p.parent for p in data.path("patients").glob("*/patient.json"))
    ]
    products = samples.fest().read_bytes()
    known = samples.samples()
    for one in known.values():
        if one.kind != "M5":
            recall = known.get(f"{one.id}.m5")
            taken_back = recall.path.read_bytes() if recall else None
            found.append(_message(f"rx-{one.id}", one.path, products, taken_back))
    return found


def _of_folder(folder: Path) -> list[Work]:
    return [_of_files(one) for one in gather(folder)]


def _of_files(one: Gathered) -> Work:
    first = one.found[0]
    if one.part is Part.PATIENT:
        made = _summary(one.unit, str(first.path.parent), [f.path for f in one.found])
    elif one.part is Part.MESSAGE:
        made = _message(one.unit, first.path, one.products, None)
    else:
        made = _as_it_came(one.unit, first)
    return replace(made, files=one.names)


def _summary(unit: str, where: str, files: Sequence[Path]) -> Work:
    def make() -> Iterator[Made]:
        read = record.combine(_read(files), name=Path(where).name)
        ips = build_summary(read, profile="ips").bundle
        yield Made(f"{unit}/ips.json", Kind.IPS, to_json(ips))
        eps = build_summary(read, profile="eps").bundle
        yield Made(f"{unit}/eps.json", Kind.EPS, to_json(eps))
        yield Made(f"{unit}/level-3.xml", Kind.PIVOT, to_cda(eps, form="pivot", level=3).xml)
        yield Made(f"{unit}/level-1.xml", Kind.PIVOT, to_cda(eps, form="pivot", level=1).xml)

    return Work(unit, "ehds.ips", make)


def _read(files: Sequence[Path]) -> list[sources.Source]:
    """Read the sources of a patient: without one of them nothing is made, and all are told."""
    found: list[sources.Source] = []
    problems: list[Problem] = []
    for file in files:
        try:
            found.append(sources.read_any(file.read_bytes(), file.name))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return found


def _message(unit: str, path: Path, products: bytes | None, recall: bytes | None) -> Work:
    def make() -> Iterator[Made]:
        content = path.read_bytes()
        given = _REPORT in content
        built: Built = (
            build_dispensation(content, products, name=path.name) if given
            else build_prescription(content, products, name=path.name, recall=recall)
        )  # fmt: skip
        kind = Kind.DISPENSATION if given else Kind.PRESCRIPTION
        yield Made(f"{unit}/mpd.json", kind, to_json(built.bundle))
        for number, (_, part) in enumerate(apart(built.bundle), 1):
            xml = to_cda(part, form="pivot", level=3).xml
            yield Made(f"{unit}/{number}-level-3.xml", Kind.PIVOT, xml)

    return Work(unit, "ehds.mpd", make)


def _as_it_came(unit: str, found: Found) -> Work:
    kind, suffix = Kind.CDA, "xml"
    if found.what is Is.DOCUMENT:
        suffix = "json" if found.content.lstrip()[:1] == b"{" else "xml"
        kind = {
            DocumentKind.EPRESCRIPTION: Kind.PRESCRIPTION,
            DocumentKind.EDISPENSATION: Kind.DISPENSATION,
        }.get(found.kind, Kind.EPS)
    made = Made(f"{unit}/as-it-came.{suffix}", kind, found.content, derived=False)
    return Work(unit, "ehds.ips", lambda: iter([made]))
