"""What surrounds the obligations: articles, annexes, timeline, implementing acts, Xt-EHR ids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import data
from data.loaders.codes import check_cell
from data.loaders.tables import Problems, Row, read_csv

_ARTICLE = re.compile(r"Art (\d+)")
_ANNEX = re.compile(r"Annex (I{1,3}|IV)\b")


def _table(name: str, columns: tuple[str, ...], key: str) -> Mapping[str, Row]:
    problems = Problems()
    file = data.path("catalogue", name)
    rows: dict[str, Row] = {}
    for row in read_csv(file, columns, problems):
        if row[key] in rows:
            problems.add(f"«{row[key]}» stands twice", row.where)
        rows[row[key]] = row
    problems.stop()
    return rows


@cache
def parts() -> Mapping[str, Row]:
    """Chapters and annexes by id (``II``, ``Annex II``), in the order of the law."""
    return _table("parts.csv", ("id", "articles", "title_nb", "title_en"), "id")


@cache
def articles() -> Mapping[str, Row]:
    """Articles by number, each with its chapter, section and short titles."""
    return _table("articles.csv", ("article", "part", "section", "title_nb", "title_en"), "article")


@cache
def acts() -> Mapping[str, Row]:
    """Implementing and delegated acts that the regulation announces, with status and source."""
    columns = ("id", "title_nb", "title_en", "basis", "kind", "due", "applies", "status",
               "finding_nb", "finding_en", "source", "checked_on")  # fmt: skip
    found = _table("acts.csv", columns, "id")
    problems = Problems()
    for row in found.values():
        check_cell(row, "status", "act_status", problems, many=False)
    problems.stop()
    return found


@cache
def timeline() -> tuple[Row, ...]:
    """The dates of Article 105 in order."""
    columns = ("id", "date", "what_nb", "what_en", "provision")
    return tuple(_table("timeline.csv", columns, "id").values())


@cache
def xtehr() -> Mapping[str, Row]:
    """The requirement ids of Xt-EHR deliverable 5.1 with the provision that each reads."""
    columns = ("id", "group", "strength", "actor", "basis", "what_nb", "what_en", "source")
    return _table("xtehr.csv", columns, "id")


@cache
def date_rules() -> Mapping[str, Row]:
    """The date rules of Article 105: what each code means as dates."""
    columns = ("rule", "eu_date", "eu_date_group_2", "eu_date_in_house", "provision")
    return _table("date_rules.csv", columns, "rule")


def part_of(ref: str) -> str | None:
    """Return the chapter or annex of a reference, or None when it lies in none.

    >>> part_of("Annex II 3.2(c)")
    'Annex II'
    """
    annex = _ANNEX.match(ref)
    if annex:
        return f"Annex {annex[1]}"
    if ref.startswith("D5.1"):
        return "Annex II"
    article = _ARTICLE.match(ref)
    row = articles().get(article[1]) if article else None
    return row["part"] if row else None
