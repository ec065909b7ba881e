"""The maternity record (Digitalt helsekort for gravide): versioned JSON, not FHIR.

Resource names, ``CodeAndSystem`` and the antenatal appointments after the service's published
resources; each object carries the metadata of its version.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from ips.generate.codes import Json
from ips.generate.people import Case

_TERM = dt.timedelta(days=280)


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment: what was measured."""

    day: dt.date
    weight: float
    systolic: int
    diastolic: int
    protein: str = "Neg"
    fundal_height: float | None = None


@dataclass(frozen=True, slots=True)
class Pregnancy:
    """A pregnancy in course.

    Attributes:
        due: expected day of birth, by ultrasound.
        visits: appointments, oldest first.
        rhesus_negative: the woman lacks the D antigen.
        fetus_positive: the foetus has it, from the mother's blood in week 24.
        anti_d: when anti-D was given.
        before: year, week, weight in grams and way of birth of earlier births.
        height: in centimetres.
        weight: before pregnancy, in kilograms.
        smokes: whether she smokes.
        blood_group: ABO.
    """

    due: dt.date
    visits: tuple[Visit, ...]
    rhesus_negative: bool = False
    fetus_positive: bool | None = None
    anti_d: dt.date | None = None
    before: tuple[tuple[int, int, int, str], ...] = ()
    height: int = 168
    weight: float = 64
    smokes: bool = False
    blood_group: str = "A"

    def age(self, day: dt.date) -> tuple[int, int]:
        """Return gestational age on a day: weeks and days."""
        return divmod((day - (self.due - _TERM)).days, 7)


def record(case: Case, pregnancy: Pregnancy) -> Json:
    """Return ``maternity.json``."""
    first = pregnancy.visits[0].day
    made: Json = {
        "recordId": case.uuid("dhg"),
        "recordStatus": {"status": "ACTIVE"},
        "version": len(pregnancy.visits),
        "lastUpdated": case.instant(pregnancy.visits[-1].day),
        "mother": _versioned(case, first) | _mother(case),
        "currentPregnancy": _versioned(case, first) | _current(pregnancy),
        "previousPregnancies": _versioned(case, first) | _previous(pregnancy),
        "lifestyleFactors": _versioned(case, first) | {"smoking": pregnancy.smokes,
                                                       "alcohol": False},
        "vitalMeasurementsBeforePregnancy": _versioned(case, first) | {
            "height": pregnancy.height, "weight": pregnancy.weight,
            "bmi": round(pregnancy.weight / (pregnancy.height / 100) ** 2, 1)},
        "clinicalTests": _versioned(case, first) | _tests(pregnancy, first),
        "antenatalAppointments": [_visit(case, pregnancy, v) for v in pregnancy.visits],
        "symphysisFundalHeights": [
            _versioned(case, v.day) | {"measurementDate": v.day.isoformat(),
                                       "gestationalAge": _age(pregnancy, v.day),
                                       "value": v.fundal_height}
            for v in pregnancy.visits if v.fundal_height is not None
        ],
        "pointsOfContact": _versioned(case, first) | {
            "generalPractitioner": {"name": case.clinician.display, "hprNr": case.clinician.hpr,
                                    "orgName": case.clinician.organisation.name}},
    }  # fmt: skip
    if pregnancy.rhesus_negative:
        made["rhesusDNegative"] = _versioned(case, first) | _rhesus(pregnancy)
    return made


def _versioned(case: Case, day: dt.date) -> Json:
    who = case.clinician
    return {
        "metadata": {
            "id": case.uuid("dhg-object"),
            "version": 1,
            "lastUpdated": case.instant(day),
            "lastUpdatedBy": {
                "userType": "HEALTH_CARE_PROFESSIONAL",
                "orgNr": who.organisation.number,
                "orgName": who.organisation.name,
                "hprNr": who.hpr,
                "hprRole": who.role,
                "name": who.display,
            },
        }
    }


def _code(code: str, display: str, system: str) -> Json:
    return {"code": code, "display": display, "codeSystem": system}


def _mother(case: Case) -> Json:
    person = case.person
    country = {"NO": "Norge", "PL": "Polen", "SE": "Sverige"}
    return {
        "nin": person.number,
        "firstName": person.given,
        "lastName": person.family,
        "countryOfOrigin": _code(person.citizenship, country[person.citizenship], "VOLVEN_9043"),
        "needsInterpreter": person.interpreter,
    }


def _current(pregnancy: Pregnancy) -> Json:
    return {
        "lastMenstrualPeriod": (pregnancy.due - _TERM).isoformat(),
        "estimatedDueDate": pregnancy.due.isoformat(),
        "estimatedDueDateMethod": "ULTRASOUND",
        "numberOfFetuses": 1,
    }


def _previous(pregnancy: Pregnancy) -> Json:
    births = [
        {"year": year, "pregnancyWeek": week, "birthWeight": weight, "deliveryMethod": method,
         "outcome": "LIVE_BIRTH"}
        for year, week, weight, method in pregnancy.before
    ]  # fmt: skip
    return {"gravida": len(births) + 1, "para": len(births), "pregnancies": births}


def _tests(pregnancy: Pregnancy, day: dt.date) -> Json:
    tested = {"testDate": day.isoformat()}
    return {
        "bloodGroup": pregnancy.blood_group,
        "rhesusD": "Neg" if pregnancy.rhesus_negative else "Pos",
        "antibodyScreening": {**tested, "result": "Neg"},
        "hivTest": {**tested, "result": "Neg"},
        "hepatitisBTest": {**tested, "result": "Neg"},
        "syphilisTest": {**tested, "result": "Neg"},
    }


def _rhesus(pregnancy: Pregnancy) -> Json:
    made: Json = {"fetalRhesusDTyping": {"result": "Pos" if pregnancy.fetus_positive else "Neg"}}
    if pregnancy.fetus_positive is None:
        made = {}
    if pregnancy.anti_d:
        made["antiDProphylaxis"] = {
            "given": True,
            "date": pregnancy.anti_d.isoformat(),
            "gestationalAge": _age(pregnancy, pregnancy.anti_d),
        }
    return made


def _visit(case: Case, pregnancy: Pregnancy, visit: Visit) -> Json:
    weeks, _ = pregnancy.age(visit.day)
    return _versioned(case, visit.day) | {
        "appointmentDate": visit.day.isoformat(),
        "pregnancyWeek": weeks,
        "gestationalAge": _age(pregnancy, visit.day),
        "motherWeight": visit.weight,
        "bloodPressure": f"{visit.systolic}/{visit.diastolic}",
        "proteinInUrineTestResult": visit.protein,
    }


def _age(pregnancy: Pregnancy, day: dt.date) -> str:
    weeks, days = pregnancy.age(day)
    return f"{weeks}+{days}"
