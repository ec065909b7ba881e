"""One dispensation: what was handed over, by whom, on which prescription (~E.3)."""

from __future__ import annotations

import uuid

from ips.cda.names import CCD, ENTRY, PCC, uuid_root
from ips.cda.write.context import Anchor, Context, Resource, entry_id, require, text
from ips.cda.write.datatypes import identifier, time
from ips.cda.write.element import Element, add, templates
from ips.cda.write.medication import product
from ips.cda.write.people import Party, entity
from ips.cda.write.supply import write_amount
from ips.loss import Fate


def prescription_number(one: Resource, context: Context) -> Resource:
    """Return the identifier of the prescription that a dispensation answers.

    Raises:
        InputError: it names none.
    """
    for reference in one.get("authorizingPrescription", ()):
        found = context.resolve(reference)
        given = (reference.get("identifier"), *found.get("identifier", ()))
        for number in given:
            if isinstance(number, dict) and number.get("value"):
                return dict(number)
    require(False, "the dispensation does not name its prescription",
            "MedicationDispense.authorizingPrescription",
            "give the identifier of the prescription")  # fmt: skip
    return {}


def order(parent: Element, one: Resource, context: Context) -> None:
    """Append the prescription document that a dispensation answers (``inFulfillmentOf``).

    A prescription with a UUID has a document of the same UUID, as the writing of prescriptions
    makes it. Where the number is another, it is all that is known of the document.
    """
    number = prescription_number(one, context)
    made = add(add(parent, "inFulfillmentOf"), "order", class_="ACT", moodCode="RQO")
    if is_uuid(number["value"]):
        add(made, "id", root=uuid_root(number["value"]))
        return
    identifier(made, number)
    context.note("MedicationDispense.authorizingPrescription", number["value"], Fate.APPROXIMATE,
                 "The id of the prescription document is not known; the number of the item stands "
                 "in its place.")  # fmt: skip


def is_uuid(value: str) -> bool:
    """Return whether an identifier is a UUID."""
    try:
        uuid.UUID(value.removeprefix("urn:uuid:"))
    except ValueError:
        return False
    return True


def dispensed(section: Element, one: Resource, anchor: Anchor, context: Context) -> None:
    """Append a MedicationDispense."""
    act = add(add(section, "entry", typeCode="COMP"), "supply", class_="SPLY", moodCode="EVN")
    templates(act, f"{ENTRY}3", f"{PCC}4.7.3", f"{CCD}34")
    own = next((i for i in one.get("identifier", ()) if i.get("value")), None)
    if own is None or identifier(act, own) is None:
        entry_id(act, context, one)
    text(act, anchor.row)
    write_amount(act, one.get("quantity") or {}, f"{anchor.path}.quantity", context)
    roots = (f"{ENTRY}29", f"{ENTRY}30")
    product(add(act, "product"), one, anchor, context, roots)
    _performer(act, one, context)
    _request(act, one, anchor, context)
    if (one.get("substitution") or {}).get("wasSubstituted"):
        made = add(add(act, "entryRelationship", typeCode="COMP"), "act", class_="ACT",
                   moodCode="EVN")  # fmt: skip
        add(made, "code", code="SUBST", codeSystem="2.16.840.1.113883.5.6")
    if one.get("status") not in (None, "completed"):
        context.note(f"{anchor.path}.status", one["status"], Fate.AS_TEXT,
                     "The entry has no status; it stands in the narrative.")  # fmt: skip
    context.account(
        anchor.path, one,
        ("identifier", "status", "quantity", "medicationReference", "medicationCodeableConcept",
         "performer", "whenHandedOver", "authorizingPrescription", "substitution"),
        ("note", "dosageInstruction"),
    )  # fmt: skip


def _performer(act: Element, one: Resource, context: Context) -> None:
    for performer in one.get("performer", ()):
        party = Party(performer.get("actor"), context)
        if party:
            made = add(act, "performer", typeCode="PRF")
            time(made, "time", one.get("whenHandedOver"))
            entity(made, party)


def _request(act: Element, one: Resource, anchor: Anchor, context: Context) -> None:
    """Append the item that was prescribed, with its product where the bundle has it."""
    relation = add(act, "entryRelationship", typeCode="REFR")
    made = add(relation, "substanceAdministration", class_="SBADM", moodCode="INT")
    identifier(made, prescription_number(one, context))
    consumable = add(made, "consumable")
    references = one.get("authorizingPrescription", ())
    requests = [found for found in map(context.resolve, references) if found]
    if requests:
        product(consumable, requests[0], anchor, context, (f"{ENTRY}29", f"{ENTRY}30"))
    else:
        inner = add(consumable, "manufacturedProduct")
        templates(inner, f"{ENTRY}29")
        add(inner, "manufacturedMaterial", nullFlavor="NI")
