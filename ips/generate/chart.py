"""Everything that Norwegian services hold on one patient, and the files they would give."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field

from ips.generate import laboratory, m25, maternity, measurement, medication, people, vaccination
from ips.generate.codes import Json
from ips.generate.critical import Record
from ips.generate.people import Case, Organisation
from ips.generate.treatment import Treatment


@dataclass
class Chart:
    """The sources of one patient; a source that stays None or empty gives no file.

    Attributes:
        case: the patient and the people around.
        critical: critical information; an empty one gives an empty searchset.
        treatments: the medication list; None when no list was fetched.
        multidose: the list comes as a message M25.1 and not from SFM.
        repeated: allergies that the SFM answer repeats from Kjernejournal.
        caves: medicine reactions in the M25.1 message.
        dispensed: indexes of treatments that were dispensed.
        no_medicines: the empty list states that no medicine is used.
        doses: vaccinations.
        answers: laboratory answers.
        measurements: from home follow-up.
        pregnancy: the pregnancy in course.
    """

    case: Case
    lab: Organisation
    critical: Record | None = None
    treatments: list[Treatment] | None = None
    multidose: bool = False
    repeated: list[Json] = field(default_factory=list)
    caves: list[m25.Cave] = field(default_factory=list)
    dispensed: tuple[int, ...] = ()
    no_medicines: bool = False
    doses: list[vaccination.Dose] = field(default_factory=list)
    answers: laboratory.Answers | None = None
    measurements: list[measurement.Measurement] = field(default_factory=list)
    pregnancy: maternity.Pregnancy | None = None

    @property
    def record(self) -> Record:
        """The critical information, begun when first asked for."""
        self.critical = self.critical or Record(self.case)
        return self.critical

    @property
    def entries(self) -> list[Treatment]:
        """The medication list, begun when first asked for."""
        if self.treatments is None:
            self.treatments = []
        return self.treatments

    def report(self, day: dt.date, answers: list[laboratory.Answer], **more: str) -> None:
        """Add a laboratory report."""
        self.answers = self.answers or laboratory.Answers(self.case, self.lab)
        self.answers.report(day, answers, **more)

    def files(self) -> dict[str, bytes]:
        """Return the files of the case folder by name."""
        case = self.case
        made: dict[str, Json] = {"patient.json": people.patient(case)}
        if self.critical:
            made["critical-information.json"] = self.critical.bundle()
        if self.treatments is not None and not self.multidose:
            made["medication.json"] = medication.answer(
                case, self.treatments, allergies=tuple(self.repeated), dispensed=self.dispensed,
                empty_reason="nilknown" if self.no_medicines else "unavailable",
            )  # fmt: skip
        if self.doses:
            made["vaccinations.json"] = vaccination.bundle(case, self.doses)
        if self.answers:
            made["laboratory.json"] = self.answers.bundle()
        if self.measurements:
            made["measurements.json"] = measurement.bundle(case, self.measurements)
        if self.pregnancy:
            made["maternity.json"] = maternity.record(case, self.pregnancy)
        files = {name: _bytes(content) for name, content in made.items()}
        if self.treatments is not None and self.multidose:
            files["m25.xml"] = m25.message(case, self.treatments, tuple(self.caves))
        return dict(sorted(files.items()))


def _bytes(content: Json) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()
