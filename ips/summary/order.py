"""The order of entries inside a section: what a reader must see first stands first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ips.summary.systems import codes

Resource = dict[str, Any]

_MEDICINE = {"active": 0, "intended": 1, "on-hold": 2, "draft": 3}
_TIMES = (
    "effectiveDateTime", "occurrenceDateTime", "performedDateTime", "onsetDateTime", "recordedDate",
    "dateTime", "date", "authoredOn", "recordedOn",
)  # fmt: skip


def arrange(key: str, entries: list[tuple[str, Resource]]) -> list[tuple[str, Resource]]:
    """Return the entries of a section in reading order; equal ones stay as they came."""
    rank = _RANKS.get(key)
    if rank:
        return sorted(entries, key=lambda entry: rank(entry[1]))
    return sorted(entries, key=lambda entry: _time(entry[1]), reverse=True)


def _time(resource: Resource) -> str:
    for name in _TIMES:
        if name in resource:
            return str(resource[name])
    for name in ("effectivePeriod", "performedPeriod"):
        if name in resource:
            return str(resource[name].get("start", ""))
    return ""


def _allergy(resource: Resource) -> tuple[bool, bool]:
    refuted = "refuted" in codes(resource.get("verificationStatus"))
    return refuted, resource.get("criticality") != "high"


def _medicine(resource: Resource) -> int:
    return _MEDICINE.get(resource.get("status", ""), 9)


_RANKS: dict[str, Callable[[Resource], Any]] = {"allergies": _allergy, "medications": _medicine}
