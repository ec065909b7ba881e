"""A course of medicine as it was prescribed: what, how, since when, until when, and why stopped.

One model for the two Norwegian forms of the medication list, SFM Basis (``medication.py``) and
M25.1 (``m25.py``).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from ips.generate.medicines import Medicine, medicines

# Volven 8325, in the order of the day.
TIMES = {"1": "morgen", "2": "formiddag", "3": "midt på dagen", "4": "ettermiddag", "5": "kveld",
         "6": "natt"}  # fmt: skip

_YEAR = dt.timedelta(days=365)

FIXED, COURSE, AS_NEEDED = "1", "2", "3"
"""Codes of list 9101: Fast, Kur, Ved behov."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Why and when a medicine was stopped; ``reason`` is a code of list 7494."""

    day: dt.date
    reason: str = "A"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Treatment:
    """One entry of a medication list.

    Attributes:
        medicine: what is taken.
        start: first day.
        doses: time of day (list 8325) and amount in units of the medicine.
        use: code of list 9101.
        text: free text dosage, written out of the doses when empty.
        end: last day of a course.
        stop: set when the medicine was stopped.
        kind: list 7491: E electronic prescription, P paper, U without prescription.
        listed: whether the entry is on the shared medication list (PLL), or only a prescription.
        reiterations: how often the prescription can be dispensed again.
        substitution: whether the pharmacy may give an equal product.
        reimbursement: paragraph (list 7427) and text, when reimbursed.
    """

    medicine: Medicine
    start: dt.date
    doses: tuple[tuple[str, float], ...] = (("1", 1),)
    use: str = FIXED
    text: str = ""
    end: dt.date | None = None
    stop: Stop | None = None
    kind: str = "E"
    listed: bool = True
    reiterations: int = 3
    substitution: bool = True
    reimbursement: tuple[str, str] | None = None

    @property
    def dosage(self) -> str:
        """The dosage as the patient reads it (DSSN)."""
        if self.text:
            return self.text
        lines = [
            f"{number(amount)} {self.unit(amount)} {TIMES[time]}" for time, amount in self.doses
        ]
        return "\n".join(lines) + " daglig"

    def unit(self, amount: float) -> str:
        """Return the unit in the singular or the plural."""
        unit = self.medicine.unit
        plural = {"tablett": "tabletter", "kapsel": "kapsler", "dråpe": "dråper", "dose": "doser"}
        return plural.get(unit, unit) if amount > 1 else unit

    def prescribed(self, day: dt.date) -> tuple[dt.date, dt.date]:
        """Return when the prescription in force on a day was written, and when it runs out.

        A prescription lasts a year; whoever has used a medicine for longer has a newer one.
        """
        last = self.stop.day if self.stop else day
        recent = last - dt.timedelta(days=120)
        written = max(self.start, recent) if last - self.start > _YEAR else self.start
        return written, written + _YEAR


def number(amount: float) -> str:
    """Return an amount with a decimal comma, as people write it."""
    return f"{amount:g}".replace(".", ",")


def take(key: str, start: dt.date, *doses: float, **more: Any) -> Treatment:
    """Return a treatment with doses in the order morning, midday, evening, night.

    ``take("metformin", day, 1, 0, 1)`` is one in the morning and one in the evening. No dose means
    as needed or by free text.
    """
    times = ("1", "3", "5", "6")
    given = tuple((t, d) for t, d in zip(times, doses, strict=False) if d)
    return Treatment(medicines()[key], start, given, **more)
