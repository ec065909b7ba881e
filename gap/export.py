"""The analysis as one JSON document that anyone can recompute (schema ``ehds.gap/1``)."""

from __future__ import annotations

from typing import Any

from data.loaders.assessments import Finding
from data.loaders.catalogue import Obligation
from data.loaders.structure import acts
from data.loaders.systems import System
from gap.analysis import Analysis
from gap.roadmap import Step

SCHEMA = "ehds.gap/1"


def document(analysis: Analysis) -> dict[str, Any]:
    """Return the whole analysis as plain data: inputs, cells, figures, roadmap.

    The inputs (systems, obligations, findings) are there so that applicability and scores can be
    recomputed by other code than this.
    """
    j = analysis.judgement
    return {
        "schema": SCHEMA,
        "as_of": j.as_of.isoformat(),
        "catalogue": {"edition": j.catalogue.edition, "law_date": j.catalogue.law_date},
        "assessment": {
            "id": j.assessment.id,
            "as_of": j.assessment.as_of.isoformat(),
            "assessor": j.assessment.assessor,
            "extends": j.assessment.extends,
        },
        "scheme": {
            "name": analysis.scheme.name,
            "value": analysis.scheme.value,
            "weighted": analysis.scheme.weighted,
            "rows": analysis.scheme.rows,
            "gate_cap": analysis.scheme.gate_cap,
        },
        "counts": dict(analysis.counts),
        "rollups": {
            name: [figure.to_dict() for figure in found] for name, found in analysis.rollups.items()
        },
        "heat_map": [
            {"system": system, "part": part, **figure.to_dict()}
            for (system, part), figure in analysis.heat.items()
        ],
        "roadmap": [_step(step) for step in analysis.roadmap.steps],
        "unassessed_by_date": {
            day.isoformat(): n for day, n in analysis.roadmap.unassessed.items()
        },
        "cells": [
            {
                "system": c.system.id,
                "obligation": c.obligation.id,
                "categories": list(c.categories),
                "status": c.status,
                "assessed": round(c.assessed, 9),
                "met": round(c.met, 9),
                "partial": round(c.partial, 9),
                "level": round(c.level, 9),
                "due": c.due.isoformat(),
            }
            for c in analysis.cells
        ],
        "findings": [_finding(f) for f in j.findings],
        "findings_supporting": [_finding(f) for f in j.supporting],
        "findings_waiting": [_finding(f) for f in j.waiting],
        "findings_unplaced": [_finding(f) for f in j.unplaced],
        "obligations_unallocated": [o.id for o in j.unallocated],
        "obligations_external": [o.id for o in analysis.external],
        "options": [
            {"obligation": o.id, "findings": [{"system": f.system, "status": f.status} for f in fs]}
            for o, fs in analysis.options
        ],
        "systems": [_system(s) for s in j.system_list],
        "obligations": [_obligation(o) for o in j.obligations],
        "acts": [{"id": act["id"], "status": act["status"]} for act in acts().values()],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "system": finding.system,
        "obligation": finding.obligation,
        "categories": list(finding.categories),
        "status": finding.status,
        "level": finding.level,
        "grade": finding.grade,
        "basis": finding.basis,
        "source": finding.source,
        "section": finding.section,
        "date": finding.date.isoformat(),
        "planned_date": finding.planned_date or None,
        "comment_nb": finding.comment_nb,
        "comment_en": finding.comment_en,
        "assessment": finding.assessment,
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "system": step.system.id,
        "obligation": step.obligation.id,
        "categories": list(step.categories),
        "status": step.status,
        "level": step.level,
        "due": step.due.isoformat(),
        "planned": step.planned.isoformat() if step.planned else None,
        "plan": str(step.verdict),
        "after": list(step.after),
        "waits_for": list(step.waits_for),
    }


def _system(system: System) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value := getattr(system, name), tuple) else value
        for name in ("id", "name_nb", "name_en", "kind", "owner", "region", "verbs", "categories",
                     "serves", "deployment", "ehr_system", "actors", "scopes")
    }  # fmt: skip


def _obligation(obligation: Obligation) -> dict[str, Any]:
    plain = {
        name: list(value) if isinstance(value := getattr(obligation, name), tuple) else value
        for name in ("id", "ref", "part", "modality", "actors", "scopes", "categories", "roles",
                     "verbs_any", "serves_any", "deployment_any", "ehr_only", "if_option", "gate",
                     "weight", "reeif", "depends_on", "waits_for", "title_nb", "title_en")
    }  # fmt: skip
    dates = {
        name: value.isoformat() if (value := getattr(obligation, name)) else None
        for name in ("eu_date", "eu_date_group_2", "eu_date_in_house")
    }
    return {**plain, **dates}
