"""The words for one point: what is shown, by what, with which checks, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable

from data.loaders.structure import acts
from gap.certification import Point, Standing
from gap.certification.shown import counted
from gap.evidence.coverage import State
from reports.texts import Texts
from reports.words import finding_head, labels, source_line

_SHOWN = 6
"""So many checks are named; the rest is counted."""


def shown_by(point: Point, t: Texts) -> str:
    """Return the findings of a point with grade, date and source, or that there is nobody."""
    said = [
        f"{f.comment(t.lang)} [{finding_head(f, t)}; {source_line(f, t.lang)}]"
        for f in point.findings
    ]
    return " | ".join(said) or t("cert.nothing")


def checks(point: Point, t: Texts) -> str:
    """Return the checks that exist for a point, or why there is none."""
    line = point.test
    if line is None:
        return ""
    more = f" +{len(line.tests) - _SHOWN}" if len(line.tests) > _SHOWN else ""
    named = ", ".join(line.tests[:_SHOWN]) + more
    if not line.tests:
        return t("cert.no-test", why=line.reason(t.lang))
    if line.state is State.FAULTS_ONLY:
        return t("cert.faults-only", tests=named, why=line.reason(t.lang))
    return named


def results(point: Point, t: Texts) -> str:
    """Return how many tests of the system came to which outcome, and which failed."""
    if not point.records:
        return t("cert.no-results")
    said = [t("cert.result", outcome=t(f"cert.outcome.{o}"), n=n)
            for o, n in sorted(point.outcomes.items())]  # fmt: skip
    failed = dict.fromkeys(r.test for r in point.records if r.fails)
    return "; ".join([*said, *list(failed)[:_SHOWN]])


def missing(point: Point, t: Texts) -> str:
    """Return what keeps a point from being shown; empty where it is shown or does not apply."""
    if point.standing in (Standing.SHOWN, Standing.NOT_APPLICABLE):
        return ""
    said = []
    if point.standing is Standing.CONTRADICTED:
        said.append(t("cert.need.settle"))
    elif point.standing is Standing.CLAIMED:
        said.append(t("cert.need.test"))
    said.append(t("cert.need", evidence=point.obligation.text("evidence", t.lang)))
    if point.unassessed and point.findings:
        said.append(t("cert.need.categories",
                      categories=labels("category", point.unassessed, t.lang)))  # fmt: skip
    if point.awaits:
        said.append(awaits(point.awaits, t))
    return " | ".join(said)


def awaits(names: Iterable[str], t: Texts) -> str:
    """Return the acts that are not adopted and decide the content."""
    said = (f"{acts()[a][f'title_{t.lang}']} ({acts()[a]['basis']})" for a in names)
    return t("cert.awaits", acts=", ".join(said))


def count(points: Iterable[Point], t: Texts) -> str:
    """Return how many points stand how, in one sentence."""
    number = counted(points)
    number.pop(Standing.NOT_APPLICABLE, None)
    by_name = {str(s): number[s] for s in Standing}
    return t("cert.count", all=number.total(), **by_name)
