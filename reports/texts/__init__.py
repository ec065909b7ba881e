"""The words of the reports: every sentence once, in both languages (``*.csv`` beside this file)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from data.loaders.tables import Problems, read_csv

LANGUAGES = ("nb", "en")


@cache
def _all() -> Mapping[str, Mapping[str, str]]:
    problems = Problems()
    texts: dict[str, Mapping[str, str]] = {}
    for file in sorted(Path(__file__).parent.glob("*.csv")):
        for row in read_csv(file, ("key", "nb", "en"), problems):
            if row["key"] in texts:
                problems.add(f"text «{row['key']}» stands twice", row.where)
            if not row["nb"] or not row["en"]:
                problems.add(f"text «{row['key']}» lacks a language", row.where)
            texts[row["key"]] = {"nb": row["nb"], "en": row["en"]}
    problems.stop()
    return texts


class Texts:
    """The texts in one language; call it with a key and what belongs into the sentence."""

    def __init__(self, lang: str) -> None:
        """Choose the language: ``nb`` or ``en``."""
        self.lang = lang

    def __call__(self, key: str, /, **values: object) -> str:
        """Return a text, for example ``t("summary.assessed", n=12)``."""
        return _all()[key][self.lang].format(**values)
