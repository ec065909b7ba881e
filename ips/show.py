"""A summary for a clinician's eyes: ours or another country's, as rows and as text.

What comes in may be broken or hostile: nothing here trusts the shape of an entry, and no control
character of a document reaches a terminal.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from data.errors import InputError, Problem
from ips.show_prescriptions import composition_of, supply, title_of
from ips.summary.header import person_name
from ips.summary.kinds import is_person_entered
from ips.summary.narrative import columns
from ips.summary.phrases import Cell, Phrase, Speaker
from ips.summary.rows import COLUMNS, OTHER, Resolve, Row, row
from ips.summary.tables import section_by_loinc

Resource = dict[str, Any]

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_NORWEGIAN = "urn:oid:2.16.578."


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One entry: its cells by column, and whether the patient is its source."""

    cells: Mapping[str, Cell]
    by_person: bool = False


@dataclass(frozen=True, slots=True)
class ShownSection:
    """One section.

    Attributes:
        key: our name of the section, its LOINC code where we have none.
        title: our title, or the sender's.
        heads: columns that have content, as keys of ``column.*``.
        rows: the entries.
        narrative: the XHTML that the sender wrote, not to be trusted.
        words: the same as plain lines.
    """

    key: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[ShownRow, ...]
    narrative: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A document in the order in which it is read.

    Attributes:
        title: its title.
        name: the patient's name.
        facts: label key (``show.born``) and value, about patient and document.
        sections: its sections.
        speak: the language, with what the sources wrote in.
    """

    title: str
    name: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[ShownSection, ...]
    speak: Speaker


def view(bundle: Resource, lang: str = "nb") -> Shown:
    """Return a Bundle as it is shown.

    Args:
        bundle: a document, or prescriptions or dispensations, as ``read_document`` gives it.
        lang: ``nb`` or ``en``.

    Raises:
        InputError: not a document with a Composition, nor a Bundle of prescriptions.
    """
    entries = [e for e in _dicts(bundle.get("entry")) if isinstance(e.get("resource"), dict)]
    resources = [entry["resource"] for entry in entries]
    composition = next((r for r in resources if r.get("resourceType") == "Composition"), None)
    composition = composition or composition_of(entries, lang)
    if bundle.get("resourceType") != "Bundle" or composition is None:
        raise InputError(
            Problem("this is no document: a Bundle with a Composition, prescriptions or "
                    "dispensations is needed", "resourceType",
                    remedy="give a patient summary (IPS, EPS) or a prescription (MPD)")
        )  # fmt: skip
    index = _index(entries)
    patient: Resource = next((r for r in resources if r.get("resourceType") == "Patient"), {})
    speak = Speaker(lang, _source_language(patient, composition))
    urls = {url for url, r in index.items() if r is patient}
    sections = tuple(
        _section(section, index, urls, speak) for section in _dicts(composition.get("section"))
    )
    return Shown(
        title=_text(composition.get("title")) or speak.words["title"],
        name=_safely(person_name, patient) or speak.words["no-name"],
        facts=tuple(_facts(bundle, composition, patient, index, speak)),
        sections=sections,
        speak=speak,
    )


def _dicts(value: Any) -> list[Resource]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _safely(make: Any, *arguments: Any) -> Any:
    """Return what a function makes of foreign data, or nothing where the data has no such shape."""
    try:
        return make(*arguments)
    except (AttributeError, TypeError, KeyError, ValueError, IndexError):
        return None


def _index(entries: list[Resource]) -> dict[str, Resource]:
    index: dict[str, Resource] = {}
    for entry in entries:
        resource = entry["resource"]
        name = f"{resource.get('resourceType')}/{resource.get('id')}"
        for key in (entry.get("fullUrl"), name):
            if isinstance(key, str):
                index.setdefault(key, resource)
    return index


def _source_language(patient: Resource, composition: Resource) -> str:
    """Return the language that the sources wrote in: Norwegian for a Norwegian identity."""
    if any(
        _text(i.get("system")).startswith(_NORWEGIAN) for i in _dicts(patient.get("identifier"))
    ):
        return "nb"
    return _text(composition.get("language")).split("-")[0].lower()


def _section(
    section: Resource, index: dict[str, Resource], patient: set[str], speak: Speaker
) -> ShownSection:
    code = next((_text(c.get("code")) for c in _codings(section)), "")
    known = section_by_loinc().get(code)
    rows = [
        one for entry in _dicts(section.get("entry")) for one in _rows(entry, index, patient, speak)
    ]
    key = known.key if known else code
    cells: list[Row] = [dict(one.cells) for one in rows]
    narrative = section.get("text")
    div = _text(narrative.get("div")) if isinstance(narrative, dict) else ""
    heads = tuple(columns(key if key in COLUMNS else _nearest(cells), cells)) if rows else ()
    return ShownSection(
        key=key,
        title=known.titles[speak.lang]
        if known
        else title_of(code, speak.lang) or _text(section.get("title")) or code,
        heads=heads,
        rows=tuple(_named(one, heads, speak) for one in rows),
        narrative=div,
        words=tuple(narrative_lines(div)),
    )


def _nearest(rows: list[Row]) -> str:
    """Return the table whose columns show most of the cells; none of a summary in case of doubt."""
    filled = [name for row in rows for name, cell in row.items() if cell]
    return max(
        ("", *COLUMNS), key=lambda key: sum(name in COLUMNS.get(key, OTHER) for name in filled)
    )


def _named(one: ShownRow, heads: tuple[str, ...], speak: Speaker) -> ShownRow:
    """Return a row that says what it is about, also where its kind is strange to the section."""
    if one.cells.get(heads[0]):
        return one
    said = next((one.cells[name] for name in _FIRST if one.cells.get(name)), None)
    if said:
        return ShownRow({**one.cells, heads[0]: said}, one.by_person)
    return one if any(map(one.cells.get, heads)) else _note("unreadable", speak)


def _codings(section: Resource) -> list[Resource]:
    code = section.get("code")
    return _dicts(code.get("coding")) if isinstance(code, dict) else []


def _note(key: str, speak: Speaker) -> ShownRow:
    """Return a row that says why there is nothing to read."""
    said = (Phrase(speak.words[f"show.{key}"]),)
    return ShownRow(dict.fromkeys(_FIRST, said))


def _rows(
    entry: Resource, index: dict[str, Resource], patient: set[str], speak: Speaker
) -> list[ShownRow]:
    """Return the rows of a section entry; a document reference gives those it stands for."""

    def resolve(reference: Any) -> Resource:
        url = reference.get("reference") if isinstance(reference, dict) else None
        if not isinstance(url, str):
            return {}
        return index.get(url) or index.get("/".join(url.split("/")[-2:])) or {}

    resource = resolve(entry)
    if not resource:
        return [_note("missing", speak)]
    inner = [resource]
    if resource.get("resourceType") == "DocumentReference":
        context = resource.get("context")
        related = _dicts(context.get("related")) if isinstance(context, dict) else []
        inner = [found for found in map(resolve, related) if found] or inner
    shown = []
    for one in inner:
        cells = _safely(_cells, one, speak, resolve)
        mine = any(_safely(is_person_entered, one, url) for url in patient)
        shown.append(ShownRow(cells, mine) if _is_sound(cells) else _note("unreadable", speak))
    return shown


def _cells(resource: Resource, speak: Speaker, resolve: Resolve) -> Row:
    made = row(resource, speak, resolve)
    given = supply(resource, speak)
    return {**made, "note": (*given, *made.get("note", ()))} if given else made


def _is_sound(cells: Any) -> bool:
    """Return whether the cells hold text only; foreign data may have put anything there."""
    return cells is not None and all(
        isinstance(part, str) for cell in cells.values() for phrase in cell for part in phrase
    )


_FIRST = (
    "substance", "problem", "medicine", "vaccine", "name", "procedure", "device", "alert",
    "directive", "plan", "description",
)  # fmt: skip


def _facts(
    bundle: Resource, composition: Resource, patient: Resource, index: dict[str, Resource],
    speak: Speaker,
) -> Iterator[tuple[str, str]]:  # fmt: skip
    identifiers = _dicts(patient.get("identifier"))
    gender = _text(patient.get("gender"))
    facts = [
        ("show.born", _text(patient.get("birthDate")) and speak.date(patient["birthDate"])),
        ("show.sex", speak.words.get(f"gender.{gender}", gender)),
        ("show.identity", ", ".join(_text(i.get("value")) for i in identifiers)),
        ("show.address", "; ".join(_address(a) for a in _dicts(patient.get("address")))),
        ("show.telecom", ", ".join(_text(t.get("value")) for t in _dicts(patient.get("telecom")))),
        ("show.made", _text(composition.get("date")) and speak.date(composition["date"])),
        ("show.author", ", ".join(
            _party(index, reference) for reference in _dicts(composition.get("author"))
        )),
        ("show.custodian", _party(index, composition.get("custodian"))),
        ("show.language", _text(composition.get("language"))),
        ("show.profile", _profile(bundle)),
    ]  # fmt: skip
    yield from ((key, value) for key, value in facts if value)


def _address(address: Resource) -> str:
    lines = address.get("line")
    parts = [*(lines if isinstance(lines, list) else ()), address.get("postalCode"),
             address.get("city"), address.get("country")]  # fmt: skip
    return _text(address.get("text")) or ", ".join(_text(part) for part in parts if part)


def _party(index: dict[str, Resource], reference: Any) -> str:
    if not isinstance(reference, dict):
        return ""
    party = index.get(_text(reference.get("reference")), {})
    name = party.get("name")
    if isinstance(name, str):
        return name
    devices = [_text(d.get("name")) for d in _dicts(party.get("deviceName"))]
    return _safely(person_name, party) or ", ".join(devices) or _text(reference.get("display"))


def _profile(bundle: Resource) -> str:
    meta = bundle.get("meta")
    claimed = meta.get("profile") if isinstance(meta, dict) else None
    return _text(claimed[0]) if isinstance(claimed, list) and claimed else ""


_BLOCKS = ("tr", "p", "li", "div", "h1", "h2", "h3", "h4", "h5", "h6", "caption", "br")


def narrative_lines(div: str) -> Iterator[str]:
    """Return the text of a narrative, a line per block; broken XHTML gives its bare text."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True)
    try:
        root = etree.fromstring(div.encode("utf-8", "replace"), parser) if div else None
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None:
        stripped = " ".join(re.sub("<[^>]*>", " ", div).split())
        yield from [stripped] if stripped else []
        return
    pieces: list[str] = []
    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        # A comment has no text that counts, but what follows it does.
        name = etree.QName(element).localname.lower() if isinstance(element.tag, str) else ""
        if event == "start":
            pieces.append("\n" if name in _BLOCKS else " | " if name in ("td", "th") else "")
            pieces.append("" if name in ("script", "style") else element.text or "")
        else:
            pieces.append("\n" if name in _BLOCKS else "")
            pieces.append(element.tail or "")
    for line in "".join(pieces).split("\n"):
        shown = " ".join(line.split()).strip("| ")
        if shown:
            yield shown


def clean(text: str) -> str:
    """Return text without control and direction characters that could play with a terminal."""
    return _CONTROLS.sub("", text).replace("\n", " ").replace("\t", " ")


def say(cell: Cell, speak: Speaker) -> str:
    """Return a cell as text, with the original where it is a translation."""
    original = speak.words["original"]
    return "; ".join(f"{p.text} ({original}: {p.original})" if p.original else p.text for p in cell)


def text_lines(shown: Shown, width: int = 100) -> Iterator[str]:
    """Return a document as lines of text for a terminal.

    Args:
        shown: see ``view``.
        width: lines are wrapped at this column.
    """
    words = shown.speak.words
    yield clean(f"{shown.title}: {shown.name}")
    for key, value in shown.facts:
        yield from _wrap(f"  {words[key]}: {value}", width, "    ")
    if not shown.sections:
        yield words["show.no-sections"]
    for section in shown.sections:
        yield ""
        yield clean(section.title).upper()
        if not section.rows:
            for line in section.words:
                yield from _wrap(f"  {line}", width, "  ")
        for one in section.rows:
            yield from _entry_lines(section, one, shown.speak, width)


def _entry_lines(section: ShownSection, one: ShownRow, speak: Speaker, width: int) -> Iterator[str]:
    first, *rest = section.heads
    mark = f" [{speak.words['person-entered']}]" if one.by_person else ""
    yield from _wrap(f"  • {say(one.cells.get(first, ()), speak)}{mark}", width, "    ")
    for head in rest:
        if one.cells.get(head):
            text = f"{speak.words[f'column.{head}']}: {say(one.cells[head], speak)}"
            yield from _wrap(f"      {text}", width, "        ")


def _wrap(text: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(clean(text), width, subsequent_indent=indent, break_on_hyphens=False) or [
        ""
    ]
