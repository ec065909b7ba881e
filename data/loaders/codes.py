"""The closed sets of codes with their words in Norwegian and English (``data/codes.csv``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import data
from data.loaders.tables import Problems, Row, read_csv

COLUMNS = ("set", "code", "nb", "en", "definition_nb", "definition_en")


@dataclass(frozen=True, slots=True)
class Code:
    """One code of a closed set."""

    code: str
    nb: str
    en: str
    definition_nb: str
    definition_en: str

    def label(self, lang: str) -> str:
        """Return the word for people in a language (``nb`` or ``en``)."""
        return self.nb if lang == "nb" else self.en

    def definition(self, lang: str) -> str:
        """Return the definition in a language; empty where the word needs none."""
        return self.definition_nb if lang == "nb" else self.definition_en


@cache
def closed_sets() -> Mapping[str, Mapping[str, Code]]:
    """Return every closed set by name, its codes in the order of the table."""
    problems = Problems()
    rows = read_csv(data.path("codes.csv"), COLUMNS, problems)
    problems.stop()
    sets: dict[str, dict[str, Code]] = {}
    for row in rows:
        sets.setdefault(row["set"], {})[row["code"]] = Code(
            row["code"], row["nb"], row["en"], row["definition_nb"], row["definition_en"]
        )
    return sets


def label(set_name: str, code: str, lang: str) -> str:
    """Return the word for a code, for example ``label("modality", "S", "nb")`` is ``plikt``."""
    return closed_sets()[set_name][code].label(lang)


def check_cell(row: Row, column: str, set_name: str, problems: Problems, *, many: bool) -> None:
    """Note every code of a cell that is not in its closed set.

    Args:
        row: the row of the table.
        column: the column to check.
        set_name: the closed set.
        problems: where to note what is wrong.
        many: the cell may hold several codes, or none.
    """
    allowed = closed_sets()[set_name]
    words = row.words(column) if many else (row[column],)
    for word in words:
        if word not in allowed:
            problems.add(
                f"{column}: «{word}» is not one of the codes",
                row.where,
                rule=f"closed set «{set_name}»: {' '.join(allowed)}",
                remedy="use one of these codes" if word else "fill in the cell",
            )
    for word in {w for w in words if words.count(w) > 1}:
        problems.add(f"{column}: «{word}» stands twice", row.where)
