"""Fixed and pattern values (FHIR ElementDefinition.fixed[x], pattern[x])."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def matches_fixed(value: Any, fixed: Any) -> bool:
    """Whether a value equals a fixed value exactly."""
    if isinstance(value, bool) != isinstance(fixed, bool):
        return False
    return bool(value == fixed)


def matches_pattern(value: Any, pattern: Any) -> bool:
    """Whether a value contains at least what a pattern has."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            key in value and matches_pattern(value[key], inner) for key, inner in pattern.items()
        )
    if isinstance(pattern, list):
        return isinstance(value, list) and all(
            any(matches_pattern(item, inner) for item in value) for inner in pattern
        )
    return matches_fixed(value, pattern)


def pattern_check(pattern: Any) -> Callable[[Any], bool]:
    """Return `matches_pattern` for one pattern; written out for the usual one, a single coding."""
    codings = pattern.get("coding") if isinstance(pattern, dict) and len(pattern) == 1 else None
    if not isinstance(codings, list) or len(codings) != 1:
        return lambda value: matches_pattern(value, pattern)
    wanted = codings[0]
    texts = isinstance(wanted, dict) and all(isinstance(v, str) for v in wanted.values())
    if not texts or set(wanted) != {"system", "code"}:
        return lambda value: matches_pattern(value, pattern)
    system, code = wanted["system"], wanted["code"]

    def run(value: Any) -> bool:
        found = value.get("coding") if type(value) is dict else None
        for coding in found if type(found) is list else ():
            if (
                type(coding) is dict
                and coding.get("code") == code
                and coding.get("system") == system
            ):
                return True
        return False

    return run
