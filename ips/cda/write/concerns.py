"""Allergies and problems: concern acts around an observation (eHDSI ~E.16/17 and ~E.15/7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ips.cda.names import CCD, ENTRY, PCC, Pair, pairs
from ips.cda.write.context import Anchor, Context, Resource, entry_id, text
from ips.cda.write.datatypes import ATC, ICD10, ORPHA, SNOMED, code, interval, loinc, pair, span
from ips.cda.write.element import Element, add, templates
from ips.cda.write.people import recorded
from ips.loss import Fate

_CONCERN = {"active": "active", "recurrence": "active", "relapse": "active",
            "inactive": "suspended", "remission": "suspended", "resolved": "completed"}  # fmt: skip


def coded(element: Any) -> str:
    """Return the first code of a CodeableConcept."""
    codings = element.get("coding", ()) if isinstance(element, dict) else ()
    return next((str(c["code"]) for c in codings if c.get("code")), "")


def allergy(parent: Element, resource: Resource, anchor: Anchor, context: Context) -> None:
    """Append an AllergyIntolerance."""
    status = coded(resource.get("clinicalStatus"))
    low, high = span(resource, "onset")
    act = _concern(parent, resource, anchor, context, (f"{ENTRY}16",), status, low, None)
    who = recorded(act, resource, context, "recorder", "asserter", "recordedDate")
    relation = add(act, "entryRelationship", typeCode="SUBJ", inversionInd="false")
    made = add(relation, "observation", class_="OBS", moodCode="EVN")
    templates(made, f"{ENTRY}17")
    entry_id(made, context, resource, "observation")
    pair(made, "code", _get(pairs("allergy-type"), resource.get("type")), context)
    text(made, anchor.row)
    add(made, "statusCode", code="completed")
    interval(made, "effectiveTime", low, high)
    agent = add(add(made, "participant", typeCode="CSM"), "participantRole", class_="MANU")
    substance = add(agent, "playingEntity", class_="MMAT")
    wanted = (ATC, SNOMED) if "medication" in resource.get("category", ()) else (SNOMED, ATC)
    code(substance, "code", resource.get("code"), wanted, context, anchor,
         f"{anchor.path}.code", cell="substance",
         sets=("eHDSIActiveIngredient", "eHDSIAllergenNoDrug"))  # fmt: skip
    for number, reaction in enumerate(resource.get("reaction", ())):
        _reaction(made, reaction, anchor, f"{anchor.path}.reaction[{number}]", context)
    _statements(made, resource, anchor, status, context)
    context.account(
        anchor.path, resource,
        ("code", "type", "clinicalStatus", "verificationStatus", "criticality", "reaction",
         *who, *_times(resource, "onset")),
        ("category", "note", "onsetAge", "onsetRange", "onsetString"),
        obligations=anchor.obligations,
    )  # fmt: skip


def _times(resource: Resource, stem: str) -> tuple[str, ...]:
    return tuple(name for name in (f"{stem}DateTime", f"{stem}Period") if name in resource)


def _get(known: Mapping[str, Pair], name: Any) -> Pair:
    return known.get(str(name or "")) or known[""]


def _concern(
    parent: Element, resource: Resource, anchor: Anchor, context: Context,
    roots: tuple[str, ...], status: str, low: Any, high: Any,
) -> Element:  # fmt: skip
    act = add(add(parent, "entry"), "act", class_="ACT", moodCode="EVN")
    templates(act, *roots)
    entry_id(act, context, resource)
    add(act, "code", code="CONC", codeSystem="2.16.840.1.113883.5.6", codeSystemName="ActClass")
    text(act, anchor.row)
    add(act, "statusCode", code=_CONCERN.get(status, "active"))
    interval(act, "effectiveTime", low, high)
    return act


def _reaction(
    parent: Element, reaction: Resource, anchor: Anchor, path: str, context: Context
) -> None:
    for number, manifestation in enumerate(reaction.get("manifestation", ())):
        relation = add(parent, "entryRelationship", typeCode="MFST")
        made = add(relation, "observation", class_="OBS", moodCode="EVN")
        templates(made, f"{ENTRY}44")
        pair(made, "code", pairs("finding")[""], context)
        text(made, anchor.cell("reaction"))
        add(made, "statusCode", code="completed")
        interval(made, "effectiveTime", reaction.get("onset"))
        code(made, "value", manifestation, (SNOMED, ICD10), context, anchor,
             f"{path}.manifestation[{number}]", cell="reaction", xsi="CD",
             sets=("eHDSIReactionAllergy", "eHDSIIllnessandDisorder"))  # fmt: skip
        found = pairs("severity").get(str(reaction.get("severity") or ""))
        if found:
            _severity(made, found, anchor.cell("reaction"), context)
    context.account(path, reaction, ("manifestation", "onset", "severity"), ("description",),
                    obligations=anchor.obligations)  # fmt: skip


def _severity(parent: Element, found: Pair, where: str, context: Context) -> None:
    made = _part(parent, "SUBJ", where, f"{PCC}4.1", f"{CCD}55", inversion="true")
    _ask_severity(made)
    pair(made, "value", found, context, "CD")


def _ask_severity(made: Element) -> None:
    _before_text(made, add(made, "code", code="SEV", codeSystem="2.16.840.1.113883.5.4"))


def _before_text(made: Element, question: Element) -> None:
    made.parts.remove(question)
    made.parts.insert(made.place("text"), question)


def _part(parent: Element, kind: str, where: str, *roots: str, inversion: str = "") -> Element:
    """Append an observation about an observation, up to its status."""
    relation = add(parent, "entryRelationship", typeCode=kind, inversionInd=inversion)
    made = add(relation, "observation", class_="OBS", moodCode="EVN")
    templates(made, *roots)
    text(made, where)
    add(made, "statusCode", code="completed")
    return made


def _said(
    parent: Element, kind: str, question: str, answer: Pair | None, where: str, context: Context,
    *roots: str, xsi: str = "CD",
) -> None:  # fmt: skip
    """Append one of the small coded statements, where there is an answer."""
    if answer is None:
        return
    made = _part(parent, kind, where, *roots)
    asked = pairs("loinc")[question]
    _before_text(made, loinc(made, question, asked.displays[context.lang]))
    pair(made, "value", answer, context, xsi)


def _answer(
    group: str, value: str, path: str, context: Context, obligations: tuple[str, ...]
) -> Pair | None:
    """Return the European code of a FHIR status and note its fate."""
    if not value:
        return None
    found = pairs(group).get(value)
    if found is None:
        context.note(path, value, Fate.NOT_CARRIED, "The European list has no such value.",
                     obligations=obligations)  # fmt: skip
    else:
        context.note(path, value, Fate.EXACT if found.exact else Fate.APPROXIMATE, found.reason,
                     obligations=obligations)  # fmt: skip
    return found


def _statements(
    parent: Element, resource: Resource, anchor: Anchor, status: str, context: Context
) -> None:
    path, duties = anchor.path, anchor.obligations
    criticality = str(resource.get("criticality") or "")
    certainty = coded(resource.get("verificationStatus"))
    _said(parent, "SUBJ", "82606-5",
          _answer("criticality", criticality, f"{path}.criticality", context, duties),
          anchor.cell("criticality"), context, f"{ENTRY}33")  # fmt: skip
    _said(parent, "SUBJ", "66455-7",
          _answer("allergy-certainty", certainty, f"{path}.verificationStatus", context, duties),
          anchor.cell("status"), context, f"{ENTRY}35")  # fmt: skip
    _said(parent, "REFR", "33999-4",
          _answer("allergy-status", status, f"{path}.clinicalStatus", context, duties),
          anchor.cell("status"), context, f"{ENTRY}34")  # fmt: skip


def problem(parent: Element, resource: Resource, anchor: Anchor, context: Context) -> None:
    """Append a Condition."""
    status = coded(resource.get("clinicalStatus"))
    (low, onset_end), (end, _) = span(resource, "onset"), span(resource, "abatement")
    high = end or (onset_end if _CONCERN.get(status) == "completed" else None)
    act = _concern(parent, resource, anchor, context, (f"{ENTRY}15", f"{CCD}27"), status, low, high)
    who = recorded(act, resource, context, "recorder", "asserter", "recordedDate")
    relation = add(act, "entryRelationship", typeCode="SUBJ", inversionInd="false")
    made = add(relation, "observation", class_="OBS", moodCode="EVN")
    templates(made, f"{ENTRY}7")
    entry_id(made, context, resource, "observation")
    kinds = [coded(one) for one in resource.get("category", ())]
    kind = next((k for k in kinds if k in pairs("problem-kind")), "")
    pair(made, "code", pairs("problem-kind")[kind], context)
    text(made, anchor.row)
    add(made, "statusCode", code="completed")
    interval(made, "effectiveTime", low, high)
    code(made, "value", resource.get("code"), (ICD10, ORPHA, SNOMED), context, anchor,
         f"{anchor.path}.code", cell="problem", xsi="CD",
         sets=("eHDSIIllnessandDisorder", "eHDSIRareDisease"))  # fmt: skip
    for number, site in enumerate(resource.get("bodySite", ())):
        code(made, "targetSiteCode", site, (SNOMED,), context, anchor,
             f"{anchor.path}.bodySite[{number}]", cell="site")  # fmt: skip
    _problem_statements(made, resource, anchor, status, context)
    _other_categories(resource, anchor, kind, context)
    context.account(
        anchor.path, resource,
        ("code", "category", "clinicalStatus", "verificationStatus", "severity", "bodySite",
         *who, *_times(resource, "onset"),
         *_times(resource, "abatement")),
        ("note", "evidence", "onsetAge", "onsetRange", "onsetString"),
        obligations=anchor.obligations,
    )  # fmt: skip


def _other_categories(resource: Resource, anchor: Anchor, kind: str, context: Context) -> None:
    for number, one in enumerate(resource.get("category", ())):
        value = coded(one)
        path = f"{anchor.path}.category[{number}]"
        if value == kind:
            context.note(path, value, Fate.EXACT)
        else:
            context.note(path, one, Fate.NOT_CARRIED,
                         "The problem entry has one kind of finding; further categories have no "
                         "place.", obligations=anchor.obligations)  # fmt: skip


def _problem_statements(
    parent: Element, resource: Resource, anchor: Anchor, status: str, context: Context
) -> None:
    path, duties = anchor.path, anchor.obligations
    where = anchor.cell("status")
    level = resource.get("severity")
    if level:
        made = _part(parent, "SUBJ", anchor.cell("severity"), f"{PCC}4.1", f"{CCD}55",
                     inversion="true")  # fmt: skip
        _ask_severity(made)
        code(made, "value", level, (SNOMED,), context, anchor, f"{path}.severity",
             cell="severity", xsi="CD")  # fmt: skip
    _said(parent, "REFR", "33999-4",
          _answer("condition-status", status, f"{path}.clinicalStatus", context, duties),
          where, context, f"{ENTRY}9", f"{PCC}4.1.1", f"{CCD}57", f"{CCD}50", xsi="CE")  # fmt: skip
    _said(parent, "REFR", "11323-3", pairs("condition-outcome").get(status), where, context,
          f"{ENTRY}10", f"{PCC}4.1.2", f"{CCD}51", xsi="CE")  # fmt: skip
    certainty = coded(resource.get("verificationStatus"))
    _said(parent, "SUBJ", "66455-7",
          _answer("condition-certainty", certainty, f"{path}.verificationStatus", context, duties),
          where, context, f"{ENTRY}49")  # fmt: skip
