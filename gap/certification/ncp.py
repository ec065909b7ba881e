"""A contact point: six domains of the readiness criteria of MyHealth@EU, and the way to go live.

The domains are those of the audit framework of 2019. Its checklist has criteria of its own that
are not public; the obligations of the catalogue stand in their place, and say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from data.errors import InputError, Problem
from data.loaders.systems import System
from gap.analysis import Analysis
from gap.certification.facts import Facts
from gap.certification.shown import Point, Standing, point
from gap.certification.tables import Domain, GoLiveStep, domains, steps
from gap.evidence import Weighed


@dataclass(frozen=True, slots=True)
class DomainReadiness:
    """One domain with the obligations that apply to the contact point."""

    domain: Domain
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class StepReadiness:
    """One go-live step; ``stated`` is where the operator says it is documented, or empty."""

    step: GoLiveStep
    stated: str


@dataclass(frozen=True)
class NcpReadiness:
    """What is shown of a contact point in each domain, and which steps somebody has stated."""

    system: System
    domains: tuple[DomainReadiness, ...]
    steps: tuple[StepReadiness, ...]

    @property
    def points(self) -> tuple[Point, ...]:
        """All points of all domains."""
        return tuple(p for d in self.domains for p in d.points)


def contact_points(analysis: Analysis) -> tuple[System, ...]:
    """Return the systems that a go-live step speaks of: the contact point in each direction."""
    named = {name for step in steps() for name in step.systems}
    return tuple(s for s in analysis.judgement.system_list if s.id in named)


def ncp(
    analysis: Analysis, system: System, facts: Facts, weighed: Weighed | None = None
) -> NcpReadiness:
    """Return the readiness of a contact point.

    Raises:
        InputError: the system is no contact point.
    """
    known: Sequence[System] = contact_points(analysis)
    if system not in known:
        raise InputError(
            Problem(f"«{system.id}» is no national contact point", "--system",
                    remedy=f"choose one of: {', '.join(s.id for s in known)}")
        )  # fmt: skip
    obligations = analysis.judgement.catalogue.obligations
    judged = []
    for domain in domains():
        points = [point(analysis, system, obligations[name], weighed)
                  for name in domain.obligations]  # fmt: skip
        kept = tuple(p for p in points if p.standing is not Standing.NOT_APPLICABLE)
        judged.append(DomainReadiness(domain, kept))
    way = tuple(StepReadiness(step, facts.get(step.id, ""))
                for step in steps() if system.id in step.systems)  # fmt: skip
    return NcpReadiness(system, tuple(judged), way)
