"""Prescriptions and dispensations: an MPD bundle as the one section of its document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ips.cda.names import CCD, ENTRY, PCC, oid_of, sections
from ips.cda.write import doses
from ips.cda.write.context import Anchor, Context, Resource, entry_id, text
from ips.cda.write.datatypes import LOINC, identifier, moment
from ips.cda.write.dispensation import dispensed
from ips.cda.write.element import Element, add, templates
from ips.cda.write.medication import STATUS, medicine_of, product, reasons
from ips.cda.write.narrative import Table, write_table
from ips.cda.write.supply import substitution, told, write_amount
from ips.loss import Fate

_R5 = "http://hl7.org/fhir/5.0/StructureDefinition/extension-MedicationRequest."
_IHE = "https://profiles.ihe.net/PHARM/MPD/StructureDefinition/"
_PERIOD = f"{_R5}effectiveDosePeriod"
_RENDERED = f"{_R5}renderedDosageInstruction"
_PRESCRIBED = f"{_IHE}ihe-ext-medicationrequest-prescribedQuantity"
_FORM = "The source does not say the dose form, which MyHealth@EU requires (formCode)."


def head_of(bundle: Resource, items: Sequence[Resource]) -> Resource:
    """Return what a Composition would say of a bundle that has none: who, when, which language."""
    authors: list[Any] = []
    dates: list[str] = []
    for one in items:
        performers = [p.get("actor") for p in one.get("performer", ()) if isinstance(p, dict)]
        for who in (one.get("requester"), *performers):
            if who and who not in authors:
                authors.append(who)
        dates += [str(one[n]) for n in ("authoredOn", "whenHandedOver") if one.get(n)]
    latest = max(dates, default="")
    return {
        "resourceType": "Composition",
        "identifier": bundle.get("identifier") or {"value": str(bundle.get("id") or "")},
        "language": str(items[0].get("language") or bundle.get("language") or "nb-NO"),
        "date": latest if "T" in latest else bundle.get("timestamp") or latest,
        "author": authors,
    }


def write_body(
    parent: Element, requests: Sequence[Resource], context: Context, key: str = "prescription"
) -> None:
    """Append the one section of an ePrescription or eDispensation with an entry for each item.

    Args:
        parent: ``ClinicalDocument``.
        requests: FHIR MedicationRequests or MedicationDispenses.
        context: the document.
        key: ``prescription`` or ``dispensation``.
    """
    own = sections()[key]
    body = add(add(parent, "component"), "structuredBody")
    section = add(add(body, "component"), "section")
    templates(section, own.template, *own.older)
    oid, name = oid_of(LOINC)
    add(section, "code", code=own.loinc, codeSystem=oid, codeSystemName=name,
        displayName=own.display)  # fmt: skip
    add(section, "title", own.titles[context.lang])
    narrative = add(section, "text")
    add(section, "languageCode", code="en-GB" if context.lang == "en" else "nb-NO")
    entries = [(f"{one['resourceType']}/{one.get('id', '')}", one) for one in requests]
    table = Table("medications", entries, key, supply=[told(one, context) for one in requests])
    anchors = write_table(narrative, table, context, own.obligations)
    for one in requests:
        context.seen.add(id(one))
        write = _item if key == "prescription" else dispensed
        write(section, one, anchors[id(one)], context)


def _extension(resource: Resource, url: str, value: str) -> Any:
    return next((e.get(value) for e in resource.get("extension", ()) if e.get("url") == url), None)


def _item(section: Element, one: Resource, anchor: Anchor, context: Context) -> None:
    given = [d for d in one.get("dosageInstruction", ()) if isinstance(d, dict)]
    frame, inner = doses.framed(given)
    act = add(add(section, "entry", typeCode="COMP"), "substanceAdministration", class_="SBADM",
              moodCode="INT")  # fmt: skip
    templates(act, f"{CCD}24", f"{PCC}4.7", f"{ENTRY}2", doses.dosing_template(inner))
    own = next((i for i in one.get("identifier", ()) if i.get("value")), None)
    if own is None or identifier(act, own) is None:
        entry_id(act, context, one)
    add(act, "code", code="DRUG", codeSystem="2.16.840.1.113883.5.4")
    text(act, anchor.row)
    add(act, "statusCode", code=STATUS.get(str(one.get("status")), "active"))
    single = given[0] if len(given) == 1 else {}
    period = _extension(one, _PERIOD, "valuePeriod") or doses.bounds(frame or single)
    doses.period(act, period.get("start"), period.get("end"))
    path = f"{anchor.path}.dosageInstruction"
    if single:
        doses.frequency(act, single, f"{path}[0]", context)
        doses.route(act, single, anchor, f"{path}[0]", context)
        doses.amount(act, single, context)
    product(add(act, "consumable"), one, anchor, context, (f"{ENTRY}29", f"{ENTRY}30"))
    if not medicine_of(one, context).get("form"):
        context.note(f"{anchor.path}.medication.form", "", Fate.NOT_CARRIED, _FORM,
                     obligations=anchor.obligations)  # fmt: skip
    if len(given) > 1:
        doses.parts(act, inner, anchor, path, context, first=len(given) - len(inner))
    _supply(act, one, anchor, context)
    _substitution(act, one, anchor, context)
    reasons(act, one, anchor, context)
    _instructions(act, one, given, anchor)
    if single:
        doses.condition(act, single, anchor)
    doses.account(given, path, context, anchor.obligations)
    _account(one, anchor, context)


def _supply(act: Element, one: Resource, anchor: Anchor, context: Context) -> None:
    """Append how many packages, how often again, and how long the prescription is valid."""
    wish = one.get("dispenseRequest") or {}
    relation = add(act, "entryRelationship", typeCode="COMP")
    supply = add(relation, "supply", class_="SPLY", moodCode="RQO")
    valid = wish.get("validityPeriod") or {}
    if moment(valid.get("start")) or moment(valid.get("end")):
        span = add(supply, "effectiveTime", type_="IVL_TS")
        for end, name in (("start", "low"), ("end", "high")):
            if moment(valid.get(end)):
                add(span, name, value=moment(valid[end]))
    if isinstance(wish.get("numberOfRepeatsAllowed"), int):
        add(supply, "repeatNumber", value=str(wish["numberOfRepeatsAllowed"]))
    add(supply, "independentInd", value="false")
    amount = wish.get("quantity") or _extension(one, _PRESCRIBED, "valueQuantity") or {}
    write_amount(supply, amount, f"{anchor.path}.dispenseRequest.quantity", context)
    context.account(f"{anchor.path}.dispenseRequest", wish,
                    ("validityPeriod", "numberOfRepeatsAllowed", "quantity"))  # fmt: skip


def _substitution(act: Element, one: Resource, anchor: Anchor, context: Context) -> None:
    """Append whether the pharmacy may dispense another product (eHDSISubstitutionCode)."""
    given = one.get("substitution")
    if not isinstance(given, dict):
        return
    chosen = substitution(one)
    if not chosen:
        context.note(f"{anchor.path}.substitution", given, Fate.NOT_CARRIED,
                     "The European list has N, G and TE only.")  # fmt: skip
        return
    relation = add(act, "entryRelationship", typeCode="SUBJ", inversionInd="true")
    made = add(relation, "observation", class_="OBS", moodCode="EVN")
    add(made, "code", code="SUBST", codeSystem="2.16.840.1.113883.5.6")
    add(made, "value", type_="CE", code=chosen, codeSystem="2.16.840.1.113883.5.1070",
        codeSystemName="SubstanceAdminSubstitution")  # fmt: skip
    context.note(f"{anchor.path}.substitution", chosen, Fate.EXACT)
    context.account(f"{anchor.path}.substitution", given,
                    ("allowedBoolean", "allowedCodeableConcept"), ())  # fmt: skip


def _instructions(act: Element, one: Resource, given: list[Resource], anchor: Anchor) -> None:
    """Append the words for the patient and for the pharmacy, as pointers into the narrative."""
    if given or _extension(one, _RENDERED, "valueMarkdown"):
        said = (words for dose in given for words in doses.said(dose))
        rendered = str(_extension(one, _RENDERED, "valueMarkdown") or "")
        _words(act, "PINSTRUCT", anchor.words("dosage", *said, rendered), f"{CCD}49", f"{PCC}4.3")
    if one.get("note"):
        _words(act, "FINSTRUCT", anchor.cell("note"), f"{CCD}43", f"{PCC}4.3.1")


def _words(act: Element, code: str, where: str, *roots: str) -> None:
    relation = add(act, "entryRelationship", typeCode="SUBJ", inversionInd="true")
    made = add(relation, "act", class_="ACT", moodCode="INT")
    templates(made, *roots)
    add(made, "code", code=code, codeSystem="1.3.6.1.4.1.19376.1.5.3.2",
        codeSystemName="IHEActCode")  # fmt: skip
    text(made, where)
    add(made, "statusCode", code="completed")


def _account(one: Resource, anchor: Anchor, context: Context) -> None:
    known = {_PERIOD, _RENDERED, _PRESCRIBED}
    for extension in one.get("extension", ()):
        if extension.get("url") not in known:
            context.note(f"{anchor.path}.extension", extension.get("url"), Fate.NOT_CARRIED,
                         "The ePrescription has no place for it.")  # fmt: skip
    if len(one.get("identifier", ())) > 1:
        context.note(f"{anchor.path}.identifier", one["identifier"][1:], Fate.NOT_CARRIED,
                     "The item has one identifier.")  # fmt: skip
    context.account(
        anchor.path, one,
        ("identifier", "status", "intent", "medicationReference", "medicationCodeableConcept",
         "requester", "authoredOn", "dosageInstruction", "dispenseRequest", "substitution",
         "reasonCode", "extension"),
        ("note",), obligations=anchor.obligations,
    )  # fmt: skip
