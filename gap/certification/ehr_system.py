"""An EHR system: Annex II point by point, its maker's duties and the documents asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from data.errors import InputError, Problem
from data.loaders.catalogue import Obligation
from data.loaders.systems import System
from gap.analysis import Analysis
from gap.certification.facts import Facts
from gap.certification.shown import Point, Standing, counted, point
from gap.certification.tables import Document, Field, Fill, Needed, fields
from gap.evidence import Weighed

_CYBER_RESILIENCE = "E104.1"
"""Asked of the manufacturer by another act, through the procedure of Chapter III."""
_MANUFACTURER = frozenset({"MAN", "EO"})
"""A manufacturer is an economic operator too (Regulation (EU) 2019/1020 Article 3(13))."""


class Origin(StrEnum):
    """Who says what stands in a field."""

    FACTS = "facts"
    """Whoever gave the facts; nobody here has checked it."""
    TABLE = "table"
    """The table of systems; the manufacturer has to confirm it."""
    SIGNER = "signer"
    """Nobody: only the one who signs can."""
    MISSING = "missing"
    OPTIONAL = "optional"
    """Nothing is stated, and the field is needed only where it applies."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One field of a document with its content; ``point`` is what is shown of its obligation.

    ``value`` is a text of the facts or of the table. The name of the system and its categories
    (``codes``) are for the report to put in words; what only the signer can say has no value.
    """

    field: Field
    origin: Origin
    value: str
    codes: tuple[str, ...]
    point: Point


@dataclass(frozen=True)
class EhrReadiness:
    """What is shown of an EHR system and what its documents still lack."""

    system: System
    essentials: tuple[Point, ...]
    duties: tuple[Point, ...]
    documents: Mapping[Document, tuple[Entry, ...]]

    @property
    def applicable(self) -> tuple[Point, ...]:
        """The points of Annex II that apply to the system."""
        return tuple(p for p in self.essentials if p.standing is not Standing.NOT_APPLICABLE)

    @property
    def shown(self) -> int:
        """How many of them are shown by a test or a check."""
        return counted(self.essentials)[Standing.SHOWN]

    def missing(self, document: Document) -> tuple[Entry, ...]:
        """Return the fields of a document that nothing fills, the signer's own among them."""
        return tuple(e for e in self.documents[document]
                     if e.origin in (Origin.MISSING, Origin.SIGNER)
                     and e.field.needed is not Needed.WHERE_APPLICABLE)  # fmt: skip


def ehr_system(
    analysis: Analysis, system: System, facts: Facts, weighed: Weighed | None = None
) -> EhrReadiness:
    """Return the readiness of an EHR system (EHDS Art 25-49, Annexes II to IV).

    Args:
        analysis: scored, with the evidence applied where there is some.
        system: an EHR system, or one whose class is open.
        facts: what the maker says, by key.
        weighed: what the evidence did, None without evidence.

    Raises:
        InputError: the system is none of the kind that Annex II applies to.
    """
    if system.ehr_system == "no" or not system.categories:
        raise InputError(
            Problem(f"«{system.id}» is classed as no EHR system", "--system",
                    rule="EHDS Article 2(2)(k): Annexes II to IV apply to EHR systems",
                    remedy=f"see why: ehds systems show {system.id}")
        )  # fmt: skip
    obligations = analysis.judgement.catalogue.obligations
    essentials = tuple(
        point(analysis, system, o, weighed) for o in obligations.values()
        if o.part == "Annex II" and o.binding and "MAN" in o.actors
    )  # fmt: skip
    duties = tuple(_duty(analysis, system, o, weighed)
                   for o in obligations.values() if is_duty(o))  # fmt: skip
    found: dict[Document, list[Entry]] = {document: [] for document in Document}
    for field in fields():
        shown = point(analysis, system, obligations[field.obligation], weighed)
        found[field.document].append(_entry(field, system, facts, shown))
    return EhrReadiness(system, essentials, duties, {d: tuple(e) for d, e in found.items()})


def is_duty(obligation: Obligation) -> bool:
    """Whether Chapter III, or Article 104(3), asks it of a manufacturer (EHDS Art 25-49)."""
    return obligation.id == _CYBER_RESILIENCE or (
        obligation.part == "III" and obligation.binding
        and bool(_MANUFACTURER.intersection(obligation.actors))
    )  # fmt: skip


def _duty(
    analysis: Analysis, system: System, obligation: Obligation, weighed: Weighed | None
) -> Point:
    """Return what is shown of a duty of the manufacturer.

    Duties of the house (complaints, registers, incidents) are not scored on most systems; they
    bind the manufacturer all the same, so that nobody has shown them.
    """
    found = point(analysis, system, obligation, weighed)
    if found.standing is Standing.NOT_APPLICABLE:
        return replace(found, standing=Standing.NOBODY)
    return found


def _entry(field: Field, system: System, facts: Facts, shown: Point) -> Entry:
    value = facts.get(field.key, "") if field.key else ""
    if value:
        return Entry(field, Origin.FACTS, value, (), shown)
    if field.fill is Fill.NAME:
        return Entry(field, Origin.TABLE, "", (), shown)
    if field.fill is Fill.CATEGORIES:
        return Entry(field, Origin.TABLE, "", system.categories, shown)
    if field.fill is Fill.INTERFACES and system.interfaces:
        return Entry(field, Origin.TABLE, system.interfaces, (), shown)
    if field.needed is Needed.WHERE_APPLICABLE:
        return Entry(field, Origin.OPTIONAL, "", (), shown)
    unsaid = field.fill in (Fill.SIGNER, Fill.CONFORMITY)
    return Entry(field, Origin.SIGNER if unsaid else Origin.MISSING, "", (), shown)
