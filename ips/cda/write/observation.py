"""One observation: question, value, and what stands around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ips.cda.names import CCD, PCC, Pair, oid_of
from ips.cda.write.context import Anchor, Context, Resource, entry_id, text
from ips.cda.write.datatypes import (
    LOINC,
    SNOMED,
    code,
    decimal,
    identifier,
    interval,
    is_code,
    loinc,
    pair,
    quantity,
    time,
    when,
)
from ips.cda.write.element import Element, add, templates
from ips.cda.write.people import Party, entity, informant_self
from ips.loss import Fate

STATUS = {"final": "completed", "amended": "completed", "corrected": "completed",
          "preliminary": "active", "registered": "active", "partial": "active",
          "appended": "completed", "cancelled": "cancelled"}  # fmt: skip

WRITTEN = ("status", "code", "category", "effectiveDateTime", "effectivePeriod",
            "effectiveInstant", "valueQuantity", "valueCodeableConcept", "valueInteger",
            "valueString", "valueDateTime", "valueBoolean", "valueRange", "valueRatio",
            "valuePeriod", "valueTime", "dataAbsentReason", "interpretation", "referenceRange",
            "performer", "method", "bodySite", "component", "hasMember", "note",
            "specimen")  # fmt: skip


def loinc_of(resource: Resource) -> str:
    """Return the LOINC code of an observation; empty when it has none."""
    return next((str(c.get("code")) for c in resource.get("code", {}).get("coding", ())
                 if c.get("system") == LOINC), "")  # fmt: skip


def value(parent: Element, element: Resource, anchor: Anchor, path: str, context: Context) -> None:
    """Append the value of an observation or a component, whatever its type."""
    if isinstance(element.get("valueQuantity"), dict):
        given = element["valueQuantity"]
        if given.get("comparator"):
            _bounded(parent, given, context)
        else:
            quantity(parent, "value", given, context, "PQ")
    elif isinstance(element.get("valueCodeableConcept"), dict):
        code(parent, "value", element["valueCodeableConcept"], (SNOMED, LOINC), context, anchor,
             f"{path}.valueCodeableConcept", cell="value", xsi="CD")  # fmt: skip
    elif isinstance(element.get("valueRange"), dict):
        _range(add(parent, "value", type_="IVL_PQ"), element["valueRange"], context)
    elif isinstance(element.get("valueRatio"), dict):
        made = add(parent, "value", type_="RTO_PQ_PQ")
        for end in ("numerator", "denominator"):
            quantity(made, end, element["valueRatio"].get(end), context)
    else:
        _simple(parent, element)


def _simple(parent: Element, element: Resource) -> None:
    if isinstance(element.get("valueInteger"), int):
        add(parent, "value", type_="INT", value=str(element["valueInteger"]))
    elif isinstance(element.get("valueBoolean"), bool):
        add(parent, "value", type_="BL", value=str(element["valueBoolean"]).lower())
    elif element.get("valueDateTime"):
        time(parent, "value", element["valueDateTime"], type_="TS")
    elif isinstance(element.get("valuePeriod"), dict):
        limits = element["valuePeriod"]
        interval(parent, "value", limits.get("start"), limits.get("end"), xsi="IVL_TS")
    elif element.get("valueString") or element.get("valueTime"):
        add(parent, "value", str(element.get("valueString") or element["valueTime"]), type_="ST")
    elif element.get("dataAbsentReason"):
        add(parent, "value", type_="CD", nullFlavor="UNK")


def _bounded(parent: Element, given: Resource, context: Context) -> None:
    """Append «less than» and «more than» as an interval that is open on one side."""
    made = add(parent, "value", type_="IVL_PQ")
    below = str(given["comparator"]).startswith("<")
    end = quantity(made, "high" if below else "low", given, context)
    end.set("inclusive", "true" if str(given["comparator"]).endswith("=") else "false")


def _range(parent: Element, limits: Resource, context: Context) -> None:
    for end in ("low", "high"):
        if decimal((limits.get(end) or {}).get("value")):
            quantity(parent, end, limits[end], context)


def observation(
    parent: Element, resource: Resource, anchor: Anchor, context: Context, roots: Sequence[str],
    *, asked: Pair | None = None, answer: Pair | None = None,
) -> Element:  # fmt: skip
    """Append an observation up to its reference ranges.

    Args:
        parent: gets it.
        resource: FHIR Observation.
        anchor: its row.
        context: the document.
        roots: template ids.
        asked: European code of the question, where the template wants another than LOINC.
        answer: European code of the answer, where the template wants one.
    """
    made = add(parent, "observation", class_="OBS", moodCode="EVN")
    templates(made, *roots)
    entry_id(made, context, resource)
    _question(made, resource, anchor, context, asked)
    text(made, anchor.row)
    _status(made, resource, anchor, context)
    when(made, "effectiveTime", resource, "effective")
    if answer:
        given = resource["valueCodeableConcept"].get("coding", ())
        element = pair(made, "value", answer, context, "CD")
        _beside(element, given)
        context.note(f"{anchor.path}.value", resource["valueCodeableConcept"], Fate.EXACT,
                     obligations=anchor.obligations)  # fmt: skip
    else:
        value(made, resource, anchor, anchor.path, context)
    _around(made, resource, anchor, context)
    return made


def _beside(element: Element, codings: Any) -> None:
    for one in codings:
        if one.get("system") and is_code(one.get("code")):
            oid, name = oid_of(str(one["system"]))
            add(element, "translation", code=str(one["code"]), codeSystem=oid, codeSystemName=name,
                displayName=str(one.get("display") or ""))  # fmt: skip


def _question(
    made: Element, resource: Resource, anchor: Anchor, context: Context, asked: Pair | None
) -> None:
    if asked is None:
        code(made, "code", resource.get("code"), (LOINC, SNOMED), context, anchor,
             f"{anchor.path}.code", cell="name")  # fmt: skip
        return
    element = pair(made, "code", asked, context)
    _beside(element, resource.get("code", {}).get("coding", ()))
    context.note(f"{anchor.path}.code", resource.get("code"), Fate.EXACT,
                 obligations=anchor.obligations)  # fmt: skip


def _status(made: Element, resource: Resource, anchor: Anchor, context: Context) -> None:
    given = str(resource.get("status") or "")
    add(made, "statusCode", code=STATUS.get(given, "completed"))
    if given and given not in ("final", "preliminary", "cancelled"):
        context.note(f"{anchor.path}.status", given, Fate.APPROXIMATE,
                     f"HL7 V3 has no «{given}»; it stands in the narrative.",
                     obligations=anchor.obligations)  # fmt: skip


def _around(made: Element, resource: Resource, anchor: Anchor, context: Context) -> None:
    """Append what stands around a value: interpretation, method, place, performer, note, range."""
    path = anchor.path
    for number, one in enumerate(resource.get("interpretation", ())):
        code(made, "interpretationCode", one,
             ("http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",), context,
             anchor, f"{path}.interpretation[{number}]", cell="interpretation")  # fmt: skip
    if resource.get("method"):
        code(made, "methodCode", resource["method"], (SNOMED,), context, anchor, f"{path}.method")
    if resource.get("bodySite"):
        code(made, "targetSiteCode", resource["bodySite"], (SNOMED,), context, anchor,
             f"{path}.bodySite", cell="site")  # fmt: skip
    _specimen(made, resource, anchor, context)
    performers = [one for one in resource.get("performer", ()) if isinstance(one, dict)]
    for one in performers:
        party = Party(one, context)
        if party:
            entity(add(made, "performer"), party)
    if any(context.is_patient(one) for one in performers):
        informant_self(made, context)
    if any(isinstance(note, dict) and note.get("text") for note in resource.get("note", ())):
        _comment(made, anchor)
    for number, limits in enumerate(resource.get("referenceRange", ())):
        _reference_range(made, limits, context)
        context.account(f"{path}.referenceRange[{number}]", limits, ("low", "high", "text"), (),
                        obligations=anchor.obligations)  # fmt: skip
    context.account(path, resource, WRITTEN, (), obligations=anchor.obligations)
    _categories(resource, path, context)


def _categories(resource: Resource, path: str, context: Context) -> None:
    for one in resource.get("category", ()):
        system = str(next((c.get("system") for c in one.get("coding", ())), ""))
        if not system.startswith("http://terminology.hl7.org/"):
            context.note(f"{path}.category", one, Fate.NOT_CARRIED,
                         "The observation entry has no category.")  # fmt: skip


def _specimen(made: Element, resource: Resource, anchor: Anchor, context: Context) -> None:
    found = context.resolve(resource.get("specimen"))
    if not found:
        return
    role = add(add(made, "specimen"), "specimenRole")
    given = (found.get("accessionIdentifier"), *found.get("identifier", ()))
    number: Resource = next((one for one in given if isinstance(one, dict)), {})
    if number.get("value"):
        identifier(role, number)
    if found.get("type"):
        code(add(role, "specimenPlayingEntity"), "code", found["type"], (SNOMED,), context, anchor,
             f"{anchor.path}.specimen.type")  # fmt: skip
    context.account(f"{anchor.path}.specimen", found,
                    ("type", "accessionIdentifier", "identifier", "status"),
                    obligations=anchor.obligations)  # fmt: skip


def _comment(made: Element, anchor: Anchor) -> None:
    act = add(add(made, "entryRelationship", typeCode="COMP"), "act", class_="ACT", moodCode="EVN")
    templates(act, f"{CCD}40", f"{PCC}4.2")
    loinc(act, "48767-8", "Annotation comment")
    text(act, anchor.cell("note"))
    add(act, "statusCode", code="completed")


def _reference_range(made: Element, limits: Resource, context: Context) -> None:
    inner = add(add(made, "referenceRange"), "observationRange")
    if limits.get("text"):
        add(inner, "text", str(limits["text"]))
    if limits.get("low") or limits.get("high"):
        _range(add(inner, "value", type_="IVL_PQ"), limits, context)
