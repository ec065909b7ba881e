"""The tables of evidence that people edit: what tests bear on, who is believed, when it is old.

``data/evidence/mapping.csv`` says which obligations a test bears on, by its id. ``*`` stands for
anything. A pattern with ``@`` is compared with ``test@what``, so that a row can be about some
documents only. The word ``carried`` stands for the ids that the result itself names.
"""

from __future__ import annotations

import datetime as dt
import fnmatch
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import data
from data.errors import did_you_mean
from data.loaders.catalogue import catalogue
from data.loaders.codes import check_cell, closed_sets
from data.loaders.tables import Problems, Row, read_csv
from gap.evidence.record import Covers, Raw, Strength

CARRIED = "carried"
MAPPING = ("pattern", "obligations", "categories", "covers", "derived", "why_nb", "why_en")
STALE = ("pattern", "strength", "days", "why_nb", "why_en")
STRENGTHS = ("strength", "grade", "nb", "en")
WORDS = ("key", "nb", "en")


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the mapping table.

    Attributes:
        pattern: over the id of the test.
        obligations: ids, and ``carried``; none when such a test proves nothing here.
        categories: priority categories that the test is about; empty is all of the row.
        covers: how much of the obligation a pass shows.
        derived: patterns over the ids that still count when the judged document was made by this
            product from the subject's records.
        why_nb, why_en: the reason.
        where: file and line.
    """

    pattern: str
    obligations: tuple[str, ...]
    categories: tuple[str, ...]
    covers: Covers
    derived: tuple[str, ...]
    why_nb: str
    why_en: str
    where: str

    def fits(self, test: str, what: str = "") -> bool:
        """Whether the row is about a test."""
        name = f"{test}@{what}" if "@" in self.pattern else test
        return matches(self.pattern, name)

    def why(self, lang: str) -> str:
        """Return the reason in ``nb`` or ``en``."""
        return self.why_nb if lang == "nb" else self.why_en


@dataclass(frozen=True, slots=True)
class Bearing:
    """What one result bears on."""

    obligations: tuple[str, ...]
    categories: tuple[str, ...]
    fully: tuple[str, ...]


def matches(pattern: str, text: str) -> bool:
    """Whether a text fits a pattern in which ``*`` stands for anything."""
    return _pattern(pattern).match(text) is not None


@lru_cache(maxsize=4096)
def _pattern(pattern: str) -> re.Pattern[str]:
    """Only ``*`` is special: test ids hold brackets and question marks."""
    return re.compile(".*".join(map(re.escape, pattern.split("*"))) + r"\Z", re.S)


def read_mapping(file: Path) -> tuple[Rule, ...]:
    """Read a mapping table.

    Raises:
        InputError: unknown obligation, category or word, or a missing reason; all of it at once.
    """
    problems = Problems()
    known = catalogue().obligations
    found = []
    for row in read_csv(file, MAPPING, problems):
        for name in row.words("obligations"):
            if name != CARRIED and name not in known:
                problems.add(f"unknown obligation «{name}»", row.where,
                             remedy=did_you_mean(name, known, "ehds catalogue list"))  # fmt: skip
        check_cell(row, "categories", "category", problems, many=True)
        if row["covers"] not in set(Covers):
            problems.add(f"covers is «{row['covers']}»", row.where, remedy="part or whole")
        _both_languages(row, problems)
        found.append(row)
    problems.stop()
    return tuple(
        Rule(row["pattern"], row.words("obligations"), row.words("categories"),
             Covers(row["covers"]), row.words("derived"), row["why_nb"], row["why_en"], row.where)
        for row in found
    )  # fmt: skip


def _both_languages(row: Row, problems: Problems) -> None:
    if not row["why_nb"] or not row["why_en"]:
        problems.add("the reason lacks a language", row.where, remedy="fill in why_nb and why_en")


@cache
def shipped() -> tuple[Rule, ...]:
    """Return the mapping of the product."""
    return read_mapping(data.path("evidence", "mapping.csv"))


def bearing(rules: Sequence[Rule], raw: Raw, *, derived: bool = False) -> Bearing:
    """Return what a result bears on: everything that any row says of it.

    Args:
        rules: the mapping.
        raw: the result.
        derived: the judged document was made by this product from the subject's records.
    """
    shown: dict[str, bool] = {}
    categories: dict[str, None] = {}
    limited = True
    for rule in rules:
        if not rule.fits(raw.test, raw.what):
            continue
        named = [o for word in rule.obligations
                 for o in (raw.carried if word == CARRIED else (word,))]  # fmt: skip
        if derived:
            named = [o for o in named if any(fnmatch.fnmatchcase(o, p) for p in rule.derived)]
        if not named:
            continue
        for one in named:  # whole only where every row that speaks of it says so
            shown[one] = shown.get(one, True) and rule.covers is Covers.WHOLE
        categories.update(dict.fromkeys(rule.categories))
        limited = limited and bool(rule.categories)
    of_rows = tuple(sorted(categories)) if limited else ()
    fully = tuple(one for one, whole in shown.items() if whole)
    return Bearing(tuple(shown), raw.categories or of_rows, fully)


@cache
def _stale() -> tuple[tuple[str, str, int], ...]:
    problems = Problems()
    rows = read_csv(data.path("evidence", "stale.csv"), STALE, problems)
    for row in rows:
        _both_languages(row, problems)
        if not row["days"].isdigit():
            problems.add(f"days is «{row['days']}»", row.where, remedy="write a whole number")
        if row["strength"] not in ("", *Strength):
            problems.add(f"strength is «{row['strength']}»", row.where,
                         remedy=" ".join(Strength))  # fmt: skip
    problems.stop()
    return tuple((row["pattern"], row["strength"], int(row["days"])) for row in rows)


def stale_from(test: str, strength: Strength, date: dt.date) -> dt.date | None:
    """Return the first day on which a pass no longer counts; the first fitting row decides."""
    for pattern, who, days in _stale():
        if matches(pattern, test) and who in ("", strength):
            try:
                return date + dt.timedelta(days=days)
            except OverflowError:
                return None
    return None


@cache
def grades() -> Mapping[Strength, str]:
    """Return the grade of assessments that evidence of each strength gives."""
    problems = Problems()
    rows = read_csv(data.path("evidence", "strengths.csv"), STRENGTHS, problems)
    found = {}
    for row in rows:
        if row["strength"] not in set(Strength) or row["grade"] not in closed_sets()["grade"]:
            problems.add("unknown strength or grade", row.where)
            continue
        found[Strength(row["strength"])] = row["grade"]
    problems.stop()
    return found


def strongest(grades_: Iterable[str]) -> str:
    """Return the highest of some grades, in the order of the closed set."""
    order = list(closed_sets()["grade"])
    return max(grades_, key=order.index)


@cache
def words() -> Mapping[str, tuple[str, str]]:
    """Return the sentences that evidence writes into a finding, in nb and en."""
    problems = Problems()
    rows = read_csv(data.path("evidence", "words.csv"), WORDS, problems)
    problems.stop()
    return {row["key"]: (row["nb"], row["en"]) for row in rows}
