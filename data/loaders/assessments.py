"""Assessments: dated findings, each with status, level, evidence grade and source.

An assessment is a folder with ``assessment.toml`` and ``findings.csv``, and ``sources.csv`` where
it rests on documents of its own. It may extend another one: then a finding for the same system,
obligation and categories replaces the older finding.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import data
from data.errors import InputError, Problem, did_you_mean
from data.loaders.catalogue import Catalogue, catalogue
from data.loaders.codes import check_cell
from data.loaders.dates import end_of
from data.loaders.finding_checks import check_duplicates, date_of
from data.loaders.sources import Source, check_sources, joined, own, sources, split
from data.loaders.systems import System, systems
from data.loaders.tables import Problems, Row, read_csv, read_toml

COLUMNS = (
    "system", "obligation", "categories", "status", "level", "grade", "basis", "source",
    "section", "date", "planned_date", "comment_nb", "comment_en",
)  # fmt: skip
HEADER = ("id", "title_nb", "title_en", "as_of", "catalogue_edition", "assessor", "note_nb",
          "note_en")  # fmt: skip
OPTION_STATUS = frozenset({"used", "not-used", "undecided"})
LONGEST = 5000
"""Characters in a cell: several findings have to fit into one cell of a workbook (32,767)."""
LEVEL_STATUS = {"met": {3}, "partial": {1, 2}, "not-met": {0}}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one source supports about one obligation of one system.

    ``categories`` is empty when the finding covers every category that the row concerns.
    ``level`` is 0 to 3, None for national options. ``assessment`` is the assessment it stands in.
    ``documents`` are those of its sources that only the assessment's own register has.
    """

    system: str
    obligation: str
    categories: tuple[str, ...]
    status: str
    level: int | None
    grade: str
    basis: str
    source: str
    section: str
    date: dt.date
    planned_date: str
    comment_nb: str
    comment_en: str
    assessment: str
    where: str
    documents: tuple[Source, ...] = ()

    def comment(self, lang: str) -> str:
        """Return the comment in ``nb`` or ``en``."""
        return self.comment_nb if lang == "nb" else self.comment_en

    @property
    def planned(self) -> dt.date | None:
        """The last day of the planned period, or None when the source gives no plan."""
        return end_of(self.planned_date) if self.planned_date else None

    @property
    def key(self) -> tuple[str, str, tuple[str, ...]]:
        """What one assessment may hold only once."""
        return self.system, self.obligation, self.categories


@dataclass(frozen=True)
class Assessment:
    """A dated set of findings over a catalogue edition.

    ``sources`` are the documents of its own register, beside those of the product.
    """

    id: str
    title_nb: str
    title_en: str
    as_of: dt.date
    catalogue_edition: str
    assessor: str
    note_nb: str
    note_en: str
    extends: str
    findings: Sequence[Finding]
    sources: tuple[Source, ...] = ()

    @property
    def register(self) -> dict[str, Source]:
        """Every source that its findings may rest on, by id: the product's, then its own."""
        return {**sources(), **{source.id: source for source in self.sources}}

    def title(self, lang: str) -> str:
        """Return the title in ``nb`` or ``en``."""
        return self.title_nb if lang == "nb" else self.title_en

    def note(self, lang: str) -> str:
        """Return the note on scope and limits in ``nb`` or ``en``."""
        return self.note_nb if lang == "nb" else self.note_en


def shipped() -> list[str]:
    """Return the names of the assessments in the product, oldest first."""
    return sorted(p.parent.name for p in data.path("assessments").glob("*/assessment.toml"))


def find(name: str) -> Path:
    """Return the folder of an assessment: a path, or the name of a shipped one."""
    for folder in (Path(name), data.path("assessments", name)):
        if _is_assessment(folder):
            return folder
    known = ", ".join(shipped())
    raise InputError(
        Problem(
            f"there is no assessment «{name}»",
            rule="a folder with assessment.toml and findings.csv, or the name of a shipped one",
            remedy=f"shipped with the product: {known}",
        )
    )


def _is_assessment(folder: Path) -> bool:
    try:
        return (folder / "assessment.toml").is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def load(
    name: str,
    against: Catalogue | None = None,
    known: Mapping[str, System] | None = None,
) -> Assessment:
    """Read and check an assessment, with the one it extends.

    Args:
        name: a folder, or the name of a shipped assessment.
        against: the catalogue it is checked against; the shipped one by default.
        known: the systems it may name; the shipped ones by default.

    Raises:
        InputError: with everything that is wrong, by file and line.
    """
    return _load(find(name), against or catalogue(), known or systems(), ())


def load_all(
    names: Sequence[str],
    against: Catalogue | None = None,
    known: Mapping[str, System] | None = None,
) -> Assessment:
    """Read several assessments on top of each other; each replaces what it speaks of again.

    The header is that of the last one.

    Raises:
        InputError: with everything that is wrong in all of them.
    """
    catalogue_, systems_ = against or catalogue(), known or systems()
    problems = Problems()
    loaded: list[Assessment] = []
    for name in names:
        with problems.gather():
            loaded.append(load(name, catalogue_, systems_))
    problems.stop()
    findings: Sequence[Finding] = ()
    documents: tuple[Source, ...] = ()
    for name, assessment in zip(names, loaded, strict=True):
        findings = _merge(findings, assessment.findings, catalogue_, systems_)
        documents = joined(documents, assessment.sources, name, problems)
    problems.stop()
    return replace(loaded[-1], findings=findings, sources=documents)


def _load(
    folder: Path, against: Catalogue, known: Mapping[str, System], chain: tuple[Path, ...]
) -> Assessment:
    file = folder / "assessment.toml"
    if folder.resolve() in chain:
        raise InputError(Problem("the assessment extends itself", str(file)))
    problems = Problems()
    header = read_toml(file)
    as_of = _check_header(header, file, against, problems)
    base = header.get("extends", "")
    rows: list[Row] = []
    with problems.gather():
        rows = read_csv(folder / "findings.csv", COLUMNS, problems)
    below: Assessment | None = None
    if base and isinstance(base, str):
        with problems.gather():
            sibling = folder.parent / base
            target = sibling if _is_assessment(sibling) else find(base)
            below = _load(target, against, known, (*chain, folder.resolve()))
    if below and as_of and below.as_of > as_of:
        problems.add(
            f"as_of {as_of} lies before that of «{base}», which it extends ({below.as_of})",
            str(file),
        )
    documents: tuple[Source, ...] = ()
    with problems.gather():
        documents = own(folder, below.sources if below else (), problems)
    by_id = {source.id: source for source in documents}
    found = [
        _finding(row, str(header.get("id", "")), as_of, against, known, by_id, problems)
        for row in rows
    ]
    check_duplicates(rows, problems)
    problems.stop()
    assert as_of is not None
    mine = [finding for finding in found if finding]
    return Assessment(
        **{name: str(header[name]) for name in HEADER if name != "as_of"},
        as_of=as_of,
        extends=base,
        findings=_merge(below.findings if below else (), mine, against, known),
        sources=documents,
    )


def _check_header(
    header: dict[str, Any], file: Path, against: Catalogue, problems: Problems
) -> dt.date | None:
    for name in HEADER:
        if not header.get(name):
            problems.add(f"«{name}» is missing", str(file), remedy="add the line")
    for name, value in header.items():
        if name not in (*HEADER, "extends"):
            problems.add(f"unknown key «{name}»", str(file))
        elif name != "as_of" and not isinstance(value, str):
            problems.add(f"«{name}» is no text", str(file), remedy=f'write {name} = "..."')
    edition = header.get("catalogue_edition")
    if edition and edition != against.edition:
        problems.add(
            f"made for catalogue edition «{edition}», this is «{against.edition}»",
            str(file),
            rule="an assessment is judged against the edition it was made for",
            remedy="see what changed in CHANGELOG.md, check the findings, then change the edition",
        )
    as_of = header.get("as_of")
    if as_of is not None and type(as_of) is not dt.date:
        problems.add("as_of is not a date", str(file), remedy="write as_of = 2026-11-22")
        return None
    return as_of


def _finding(
    row: Row,
    assessment: str,
    as_of: dt.date | None,
    against: Catalogue,
    known: Mapping[str, System],
    documents: Mapping[str, Source],
    problems: Problems,
) -> Finding | None:
    register = {**sources(), **documents}
    before = len(problems.found)
    if row["system"] not in known:
        problems.add(
            f"unknown system «{row['system']}»",
            row.where,
            remedy=did_you_mean(row["system"], known, "ehds systems list"),
        )
    obligation = against.obligations.get(row["obligation"])
    if not obligation:
        problems.add(
            f"unknown obligation «{row['obligation']}»",
            row.where,
            remedy=did_you_mean(row["obligation"], against.obligations, "ehds catalogue list"),
        )
    for column in ("status", "grade", "basis"):
        check_cell(row, column, column, problems, many=False)
    check_cell(row, "categories", "category", problems, many=True)
    check_sources(row, problems, register)
    for column in COLUMNS:
        if len(row[column]) > LONGEST:
            problems.add(
                f"{column} has {len(row[column])} characters", row.where,
                rule=f"at most {LONGEST}: a cell of a workbook holds no more",
                remedy="shorten the text",
            )  # fmt: skip
    for column in ("section", "comment_nb", "comment_en"):
        if not row[column]:
            problems.add(
                f"{column} is empty", row.where, rule="section and both languages are needed",
                remedy="fill in the cell",
            )  # fmt: skip
    level = _level(row, obligation.modality if obligation else "S", problems)
    date = date_of(row, as_of, register, problems)
    if len(problems.found) > before:
        return None
    assert date is not None
    return Finding(
        **{
            c: row[c]
            for c in ("system", "obligation", "status", "grade", "basis", "source", "section",
                      "planned_date", "comment_nb", "comment_en")
        },
        categories=tuple(sorted(row.words("categories"))),
        level=level,
        date=date,
        assessment=assessment,
        where=row.where,
        documents=tuple(documents[n] for n in split(row["source"]) if n in documents),
    )  # fmt: skip


def _level(row: Row, modality: str, problems: Problems) -> int | None:
    """Return the level; status, level and modality have to agree."""
    status = row["status"]
    if modality in "CLN":
        problems.add(
            f"a finding on {row['obligation']}, which is no duty of a system",
            row.where,
            rule="Commission tasks, scope rules and recommendations are not assessed",
            remedy="leave the row out",
        )
        return None
    if status == "not-assessed":
        problems.add(
            "«not-assessed» is written as no row at all", row.where, remedy="leave the row out"
        )
        return None
    if status not in OPTION_STATUS and status not in LEVEL_STATUS:
        return None  # told by the closed set
    if (modality == "O") != (status in OPTION_STATUS):
        allowed = sorted(OPTION_STATUS) if modality == "O" else list(LEVEL_STATUS)
        problems.add(
            f"status «{status}» does not fit {row['obligation']}",
            row.where,
            rule=f"{'national option' if modality == 'O' else 'duty'}: {', '.join(allowed)}",
        )
        return None
    if modality == "O":
        if row["level"]:
            problems.add("a national option has no level", row.where, remedy="empty the cell")
        return None
    if not row["level"].isdecimal() or int(row["level"]) not in LEVEL_STATUS[status]:
        allowed_levels = " or ".join(map(str, sorted(LEVEL_STATUS[status])))
        problems.add(
            f"level «{row['level']}» does not fit status «{status}»",
            row.where,
            rule=f"{status}: level {allowed_levels}",
        )
        return None
    return int(row["level"])


def _merge(
    below: Sequence[Finding],
    own: Sequence[Finding],
    against: Catalogue,
    known: Mapping[str, System],
) -> tuple[Finding, ...]:
    """Newer findings replace those below them for the categories that both speak of.

    What a newer finding leaves out stays: an older finding keeps its remaining categories.
    """
    newer: dict[tuple[str, str], list[Finding]] = {}
    for finding in own:
        newer.setdefault((finding.system, finding.obligation), []).append(finding)
    kept = []
    for old in below:
        new = newer.get((old.system, old.obligation), [])
        if not new:
            kept.append(old)
            continue
        of_cell = set(against.obligations[old.obligation].categories) & set(
            known[old.system].categories
        )
        replaced = {c for f in new for c in (f.categories or of_cell)}
        remaining = tuple(sorted(set(old.categories or of_cell) - replaced))
        if remaining and all(f.categories for f in new):
            kept.append(replace(old, categories=remaining))
    return tuple(sorted([*kept, *own], key=lambda f: f.key))
