"""The narrative of a section: XHTML that FHIR admits, made from the entries and nothing else.

Only div, table, p and span are written, with lang and id; every text from a source is escaped, so
that hostile content stays text (FHIR R4 narrative, txt-1 and txt-2).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, Template

from ips.summary.phrases import Cell, Speaker
from ips.summary.rows import COLUMNS, OTHER, Row

TAGS = {"nb": "nb-NO", "en": "en"}
"""Language tags (BCP 47) of the documents."""


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        keep_trailing_newline=False,
    )
    return environment.get_template("section.xhtml.j2")


def columns(key: str, rows: Sequence[Row]) -> list[str]:
    """Return the columns of a section that at least one row fills; the first always."""
    names = COLUMNS.get(key, OTHER)
    return [names[0], *(name for name in names[1:] if any(row.get(name) for row in rows))]


def section_div(
    key: str,
    rows: Sequence[tuple[str, Row, bool]],
    speak: Speaker,
    empty: str = "",
) -> str:
    """Return the narrative of a section.

    Args:
        key: the section (``allergies``).
        rows: per entry an id for the row, its cells, and whether the patient is its source.
        speak: the language.
        empty: what to say when there are no rows.
    """
    heads = columns(key, [cells for _, cells, _ in rows])
    say = speak.words
    laid_out = []
    for id_, cells, by_person in rows:
        line = [_parts(cells.get(name, ())) for name in heads]
        if by_person:
            mark = ("", f" ({say['person-entered']})", "", "")
            line[0] = [*((("", line[0], "", ""),) if isinstance(line[0], str) else line[0]), mark]
        laid_out.append((id_, line))
    return _template().render(
        tag=TAGS[speak.lang],
        heads=[say[f"column.{name}"] for name in heads],
        rows=laid_out,
        label=say["original"],
        empty=empty,
    )


def _parts(cell: Cell) -> str | list[tuple[str, str, str, str]]:
    """Return a cell as the template takes it: words alone, or separator and parts of phrases."""
    if not cell:
        return "–"  # an empty element is written as <td/>, which careless browsers misread
    if len(cell) == 1 and not cell[0].lang and not cell[0].original:
        return cell[0].text
    return [("; " if n else "", *phrase) for n, phrase in enumerate(cell)]
