"""The names of codes and code lists, in Norwegian and English."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import data
from data.loaders.tables import Problems, Row, read_csv
from ips.terms.systems import known_systems, list_id, normalise_system
from ips.terms.tables import check_system, code_list, maps, own_folder
from ips.terms.valuesets import own_sets

LISTS_COLUMNS = ("list_id", "complete", "title_nb", "title_en")
NAME_COLUMNS = ("system", "code", "language", "display")
LANGUAGES = ("nb", "en")

Names = dict[tuple[str, str, str], str]
"""Names by system, code and language."""

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")


def label(list_or_system: str, code: str, lang: str = "nb") -> str | None:
    """Return the name of a code, or None when it is not at hand.

    Args:
        list_or_system: number, OID or URI of the list; European systems answer in English for
            the codes that the shipped maps use.
        code: the code.
        lang: ``nb`` or ``en``. English names of national codes are this project's translations.
            A user's own names may be in other languages, and go before these.
    """
    own = own_names()
    if own and (said := own.get((normalise_system(list_or_system), code, lang))):
        return said
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
def own_names() -> Names:
    """Return the names of a user's own folder: designations.csv, else those of the value sets.

    Raises:
        InputError: a table is wrong; all problems with file and line.
    """
    folder = own_folder()
    if folder is None:
        return {}
    problems = Problems()
    names = read_names(folder, problems)
    problems.stop()
    english = {(*key, "en"): said for key, said in own_sets().names.items()}
    return {**english, **names}


def read_names(folder: Path, problems: Problems) -> Names:
    """Return the names of ``designations.csv``; ``problems`` gets every wrong row.

    Raises:
        InputError: the file cannot be read, or has other columns.
    """
    file = folder / "designations.csv"
    found: Names = {}
    for row in read_csv(file, NAME_COLUMNS, problems) if file.is_file() else ():
        if not all(row[column] for column in NAME_COLUMNS):
            problems.add("system, code, language and display must all be filled", row.where)
        elif not _LANGUAGE.fullmatch(row["language"]):
            problems.add(f"«{row['language']}» is no language", row.where,
                         remedy="nb, en, sv, fr-BE ...")  # fmt: skip
        else:
            system = normalise_system(row["system"])
            check_system(system, row.where, problems)
            found[system, row["code"], row["language"]] = row["display"]
    return found


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
