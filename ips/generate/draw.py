"""One random patient: who it is, what the person has, and the files that follow from it."""

from __future__ import annotations

import datetime as dt
import random

from ips.generate.allergies import medicine_reaction, other_allergy
from ips.generate.conditions import CONDITIONS
from ips.generate.critical import Record
from ips.generate.sketch import DAY, Sketch, draw
from ips.generate.vaccination import Dose

_MOST_CONDITIONS = 5

# Norwegian childhood programme, by age in months; booster at school age.
_CHILDHOOD = (
    ("rotavirus", 1.5, 1), ("hexavalent", 3, 1), ("pneumococcal-conjugate", 3, 1),
    ("hexavalent", 5, 2), ("pneumococcal-conjugate", 5, 2), ("hexavalent", 12, 3),
    ("pneumococcal-conjugate", 12, 3), ("mmr", 15, 1), ("dtp-polio-booster", 84, 4),
    ("mmr", 132, 2), ("hpv", 144, 1),
)  # fmt: skip
_PROGRAMME_BEGAN = dt.date(2011, 1, 1)
"""SYSVAK holds all vaccinations since January 2011."""


def patient(name: str, dice: random.Random, taken: set[str]) -> tuple[str, dict[str, bytes]]:
    """Return the id and the files of a new patient.

    Args:
        name: the id.
        dice: the random numbers of this patient alone.
        taken: identity numbers in use; the new one is added.
    """
    sketch = draw(name, dice, taken)
    present: set[str] = set()
    for condition in CONDITIONS:
        if len(present) == _MOST_CONDITIONS:
            break
        if sketch.chance(condition.share) and condition.fits(sketch, present):
            condition.add(sketch)
            present.add(condition.name)
    if sketch.chance(0.3):
        medicine_reaction(sketch)
    if sketch.chance(0.15):
        other_allergy(sketch)
    _vaccinate(sketch)
    _look_ups(sketch)
    return name, sketch.chart.files()


def _vaccinate(sketch: Sketch) -> None:
    born = sketch.chart.case.person.birth
    doses = []
    for key, months, number in _CHILDHOOD:
        day = born + dt.timedelta(days=round(months * 30.44) + sketch.dice.randint(0, 20))
        if _PROGRAMME_BEGAN <= day <= DAY and sketch.chance(0.95):
            doses.append(Dose(key, day, number))
    if sketch.age >= 18 and sketch.chance(0.7):
        doses += [Dose("covid-mrna", dt.date(2021, month, 10), n) for n, month in ((1, 5), (2, 7))]
    if sketch.age >= 65 and sketch.chance(0.7):
        doses.append(
            Dose(sketch.pick(("influenza", "influenza-adjuvanted")), dt.date(2025, 10, 20))
        )
        doses.append(Dose("pneumococcal-polysaccharide", sketch.years_ago(1, 5)))
    if sketch.age >= 25 and sketch.chance(0.05):
        doses.append(Dose("yellow-fever", sketch.years_ago(1, 10), own_account=True))
    sketch.chart.doses = doses


def _look_ups(sketch: Sketch) -> None:
    """Decide which services were asked: most were, and an empty answer is an answer."""
    chart = sketch.chart
    if chart.critical is None and sketch.chance(0.8):
        chart.critical = Record(chart.case)
    if chart.treatments is None and sketch.chance(0.7):
        chart.treatments = []
        chart.no_medicines = sketch.chance(0.5)
    if chart.treatments:
        prescribed = [i for i, t in enumerate(chart.treatments) if t.kind == "E" and not t.stop]
        chart.dispensed = tuple(i for i in prescribed if sketch.chance(0.3))
    else:
        chart.multidose = False
