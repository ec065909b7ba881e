"""What did not travel: every element of a source, what became of it, and why.

The loss report is a gap analysis at the level of fields and codes (EHDS Article 14, Annex I).
Elements that travelled exactly are counted too, so that a share can be given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Fate(StrEnum):
    """What became of a source element, from best to worst."""

    EXACT = "exact"
    APPROXIMATE = "approximate"
    AS_TEXT = "as-text"
    NOT_CARRIED = "not-carried"


@dataclass(frozen=True, slots=True)
class Loss:
    """One source element and its fate.

    Attributes:
        element: path in the source (``AllergyIntolerance[2].reaction[0].manifestation``).
        source_value: what stood there (``7519|8 Anafylaksi``); never a national identity number.
        fate: what became of it.
        reason: one English sentence; may be empty for ``Fate.EXACT``.
        obligations: ids of the catalogue that the element bears on (``X1.1.4``).
        list_id: number of the national code list (``7519``); empty when it is no code.
    """

    element: str
    source_value: str
    fate: Fate
    reason: str
    obligations: tuple[str, ...] = ()
    list_id: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the loss as plain data for JSON."""
        return {
            "element": self.element,
            "source_value": self.source_value,
            "fate": self.fate.value,
            "reason": self.reason,
            "obligations": list(self.obligations),
            "list_id": self.list_id,
        }


@dataclass
class LossReport:
    """The fates of all elements of one source, record or document."""

    items: list[Loss] = field(default_factory=list)

    def add(
        self,
        element: str,
        source_value: str,
        fate: Fate,
        reason: str = "",
        *,
        obligations: Iterable[str] = (),
        list_id: str = "",
    ) -> Loss:
        """Note the fate of one element and return the note.

        Raises:
            ValueError: a fate worse than exact is given without a reason.
        """
        if fate is not Fate.EXACT and not reason:
            raise ValueError(f"{element}: a fate of «{fate}» needs a reason")
        loss = Loss(element, source_value, fate, reason, tuple(obligations), list_id)
        self.items.append(loss)
        return loss

    def extend(self, other: LossReport | Iterable[Loss]) -> None:
        """Take over the notes of another report."""
        self.items.extend(other.items if isinstance(other, LossReport) else other)

    def counts(self) -> dict[Fate, int]:
        """Return the number of elements per fate; every fate has a key."""
        found = Counter(item.fate for item in self.items)
        return {fate: found[fate] for fate in Fate}

    def by_list(self) -> dict[str, dict[Fate, int]]:
        """Return the counts per code list, sorted by list id; elements without a code stay out."""
        lists = sorted({item.list_id for item in self.items if item.list_id})
        found = Counter((item.list_id, item.fate) for item in self.items)
        return {name: {fate: found[name, fate] for fate in Fate} for name in lists}

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data for JSON, schema ``ehds.loss/1``."""
        return {
            "schema": "ehds.loss/1",
            "counts": {fate.value: number for fate, number in self.counts().items()},
            "by_list": {
                name: {fate.value: number for fate, number in fates.items()}
                for name, fates in self.by_list().items()
            },
            "items": [item.to_dict() for item in self.items],
        }
