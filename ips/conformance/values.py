"""Fixed and pattern values (FHIR ElementDefinition.fixed[x], pattern[x])."""

from __future__ import annotations

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
