"""What the maker or operator says of itself: a table of keys and values, kept apart from proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from data.errors import did_you_mean
from data.loaders.tables import Problems, read_csv
from gap.certification.tables import fields, steps

Facts = Mapping[str, str]
"""Value by key; what is not stated is not in it."""
COLUMNS = ("key", "value")
FORMULA = ("=", "+", "-", "@")
"""A spreadsheet computes a text that begins so; in the form a quote stands before it."""


def ehr_keys() -> tuple[str, ...]:
    """Return the keys that fill the documents of an EHR system, each once."""
    return tuple(dict.fromkeys(f.key for f in fields() if f.key))


def ncp_keys() -> tuple[str, ...]:
    """Return the keys that say where a go-live step is documented."""
    return tuple(step.id for step in steps())


def read(file: Path, keys: Sequence[str]) -> Facts:
    """Read a table of facts: ``key`` and ``value``; ``what`` is for the reader.

    Args:
        file: the table; rows without a value are not stated.
        keys: the keys that mean something here.

    Raises:
        InputError: with every unknown or doubled key, by file and line.
    """
    problems = Problems()
    found: dict[str, str] = {}
    for row in read_csv(file, COLUMNS, problems, optional=("what",)):
        key = row["key"]
        if key not in keys:
            problems.add(f"there is no field «{key}»", row.where,
                         remedy=did_you_mean(key, keys, f"one of: {', '.join(keys)}"))  # fmt: skip
        elif key in found:
            problems.add(f"field «{key}» stands twice", row.where, remedy="keep one of the rows")
        elif row["value"]:
            found[key] = _unquoted(row["value"])
    problems.stop()
    return found


def _unquoted(value: str) -> str:
    """Take away the quote that keeps a spreadsheet from computing a text, as in ``'+47 ...``."""
    return value[1:] if value.startswith("'") and value[1:].startswith(FORMULA) else value
