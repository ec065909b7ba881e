"""The building blocks of the quick checks (`fast.py`): forms, objects, conjunctions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

Check = Callable[[Any], Any]
"""A truthy answer means clean; a wrong JSON type may raise TypeError."""

_PLAIN = r"[^\x00-\x08\x0b\x0c\x0e-\x1f]*"
_TEXT = rf"[^\S\x0b\x0c\x1c-\x1f]*[^\s\x00-\x1f]{_PLAIN}"
_DAY = (
    r"(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)"
    r"|02-(?:0[1-9]|1\d|2[0-8]))"
)
_LEAP = r"(?:[12]\d(?:0[48]|[2468][048]|[13579][26])|(?:1[26]|2[048])00)-02-29"
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d)"
_UUID = r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_OID = r"urn:oid:[0-2](?:\.(?:0|[1-9]\d*)){3,}"
_URI = rf"{_UUID}|(?!(?i:(?:urn:)?(?:oid|uuid):))\S+|{_OID}"
_CANONICAL = rf"{_UUID}|(?!(?:urn:)?(?:oid|uuid):)[a-z][a-z0-9+.-]*:\S+|{_OID}"

FORMS: dict[str, Check] = {
    "string": re.compile(_TEXT).fullmatch,
    "markdown": re.compile(_TEXT).fullmatch,
    "code": re.compile(r"[^\s]+(?: [^\s]+)*").fullmatch,
    "id": re.compile(r"[A-Za-z0-9.-]{1,64}").fullmatch,
    "uri": re.compile(_URI).fullmatch,
    "url": re.compile(_URI).fullmatch,
    "canonical": re.compile(_CANONICAL).fullmatch,
    "date": re.compile(rf"[12]\d{{3}}(?:-(?:{_DAY}|0[1-9]|1[0-2]))?|{_LEAP}").fullmatch,
    "dateTime": re.compile(
        rf"[12]\d{{3}}(?:-(?:{_DAY}(?:T{_CLOCK})?|0[1-9]|1[0-2]))?|{_LEAP}(?:T{_CLOCK})?"
    ).fullmatch,
    "instant": re.compile(rf"(?:[12]\d{{3}}-{_DAY}|{_LEAP})T{_CLOCK}").fullmatch,
}
"""Forms that are surely right; a rarer right one (year 0999) is left to the walker."""


def never(_value: Any) -> bool:
    """Leave a value to the walker."""
    return False


EACH: WeakKeyDictionary[Check, Check] = WeakKeyDictionary()
"""The checks of the entries of arrays, by those of arrays of any length."""


def listed(check: Check, low: int, high: int) -> Check:
    """Return the check of an array with so many entries; an empty one is never right."""
    low = max(low, 1)

    def run(items: Any) -> bool:
        if type(items) is not list or len(items) < low or (high != -1 and len(items) > high):
            return False
        for item in items:  # noqa: SIM110 - a plain loop is a third faster here than all()
            if not check(item):
                return False
        return True

    if low == 1 and high == -1:
        EACH[run] = check
    return run


def coded_in(pairs: set[tuple[str, str]], text_will_do: bool, otherwise: Check = never) -> Check:
    """Return the check that one coding of a concept is in a list of systems and codes."""

    def run(value: Any) -> bool:
        codings = value.get("coding", value)
        if codings is value:
            return text_will_do and "code" not in value
        for coding in codings:
            if (coding.get("system", ""), coding.get("code")) in pairs:
                return True
        return bool(otherwise(value))

    return run


MAX_REMEMBERED = 2000


def remembered(check: Callable[[str], bool]) -> Check:
    """Return a check that keeps its answers; what cannot be a key raises TypeError."""
    known: dict[str, bool] = {}

    def run(value: Any) -> bool:
        answer = known.get(value)
        if answer is None:
            answer = check(value) is True
            if len(known) < MAX_REMEMBERED:
                known[value] = answer
        return answer

    return run


def all_of(checks: list[Check]) -> Check:
    """Return one function that asks all; written out for the common small numbers."""
    if len(checks) == 1:
        return checks[0]
    if len(checks) == 2:
        first, second = checks
        return lambda value: first(value) and second(value)
    if len(checks) == 3:
        first, second, third = checks
        return lambda value: first(value) and second(value) and third(value)

    first, second = all_of(checks[:3]), all_of(checks[3:])
    return lambda value: first(value) and second(value)
