"""Doses: how much, how often, by which route (IHE PCC 4.7 substance administration)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from ips.cda.names import PCC, words
from ips.cda.write.context import Anchor, Context, Resource
from ips.cda.write.datatypes import EDQM, code, decimal, interval, moment, quantity
from ips.cda.write.element import Element, add, templates
from ips.loss import Fate

_EVENTS = frozenset({"HS", "AC", "ACD", "ACM", "ACV", "IC", "ICD", "ICM", "ICV", "PC", "PCD",
                     "PCM", "PCV"})  # fmt: skip
"""eHDSITimingEvent 8.1.0: meals and bedtime."""
_UNITS = ("s", "min", "h", "d", "wk", "mo", "a")
_WORDS = ("text", "asNeededCodeableConcept", "patientInstruction", "additionalInstruction",
          "maxDosePerPeriod")  # fmt: skip
_FRAME = {"sequence", "text", "patientInstruction", "timing"}
_SMALLER = {"d": ("h", 24), "wk": ("d", 7), "h": ("min", 60)}

NORMAL, TAPERED, SPLIT, CONDITIONAL = (f"{PCC}4.7.{n}" for n in ("1", "8", "9", "10"))


def dosing_template(doses: list[Resource]) -> str:
    """Return the template for a way of dosing: normal, tapered, split or conditional."""
    if len(doses) > 1:
        starts = {str(bounds(dose).get("start")) for dose in doses}
        return TAPERED if len(starts) > 1 else SPLIT
    if doses and as_needed(doses[0]):
        return CONDITIONAL
    return NORMAL


def framed(doses: list[Resource]) -> tuple[Resource, list[Resource]]:
    """Return the dose that only frames the others, empty when there is none, and the others.

    A frame says in words, or by a start and an end, what several doses have in common; it is what
    the administration around the parts of a CDA comes back as.
    """
    first = doses[0] if len(doses) > 2 else {}
    if first and first.keys() <= _FRAME and _repeat(first).keys() <= {"boundsPeriod"}:
        return first, doses[1:]
    return {}, doses


def bounds(dose: Resource) -> Resource:
    """Return the Period of a dose, empty when it has none."""
    found = _repeat(dose).get("boundsPeriod")
    return found if isinstance(found, dict) else {}


def said(dose: Resource) -> list[str]:
    """Return a dose in the words of its source, wherever they stand."""
    needed = dose.get("asNeededCodeableConcept")
    found = [dose.get("text"), dose.get("patientInstruction"),
             needed.get("text") if isinstance(needed, dict) else ""]  # fmt: skip
    return [str(one) for one in found if one]


def as_needed(dose: Resource) -> bool:
    """Return whether a dose is taken only when needed."""
    return bool(dose.get("asNeededBoolean") or dose.get("asNeededCodeableConcept"))


def _repeat(dose: Resource) -> Resource:
    timing = dose.get("timing")
    repeat = timing.get("repeat") if isinstance(timing, dict) else None
    return repeat if isinstance(repeat, dict) else {}


def period(parent: Element, low: Any, high: Any) -> None:
    """Append the time in which a medicine is used."""
    if moment(low) or moment(high):
        interval(parent, "effectiveTime", low, high, xsi="IVL_TS")
    else:
        add(parent, "effectiveTime", type_="IVL_TS", nullFlavor="UNK")


def frequency(parent: Element, dose: Resource, path: str, context: Context) -> bool:
    """Append how often a dose is taken; False where the source does not say it in structure."""
    repeat = _repeat(dose)
    events = [str(one) for one in repeat.get("when", ())]
    if len(events) == 1 and events[0] in _EVENTS:
        made = add(parent, "effectiveTime", type_="EIVL_TS", operator="A")
        add(made, "event", code=events[0], codeSystem="2.16.840.1.113883.5.139")
        context.note(f"{path}.timing.repeat", repeat, Fate.EXACT)
        return True
    times = max(len(events), len(repeat.get("timeOfDay", ())), 1)
    share = _share(repeat, times)
    if share is None:
        return False
    value, unit, exact = share
    add(
        add(parent, "effectiveTime", type_="PIVL_TS", operator="A",
            institutionSpecified="true" if events else "false"),
        "period", value=value, unit=unit,
    )  # fmt: skip
    lost = sorted(set(repeat) - {"frequency", "period", "periodUnit", "boundsPeriod"})
    if lost or not exact:
        context.note(f"{path}.timing.repeat", repeat, Fate.APPROXIMATE,
                     "Written as an even interval; the times of the day and other conditions stand "
                     "in the narrative.")  # fmt: skip
    else:
        context.note(f"{path}.timing.repeat", repeat, Fate.EXACT)
    return True


def _share(repeat: Resource, times: int) -> tuple[str, str, bool] | None:
    """Return the interval between two doses: number, UCUM unit, whether it is exact."""
    unit = str(repeat.get("periodUnit") or "")
    if unit not in _UNITS:
        return None
    try:
        span = Decimal(str(repeat.get("period", 1)))
        count = max(Decimal(str(repeat.get("frequency", 1))), Decimal(times))
    except InvalidOperation:
        return None
    if span <= 0 or count <= 0:
        return None
    while unit in _SMALLER and span < count:
        unit, factor = _SMALLER[unit][0], _SMALLER[unit][1]
        span *= factor
    value = span / count
    rounded = value.quantize(Decimal("0.01"), ROUND_HALF_UP)
    return format(rounded.normalize(), "f"), unit, rounded == value


def route(parent: Element, dose: Resource, anchor: Anchor, path: str, context: Context) -> None:
    """Append the route of administration, where it is given."""
    if dose.get("route"):
        code(parent, "routeCode", dose["route"], (EDQM,), context, anchor, f"{path}.route",
             cell="dosage", sets=("eHDSIRouteofAdministration",))  # fmt: skip


def amount(parent: Element, dose: Resource, context: Context) -> None:
    """Append the amount of one dose."""
    given: list[Resource] = [d for d in dose.get("doseAndRate", ()) if isinstance(d, dict)]
    first = given[0] if given else {}
    limits = first.get("doseRange")
    if isinstance(first.get("doseQuantity"), dict):
        quantity(parent, "doseQuantity", first["doseQuantity"], context)
    elif isinstance(limits, dict):
        made = add(parent, "doseQuantity")
        for end in ("low", "high"):
            if decimal((limits.get(end) or {}).get("value")):
                quantity(made, end, limits[end], context)


def condition(parent: Element, dose: Resource, anchor: Anchor) -> None:
    """Append «as needed», in words."""
    if as_needed(dose):
        made = add(add(parent, "precondition", typeCode="PRCN"), "criterion")
        add(add(made, "text"), "reference", value=f"#{anchor.words('dosage', *said(dose))}")


def parts(
    parent: Element, doses: list[Resource], anchor: Anchor, path: str, context: Context,
    *, first: int = 0,
) -> None:  # fmt: skip
    """Append several doses as parts of one administration, in their order.

    Args:
        parent: the administration.
        doses: the parts.
        anchor: where the words stand.
        path: place of the doses in the source.
        context: the document.
        first: number of the first of them in the source.
    """
    for number, dose in enumerate(doses, 1):
        here = f"{path}[{number - 1 + first}]"
        relation = add(parent, "entryRelationship", typeCode="COMP")
        add(relation, "sequenceNumber", value=str(number))
        made = add(relation, "substanceAdministration", class_="SBADM", moodCode="INT")
        templates(made, NORMAL)
        add(add(made, "text"), "reference", value=f"#{anchor.cell('dosage')}")
        within = bounds(dose)
        period(made, within.get("start"), within.get("end"))
        frequency(made, dose, here, context)
        route(made, dose, anchor, here, context)
        amount(made, dose, context)
        product = add(add(made, "consumable"), "manufacturedProduct")
        add(product, "manufacturedMaterial", nullFlavor="NA")
        condition(made, dose, anchor)


def account(doses: list[Resource], path: str, context: Context, duties: tuple[str, ...]) -> None:
    """Note what became of the parts of the doses."""
    for number, dose in enumerate(doses):
        here = f"{path}[{number}]"
        written = ("timing", "route", "doseAndRate", "sequence", "asNeededBoolean")
        context.account(here, dose, written, _WORDS, obligations=duties)
        if as_needed(dose):
            context.note(f"{here}.asNeededBoolean", words("en")["as-needed"], Fate.EXACT)
        for one in dose.get("doseAndRate", ())[1:]:
            context.note(f"{here}.doseAndRate", one, Fate.NOT_CARRIED,
                         "The entry has one amount for a dose.")  # fmt: skip
        for one in dose.get("doseAndRate", ())[:1]:
            context.account(f"{here}.doseAndRate", one, ("doseQuantity", "doseRange", "type"))
