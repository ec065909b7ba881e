"""The body of a summary: which FHIR section goes where, its narrative, its entries."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ips.cda.names import Section, oid_of, section_of_loinc, sections, words
from ips.cda.write import absent, acts, concerns, medication, observations
from ips.cda.write.context import Anchor, Context, Resource
from ips.cda.write.datatypes import LOINC
from ips.cda.write.element import Element, add, templates
from ips.cda.write.narrative import Table, write_div, write_table
from ips.loss import Fate
from ips.summary.tables import section_by_loinc

Writer = Callable[[Element, Resource, Anchor, Context], None]

_WRITERS: dict[tuple[str, str], Writer] = {
    ("allergies", "AllergyIntolerance"): concerns.allergy,
    ("problems", "Condition"): concerns.problem,
    ("past-problems", "Condition"): concerns.problem,
    ("medications", "MedicationStatement"): medication.statement,
    ("medications", "MedicationRequest"): medication.statement,
    ("procedures", "Procedure"): acts.procedure,
    ("devices", "DeviceUseStatement"): acts.device,
    ("immunizations", "Immunization"): acts.immunization,
    ("vitals", "Observation"): observations.vital,
    ("social", "Observation"): observations.social,
    ("functional", "Observation"): observations.functional,
}
_TOLD: dict[str, tuple[str, ...]] = {
    "Flag": ("code", "category", "period"),
    "Consent": ("category", "provision", "status", "dateTime", "policyRule"),
    "DocumentReference": ("type", "description", "content", "date", "status"),
    "MedicationDispense": ("medicationReference", "medicationCodeableConcept", "status",
                           "whenHandedOver", "dosageInstruction", "note"),
    "CarePlan": ("title", "category", "description", "status", "period", "note"),
    "Condition": ("code", "clinicalStatus", "verificationStatus", "severity", "onsetDateTime",
                  "onsetPeriod", "onsetAge", "onsetString", "evidence", "note"),
}  # fmt: skip
"""What the narrative tells of resources that have no entry."""
_TOLD_OTHER = ("code", "type", "description", "summary", "status", "note")
_CONCEPTS = ("code", "medicationCodeableConcept", "vaccineCode")


@dataclass
class Part:
    """One section of the FHIR document: its code, its narrative, its entries with their paths."""

    loinc: str
    source: Resource
    entries: list[tuple[str, Resource]]


@dataclass
class Place:
    """One section of the CDA document and what goes into it."""

    section: Section | None
    parts: list[Part] = field(default_factory=list)


def write_body(parent: Element, composition: Resource, context: Context, kind: str) -> None:
    """Append the sections in the order of the tables, the mandatory ones in any case."""
    body = add(add(parent, "component"), "structuredBody")
    known, foreign = _places(composition, context)
    for key, section in sections().items():
        if kind not in section.documents:
            continue
        if key in known or kind in section.mandatory:
            _write(body, known.get(key) or Place(section), kind, context)
    for place in foreign:
        _write(body, place, kind, context)


def _places(composition: Resource, context: Context) -> tuple[dict[str, Place], list[Place]]:
    known: dict[str, Place] = {}
    foreign: list[Place] = []
    parts = list(_parts(composition.get("section", ()), "Composition.section", context))
    listed = {id(one) for part in parts for _, one in part.entries}
    for part in parts:
        part.entries += _hanging(part.entries, listed, context)
        section = section_of_loinc().get(part.loinc)
        if section:
            known.setdefault(section.key, Place(section)).parts.append(part)
        else:
            foreign.append(Place(None, [part]))
    for place in known.values():
        # The section itself goes before what it takes in.
        place.parts.sort(key=lambda one: one.loinc != (place.section and place.section.loinc))
    return known, foreign


def _parts(given: Any, path: str, context: Context) -> Iterator[Part]:
    for number, section in enumerate(given if isinstance(given, list) else ()):
        if not isinstance(section, dict):
            continue
        codings = (section.get("code") or {}).get("coding", ())
        loinc = next((str(c.get("code")) for c in codings if c.get("system") == LOINC), "")
        yield Part(loinc, section, list(_entries(section, context)))
        yield from _parts(section.get("section"), f"{path}[{number}].section", context)


def _entries(section: Resource, context: Context) -> Iterator[tuple[str, Resource]]:
    """Yield the entries; a document reference stands for what it refers to."""
    for reference in section.get("entry", ()):
        found = context.resolve(reference)
        if not found:
            context.note("Composition.section.entry", reference, Fate.NOT_CARRIED,
                         "The document does not contain the entry.")  # fmt: skip
            continue
        inner = [found]
        if found.get("resourceType") == "DocumentReference":
            related = (found.get("context") or {}).get("related", ())
            contained = {f"#{c.get('id')}": c for c in found.get("contained", ())}
            named = [contained.get(str(one.get("reference"))) or context.resolve(one)
                     for one in related]  # fmt: skip
            inner = [one for one in named if one] or inner
        for one in inner:
            context.seen.add(id(one))
            yield f"{one.get('resourceType')}/{one.get('id', '')}", one


def _hanging(
    entries: list[tuple[str, Resource]], listed: set[int], context: Context
) -> list[tuple[str, Resource]]:
    """Return the observations that the document has only through its entries.

    The results of a report, the members of a panel (a due date among them) and what an assessment
    found need no entry of their own in FHIR; in CDA they would vanish with it.
    """
    found: list[tuple[str, Resource]] = []
    waiting = [one for _, one in entries]
    for one in waiting:
        items = [i for part in one.get("investigation", ()) for i in part.get("item", ())]
        for reference in (*one.get("result", ()), *one.get("hasMember", ()), *items):
            member = context.resolve(reference)
            if member.get("resourceType") == "Observation" and id(member) not in listed:
                listed.add(id(member))
                waiting.append(member)
                found.append((f"Observation/{member.get('id', '')}", member))
    return found


def _write(body: Element, place: Place, kind: str, context: Context) -> None:
    section = add(add(body, "component"), "section")
    _head(section, place, context)
    narrative = add(section, "text")
    add(section, "languageCode", code="en-GB" if context.lang == "en" else "nb-NO")
    anchors: dict[int, Anchor] = {}
    sentence = ""
    for number, part in enumerate(place.parts):
        said, found = _narrative(narrative, place, part, number, context)
        anchors.update(found)
        sentence = sentence or said
    entries = [one for part in place.parts for one in part.entries]
    written = _write_entries(section, place, entries, anchors, context)
    if place.section and kind in place.section.mandatory and not written:
        _write_absent(section, narrative, place, sentence, context)
    elif not narrative.parts:
        add(narrative, "paragraph", words(context.lang)["no-information"])


def _head(section: Element, place: Place, context: Context) -> None:
    oid, system = oid_of(LOINC)
    if place.section:
        one = place.section
        templates(section, one.template, *(r for r in one.older if r.startswith("2.16.840")))
        add(section, "code", code=one.loinc, codeSystem=oid, codeSystemName=system,
            displayName=one.display)  # fmt: skip
        add(section, "title", one.titles[context.lang])
        return
    part = place.parts[0]
    if part.loinc:
        add(
            section, "code", code="".join(part.loinc.split()), codeSystem=oid, codeSystemName=system
        )
    else:
        add(section, "code", nullFlavor="OTH")
    add(section, "title", str(part.source.get("title") or "–"))


def _narrative(
    narrative: Element, place: Place, part: Part, number: int, context: Context
) -> tuple[str, dict[int, Anchor]]:
    """Append the narrative of one part; return the id of its sentence and the anchors of its rows.

    A generated narrative says the same as the entries, so the table of the entries stands for it.
    """
    ours = section_by_loinc().get(part.loinc)
    key = ours.key if ours else "other"
    prefix = ours.key if ours else re.sub(r"[^A-Za-z0-9-]", "", f"section-{part.loinc}")
    if number:
        prefix = f"{prefix}-{number}"
    taken_in = place.section is not None and part.loinc != place.section.loinc
    caption = ""
    if taken_in:
        caption = ours.titles[context.lang] if ours else str(part.source.get("title") or "")
    said = part.source.get("text") if isinstance(part.source.get("text"), dict) else {}
    div = str((said or {}).get("div") or "")
    found: dict[int, Anchor] = {}
    if part.entries:
        duties = place.section.obligations if place.section else ()
        table = Table(key, part.entries, prefix, caption)
        found = dict(write_table(narrative, table, context, duties))
    sentence = ""
    if not part.entries or (said or {}).get("status") not in ("generated", None):
        own = f"{prefix}-text"
        if context.lang == "en" and ours and _text(div) == ours.empty["nb"]:
            add(narrative, "paragraph", ours.empty["en"], ID=own)
            sentence = own
        elif write_div(narrative, div, own):
            sentence = own
    return sentence, found


def _text(div: str) -> str:
    scratch = Element("text")
    write_div(scratch, div, "x")
    return scratch.words()


def _write_entries(
    section: Element, place: Place, entries: list[tuple[str, Resource]],
    anchors: dict[int, Anchor], context: Context,
) -> bool:  # fmt: skip
    """Append the coded entries; what has no writer stays in the narrative.

    Returns:
        whether any entry was written, or the narrative tells of one that has no code.
    """
    key = place.section.key if place.section else ""
    kinds = ("Observation", "DiagnosticReport")
    many = [one for _, one in entries if one.get("resourceType") in kinds]
    if key == "results":
        observations.results(section, many, anchors, context)
    elif key == "pregnancy":
        observations.pregnancy(section, [o for o in many if o["resourceType"] == "Observation"],
                               anchors, context)  # fmt: skip
    done = {id(one) for one in many} if key in ("results", "pregnancy") else set()
    duties = place.section.obligations if place.section else ()
    own = {id(one) for part in place.parts for _, one in part.entries
           if place.section and part.loinc == place.section.loinc}  # fmt: skip
    for path, one in entries:
        if id(one) in done:
            continue
        writer = _WRITERS.get((key, str(one.get("resourceType"))))
        nothing = next((a for a in (absent.stated(one.get(n)) for n in _CONCEPTS) if a), None)
        if nothing and place.section and place.section.no_information:
            absent.write(section, key, nothing, anchors[id(one)].row, context)
            context.note(path, nothing.code, Fate.EXACT, obligations=duties)
        elif writer:
            writer(section, one, anchors[id(one)], context)
        else:
            told = _TOLD.get(str(one.get("resourceType")), _TOLD_OTHER)
            context.account(path, one, (), told, obligations=duties)
    return bool(own)


def _write_absent(
    section: Element, narrative: Element, place: Place, sentence: str, context: Context
) -> None:
    """Append the entry that says that nothing is known, or that there is nothing."""
    assert place.section is not None
    own = [p.source for p in place.parts if p.loinc == place.section.loinc]
    reason = concerns.coded(own[0].get("emptyReason")) if own else ""
    code = absent.missing(place.section, reason)
    if not sentence:
        sentence = f"{place.section.key}-text"
        first = add(narrative, "paragraph", f"{code.displays[context.lang]}.", ID=sentence)
        narrative.parts.remove(first)
        narrative.parts.insert(0, first)
    absent.write(section, place.section.key, code, sentence, context)
    fate = Fate.EXACT if own else Fate.APPROXIMATE
    why = "" if own else "The source has no such section; the document says «no information»."
    context.note(f"Composition.section:{place.section.key}", code.code, fate, why,
                 obligations=place.section.obligations)  # fmt: skip
