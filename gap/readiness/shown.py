"""What evidence shows of each obligation, by itself and before any score."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from data.results import Outcome
from gap.evidence import Record


@dataclass(frozen=True, slots=True)
class Shown:
    """One obligation, as the tests of one subject show it.

    Attributes:
        obligation: its id.
        passed: tests that passed.
        failed: tests that failed.
        blocked: tests with a missing precondition.
    """

    obligation: str
    passed: int
    failed: int
    blocked: int

    @property
    def outcome(self) -> Outcome:
        """A failure decides; what had to be shown and was not keeps a pass from counting."""
        if self.failed:
            return Outcome.FAIL
        return Outcome.SKIP if self.blocked else Outcome.PASS


def shown(records: Iterable[Record]) -> list[Shown]:
    """Return what the evidence of one subject shows, by obligation.

    Obligations that no test bears on, or that only tests without verdict name, are left out.
    """
    found: dict[str, list[int]] = {}
    for record in records:
        for name in record.obligations:
            counts = found.setdefault(name, [0, 0, 0])
            counts[0] += record.outcome is Outcome.PASS
            counts[1] += record.fails
            counts[2] += record.blocks
    return [Shown(name, *counts) for name, counts in sorted(found.items()) if any(counts)]
