"""The body of a document: sections, entries, narrative links, absence, value sets."""

from __future__ import annotations

import base64
from collections import Counter

from lxml import etree

from ips.cda.check.rules import Checked
from ips.cda.names import V3, Section, sections, uri_of
from ips.cda.read import tables
from ips.cda.read.node import words
from ips.transcode.elements import CodedElement, Usage, coded_elements, column_of

ABSENT = "2.16.840.1.113883.5.1150.1"
_IN = f"{{{V3}}}"
_SEVERITY = 59
"""The row for severity, whose path also finds certainty, criticality and other answers."""


_BEGINS = {"application/pdf": b"%PDF-", "image/png": b"\x89PNG", "image/jpeg": b"\xff\xd8"}
"""How the content of each kind of file begins."""


def check(document: Checked) -> None:
    """Judge the body: structured, or (level 1) a file."""
    if document.level == 1:
        _file(document)
        return
    found = document.sections()
    _mandatory(document, [row.key for _, row in found if row])
    for node, row in found:
        _section(document, node, row)
        if row is not None and document.kind in row.documents:
            _entries(document, node, row)
            _absence(document, node, row)
        _links(document, node)
    _codes(document)
    for prefix, message in (
        ("cda-s", "every mandatory section is there, with title and text"),
        ("cda-e", "every entry carries its template"),
        ("cda-t", "every link into the narrative has its target"),
        ("cda-a", "absence is told as the conventions ask"),
    ):
        if not document.broken(prefix):
            document.passed(prefix, message)


def _file(document: Checked) -> None:
    """Judge the file of a level 1 document: mediaType, base64, nothing beside it."""
    text = document.root.find(f"{_IN}component/{_IN}nonXMLBody/{_IN}text")
    if text is None:
        document.fail("cda-l1-body", "The document has neither a structured body nor a file.",
                      "/ClinicalDocument/component")  # fmt: skip
        return
    if text.get("mediaType") not in ("application/pdf", "image/png", "image/jpeg"):
        document.fail("cda-l1-media", "The file is a PDF, PNG or JPEG and says so.", text)
    if text.get("representation") != "B64":
        document.fail("cda-l1-base64", "The file is marked as base64.", text)
    if not (text.text or "").strip():
        document.fail("cda-l1-empty", "The file is empty.", text)
    elif text.get("representation") == "B64":
        _content(document, text)
    if not document.broken("cda-l1"):
        document.passed("cda-l1", "the document carries a file")


def _content(document: Checked, text: etree._Element) -> None:
    """Judge the file itself: base64 of what its media type says; a PDF that claims PDF/A."""
    try:
        raw = base64.b64decode("".join((text.text or "").split()), validate=True)
    except ValueError:
        document.fail("cda-l1-base64", "The file is not base64.", text, source="OpenNCP TM 4513")
        return
    media = text.get("mediaType", "")
    if not raw.startswith(_BEGINS.get(media, b"")):
        document.fail("cda-l1-media", f"The file is not of the type {media}.", text)
    elif media == "application/pdf" and b"http://www.aiim.org/pdfa/ns/id/" not in raw:
        document.fail("cda-l1-pdfa", "The PDF does not say that it is PDF/A.", text, warning=True,
                      source="IHE XDS-SD, ITI TF-3 5.2")  # fmt: skip


def _mandatory(document: Checked, present: list[str]) -> None:
    for row in sections().values():
        if document.kind in row.mandatory and row.key not in present:
            document.fail("cda-s-mandatory", f"The section {row.titles['en']} ({row.loinc}) is "
                          "missing.", "/ClinicalDocument/component/structuredBody",
                          obligations=row.obligations)  # fmt: skip
    for key, number in Counter(present).items():
        if number > 1:
            document.fail("cda-s-once", f"The section {key} stands {number} times.",
                          "/ClinicalDocument/component/structuredBody")  # fmt: skip


def _section(document: Checked, node: etree._Element, row: Section | None) -> None:
    obligations = row.obligations if row else ()
    text = node.find(f"{_IN}text")
    if text is None or not words(text):
        document.fail("cda-s-text", "The section has no narrative.", node,
                      obligations=obligations)  # fmt: skip
    title = node.find(f"{_IN}title")
    if title is None or not words(title):
        document.fail("cda-s-title", "The section has no title.", node, warning=True,
                      obligations=obligations)  # fmt: skip
    if row is None:
        document.fail("cda-s-known", "The section is not one of the value set of sections.", node,
                      warning=True)  # fmt: skip
        return
    templates = {t.get("root") for t in node.findall(f"{_IN}templateId")}
    if row.template not in templates:
        older = bool(templates & set(row.older))
        what = "carries the template of an earlier wave" if older else "does not carry its template"
        document.fail("cda-s-template", f"The section {what} ({row.template}).", node,
                      warning=older, obligations=obligations)  # fmt: skip


def _entries(document: Checked, node: etree._Element, row: Section) -> None:
    """Judge that entries are there where they must be, and say what they are."""
    entries = node.findall(f"{_IN}entry")
    if not entries and document.kind in row.mandatory:
        document.fail("cda-e-none", "A mandatory section has an entry: what is known, or that "
                      "nothing is.", node, obligations=row.obligations)  # fmt: skip
    for entry in entries:
        inner = next((child for child in entry if isinstance(child.tag, str)), None)
        if inner is None or not row.entries:
            continue
        templates = {t.get("root") for t in inner.findall(f"{_IN}templateId")}
        if not templates & set(row.entries):
            document.fail("cda-e-template", "The entry does not carry a template of the section "
                          f"({' or '.join(row.entries)}).", inner, warning=True,
                          obligations=row.obligations)  # fmt: skip


def _absence(document: Checked, node: etree._Element, row: Section) -> None:
    """Judge the codes of absence: one of the section, alone, never a bare null flavour."""
    entries = node.findall(f"{_IN}entry")
    told = [code for entry in entries for code in entry.iter(etree.Element)
            if code.get("codeSystem") == ABSENT]  # fmt: skip
    for code in told:
        means = tables.absences().get((uri_of(ABSENT), code.get("code", "")))
        if means is None or means.section != row.key:
            document.fail("cda-a-code", f"{code.get('code')} is not a code of absence of this "
                          "section.", code, obligations=row.obligations)  # fmt: skip
    whole = {c.get("code") for c in told} & {row.known_absent, row.no_information}
    if whole and len(entries) > 1:
        document.fail("cda-a-alone", f"The section says {' and '.join(sorted(map(str, whole)))} "
                      f"and has {len(entries)} entries.", node,
                      obligations=row.obligations)  # fmt: skip


def _links(document: Checked, node: etree._Element) -> None:
    """Judge that references into the narrative land, and that its ids are not doubled."""
    text = node.find(f"{_IN}text")
    ids = Counter(
        e.get("ID") for e in (text.iter(etree.Element) if text is not None else ()) if e.get("ID")
    )
    for name, number in ids.items():
        if number > 1:
            document.fail("cda-t-double", f"The id {name} stands {number} times in the narrative.",
                          node)  # fmt: skip
    for entry in node.findall(f"{_IN}entry"):
        for reference in entry.iter(f"{_IN}reference"):
            value = reference.get("value", "")
            if value.startswith("#") and value[1:] not in ids:
                document.fail("cda-t-target", f"{value} is not an id of the section's narrative.",
                              reference, warning=True)  # fmt: skip
            elif value and ":" not in value and not value.startswith("#"):
                document.fail("cda-t-form", f"{value} is no link: «#» and an id of the narrative "
                              "are expected.", reference, warning=True)  # fmt: skip


def _codes(document: Checked) -> None:
    """Judge coded elements by their value sets and by how strictly they are asked for."""
    column = {"ps": "60591-5", "ep": "57833-6", "ed": "60593-1"}.get(document.kind, "")
    usage = column_of(column, document.level)
    if usage is None:
        return
    seen: set[etree._Element] = set()
    unjudged = 0
    for element in coded_elements():
        wanted = element.usage.get(usage, Usage.NOT_USED)
        if wanted is Usage.NOT_USED:
            continue
        found = element.nodes(document.root)
        if not found and wanted is Usage.REQUIRED:
            document.fail(
                "cda-c-required",
                f"A required coded element is missing: {element.xpath}",
                "/ClinicalDocument",
            )
        for node in found:
            if not isinstance(node, etree._Element) or node in seen:
                continue
            if element.number == _SEVERITY and _question(node) != "SEV":
                continue
            seen.add(node)
            unjudged += not _code(document, node, element, wanted)
    if unjudged:
        document.skip("cda-c-value-set", f"{unjudged} codes were not judged: their value sets are "
                      "not at hand (EHDS_TERMINOLOGY)")  # fmt: skip
    elif not document.broken("cda-c"):
        document.passed("cda-c", "every code is in its value set")
    if document.national:
        document.passed("cda-c-friendly", f"{document.national} codes are national, with the "
                        "European one as translation: the friendly form")  # fmt: skip


def _code(document: Checked, node: etree._Element, element: CodedElement, wanted: Usage) -> bool:
    """Judge one coded element; return whether its value set could be asked."""
    if node.get("nullFlavor"):
        if wanted is Usage.REQUIRED:
            document.fail("cda-c-required", "A required code has a null flavour.", node)
        return True
    answer = document.member(node, element.value_sets)
    if answer is False:
        document.fail(
            "cda-c-value-set",
            f"{node.get('code')} of {node.get('codeSystem')} is not in its value set "
            f"({' or '.join(element.value_sets)}).",
            node,
            warning=True,
            source="eHDSI value set catalogue 8.1.0",
        )
    return answer is not None


def _question(value: etree._Element) -> str:
    """Return the code of the observation that a value belongs to."""
    parent = value.getparent()
    code = None if parent is None else parent.find(f"{_IN}code")
    return "" if code is None else code.get("code", "")
