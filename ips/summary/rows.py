"""The tables of a summary: per section its columns, per entry a row of cells in words.

The narrative, the text on a terminal and the page for professionals abroad all show these rows.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from ips.summary.dosage import dosages
from ips.summary.phrases import EMPTY, Cell, Phrase, Speaker
from ips.summary.systems import FLAG_DETAIL, NORWEGIAN
from ips.terms.labels import title

Resource = dict[str, Any]
Resolve = Callable[[Any], Resource]
"""Gives the resource that a Reference element points to; an empty dict when it is not there."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "allergies": ("substance", "kind", "criticality", "status", "reaction", "onset", "note"),
    "problems": ("problem", "status", "severity", "onset", "note"),
    "past-problems": ("problem", "status", "severity", "onset", "note"),
    "functional": ("problem", "status", "severity", "onset", "note"),
    "medications": ("medicine", "dosage", "period", "status", "reason", "note"),
    "immunizations": ("vaccine", "date", "disease", "lot", "status", "note"),
    "results": ("name", "value", "range", "interpretation", "date", "note"),
    "vitals": ("name", "value", "date", "note"),
    "pregnancy": ("name", "value", "date", "note"),
    "social": ("name", "value", "date", "note"),
    "travel": ("name", "value", "date", "note"),
    "procedures": ("procedure", "date", "status", "reason", "note"),
    "devices": ("device", "period", "status", "site", "note"),
    "alerts": ("alert", "category", "priority", "period", "note"),
    "directives": ("directive", "status", "date", "period", "note"),
    "plan": ("plan", "description", "status", "period", "note"),
}
OTHER = ("description", "status", "date", "note")

Row = dict[str, Cell]


def row(resource: Resource, speak: Speaker, resolve: Resolve) -> Row:
    """Return the cells of an entry by column; columns without content are absent or empty."""
    make = _ROWS.get(resource.get("resourceType", ""), _other)
    if not resource.get("contained"):
        return make(resource, speak, resolve)
    contained = {f"#{part.get('id')}": part for part in resource["contained"]}

    def inside(reference: Any) -> Resource:
        return contained.get((reference or {}).get("reference", "")) or resolve(reference)

    return make(resource, speak, inside)


def _statuses(resource: Resource, speak: Speaker) -> Cell:
    found: list[Phrase] = []
    for element in ("verificationStatus", "clinicalStatus"):
        for coding in resource.get(element, {}).get("coding", ())[:1]:
            # «confirmed» says nothing that the entry itself does not say; the others do.
            if coding.get("code") != "confirmed":
                found += speak.word("status", coding.get("code"))
    return tuple(found)


def _allergy(resource: Resource, speak: Speaker, _resolve: Resolve) -> Row:
    kinds = speak.word("type", resource.get("type"))
    for category in resource.get("category", ()):
        kinds += speak.word("category", category)
    reactions: list[Phrase] = []
    for reaction in resource.get("reaction", ()):
        reactions += speak.concepts(reaction.get("manifestation"))
        reactions += speak.word("severity", reaction.get("severity"))
        reactions += speak.said(reaction.get("description"))
    return {
        "substance": speak.concept(resource.get("code")),
        "kind": kinds,
        "criticality": speak.word("criticality", resource.get("criticality")),
        "status": _statuses(resource, speak),
        "reaction": tuple(reactions),
        "onset": speak.when(resource, "onset"),
        "note": speak.notes(resource),
    }


def _condition(resource: Resource, speak: Speaker, _resolve: Resolve) -> Row:
    return {
        "problem": speak.concept(resource.get("code")),
        "status": _statuses(resource, speak),
        "severity": speak.concept(resource.get("severity")),
        "onset": speak.when(resource, "onset"),
        "note": _evidence(resource, speak) + speak.notes(resource),
    }


def _evidence(resource: Resource, speak: Speaker) -> Cell:
    """Return the gradings of a condition, each with the name of the scale it is from."""
    said: list[Phrase] = []
    for found in resource.get("evidence", ()):
        for element in found.get("code", ()):
            systems = [c.get("system", "") for c in element.get("coding", ())]
            scale = next((title(s, speak.lang) for s in systems if s.startswith(NORWEGIAN)), "")
            said += (
                phrase._replace(text=f"{scale}: {phrase.text}" if scale else phrase.text)
                for phrase in speak.concept(element)
            )
    return tuple(said)


def medicine(resource: Resource, speak: Speaker, resolve: Resolve) -> Cell:
    """Return the medicine of a statement, request or dispense with form and strength."""
    if "medicationCodeableConcept" in resource:
        return speak.concept(resource["medicationCodeableConcept"])
    reference = resource.get("medicationReference", {})
    product = resolve(reference)
    if not product:
        return speak.said(reference.get("display"))
    said = list(speak.concept(product.get("code")))
    said += speak.concept(product.get("form"))
    for part in product.get("ingredient", ()):
        strength = speak.ratio(part.get("strength"))
        substance = speak.concept(part.get("itemCodeableConcept"))
        if strength and substance:
            said.append(Phrase(f"{substance[0].text} {strength}", substance[0].lang))
        elif strength:
            said.append(Phrase(strength))
    return tuple(dict.fromkeys(said))


def _medication(resource: Resource, speak: Speaker, resolve: Resolve) -> Row:
    doses = resource.get("dosage") or resource.get("dosageInstruction")
    period = speak.when(resource, "effective")
    if resource["resourceType"] != "MedicationStatement" and not period:
        day = resource.get("authoredOn") or resource.get("whenHandedOver")
        period = (Phrase(speak.date(day)),) if day else EMPTY
    why = resource.get("statusReason")  # a list in a statement, one concept in a request
    return {
        "medicine": medicine(resource, speak, resolve),
        "dosage": dosages(doses if isinstance(doses, list) else (), speak),
        "period": period,
        "status": speak.word("status", resource.get("status"))
        + speak.concepts(why if isinstance(why, list) else [why]),
        "reason": speak.concepts(resource.get("reasonCode")),
        "note": speak.notes(resource),
    }


def _immunization(resource: Resource, speak: Speaker, _resolve: Resolve) -> Row:
    diseases: Cell = EMPTY
    for protocol in resource.get("protocolApplied", ()):
        diseases += speak.concepts(protocol.get("targetDisease"))
    status = resource.get("status")
    return {
        "vaccine": speak.concept(resource.get("vaccineCode")),
        "date": speak.when(resource, "occurrence"),
        "disease": diseases,
        "lot": (Phrase(resource["lotNumber"]),) if resource.get("lotNumber") else EMPTY,
        "status": speak.word("status", status) if status != "completed" else EMPTY,
        "note": speak.notes(resource),
    }


def _observation(resource: Resource, speak: Speaker, resolve: Resolve) -> Row:
    value = list(speak.value(resource))
    for part in resource.get("component", ()):
        name = speak.concept(part.get("code"))
        said = "; ".join(phrase.text for phrase in speak.value(part))
        if name:
            value.append(Phrase(f"{name[0].text}: {said}", name[0].lang))
    for member in resource.get("hasMember", ()):
        inner = resolve(member)
        names, values = speak.concept(inner.get("code")), speak.value(inner)
        if names and values:
            value.append(Phrase(f"{names[0].text}: {values[0].text}", names[0].lang))
    ranges: list[Phrase] = []
    for limits in resource.get("referenceRange", ()):
        interval = speak.interval(limits)
        ranges += (Phrase(interval),) if interval else speak.said(limits.get("text"))
    status = resource.get("status")
    note = speak.word("status", status) if status not in ("final", None) else EMPTY
    return {
        "name": speak.concept(resource.get("code")),
        "value": tuple(value),
        "range": tuple(ranges),
        "interpretation": speak.concepts(resource.get("interpretation")),
        "date": speak.when(resource, "effective"),
        "note": note + speak.notes(resource),
    }


def _report(resource: Resource, speak: Speaker, _resolve: Resolve) -> Row:
    # The results of a report have rows of their own; here stand its name and its conclusion.
    status = resource.get("status")
    note = speak.word("status", status) if status not in ("final", None) else EMPTY
    return {
        "name": speak.concept(resource.get("code")),
        "value": speak.said(resource.get("conclusion"))
        + speak.concepts(resource.get("conclusionCode")),
        "date": speak.when(resource, "effective"),
        "note": note,
    }


def _procedure(resource: Resource, speak: Speaker, _resolve: Resolve) -> Row:
    return {
        "procedure": speak.concept(resource.get("code")),
        "date": speak.when(resource, "performed"),
        "status": speak.word("status", resource.get("status")),
        "reason": speak.concepts(resource.get("reasonCode")),
        "note": speak.notes(resource),
    }


def _device(resource: Resource, speak: Speaker, resolve: Resolve) -> Row:
    reference = resource.get("device", {})
    device = resolve(reference)
    said = speak.concept(device.get("type")) or speak.said(reference.get("display"))
    for name in device.get("deviceName", ()):
        said += speak.said(name.get("name"))
    said += speak.said(device.get("modelNumber"))
    return {
        "device": said,
        "period": speak.when(resource, "timing"),
        "status": speak.word("status", resource.get("status")),
        "site": speak.concept(resource.get("bodySite")),
        "note": speak.notes(resource),
    }


_PRIORITY = "http://hl7.org/fhir/StructureDefinition/flag-priority"


def _flag(resource: Resource, speak: Speaker, resolve: Resolve) -> Row:
    priority: Cell = EMPTY
    note: Cell = EMPTY
    for extension in resource.get("extension", ()):
        if extension.get("url") == _PRIORITY:
            priority = speak.concept(extension.get("valueCodeableConcept"))
        elif extension.get("url") == FLAG_DETAIL:
            detail = resolve(extension.get("valueReference"))
            note += _evidence(detail, speak) + speak.notes(detail)
        elif "valueAnnotation" in extension:
            note += speak.said(extension["valueAnnotation"].get("text"))
    period = speak.period(resource.get("period"))
    return {
        "alert": speak.concept(resource.get("code")),
        "category": speak.concepts(resource.get("category")),
        "priority": priority,
        "period": (Phrase(period),) if period else EMPTY,
        "note": note,
    }


def _consent(resource: Resource, speak: Speaker, _resolve: Resolve) -> Row:
    provision = resource.get("provision", {})
    period = speak.period(provision.get("period"))
    # Where the source has free text about the directive, the rule that it sets stands there.
    note = speak.said(resource.get("policyRule", {}).get("text"))
    for extension in resource.get("extension", ()):
        if "valueAnnotation" in extension:
            note += speak.said(extension["valueAnnotation"].get("text"))
    day = resource.get("dateTime")
    return {
        "directive": speak.concepts(resource.get("category"))
        + speak.concepts(provision.get("code")),
        "status": speak.word("status", resource.get("status")),
        "date": (Phrase(speak.date(day)),) if day else EMPTY,
        "period": (Phrase(period),) if period else EMPTY,
        "note": note,
    }


def _document(resource: Resource, speak: Speaker, resolve: Resolve) -> Row:
    for related in resource.get("context", {}).get("related", ()):
        inner = resolve(related)
        if inner.get("resourceType") == "Consent":
            return _consent(inner, speak, resolve)
    text = resource.get("description") or _attached_text(resource)
    day = resource.get("date")
    name = speak.concept(resource.get("type"))
    date = (Phrase(speak.date(day)),) if day else EMPTY
    status = speak.word("status", resource.get("status"))
    first = name + speak.said(text)
    return {"directive": first, "description": first, "name": first, "problem": first,
            "plan": first, "status": status, "date": date}  # fmt: skip


def _attached_text(resource: Resource) -> str:
    for content in resource.get("content", ()):
        attachment = content.get("attachment", {})
        if str(attachment.get("contentType", "")).startswith("text/plain"):
            try:
                raw = base64.b64decode(attachment.get("data", ""), validate=True)
                return raw.decode(errors="replace")
            except (binascii.Error, ValueError):
                return str(attachment.get("title", ""))
        if attachment.get("title"):
            return str(attachment["title"])
    return ""


def _plan(resource: Resource, speak: Speaker, _resolve: Resolve) -> Row:
    period = speak.period(resource.get("period"))
    name = speak.said(resource.get("title")) or speak.concepts(resource.get("category"))
    for advice in resource.get("recommendation", ()):
        name += speak.concepts(advice.get("vaccineCode"))
    return {
        "plan": name,
        "description": speak.said(resource.get("description")),
        "status": speak.word("status", resource.get("status")),
        "period": (Phrase(period),) if period else EMPTY,
        "note": speak.notes(resource),
    }


def _other(resource: Resource, speak: Speaker, _resolve: Resolve) -> Row:
    said = speak.concept(resource.get("code")) or speak.concept(resource.get("type"))
    said = said or speak.said(resource.get("description") or resource.get("summary"))
    if not said:
        said = (Phrase(str(resource.get("resourceType", ""))),)
    status = resource.get("status")
    return {
        "description": said,
        "status": speak.word("status", status) if isinstance(status, str) else EMPTY,
        "note": speak.notes(resource) if isinstance(resource.get("note"), list) else EMPTY,
    }


_ROWS: dict[str, Callable[[Resource, Speaker, Resolve], Row]] = {
    "AllergyIntolerance": _allergy,
    "Condition": _condition,
    "MedicationStatement": _medication,
    "MedicationRequest": _medication,
    "MedicationDispense": _medication,
    "MedicationAdministration": _medication,
    "Immunization": _immunization,
    "Observation": _observation,
    "DiagnosticReport": _report,
    "Procedure": _procedure,
    "DeviceUseStatement": _device,
    "Flag": _flag,
    "Consent": _consent,
    "DocumentReference": _document,
    "CarePlan": _plan,
    "ImmunizationRecommendation": _plan,
}
