"""The names of codes and code lists, in Norwegian and English."""

from __future__ import annotations

from functools import cache

import data
from data.loaders.tables import Problems, Row, read_csv
from ips.terms.systems import known_systems, list_id, normalise_system
from ips.terms.tables import code_list, maps

LISTS_COLUMNS = ("list_id", "complete", "title_nb", "title_en")
LANGUAGES = ("nb", "en")


def label(list_or_system: str, code: str, lang: str = "nb") -> str | None:
    """Return the name of a code, or None when it is not at hand.

    Args:
        list_or_system: number, OID or URI of the list; European systems answer in English for
            the codes that the shipped maps use.
        code: the code.
        lang: ``nb`` or ``en``. English names of national codes are this project's translations.
    """
    row = code_list(list_id(list_or_system) or "").get(code)
    if row:
        return row[f"display_{lang}"] or None if lang in LANGUAGES else None
    if lang == "en":
        return _european_names().get((normalise_system(list_or_system), code))
    return None


def title(list_or_system: str, lang: str = "nb") -> str:
    """Return the title of a list or code system; the text itself when it is not a known one."""
    row = _titles().get(list_id(list_or_system) or "")
    if row:
        return row[f"title_{lang}"]
    system = known_systems().get(normalise_system(list_or_system))
    if system:
        return system.title_en if lang == "en" else system.title_nb
    return list_or_system


@cache
def _titles() -> dict[str, Row]:
    problems = Problems()
    rows = read_csv(data.path("terminology", "lists.csv"), LISTS_COLUMNS, problems)
    problems.stop()
    return {row["list_id"]: row for row in rows}


@cache
def _european_names() -> dict[tuple[str, str], str]:
    return {
        (row.target.system, row.target.code): row.target.display
        for group in maps().values()
        for code_map in group
        for rows in code_map.rows.values()
        for row in rows
        if row.target and row.target.display
    }
