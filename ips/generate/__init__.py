"""Synthetic patients in Norwegian source formats: any number, valid, varied, the same every time.

Nobody described here exists: identity numbers belong to the test series (month raised by 80, 65 or
40), names and institutions are invented, FEST ids and batch numbers point nowhere.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["GeneratedPatient", "generate"]


@dataclass(frozen=True, slots=True)
class GeneratedPatient:
    """One patient: an id, and the source files by name (``critical-information.json`` ...)."""

    id: str
    files: dict[str, bytes]


def generate(n: int, seed: int) -> Iterator[GeneratedPatient]:
    """Yield patients; the same seed gives the same bytes, and more patients only add at the end.

    Args:
        n: how many.
        seed: any whole number.

    Raises:
        ValueError: ``n`` is negative.
    """
    if n < 0:
        raise ValueError(f"a number of patients cannot be negative: {n}")
    from ips.generate.draw import patient

    taken: set[str] = set()
    for index in range(1, n + 1):
        # Dice for tests, not for secrets.
        dice = random.Random(f"{seed}/{index}")  # noqa: S311
        yield GeneratedPatient(*patient(f"generated-{seed}-{index:05}", dice, taken))
