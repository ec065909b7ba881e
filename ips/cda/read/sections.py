"""The sections of a document: which reader reads their entries, and what the section then says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from lxml import etree

from ips.cda import names
from ips.cda.names import Section
from ips.cda.read import tables
from ips.cda.read.allergies import allergies
from ips.cda.read.common import Work
from ips.cda.read.datatypes import Json, concept
from ips.cda.read.events import devices, immunizations, medicines, procedures
from ips.cda.read.node import Node
from ips.cda.read.observations import functional, pregnancy, results, social
from ips.cda.read.prescriptions import Prescriber, dispensation, prescription
from ips.cda.read.problems import problems
from ips.cda.read.vitals import vitals
from ips.loss import Fate

Reader = Callable[[Node, Work], list[str]]

_READERS: dict[str, tuple[tuple[str, ...], Reader]] = {
    "allergies": (("act",), allergies),
    "problems": (("act",), problems),
    "past-problems": (("act",), problems),
    "medications": (("substanceAdministration",), medicines),
    "immunizations": (("substanceAdministration",), immunizations),
    "procedures": (("procedure",), procedures),
    "devices": (("supply",), devices),
    "results": (("observation", "organizer"), results),
    "vitals": (("observation", "organizer"), vitals),
    "social": (("observation",), social),
    "pregnancy": (("observation", "organizer"), pregnancy),
    "functional": (("observation", "organizer"), functional),
}
"""Which elements an entry of a section may be, and who reads them."""

_LIST_EMPTY = "http://terminology.hl7.org/CodeSystem/list-empty-reason"
_SILENT = {
    "en": "The document gives no words for this section.",
    "nb": "Dokumentet har ingen tekst i denne delen.",
}
_MISSING = "The document has no section on this."


@dataclass
class Read:
    """One section of the Composition in the making."""

    key: str
    body: Json
    entries: list[str] = field(default_factory=list)
    unknown: bool = False


def read_sections(body: Node, work: Work, prescriber: Prescriber) -> list[Read]:
    """Return the sections of a structured body, nested ones beside those around them."""
    found: dict[str, Read] = {}
    for number, node in enumerate(_sections(body), 1):
        row = _row(node)
        node.where = f"section[{row.loinc if row else number}]"
        work.reading.obligations = row.obligations if row else ()
        made = _read(node, row, work, prescriber)
        key = row.key if row else f"other-{number}"
        if key in found:
            _join(found[key], made)
        else:
            found[key] = made
        for entry in node.many("entry"):
            work.reading.leftovers(entry.element, entry.where)
    work.reading.obligations = ()
    return list(found.values())


def _sections(node: Node) -> list[Node]:
    found = []
    for component in node.many("component"):
        section = component.one("section")
        if section is not None:
            found.append(section)
            found += _sections(section)
    return found


def _row(node: Node) -> Section | None:
    code = node.one("code")
    said = code.element.get("code", "") if code is not None else ""
    row = tables.section_by_code().get(said)
    if row is not None or said:
        return row
    known = tables.section_by_template()
    return next((known[t] for t in sorted(node.templates) if t in known), None)


def _read(node: Node, row: Section | None, work: Work, prescriber: Prescriber) -> Read:
    text = node.one("text")
    work.reading.texts = _ids(text)
    work.absences = []
    read = Read(row.key if row else "", _head(node, row, text, work))
    for entry in node.many("entry"):
        read.entries += _entry(entry, read.key, work, prescriber)
    read.entries = list(dict.fromkeys(read.entries))
    read.unknown = any(found.means == "unknown" for found in work.absences)
    return read


def _entry(entry: Node, key: str, work: Work, prescriber: Prescriber) -> list[str]:
    for inner in entry.children():
        if inner.name == "templateId":
            continue
        if key == "prescription" and inner.name == "substanceAdministration":
            return prescription(inner, work, prescriber)
        if key == "dispensation" and inner.name == "supply":
            return dispensation(inner, work, prescriber)
        names, reader = _READERS.get(key, ((), None))
        if reader is not None and inner.name in names:
            return reader(inner, work)
    return []


def _ids(text: Node | None) -> dict[str, etree._Element]:
    if text is None:
        return {}
    return {name: element for element in text.element.iter("{*}*") if (name := element.get("ID"))}


def _head(node: Node, row: Section | None, text: Node | None, work: Work) -> Json:
    title = node.one("title")
    words = title.text() if title is not None else ""
    code = concept(node.one("code"))
    if row is not None:
        loinc = {"system": "http://loinc.org", "code": row.loinc, "display": row.display}
        code = {"coding": [loinc]}
    elif not code:
        code = {"text": words or "Section without code"}
    lang = "nb" if work.language[:2] in ("nb", "no", "nn") else "en"
    div = work.narrative.div(
        text.element if text is not None else None, work.language, _SILENT[lang]
    )
    if text is not None:
        node.reading.note(text.where, "", Fate.EXACT)
    return {
        "title": words or (row.titles["en"] if row else "Section"),
        "code": code,
        "text": {"status": "additional" if text is not None else "empty", "div": div},
    }


def _join(first: Read, second: Read) -> None:
    """Join a section that the document has twice; FHIR has it once."""
    first.entries = list(dict.fromkeys([*first.entries, *second.entries]))
    first.unknown = first.unknown and second.unknown
    inside = second.body["text"]["div"]
    inside = inside[inside.index(">") + 1 : inside.rindex("</div>")]
    div = first.body["text"]["div"]
    first.body["text"]["div"] = div[: div.rindex("</div>")] + inside + "</div>"


def finished(reads: list[Read], profile: str, language: str) -> list[Json]:
    """Return Composition.section: entries, or why there are none; mandatory ones always.

    IPS 2.0.0, empty sections: no information is an ``emptyReason``, never an empty list.
    """
    mandatory = ("allergies", "problems", "medications") if profile else ()
    present = {read.key for read in reads}
    bodies = []
    for read in [*reads, *(_absent(key, language) for key in mandatory if key not in present)]:
        body = dict(read.body)
        if read.entries:
            body["entry"] = [{"reference": url} for url in read.entries]
        elif read.unknown or read.key in mandatory:
            body["emptyReason"] = {
                "coding": [{"system": _LIST_EMPTY, "code": "unavailable", "display": "Unavailable"}]
            }
        bodies.append(body)
    return bodies


def _absent(key: str, language: str) -> Read:
    row = names.sections()[key]
    div = (
        f'<div xmlns="http://www.w3.org/1999/xhtml" lang="{language}" xml:lang="{language}">'
        f"<p>{_MISSING}</p></div>"
    )
    loinc = {"system": "http://loinc.org", "code": row.loinc, "display": row.display}
    body = {"title": row.titles["en"], "code": {"coding": [loinc]},
            "text": {"status": "generated", "div": div}}  # fmt: skip
    return Read(key, body)
