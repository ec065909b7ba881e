"""What surrounds the obligations: articles, annexes, timeline, implementing acts, Xt-EHR ids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import data
from data.loaders.codes import check_cell
from data.loaders.dates import day
from data.loaders.tables import Problems, Row, read_csv

_ARTICLE = re.compile(r"Art (\d+)")
_ANNEX = re.compile(r"Annex (I{1,3}|IV)\b")


Tables = Mapping[str, Mapping[str, Row]]

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "parts": ("id", "articles", "title_nb", "title_en"),
    "articles": ("article", "part", "section", "title_nb", "title_en"),
    "acts": ("id", "title_nb", "title_en", "basis", "kind", "due", "applies", "status",
             "finding_nb", "finding_en", "source", "checked_on"),
    "timeline": ("id", "date", "what_nb", "what_en", "provision"),
    "xtehr": ("id", "group", "strength", "actor", "basis", "what_nb", "what_en", "source"),
    "references": ("id", "title", "publisher", "where"),
    "date_rules": ("rule", "eu_date", "eu_date_group_2", "eu_date_in_house", "provision"),
}  # fmt: skip
"""The tables around the obligations; the first column of each is its key."""
_DATES = frozenset({"date", "due", "checked_on", "eu_date", "eu_date_group_2", "eu_date_in_house"})
_CODES = {("acts", "status"): "act_status", ("acts", "applies"): "date_rule"}


def read_tables(folder: Path, problems: Problems) -> Tables:
    """Read the tables of a catalogue folder, and note every row that is wrong.

    Raises:
        InputError: a table that cannot be read at all.
    """
    found: dict[str, dict[str, Row]] = {}
    for name, columns in _COLUMNS.items():
        rows: dict[str, Row] = {}
        for row in read_csv(folder / f"{name}.csv", columns, problems):
            if row[columns[0]] in rows:
                problems.add(f"«{row[columns[0]]}» stands twice", row.where)
            rows[row[columns[0]]] = row
            _check(name, row, problems)
        found[name] = rows
    for row in found["articles"].values():
        if row["part"] not in found["parts"]:
            problems.add(f"part: there is no «{row['part']}»", row.where)
    for name in ("acts", "xtehr"):
        for row in found[name].values():
            for source in row.words("source"):
                if source not in found["references"]:
                    problems.add(f"source: there is no «{source}» in references.csv", row.where)
    return found


def _check(name: str, row: Row, problems: Problems) -> None:
    for column in _COLUMNS[name]:
        if column.endswith(("_nb", "_en")) and not row[column]:
            problems.add(f"{column} is empty", row.where, remedy="fill in the cell")
        if column in _DATES and row[column]:
            try:
                day(row[column])
            except ValueError as error:
                problems.add(f"{column}: {error}", row.where)
        closed = _CODES.get((name, column))
        if closed:
            check_cell(row, column, closed, problems, many=column == "applies")


@cache
def _shipped() -> Tables:
    problems = Problems()
    found = read_tables(data.path("catalogue"), problems)
    problems.stop()
    return found


def parts() -> Mapping[str, Row]:
    """Chapters and annexes by id (``II``, ``Annex II``), in the order of the law."""
    return _shipped()["parts"]


def articles() -> Mapping[str, Row]:
    """Articles by number, each with its chapter, section and short titles."""
    return _shipped()["articles"]


def acts() -> Mapping[str, Row]:
    """Implementing and delegated acts that the regulation announces, with status and source."""
    return _shipped()["acts"]


def timeline() -> tuple[Row, ...]:
    """The dates of Article 105 in order."""
    return tuple(_shipped()["timeline"].values())


def xtehr() -> Mapping[str, Row]:
    """The requirement ids of Xt-EHR deliverable 5.1 with the provision that each reads."""
    return _shipped()["xtehr"]


def references() -> Mapping[str, Row]:
    """The documents that the status of acts and the Xt-EHR ids rest on, by their code."""
    return _shipped()["references"]


def date_rules() -> Mapping[str, Row]:
    """The date rules of Article 105: what each code means as dates."""
    return _shipped()["date_rules"]


def part_of(ref: str, known: Mapping[str, Row] | None = None) -> str | None:
    """Return the chapter or annex of a reference, or None when it lies in none.

    Args:
        ref: the reference.
        known: the articles; those shipped with the product by default.

    >>> part_of("Annex II 3.2(c)")
    'Annex II'
    """
    annex = _ANNEX.match(ref)
    if annex:
        return f"Annex {annex[1]}"
    if ref.startswith("D5.1"):
        return "Annex II"
    article = _ARTICLE.match(ref)
    row = (known or articles()).get(article[1]) if article else None
    return row["part"] if row else None
