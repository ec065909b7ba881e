"""Strength out of NavnFormStyrke, where no FEST is at hand: ``Simvastatin Tab 10 mg``.

Only a strength that the name ends with, and that stands alone, is read. Combinations
(``80 mg/400 mg``, ``160/4 mikrog/dose``) say two strengths without saying of which substance: they
stay text. M1 has no field for the strength (e-resept v2.5), so what is read here is derived.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ips.eresept.values import Number, as_number
from ips.prescription.quantities import ONE, measure

_NUMBER = r"\d{1,3}(?: \d{3})+(?:,\d+)?|\d+(?:,\d+)?"
_UNIT = r"mikrogram|mikrog|mikromol|mikroliter|mill IE|mg|kg|g|IE|IU|mmol|mol|ml|kBq|MBq|GBq|%|E"
_PER = r"ml|l|dose|time|timer|døgn|stk|g"
_STRENGTH = re.compile(
    rf"(?:^|\s)(?P<value>{_NUMBER})\s*(?P<unit>{_UNIT})"
    rf"(?:/(?:(?P<per>{_NUMBER})\s*)?(?P<of>{_PER}))?\s*$",
    re.IGNORECASE,
)
_SEVERAL = re.compile(rf"\+|[^\W\d]/[^\W\d]|\d\s*(?:{_UNIT})\b", re.IGNORECASE)
"""In what stands before the strength: two substances, or another strength."""
_SUBSTANCE = re.compile(r"[A-Z]\d\d[A-Z]{2}\d\d")
_WEIGHT = "g"


@dataclass(frozen=True, slots=True)
class Derived:
    """A strength that was read out of a name: numerator and denominator as FHIR Quantities."""

    value: Number
    unit: str
    ratio: dict[str, Any]


def derive(name: str) -> Derived | None:
    """Return the strength that a product name ends with; None when there is not exactly one.

    >>> derive("Simvastatin Tab 10 mg").ratio["numerator"]["code"]
    'mg'
    """
    match = _STRENGTH.search(name)
    if not match or _SEVERAL.search(name[: match.start()]):
        return None
    # «10 mg/g» is a strength, «1 g/62,5 mg» and «4 g/0,5 g» are two.
    if match["per"] and match["of"].lower() == _WEIGHT:
        return None
    value = as_number(match["value"])
    per = as_number(match["per"]) if match["per"] else 1
    if not value or not per or value <= 0 or per <= 0:
        return None
    denominator = measure(per, match["of"]) if match["of"] else dict(ONE)
    numerator = measure(value, match["unit"])
    return Derived(value, match["unit"], {"numerator": numerator, "denominator": denominator})


def single_substance(atc: str) -> bool:
    """Return whether an ATC code of the fifth level is of one substance.

    WHO numbers combinations from 20 and from 50 upwards; below 20 a code is one substance.
    """
    return _SUBSTANCE.fullmatch(atc) is not None and int(atc[5:]) < 20
