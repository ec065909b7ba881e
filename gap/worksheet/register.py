"""Documents that assessors have read and the register does not know: taken from their files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from data.loaders.sources import COLUMNS, ONE_DOCUMENT, Source, another, faults, made
from data.loaders.tables import Problems
from gap.worksheet import values
from gap.worksheet.page import Line, Page


@dataclass(frozen=True, slots=True)
class NewSource:
    """A document that files register; ``where`` are the rows that say so, the same in all.

    Attributes:
        source: the document.
        file: the first file that has it.
        sha256: of that file.
        who: who assessed there, or empty.
        where: addresses of the rows.
    """

    source: Source
    file: str
    sha256: str
    who: str
    where: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Register:
    """What findings of the files may rest on.

    Attributes:
        known: every source by id, the new ones too; also those whose row is wrong, so that a
            wrong row is told once.
        new: the documents that nobody had registered.
    """

    known: Mapping[str, Source]
    new: tuple[NewSource, ...]


def collect(
    pages: Iterable[Page], who: str, registered: Mapping[str, Source], problems: Problems
) -> Register:
    """Return the register with what the files add to it.

    Args:
        pages: the files.
        who: who assessed; each file's own answer when empty.
        registered: what is registered already.
        problems: gets what is wrong, with the address of the cell.
    """
    known = dict(registered)
    new: dict[str, NewSource] = {}
    for page in pages:
        for line in page.sources:
            source, sound = _read(line, problems)
            before = known.setdefault(source.id, source)
            if not sound:
                continue
            if before != source:
                problems.add(another(before), line["id"].where, *ONE_DOCUMENT)
            elif source.id not in registered:
                earlier = new.get(source.id)
                new[source.id] = NewSource(
                    source, earlier.file if earlier else page.file,
                    earlier.sha256 if earlier else page.sha256,
                    earlier.who if earlier else who or page.assessor,
                    (*(earlier.where if earlier else ()), line.where),
                )  # fmt: skip
    return Register(known, tuple(new.values()))


def _read(line: Line, problems: Problems) -> tuple[Source, bool]:
    """Return the source of a row, and whether nothing is wrong with it."""
    read = {name: values.read(name, line[name], problems) for name in COLUMNS}
    cells = {name: text or "" for name, text in read.items()}
    wrong = [f for f in faults(cells) if read[f.column] is not None]
    for fault in wrong:
        problems.add(fault.what, line[fault.column].where, fault.rule, fault.remedy)
    return made(cells), not wrong and None not in read.values()
