"""Medicinal products and their use: ``manufacturedProduct`` and dosing of all waves.

Implements templates 1.3.6.1.4.1.12559.11.10.1.3.1.3.4, .3.31/.3.32 (summary), .3.2, .3.29/.3.30
(prescription) and .3.1 of waves 2 to 4, whose pharmacy extension spells some elements otherwise.
"""

from __future__ import annotations

from typing import Any

from ips.cda.read import people, tables
from ips.cda.read.common import settle
from ips.cda.read.datatypes import (
    Json,
    concept,
    identifiers,
    moment,
    number,
    period,
    quantity,
    ratio,
    span,
)
from ips.cda.read.node import Node, clean
from ips.cda.read.resources import Resources
from ips.loss import Fate

PACKAGE_TYPE = "http://hl7.eu/fhir/StructureDefinition/medication-package-type"
_UNITS = {"s": "s", "min": "min", "h": "h", "d": "d", "wk": "wk", "mo": "mo", "a": "a"}
_EVENTS = frozenset(
    ["HS", "WAKE", "C", "CM", "CD", "CV", "AC", "ACM", "ACD", "ACV", "PC", "PCM", "PCD", "PCV"]
)
"""Timing events of HL7 V3 that FHIR knows (EventTiming, required binding)."""

_ATC = "http://www.whocc.no/atc"


def medication(product: Node | None, resources: Resources, where: str, profile: str = "") -> str:
    """Return the reference of the medicinal product; empty when nothing is said of it.

    Args:
        product: ``manufacturedProduct``.
        resources: gets the Medication.
        where: place of the entry, so that two entries do not share a product by chance.
        profile: canonical that the Medication claims.
    """
    material = product.one("manufacturedMaterial") if product else None
    if product is None or material is None or material.null:
        return ""
    content: Json = {}
    code = _code(material)
    if code:
        content["code"] = code
    form = concept(material.one("formCode"))
    if form:
        content["form"] = form
    content |= _packages(material)
    ingredients = [made for node in material.many("ingredient") if (made := _ingredient(node))]
    if ingredients:
        content["ingredient"] = ingredients
    batch = {
        key: value
        for key, value in (
            ("lotNumber", _words(material.one("lotNumberText"))),
            ("expirationDate", moment(material.one("expirationTime"))),
        )
        if value
    }
    if batch:
        content["batch"] = batch
    ids = identifiers(product)
    if ids:
        content["identifier"] = [*content.get("identifier", []), *ids]
    maker = product.one("manufacturerOrganization") or product.one("marketingAuthorizationHolder")
    made_by = people.organization(maker, resources)
    if made_by:
        content["manufacturer"] = {"reference": made_by}
    return resources.add("Medication", content, where, profile) if content else ""


def _words(node: Node | None) -> str:
    return clean(node.text()) if node is not None and not node.null else ""


def _code(material: Node) -> Json:
    """Return the code of the product: its own, then its class; its name is the text."""
    own = concept(material.one("code"))
    classes: list[Json] = []
    for kind in material.many("asSpecializedKind"):
        for child in kind.children():
            if child.name.startswith("generalized"):
                classes += concept(child.one("code")).get("coding", [])
                _also(child, "name")
    codings = [*own.get("coding", []), *(c for c in classes if c not in own.get("coding", []))]
    name, described = _words(material.one("name")), _words(material.one("desc"))
    text = ", ".join(part for part in (name or own.get("text", ""), described) if part)
    if described:
        material.note(described, Fate.AS_TEXT, "The description stands in the product's name.")
    result: Json = {}
    if codings:
        result["coding"] = codings
    if text or codings:
        result["text"] = text or codings[0].get("display") or codings[0]["code"]
    return result


def _also(node: Node, name: str) -> None:
    found = node.one(name)
    if found is not None and found.text():
        found.note(found.text(), Fate.APPROXIMATE, "The name of the class travels with its code.")


def _packages(material: Node) -> Json:
    """Return amount, package type and package code; what packages hold inside goes to words."""
    result: Json = {}
    outer = [node for node in material.many("asContent") if not node.null]
    level = 0
    while outer:
        content = outer[0]
        package = next((c for c in content.children() if c.name.startswith("container")), None)
        amount = quantity(content.one("quantity")) or (
            quantity(package.one("capacityQuantity")) if package else {}
        )
        if package is None:
            break
        kind = concept(package.one("formCode"))
        code = package.one("code")
        if code is not None and code.get("code"):
            found = {"value": clean(code.get("code"))}
            oid = code.get("codeSystem")
            if tables.OID.fullmatch(oid):
                found = {"system": tables.oid_uri(oid), **found}
            code.note(code.get("code"), Fate.EXACT)
            result["identifier"] = [*result.get("identifier", []), found]
        named = package.one("name")
        if named is not None and named.text():
            named.note(named.text(), Fate.EXACT)
        if level == 0:
            if amount:
                one = {"value": 1, "unit": "1", "system": "http://unitsofmeasure.org", "code": "1"}
                result["amount"] = {"numerator": amount, "denominator": one}
            if kind:
                result["extension"] = [{"url": PACKAGE_TYPE, "valueCodeableConcept": kind}]
        else:
            said = " ".join(str(part) for part in (
                amount.get("value", ""), kind.get("text", "")) if part)  # fmt: skip
            if said:
                package.note(said, Fate.NOT_CARRIED,
                             "FHIR R4 tells one level of packaging only.")  # fmt: skip
        outer = [node for node in package.many("asContent") if not node.null]
        level += 1
    return result


def _ingredient(node: Node) -> Json:
    """Return one Medication.ingredient; its substance was called ``ingredient`` before wave 4."""
    substance = node.one("ingredientSubstance") or node.one("ingredient")
    if substance is None:
        return {}
    item = concept(substance.one("code"))
    name = _words(substance.one("name"))
    if name:
        item["text"] = name
    if not item:
        return {}
    result: Json = {"itemCodeableConcept": item}
    kind = node.get("classCode")
    if kind:
        result["isActive"] = kind.startswith("ACTI")
    strength = ratio(node.one("quantity"))
    if strength:
        result["strength"] = strength
    return result


def dosage(node: Node) -> list[Json]:
    """Return the dosages of a substanceAdministration: its own, then its parts in their order.

    Parts are tapered or split doses (IHE PCC 4.7.8, 4.7.9): administrations inside the first.
    """
    own = _one_dosage(node)
    told = instruction(node, "PINSTRUCT")
    if told:
        own["patientInstruction"] = told
        if "timing" not in own and "doseAndRate" not in own:
            own["text"] = told
    found = [own] if own else []
    for relation in node.many("entryRelationship"):
        inner = relation.one("substanceAdministration")
        if inner is None or relation.element.get("typeCode") != "COMP":
            continue
        part = _one_dosage(inner)
        bounds = statement_times(inner, "t").get("tPeriod")
        if bounds:
            part.setdefault("timing", {}).setdefault("repeat", {})["boundsPeriod"] = bounds
        order = relation.one("sequenceNumber")
        place = order.get("value") if order is not None else ""
        if place.isascii() and place.isdigit():
            part["sequence"] = int(place)
        for name in ("text", "id", "statusCode", "code"):
            for child in inner.many(name):
                child.use()
        if part:
            found.append(part)
    return found


def _one_dosage(node: Node) -> Json:
    """Return when, how, where and how much, of one administration."""
    result: Json = {}
    repeat, events = _timing(node)
    if repeat or events:
        result["timing"] = {**({"repeat": repeat} if repeat else {}), **events}
    needed = node.at("precondition/criterion")
    if needed is not None:
        result |= _as_needed(needed)
    for name, key in (("routeCode", "route"), ("approachSiteCode", "site")):
        made = concept(node.one(name))
        if made:
            result[key] = made
    amount: Json = {}
    for name, key in (("doseQuantity", "dose"), ("rateQuantity", "rate")):
        said = span(node.one(name))
        amount |= {f"{key}{form.capitalize()}": value for form, value in said.items()}
    if amount:
        result["doseAndRate"] = [amount]
    most = ratio(node.one("maxDoseQuantity"))
    if most:
        result["maxDosePerPeriod"] = most
    return result


def _as_needed(criterion: Node) -> Json:
    """Return «as needed», with the condition where it is coded or told apart."""
    condition = concept(criterion.one("value")) or concept(criterion.one("code"))
    text = criterion.one("text")
    said = clean(text.text()) if text is not None else ""
    if text is not None:
        text.use()
        text.note(said, Fate.EXACT)
    if condition:
        return {"asNeededCodeableConcept": condition}
    return {"asNeededBoolean": True, **({"text": said} if said else {})}


def _timing(node: Node) -> tuple[Json, Json]:
    """Return Timing.repeat and what else Timing says, from all effective times but the first."""
    repeat: Json = {}
    rest: Json = {}
    for time in node.many("effectiveTime"):
        if time.type == "PIVL_TS":
            repeat |= _periodic(time)
        elif time.type == "EIVL_TS":
            rest |= _event(time, repeat)
    if repeat.get("when") and "frequency" in repeat:
        del repeat["frequency"]
    return repeat, rest


def _periodic(time: Node) -> Json:
    every = time.one("period")
    if every is None:
        return {}
    value, unit = number(every.get("value")), _UNITS.get(every.get("unit"))
    if value is None or value <= 0 or unit is None:
        said = f"{every.get('value')} {every.get('unit')}".strip()
        if said:
            every.note(said, Fate.NOT_CARRIED, "This is not a period that FHIR knows.")
        return {}
    every.note(f"{value} {unit}", Fate.EXACT)
    return {"frequency": 1, "period": value, "periodUnit": unit}


def _event(time: Node, repeat: Json) -> Json:
    event = time.one("event")
    code = event.get("code") if event else ""
    if event is None or not code:
        return {}
    if code in _EVENTS:
        repeat.setdefault("when", []).append(code)
        event.note(code, Fate.EXACT)
        return {}
    event.note(code, Fate.AS_TEXT, "FHIR does not know this event; it stands in words.")
    named = concept(event)
    return {"code": {"text": named.get("text") or code}}


def instruction(node: Node, code: str) -> str:
    """Return the words of an instruction: PINSTRUCT for the patient, FINSTRUCT for the pharmacy."""
    for relation in node.many("entryRelationship"):
        act = relation.one("act")
        kind = act.one("code") if act else None
        if act is None or kind is None or kind.element.get("code") != code:
            continue
        kind.get("code")
        text = act.one("text")
        said = clean(text.text()) if text else ""
        if text is not None and said:
            text.note(said, Fate.EXACT)
            _settle(act)
            return said
    return ""


def _settle(act: Node) -> None:
    """Mark what an act of this kind always says as read."""
    for name in ("id", "statusCode"):
        for child in act.many(name):
            child.use()


def statement_times(node: Node, stem: str) -> Json:
    """Return when the medicine is taken: the first effective time that is no repetition."""
    for time in node.many("effectiveTime"):
        if time.type in ("PIVL_TS", "EIVL_TS"):
            continue
        found = period(time)
        if found:
            if time.one("low") is None and time.one("high") is None:
                return {f"{stem}DateTime": found["start"]}
            return {f"{stem}Period": found}
    return {}


def reasons(node: Node) -> list[Json]:
    """Return why the medicine is taken (``RSON``)."""
    found: list[Any] = []
    for relation in node.many("entryRelationship"):
        if relation.element.get("typeCode") != "RSON":
            continue
        observation = relation.one("observation")
        if observation is not None:
            made = concept(observation.one("value")) or concept(observation.one("code"))
            settle(observation)
            if made:
                found.append(made)
    return found
