"""Drawing one person at random: sex, age, an invented name, a synthetic number, a chart to fill."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ips.generate import numbers
from ips.generate.chart import Chart
from ips.generate.laboratory import Answer, analyses
from ips.generate.people import Case, Clinician, Organisation, Person
from ips.generate.treatment import take

T = TypeVar("T")

DAY = dt.date(2026, 11, 2)
"""The day on which all generated sources were fetched, so that every run gives the same."""

_OLDEST = 85
"""Birth years from 1940 on, whose numbers cannot be confused with those of another century."""

# Nobody is called so: qualities as given names, things of the house as family names.
GIVEN = ("Blid", "Djerv", "Fornøyd", "Kvikk", "Lun", "Lys", "Mild", "Modig", "Munter", "Nysgjerrig",
         "Rolig", "Spenstig", "Spretten", "Tålmodig", "Undrende", "Våken", "Ærlig", "Øm", "Åpen",
         "Čáhppes", "Ŋáhkkás")  # fmt: skip
FAMILY = ("Blåbærpai", "Brunostskive", "Fiskebolle", "Gulrotkake", "Kaffekanne", "Lommelyktpære",
          "Melkespann", "Ostehøvel", "Paraplystativ", "Postkasselokk", "Regnjakke", "Skistavtrinse",
          "Snøfreser", "Sykkelpumpe", "Trebåtåre", "Tyttebærkurv", "Ullsokk", "Vaffelrøre",
          "Vottepar", "Gjærbakst-Ølbolle")  # fmt: skip

_OFFICES = tuple(
    Organisation(name, numbers.organisation_number(1000 * index), f"8900{index:04}")
    for index, name in enumerate(
        ("Oppdiktet legesenter", "Påfunnet legekontor", "Liksom legevakt", "Tenkt sykehus HF"), 1
    )
)
LABORATORY = Organisation("Oppdiktet laboratorium", numbers.organisation_number(9000), "89009999")
DOCTORS = tuple(
    Clinician(f"9000001{index:02}", given, family, _OFFICES[index % len(_OFFICES)])
    for index, (given, family) in enumerate(
        (("Grundig", "Stetoskop"), ("Hjelpsom", "Tungespatel"), ("Nøye", "Reflekshammer"),
         ("Rask", "Plasterlapp"), ("Årvåken", "Termometer"))
    )
)  # fmt: skip


@dataclass
class Sketch:
    """A person being drawn: the chart to fill and the dice to fill it with."""

    dice: random.Random
    chart: Chart
    age: int

    @property
    def female(self) -> bool:
        """Whether the person is a woman."""
        return self.chart.case.person.female

    def chance(self, share: float) -> bool:
        """Return True in this share of cases."""
        return self.dice.random() < share

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of the choices."""
        return self.dice.choice(choices)

    def ago(self, least: int, most: int) -> dt.date:
        """Return a day so many days ago, never before birth."""
        day = DAY - dt.timedelta(days=self.dice.randint(least, most))
        return max(day, self.chart.case.person.birth + dt.timedelta(days=1))

    def years_ago(self, least: int, most: int) -> dt.date:
        """Return a day so many years ago, never before birth."""
        return self.ago(least * 365, most * 365)

    def give(self, key: str, start: dt.date, *doses: float, **more: Any) -> None:
        """Add a medicine, unless the person already takes it."""
        if all(t.medicine.key != key for t in self.chart.entries):
            self.chart.entries.append(take(key, start, *doses, **more))

    def measure(self, *keys: str, **values: float) -> list[Answer]:
        """Return laboratory answers: usual ones, or the given value with the usual spread."""
        return [Answer(key, self._value(key, values.get(key.replace("-", "_")))) for key in keys]

    def _value(self, key: str, centre: float | None) -> float:
        analysis = analyses()[key]
        middle = analysis.typical if centre is None else centre
        drawn = max(self.dice.gauss(middle, analysis.spread / 2), middle / 4)
        return round(drawn, analysis.decimals) if analysis.decimals else round(drawn)


def draw(name: str, dice: random.Random, taken: set[str]) -> Sketch:
    """Return a new person with an empty chart.

    Args:
        name: id of the case.
        dice: the random numbers of this person alone.
        taken: identity numbers that are in use; the new one is added.
    """
    female = dice.random() < 0.5
    age, birth, number, foreign = 0, DAY, None, False
    while number is None:  # some six hundred numbers share a birthday and a sex
        age = int(min(dice.triangular(0, 99, 62), _OLDEST))
        birth = DAY - dt.timedelta(days=age * 365 + age // 4 + dice.randint(1, 364))
        foreign = age >= 18 and dice.random() < 0.06
        number = _number(dice, birth, female=female, d_number=foreign, taken=taken)
    person = Person(
        number=number,
        given=dice.choice(GIVEN),
        middle=dice.choice(GIVEN) if dice.random() < 0.2 else "",
        family=dice.choice(FAMILY),
        birth=birth,
        female=female,
        d_number=foreign,
        language=dice.choice(("pl", "sv", "en")) if foreign else _tongue(dice),
        interpreter=foreign and dice.random() < 0.5,
        citizenship=dice.choice(("PL", "SE")) if foreign else "NO",
        marital=dice.choice(("ugift", "gift", "skilt")) if age >= 18 else "ugift",
    )
    case = Case(name, person, dice.choice(DOCTORS), DAY)
    return Sketch(dice, Chart(case, LABORATORY), age)


def _tongue(dice: random.Random) -> str:
    return dice.choices(("nb", "nn", "se"), (85, 13, 2))[0]


def _number(
    dice: random.Random, birth: dt.date, *, female: bool, d_number: bool, taken: set[str]
) -> str | None:
    series = dice.choice(list(numbers.Series))
    found = numbers.person_numbers(birth, female=female, series=series, d_number=d_number)
    free = [number for number in found if number not in taken]
    if not free:
        return None
    number = dice.choice(free)
    taken.add(number)
    return number
