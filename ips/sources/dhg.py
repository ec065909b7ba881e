"""The maternity record (Digitalt helsekort for gravide): versioned JSON, not FHIR.

Pregnancy status, due date and history become the pregnancy Observations of IPS; appointments become
vital signs and results; anti-D becomes a medicine that was given. What the published description
does not define is reported, not guessed.
"""

from __future__ import annotations

import re
from typing import Any

from ips.loss import Fate
from ips.sources import jsontext, msghead
from ips.sources.base import PREGNANCY, PROBLEM, RESULT, SOCIAL, VACCINE, Reading, Source
from ips.sources.codes import national, plain
from ips.sources.datatypes import pack
from ips.sources.maternity import LOINC, SNOMED, SUBJECT, Record, amount
from ips.sources.node import Node

KIND = "dhg"
PARTS = frozenset({
    "antenatalAppointments", "clinicalTests", "currentPregnancy", "geneticDisorders",
    "lifestyleFactors", "medicalConditions", "medication", "mother", "pointsOfContact",
    "previousPregnancies", "rhesusDNegative", "vitalMeasurementsBeforePregnancy",
    "symphysisFundalHeights",
})  # fmt: skip

_PRESSURE = re.compile(r"\s*([0-9]{2,3})\s*/\s*([0-9]{2,3})\s*")
_DUE_BY = {"LMP": "11779-6", "LAST_MENSTRUAL_PERIOD": "11779-6"}
_ABO = {"A": ("112144000", "Blood group A"), "B": ("112149005", "Blood group B"),
        "AB": ("165743006", "Blood group AB"), "O": ("58460004", "Blood group O"),
        "0": ("58460004", "Blood group O")}  # fmt: skip
_ABO_RHESUS = {
    ("A", False): ("278152006", "Blood group A Rh(D) negative"),
    ("A", True): ("278149003", "Blood group A Rh(D) positive"),
    ("B", False): ("278153001", "Blood group B Rh(D) negative"),
    ("B", True): ("278150003", "Blood group B Rh(D) positive"),
    ("AB", False): ("278154007", "Blood group AB Rh(D) negative"),
    ("AB", True): ("278151004", "Blood group AB Rh(D) positive"),
    ("O", False): ("278148006", "Blood group O Rh(D) negative"),
    ("O", True): ("278147001", "Blood group O Rh(D) positive"),
}
"""Members of eHDSIBloodGroup 8.1.0."""


def read(content: bytes, *, name: str, lenient: bool = False) -> Source:
    """Read a maternity record.

    Raises:
        InputError: unreadable, or faults in the data (warnings when lenient).
    """
    reading = Reading(name, KIND, lenient=lenient)
    value, warnings = jsontext.parse(content, name=reading.source.name)
    reading.source.warnings += warnings
    if not isinstance(value, dict):
        reading.error("an object was expected", rule="the maternity record is one JSON object")
        reading.stop()
    outer = Node(value, "", reading)
    record = outer.node("record") if isinstance(value.get("record"), dict) else outer
    if not PARTS.intersection(record.value):
        reading.error("nothing of a maternity record is in the file",
                      rule="DHG: at least one resource type")  # fmt: skip
        reading.stop()
    _Reader(record, reading).read()
    return reading.finish()


class _Reader(Record):
    """Reads one record, part by part."""

    def read(self) -> None:
        """Read everything that is understood, and report the rest."""
        self.record.skip("recordId", "version", "status")
        self.reading.source.date = self.record.moment("lastUpdated")
        self._mother()
        self._pregnancy()
        self._history()
        self._habits()
        self._before()
        self._tests()
        self._rhesus()
        for visit in self.record.nodes("antenatalAppointments"):
            self._visit(visit)
        for height in self.record.nodes("symphysisFundalHeights"):
            self._fundal_height(height)
        for condition in self.record.nodes("medicalConditions"):
            self._conditions(condition)
        self.record.set_aside("pointsOfContact", "Who follows the pregnancy in Norway has no place "
                              "in the summary.", ("X1.1.2",))  # fmt: skip
        self.record.rest(PREGNANCY)

    def _mother(self) -> None:
        mother = self.record.node("mother")
        number = mother.text("nin") or mother.text("nationalIdentityNumber")
        patient = msghead.bare_patient(number, self.reading, mother.at("nin")) or {}
        given = [w for w in (mother.text("firstName"), mother.text("middleName")) if w]
        family = mother.text("lastName")
        if given or family:
            patient["name"] = [
                pack(text=" ".join([*given, family]).strip(), family=family, given=given)
            ]
        birth = mother.date("dateOfBirth")
        if patient:
            patient |= pack(gender="female", birthDate=birth)
            self.reading.source.patient = {"resourceType": "Patient", "id": "patient"} | patient
        mother.set_aside("countryOfOrigin", "Country of origin has no place in the summary.")
        if mother.flag("needsInterpreter"):
            self.reading.lose(mother.at("needsInterpreter"), "true", Fate.NOT_CARRIED,
                              "IPS carries languages, not the need of an interpreter.",
                              ("X1.1.1",))  # fmt: skip
        mother.set_aside("metadata", "Who wrote the woman's name down has no place in the summary.")

    def _pregnancy(self) -> None:
        now = self.record.node("currentPregnancy")
        state = self.record.node("recordStatus").text("status")
        if not now:
            return
        due = now.date("estimatedDueDate") or now.date("dueDate")
        method = now.text("estimatedDueDateMethod").upper()
        expected = ""
        if due:
            code = _DUE_BY.get(method, "11778-8")
            name = {
                "11778-8": "Delivery date Estimated",
                "11779-6": "Delivery date Estimated from last menstrual period",
            }[code]
            expected = self.observe(
                now,
                "estimatedDueDate",
                plain(LOINC, code, name),
                {"valueDateTime": due},
                extra=pack(note=[{"text": f"Metode: {method}"}] if method else []),
            )
        if state in ("", "ACTIVE"):
            weeks = now.number("numberOfFetuses")
            note = [{"text": f"Antall fostre: {weeks:g}"}] if weeks else []
            self.observe(
                now, "recordStatus", plain(LOINC, "82810-3", "Pregnancy status"),
                {"valueCodeableConcept": plain(SNOMED, "77386006", "Pregnant")},
                extra=pack(hasMember=[{"reference": expected}] if expected else [], note=note),
            )  # fmt: skip
        last = now.date("lastMenstrualPeriod")
        if last:
            self.observe(now, "lastMenstrualPeriod",
                         plain(LOINC, "8665-2", "Last menstrual period start date"),
                         {"valueDateTime": last})  # fmt: skip

    def _history(self) -> None:
        before = self.record.node("previousPregnancies")
        gravida, para = before.number("gravida"), before.number("para")
        lines = [f"Gravida {gravida:g}"] if gravida is not None else []
        listed = before.nodes("pregnancies")
        for one in listed:
            words = [str(v) for k, v in one.value.items() if k != "metadata" and v not in (None, "")
                     and not isinstance(v, dict | list)]  # fmt: skip
            one.skip(*one.value)
            lines.append("Tidligere svangerskap: " + ", ".join(words))
        if para is not None:
            self.reading.lose(before.at("para"), f"{para:g}", Fate.APPROXIMATE,
                              "Para counts deliveries, the European code counts births.",
                              PREGNANCY)  # fmt: skip
            self.observe(before, "para", plain(LOINC, "11640-0", "[#] Births total"),
                         {"valueQuantity": amount(para, "", "1")},
                         extra=pack(note=[{"text": line} for line in lines]))  # fmt: skip
        elif lines:
            self.reading.lose(before.path, "; ".join(lines), Fate.NOT_CARRIED,
                              "Without the number of births there is no place for the history.",
                              PREGNANCY)  # fmt: skip
        if lines and para is not None:
            self.reading.lose(before.path, "; ".join(lines), Fate.AS_TEXT,
                              "Each earlier pregnancy travels as a note.", PREGNANCY)  # fmt: skip

    def _habits(self) -> None:
        habits = self.record.node("lifestyleFactors")
        for key, code, name, yes, no in (
            ("smoking", "72166-2", "Tobacco smoking status", "Røyker", "Røyker ikke"),
            (
                "alcohol",
                "74013-4",
                "Alcoholic drinks per day",
                "Bruker alkohol",
                "Bruker ikke alkohol",
            ),
        ):
            if key not in habits:
                continue
            if not isinstance(habits.value[key], bool):
                continue  # another form than yes or no is reported with the rest
            said = habits.flag(key)
            value: dict[str, Any] = {"text": yes if said else no}
            if key == "smoking" and said:
                value = plain(SNOMED, "77176002", "Smoker", yes)
            else:
                self.reading.lose(
                    habits.at(key),
                    str(said),
                    Fate.AS_TEXT,
                    "Yes or no has no code in the European value set.",
                    SOCIAL,
                )
            self.observe(habits, key, plain(LOINC, code, name), {"valueCodeableConcept": value},
                         category="social-history", obligations=SOCIAL)  # fmt: skip

    def _before(self) -> None:
        vital = self.record.node("vitalMeasurementsBeforePregnancy")
        for key, code, name, unit in (
            ("height", "8302-2", "Body height", "cm"),
            ("weight", "29463-7", "Body weight", "kg"),
            ("bmi", "39156-5", "Body mass index (BMI) [Ratio]", "kg/m2"),
        ):
            number = vital.number(key)
            if number is not None:
                self.observe(vital, key, plain(LOINC, code, name),
                             {"valueQuantity": amount(number, unit, unit)},
                             category="vital-signs", obligations=RESULT,
                             extra={"note": [{"text": "Før svangerskapet"}]})  # fmt: skip

    def _tests(self) -> None:
        tests = self.record.node("clinicalTests")
        group, rhesus = tests.text("bloodGroup").upper(), tests.text("rhesusD")
        positive = {"pos": True, "positiv": True, "neg": False, "negativ": False}.get(
            rhesus.lower()
        )
        found = (
            _ABO_RHESUS.get((group.replace("0", "O"), positive)) if positive is not None else None
        )
        found = found or _ABO.get(group)
        if found:
            words = f"{group} RhD {rhesus}".strip()
            self.observe(
                tests,
                "bloodGroup",
                plain(LOINC, "882-1", "ABO and Rh group [Type] in Blood"),
                {"valueCodeableConcept": plain(SNOMED, *found, words)},
                category="laboratory",
                obligations=RESULT,
            )
        for key, test in tests.value.items():
            if isinstance(test, dict) and "result" in test:
                self._test(tests, key)

    def _test(self, tests: Node, key: str) -> None:
        test = tests.node(key)
        result = test.text("result")
        when = test.date("testDate")
        if result:
            value = national(test.at("result"), "8340", result, result, self.reading.loss, RESULT)
            self.observe(tests, key, {"text": _spelled(key)}, {"valueCodeableConcept": value},
                         when=when, category="laboratory", obligations=RESULT)  # fmt: skip

    def _rhesus(self) -> None:
        rhesus = self.record.node("rhesusDNegative")
        typing = rhesus.node("fetalRhesusDTyping")
        result = typing.text("result")
        if result:
            value = national(typing.at("result"), "8340", result, result, self.reading.loss, RESULT)
            self.observe(
                rhesus,
                "fetalRhesusDTyping",
                {"text": "Fosterets RhD-type (av mors blod)"},
                {"valueCodeableConcept": value},
                when=typing.date("testDate"),
                category="laboratory",
                obligations=RESULT,
            )
        given = rhesus.node("antiDProphylaxis")
        if not given or given.flag("given") is False:
            return
        when, age = given.date("date"), given.text("gestationalAge")
        code = national(
            given.path, "7180", "J06BB01", "anti-D (rh) immunglobulin", self.reading.loss, VACCINE
        )
        made = pack(
            resourceType="MedicationStatement", status="completed",
            medicationCodeableConcept=code, subject=SUBJECT, effectiveDateTime=when,
            reasonCode=[{"text": "RhD-profylakse i svangerskapet"}],
            note=[{"text": f"Svangerskapsuke {age}"}] if age else [],
        )  # fmt: skip
        self.reading.add(made, "anti-d", self.origin(rhesus))

    def _visit(self, visit: Node) -> None:
        when = visit.date("appointmentDate")
        age = visit.text("gestationalAge")
        note = pack(note=[{"text": f"Svangerskapsuke {age}"}] if age else [])
        visit.skip("pregnancyWeek", "pregnancyDay")
        weight = visit.number("motherWeight")
        if weight is not None:
            self.observe(visit, "motherWeight", plain(LOINC, "29463-7", "Body weight"),
                         {"valueQuantity": amount(weight, "kg", "kg")}, when=when,
                         category="vital-signs", obligations=RESULT, extra=note)  # fmt: skip
        self._pressure(visit, when, note)
        protein = visit.text("proteinInUrineTestResult")
        if protein:
            code = national(visit.at("proteinInUrineTestResult"), "7280", "NPU04206",
                            "U-Protein", self.reading.loss, RESULT)  # fmt: skip
            value = national(visit.at("proteinInUrineTestResult"), "8340", protein, protein,
                             self.reading.loss, RESULT)  # fmt: skip
            self.observe(visit, "proteinInUrineTestResult", code, {"valueCodeableConcept": value},
                         when=when, category="laboratory", obligations=RESULT)  # fmt: skip

    def _pressure(self, visit: Node, when: str, note: dict[str, Any]) -> None:
        written = visit.text("bloodPressure")
        if not written:
            return
        match = _PRESSURE.fullmatch(written)
        if not match:
            self.reading.fault(f"«{written[:20]}» is not a blood pressure (120/80)",
                               visit.at("bloodPressure"))  # fmt: skip
            return
        parts = [("8480-6", "Systolic blood pressure", match[1]),
                 ("8462-4", "Diastolic blood pressure", match[2])]  # fmt: skip
        component = [{"code": plain(LOINC, code, name),
                      "valueQuantity": amount(int(number), "mmHg", "mm[Hg]")}
                     for code, name, number in parts]  # fmt: skip
        self.observe(visit, "bloodPressure",
                     plain(LOINC, "85354-9", "Blood pressure panel with all children optional"),
                     {"component": component}, when=when, category="vital-signs",
                     obligations=RESULT, extra=note)  # fmt: skip

    def _fundal_height(self, node: Node) -> None:
        number = node.number("value")
        age = node.text("gestationalAge")
        if number is not None:
            self.observe(
                node,
                "value",
                plain(LOINC, "11881-0", "Uterus Fundal height Tape measure"),
                {"valueQuantity": amount(number, "cm", "cm")},
                when=node.date("measurementDate"),
                category="exam",
                obligations=RESULT,
                extra=pack(note=[{"text": f"Svangerskapsuke {age}"}] if age else []),
            )

    def _conditions(self, node: Node) -> None:
        """Diagnoses are found by their CodeAndSystem; the names of the fields are not published."""
        for key, value in list(node.value.items()):
            for number, part in enumerate(value if isinstance(value, list) else [value]):
                if isinstance(part, dict) and isinstance(part.get("codeSystem"), str):
                    place = f"{node.at(key)}[{number}]"
                    coded = Node(part, place, self.reading)
                    system = coded.text("codeSystem").removeprefix("VOLVEN_")
                    code = national(place, system, coded.text("code"), coded.text("display"),
                                    self.reading.loss, PROBLEM)  # fmt: skip
                    node.raw(key)
                    if code:
                        self.reading.add(
                            {"resourceType": "Condition", "code": code, "subject": SUBJECT},
                            f"tilstand-{key}-{number}",
                            self.origin(node),
                        )


def _spelled(key: str) -> str:
    """Return a field name as words (``hepatitisBTest`` is «Hepatitis B test»)."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", key).split()
    return " ".join([words[0].capitalize(), *(w if len(w) == 1 else w.lower() for w in words[1:])])
