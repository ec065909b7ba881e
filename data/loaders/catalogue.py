"""The catalogue: every obligation of Regulation (EU) 2025/327 as one row with a stable id."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import data
from data.loaders import structure
from data.loaders.codes import check_cell
from data.loaders.dates import day
from data.loaders.tables import Problems, Row, read_csv, read_toml

COLUMNS = (
    "id", "ref", "actors", "modality", "scopes", "categories", "roles", "verbs_any", "serves_any",
    "deployment_any", "ehr_only", "if_option", "title_en", "title_nb", "obligation_en",
    "obligation_nb", "evidence_en", "evidence_nb", "evidence_kinds", "threshold", "date_rule",
    "eu_date", "eu_date_group_2", "eu_date_in_house", "eea_date", "national_date", "waits_for",
    "depends_on", "xtehr", "gate", "weight", "reeif", "norwegian_law", "normen", "text_version",
    "verified_on", "inferred", "remark_en", "remark_nb",
)  # fmt: skip
"""The columns of the tables in ``data/catalogue/obligations``; ``docs/catalogue.md`` explains."""

CODED = {
    "modality": ("modality", False), "reeif": ("reeif", False), "gate": ("yesno", False),
    "ehr_only": ("yesno", False), "date_rule": ("date_rule", False),
    "actors": ("actor", True), "scopes": ("scope", True), "categories": ("category", True),
    "roles": ("role", True), "verbs_any": ("verb", True), "serves_any": ("serves", True),
    "deployment_any": ("deployment", True), "evidence_kinds": ("evidence_kind", True),
}  # fmt: skip
_NEEDED = (
    "id", "ref", "actors", "scopes", "title_en", "title_nb", "obligation_en", "obligation_nb",
    "evidence_en", "evidence_nb", "eu_date", "text_version",
)  # fmt: skip
_ID = re.compile(r"(E\d{2,3}|X[1-4])(\.[0-9A-Za-z]+)*")
_REF = re.compile(r"(Art \d+\b.*|Annex (I|II|III|IV)\b.*|D5\.1 [A-Za-z-]+)")
_DURATION = re.compile(r"P(\d+[YMWD])+")
_PRODUCT = ("III", "Annex II", "Annex III", "Annex IV")
"""The parts on EHR systems: only these have the later date for systems under Art 26(2)."""
BINDING = frozenset("SRX")
"""The modalities that are scored: duty, right, prohibition."""
GROUP_1 = frozenset("abc")
"""Art 105 third paragraph (a): patient summaries, e-prescriptions, e-dispensations."""


@dataclass(frozen=True, slots=True)
class Obligation:
    """One row of the catalogue; the fields are those that the law makes necessary.

    ``inferred`` names the fields whose value is a proposal of this project rather than law.
    """

    id: str
    ref: str
    actors: tuple[str, ...]
    modality: str
    scopes: tuple[str, ...]
    categories: tuple[str, ...]
    roles: tuple[str, ...]
    verbs_any: tuple[str, ...]
    serves_any: tuple[str, ...]
    deployment_any: tuple[str, ...]
    ehr_only: bool
    if_option: str
    title_en: str
    title_nb: str
    obligation_en: str
    obligation_nb: str
    evidence_en: str
    evidence_nb: str
    evidence_kinds: tuple[str, ...]
    threshold: str
    date_rule: str
    eu_date: dt.date
    eu_date_group_2: dt.date | None
    eu_date_in_house: dt.date | None
    eea_date: dt.date | None
    national_date: dt.date | None
    waits_for: tuple[str, ...]
    depends_on: tuple[str, ...]
    xtehr: tuple[str, ...]
    gate: bool
    weight: int
    reeif: str
    norwegian_law: str
    normen: str
    text_version: str
    verified_on: dt.date | None
    inferred: tuple[str, ...]
    remark_en: str
    remark_nb: str
    part: str
    """Chapter or annex that the row belongs to: ``II`` ... ``IX``, ``Annex I`` ... ``Annex IV``."""
    where: str

    def text(self, field: str, lang: str) -> str:
        """Return ``title``, ``obligation``, ``evidence`` or ``remark`` in ``nb`` or ``en``.

        The remark says where the law is finer than the row; it is empty for most rows.
        """
        value: str = getattr(self, f"{field}_{lang}")
        return value

    @property
    def binding(self) -> bool:
        """Whether the row is a duty, a right or a prohibition, and so can be scored."""
        return self.modality in BINDING

    def due(self, category: str, *, in_house: bool) -> dt.date:
        """Return the EU date that binds for one category (Art 105; Art 26(2) for in-house)."""
        if in_house and self.eu_date_in_house:
            return self.eu_date_in_house
        if self.eu_date_group_2 and category and category not in GROUP_1:
            return self.eu_date_group_2
        return self.eu_date


@dataclass(frozen=True)
class Catalogue:
    """All obligations of one edition, in the order of the tables."""

    edition: str
    law_date: str
    obligations: Mapping[str, Obligation]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.obligations)


@cache
def catalogue() -> Catalogue:
    """Return the catalogue that is shipped with the product."""
    return load(data.path("catalogue"))


def load(folder: Path) -> Catalogue:
    """Read and check a catalogue folder.

    Raises:
        InputError: with every row that fails, by file and line.
    """
    found, problems = read(folder)
    problems.stop()
    return found


def read(folder: Path) -> tuple[Catalogue, Problems]:
    """Read a catalogue folder and return it with everything that is wrong in it."""
    problems = Problems()
    edition = _edition(folder / "edition.toml")
    tables = structure.read_tables(folder, problems)
    rows: list[Row] = []
    for file in sorted((folder / "obligations").glob("*.csv")):
        rows.extend(read_csv(file, COLUMNS, problems))
    if not rows:
        problems.add("there are no obligations", str(folder / "obligations"))
    obligations: dict[str, Obligation] = {}
    seen: dict[str, Row] = {}
    for row in rows:
        if row["id"] in seen:
            problems.add(
                f"id «{row['id']}» stands also at {seen[row['id']].where}",
                row.where,
                rule="ids are unique",
                remedy="give the row an id of its own",
            )
            continue
        seen[row["id"]] = row
        obligation = _obligation(row, tables["articles"], problems)
        if obligation:
            obligations[obligation.id] = obligation
    _check_references(seen, tables, problems)
    return Catalogue(**edition, obligations=obligations), problems


def _edition(file: Path) -> dict[str, str]:
    content = read_toml(file)
    found = {key: content.get(key) for key in ("edition", "law_date")}
    problems = Problems()
    for key, value in found.items():
        if not isinstance(value, str) or not value:
            problems.add(f"{key} is missing or no text", str(file), remedy=f'write {key} = "..."')
    problems.stop()
    return {key: str(value) for key, value in found.items()}


def _obligation(row: Row, articles: Mapping[str, Row], problems: Problems) -> Obligation | None:
    before = len(problems.found)
    for column in _NEEDED:
        if not row[column]:
            problems.add(f"{column} is empty", row.where, remedy="fill in the cell")
    if row["id"] and not _ID.fullmatch(row["id"]):
        problems.add(f"id «{row['id']}» is not well-formed", row.where, rule="E15.4a or X2.3.2c")
    if row["ref"] and not _REF.fullmatch(row["ref"]):
        problems.add(
            f"ref «{row['ref']}» is not well-formed",
            row.where,
            rule="Art 15(4), Annex II 3.2(c) or D5.1 name",
        )
    if bool(row["remark_en"]) != bool(row["remark_nb"]):
        problems.add("the remark stands in one language only", row.where)
    for column, (set_name, many) in CODED.items():
        check_cell(row, column, set_name, problems, many=many)
    if row["threshold"] and not all(_DURATION.fullmatch(t) for t in row.words("threshold")):
        problems.add(
            f"threshold «{row['threshold']}» is not a duration", row.where, rule="ISO 8601: P3Y"
        )
    if row["weight"] not in {"1", "2", "3"}:
        problems.add(f"weight «{row['weight']}»", row.where, rule="1, 2 or 3")
    dates: dict[str, Any] = {
        c: _date(row, c, problems) for c in COLUMNS if c.endswith("_date") or "_date_" in c
    }
    dates["verified_on"] = _date(row, "verified_on", problems)
    unknown = [name for name in row.words("inferred") if name not in COLUMNS]
    if unknown:
        problems.add(f"inferred names no column: {' '.join(unknown)}", row.where)
    part = structure.part_of(row["ref"], articles)
    if part is None:
        problems.add(f"ref «{row['ref']}» lies in no chapter or annex", row.where)
    if len(problems.found) > before:
        return None
    words: dict[str, Any] = {
        c: row.words(c)
        for c in ("actors", "scopes", "categories", "roles", "verbs_any", "serves_any",
                  "deployment_any", "evidence_kinds", "waits_for", "depends_on", "xtehr",
                  "inferred")
    }  # fmt: skip
    texts: dict[str, Any] = {
        c: row[c]
        for c in ("id", "ref", "modality", "if_option", "title_en", "title_nb", "obligation_en",
                  "obligation_nb", "evidence_en", "evidence_nb", "threshold", "date_rule", "reeif",
                  "norwegian_law", "normen", "text_version", "remark_en", "remark_nb")
    }  # fmt: skip
    eu_date = dates.pop("eu_date")
    assert eu_date is not None
    assert part is not None
    return Obligation(
        **texts,
        **words,
        **dates,
        eu_date=eu_date,
        ehr_only=row["ehr_only"] == "yes",
        gate=row["gate"] == "yes",
        weight=int(row["weight"]),
        part=part,
        where=row.where,
    )


def _date(row: Row, column: str, problems: Problems) -> dt.date | None:
    if not row[column]:
        return None
    try:
        return day(row[column])
    except ValueError as error:
        problems.add(f"{column}: {error}", row.where)
        return None


def _check_references(
    rows: Mapping[str, Row], tables: structure.Tables, problems: Problems
) -> None:
    """Every id that a row points to exists; every date agrees with the row's date rule."""
    acts, xtehr, rules = tables["acts"], tables["xtehr"], tables["date_rules"]
    for row in rows.values():
        for column, known in (("depends_on", rows), ("waits_for", acts), ("xtehr", xtehr)):
            for target in row.words(column):
                if target not in known:
                    problems.add(f"{column}: there is no «{target}»", row.where)
        option = row["if_option"]
        if option and (option not in rows or rows[option]["modality"] != "O"):
            problems.add(f"if_option: «{option}» is not a national option", row.where)
        rule = rules.get(row["date_rule"])
        if rule and row["date_rule"] != "PROV":
            part = structure.part_of(row["ref"], tables["articles"])
            for column in ("eu_date", "eu_date_group_2", "eu_date_in_house"):
                given = rule[column]
                if column == "eu_date_in_house" and part not in _PRODUCT:
                    given = ""
                if row[column] != given:
                    problems.add(
                        f"{column} is «{row[column]}», the date rule gives «{given}»",
                        row.where,
                        rule=f"date rule {row['date_rule']}, Art 105",
                        remedy="correct the date or the rule",
                    )
