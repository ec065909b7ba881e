"""What every reader of results needs: dates, texts, and the obligations that a result names."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any, TypeAlias

from data.errors import InputError, Problem

Json: TypeAlias = dict[str, Any]

_OBLIGATION = re.compile(r"\b(?:E\d{2}\.\w+|X\d\.[\w.]*\w)")
LONGEST = 500
"""Characters of a message that are kept."""


def day_of(text: object) -> dt.date | None:
    """Return the day of a date or time in ISO 8601, or None when there is none.

    >>> day_of("2026-02-19T20:26:13.317-05:00")
    datetime.date(2026, 2, 19)
    """
    if not isinstance(text, str):
        return None
    try:
        return dt.date.fromisoformat(text.strip().replace(", ", "-").replace(" ", "-")[:10])
    except ValueError:
        return None


def obligations_in(text: str) -> tuple[str, ...]:
    """Return the obligation ids that a text names, each once.

    >>> obligations_in("X2.3.2c, E09.2e")
    ('X2.3.2c', 'E09.2e')
    """
    return tuple(dict.fromkeys(_OBLIGATION.findall(text)))


def categories_of(carried: Iterable[str]) -> tuple[str, ...]:
    """Return the priority categories that the ids tell: Annex I(1) is the patient summary.

    A finding in a summary says nothing about how the other categories are exchanged.

    >>> categories_of(["X2.2.1", "X1.1.16"])
    ('a',)
    """
    summary = any(one == "X1.1" or one.startswith("X1.1.") for one in carried)
    return ("a",) if summary else ()


def short(text: object) -> str:
    """Return a text on one line, not longer than a person reads."""
    line = " ".join(str(text or "").split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 2]} …"


def entries(content: Json, key: str) -> list[Json]:
    """Return a list of objects at a key; anything else in its place is no result."""
    found = content.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def text_at(content: Json, *keys: str) -> str:
    """Return the text at a path of keys; empty when it is not there."""
    found: Any = content
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


def not_this(form: str, why: str) -> InputError:
    """Return the error of a file that starts like a form and then is not."""
    return InputError(Problem(f"looks like {form}, but {why}", rule=form))
