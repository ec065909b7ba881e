"""From the lines of a file to edits: every row checked, what was not touched left out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from data.errors import did_you_mean
from data.loaders.assessments import LEVEL_STATUS, OPTION_STATUS
from data.loaders.catalogue import Catalogue, Obligation
from data.loaders.sources import Source, sources, split
from data.loaders.systems import System
from data.loaders.tables import Problems
from gap.applicability import cell_categories
from gap.worksheet import fields, values
from gap.worksheet.page import Line, Page


@dataclass(frozen=True, slots=True)
class Edit:
    """One row that says something else than at export.

    Attributes:
        file: the file it stands in.
        sha256: of that file.
        who: who assessed, or empty where nobody said.
        where: the address of the row.
        system: the system.
        obligation: the obligation.
        base: the categories of the finding at export; None for a row that was added.
        ground: what the row stood on at export.
        inputs: what it says now by input column; None takes the finding out.
    """

    file: str
    sha256: str
    who: str
    where: str
    system: str
    obligation: str
    base: tuple[str, ...] | None
    ground: str
    inputs: Mapping[str, str] | None


@dataclass(frozen=True)
class Ground:
    """What rows are checked against: catalogue, systems, the day of the import, the sources."""

    catalogue: Catalogue
    systems: Mapping[str, System]
    day: dt.date
    sources: Mapping[str, Source] = field(default_factory=sources)


@dataclass(frozen=True, slots=True)
class _Key:
    system: str
    obligation: str
    base: tuple[str, ...] | None
    ground: str


def edits(page: Page, who: str, ground: Ground, problems: Problems) -> tuple[list[Edit], list[str]]:
    """Return the edits of a file, and what is remarkable about its rows.

    Args:
        page: the file.
        who: who assessed; the file's own answer when empty.
        ground: what it is checked against.
        problems: gets everything that is wrong, with addresses.
    """
    found: list[Edit] = []
    seen: dict[tuple[str, str, tuple[str, ...]], Line] = {}
    editions: dict[str, Line] = {}
    for line in page.lines:
        before = len(problems.found)
        key = _key(line, ground, problems)
        if key and key.ground and not key.ground.startswith(f"{ground.catalogue.edition}:"):
            editions.setdefault(key.ground.partition(":")[0], line)
            continue
        if key and key.base is not None:
            _note_copy((key.system, key.obligation, key.base), line, seen, problems)
        inputs = {
            name: values.read(name, line[name], problems, ground.sources) for name in fields.INPUTS
        }
        if not key or len(problems.found) > before:
            continue
        said = {name: text for name, text in inputs.items() if text is not None}
        if _untouched(key, said, ground):
            continue
        wanted = _wanted(key, said, line, ground, problems)
        if len(problems.found) == before:
            found.append(
                Edit(page.file, page.sha256, who or page.assessor, line.where, key.system,
                     key.obligation, key.base, key.ground, wanted)
            )  # fmt: skip
    for edition, line in editions.items():
        problems.add(
            f"exported for catalogue edition «{edition}», this is «{ground.catalogue.edition}»",
            line["key.ground"].where, rule="a row is judged against the edition it was made for",
            remedy="export again, and copy the filled-in cells over",
        )  # fmt: skip
    return found, [*page.notices, *_deleted(page, seen)]


def _deleted(page: Page, seen: Mapping[tuple[str, str, tuple[str, ...]], Line]) -> list[str]:
    """Tell which exported rows the file no longer has: a deleted row says nothing."""
    here = {row_key(*key) for key in seen}
    gone = sorted((page.exported or frozenset()) - here)
    if not gone:
        return []
    named = ", ".join(" ".join(k.split("|")).strip() for k in gone[:5])
    more = f" and {len(gone) - 5} more" if len(gone) > 5 else ""
    return [f"{len(gone)} exported rows are not in the file, and stay as they are: {named}{more}"]


def row_key(system: str, obligation: str, categories: Sequence[str]) -> str:
    """Return the key of a row as one text."""
    return f"{system}|{obligation}|{' '.join(categories)}"


def _note_copy(
    key: tuple[str, str, tuple[str, ...]], line: Line,
    seen: dict[tuple[str, str, tuple[str, ...]], Line], problems: Problems,
) -> None:  # fmt: skip
    if key in seen:
        problems.add(
            f"a copy of the row for {key[0]} {key[1]}", line.where,
            rule="each row stands once",
            remedy=f"delete it (the other is {seen[key].where}), or use an empty row at the end",
        )  # fmt: skip
    seen.setdefault(key, line)


def _key(line: Line, ground: Ground, problems: Problems) -> _Key | None:
    """Return what the row is about, from its hidden keys or, for an added row, what is typed."""
    before = len(problems.found)
    texts = {name: values.plain(line[name]) for name in (*fields.KEYS, "system", "obligation")}
    for name, text in texts.items():
        if text is None:
            problems.add(f"{name}: no plain text", line[name].where, rule="keys are not edited",
                         remedy="undo, or copy the cells into a fresh export")  # fmt: skip
    if len(problems.found) > before:
        return None
    said = {name: text or "" for name, text in texts.items()}
    keyed = any(said[name] for name in fields.KEYS)
    if not keyed:
        return _typed(line, said, ground, problems)
    system, obligation = said["key.system"], said["key.obligation"]
    for name, known in (
        ("key.system", ground.systems),
        ("key.obligation", ground.catalogue.obligations),
    ):
        if said[name] not in known:
            problems.add(f"{name}: there is no «{said[name]}»", line[name].where,
                         rule="keys are not edited",
                         remedy="undo, or copy the cells into a fresh export")  # fmt: skip
    if not said["key.ground"]:
        problems.add("key.ground is empty", line["key.ground"].where, rule="keys are not edited",
                     remedy="undo, or copy the cells into a fresh export")  # fmt: skip
    if len(problems.found) > before:
        return None
    shown = {_folded(n) for n in _names(ground.systems[system])}
    if _folded(said["system"]) not in shown or said["obligation"] != obligation:
        problems.add(
            f"the row shows {said['system']} {said['obligation']}, its hidden key says "
            f"{system} {obligation}", line.where,
            rule="a row is sorted as a whole",
            remedy="undo the sorting of single columns, or copy the cells into a fresh export",
        )  # fmt: skip
        return None
    return _Key(system, obligation, tuple(said["key.categories"].split()), said["key.ground"])


def _names(system: System) -> tuple[str, str, str]:
    return system.id, fields.canonical(system.name_nb), fields.canonical(system.name_en)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _typed(line: Line, said: Mapping[str, str], ground: Ground, problems: Problems) -> _Key | None:
    """Return the key of a row that somebody added: system and obligation are typed or chosen."""
    by_name = {_folded(n): s.id for s in ground.systems.values() for n in _names(s)}
    system = by_name.get(_folded(said["system"]))
    if not system:
        problems.add(
            f"system: there is no «{said['system'][:60]}»" if said["system"] else "system is empty",
            line["system"].where,
            remedy=did_you_mean(said["system"], ground.systems, "ehds systems list"),
        )  # fmt: skip
    known = ground.catalogue.obligations
    if said["obligation"] not in known:
        problems.add(
            f"obligation: there is no «{said['obligation'][:60]}»" if said["obligation"]
            else "obligation is empty", line["obligation"].where,
            remedy=did_you_mean(said["obligation"], known, "ehds catalogue list"),
        )  # fmt: skip
        return None
    return _Key(system, said["obligation"], None, "") if system else None


def _untouched(key: _Key, said: Mapping[str, str], ground: Ground) -> bool:
    if key.base is None:
        return False
    if (
        fields.ground(key.system, key.obligation, key.base, said, ground.catalogue.edition)
        == key.ground
    ):
        return True
    nothing = not any(text for name, text in said.items() if name not in ("categories", "status"))
    return nothing and said["status"] in ("", fields.NOT_ASSESSED) and _was_blank(key, ground)


def _was_blank(key: _Key, ground: Ground) -> bool:
    """Whether nobody had assessed the row at export."""
    if key.base is None:
        return True
    return key.ground == fields.ground(
        key.system, key.obligation, key.base, fields.blank(key.base), ground.catalogue.edition
    )


def _wanted(
    key: _Key, said: Mapping[str, str], line: Line, ground: Ground, problems: Problems
) -> dict[str, str] | None:
    """Return what the row asks for; None takes the finding out. What is wrong is noted."""
    if said["status"] == fields.NOT_ASSESSED:
        if _was_blank(key, ground):
            problems.add(
                "status: a row that is not assessed keeps nothing else", line["status"].where,
                rule="without a source there is no finding",
                remedy="empty the other cells, or choose another status",
            )  # fmt: skip
        return None
    if not said["status"]:
        problems.add(
            "status is empty", line["status"].where, rule="an emptied row takes nothing out",
            remedy="choose a status; «ikke vurdert» (not assessed) takes the finding out",
        )  # fmt: skip
        return None
    obligation = ground.catalogue.obligations[key.obligation]
    allowed = {*cell_categories(obligation, ground.systems[key.system]), *(key.base or ())}
    strange = values.outside(said["categories"], allowed)
    if strange:
        problems.add(
            f"categories: «{' '.join(strange)}» is not a category of this row",
            line["categories"].where,
            rule=f"of: {' '.join(sorted(allowed)) or 'none, the row speaks of no category'}",
            remedy="choose from the list of the cell; empty is all of them",
        )  # fmt: skip
    for name in fields.NEEDED:
        if not said[name]:
            problems.add(f"{name} is empty", line[name].where,
                         rule="a finding needs it", remedy="fill in the cell")  # fmt: skip
    _check_level(obligation, said, line, problems)
    _check_date(said, line, ground, problems)
    return dict(said)


def _check_level(
    obligation: Obligation, said: Mapping[str, str], line: Line, problems: Problems
) -> None:
    """Status, level and modality have to agree, as the loader of assessments asks."""
    status, level = said["status"], said["level"]
    if obligation.modality in "CLN":
        problems.add(
            f"a finding on {obligation.id}, which is no duty of a system", line["status"].where,
            rule="Commission tasks, scope rules and recommendations are not assessed",
            remedy="empty the row",
        )  # fmt: skip
        return
    option = obligation.modality == "O"
    if option != (status in OPTION_STATUS):
        problems.add(
            f"status: «{status}» does not fit {obligation.id}", line["status"].where,
            rule=("a national option is: " + ", ".join(sorted(OPTION_STATUS))) if option
            else "a duty is: " + ", ".join(LEVEL_STATUS),
            remedy="choose from the list of the cell",
        )  # fmt: skip
    elif option and level:
        problems.add("level: a national option has none", line["level"].where,
                     remedy="empty the cell")  # fmt: skip
    elif not option and (not level or int(level) not in LEVEL_STATUS[status]):
        fitting = " or ".join(map(str, sorted(LEVEL_STATUS[status])))
        problems.add(
            f"level: «{level}» does not fit status «{status}»" if level else "level is empty",
            line["level"].where, rule=f"{status}: level {fitting}",
            remedy="change the level or the status",
        )  # fmt: skip


def _check_date(said: Mapping[str, str], line: Line, ground: Ground, problems: Problems) -> None:
    if not said["date"]:
        return
    date = dt.date.fromisoformat(said["date"])
    where = line["date"].where
    if date > ground.day:
        problems.add(f"date: {date} lies after the day of the assessment ({ground.day})", where,
                     remedy="correct the date, or give a later day with --date")  # fmt: skip
    for name in split(said["source"]):
        published = ground.sources[name].date
        if published and date < published:
            problems.add(
                f"date: {date} lies before the source {name} ({published})", where,
                rule="a finding is not older than its source", remedy="use the date of the source",
            )  # fmt: skip
