"""Hides the numbers of patients where a journal is shown or handed on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ips.identifiers import mask
from ncp.audit.transaction import Transaction
from ncp.model import PatientId

_SHOWN = 2
_RECOGNISABLE = 4
"""A shorter identifier is not looked for in other text: it would be found everywhere."""


def masked(number: str) -> str:
    """Return a patient's number with all but its first two characters hidden.

    Numbers of other countries have other lengths and letters, so that their form tells nothing.
    """
    if "^" in number:
        number = number.partition("^")[0]
    return number[:_SHOWN] + "*" * max(len(number) - _SHOWN, 3)


def hide(value: Any, patients: Iterable[PatientId]) -> Any:
    """Return plain data with the numbers of some patients, and all that look like one, masked."""
    numbers = {p.extension for p in patients if len(p.extension) >= _RECOGNISABLE}
    known = sorted(numbers, key=len, reverse=True)
    return _hide(value, known)


def people(transaction: Transaction) -> tuple[PatientId, ...]:
    """Return everybody whose number an entry holds."""
    kin = transaction.next_of_kin
    return (*transaction.patients, *((kin,) if kin else ()))


def _hide(value: Any, known: list[str]) -> Any:
    if isinstance(value, str):
        for number in known:
            value = value.replace(number, masked(number))
        return mask(value)
    if isinstance(value, dict):
        return {key: _hide(each, known) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_hide(each, known) for each in value]
    return value
