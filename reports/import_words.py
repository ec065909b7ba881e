"""Errors and notices of an import in the words of the assessor.

The checks speak English. Each of their sentences stands in ``texts/templates/import_problems.csv``
beside its Norwegian form. ``{}`` there is a variable part, kept as it is and in order; the
Norwegian side says which parts are words themselves: ``{column}`` is the key of a column and is
shown by its heading, ``{status}`` holds codes of the closed set, ``{rest}`` is a sentence of the
table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from data.errors import EhdsError, Problem
from data.loaders.codes import closed_sets, label
from data.loaders.sources import COLUMNS as SOURCE_COLUMNS
from data.loaders.tables import Problems, read_csv
from gap.worksheet import fields
from reports.texts import LANGUAGES, Texts

TABLE = Path(__file__).parent / "texts" / "templates" / "import_problems.csv"
"""English and Norwegian sentences; apart from the texts of the reports, which have keys."""
NORWEGIAN = "nb"
_PART = re.compile(r"\{[a-z]*\}")


@dataclass(frozen=True, slots=True)
class Template:
    """One sentence: the words around its variable parts in English and Norwegian.

    Attributes:
        english: the words before, between and after the parts.
        norwegian: the same in Norwegian.
        kinds: what each part is: ``{}``, ``{column}``, ``{status}`` or ``{rest}``.
    """

    english: tuple[str, ...]
    norwegian: tuple[str, ...]
    kinds: tuple[str, ...]

    def parts(self, text: str) -> list[str] | None:
        """Return the variable parts of an English sentence; None where it is another one.

        Found from left to right and never tried again: a cell may hold thousands of letters.
        """
        first, *between = self.english
        if not between:
            return [] if text == first else None
        last = between.pop()
        at, end = len(first), len(text) - len(last)
        if at > end or not text.startswith(first) or not text.endswith(last):
            return None
        found: list[str] = []
        for words in between:
            until = text.find(words, at, end)
            if until < 0:
                return None
            found.append(text[at:until])
            at = until + len(words)
        found.append(text[at:end])
        return found if all(map(_fits, self.kinds, found)) else None


@contextmanager
def told(lang: str) -> Iterator[None]:
    """Raise the errors of the block again in a language (``nb`` or ``en``), of the same kind."""
    try:
        yield
    except EhdsError as error:
        raise type(error)([problem(p, lang) for p in error.problems]) from None


def problem(found: Problem, lang: str) -> Problem:
    """Return a problem in a language; a sentence that the table lacks stays as it is.

    Args:
        found: the problem in English; its address is never changed.
        lang: ``nb`` or ``en``.
    """
    if lang != NORWEGIAN:
        return found
    what, rule, remedy = (_said(text, found.where) for text in (found.what, found.rule,
                                                               found.remedy))  # fmt: skip
    return replace(found, what=what, rule=rule, remedy=remedy)


def notice(text: str, lang: str) -> str:
    """Return what is remarkable about a file in a language (``nb`` or ``en``)."""
    return _said(text, "") if lang == NORWEGIAN else text


@cache
def templates() -> tuple[Template, ...]:
    """Return the sentences of the table, those that say most of their own first."""
    problems = Problems()
    rows = read_csv(TABLE, ("en", "nb"), problems)
    problems.stop()
    found = [
        Template(tuple(_PART.split(row["en"])), tuple(_PART.split(row["nb"])),
                 tuple(_PART.findall(row["nb"])))
        for row in rows
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda template: -len("".join(template.english))))


def _fits(kind: str, part: str) -> bool:
    """Whether a part can be of its kind: a column or a status is what is known as one."""
    if kind == "{column}":
        return part.removeprefix(fields.NEW) in (*fields.COLUMNS, *SOURCE_COLUMNS)
    if kind == "{status}":
        return all(code in closed_sets()["status"] for code in part.split(", "))
    return True


def _said(text: str, where: str) -> str:
    """Return a sentence in Norwegian, or as it is where the table lacks it."""
    for template in templates():
        parts = template.parts(text)
        if parts is not None:
            shown = [_part(k, p, where) for k, p in zip(template.kinds, parts, strict=True)]
            pairs = zip(template.norwegian, [*shown, ""], strict=True)
            return "".join(words + part for words, part in pairs)
    return text


def _part(kind: str, text: str, where: str) -> str:
    if kind == "{column}":
        return _heading(text, where)
    if kind == "{status}":
        return ", ".join(label("status", code, NORWEGIAN) for code in text.split(", "))
    return _said(text, where) if kind == "{rest}" else text


def _heading(column: str, where: str) -> str:
    """Return what stands above a column: its heading in a workbook, its key in a CSV table."""
    if not where.startswith("["):
        return column
    titles = {Texts(lang)("fill.sheet.new") for lang in LANGUAGES}
    of_sources = any(f"]'{title}'!" in where or f"]{title}!" in where for title in titles)
    if column in SOURCE_COLUMNS and (of_sources or column not in fields.COLUMNS):
        column = f"{fields.NEW}{column}"
    t = Texts(NORWEGIAN)
    return t("fill.title_column") if column == "title" else t(f"fill.{column}")
