"""What people have: one function a condition, with the medicines, answers and warnings it brings.

The combinations are those of ordinary Norwegian practice, simplified; they serve to exercise the
formats and are no advice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from ips.generate.laboratory import Answer
from ips.generate.maternity import Pregnancy, Visit
from ips.generate.measurement import Measurement
from ips.generate.sketch import DAY, Sketch
from ips.generate.treatment import AS_NEEDED, COURSE, Stop


@dataclass(frozen=True, slots=True)
class Condition:
    """When a condition can be drawn: age, sex, how often, and what it may not be combined with."""

    name: str
    add: Callable[[Sketch], None]
    least: int
    most: int
    share: float
    female_only: bool = False
    excludes: frozenset[str] = frozenset()

    def fits(self, sketch: Sketch, present: set[str]) -> bool:
        """Return whether the person can have it beside what is there."""
        return (
            self.least <= sketch.age <= self.most
            and (sketch.female or not self.female_only)
            and not self.excludes & present
        )


def hypertension(s: Sketch) -> None:
    """Raised blood pressure: one or two medicines, a measurement at home now and then."""
    s.give(s.pick(("amlodipine", "candesartan", "ramipril")), s.years_ago(1, 9), 1)
    s.chart.report(s.ago(20, 300), s.measure("creatinine", "potassium", "sodium"))
    if s.chance(0.4):
        pressure = s.dice.randint(132, 168), s.dice.randint(76, 98)
        s.chart.measurements.append(Measurement("blood-pressure", s.ago(2, 60), *pressure))


def diabetes_2(s: Sketch) -> None:
    """Type 2 diabetes: tablets, sometimes insulin, raised HbA1c."""
    s.give("metformin", s.years_ago(2, 10), 1, 0, 1)
    if s.chance(0.5):
        s.give("empagliflozin", s.years_ago(0, 3), 1)
    if s.chance(0.3):
        s.give("insulin-glargine", s.years_ago(1, 5), 0, 0, 0, 18)
    s.give("simvastatin", s.years_ago(1, 8), 0, 0, 1)
    s.chart.report(
        s.ago(20, 200), s.measure("hba1c", "glucose", "creatinine", hba1c=56, glucose=8.4)
    )


def diabetes_1(s: Sketch) -> None:
    """Type 1 diabetes: insulin, and a critical condition in Kjernejournal."""
    start = s.years_ago(1, 12)
    s.give("insulin-aspart", start, 6, 6, 8, substitution=False)
    s.give("insulin-glargine", start, 0, 0, 0, 16)
    s.chart.record.condition(
        "E10.9", "Diabetes mellitus type 1 uten komplikasjoner", recorded=start, onset=start,
        consequences=("1", "7"),
    )  # fmt: skip
    s.chart.report(s.ago(10, 150), s.measure("hba1c", "glucose", hba1c=60, glucose=9.1))


def atrial_fibrillation(s: Sketch) -> None:
    """Atrial fibrillation: anticoagulation, which is critical information as a treatment."""
    start = s.years_ago(1, 7)
    if s.chance(0.75):
        s.give("apixaban", start, 1, 0, 1)
        text = "Apiksaban ved atrieflimmer"
    else:
        s.give("warfarin", start, text="Etter INR, egen doseringsliste", substitution=False)
        s.chart.report(s.ago(3, 30), s.measure("inr", inr=2.5))
        text = "Warfarin ved atrieflimmer"
    s.give("metoprolol", start, 1)
    s.chart.record.treatment("4", recorded=start, started=start, text=text)


def coronary_disease(s: Sketch) -> None:
    """Coronary disease: secondary prevention, often a stent."""
    start = s.years_ago(1, 9)
    s.give("acetylsalicylic-acid", start, 1)
    s.give("atorvastatin", start, 0, 0, 1)
    s.give("metoprolol", start, 1)
    s.give(
        "glyceryl-trinitrate", start, use=AS_NEEDED, text="1 tablett under tungen ved brystsmerter"
    )
    if s.chance(0.6):
        s.chart.record.device("13", recorded=start + dt.timedelta(days=2), implanted=start)
    s.chart.report(s.ago(20, 300), s.measure("troponin-t", "haemoglobin", "creatinine"))


def heart_failure(s: Sketch) -> None:
    """Heart failure: four medicines, home weight, sometimes a pacemaker or a defibrillator."""
    start = s.years_ago(1, 6)
    s.give("ramipril", start, 1)
    s.give("bisoprolol", start, 1)
    s.give("spironolactone", start, 1)
    s.give("furosemide", start, 1, s.pick((0, 1)))
    if s.chance(0.35):
        s.chart.record.device(
            s.pick(("9", "10")), recorded=s.ago(50, 300), implanted=s.ago(301, 900)
        )
    weight = s.dice.randint(58, 102)
    for days in (9, 6, 3):
        s.chart.measurements += [
            Measurement("weight", s.ago(days, days), weight + s.dice.randint(-10, 10) / 10),
            Measurement("saturation", s.ago(days, days), s.dice.randint(91, 98)),
        ]
    s.chart.report(
        s.ago(5, 60), s.measure("creatinine", "potassium", "egfr", creatinine=128, egfr=46)
    )


def asthma(s: Sketch) -> None:
    """Asthma: a daily inhaler and one for need."""
    start = s.years_ago(1, 10)
    s.give("budesonide-formoterol", start, 1, 0, 1)
    s.give("salbutamol", start, use=AS_NEEDED, text="1-2 doser ved behov")


def epilepsy(s: Sketch) -> None:
    """Epilepsy: one medicine, critical because it must not be stopped."""
    start = s.years_ago(1, 12)
    s.give(s.pick(("levetiracetam", "lamotrigine")), start, 1, 0, 1, substitution=False)
    s.chart.record.condition("G40.9", "Uspesifisert epilepsi", recorded=start, onset=start,
                             consequences=("1", "7"))  # fmt: skip


def hypothyroidism(s: Sketch) -> None:
    """Low metabolism: one tablet a day."""
    s.give("levothyroxine", s.years_ago(1, 14), 1)


def depression(s: Sketch) -> None:
    """Depression: one medicine, or one that was stopped for another."""
    start = s.years_ago(1, 4)
    if s.chance(0.3):
        stopped = Stop(start + dt.timedelta(days=90), "M", "Byttet på grunn av manglende effekt")
        s.give("escitalopram", start, 1, stop=stopped)
        s.give("sertraline", start + dt.timedelta(days=91), 1)
    else:
        s.give(s.pick(("sertraline", "escitalopram")), start, 1)


def kidney_transplant(s: Sketch) -> None:
    """A transplanted kidney: immunosuppression, and what must be known of it."""
    start = s.years_ago(1, 12)
    s.give("tacrolimus", start, 3, substitution=False)
    s.give("mycophenolate", start, 1, 0, 1)
    s.give("prednisolone", start, 1)
    s.give("trimethoprim-sulfa", start, 0, 0, 1)
    s.chart.record.transplant("20", recorded=start + dt.timedelta(days=10), onset=start)
    s.chart.record.treatment("2", recorded=start + dt.timedelta(days=10), started=start,
                             text="Takrolimus, mykofenolat og prednisolon")  # fmt: skip
    s.chart.report(s.ago(5, 40), s.measure("tacrolimus", "creatinine", "egfr", "potassium",
                                           creatinine=132, egfr=48))  # fmt: skip


def dialysis(s: Sketch) -> None:
    """Dialysis, sometimes while waiting for a kidney."""
    start = s.years_ago(1, 4)
    s.give("sevelamer", start, 1, 1, 1)
    s.chart.record.treatment(
        "5", recorded=start, started=start, text="Hemodialyse tre dager i uken"
    )
    if s.chance(0.4):
        s.chart.record.treatment("13", recorded=s.ago(30, 300), started=start)
    answers = s.measure(
        "creatinine", "potassium", "phosphate", "urea", "haemoglobin",
        creatinine=620, potassium=5.2, phosphate=1.9, urea=22, haemoglobin=10.8,
    )  # fmt: skip
    s.chart.report(s.ago(2, 20), answers)


def dementia(s: Sketch) -> None:
    """Dementia: multidose, a frailty score."""
    s.give("donepezil", s.years_ago(1, 4), 0, 0, 1)
    s.give("paracetamol", s.years_ago(0, 3), 2, 0, 2)
    s.give("calcium-vitamin-d", s.years_ago(1, 6), 1)
    s.chart.multidose = True
    s.chart.measurements.append(Measurement("frailty", s.ago(10, 200), s.dice.randint(5, 7)))


def arthritis(s: Sketch) -> None:
    """Rheumatoid arthritis: methotrexate once a week."""
    start = s.years_ago(1, 8)
    s.give("methotrexate", start, text="6 tabletter hver mandag", substitution=False)
    s.give("folic-acid", start, text="5 tabletter hver onsdag")
    s.chart.record.treatment("2", recorded=start, started=start, text="Metotreksat hver uke")
    s.chart.report(s.ago(10, 90), s.measure("alat", "leukocytes", "platelets", "crp", crp=9))


def palliative_cancer(s: Sketch) -> None:
    """Incurable cancer: opioids and an agreed limit to treatment."""
    start = s.ago(60, 500)
    s.give("oxycodone", start, 1, 0, 1)
    s.give("lactulose", start, 15, 0, 15)
    s.chart.record.treatment("11", recorded=start, started=start)
    if s.chance(0.5):
        s.chart.record.limitation(
            "Avklart med pasienten: ikke respiratorbehandling.", recorded=s.ago(5, 59),
            until=DAY + dt.timedelta(days=365),
        )  # fmt: skip


def difficult_airway(s: Sketch) -> None:
    """A difficult intubation in the past."""
    day = s.years_ago(1, 15)
    s.chart.record.anaesthesia(
        "3", text="Vanskelig intubasjon, videolaryngoskop var nødvendig", recorded=day, onset=day,
        laryngoscopy=s.pick(("3", "4")), mask=s.pick(("1", "2", "3")),
    )  # fmt: skip


def resistant_bacteria(s: Sketch) -> None:
    """A carrier of resistant bacteria."""
    day = s.ago(30, 900)
    s.chart.record.infection(s.pick(("1", "2", "3")), recorded=day, onset=day)
    s.chart.report(day, [Answer("mrsa-screening", s.pick(("Pos", "Neg")))], kind="MBIO",
                   material="Nese- og halsprøve")  # fmt: skip


def joint_prosthesis(s: Sketch) -> None:
    """A hip or a knee of metal."""
    day = s.years_ago(1, 15)
    s.chart.record.device(
        "19", recorded=day, implanted=day, note=s.pick(("Hofteprotese", "Kneprotese"))
    )


def refuses_blood(s: Sketch) -> None:
    """A refusal of blood products."""
    s.chart.record.procedure_change("1", recorded=s.ago(30, 2000))


def infection_course(s: Sketch) -> None:
    """A finished course of an antibiotic: it stays on the list as stopped."""
    start = s.ago(20, 200)
    end = start + dt.timedelta(days=5)
    s.give("nitrofurantoin", start, 1, 0, 1, use=COURSE, end=end, stop=Stop(end), reiterations=0,
           listed=s.chance(0.5))  # fmt: skip


def small_ailment(s: Sketch) -> None:
    """Something for pain, allergy, stomach, sleep or bowels, now and then."""
    key, text = s.pick((
        ("paracetamol", "1-2 tabletter ved behov, høyst 8 i døgnet"),
        ("cetirizine", "1 tablett ved behov"),
        ("pantoprazole", "1 tablett ved behov"),
        ("zopiclone", "1 tablett ved leggetid ved behov"),
        ("lactulose", "15 ml ved behov"),
        ("xylometazoline", "1 spray i hvert nesebor inntil 3 ganger daglig"),
    ))  # fmt: skip
    kind = "E" if key in ("pantoprazole", "zopiclone") else "U"
    s.give(key, s.ago(10, 600), use=AS_NEEDED, text=text, kind=kind)


def pregnancy(s: Sketch) -> None:
    """A pregnancy with appointments; every sixth woman lacks the D antigen."""
    weeks = s.dice.randint(12, 38)
    due = DAY + dt.timedelta(days=280 - weeks * 7)
    start = due - dt.timedelta(days=280)
    weight = s.dice.randint(52, 84)
    visits = tuple(
        Visit(start + dt.timedelta(weeks=week, days=2), weight + round(0.4 * (week - 8), 1),
              s.dice.randint(102, 132), s.dice.randint(62, 84),
              fundal_height=week - 1.5 if week >= 24 else None)
        for week in (10, 18, 24, 28, 32, 36) if week < weeks
    )  # fmt: skip
    negative = s.chance(1 / 6)
    typed = s.chance(0.6) if negative and weeks > 24 else None
    s.chart.pregnancy = Pregnancy(
        due=due, visits=visits, rhesus_negative=negative, fetus_positive=typed,
        anti_d=start + dt.timedelta(weeks=28, days=1) if typed and weeks > 28 else None,
        weight=weight, height=s.dice.randint(155, 182),
        blood_group=s.dice.choices(("A", "O", "B", "AB"), (48, 40, 8, 4))[0],
    )  # fmt: skip
    s.give("folic-acid", start, 1, kind="U")
    s.chart.report(s.ago(5, 30), s.measure("haemoglobin", haemoglobin=11.9))


_PREGNANT = frozenset({"pregnancy"})
CONDITIONS = (
    Condition("hypertension", hypertension, 40, 99, 0.37, excludes=frozenset({"heart failure"})),
    Condition("type 2 diabetes", diabetes_2, 35, 99, 0.17, excludes=frozenset({"type 1 diabetes"})),
    Condition("type 1 diabetes", diabetes_1, 4, 60, 0.07, excludes=frozenset({"type 2 diabetes"})),
    Condition("atrial fibrillation", atrial_fibrillation, 55, 99, 0.17),
    Condition("coronary disease", coronary_disease, 50, 99, 0.17),
    Condition("heart failure", heart_failure, 55, 99, 0.14, excludes=frozenset({"hypertension"})),
    Condition("asthma", asthma, 6, 80, 0.14),
    Condition("epilepsy", epilepsy, 8, 80, 0.07, excludes=_PREGNANT),
    Condition("hypothyroidism", hypothyroidism, 25, 99, 0.12),
    Condition("depression", depression, 18, 90, 0.15),
    Condition("kidney transplant", kidney_transplant, 20, 75, 0.05,
              excludes=frozenset({"dialysis", "pregnancy"})),
    Condition("dialysis", dialysis, 30, 85, 0.05,
              excludes=frozenset({"kidney transplant", "pregnancy"})),
    Condition("dementia", dementia, 75, 99, 0.4),
    Condition("arthritis", arthritis, 30, 85, 0.07, excludes=frozenset({"pregnancy", "dialysis"})),
    Condition("palliative cancer", palliative_cancer, 45, 95, 0.07, excludes=_PREGNANT),
    Condition("difficult airway", difficult_airway, 18, 99, 0.09),
    Condition("resistant bacteria", resistant_bacteria, 1, 99, 0.09),
    Condition("joint prosthesis", joint_prosthesis, 60, 99, 0.2),
    Condition("refuses blood", refuses_blood, 18, 99, 0.03),
    Condition("infection course", infection_course, 16, 99, 0.09, excludes=_PREGNANT),
    Condition("small ailment", small_ailment, 16, 99, 0.35, excludes=_PREGNANT),
    Condition("pregnancy", pregnancy, 20, 42, 0.4, female_only=True,
              excludes=frozenset({"kidney transplant", "dialysis", "arthritis", "palliative cancer",
                                  "epilepsy", "infection course", "hypertension",
                                  "small ailment"})),
)  # fmt: skip
