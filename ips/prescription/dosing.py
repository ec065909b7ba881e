"""How the medicine is taken: Forskrivning/Dosering as Dosage-eu-mpd (MPD 1.0.0).

Each dose of the message becomes one Dosage; the phases of a tapering course follow each other by
``sequence``. The words that the patient reads stand on the first one, whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ips import terms
from ips.eresept.values import Number, coded, flag, number, positive
from ips.loss import AS_TEXT, NOT_CARRIED
from ips.prescription.notes import concept, exact, lose, text
from ips.prescription.quantities import amount
from ips.prescription.urls import UCUM
from ips.sources import dates
from ips.sources.datatypes import pack
from ips.sources.element import Element
from ips.sources.m1_doses import Given, Stretch, on_and_off_words

_DAYS = {"1": "mon", "2": "tue", "3": "wed", "4": "thu", "5": "fri", "6": "sat", "7": "sun"}
"""Volven 9082 to FHIR days-of-week."""
_PER = {"1": "min", "2": "h", "3": "d"}
"""Volven 9081 to UCUM."""
_UNITS_OF_TIME = ("s", "min", "h", "d", "wk", "mo", "a")
_DOSE_UNITS = ("7480", "7452")
_TEXT = "This part of the dosage has no field in FHIR R4; it travels as an instruction in words."


def dosages(
    prescribed: Element, phases: Sequence[Stretch], route: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return the Dosage elements of a prescription.

    Args:
        prescribed: Forskrivning.
        phases: its Dosering elements.
        route: CodeableConcept of the route, from FEST; empty when unknown.
    """
    needed = _as_needed(prescribed.child("Bruk"))
    made = [
        pack(sequence=number) | dosage
        for number, phase in enumerate(phases, 1)
        for dosage in _phase(phase)
    ]
    if len(made) < 2:
        made = [{key: value for key, value in part.items() if key != "sequence"} for part in made]
    made = made or [{}]
    head = pack(sequence=made[0].get("sequence"), text=text(prescribed.child("DosVeiledEnkel")))
    extra = _instructions(prescribed) + made[0].pop("additionalInstruction", [])
    made[0] = head | pack(additionalInstruction=extra) | made[0]
    common = pack(asNeededBoolean=True if needed else None, route=route)
    return [part for part in (_ordered(part | common) for part in made) if part]


def period(phases: Sequence[Stretch]) -> dict[str, str]:
    """Return when the medicine is taken, from the first start to the last end of the phases."""
    starts = [phase.start for phase in phases if phase.start]
    ends = [phase.end for phase in phases]
    end = max(ends) if ends and all(ends) else ""
    start = min(starts) if starts else ""
    return pack(start=start, end=end) if not end or start <= end else {}


def _as_needed(use: Element) -> bool:
    """Bruk 3 is «as needed»; the other kinds become the course of therapy."""
    return coded(use).code == "3"


def _ordered(part: dict[str, Any]) -> dict[str, Any]:
    order = ("sequence", "text", "additionalInstruction", "timing", "asNeededBoolean", "route",
             "doseAndRate", "maxDosePerPeriod")  # fmt: skip
    return {name: part[name] for name in order if name in part}


def _instructions(prescribed: Element) -> list[dict[str, Any]]:
    found = []
    for part in prescribed.children("Forholdsregelvedinntak"):
        code = concept(part.child("Kodet"), "7479")
        words = text(part.child("Tekst"))
        found += [c for c in (code, pack(text=words)) if c]
    return found


def _phase(phase: Stretch) -> list[dict[str, Any]]:
    part, start, end = phase.node, phase.start, phase.end
    for name in ("Starttidspunkt", "Sluttidspunkt"):
        exact(part.child(name))
    if start and end and start > end:
        part.reading.fault("the dosage ends before it starts", part.path, rule="FHIR R4 per-1")
        end = ""
    bounds = pack(start=start, end=end)
    words = _rule(phase.rule)
    made = [_when_needed(given, bounds, words) if given.as_needed else _fixed(given, bounds, words)
            for given in phase.doses()]  # fmt: skip
    if not made and bounds:
        made.append({"timing": {"repeat": {"boundsPeriod": bounds}}})
    return made


def _rule(rule: Element) -> list[str]:
    if not rule:
        return []
    words = " ".join(filter(None, (coded(rule.child("DoseresEtter")).words, rule.text("Merknad"))))
    lose(rule, AS_TEXT, _TEXT)
    return [f"Doseres etter: {words}"] if words else []


def _fixed(given: Given, bounds: dict[str, str], words: list[str]) -> dict[str, Any]:
    clock, moment = _clock(given.clock), given.moment
    when = _when(moment) if not clock else ""
    if clock:
        lose(moment, AS_TEXT, "The time of day is given to the minute; FHIR R4 allows no "
             "part of the day beside it.", "8325")  # fmt: skip
    days, rhythm = _rhythm(given)
    if flag(given.exactly):
        lose(given.exactly, AS_TEXT, _TEXT)
        rhythm.append("Gis på eksakt tidspunkt")
    else:
        lose(given.exactly, NOT_CARRIED, "Says that the times are not exact, which is how "
             "FHIR times are understood.")  # fmt: skip
    repeat = pack(
        boundsPeriod=bounds, **_interval(given.interval),
        dayOfWeek=days, timeOfDay=[clock] if clock else [], when=[when] if when else [],
    )  # fmt: skip
    return pack(timing=pack(repeat=repeat), doseAndRate=_rate(given),
                additionalInstruction=_words([*words, *rhythm]))  # fmt: skip


def _when_needed(given: Given, bounds: dict[str, str], words: list[str]) -> dict[str, Any]:
    most, more = _most(given)
    repeat = pack(boundsPeriod=bounds, **_interval(given.interval))
    return pack(timing=pack(repeat=repeat), asNeededBoolean=True, doseAndRate=_rate(given),
                maxDosePerPeriod=most, additionalInstruction=_words([*words, *more]))  # fmt: skip


def _words(texts: Iterable[str]) -> list[dict[str, str]]:
    return [{"text": one} for one in texts]


def _rate(given: Given) -> list[dict[str, Any]]:
    made = pack(doseQuantity=_quantity(given.amount),
                rateRatio=_infusion(given.volume, given.volume_time))  # fmt: skip
    return [made] if made else []


def _quantity(part: Element) -> dict[str, Any]:
    value = number(part)
    return {} if value is None else amount(value, part.attribute("U"), part, _DOSE_UNITS)


def _infusion(volume: Element, per: Element) -> dict[str, Any]:
    unit = _PER.get(coded(per).code)
    value = number(volume)
    if value is None:
        return {}
    numerator = amount(value, volume.attribute("U"), volume, _DOSE_UNITS)
    if unit is None:
        lose(per, NOT_CARRIED, "The unit of time is not in list 9081.", "9081")
        return {}
    exact(per)
    return {"numerator": numerator,
            "denominator": {"value": 1, "unit": unit, "system": UCUM, "code": unit}}  # fmt: skip


def _interval(part: Element) -> dict[str, Any]:
    every = positive(part)
    if every is None:
        return {}
    unit = _unit_of_time(part)
    if not unit:
        lose(part, AS_TEXT, "The unit of time is not known; the dosage text says it.", "9088")
        return {}
    exact(part)
    return {"frequency": 1, "period": every, "periodUnit": unit}


def _unit_of_time(part: Element) -> str:
    found = terms.translate("9088", part.attribute("U"), target="ucum").carried
    return found[0].code if found and found[0].code in _UNITS_OF_TIME else ""


def _clock(part: Element) -> str:
    written = part.said
    if not written:
        return ""
    try:
        found = dates.time_of_day(written)
    except ValueError as error:
        part.reading.fault(f"«{written[:40]}»: {error}", part.path, rule="xs:time")
        return ""
    exact(part)
    return found


def _when(part: Element) -> str:
    """Volven 8325 to FHIR event-timing."""
    code = coded(part)
    if not code:
        return ""
    found = terms.translate("8325", code.code, code.display, "event-timing")
    fate = terms.fate(found)
    part.reading.lose(part.path, f"8325|{code.code} {code.display}", fate, found.reason,
                      ("X1.2",), "8325")  # fmt: skip
    return found.carried[0].code if found.carried else ""


def _rhythm(given: Given) -> tuple[list[str], list[str]]:
    days = []
    for day in given.days:
        code = _DAYS.get(coded(day).code)
        if code:
            days.append(code)
            exact(day)
        else:
            lose(day, NOT_CARRIED, "The day is not in list 9082.", "9082")
    rhythm = given.on_and_off
    words = on_and_off_words(*rhythm)
    for element in rhythm:
        lose(element, AS_TEXT, _TEXT)
    return days, [words] if words else []


def _most(given: Given) -> tuple[dict[str, Any], list[str]]:
    """The most in a day, or in another stretch of time; FHIR R4 has room for one of the two."""
    daily, least = given.daily_maximum, given.least_interval
    spell, span = given.maximum
    words = []
    made: dict[str, Any] = {}
    top = _quantity(daily) if _above_zero(daily) else {}
    if top:
        made = {"numerator": top,
                "denominator": {"value": 1, "unit": "d", "system": UCUM, "code": "d"}}  # fmt: skip
    else:
        lose(daily, NOT_CARRIED, "No limit a day is given.")
    unit, length = _unit_of_time(span), _above_zero(span)
    if not made and _above_zero(spell) and unit and length:
        made = {
            "numerator": _quantity(spell),
            "denominator": {"value": length, "unit": unit, "system": UCUM, "code": unit},
        }
        exact(span)
    elif _above_zero(spell) and length:
        words.append(f"høyst {_said(spell)} i løpet av {_said(span)}")
        for element in (spell, span):
            lose(element, AS_TEXT, _TEXT)
    else:
        for element in (spell, span):
            lose(element, NOT_CARRIED, "No limit for this stretch of time is given.")
    if _above_zero(least):
        words.append(f"minst {_said(least)} mellom dosene")
        lose(least, AS_TEXT, _TEXT)
    else:
        lose(least, NOT_CARRIED, "No shortest interval is given.")
    return made, words


def _above_zero(part: Element) -> Number | None:
    found = number(part)
    return found if found is not None and found > 0 else None


def _said(part: Element) -> str:
    return f"{part.attribute('V')} {part.attribute('U').lower()}".strip()
