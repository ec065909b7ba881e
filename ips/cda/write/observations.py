"""Observations in their sections: vital signs, results, pregnancy, social and functional."""

from __future__ import annotations

from collections.abc import Sequence

from ips.cda.names import CCD, ENTRY, PCC, Pair, pairs
from ips.cda.write.context import Anchor, Context, Resource, entry_id
from ips.cda.write.datatypes import LOINC, SNOMED, code, decimal, loinc, pair, when
from ips.cda.write.element import Element, add, templates
from ips.cda.write.observation import STATUS, WRITTEN, loinc_of, observation
from ips.cda.write.people import Party, entity
from ips.loss import Fate

_SIMPLE = (f"{ENTRY}20", f"{PCC}4.13")
_VITAL = (f"{ENTRY}20", f"{ENTRY}22", f"{PCC}4.13", f"{PCC}4.13.2", f"{CCD}31")
_BLOOD_PRESSURE = frozenset({"8480-6", "8462-4"})
"""eHDSIBloodPressure 8.1.0: only these codes are vital signs of template ~E.22."""
_BLOOD_GROUP = frozenset({"34530-6", "883-9", "882-1"})
_DUE = frozenset({"11778-8", "11779-6", "11780-4"})
_SHARED = ("effectiveDateTime", "effectivePeriod", "status", "performer", "note", "method",
           "bodySite", "interpretation")  # fmt: skip
"""What the parts of a panel have from the panel."""


def vital(parent: Element, resource: Resource, anchor: Anchor, context: Context) -> None:
    """Append a vital sign as an organizer with its components."""
    act = add(add(parent, "entry"), "organizer", class_="CLUSTER", moodCode="EVN")
    templates(act, f"{ENTRY}21", f"{PCC}4.13.1", f"{CCD}32", f"{CCD}35")
    entry_id(act, context, resource, "organizer")
    pair(act, "code", pairs("vitals")[""], context)
    add(act, "statusCode", code=STATUS.get(str(resource.get("status")), "completed"))
    when(act, "effectiveTime", resource, "effective")
    parts = [one for one in resource.get("component", ()) if isinstance(one, dict)]
    if not parts:
        observation(add(act, "component"), resource, anchor, context, _vital_roots(resource))
        return
    shared = {key: resource[key] for key in _SHARED if key in resource}
    for number, part in enumerate(parts):
        whole = {"resourceType": "Observation", **shared, **part}
        if number:
            whole.pop("note", None)
        here = Anchor(anchor.row, anchor.cells, anchor.obligations,
                      f"{anchor.path}.component[{number}]")  # fmt: skip
        made = observation(add(act, "component"), whole, here, context, _vital_roots(part))
        _replace_id(made, resource, number, context)
    context.account(anchor.path, resource, WRITTEN, (), obligations=anchor.obligations)
    context.note(f"{anchor.path}.code", resource.get("code"), Fate.APPROXIMATE,
                 "The panel travels as an organizer of vital signs with its parts.",
                 obligations=anchor.obligations)  # fmt: skip


def _replace_id(made: Element, resource: Resource, number: int, context: Context) -> None:
    """Give a component an id of its own: it is no resource, so it has none."""
    own = made.place("id")
    entry_id(made, context, resource, f"component-{number}")
    made.parts[own] = made.parts.pop()


def _vital_roots(element: Resource) -> Sequence[str]:
    return _VITAL if loinc_of(element) in _BLOOD_PRESSURE else _SIMPLE


def results(
    parent: Element, entries: Sequence[Resource], anchors: dict[int, Anchor], context: Context
) -> None:
    """Append results: reports as batteries with their observations, the others by themselves."""
    reports = [one for one in entries if one.get("resourceType") == "DiagnosticReport"]
    placed: set[int] = set()
    for report in reports:
        members = [context.resolve(one) for one in report.get("result", ())]
        inside = [one for one in members if id(one) in anchors and id(one) not in placed]
        placed.update(map(id, inside))
        _battery(parent, report, inside, anchors, context)
    for one in entries:
        if id(one) in placed or one.get("resourceType") != "Observation":
            continue
        anchor = anchors[id(one)]
        if loinc_of(one) in _BLOOD_GROUP:
            observation(add(parent, "entry"), one, anchor, context, (f"{ENTRY}25", *_SIMPLE))
        else:
            _battery(parent, None, [one], anchors, context)


def _battery(
    parent: Element, report: Resource | None, members: Sequence[Resource],
    anchors: dict[int, Anchor], context: Context,
) -> None:  # fmt: skip
    act = add(add(parent, "entry"), "organizer", class_="BATTERY", moodCode="EVN")
    templates(act, f"{ENTRY}42")
    head = report or members[0]
    anchor = anchors[id(head)]
    entry_id(act, context, head, "" if report else "organizer")
    if report:
        code(act, "code", report.get("code"), (LOINC, SNOMED), context, anchor,
             f"{anchor.path}.code", cell="name")  # fmt: skip
    else:
        loinc(act, "30954-2", "Relevant diagnostic tests/laboratory data Narrative")
    add(act, "statusCode", code=STATUS.get(str(head.get("status")), "completed"))
    when(act, "effectiveTime", head, "effective")
    if report:
        for one in report.get("performer", ()):
            party = Party(one, context)
            if party:
                entity(add(act, "performer"), party)
        context.account(
            anchor.path, report,
            ("status", "code", "effectiveDateTime", "effectivePeriod", "performer", "result"),
            ("conclusion",), obligations=anchor.obligations,
        )  # fmt: skip
    for one in members:
        observation(add(act, "component"), one, anchors[id(one)], context,
                     (f"{ENTRY}43", f"{PCC}4.13"))  # fmt: skip
        _parts(act, one, anchors[id(one)], context)


def _parts(act: Element, resource: Resource, anchor: Anchor, context: Context) -> None:
    """Append the components of a result as components of its battery."""
    for number, part in enumerate(resource.get("component", ())):
        if not isinstance(part, dict):
            continue
        whole = {"resourceType": "Observation", **part}
        whole |= {k: resource[k] for k in ("effectiveDateTime", "effectivePeriod", "status")
                  if k in resource}  # fmt: skip
        here = Anchor(anchor.row, anchor.cells, anchor.obligations,
                      f"{anchor.path}.component[{number}]")  # fmt: skip
        made = observation(add(act, "component"), whole, here, context,
                            (f"{ENTRY}43", f"{PCC}4.13"))  # fmt: skip
        _replace_id(made, resource, number, context)


def pregnancy(
    parent: Element, entries: Sequence[Resource], anchors: dict[int, Anchor], context: Context
) -> None:
    """Append pregnancy observations; the due date is a part of the status where there is one."""
    statuses = [one for one in entries if loinc_of(one) == "82810-3"]
    inside: set[int] = set()
    for one in statuses:
        answer = _pregnancy_answer(one)
        entry = add(parent, "entry", typeCode="COMP")
        made = observation(entry, one, anchors[id(one)], context, (f"{ENTRY}45",), answer=answer)
        for member in map(context.resolve, one.get("hasMember", ())):
            if id(member) in anchors and loinc_of(member) in _DUE:
                relation = add(made, "entryRelationship", typeCode="COMP")
                _due_date(relation, member, anchors[id(member)], context)
                inside.add(id(member))
    for one in entries:
        if one in statuses or id(one) in inside:
            continue
        entry = add(parent, "entry", typeCode="COMP")
        anchor = anchors[id(one)]
        outcome = pairs("pregnancy-outcome").get(loinc_of(one))
        if loinc_of(one) in _DUE:
            _due_date(entry, one, anchor, context)
        elif outcome:
            observation(entry, _counted(one), anchor, context, (f"{ENTRY}46",), asked=outcome)
        else:
            observation(entry, one, anchor, context, _SIMPLE)


def _pregnancy_answer(resource: Resource) -> Pair | None:
    known = pairs("pregnancy-status")
    for coding in resource.get("valueCodeableConcept", {}).get("coding", ()):
        found = known.get(str(coding.get("code")))
        if found:
            return found
    return None


def _due_date(parent: Element, resource: Resource, anchor: Anchor, context: Context) -> None:
    roots = (f"{ENTRY}24", f"{ENTRY}20", f"{PCC}4.13", f"{PCC}4.13.5")
    observation(parent, resource, anchor, context, roots)


def _counted(resource: Resource) -> Resource:
    """Return an outcome whose number is an integer, as the template has it."""
    number = decimal((resource.get("valueQuantity") or {}).get("value"))
    if not number.isdigit():
        return resource
    rest = {key: one for key, one in resource.items() if key != "valueQuantity"}
    return {**rest, "valueInteger": int(number)}


def social(parent: Element, resource: Resource, anchor: Anchor, context: Context) -> None:
    """Append an observation of social history."""
    roots = (f"{ENTRY}23", *_SIMPLE, f"{PCC}4.13.4", f"{CCD}33")
    observation(add(parent, "entry"), resource, anchor, context, roots,
                 asked=pairs("social").get(loinc_of(resource)))  # fmt: skip


def functional(parent: Element, resource: Resource, anchor: Anchor, context: Context) -> None:
    """Append an observation of functional status."""
    act = add(add(parent, "entry"), "organizer", class_="CLUSTER", moodCode="EVN")
    templates(act, f"{ENTRY}39")
    entry_id(act, context, resource, "organizer")
    loinc(act, "47420-5", "Functional status assessment note")
    add(act, "statusCode", code=STATUS.get(str(resource.get("status")), "completed"))
    when(act, "effectiveTime", resource, "effective")
    roots = (f"{ENTRY}40", f"{PCC}4.13")
    observation(add(act, "component"), resource, anchor, context, roots)
