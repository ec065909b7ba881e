"""Typed values of KITH elements: codes with their system, decimals that keep their digits."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from ips.loss import Fate
from ips.sources.element import Element

Number = int | Decimal
"""How numbers travel: whole ones as int, others with the digits that they were written with."""

LIMIT = Decimal(10) ** 12
_PLAIN = 12
"""Digits of the largest whole number below the limit."""
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(?:[.,][0-9]{1,10})?")


class Coded(NamedTuple):
    """A value of type CS or CV.

    Attributes:
        code: ``V``.
        display: ``DN``, the name in the list.
        system: ``S``, the OID of the list; empty for CS, where the element fixes the list.
        original: ``OT``, the writer's own words.
    """

    code: str = ""
    display: str = ""
    system: str = ""
    original: str = ""

    def __bool__(self) -> bool:
        """Whether the source says anything."""
        return bool(self.code or self.display or self.original)

    @property
    def words(self) -> str:
        """The name, or the writer's words, or the code."""
        return self.display or self.original or self.code


_NOTHING = Coded()
_tuple = tuple.__new__
"""Makes a NamedTuple without the detour of its constructor."""


def coded(element: Element) -> Coded:
    """Return a CS or CV element; one without ``V`` and ``DN`` is its own text."""
    known = element.attributes
    if not known:
        return Coded("", element.value) if element.value else _NOTHING
    code = known["V"].strip() if "V" in known else ""
    display = known["DN"].strip() if "DN" in known else ""
    system = known["S"].strip() if "S" in known else ""
    original = known["OT"].strip() if "OT" in known else ""
    if not code and not display:
        display = element.value
    return _tuple(Coded, (code, display, system, original))


def number(element: Element) -> Number | None:
    """Return the number of an element (its ``V`` or its text); a wrong one is a fault."""
    written = element.attribute("V") or element.value
    if not written:
        return None
    found = as_number(written)
    if found is None:
        element.reading.fault(f"«{written[:40]}» is not a number", element.path,
                              rule="KITH PQ, xs:decimal")  # fmt: skip
    return found


def positive(element: Element) -> Number | None:
    """Return a number above zero; zero and less are doubted, named as lost, and left out."""
    found = number(element)
    if found is not None and found <= 0:
        element.reading.warn(f"«{found}» is not above zero; it is left out", element.path)
        element.reading.lose(element.path, found, Fate.NOT_CARRIED, "The number is not above zero.")
        return None
    return found


def as_number(written: str) -> Number | None:
    """Return a written number, with point or comma; None when it is none or absurdly large."""
    if written.isascii() and written.isdigit() and len(written) <= _PLAIN:
        return int(written)
    text = "".join(written.split())
    if not _NUMBER.fullmatch(text):
        return None
    found = Decimal(text.replace(",", "."))
    if abs(found) >= LIMIT:
        return None
    return int(found) if found == found.to_integral_value() else found


def flag(element: Element) -> bool | None:
    """Return a boolean (``true``, ``1``, or list 1101 with 1 Ja, 2 Nei); None when unsaid."""
    written = (element.attribute("V") or element.value).lower()
    if written in ("true", "1"):
        return True
    if written in ("false", "0", "2"):
        return False
    if written:
        element.reading.fault(f"«{written[:20]}» is neither true nor false", element.path,
                              rule="xs:boolean, Volven 1101")  # fmt: skip
    return None
