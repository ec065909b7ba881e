"""What all entries of Kjernejournal share: states, people, codes, onset, when they lapse."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Literal

from ips.generate.codes import HL7, KJ, Json, concept, kj_coding, plain
from ips.generate.people import ENH, HPR, Clinician

PROFILE = "http://nhn.no/kj/fhir/StructureDefinition/"


class State(StrEnum):
    """What has become of an entry: in force, shown to be wrong, or removed as a mistake."""

    ACTIVE = "active"
    REFUTED = "refuted"
    DELETED = "entered-in-error"


Certainty = Literal["suspected", "probable", "confirmed"]


def substance(name: str, code: str, *, atc: tuple[str, str] | None = None, kind: str = "") -> Json:
    """Return the code of a medicine reaction: a substance, a brand, or only the ATC code.

    Args:
        name: what is shown.
        code: FEST id, or the ATC code when ``kind`` is ``ATC``.
        atc: an extra ATC coding that the user did not choose.
        kind: ``ActiveSubstance`` (default), ``DrugTradeName`` or ``ATC``.
    """
    main = {**plain(KJ + (kind or "ActiveSubstance"), code, name), "userSelected": True}
    extra = [{**plain(KJ + "ATC", *atc), "userSelected": False}] if atc else []
    return concept(main, *extra)


def contained(identity: str, who: Clinician) -> Json:
    """Return a contained PractitionerRole, as the API wants recorder and updater."""
    return {
        "resourceType": "PractitionerRole",
        "id": identity,
        "practitioner": {"identifier": {"system": HPR, "value": who.hpr}, "display": who.display},
        "organization": {
            "identifier": {"system": ENH, "value": who.organisation.number},
            "display": who.organisation.name,
        },
        "code": [concept(kj_coding("9060", who.role))],
    }


def hl7(name: str, code: str) -> Json:
    """Return a coding of an HL7 code system."""
    return {"system": HL7 + name, "code": code}


def clinical(state: State) -> str:
    """Return the clinical status that goes with a state."""
    return "active" if state is State.ACTIVE else "inactive"


def verification(state: State, certainty: Certainty) -> str:
    """Return the verification status; R4 has no code for probable."""
    if state is not State.ACTIVE:
        return state.value
    return "confirmed" if certainty == "confirmed" else "unconfirmed"


def began(onset: dt.date | int | None) -> Json:
    """Return ``onset[x]``: a day, or an age in years."""
    if onset is None:
        return {}
    if isinstance(onset, int):
        age = {"value": onset, "unit": "år", "system": "http://unitsofmeasure.org", "code": "a"}
        return {"onsetAge": age}
    return {"onsetDateTime": onset.isoformat()}


def valid_until(entry: Json, until: dt.date | None) -> None:
    """Add until when the entry is to be shown (KjValidUntil)."""
    if until:
        entry["extension"].append(
            {"url": PROFILE + "KjValidUntil", "valueDateTime": until.isoformat()}
        )
