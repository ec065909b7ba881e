"""Observations, specimens and reports: laboratory answers (NILAR) and measurements (PMD).

A code or unit that has no European counterpart travels as text; values always travel.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ips import terms
from ips.loss import Fate
from ips.sources.base import LABORATORY, Origin, Resource
from ips.sources.clinical import HL7, deleted
from ips.sources.codes import concept, plain
from ips.sources.datatypes import identifier, notes, pack, period, quantity, span, timed
from ips.sources.fhirfile import FhirFile
from ips.sources.node import Node

CATEGORY = HL7 + "observation-category"
INTERPRETATION = HL7 + "v3-ObservationInterpretation"
ABSENT = HL7 + "data-absent-reason"

_STATUS = ("registered", "preliminary", "final", "amended", "corrected", "cancelled",
           "entered-in-error", "unknown")  # fmt: skip
_REPORT_STATUS = (
    "registered",
    "partial",
    "preliminary",
    "final",
    "amended",
    "corrected",
    "appended",
    "cancelled",
    "entered-in-error",
    "unknown",
)
_NILAR_OWN = {
    "nilar-diagnostic-report-ref": "The report refers to its results; the way back is implied.",
    "diagnosticreportref": "The report refers to its results; the way back is implied.",
    "accredited": "Accreditation of the method has no place in the summary.",
    "history": "Earlier versions of the answer stay in Norway.",
    "restriction": "A restriction on who may see the answer is enforced before it is sent.",
}


def observation(
    node: Node, file: FhirFile, category: str, obligations: Iterable[str] = LABORATORY
) -> Resource:
    """Return an Observation.

    Args:
        node: the Observation of the source.
        file: where references lead.
        category: code of observation-category that every observation of the format has.
        obligations: ids of the catalogue.
    """
    subject = file.subject(node.node("subject"))
    performers = [p for p in (file.agent(part, node) for part in node.nodes("performer")) if p]
    made = pack(
        resourceType="Observation",
        identifier=[i for i in map(identifier, node.nodes("identifier")) if i],
        status=node.code("status", _STATUS) or "unknown", category=_categories(node, category),
        code=concept(node.node("code"), obligations, hint="7280"),
        subject=subject, **timed(node, "effective", obligations),
        issued=_instant(node), performer=[{"reference": p} for p in performers],
        **value(node, obligations), interpretation=_interpretation(node, obligations),
        note=notes(node), bodySite=concept(node.node("bodySite"), obligations),
        method=concept(node.node("method"), obligations), referenceRange=_ranges(node),
        component=_components(node, obligations),
    )  # fmt: skip
    if "code" not in made:
        node.reading.fault("the observation does not say what was observed", node.at("code"),
                           rule="Observation.code 1..1")  # fmt: skip
        made["code"] = {"text": "Ukjent undersøkelse"}
    _own_extensions(node, made)
    return made


def _instant(node: Node) -> str:
    """``issued`` is an instant: a day alone is not enough, and is not invented."""
    issued = node.moment("issued")
    return issued if "T" in issued else ""


def _categories(node: Node, category: str) -> list[dict[str, Any]]:
    made = [plain(CATEGORY, category)]
    for part in node.nodes("category"):
        found = concept(part)
        codings = [c for c in found.get("coding", []) if c not in made[0]["coding"]]
        same = any(c.get("system") == CATEGORY and c.get("code") == category
                   for c in found.get("coding", []))  # fmt: skip
        if found and not same and (codings or "text" in found):
            made.append(found)
    return made


def value(node: Node, obligations: Iterable[str], base: str = "value") -> dict[str, Any]:
    """Return the ``value[x]`` of an Observation or component, or why it is absent."""
    made: dict[str, Any] = {}
    if f"{base}Quantity" in node:
        made = pack(**{f"{base}Quantity": quantity(node.node(f"{base}Quantity"), obligations)})
        if made and "value" not in made[f"{base}Quantity"]:
            made = {}
    elif f"{base}CodeableConcept" in node:
        made = pack(**{f"{base}CodeableConcept": concept(node.node(f"{base}CodeableConcept"),
                                                         obligations, hint="8340")})  # fmt: skip
    elif f"{base}Range" in node:
        made = pack(**{f"{base}Range": span(node.node(f"{base}Range"))})
    elif f"{base}DateTime" in node:
        made = pack(**{f"{base}DateTime": node.moment(f"{base}DateTime")})
    elif f"{base}Period" in node:
        made = pack(**{f"{base}Period": period(node.node(f"{base}Period"))})
    elif f"{base}Boolean" in node:
        found = node.flag(f"{base}Boolean")
        made = {} if found is None else {f"{base}Boolean": found}
    elif f"{base}Integer" in node:
        number = node.whole(f"{base}Integer")
        made = {} if number is None else {f"{base}Integer": number}
    elif f"{base}String" in node:
        made = pack(**{f"{base}String": node.text(f"{base}String")})
    absent = concept(node.node("dataAbsentReason"))
    return made or pack(dataAbsentReason=absent)


def _interpretation(node: Node, obligations: Iterable[str]) -> list[dict[str, Any]]:
    """8244: 1 above, 2 below, 3 outside the reference limits."""
    return [c for c in (concept(p, obligations, hint="8244") for p in node.nodes("interpretation"))
            if c]  # fmt: skip


def _ranges(node: Node) -> list[dict[str, Any]]:
    made = []
    for part in node.nodes("referenceRange"):
        found = pack(low=quantity(part.node("low")), high=quantity(part.node("high")),
                     text=part.text("text"))  # fmt: skip
        part.skip("type", "appliesTo", "age")
        if found:
            made.append(found)
    return made


def _components(node: Node, obligations: Iterable[str]) -> list[dict[str, Any]]:
    made = []
    for part in node.nodes("component"):
        code = concept(part.node("code"), obligations)
        if code:
            made.append(pack(code=code, **value(part, obligations),
                             interpretation=_interpretation(part, obligations),
                             referenceRange=_ranges(part)))  # fmt: skip
    return made


def _own_extensions(node: Node, made: Resource) -> None:
    for tail, reason in _NILAR_OWN.items():
        for extension in node.extensions(tail):
            extension.set_aside_whole(reason)
    for extension in node.extensions("comment", "otherinfo", "infitem"):
        words = _words(extension)
        if words:
            made.setdefault("note", []).append({"text": words})
            node.reading.lose(
                extension.path,
                words,
                Fate.AS_TEXT,
                "The laboratory's comment travels as a note.",
                LABORATORY,
            )


def _words(extension: Node) -> str:
    """All that a NILAR comment extension says, flat or nested, as one line."""
    extension.skip("url")
    said = [extension.text("valueString"),
            concept(extension.node("valueCodeableConcept")).get("text", "")]  # fmt: skip
    said += [_words(part) for part in extension.nodes("extension")]
    return ": ".join(word for word in said if word)


def specimen(node: Node, file: FhirFile) -> Resource:
    """Return a Specimen (type by 8351 or 8216)."""
    collection = node.node("collection")
    return pack(
        resourceType="Specimen",
        identifier=[i for i in map(identifier, node.nodes("identifier")) if i],
        accessionIdentifier=identifier(node.node("accessionIdentifier")),
        status=node.code(
            "status", ("available", "unavailable", "unsatisfactory", "entered-in-error")
        ),
        type=concept(node.node("type"), LABORATORY, hint="8351")
        or {"text": "Ukjent prøvemateriale"},
        subject=file.subject(node.node("subject")),
        receivedTime=node.moment("receivedTime"),
        collection=pack(
            **timed(collection, "collected", LABORATORY),
            method=concept(collection.node("method")),
            bodySite=concept(collection.node("bodySite")),
        ),
        note=notes(node),
    )


def report(node: Node, file: FhirFile) -> Resource:
    """Return a DiagnosticReport; its results are linked by the caller."""
    performers = [p for p in (file.agent(part, node) for part in node.nodes("performer")) if p]
    expert = [c for c in (concept(p) for p in node.nodes("category")) if c]
    made = pack(
        resourceType="DiagnosticReport",
        identifier=[i for i in map(identifier, node.nodes("identifier")) if i],
        status=node.code("status", _REPORT_STATUS) or "unknown",
        category=[plain(HL7 + "v2-0074", "LAB"), *expert],
        code=concept(node.node("code"), LABORATORY, hint="8202") or {"text": "Prøvesvar"},
        subject=file.subject(node.node("subject")), **timed(node, "effective", LABORATORY),
        issued=_instant(node), performer=[{"reference": p} for p in performers],
        conclusion=node.text("conclusion"),
        conclusionCode=[c for c in (concept(p) for p in node.nodes("conclusionCode")) if c],
    )  # fmt: skip
    said: Resource = {"resourceType": "DiagnosticReport"}
    _own_extensions(node, said)
    words = [note["text"] for note in said.get("note", [])]
    if words:
        made["conclusion"] = "\n".join(filter(None, [made.get("conclusion", ""), *words]))
    for extension in node.extensions("reportdate", "nilar-report-date", "approvaldate"):
        when = extension.moment("valueDateTime") or extension.date("valueDate")
        extension.skip("url")
        if when and "T" in when and "issued" not in made:
            made["issued"] = when
    return made


def is_laboratory(system: str) -> bool:
    """Return whether a code system is one that Norwegian laboratories use."""
    return terms.list_id(system) in ("7280", "8212", "7270", "7010", "8202")


def taken(node: Node, made: Resource) -> Origin:
    """Return the origin of an observation or report."""
    when = made.get("issued") or made.get("effectiveDateTime", "")
    who = next((str(p["reference"]) for p in made.get("performer", [])), "")
    meta = node.node("meta")
    meta.skip("versionId", "profile", "source", "tag")
    return Origin(recorded=when, recorder=who, updated=meta.moment("lastUpdated"),
                  from_patient=who.startswith("Patient/"))  # fmt: skip


def skip_deleted(node: Node) -> bool:
    """Report results that were deleted or cancelled; true when there is nothing to carry."""
    return deleted(node)
