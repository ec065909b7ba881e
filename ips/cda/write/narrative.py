"""The narrative of a section: a table with one row per entry, and the sender's own words.

The rows come from the entries themselves; every row and every cell has an ID, so that the coded
entries can point to their words (CDA R2 4.3.5). A narrative that says more than its entries (FHIR
``text.status`` other than ``generated``) or that has none is taken over as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from ips.cda.names import words
from ips.cda.write.context import Anchor, Context, Resource
from ips.cda.write.element import Element, add, printable
from ips.cda.write.spoken import Spoken, say
from ips.summary.kinds import is_person_entered
from ips.summary.narrative import columns
from ips.summary.phrases import Cell
from ips.summary.rows import Row, row

Html = etree._Element


@dataclass
class Table:
    """The rows of one FHIR section.

    Attributes:
        key: key of the columns (``allergies``).
        entries: the resources, in order.
        path: where the section stands in the source.
        prefix: start of the IDs.
        supply: what is to be handed over, or was, for each entry; none in a summary.
    """

    key: str
    entries: Sequence[tuple[str, Resource]]
    prefix: str
    caption: str = ""
    supply: Sequence[Cell] = ()
    rows: list[Row] = field(default_factory=list)


def write_table(
    parent: Element, table: Table, context: Context, obligations: tuple[str, ...]
) -> Mapping[int, Anchor]:
    """Append the table of a section and return where each resource stands, by object id."""
    table.rows = [_row(one, context) for _, one in table.entries]
    for cells, supply in zip(table.rows, table.supply, strict=False):
        cells["supply"] = supply
    heads = _heads(table)
    if table.caption:
        add(parent, "paragraph", table.caption)
    shown = add(parent, "table")
    head = add(add(shown, "thead"), "tr")
    for name in heads:
        said = context.speak.words.get(f"column.{name}")
        add(head, "th", said or words(context.lang)[f"column.{name}"])
    body = add(shown, "tbody")
    anchors = {}
    mark = words(context.lang)["original"]
    for number, ((path, resource), cells) in enumerate(
        zip(table.entries, table.rows, strict=True), 1
    ):
        here = f"{table.prefix}-{number}"
        line = add(body, "tr", ID=here)
        ids, spoken = {}, {}
        for name in heads:
            cell = add(line, "td")
            if cells.get(name):
                ids[name] = f"{here}-{name}"
                cell.set("ID", ids[name])
                cell.text = printable(say(cells[name], mark))
                spoken[name] = Spoken(cell, ids[name], cells[name], mark)
        if is_person_entered(resource, context.patient):
            _mark(line, context)
        anchors[id(resource)] = Anchor(here, ids, obligations, path, spoken)
    return anchors


def _heads(table: Table) -> list[str]:
    """Return the columns: those of a summary, and what a reader of CDA has no other place for."""
    heads = columns(table.key, table.rows)
    for name, before in (("supply", "period"), ("site", "note")):
        if name not in heads and any(one.get(name) for one in table.rows):
            heads.insert(heads.index(before) if before in heads else len(heads), name)
    return heads


def _row(resource: Resource, context: Context) -> Row:
    try:
        made = row(resource, context.speak, context.resolve)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError):
        # A foreign resource of a strange shape: it keeps a row, with its type as words.
        made = {}
    site = resource.get("bodySite")
    if site and not made.get("site"):
        # The side of the body is in the words only (FHIR R4 has no laterality).
        made["site"] = context.speak.concepts(site if isinstance(site, list) else [site])
    rule = resource.get("policyRule")
    if isinstance(rule, dict) and rule.get("text"):
        # What a directive says: the row of a summary has it in its entry only.
        said = context.speak.said(str(rule["text"]))
        made["note"] = (*made.get("note", ()), *(p for p in said if p not in made.get("note", ())))
    return made if any(made.values()) else dict.fromkeys(_FIRST, context.speak.said(
        str(resource.get("resourceType", "")))
    )  # fmt: skip


_FIRST = ("substance", "problem", "medicine", "vaccine", "name", "procedure", "device", "alert",
          "directive", "plan", "description")  # fmt: skip


def _mark(line: Element, context: Context) -> None:
    first = line.parts[0]
    first.text = f"{first.text or ''} ({words(context.lang)['entered-by-patient']})".strip()


_KEPT = {
    "p": "paragraph", "div": "paragraph", "h1": "paragraph", "h2": "paragraph", "h3": "paragraph",
    "h4": "paragraph", "h5": "paragraph", "h6": "paragraph", "blockquote": "paragraph",
    "pre": "paragraph", "dt": "paragraph", "dd": "paragraph",
}  # fmt: skip
_CELLS = ("th", "td")
_ROWS = ("thead", "tbody", "tfoot")


def write_div(parent: Element, div: str, prefix: str) -> bool:
    """Append what a FHIR narrative says, as paragraphs, lists and tables of CDA.

    Only structure and text are taken over: no links, images, styles or scripts. IDs are left out,
    because the entries point to rows of our own.

    Returns:
        whether it said anything.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, recover=True,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        source = etree.fromstring(div.encode("utf-8", "replace"), parser) if div else None
    except (etree.XMLSyntaxError, ValueError):
        source = None
    if source is None:
        bare = " ".join(re.sub("<[^>]*>", " ", div).split())
        if bare:
            add(parent, "paragraph", bare, ID=prefix)
        return bool(bare)
    before = len(parent.parts)
    _blocks(parent, source)
    written = len(parent.parts) > before
    if written:
        parent.parts[before].set("ID", prefix)
    return written


def _name(element: Html) -> str:
    return etree.QName(element).localname.lower() if isinstance(element.tag, str) else ""


def _blocks(parent: Element, source: Html) -> None:
    """Append the blocks of an element; loose text between them becomes paragraphs."""
    loose: list[str] = [source.text or ""]
    for child in source:
        name = _name(child)
        if name == "table":
            _flush(parent, loose)
            _table(parent, child)
        elif name in ("ul", "ol"):
            _flush(parent, loose)
            _list(parent, child)
        elif name in _KEPT or name in ("dl", "section", "article"):
            _flush(parent, loose)
            _blocks(parent, child)
        elif name not in ("script", "style"):
            loose.append("\n" if name == "br" else _text(child))
        loose.append(child.tail or "")
    _flush(parent, loose)


def _flush(parent: Element, loose: list[str]) -> None:
    for line in "".join(loose).split("\n\n"):
        said = " ".join(line.split())
        if said:
            add(parent, "paragraph", said)
    loose.clear()


def _text(element: Html) -> str:
    if _name(element) in ("script", "style"):
        return ""
    pieces = [element.text or ""]
    for child in element:
        pieces += [" " if _name(child) in ("br", "p", "li", "div") else "", _text(child),
                   child.tail or ""]  # fmt: skip
    return "".join(pieces)


def _list(parent: Element, source: Html) -> None:
    items = [said for child in source if (said := " ".join(_text(child).split()))]
    if items:
        element = add(parent, "list", listType="ordered" if _name(source) == "ol" else "unordered")
        for said in items:
            add(element, "item", said)


def _table(parent: Element, source: Html) -> None:
    lines = [line for line in source.iter() if _name(line) == "tr"]
    caption = next((c for c in source if _name(c) == "caption"), None)
    if caption is not None and _text(caption).strip():
        add(parent, "paragraph", " ".join(_text(caption).split()))
    rows = [(_is_head(line), list(_line(line))) for line in lines]
    rows = [(head, cells) for head, cells in rows if cells]
    if not rows:
        return
    element = add(parent, "table")
    heads = [cells for head, cells in rows if head]
    if heads and len(heads) < len(rows):
        _write_lines(add(element, "thead"), heads, "th")
        rows = [one for one in rows if not one[0]]
    _write_lines(add(element, "tbody"), [cells for _, cells in rows], "td")


def _is_head(line: Html) -> bool:
    parent = line.getparent()
    return parent is not None and _name(parent) == "thead"


def _line(line: Html) -> Iterable[str]:
    return (" ".join(_text(cell).split()) for cell in line if _name(cell) in _CELLS)


def _write_lines(parent: Element, lines: Iterable[Sequence[str]], name: str) -> None:
    for cells in lines:
        line = add(parent, "tr")
        for said in cells:
            add(line, name, said)
