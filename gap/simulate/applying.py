"""A judgement as it would be: the assumed changes laid over the findings, nothing written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from data.loaders.assessments import Finding
from gap.judgement import Judgement
from gap.simulate.changes import NOT_ASSESSED, Change, cell_units, units_of

ASSUMED_NB = "Antatt i en simulering; ingen kilde viser det."
ASSUMED_EN = "Assumed in a simulation; no source shows it."
NAME = "simulation"


def on_day(judgement: Judgement, day: dt.date) -> Judgement:
    """Return the same findings looked at on a later day."""
    kept = replace(judgement.assessment, findings=tuple(judgement.findings))
    return Judgement(judgement.catalogue, judgement.systems, kept, day)


def assume(judgement: Judgement, changes: Sequence[Change]) -> Judgement:
    """Return a judgement in which every change holds; the given one stays as it is.

    A part of a cell that already has the assumed status and level keeps its finding, so that
    assuming what is true changes nothing.
    """
    findings = {key: list(found) for key, found in judgement.by_cell.items()}
    for change in changes:
        key = (change.system, change.obligation)
        findings[key] = _with(findings.get(key, []), change, judgement)
    flat = tuple(f for found in findings.values() for f in found)
    if flat == tuple(judgement.findings):
        return judgement
    flat = tuple(sorted(flat, key=lambda f: f.key))
    assumed = replace(judgement.assessment, findings=flat)
    return Judgement(judgement.catalogue, judgement.systems, assumed, judgement.as_of)


def _with(findings: Sequence[Finding], change: Change, judgement: Judgement) -> list[Finding]:
    of_cell = cell_units(judgement, change.system, change.obligation)
    kept: list[Finding] = []
    moved: dict[Finding | None, list[str]] = {}
    waiting = set(units_of(change, judgement))
    for finding in findings:
        covered = finding.categories or of_cell
        touched = waiting.intersection(covered)
        if touched:
            waiting -= touched
        if not touched or (finding.status, finding.level) == (change.status, change.level):
            kept.append(finding)
            continue
        left = tuple(c for c in covered if c not in touched)
        if left:
            kept.append(replace(finding, categories=left))
        moved[finding] = sorted(touched)
    if waiting:
        moved[None] = sorted(waiting)
    if change.status != NOT_ASSESSED:
        kept += [_assumed(old, units, change, judgement) for old, units in moved.items()]
    return kept


def _assumed(
    old: Finding | None, units: Sequence[str], change: Change, judgement: Judgement
) -> Finding:
    """Return a finding that carries no evidence; the plan of a gap that stays open is kept."""
    return Finding(
        system=change.system,
        obligation=change.obligation,
        categories=tuple(c for c in units if c),
        status=change.status,
        level=change.level,
        grade="claimed",
        basis="inferred",
        source="",
        section="",
        date=judgement.as_of,
        planned_date=old.planned_date if old and change.level in (0, 1, 2) else "",
        comment_nb=ASSUMED_NB,
        comment_en=ASSUMED_EN,
        assessment=NAME,
        where=NAME,
    )
