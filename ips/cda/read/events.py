"""Procedures, devices, vaccinations and medicines in use.

Implements templates 1.3.6.1.4.1.12559.11.10.1.3.1.3.26, .5, .19 (.18, .28), .4 and IHE PCC 4.19,
4.12.
"""

from __future__ import annotations

from ips.cda.read import people
from ips.cda.read.common import (
    HL7,
    Work,
    absence,
    absent_concept,
    code_of,
    comments,
    entry_ids,
    negation,
    nothing,
    observations,
    settle,
    status,
    told,
    told_by_patient,
)
from ips.cda.read.datatypes import Json, concept, identifiers, moment, number, period, span, when
from ips.cda.read.medicines import dosage, instruction, medication, reasons, statement_times
from ips.cda.read.node import Node, clean
from ips.loss import Fate
from ips.summary.systems import absent

_RECALLED: Json = {
    "primarySource": False,
    "reportOrigin": {"coding": [{"system": HL7 + "immunization-origin", "code": "recall",
                                 "display": "Parent/Guardian/Patient Recall"}]},
}  # fmt: skip
"""What the patient told of a vaccination."""


def procedures(node: Node, work: Work) -> list[str]:
    """Return the reference of a procedure."""
    code = node.one("code")
    settle(node, "text")
    gone = absence(code, work)
    if gone is not None:
        return nothing(gone, node, work, "Procedure", status="unknown", code="code",
                       time="_performedDateTime")  # fmt: skip
    made = concept(code)
    if not made:
        settle(node, "id", "statusCode")
        return []
    content: Json = {**entry_ids(node), "status": status(node, "act.procedure", "unknown")}
    if negation(node):
        content["status"] = "not-done"
    content["code"] = made
    content |= when(node.one("effectiveTime"), "performed")
    sites = [site for found in node.many("targetSiteCode") if (site := _site(found))]
    if sites:
        content["bodySite"] = sites
    performers = _performers(node, work)
    if performers:
        content["performer"] = [{"actor": {"reference": url}} for url in performers]
    why = reasons(node)
    if why:
        content["reasonCode"] = why
    notes = comments(node)
    if notes:
        content["note"] = notes
    told(node, work, content, recorder="recorder", asserter="asserter")
    return [work.resources.add("Procedure", content, node.where)]


def _site(node: Node) -> Json:
    """Return a body site; its laterality has no element in FHIR R4 and stands in the text."""
    made = concept(node)
    for qualifier in node.many("qualifier"):
        name, value = qualifier.one("name"), qualifier.one("value")
        if value is None:
            continue
        side = value.get("displayName") or value.get("code")
        if name is not None:
            name.get("code")
        if side:
            value.note(side, Fate.AS_TEXT, "FHIR R4 has no laterality of a body site.")
            made["text"] = f"{made.get('text', '')} ({clean(side)})".strip()
    return made


def _performers(node: Node, work: Work) -> list[str]:
    found = []
    for performer in node.many("performer"):
        url = people.entity(performer.one("assignedEntity"), work.resources)
        time = moment(performer.one("time"))
        if time:
            performer.note(time, Fate.NOT_CARRIED, "FHIR keeps the time of the act only.")
        if url:
            found.append(url)
    return found


def devices(node: Node, work: Work) -> list[str]:
    """Return the reference of the use of a device."""
    settle(node, "text")
    role = node.at("participant/participantRole")
    code = role.at("playingDevice/code") if role else None
    gone = absence(code, work)
    if gone is not None and code is not None:
        settle(node, "id", "statusCode")
        if gone.means == "unknown":
            return []
        device = work.resources.add("Device", {"type": absent_concept(gone)}, node.where)
        return [work.resources.add(
            "DeviceUseStatement",
            {"status": "active", "subject": {"reference": work.resources.patient},
             "_timingDateTime": absent("not-applicable"), "device": {"reference": device}},
            node.where,
        )]  # fmt: skip
    made = concept(code)
    own = node.one("code")
    if own is not None:
        supply = concept(own)
        made = made or supply
    content: Json = {"type": made} if made else {}
    if role is not None:
        ids = identifiers(role)
        if ids:
            content["identifier"] = ids
        model = role.at("playingDevice/manufacturerModelName")
        if model is not None and model.text():
            content["deviceName"] = [{"name": clean(model.text()), "type": "model-name"}]
        maker = role.at("scopingEntity/desc")
        if maker is not None and maker.text():
            content["manufacturer"] = clean(maker.text())
    if not content:
        settle(node, "id", "statusCode")
        return []
    device = work.resources.add("Device", content, node.where)
    time = when(node.one("effectiveTime"), "timing")
    ended = "end" in time.get("timingPeriod", {})
    use: Json = {**entry_ids(node),
                 "status": status(node, "act.device", "completed" if ended else "active"),
                 **time, "device": {"reference": device}}  # fmt: skip
    notes = comments(node)
    if notes:
        use["note"] = notes
    told(node, work, use, recorder="source", date="recordedOn", asserter="source")
    return [work.resources.add("DeviceUseStatement", use, node.where)]


def immunizations(node: Node, work: Work) -> list[str]:
    """Return the reference of a vaccination, given or not given."""
    own = node.one("code")
    gone = absence(own, work)
    settle(node, "text", "code")
    product = node.at("consumable/manufacturedProduct")
    material = product.one("manufacturedMaterial") if product else None
    if material is not None:
        gone = gone or absence(material.one("code"), work)
    if gone is not None:
        return nothing(gone, node, work, "Immunization", status="not-done", code="vaccineCode",
                       who="patient", time="_occurrenceDateTime")  # fmt: skip
    content: Json = {**entry_ids(node), "status": status(node, "act.immunization", "completed")}
    if negation(node):
        content["status"] = "not-done"
    if product is not None and material is not None:
        content |= _vaccine(product, material, work)
    content |= _given(node)
    performers = _performers(node, work)
    if performers:
        content["performer"] = [{"actor": {"reference": url}} for url in performers]
    notes = comments(node)
    if notes:
        content["note"] = notes
    if told_by_patient(node):
        content |= _RECALLED
    told(node, work, content, date="recorded")
    return [work.resources.add("Immunization", content, node.where)]


def _given(node: Node) -> Json:
    """Return when, where, how and how much was given, and against what."""
    content: Json = {}
    time = period(node.one("effectiveTime"))
    if time:
        content["occurrenceDateTime"] = time.get("start") or time["end"]
    for name, key in (("routeCode", "route"), ("approachSiteCode", "site")):
        made = concept(node.one(name))
        if made:
            content[key] = made
    dose = span(node.one("doseQuantity"))
    if "quantity" in dose:
        content["doseQuantity"] = dose["quantity"]
    protocol = _protocol(node)
    if protocol:
        content["protocolApplied"] = [protocol]
    return content


def _vaccine(product: Node, material: Node, work: Work) -> Json:
    content: Json = {}
    code = concept(material.one("code"))
    name = material.one("name")
    said = clean(name.text()) if name is not None and not name.null else ""
    if said:
        code["text"] = said
    if code:
        content["vaccineCode"] = code
    lot = material.one("lotNumberText")
    if lot is not None and lot.text():
        content["lotNumber"] = clean(lot.text())
    maker = people.organization(product.one("manufacturerOrganization"), work.resources)
    if maker:
        content["manufacturer"] = {"reference": maker}
    return content


def _protocol(node: Node) -> Json:
    """Return the diseases that the vaccination is against, and the number of the dose."""
    result: Json = {}
    diseases = []
    for participant in node.many("participant"):
        made = concept(participant.at("participantRole/code"))
        if made:
            diseases.append(made)
    if diseases:
        result["targetDisease"] = diseases
    for _, _, inner in observations(node):
        if code_of(inner) != "30973-2":
            continue
        settle(inner)
        value = inner.one("value")
        raw = value.get("value") if value else ""
        count = number(raw)
        if count is not None and value is not None:
            whole = count == int(count) and count >= 1
            result |= {"doseNumberPositiveInt": int(count)} if whole else {"doseNumberString": raw}
            value.note(raw, Fate.EXACT)
    if result and not any(key.startswith("doseNumber") for key in result):
        result["_doseNumberPositiveInt"] = absent()
    return result


def medicines(node: Node, work: Work) -> list[str]:
    """Return the reference of a medicine in use."""
    code = node.one("code")
    settle(node, "text")
    gone = absence(code, work)
    if gone is not None:
        return nothing(gone, node, work, "MedicationStatement", status="unknown",
                       code="medicationCodeableConcept", time="_effectiveDateTime")  # fmt: skip
    content: Json = {**entry_ids(node), "status": status(node, "act.medication", "unknown")}
    if negation(node):
        content["status"] = "not-taken"
    product = medication(node.at("consumable/manufacturedProduct"), work.resources, node.where)
    if product:
        content["medicationReference"] = {"reference": product}
    kind = concept(code)
    if kind and kind["coding"][0].get("code") != "DRUG" if kind.get("coding") else False:
        content["category"] = kind
    content |= statement_times(node, "effective")
    why = reasons(node)
    if why:
        content["reasonCode"] = why
    dosing = dosage(node)
    if dosing:
        content["dosage"] = dosing
    notes = comments(node)
    message = instruction(node, "FINSTRUCT")
    if message:
        notes.append({"text": message})
    if notes:
        content["note"] = notes
    if not product and not dosing and not content.get("category"):
        return []
    told(node, work, content, recorder="informationSource", date="dateAsserted",
         asserter="informationSource")  # fmt: skip
    return [work.resources.add("MedicationStatement", content, node.where)]
