"""Sections without entries: «none known» where a source states it, «no information» otherwise.

A mandatory section is never empty (eHDSI conventions, code system IPS Absent and Unknown Data).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ips.cda.names import CCD, ENTRY, PCC, Pair, Section, pairs
from ips.cda.write.context import Context, text
from ips.cda.write.datatypes import ABSENT, SNOMED, pair
from ips.cda.write.element import Element, add, templates
from ips.terms import normalise_system


def stated(concept: Any) -> Pair | None:
    """Return the code of absence that a FHIR concept states, or None."""
    codings = concept.get("coding", ()) if isinstance(concept, dict) else ()
    for coding in codings:
        system = normalise_system(str(coding.get("system", "")))
        value = str(coding.get("code", ""))
        if system == SNOMED and value in pairs("absent"):
            return pairs("absent")[value]
        if system == ABSENT:
            return _own(value)
    return None


def _own(value: str) -> Pair | None:
    groups = ("absent", "no-known", "no-info")
    return next((p for g in groups for p in pairs(g).values() if p.code == value), None)


def missing(section: Section, reason: str) -> Pair:
    """Return the code for an empty section by its FHIR ``emptyReason``."""
    return pairs("no-known" if reason == "nilknown" else "no-info")[section.key]


def write(parent: Element, key: str, code: Pair, anchor: str, context: Context) -> None:
    """Append the entry that says that there is nothing.

    Args:
        parent: the section.
        key: one of the five mandatory sections of a summary.
        code: what is said.
        anchor: id of the sentence in the narrative.
        context: the document.
    """
    _WRITERS[key](add(parent, "entry"), code, anchor, context)


def _medication(entry: Element, code: Pair, anchor: str, context: Context) -> None:
    act = add(entry, "substanceAdministration", class_="SBADM", moodCode="INT")
    templates(act, f"{ENTRY}4", f"{CCD}24")
    add(act, "id", nullFlavor="NI")
    pair(act, "code", code, context)
    text(act, anchor)
    add(act, "statusCode", code="completed")
    add(act, "effectiveTime", type_="IVL_TS", nullFlavor="UNK")
    add(act, "effectiveTime", nullFlavor="NA")
    product = add(add(act, "consumable"), "manufacturedProduct")
    templates(product, f"{ENTRY}31")
    add(product, "manufacturedMaterial", nullFlavor="NA")


def _concern(
    entry: Element, outer: tuple[str, ...], inner: str, finding: Pair, code: Pair, anchor: str,
    context: Context,
) -> None:  # fmt: skip
    act = add(entry, "act", class_="ACT", moodCode="EVN")
    templates(act, *outer)
    add(act, "id", nullFlavor="NI")
    add(act, "code", code="CONC", codeSystem="2.16.840.1.113883.5.6")
    text(act, anchor)
    add(act, "statusCode", code="active")
    add(add(act, "effectiveTime"), "low", nullFlavor="NA")
    subject = add(act, "entryRelationship", typeCode="SUBJ", inversionInd="false")
    observation = add(subject, "observation", class_="OBS", moodCode="EVN")
    templates(observation, inner)
    add(observation, "id", nullFlavor="NI")
    pair(observation, "code", finding, context)
    text(observation, anchor)
    add(observation, "statusCode", code="completed")
    add(add(observation, "effectiveTime"), "low", nullFlavor="NA")
    pair(observation, "value", code, context, "CD")


def _allergy(entry: Element, code: Pair, anchor: str, context: Context) -> None:
    finding = pairs("allergy-type")[""]
    _concern(entry, (f"{ENTRY}16",), f"{ENTRY}17", finding, code, anchor, context)


def _problem(entry: Element, code: Pair, anchor: str, context: Context) -> None:
    finding = pairs("finding")[""]
    _concern(entry, (f"{ENTRY}15", f"{CCD}27"), f"{ENTRY}7", finding, code, anchor, context)


def _procedure(entry: Element, code: Pair, anchor: str, context: Context) -> None:
    procedure = add(entry, "procedure", class_="PROC", moodCode="EVN")
    templates(procedure, f"{ENTRY}26", f"{PCC}4.19")
    add(procedure, "id", nullFlavor="NI")
    pair(procedure, "code", code, context)
    text(procedure, anchor)
    add(procedure, "statusCode", code="completed")
    add(procedure, "effectiveTime", nullFlavor="NA")


def _device(entry: Element, code: Pair, anchor: str, context: Context) -> None:
    supply = add(entry, "supply", class_="SPLY", moodCode="EVN")
    templates(supply, f"{ENTRY}5")
    text(supply, anchor)
    add(supply, "effectiveTime", nullFlavor="NA")
    role = add(add(supply, "participant", typeCode="DEV"), "participantRole", class_="MANU")
    device = add(role, "playingDevice", class_="DEV", determinerCode="INSTANCE")
    pair(device, "code", code, context)


_WRITERS: dict[str, Callable[[Element, Pair, str, Context], None]] = {
    "medications": _medication,
    "allergies": _allergy,
    "problems": _problem,
    "procedures": _procedure,
    "devices": _device,
}
