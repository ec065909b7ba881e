"""What did not travel: every element of a source, what became of it, and why.

The loss report is a gap analysis at the level of fields and codes (EHDS Article 14, Annex I).
Elements that travelled exactly are counted too, so that a share can be given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from enum import StrEnum
from threading import RLock
from typing import Any, NamedTuple, cast


class Fate(StrEnum):
    """What became of a source element, from best to worst."""

    EXACT = "exact"
    APPROXIMATE = "approximate"
    AS_TEXT = "as-text"
    NOT_CARRIED = "not-carried"


EXACT, APPROXIMATE, AS_TEXT, NOT_CARRIED = Fate
"""The fates by name, for code that notes many: Python 3.11 makes a call of ``Fate.EXACT``."""


class Loss(NamedTuple):
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


Worded = Callable[..., Iterable[Loss]]
"""Notes that are worded when the report is read; called with what was kept for them and with the
notes before them."""


_WORDING = RLock()
"""Words one report at a time: two threads of a server may read the same one."""


class LossReport:
    """The fates of all elements of one source, record or document.

    Most documents are sent on without anybody reading what was lost on the way, so a note may be
    kept as what it needs and be worded when the report is read. What is read is always all of it.
    """

    def __init__(self, items: Iterable[Loss] = ()) -> None:
        self._notes: list[Loss | tuple[Any, ...]] = list(items)
        self._waiting = False

    def __eq__(self, other: object) -> bool:
        """Whether two reports say the same, in the same order."""
        return isinstance(other, LossReport) and self.items == other.items

    __hash__ = None  # type: ignore[assignment]  # a report grows

    def __repr__(self) -> str:
        """Return what it says, for error messages of tests."""
        return f"LossReport({self.items!r})"

    @property
    def items(self) -> list[Loss]:
        """All notes in their order."""
        if self._waiting:
            with _WORDING:
                self._word()
        return cast(list[Loss], self._notes)

    def _word(self) -> None:
        if not self._waiting:
            return  # somebody else has read it in the meantime
        notes: list[Loss] = []
        for note in self._notes:
            if isinstance(note, Loss):
                notes.append(note)
            else:
                notes += note[0](*note[1:], notes)
        self._notes, self._waiting = [*notes], False

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
        if not reason and fate is not Fate.EXACT:
            raise ValueError(f"{element}: a fate of «{fate}» needs a reason")
        loss = Loss(element, source_value, fate, reason, tuple(obligations), list_id)
        self._notes.append(loss)
        return loss

    def add_later(self, worded: Worded, *kept: Any) -> None:
        """Take notes that are worded when the report is read; what they need must not change.

        Args:
            worded: returns the notes.
            kept: what it needs; the notes before them come last.
        """
        self._notes.append((worded, *kept))
        self._waiting = True

    def extend(self, other: LossReport | Iterable[Loss]) -> None:
        """Take over the notes of another report."""
        self._notes.extend(other.items if isinstance(other, LossReport) else other)

    def handed_over(self) -> LossReport:
        """Return a report with these notes; this one is empty then.

        Notes that wait hold the message, which holds its notebook, which holds this report: once
        the notes have left, all of it goes when the last of them does.
        """
        other = LossReport()
        other._notes, other._waiting = self._notes, self._waiting
        self._notes, self._waiting = [], False
        return other

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
