"""Words of the journal in Norwegian and English (``data/exchange/journal-texts.csv``)."""

from __future__ import annotations

from functools import cache

import data
from data.loaders.tables import Problems, read_csv


@cache
def _texts() -> dict[str, dict[str, str]]:
    problems = Problems()
    file = data.path("exchange", "journal-texts.csv")
    rows = read_csv(file, ("key", "nb", "en", "source"), problems)
    problems.stop()
    return {row["key"]: {"nb": row["nb"], "en": row["en"]} for row in rows}


def text(key: str, lang: str, otherwise: str | None = None) -> str:
    """Return a text.

    Args:
        key: such as ``category.a``.
        lang: ``nb`` or ``en``.
        otherwise: what to return for a key that is not in the table.

    Raises:
        KeyError: there is no such text, and nothing else was given.
    """
    found = _texts().get(key)
    if found is None:
        if otherwise is None:
            raise KeyError(key)
        return otherwise
    return found[lang]
