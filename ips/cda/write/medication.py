"""Medicines in use: substance administrations and the product (eHDSI ~E.4, ~E.31, ~E.32)."""

from __future__ import annotations

from typing import Any

from ips.cda.names import CCD, ENTRY, PCC, oid_of, pairs
from ips.cda.write import doses
from ips.cda.write.context import Anchor, Context, Resource, entry_id, text
from ips.cda.write.datatypes import ATC, EDQM, ICD10, SNOMED, code, display, is_code, quantity, span
from ips.cda.write.element import Element, add, templates
from ips.cda.write.people import organization, recorded
from ips.loss import Fate
from ips.terms import normalise_system

_PRODUCT = ("code", "form", "ingredient", "batch", "status", "amount", "identifier", "extension")
SUBSTANCES = (ATC, SNOMED)

STATUS = {"active": "active", "intended": "active", "completed": "completed",
          "stopped": "aborted", "cancelled": "cancelled", "on-hold": "suspended",
          "not-taken": "cancelled", "draft": "active", "unknown": "active"}  # fmt: skip
_CLASS = "/ihe-ext-medication-classification"
_DOUBTFUL = {"intended", "unknown", "draft", "not-taken"}


def statement(parent: Element, resource: Resource, anchor: Anchor, context: Context) -> None:
    """Append a MedicationStatement or MedicationRequest of a patient summary."""
    given = resource.get("dosage") or resource.get("dosageInstruction") or []
    dosages = [one for one in given if isinstance(one, dict)]
    act = add(add(parent, "entry"), "substanceAdministration", class_="SBADM", moodCode="INT")
    inner = doses.framed(dosages)[1]
    templates(act, f"{ENTRY}4", f"{CCD}24", doses.dosing_template(inner))
    entry_id(act, context, resource)
    text(act, anchor.row)
    _status(act, resource, anchor, context)
    low, high = span(resource, "effective")
    doses.period(act, low or resource.get("authoredOn"), high)
    single = dosages[0] if len(dosages) == 1 else {}
    path = f"{anchor.path}.dosage"
    if single:
        doses.frequency(act, single, f"{path}[0]", context)
        doses.route(act, single, anchor, f"{path}[0]", context)
        doses.amount(act, single, context)
    product(add(act, "consumable"), resource, anchor, context, (f"{ENTRY}31", f"{ENTRY}32"))
    source = "informationSource" if "informationSource" in resource else "requester"
    who = recorded(act, resource, context, source, "", "dateAsserted")
    if len(dosages) > 1:
        doses.parts(act, inner, anchor, path, context, first=len(dosages) - len(inner))
    reasons(act, resource, anchor, context)
    if single:
        doses.condition(act, single, anchor)
    doses.account(dosages, path, context, anchor.obligations)
    context.account(
        anchor.path, resource,
        ("identifier", "status", "medicationReference", "medicationCodeableConcept", "dosage",
         "dosageInstruction", "effectivePeriod", "effectiveDateTime", "reasonCode", "authoredOn",
         "intent", *who),
        ("note", "statusReason"), obligations=anchor.obligations,
    )  # fmt: skip


def _status(act: Element, resource: Resource, anchor: Anchor, context: Context) -> None:
    value = str(resource.get("status") or "unknown")
    add(act, "statusCode", code=STATUS.get(value, "active"))
    if value in _DOUBTFUL or value not in STATUS:
        context.note(f"{anchor.path}.status", value, Fate.APPROXIMATE,
                     f"HL7 V3 has no «{value}»; it stands in the narrative.",
                     obligations=anchor.obligations)  # fmt: skip
    else:
        context.note(f"{anchor.path}.status", value, Fate.EXACT)


def medicine_of(resource: Resource, context: Context) -> Resource:
    """Return the Medication of a statement, request or dispense; a bare concept as one."""
    concept = resource.get("medicationCodeableConcept")
    if isinstance(concept, dict):
        return {"code": concept}
    reference = resource.get("medicationReference", {})
    inside = {f"#{c.get('id')}": c for c in resource.get("contained", ()) if isinstance(c, dict)}
    found = inside.get(str(reference.get("reference", ""))) or context.resolve(reference)
    return found or {"code": {"text": str(reference.get("display") or "")}}


def product(
    parent: Element, resource: Resource, anchor: Anchor, context: Context,
    roots: tuple[str, str],
) -> None:  # fmt: skip
    """Append the product: name, form, classification, substances with their strength."""
    found = medicine_of(resource, context)
    concept = _with_class(found)
    path = f"{anchor.path}.medication"
    made = add(parent, "manufacturedProduct")
    templates(made, roots[0])
    material = add(made, "manufacturedMaterial", class_="MMAT", determinerCode="KIND")
    templates(material, roots[1])
    _product_code(material, found, concept, context)
    name = _name(concept)
    add(material, "name", name) if name else add(material, "name", nullFlavor="NI")
    if found.get("form"):
        code(material, "pharm:formCode", found["form"], (EDQM,), context, anchor,
             f"{path}.form", cell="medicine", sets=("eHDSIDoseForm",))  # fmt: skip
    if found.get("batch", {}).get("lotNumber"):
        add(material, "lotNumberText", str(found["batch"]["lotNumber"]))
    _content(material, found, context)
    _classification(material, concept, anchor, f"{path}.code", context)
    _ingredients(material, found, anchor, path, context)
    given = found.get("manufacturer")
    maker = context.resolve(given) or {k: v for k, v in [("name", _shown(given))] if v}
    if maker:
        organization(made, maker, "manufacturerOrganization")
    context.account(path, found, (*_PRODUCT, "manufacturer") if maker else _PRODUCT,
                    obligations=anchor.obligations)  # fmt: skip


def _shown(reference: Any) -> str:
    return str(reference.get("display") or "") if isinstance(reference, dict) else ""


def _with_class(found: Resource) -> Resource:
    """Return the code of a product with the classes that stand in the extension of IHE MPD."""
    concept: Resource = found.get("code") or {}
    codings = [*concept.get("coding", ())]
    for extension in found.get("extension", ()):
        if str(extension.get("url", "")).endswith(_CLASS):
            codings += (extension.get("valueCodeableConcept") or {}).get("coding", ())
    return {**concept, "coding": codings} if codings else concept


def _name(concept: Resource) -> str:
    names = [str(c["display"]) for c in concept.get("coding", ()) if c.get("display")]
    return str(concept.get("text") or "") or (names[-1] if names else "")


def _product_code(parent: Element, found: Resource, concept: Resource, context: Context) -> None:
    """Append the code of the product itself; ATC and substances are no codes of a product.

    A product without a code has the number that its maker or register gave it, where there is one.
    """
    for one in concept.get("coding", ()):
        system = normalise_system(str(one.get("system") or ""))
        if system and is_code(one.get("code")) and system not in SUBSTANCES:
            oid, name = oid_of(system)
            add(parent, "code", code=str(one["code"]), codeSystem=oid, codeSystemName=name,
                displayName=display({**one, "system": system}, context))  # fmt: skip
            return
    for one in found.get("identifier", ()):
        if one.get("system") and is_code(one.get("value")):
            oid, name = oid_of(str(one["system"]))
            add(parent, "code", code=one["value"], codeSystem=oid, codeSystemName=name)
            return


def _content(parent: Element, found: Resource, context: Context) -> None:
    amount = found.get("amount")
    if isinstance(amount, dict) and isinstance(amount.get("numerator"), dict):
        made = add(parent, "pharm:asContent", class_="CONT")
        quantity(made, "pharm:quantity", amount["numerator"], context, "PQ")
        add(made, "pharm:containerPackagedProduct", class_="CONT", determinerCode="KIND")


def _classification(
    parent: Element, concept: Resource, anchor: Anchor, path: str, context: Context
) -> None:
    """Append the ATC class; where none is known, a code that says so (usage RNFA)."""
    kind = add(parent, "pharm:asSpecializedKind", class_="GEN")
    general = add(kind, "pharm:generalizedMaterialKind", class_="MMAT", determinerCode="KIND")
    wanted = [c for c in concept.get("coding", ())
              if normalise_system(str(c.get("system") or "")) in SUBSTANCES]  # fmt: skip
    only = {"coding": wanted, "text": concept.get("text", "")}
    code(general, "pharm:code", only, (ATC,), context, anchor, path, cell="medicine")


def _ingredients(
    parent: Element, found: Resource, anchor: Anchor, path: str, context: Context
) -> None:
    """Append the active substances; a null one where the source names none (usage RNFA)."""
    given = [one for one in found.get("ingredient", ()) if isinstance(one, dict)]
    for number, one in enumerate(given):
        if one.get("isActive") is False:
            context.note(f"{path}.ingredient[{number}]", one, Fate.AS_TEXT,
                         "Only active substances have a place.")  # fmt: skip
            continue
        made = add(parent, "pharm:ingredient", class_="ACTI")
        _strength(made, one.get("strength"), context)
        substance = add(made, "pharm:ingredientSubstance", class_="MMAT", determinerCode="KIND")
        concept = one.get("itemCodeableConcept") or {}
        code(substance, "pharm:code", concept, SUBSTANCES, context, anchor,
             f"{path}.ingredient[{number}]", cell="medicine")  # fmt: skip
        if _name(concept):
            add(substance, "pharm:name", _name(concept))
    if not given:
        made = add(parent, "pharm:ingredient", class_="ACTI")
        substance = add(made, "pharm:ingredientSubstance", class_="MMAT", determinerCode="KIND")
        add(substance, "pharm:code", nullFlavor="NI")


def _strength(parent: Element, ratio: Any, context: Context) -> None:
    if not isinstance(ratio, dict):
        return
    made = add(parent, "pharm:quantity")
    quantity(made, "numerator", ratio.get("numerator"), context, "PQ")
    below = ratio.get("denominator")
    quantity(made, "denominator", below if isinstance(below, dict) else {"value": 1}, context, "PQ")


def reasons(parent: Element, resource: Resource, anchor: Anchor, context: Context) -> None:
    """Append why a medicine is taken, where the reason is coded; words stay in the narrative."""
    for number, one in enumerate(resource.get("reasonCode", ())):
        path = f"{anchor.path}.reasonCode[{number}]"
        if not one.get("coding"):
            context.note(path, one, Fate.AS_TEXT, "The reason is given in words; the entry asks "
                         "for a code.", obligations=anchor.obligations)  # fmt: skip
            continue
        relation = add(parent, "entryRelationship", typeCode="RSON")
        made = add(relation, "observation", class_="OBS", moodCode="EVN")
        templates(made, f"{ENTRY}41", f"{PCC}4.13")
        add(made, "id", nullFlavor="NI")
        finding = pairs("finding")[""]
        add(made, "code", code=finding.code, codeSystem=oid_of(finding.system)[0],
            displayName=finding.displays[context.lang])  # fmt: skip
        text(made, anchor.cell("reason"))
        add(made, "statusCode", code="completed")
        add(made, "effectiveTime", nullFlavor="UNK")
        code(made, "value", one, (ICD10, SNOMED), context, anchor, path, cell="reason", xsi="CD")
