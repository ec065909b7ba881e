"""The very hidden sheet: what the drop-downs offer, and the keys of the exported rows."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xlsxwriter.utility import xl_col_to_name

from data.loaders.assessments import OPTION_STATUS
from data.loaders.codes import closed_sets
from gap.worksheet.edits import row_key
from gap.worksheet.fields import NOT_ASSESSED
from gap.worksheet.selection import SheetRow
from gap.worksheet.xlsx import LISTS
from reports.assessment_book import new_sources
from reports.assessment_book.forms import Forms
from reports.texts import Texts
from reports.workbook.book import formula, put


@dataclass(frozen=True, slots=True)
class Lists:
    """Where each list stands, as the source of a drop-down."""

    places: dict[str, str]

    def __getitem__(self, name: str) -> str:
        """Return the range of a list as a formula."""
        return self.places[name]


def combinations(categories: Sequence[str]) -> list[str]:
    """Return every choice of categories, the short ones first."""
    return [
        " ".join(chosen)
        for n in range(1, len(categories) + 1)
        for chosen in itertools.combinations(categories, n)
    ]


def write(forms: Forms, rows: Sequence[SheetRow], sources: Iterable[str]) -> Lists:
    """Write the lists and return where they stand.

    Args:
        forms: formats and texts.
        rows: the rows of the table.
        sources: ids of the register; those on the sheet of new sources follow them.
    """
    t = forms.t
    sheet = forms.workbook.add_worksheet(LISTS)
    sheet.very_hidden()
    places = {}
    values: Sequence[str | int]
    for column, (name, values) in enumerate(_content(rows, tuple(sources), t).items()):
        put(sheet, 0, column, name)
        for offset, value in enumerate(values, start=1):
            put(sheet, offset, column, value)
        last = len(values)
        for text in new_sources.ids(t) if name == "source" else ():
            last += 1
            formula(sheet, last, column, text, "", forms.key)
        letter = xl_col_to_name(column)
        places[name] = f"='{LISTS}'!${letter}$2:${letter}${max(2, last + 1)}"
    sheet.protect()
    return Lists(places)


def _content(
    rows: Sequence[SheetRow], sources: Sequence[str], t: Texts
) -> dict[str, Sequence[str | int]]:
    status = closed_sets()["status"]
    lists: dict[str, Sequence[str | int]] = {
        "status.duty": [c.label(t.lang) for c in status.values() if c.code not in OPTION_STATUS],
        "status.option": [
            c.label(t.lang) for c in status.values() if c.code in OPTION_STATUS | {NOT_ASSESSED}
        ],
        "status": [c.label(t.lang) for c in status.values()],
        "level": [0, 1, 2, 3],
        "grade": [c.label(t.lang) for c in closed_sets()["grade"].values()],
        "basis": [c.label(t.lang) for c in closed_sets()["basis"].values()],
        "source": sources,
        "systems": list(dict.fromkeys(r.system.name(t.lang) for r in rows)),
        "obligations": sorted({r.obligation.id for r in rows}),
        "categories": combinations(tuple(closed_sets()["category"])),
        "keys": [row_key(r.system.id, r.obligation.id, r.categories) for r in rows],
    }
    for allowed in sorted({r.allowed for r in rows if r.allowed}):
        lists[f"categories {' '.join(allowed)}"] = combinations(allowed)
    return lists
