"""How numbers and dates are written, once for terminal, workbook and page."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal

from babel.dates import format_date
from babel.numbers import format_decimal

from gap.scoring import Figure

NO_BREAK = "\u00a0"


def whole_percent(share: float) -> int:
    """Return a share (0 to 1) as a whole percentage, half rounded up."""
    return int((Decimal(str(share)) * 100).quantize(Decimal(1), ROUND_HALF_UP))


def percent(share: float | None, lang: str) -> str:
    """Return a share as text: ``43 %`` in Norwegian, ``43%`` in English; a dash for None.

    A share that is not nothing is never shown as 0, and one that is not all never as 100.
    """
    if share is None:
        return "–"
    whole = whole_percent(share)
    shown = str(whole)
    if whole == 0 and share > 0:
        shown = "<1"
    elif whole == 100 and share < 1:
        shown = ">99"
    return f"{shown}{NO_BREAK}%" if lang == "nb" else f"{shown}%"


def band(figure: Figure, lang: str) -> str:
    """Return the band of a figure, for example ``3–96 %``."""
    low, high = whole_percent(figure.low), whole_percent(figure.high)
    if low == high:
        return percent(figure.low, lang)
    return f"{low}–{high}{NO_BREAK}%" if lang == "nb" else f"{low}–{high}%"


def number(value: float, lang: str) -> str:
    """Return a count; parts of cells get one decimal, whole ones none."""
    shown = round(value, 1)
    whole = shown == int(shown)
    return str(format_decimal(int(shown) if whole else shown, locale=lang))


def date(day: dt.date, lang: str) -> str:
    """Return a date in words: ``26. mars 2029`` or ``26 March 2029``."""
    return str(format_date(day, format="d MMMM y" if lang == "en" else "d. MMMM y", locale=lang))


def level(value: float | None, lang: str) -> str:
    """Return a mean level (0 to 3) with one decimal; a dash for None."""
    return "–" if value is None else str(format_decimal(value, format="0.0", locale=lang))
