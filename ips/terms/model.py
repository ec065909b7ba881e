"""What a translation is: codings, how close two concepts are, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Coding:
    """A code in a code system; ``display`` is the name that goes with it."""

    system: str
    code: str
    display: str = ""

    def to_fhir(self) -> dict[str, str]:
        """Return a FHIR R4 Coding; empty parts are left out."""
        parts = {"system": self.system, "code": self.code, "display": self.display}
        return {name: value for name, value in parts.items() if value}


class Equivalence(StrEnum):
    """How the target relates to the source (FHIR R4 ConceptMapEquivalence), closest first."""

    EQUAL = "equal"
    EQUIVALENT = "equivalent"
    WIDER = "wider"
    INEXACT = "inexact"
    NARROWER = "narrower"
    UNMATCHED = "unmatched"


CLOSENESS = {equivalence: rank for rank, equivalence in enumerate(Equivalence)}
"""Rank of each equivalence; the lower, the closer."""

EXACT = frozenset({Equivalence.EQUAL, Equivalence.EQUIVALENT})
APPROXIMATE = frozenset({Equivalence.WIDER, Equivalence.INEXACT})


@dataclass(frozen=True, slots=True)
class Translation:
    """What became of one code.

    Attributes:
        source: the national coding, its system in canonical form.
        targets: European codings. For ``narrower`` these are candidates that only a person can
            choose from: each says more than the source did.
        equivalence: the closest relation that was reached.
        inferred: the pairing is this project's reading, not stated by an owner of the lists.
        reason: one English sentence; never empty where the translation is not exact.
        map_source: which map or rule the pairing comes from; empty when there is none.
    """

    source: Coding
    targets: tuple[Coding, ...]
    equivalence: Equivalence
    inferred: bool
    reason: str
    map_source: str

    @property
    def exact(self) -> bool:
        """Whether the meaning travels unchanged."""
        return self.equivalence in EXACT

    @property
    def carried(self) -> tuple[Coding, ...]:
        """The European codings that may be sent: none that says more than the source."""
        return self.targets if self.exact or self.equivalence in APPROXIMATE else ()
