"""The narrative of a section: XHTML that FHIR admits, made from the entries and nothing else.

Only div, table, p and span are written, with lang and id; every text from a source is escaped, so
that hostile content stays text (FHIR R4 narrative, txt-1 and txt-2).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from ips.summary.phrases import Cell, Speaker
from ips.summary.rows import COLUMNS, OTHER, Row
from ips.summary.tables import words

TAGS = {"nb": "nb-NO", "en": "en"}
"""Language tags (BCP 47) of the documents."""

_ENTITIES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "'": "&#39;", '"': "&#34;"}
)  # fmt: skip


def _escaped(value: object) -> str:
    """Return text as XHTML; searching for a character is much faster than replacing it."""
    text = str(value)
    if "&" in text or "<" in text or ">" in text or "'" in text or '"' in text:
        return text.translate(_ENTITIES)
    return text


def columns(key: str, rows: Sequence[Row]) -> list[str]:
    """Return the columns of a section that at least one row fills; the first always."""
    names = COLUMNS.get(key, OTHER)
    filled = {name for row in rows for name, cell in row.items() if cell}
    return [names[0], *(name for name in names[1:] if name in filled)]


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
    opened = _opened(speak.lang)
    if not rows:
        return f"{opened}<p>{_escaped(empty)}</p></div>"
    names = columns(key, [cells for _, cells, _ in rows])
    label, by_person = _escaped(speak.words["original"]), _escaped(speak.words["person-entered"])
    parts = [opened, _head(speak.lang, tuple(names))]
    for id_, cells, entered in rows:
        line = [_cell(cells.get(name, ()), label) for name in names]
        if entered:
            line[0] += f" ({by_person})"
        parts.append(f'<tr id="{_escaped(id_)}"><td>{"</td><td>".join(line)}</td></tr>')
    parts.append("</tbody></table></div>")
    return "".join(parts)


@cache
def _opened(lang: str) -> str:
    return f'<div xmlns="http://www.w3.org/1999/xhtml" lang="{TAGS[lang]}" xml:lang="{TAGS[lang]}">'


@cache
def _head(lang: str, names: tuple[str, ...]) -> str:
    cells = "".join(f"<th>{_escaped(words(lang)[f'column.{name}'])}</th>" for name in names)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>"


def _cell(cell: Cell, label: str) -> str:
    """Return the content of a cell: its phrases, each marked where its language is another."""
    if not cell:
        return "–"  # an empty element is written as <td/>, which careless browsers misread
    if len(cell) == 1 and not (cell[0].lang or cell[0].original):
        return _escaped(cell[0].text)
    said = []
    for text, lang, original in cell:
        shown = _escaped(text)
        if lang:
            shown = f'<span lang="{lang}" xml:lang="{lang}">{shown}</span>'
        if original:
            shown += f' ({label}: <span lang="nb" xml:lang="nb">{_escaped(original)}</span>)'
        said.append(shown)
    return "; ".join(said)
