"""What a run showed, and what it did to the findings: for the terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from data.results import Outcome
from gap.evidence import TOOL_CHAIN, Weighed
from gap.readiness.running import Fault, Ran
from gap.readiness.shown import shown
from gap.readiness.verify import Verified
from reports.numbers import date
from reports.texts import Texts

SCHEMA = "ehds.readiness/1"
WEIGHED_FILE = "ehds-evidence.json"
_MOST = 12


def stages(ran: Ran, t: Texts) -> list[str]:
    """Return a line for each stage, and what the tool chain shows."""
    lines = []
    for c in ran.counts:
        lines.append(t("readiness.counts", stage=t(f"readiness.stage.{c.stage}"), units=c.units,
                       failed=c.failed, repeated=c.repeated))  # fmt: skip
        lines += _faults([f for f in ran.faults if f.stage == c.stage], t)
    own = shown(r for r in ran.records if r.subject == TOOL_CHAIN)
    if own:
        by = {o: [s.obligation for s in own if s.outcome is o] for o in Outcome}
        lines.append(t("readiness.tool_chain", passed=len(by[Outcome.PASS]),
                       failed=len(by[Outcome.FAIL]), blocked=len(by[Outcome.SKIP])))  # fmt: skip
        if by[Outcome.FAIL]:
            lines.append("  " + t("readiness.failed", names=", ".join(by[Outcome.FAIL])))
    return lines


def _faults(faults: Sequence[Fault], t: Texts) -> list[str]:
    """Return what did not go well, by file of the records or by scenario, with the first reason."""
    lines = []
    for fault in faults[:_MOST]:
        files = ", ".join(fault.sources[:2]) + (" …" if len(fault.sources) > 2 else "")
        rule = fault.first.test.rpartition("/")[2]
        told = rule not in ("verdict", fault.unit)
        said = " ".join(f"{rule + ': ' if told else ''}{fault.first.message}".split())
        more = t("readiness.more_in_unit", n=fault.count - 1) if fault.count > 1 else ""
        lines.append(f"  {files or fault.unit}: {said:.160}{more}")
    if len(faults) > _MOST:
        lines.append("  " + t("readiness.more", n=len(faults) - _MOST))
    return lines


def moves(weighed: Weighed, t: Texts) -> list[str]:
    """Return what the evidence did to the findings; nothing where it moved none."""
    lines = []
    if weighed.changes:
        lines.append(t("readiness.moved", n=len(weighed.changes)))
    for change in weighed.changes[:_MOST]:
        before = t("not-assessed") if change.before is None else change.before.level
        names = sorted({r.test for r in change.records})
        tests = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
        lines.append("  " + t("readiness.move", system=change.after.system,
                              obligation=change.after.obligation, before=before,
                              after=change.after.level, tests=tests))  # fmt: skip
    if len(weighed.changes) > _MOST:
        lines.append("  " + t("readiness.more", n=len(weighed.changes) - _MOST))
    if weighed.contradictions:
        lines.append(t("readiness.contradictions", n=len(weighed.contradictions),
                       file=WEIGHED_FILE))  # fmt: skip
    if weighed.later:
        day = date(weighed.analysis.judgement.as_of, t.lang)
        lines.append(t("readiness.later", n=len(weighed.later), day=day))
    return lines


def document(ran: Ran, weighed: Weighed) -> dict[str, Any]:
    """Return the run and what it did as plain data for JSON."""
    own = [r for r in weighed.records if r.subject == TOOL_CHAIN]
    return {
        "schema": SCHEMA,
        "as_of": weighed.analysis.judgement.as_of.isoformat(),
        "stages": [{"stage": c.stage, "units": c.units, "run_now": c.repeated, "failed": c.failed}
                   for c in ran.counts],
        "tool_chain": [
            {"obligation": s.obligation, "outcome": s.outcome, "passed": s.passed,
             "failed": s.failed, "blocked": s.blocked}
            for s in shown(own)
        ],
        "changes": [
            {"system": c.after.system, "obligation": c.after.obligation,
             "categories": list(c.after.categories),
             "before": None if c.before is None else
             {"level": c.before.level, "grade": c.before.grade},
             "after": {"level": c.after.level, "grade": c.after.grade},
             "records": [r.id for r in c.records]}
            for c in weighed.changes
        ],
        "contradictions": [
            {"system": b.system, "obligation": b.obligation, "record": b.record.id,
             "test": b.record.test, "what": b.record.what, "outcome": b.record.outcome,
             "message": b.record.message, "level": b.finding.level if b.finding else None}
            for b in weighed.contradictions
        ],
        "unplaced": [r.id for r in weighed.unplaced],
        "later": [r.id for r in weighed.later],
    }  # fmt: skip


def verified(found: Verified, t: Texts) -> list[str]:
    """Return what the check of an evidence folder found."""
    bad = [r for r in found.results if r.outcome is Outcome.FAIL]
    lines = [f"{r.id}: {r.location}: {r.message}" for r in bad]
    if not found.same_version:
        lines.append(t("readiness.other_version"))
    key = "readiness.not_verified" if bad else "readiness.verified"
    return [*lines, t(key, files=found.files, documents=found.documents,
                      scenarios=found.scenarios, n=len(bad))]  # fmt: skip
