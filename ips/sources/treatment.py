"""One treatment of a medication list, as M25.1 and SFM both describe it, and its FHIR form.

The two formats carry the same prescription (M1 Resept, ReseptDokLegemiddel): XML in one, SFM's
extensions in the other. Both readers fill these classes; one builder makes the FHIR of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ips.loss import Fate
from ips.sources.base import MEDICINE, Reading, Resource
from ips.sources.codes import code_of_word, national
from ips.sources.datatypes import UCUM, pack

FEST = "http://ehelse.no/fhir/CodeSystem/FEST"
GUID_SYSTEM = "urn:ietf:rfc:3986"

_UNITS_OF_TIME = {
    "sekund": "s",
    "minutt": "min",
    "time": "h",
    "timer": "h",
    "døgn": "d",
    "dag": "d",
    "dager": "d",
    "uke": "wk",
    "måned": "mo",
    "år": "a",
}
_WHEN = {"1": "MORN", "2": "MORN.late", "3": "NOON", "4": "AFT", "5": "EVE", "6": "NIGHT"}
"""Volven 8325 to FHIR event-timing; «formiddag» is late morning."""
_DAYS = {"1": "mon", "2": "tue", "3": "wed", "4": "thu", "5": "fri", "6": "sat", "7": "sun"}
"""Volven 9082 to FHIR days-of-week."""


@dataclass(frozen=True, slots=True)
class Code:
    """A national code with the source's own words."""

    code: str = ""
    display: str = ""

    def __bool__(self) -> bool:
        """Whether the source says anything."""
        return bool(self.code or self.display)


@dataclass
class Drug:
    """What is taken.

    Attributes:
        name: NavnFormStyrke, the full name as prescribed.
        fest: FEST id, or item number of a pack.
        brand: brand name, where the prescription names one.
        ingredients: substances of a magistral mixture, as text.
    """

    path: str
    name: str = ""
    fest: str = ""
    fest_name: str = ""
    atc: Code = field(default_factory=Code)
    form: Code = field(default_factory=Code)
    brand: str = ""
    ingredients: list[str] = field(default_factory=list)


@dataclass
class Dose:
    """One dose that comes again.

    Attributes:
        amount: how much; None when it is not given as a number.
        unit: a word (``tablett``) or a code of 7480.
        every: number of time units between doses.
        time_unit: word of list 9088.
        when: code of list 8325.
        at: times of day, ``HH:MM:SS``.
        days: codes of list 9082.
        as_needed: taken when needed.
        daily_maximum: most in a day, same unit.
        words: what has no structured place, as text.
    """

    path: str
    amount: float | None = None
    unit: str = ""
    every: float | None = None
    time_unit: str = ""
    when: Code = field(default_factory=Code)
    at: list[str] = field(default_factory=list)
    days: list[str] = field(default_factory=list)
    as_needed: bool = False
    daily_maximum: float | None = None
    words: str = ""


@dataclass
class Phase:
    """A stretch of time in which the same doses are taken; dates are FHIR dates."""

    start: str = ""
    end: str = ""
    doses: list[Dose] = field(default_factory=list)


@dataclass
class Treatment:
    """One line of a medication list.

    Attributes:
        identifiers: FHIR Identifiers (PLL id, prescription id).
        status: FHIR medication-statement-status.
        use: 9101 (regular, course, as needed).
        kind: 7491 (e-prescription, paper, without prescription).
        text: the dosage in words, as the patient reads it.
        indication: what it is for, in words.
        indications: coded reasons (FHIR CodeableConcept).
        instructions: precautions (7479), coded or not.
        patient_instruction: free text to the patient.
        start, end, asserted, recorded: FHIR dateTimes; asserted is the latest change.
        stopped_why: 7494.
        notes: free texts.
        recorder: reference of who prescribed.
    """

    path: str
    drug: Drug
    identifiers: list[dict[str, Any]] = field(default_factory=list)
    status: str = "active"
    use: Code = field(default_factory=Code)
    kind: Code = field(default_factory=Code)
    text: str = ""
    indication: str = ""
    indications: list[dict[str, Any]] = field(default_factory=list)
    instructions: list[Code] = field(default_factory=list)
    patient_instruction: str = ""
    phases: list[Phase] = field(default_factory=list)
    start: str = ""
    end: str = ""
    asserted: str = ""
    recorded: str = ""
    stopped_why: Code = field(default_factory=Code)
    notes: list[str] = field(default_factory=list)
    recorder: str = ""


def medication(drug: Drug, reading: Reading) -> Resource:
    """Return the Medication: ATC exactly, FEST beside it, the form in EDQM, the name as text."""
    codings: list[dict[str, str]] = []
    text = drug.name or drug.fest_name or drug.brand or drug.atc.display
    if drug.atc.code:
        code = national(f"{drug.path}.atc", "7180", drug.atc.code, drug.atc.display, reading.loss,
                        MEDICINE)  # fmt: skip
        codings += code.get("coding", [])
    if drug.fest:
        codings.append(pack(system=FEST, code=drug.fest, display=drug.fest_name or drug.name))
        if not drug.atc.code:
            reading.lose(f"{drug.path}.code", f"FEST|{drug.fest} {text}", Fate.AS_TEXT,
                         "The product has no ATC code; Europe cannot read FEST ids, so the name "
                         "travels as text.", MEDICINE)  # fmt: skip
    elif not drug.atc.code:
        reading.lose(f"{drug.path}.code", text, Fate.AS_TEXT, "The source gives only a name.",
                     MEDICINE)  # fmt: skip
    form = national(f"{drug.path}.form", "7448", drug.form.code, drug.form.display, reading.loss,
                    MEDICINE) if drug.form else {}  # fmt: skip
    if text:
        reading.lose(f"{drug.path}.name", text, Fate.AS_TEXT,
                     "The strength stands only inside the name (M1); it has no field of its own.",
                     MEDICINE)  # fmt: skip
    return pack(
        resourceType="Medication", status="active",
        code=pack(coding=codings, text=text or "(ukjent legemiddel)"), form=form,
        ingredient=[{"itemCodeableConcept": {"text": part}} for part in drug.ingredients],
    )  # fmt: skip


def statement(
    treatment: Treatment, reading: Reading, subject: dict[str, str]
) -> tuple[Resource, Resource]:
    """Return the Medication and the MedicationStatement of a treatment.

    The statement refers to ``Medication/…`` after the caller has added the medication.
    """
    drug = medication(treatment.drug, reading)
    made = pack(
        resourceType="MedicationStatement", identifier=treatment.identifiers,
        status=treatment.status, category=_category(treatment, reading), subject=subject,
        effectivePeriod=_effective(treatment, reading), dateAsserted=treatment.asserted,
        informationSource={"reference": treatment.recorder} if treatment.recorder else None,
        reasonCode=_reasons(treatment, reading), note=_notes(treatment, reading),
        dosage=dosages(treatment, reading),
    )  # fmt: skip
    if treatment.stopped_why:
        why = national(f"{treatment.path}.stopped", "7494", treatment.stopped_why.code,
                       treatment.stopped_why.display, reading.loss, MEDICINE)  # fmt: skip
        if why:
            made["statusReason"] = [why]
    return drug, made


def _category(treatment: Treatment, reading: Reading) -> dict[str, Any]:
    """7491: e-prescription, paper, or without prescription."""
    if not treatment.kind:
        return {}
    return national(
        f"{treatment.path}.kind",
        "7491",
        treatment.kind.code,
        treatment.kind.display,
        reading.loss,
        MEDICINE,
    )


def _effective(treatment: Treatment, reading: Reading) -> dict[str, Any]:
    start, end = treatment.start, treatment.end
    starts = [phase.start for phase in treatment.phases if phase.start]
    ends = [phase.end for phase in treatment.phases]
    start = start or (min(starts) if starts else "")
    if not end and ends and all(ends):
        end = max(ends)
    if start and end and start[:10] > end[:10]:
        reading.warn("the treatment ends before it starts; only the end is kept", treatment.path,
                     rule="FHIR R4 per-1")  # fmt: skip
        start = ""
    if start or end:
        reading.exact(f"{treatment.path}.period", f"{start} – {end}", MEDICINE)
    return pack(start=start, end=end)


def _reasons(treatment: Treatment, reading: Reading) -> list[dict[str, Any]]:
    reasons = list(treatment.indications)
    if treatment.indication:
        reasons.append({"text": treatment.indication})
        reading.lose(f"{treatment.path}.indication", treatment.indication, Fate.AS_TEXT,
                     "What the medicine is for is free text on the label.", MEDICINE)  # fmt: skip
    return reasons


def _notes(treatment: Treatment, reading: Reading) -> list[dict[str, Any]]:
    texts = [text for text in dict.fromkeys(treatment.notes) if text]
    if treatment.use and treatment.use.code != "3":
        words = treatment.use.display or treatment.use.code
        texts.append(f"Bruk: {words}")
        reading.lose(f"{treatment.path}.use", f"9101|{treatment.use.code} {words}", Fate.AS_TEXT,
                     "FHIR knows «as needed» only; regular use and course travel as a note.",
                     MEDICINE, "9101")  # fmt: skip
    return [{"text": text} for text in texts]


def dosages(treatment: Treatment, reading: Reading) -> list[dict[str, Any]]:
    """Return the Dosage elements: the words on the first one, then one for each different dose.

    Doses of one phase that differ only in the time of day become one element with several
    ``when`` (FHIR R4 Timing.repeat).
    """
    as_needed = treatment.use.code == "3"
    if as_needed:
        reading.exact(f"{treatment.path}.use", "9101|3", MEDICINE)
    made: list[dict[str, Any]] = []
    for phase in treatment.phases:
        for group in _groups(phase.doses):
            made.append(_dosage(phase, group, reading, as_needed=as_needed))
    if not made:
        made.append(pack(asNeededBoolean=True if as_needed else None))
    first = made[0]
    head = pack(text=treatment.text, additionalInstruction=_instructions(treatment, reading),
                patientInstruction=treatment.patient_instruction)  # fmt: skip
    if treatment.text:
        reading.exact(f"{treatment.path}.dosage", treatment.text, MEDICINE)
    made[0] = head | first
    made = [part for part in made if part]
    if len(made) > 1:
        made = [{"sequence": number} | part for number, part in enumerate(made, 1)]
    return made


def _groups(doses: Sequence[Dose]) -> list[list[Dose]]:
    groups: dict[tuple[Any, ...], list[Dose]] = {}
    for number, dose in enumerate(doses):
        # Only doses with a time of day of list 8325 can share one element.
        alone = 0 if dose.when.code in _WHEN and not dose.at and not dose.days else number + 1
        key = (dose.amount, dose.unit, dose.every, dose.time_unit, dose.as_needed,
               dose.daily_maximum, dose.words, alone)  # fmt: skip
        groups.setdefault(key, []).append(dose)
    return list(groups.values())


def _dosage(
    phase: Phase, group: list[Dose], reading: Reading, *, as_needed: bool
) -> dict[str, Any]:
    dose = group[0]
    for one in group:
        _note_when(one, reading)
    repeat = pack(
        boundsPeriod=pack(start=phase.start, end=phase.end)
        if phase.start <= (phase.end or "9")
        else {},
        **_frequency(dose, reading),
        dayOfWeek=[_DAYS[day] for day in dose.days if day in _DAYS],
        timeOfDay=dose.at,
        when=[]
        if dose.at
        else list(dict.fromkeys(_WHEN[d.when.code] for d in group if d.when.code in _WHEN)),
    )
    how_much = _amount(dose.amount, dose.unit, dose.path, reading)
    most = None
    if dose.daily_maximum is not None:
        most = {"numerator": _amount(dose.daily_maximum, dose.unit, dose.path, reading),
                "denominator": {"value": 1, "unit": "d", "system": UCUM, "code": "d"}}  # fmt: skip
    if dose.words:
        reading.lose(dose.path, dose.words, Fate.AS_TEXT,
                     "This part of the dosage has no field in FHIR R4.", MEDICINE)  # fmt: skip
    return pack(
        timing=pack(repeat=repeat, code={"text": dose.words} if dose.words else None),
        asNeededBoolean=True if as_needed or dose.as_needed else None,
        doseAndRate=[{"doseQuantity": how_much}] if how_much else [],
        maxDosePerPeriod=most,
    )  # fmt: skip


def _frequency(dose: Dose, reading: Reading) -> dict[str, Any]:
    unit = _UNITS_OF_TIME.get(dose.time_unit.strip().lower())
    if dose.every is None or not dose.every > 0:
        return {}
    if unit is None:
        reading.lose(f"{dose.path}.interval", f"{dose.every:g} {dose.time_unit}", Fate.AS_TEXT,
                     "The time unit is not known; the dosage text says the interval.",
                     MEDICINE, "9088")  # fmt: skip
        return {}
    reading.exact(f"{dose.path}.interval", f"{dose.every:g} {dose.time_unit}", MEDICINE)
    return {"frequency": 1, "period": dose.every, "periodUnit": unit}


def _note_when(dose: Dose, reading: Reading) -> None:
    if not dose.when:
        return
    known = dose.when.code in _WHEN
    fate = (
        Fate.AS_TEXT if not known else (Fate.APPROXIMATE if dose.when.code == "2" else Fate.EXACT)
    )
    reason = {Fate.EXACT: "", Fate.APPROXIMATE: "«Formiddag» becomes late morning."}.get(
        fate, "The time of day is not in list 8325; the dosage text says it.")  # fmt: skip
    reading.lose(f"{dose.path}.when", f"8325|{dose.when.code} {dose.when.display}", fate, reason,
                 MEDICINE, "8325")  # fmt: skip


def _amount(amount: float | None, unit: str, path: str, reading: Reading) -> dict[str, Any]:
    """Return a dose quantity: 7480 to EDQM or UCUM where a map has it, else the word alone."""
    if amount is None:
        return {}
    made: dict[str, Any] = pack(value=amount, unit=unit)
    if not unit:
        return made
    code = unit if unit.isdigit() else code_of_word("7480", unit)
    found = national(f"{path}.unit", "7480", code, unit, reading.loss, MEDICINE)
    for coding in found.get("coding", []):
        if not coding["system"].startswith("urn:oid:2.16.578"):
            return made | {"system": coding["system"], "code": coding["code"]}
    return made


def _instructions(treatment: Treatment, reading: Reading) -> list[dict[str, Any]]:
    made = []
    for part in treatment.instructions:
        found = national(f"{treatment.path}.instruction", "7479", part.code, part.display,
                         reading.loss, MEDICINE)  # fmt: skip
        if found:
            made.append(found)
    return made


def guid(kind: str, value: str) -> dict[str, Any]:
    """Return the Identifier of a list entry (``PLL``) or prescription (``ReseptId``)."""
    return {"use": "usual", "type": {"text": kind}, "system": GUID_SYSTEM,
            "value": f"urn:uuid:{value.lower()}"}  # fmt: skip
