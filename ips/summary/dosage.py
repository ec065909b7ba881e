"""Doses in words: from the structure where there is one, beside the text that the source wrote."""

from __future__ import annotations

from typing import Any

from ips.summary.phrases import EMPTY, Cell, Phrase, Speaker


def dosages(elements: Any, speak: Speaker) -> Cell:
    """Return the dosages of a medicine.

    In the language of the source its own text comes first. In another language the structure is
    put into words and the source's text stands beside it as the original.
    """
    return tuple(phrase for element in elements or () for phrase in _one(element, speak))


def _one(dosage: dict[str, Any], speak: Speaker) -> Cell:
    written = dosage.get("text") or dosage.get("patientInstruction") or ""
    built = _structure(dosage, speak)
    if not speak.foreign:
        said = written or built
        return (Phrase(said),) if said else EMPTY
    if built and _amount(dosage, speak):
        return (Phrase(built, "", written),)
    # A structure without an amount is no dose: the source's words come first.
    said = (Phrase(written, speak.foreign),) if written else EMPTY
    return (*said, Phrase(built)) if built else said


def _structure(dosage: dict[str, Any], speak: Speaker) -> str:
    parts = [_amount(dosage, speak), _timing(dosage.get("timing", {}), speak)]
    if dosage.get("asNeededBoolean") or "asNeededCodeableConcept" in dosage:
        parts.append(speak.words["as-needed"])
    parts += [phrase.text for phrase in speak.concept(dosage.get("route"))]
    return ", ".join(part for part in parts if part)


def _amount(dosage: dict[str, Any], speak: Speaker) -> str:
    for rate in dosage.get("doseAndRate", ()):
        said = speak.quantity(rate.get("doseQuantity")) or speak.interval(rate.get("doseRange"))
        if said:
            return said
    return ""


def _timing(timing: dict[str, Any], speak: Speaker) -> str:
    repeat = timing.get("repeat", {})
    say = speak.words
    parts = []
    # With moments of the day, «once per day» would contradict «morning and evening».
    daily = "when" in repeat and (repeat.get("period"), repeat.get("periodUnit")) == (1, "d")
    if (
        not daily
        and "period" in repeat
        and repeat.get("periodUnit") in ("s", "min", "h", "d", "wk", "mo", "a")
    ):
        parts.append(_frequency(repeat, speak))
    moments = [say.get(f"when.{code}", code) for code in repeat.get("when", ())]
    moments += [str(time)[:5] for time in repeat.get("timeOfDay", ())]
    if moments:
        parts.append(f" {say['and']} ".join(moments))
    if repeat.get("boundsPeriod"):
        parts.append(speak.period(repeat["boundsPeriod"]))
    if not parts:
        parts += [phrase.text for phrase in speak.concept(timing.get("code"))]
    return ", ".join(parts)


def _frequency(repeat: dict[str, Any], speak: Speaker) -> str:
    say = speak.words
    n, period, unit = repeat.get("frequency", 1), repeat["period"], repeat["periodUnit"]
    times = say["once"] if n == 1 else say["times"].format(n=n)
    if period == 1:
        return f"{times} {say['per']} {say[f'unit.{unit}']}"
    every = say["every"].format(n=speak.number(period), unit=say[f"units.{unit}"])
    return every if n == 1 else f"{times} {every}"
