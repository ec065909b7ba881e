"""What a prescription or a dispensation says beside its medicine, and a head for a bare Bundle.

MPD 1.0.0 has no document: a Bundle of prescriptions or dispensations is shown as if it had a
Composition with one section.
"""

from __future__ import annotations

from typing import Any

from ips.cda.names import sections, words
from ips.summary.phrases import EMPTY, Cell, Phrase, Speaker

Resource = dict[str, Any]

_KINDS = {"MedicationDispense": "dispensation", "MedicationRequest": "prescription"}
_LOINC = "http://loinc.org"


def composition_of(entries: list[Resource], lang: str) -> Resource | None:
    """Return a Composition over the dispensations, else the prescriptions, of a bare Bundle.

    Args:
        entries: those of the Bundle, each with its resource.
        lang: language of the title, ``nb`` or ``en``.

    Returns:
        None where the Bundle has neither.
    """
    for kind, key in _KINDS.items():
        items = [e for e in entries if e["resource"].get("resourceType") == kind]
        if not items:
            continue
        own = sections()[key]
        first = items[0]["resource"]
        return {
            "resourceType": "Composition", "title": own.titles[lang],
            "date": first.get("authoredOn") or first.get("whenHandedOver"),
            "author": [first["requester"]] if isinstance(first.get("requester"), dict) else [],
            "section": [{
                "title": own.titles[lang],
                "code": {"coding": [{"system": _LOINC, "code": own.loinc}]},
                "entry": [{"reference": _url(one)} for one in items],
            }],
        }  # fmt: skip
    return None


def title_of(code: str, lang: str) -> str:
    """Return our title of a section of prescriptions or dispensations; empty for another."""
    own = (sections()[key] for key in _KINDS.values())
    return next((one.titles[lang] for one in own if one.loinc == code), "")


def _url(entry: Resource) -> str:
    resource = entry["resource"]
    return str(entry.get("fullUrl") or f"{resource['resourceType']}/{resource.get('id')}")


def supply(resource: Resource, speak: Speaker) -> Cell:
    """Return how much of a medicine is prescribed or was given out, how often and until when."""
    if resource.get("resourceType") not in _KINDS:
        return EMPTY
    asked = resource.get("dispenseRequest") or {}
    until = (asked.get("validityPeriod") or {}).get("end")
    say = words(speak.lang)
    facts = (
        ("quantity", _amount(resource.get("quantity") or asked.get("quantity") or {}, speak)),
        ("repeats", str(asked.get("numberOfRepeatsAllowed", ""))),
        ("valid-until", speak.date(until) if until else ""),
    )
    return tuple(Phrase(f"{say[key]}: {value}") for key, value in facts if value)


def _amount(quantity: Resource, speak: Speaker) -> str:
    """Return an amount; the unit one of UCUM, which counts pieces or packages, has no name."""
    if quantity.get("code") == "1" and quantity.get("unit", "1") == "1":
        quantity = {name: part for name, part in quantity.items() if name not in ("unit", "code")}
    return speak.quantity(quantity)
