"""Goes through the stages of a plan and fills the evidence folder; repeats nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from data.results import Outcome
from gap.evidence import Record
from gap.readiness import documents, exchange
from gap.readiness.alone import alone
from gap.readiness.folder import Folder, sha256
from gap.readiness.judging import Judged
from gap.readiness.plan import Plan, Stage, check
from ncp.scenarios.loading import shipped
from ncp.scenarios.model import Scenario


@dataclass(frozen=True, slots=True)
class Step:
    """One unit that has ended, for the progress.

    Attributes:
        stage: which stage.
        unit: which unit.
        number, total: how far the stage is.
        failed: something in it failed.
    """

    stage: Stage
    unit: str
    number: int
    total: int
    failed: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """How a stage went.

    Attributes:
        units: of the stage.
        repeated: run now; the others were done before.
        failed: units in which something failed.
    """

    stage: Stage
    units: int
    repeated: int
    failed: int


@dataclass(frozen=True, slots=True)
class Fault:
    """A unit in which something failed or could not be shown.

    Attributes:
        stage, unit: which.
        sources: files of the records that it was made of.
        first: the gravest of its results, and of those the first by name.
        count: how many failed, could not be shown, or broke.
    """

    stage: str
    unit: str
    sources: tuple[str, ...]
    first: Record
    count: int


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run leaves.

    Attributes:
        folder: the evidence folder.
        records: the evidence, of earlier stages too.
        counts: of each stage that was asked for.
        faults: the units of these stages that did not go well.
    """

    folder: Path
    records: tuple[Record, ...]
    counts: tuple[Counts, ...]
    faults: tuple[Fault, ...] = ()


def run(
    plan: Plan, folder: Path, stages: Collection[Stage], *, resume: bool = False,
    opened: exchange.Opened | None = None, scenarios: Sequence[Scenario] | None = None,
    told: Callable[[Step], None] = lambda _: None,
) -> Ran:  # fmt: skip
    """Run stages and keep the evidence; a stop leaves a folder that a later run takes up.

    Args:
        plan: what is tested.
        folder: the evidence folder.
        stages: which stages; with none the evidence that is there is read.
        resume: take up what is there, instead of beginning anew.
        opened: the contact point; our own by default.
        scenarios: which; those of the product by default.
        told: is told each unit as it ends.

    Raises:
        InputError: a plan that cannot be carried out, or a folder of another run, or one in which
            another run is at work.
        EnvironmentProblem: our own contact point does not start, or the other one does not answer;
            what is done stays, to be taken up.
    """
    check(plan)
    if not stages:
        return Ran(folder, Folder(folder, plan.print_of(), resume=resume).records(), ())
    with alone(folder.parent):
        return _run(plan, Folder(folder, plan.print_of(), resume=resume), stages, opened,
                    scenarios, told)  # fmt: skip


def _run(
    plan: Plan, kept: Folder, stages: Collection[Stage], opened: exchange.Opened | None,
    scenarios: Sequence[Scenario] | None, told: Callable[[Step], None],
) -> Ran:  # fmt: skip
    works = documents.works(plan) if Stage.DOCUMENTS in stages else []
    kept.start()
    counts = []
    try:
        if Stage.DOCUMENTS in stages:
            counts.append(_documents(plan, kept, works, told))
        if Stage.EXCHANGE in stages:
            chosen = list(shipped() if scenarios is None else scenarios)
            counts.append(_exchange(plan, kept, chosen, opened or exchange.embedded(plan), told))
    except BaseException:
        kept.give_up()
        raise
    kept.finish()
    return Ran(kept.final, kept.records(), tuple(counts), tuple(_faults(kept, counts)))


def _documents(
    plan: Plan, kept: Folder, works: Sequence[documents.Work], told: Callable[[Step], None]
) -> Counts:
    stage, repeated = Stage.DOCUMENTS, 0
    for number, work in enumerate(works, 1):
        if (stage, work.unit) in kept.done:
            continue
        found = documents.carry_out(work)
        files = {f"{stage}/{j.made.name}": j.made.content for j in found.judged}
        unit = kept.keep(stage, work.unit, files, found.records(work, plan),
                         [as_plain(j) for j in found.judged], work.files)  # fmt: skip
        repeated += 1
        told(Step(stage, work.unit, number, len(works), failed(unit.records)))
    return _counted(kept, stage, [w.unit for w in works], repeated)


def _exchange(
    plan: Plan, kept: Folder, scenarios: Sequence[Scenario], opened: exchange.Opened,
    told: Callable[[Step], None],
) -> Counts:  # fmt: skip
    stage = Stage.EXCHANGE
    todo = [s for s in scenarios if (stage, s.id) not in kept.done]
    before = len(scenarios) - len(todo)
    number = before

    def keep(one: exchange.Kept) -> None:
        nonlocal number
        number += 1
        name = one.run.scenario.id
        kept.keep(stage, name, one.files, one.records)
        bad = one.run.outcome in (Outcome.FAIL, Outcome.ERROR)
        told(Step(stage, name, number, len(scenarios), bad))

    exchange.carry_out(todo, plan, opened, keep)
    return _counted(kept, stage, [s.id for s in scenarios], len(todo))


def as_plain(judged: Judged) -> dict[str, object]:
    """Return how a document was judged and what was found, as plain data."""
    return {
        "name": judged.made.name, "kind": judged.made.kind.value,
        "derived": judged.made.derived, "sha256": sha256(judged.made.content),
        "results": [r.to_dict() for r in judged.report.results],
        "coverage": [{"element": row.element, "state": row.state} for row in judged.coverage],
    }  # fmt: skip


def failed(records: Sequence[Record]) -> bool:
    """Whether something in a unit failed, or could not be shown."""
    return any(map(_bad, records))


def _bad(record: Record) -> bool:
    return record.fails or record.blocks or record.outcome is Outcome.ERROR


def _faults(kept: Folder, counts: Sequence[Counts]) -> Iterator[Fault]:
    stages = [c.stage for c in counts]
    for (stage, name), unit in sorted(kept.done.items()):
        # The verdict only counts what the others say.
        bad = sorted(filter(_bad, unit.records),
                     key=lambda r: (r.test.endswith("/verdict"), not r.fails, r.test, r.message)
                     )  # fmt: skip
        if bad and stage in stages:
            count = len(bad) - (len(bad) > 1 and bad[-1].test.endswith("/verdict"))
            yield Fault(stage, name, unit.sources, bad[0], count)


def _counted(kept: Folder, stage: Stage, units: Sequence[str], repeated: int) -> Counts:
    bad = sum(failed(kept.done[stage, unit].records) for unit in units)
    return Counts(stage, len(units), repeated, bad)
