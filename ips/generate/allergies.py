"""What people do not tolerate: medicines by substance, brand or ATC, and the allergens of 7514."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from ips.generate.codes import Json, coding, concept
from ips.generate.kjernejournal import Certainty, State, substance
from ips.generate.medicines import substance_id
from ips.generate.sketch import Sketch

Category = Literal["medication", "food", "environment", "biologic"]

# Name, ATC code and text, as a doctor would choose it; then the usual reactions (list 7497).
_MEDICINES = (
    ("Fenoksymetylpenicillin", ("J01CE02", "Fenoksymetylpenicillin"), ("1", "9", "10")),
    ("Amoksicillin", ("J01CA04", "Amoksicillin"), ("9", "10", "13")),
    ("Ibuprofen", ("M01AE01", "Ibuprofen"), ("5", "9", "14")),
    ("Acetylsalisylsyre", ("B01AC06", "Acetylsalisylsyre"), ("5", "9")),
    ("Kodein", ("R05DA04", "Kodein"), ("7", "13")),
    ("Morfin", ("N02AA01", "Morfin"), ("7", "13")),
    ("Karbamazepin", ("N03AF01", "Karbamazepin"), ("10", "15")),
    ("Simvastatin", ("C10AA01", "Simvastatin"), ("17", "16")),
    ("Suksameton", ("M03AB01", "Suksameton"), ("1", "2")),
)
# Code of 7514, FHIR category, lowest age at which it is drawn.
_OTHERS: tuple[tuple[str, Category, int], ...] = (
    ("1", "food", 0), ("2", "food", 0), ("10", "food", 1), ("11", "food", 1), ("4", "food", 6),
    ("5", "food", 2), ("13", "environment", 5), ("14", "environment", 15), ("7", "food", 2),
)  # fmt: skip


def medicine_reaction(s: Sketch) -> None:
    """Add a reaction to a medicine that the person does not take."""
    used = {treatment.medicine.atc for treatment in s.chart.entries}
    name, atc, reactions = s.pick([row for row in _MEDICINES if row[1][0] not in used])
    certainty: Certainty = s.pick(("suspected", "probable", "confirmed", "confirmed"))
    state = s.dice.choices((State.ACTIVE, State.REFUTED, State.DELETED), (90, 7, 3))[0]
    recorded = s.years_ago(0, 12)
    entry = s.chart.record.allergy(
        _named(s, name, atc),
        category="medication",
        reaction=s.pick(reactions),
        recorded=recorded,
        criticality=s.pick(("high", "high", "low")),
        certainty=certainty,
        state=state,
        source=s.pick(("2", "3", "5")),
        onset=min(recorded, s.years_ago(0, 14)) if s.chance(0.6) else None,
    )
    if state is State.ACTIVE and s.chance(0.4):
        s.chart.repeated.append(entry)


def other_allergy(s: Sketch) -> None:
    """Add an allergy to something that is no medicine, with adrenaline when it is grave."""
    code, category, _ = s.pick([row for row in _OTHERS if row[2] <= s.age])
    recorded = s.years_ago(0, 10)
    grave = s.chance(0.5)
    s.chart.record.allergy(
        concept(coding("7514", code)),
        category=category,
        reaction="1" if grave else s.pick(("5", "9", "13")),
        recorded=recorded,
        criticality="high" if grave else "low",
        onset=_onset(s, recorded),
        source=s.pick(("1", "2", "4" if s.age < 18 else "3")),
    )
    if grave:
        key = "adrenaline" if s.age >= 12 else "adrenaline-child"
        s.give(key, recorded, use="3", text="1 penn i låret ved alvorlig reaksjon")


def _named(s: Sketch, name: str, atc: tuple[str, str]) -> Json:
    if s.chance(0.3):
        return substance(atc[1], atc[0], kind="ATC")
    return substance(name, substance_id(name), atc=atc)


def _onset(s: Sketch, recorded: dt.date) -> dt.date | int | None:
    born = s.chart.case.person.birth
    age = (recorded - born).days // 365
    return s.pick((None, recorded, max(age, 0)))
