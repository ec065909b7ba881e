"""The tables of ``data/certification``: fields of the documents, domains and go-live steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

import data
from data.loaders.catalogue import catalogue
from data.loaders.structure import acts
from data.loaders.tables import Problems, Row, read_csv

FIELDS = ("document", "id", "obligation", "ref", "fill", "key", "needed", "act", "nb", "en",
          "remark_nb", "remark_en", "source")  # fmt: skip
DOMAINS = ("id", "obligations", "nb", "en", "why_nb", "why_en", "source")
STEPS = ("id", "stage", "systems", "nb", "en", "shown_nb", "shown_en", "source")
STAGES = ("tests", "decision", "onboarding", "after")
"""The order of the go-live steps."""


class Document(StrEnum):
    """The documents that the Regulation asks of a manufacturer."""

    TECHNICAL = "annex-iii"
    DECLARATION = "declaration"
    SHEET = "sheet"
    DATABASE = "database"


class Fill(StrEnum):
    """Where the content of a field comes from."""

    FACTS = "facts"
    NAME = "name"
    CATEGORIES = "categories"
    INTERFACES = "interfaces"
    CONFORMITY = "conformity"
    SIGNER = "signer"


class Needed(StrEnum):
    """When a field has to have content."""

    ALWAYS = "always"
    WHERE_APPLICABLE = "where-applicable"
    INSTEAD_OF_SHEET = "instead-of-sheet"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a document (EHDS Art 37-39, 49, Annex III, IV).

    Attributes:
        key: name of the fact that fills it; empty where facts cannot.
        act: the act that decides its content further, empty where none does.
    """

    document: Document
    id: str
    obligation: str
    ref: str
    fill: Fill
    key: str
    needed: Needed
    act: str
    nb: str
    en: str
    remark_nb: str
    remark_en: str
    source: str

    def name(self, lang: str) -> str:
        """Return the name of the field in ``nb`` or ``en``."""
        return self.nb if lang == "nb" else self.en

    def remark(self, lang: str) -> str:
        """Return what has to be known of the field; empty for most."""
        return self.remark_nb if lang == "nb" else self.remark_en

    @property
    def awaits(self) -> bool:
        """Whether an act that decides its content is not adopted."""
        return bool(self.act) and acts()[self.act]["status"] != "adopted"


@dataclass(frozen=True, slots=True)
class Domain:
    """One of the six domains of the readiness criteria of MyHealth@EU.

    The names are those of the audit framework; which obligations speak of a domain is a proposal.
    """

    id: str
    obligations: tuple[str, ...]
    nb: str
    en: str
    why_nb: str
    why_en: str
    source: str

    def name(self, lang: str) -> str:
        """Return the name in ``nb`` or ``en``."""
        return self.nb if lang == "nb" else self.en

    def why(self, lang: str) -> str:
        """Return what of the catalogue speaks of the domain."""
        return self.why_nb if lang == "nb" else self.why_en


@dataclass(frozen=True, slots=True)
class GoLiveStep:
    """One step from national readiness to production, and what would show that it is done."""

    id: str
    stage: str
    systems: tuple[str, ...]
    nb: str
    en: str
    shown_nb: str
    shown_en: str
    source: str

    def name(self, lang: str) -> str:
        """Return the step in ``nb`` or ``en``."""
        return self.nb if lang == "nb" else self.en

    def shown(self, lang: str) -> str:
        """Return what would show it, in ``nb`` or ``en``."""
        return self.shown_nb if lang == "nb" else self.shown_en


@cache
def fields() -> tuple[Field, ...]:
    """Return the fields of all documents, in the order of the table."""
    return load_fields(data.path("certification", "fields.csv"))


@cache
def domains() -> tuple[Domain, ...]:
    """Return the six domains."""
    problems = Problems()
    rows = read_csv(data.path("certification", "ncp-domains.csv"), DOMAINS, problems)
    for row in rows:
        _filled(row, DOMAINS, problems)
        _known(row, row.words("obligations"), problems)
    problems.stop()
    return tuple(Domain(**{**row.cells, "obligations": row.words("obligations")})  # type: ignore[arg-type]
                 for row in rows)  # fmt: skip


@cache
def steps() -> tuple[GoLiveStep, ...]:
    """Return the go-live steps in order."""
    problems = Problems()
    rows = read_csv(data.path("certification", "ncp-steps.csv"), STEPS, problems)
    for row in rows:
        _filled(row, STEPS, problems)
        if row["stage"] not in STAGES:
            problems.add(f"unknown stage «{row['stage']}»", row.where, remedy=", ".join(STAGES))
    problems.stop()
    return tuple(GoLiveStep(**{**row.cells, "systems": row.words("systems")})  # type: ignore[arg-type]
                 for row in rows)  # fmt: skip


def load_fields(file: Path) -> tuple[Field, ...]:
    """Read and check a table of fields.

    Raises:
        InputError: with every row that fails, by file and line.
    """
    problems = Problems()
    rows = read_csv(file, FIELDS, problems)
    seen: set[str] = set()
    for row in rows:
        _filled(row, ("id", "obligation", "ref", "nb", "en", "source"), problems)
        _known(row, [row["obligation"]], problems)
        for column, values in (("document", Document), ("fill", Fill), ("needed", Needed)):
            if row[column] not in set(values):
                problems.add(f"{column} is «{row[column]}»", row.where, remedy=", ".join(values))
        if row["act"] and row["act"] not in acts():
            problems.add(f"there is no act «{row['act']}»", row.where)
        if (row["fill"] == Fill.FACTS) and not row["key"]:
            problems.add("the field has no key", row.where, rule="facts are named by their key")
        if bool(row["remark_nb"]) != bool(row["remark_en"]):
            problems.add("the remark stands in one language only", row.where)
        if row["id"] in seen:
            problems.add(f"field «{row['id']}» stands twice", row.where, rule="ids are unique")
        seen.add(row["id"])
    problems.stop()
    return tuple(
        Field(document=Document(row["document"]), fill=Fill(row["fill"]),
              needed=Needed(row["needed"]),
              **{c: row[c] for c in FIELDS if c not in ("document", "fill", "needed")})
        for row in rows
    )  # fmt: skip


def _filled(row: Row, columns: Sequence[str], problems: Problems) -> None:
    for column in columns:
        if not row[column]:
            problems.add(f"{column} is empty", row.where, remedy="fill in the cell")


def _known(row: Row, obligations: Sequence[str], problems: Problems) -> None:
    for name in obligations:
        if name and name not in catalogue().obligations:
            problems.add(f"there is no obligation «{name}»", row.where)
