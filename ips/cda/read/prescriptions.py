"""Prescriptions and dispensations of MyHealth@EU as HL7 Europe MPD 1.0.0 resources.

Implements templates 1.3.6.1.4.1.12559.11.10.1.3.1.3.2 (prescription item) and .3.3 (dispensed
item).
"""

from __future__ import annotations

from ips.cda.read import people
from ips.cda.read.common import Work, comments, entry_ids, negation, settle, status
from ips.cda.read.datatypes import Json, concept, identifiers, moment, period, quantity
from ips.cda.read.medicines import dosage, instruction, medication, reasons, statement_times
from ips.cda.read.node import Node
from ips.loss import Fate
from ips.summary.systems import absent

MPD = "http://hl7.eu/fhir/mpd/StructureDefinition/"
REQUEST, DISPENSE, MEDICATION = (
    f"{MPD}MedicationRequest-eu-mpd",
    f"{MPD}MedicationDispense-eu-mpd",
    f"{MPD}Medication-eu-mpd",
)
_RECORDED = "http://hl7.org/fhir/5.0/StructureDefinition/extension-MedicationDispense.recorded"


class Prescriber:
    """Who signed a document and when, for the items that do not say it themselves."""

    def __init__(self, who: Json, time: str, group: Json) -> None:
        self.who = who
        self.time = time
        self.group = group


def prescription(node: Node, work: Work, prescriber: Prescriber) -> list[str]:
    """Return the reference of one prescribed item."""
    settle(node, "text", "code")
    content: Json = {**entry_ids(node), "status": status(node, "act.request", "unknown"),
                     "intent": "order"}  # fmt: skip
    if negation(node):
        content["doNotPerform"] = True
    _product(node.at("consumable/manufacturedProduct"), content, work, node.where)
    content["subject"] = {"reference": work.resources.patient}
    if prescriber.time:
        content["authoredOn"] = prescriber.time
    content["requester"] = prescriber.who
    for author in node.many("author"):
        url = people.entity(author.one("assignedAuthor"), work.resources)
        time = moment(author.one("time"))
        if url:
            content["requester"] = {"reference": url}
        if time:
            content["authoredOn"] = time
    if prescriber.group:
        content["groupIdentifier"] = prescriber.group
    why = reasons(node)
    if why:
        content["reasonCode"] = why
    notes = comments(node)
    told = instruction(node, "FINSTRUCT")
    if told:
        notes.append({"text": told})
    if notes:
        content["note"] = notes
    dosing = dosage(node)
    span = statement_times(node, "effective").get("effectivePeriod")
    if span:
        dosing = dosing or [{}]
        timing = dosing[0].setdefault("timing", {})
        timing.setdefault("repeat", {})["boundsPeriod"] = span
    if dosing:
        content["dosageInstruction"] = dosing
    _supply(node, content)
    _substitution(node, content)
    return [work.resources.add("MedicationRequest", content, node.where, REQUEST)]


def _product(product: Node | None, content: Json, work: Work, where: str) -> None:
    url = medication(product, work.resources, where, MEDICATION)
    if url:
        content["medicationReference"] = {"reference": url}
    else:
        content["medicationCodeableConcept"] = _unnamed()


def _unnamed() -> Json:
    """Return the concept of a medicine that the document does not name."""
    system = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
    return {"coding": [{"system": system, "code": "unknown", "display": "Unknown"}]}


def _supply(node: Node, content: Json) -> None:
    """Read how many packages are prescribed, and how often they may be dispensed again."""
    for relation in node.many("entryRelationship"):
        supply = relation.one("supply")
        if supply is None:
            continue
        request = content.setdefault("dispenseRequest", {})
        amount = quantity(supply.one("quantity"))
        if amount:
            request["quantity"] = amount
        valid = period(supply.one("effectiveTime"))
        if valid:
            request["validityPeriod"] = valid
        again = supply.one("repeatNumber")
        count = again.get("value") if again is not None else ""
        if again is not None and count.isascii() and count.isdigit():
            request["numberOfRepeatsAllowed"] = int(count)
            again.note(count, Fate.EXACT)
        if not request:
            del content["dispenseRequest"]


def _substitution(node: Node, content: Json) -> None:
    for relation in node.many("entryRelationship"):
        inner = relation.one("observation")
        kind = inner.one("code") if inner else None
        if inner is None or kind is None or kind.element.get("code") != "SUBST":
            continue
        value = inner.one("value")
        if value is None:
            continue
        settle(inner)
        made = concept(value)
        if made:
            content["substitution"] = {"allowedCodeableConcept": made}


def dispensation(node: Node, work: Work, prescriber: Prescriber) -> list[str]:
    """Return the references of one dispensed item and of the prescription that it fulfils."""
    settle(node, "text", "statusCode")
    content: Json = {**entry_ids(node), "status": "completed"}
    _product(node.at("product/manufacturedProduct"), content, work, node.where)
    content["subject"] = {"reference": work.resources.patient}
    time = _dispensers(node, content, work) or prescriber.time
    content.setdefault("performer", [{"actor": prescriber.who}])
    _credentials(node)
    content["quantity"] = quantity(node.one("quantity")) or absent()
    if time:
        content["whenHandedOver"] = time
        content["extension"] = [{"url": _RECORDED, "valueDateTime": time}]
    if negation(node):
        content["status"] = "declined"
    order = _order(node, work, prescriber)
    if order:
        content["authorizingPrescription"] = [{"reference": order}]
    for relation in node.many("entryRelationship"):
        act = relation.one("act")
        kind = act.one("code") if act else None
        if act is not None and kind is not None and kind.element.get("code") == "SUBST":
            kind.note("SUBST", Fate.EXACT)
            kind.use()
            content["substitution"] = {"wasSubstituted": not negation(act)}
    notes = comments(node)
    if notes:
        content["note"] = notes
    return [work.resources.add("MedicationDispense", content, node.where, DISPENSE)]


def _dispensers(node: Node, content: Json, work: Work) -> str:
    """Read who dispensed, and return when."""
    when = moment(node.one("effectiveTime"))
    found = []
    for performer in node.many("performer"):
        url = people.entity(performer.one("assignedEntity"), work.resources)
        time = performer.one("time")
        when = moment(time) or moment(time.one("low") if time is not None else None) or when
        if url:
            found.append({"actor": {"reference": url}})
    if found:
        content["performer"] = found
    return when


def _credentials(node: Node) -> None:
    """Note the licence of the dispenser, for which MPD has no element."""
    for participant in node.many("participant"):
        role = participant.one("participantRole")
        for part in (role, role.one("scopingEntity") if role else None):
            for made in identifiers(part) if part is not None else []:
                participant.note(made["value"], Fate.NOT_CARRIED,
                                 "MPD has no place for the dispenser's licence.")  # fmt: skip


def _order(node: Node, work: Work, prescriber: Prescriber) -> str:
    """Return the prescription item that a dispensation fulfils, as far as it is copied."""
    for relation in node.many("entryRelationship"):
        inner = relation.one("substanceAdministration")
        if inner is None or relation.element.get("typeCode") != "REFR":
            continue
        settle(inner, "text", "code")
        content: Json = {**entry_ids(inner), "status": status(inner, "act.request", "unknown"),
                         "intent": "order"}  # fmt: skip
        _product(inner.at("consumable/manufacturedProduct"), content, work, inner.where)
        content["subject"] = {"reference": work.resources.patient}
        content["_authoredOn"] = absent()
        content["requester"] = absent()
        if prescriber.group:
            content["groupIdentifier"] = prescriber.group
        dosing = dosage(inner)
        if dosing:
            content["dosageInstruction"] = dosing
        _supply(inner, content)
        _substitution(inner, content)
        return work.resources.add("MedicationRequest", content, inner.where, REQUEST)
    return ""
