"""Laboratory answers as Pasientens prøvesvar (NILAR 1.5) holds them.

DiagnosticReport (category by main expertise, code of list 8202), Observation (code of NLK or a
local code, units as laboratories write them), Specimen and PractitionerRole in one searchset.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

import data
from data.loaders.tables import Problems, read_csv
from ips.generate.codes import Json, concept, plain
from ips.generate.people import ENH, Case, Organisation

NILAR = "http://nhn.no/fhir/nilar/StructureDefinition/"
NLK = "http://ehelse.no/fhir/CodeSystem/no-kodeverk-7280-nlk"
LOCAL = "http://ehelse.no/fhir/CodeSystem/no-kodeverk-8212"
REPORT_TYPE = "http://ehelse.no/fhir/CodeSystem/no-kodeverk-8202"
DEVIATION = "http://ehelse.no/fhir/CodeSystem/no-kodeverk-8244"
ANSWER = "http://ehelse.no/fhir/CodeSystem/no-kodeverk-8340"

# Volven 8202, Volven 8244.
_REPORT_TYPES = {"CLIN": "Klinisk kjemi", "MBIO": "Mikrobiologi"}
_DEVIATIONS = {"H": ("1", "Over øvre referansegrense"), "L": ("2", "Under nedre referansegrense")}

_COLUMNS = ("key", "code", "system", "name", "unit", "low", "high", "typical", "spread", "decimals")


@dataclass(frozen=True, slots=True)
class Analysis:
    """One row of ``data/patients/tables/analyses.csv``; limits are those of an adult."""

    key: str
    code: str
    system: str
    name: str
    unit: str
    low: float | None
    high: float | None
    typical: float
    spread: float
    decimals: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: a number in the unit of the analysis, or a text of list 8340."""

    key: str
    value: float | str


@cache
def analyses() -> dict[str, Analysis]:
    """Return the table by key."""
    problems = Problems()
    rows = read_csv(data.path("patients", "tables", "analyses.csv"), _COLUMNS, problems)
    problems.stop()
    return {
        row["key"]: Analysis(
            row["key"], row["code"], LOCAL if row["system"] == "local" else NLK, row["name"],
            row["unit"], _limit(row["low"]), _limit(row["high"]), float(row["typical"] or 0),
            float(row["spread"] or 0), int(row["decimals"] or 0),
        )
        for row in rows
    }  # fmt: skip


def _limit(cell: str) -> float | None:
    return float(cell) if cell else None


class Answers:
    """Builds the laboratory answers of one patient, report by report."""

    def __init__(self, case: Case, laboratory: Organisation) -> None:
        self.case = case
        self.laboratory = laboratory
        self.entries: list[Json] = []

    def bundle(self) -> Json:
        """Return ``laboratory.json``."""
        reports = sum(e["resourceType"] == "DiagnosticReport" for e in self.entries)
        return {
            "resourceType": "Bundle",
            "id": self.case.uuid("nilar-bundle"),
            "type": "searchset",
            "total": reports,
            "entry": [
                {
                    "fullUrl": f"https://nilar.example.org/{e['resourceType']}/{e['id']}",
                    "resource": e,
                    "search": {
                        "mode": "match" if e["resourceType"] == "DiagnosticReport" else "include"
                    },
                }
                for e in self.entries
            ],
        }

    def report(
        self,
        day: dt.date,
        answers: list[Answer],
        *,
        kind: str = "CLIN",
        material: str = "Blod",
        status: str = "final",
        conclusion: str = "",
    ) -> None:
        """Add a report with its specimen, its answers and the laboratory.

        Args:
            day: when the specimen was taken; the answer is a day later.
            answers: the results.
            kind: list 8202.
            material: the specimen, as text.
            status: FHIR status of the report.
            conclusion: free text.
        """
        issued = min(day + dt.timedelta(days=1), self.case.day)
        report: Json = {
            "resourceType": "DiagnosticReport",
            "id": self.case.uuid("nilar-report"),
            "meta": {"profile": [NILAR + "nilar-diagnostic-report"]},
            "extension": [
                {"url": NILAR + "reportdate", "valueDateTime": self.case.instant(issued)}
            ],
            "status": status,
            "category": [concept(plain(REPORT_TYPE, kind, _REPORT_TYPES[kind]))],
            "code": concept(plain(REPORT_TYPE, kind, _REPORT_TYPES[kind])),
            "subject": self.case.subject,
            "effectiveDateTime": self.case.instant(day, 8),
            "issued": self.case.instant(issued, 14),
        }
        self.entries.append(report)
        performer = _reference(self._add(self._performer()))
        specimen = _reference(self._add(self._specimen(day, material)))
        report["performer"] = [performer]
        report["specimen"] = [specimen]
        report["result"] = [
            _reference(
                self._add(self._observation(day, issued, answer, report, performer, specimen))
            )
            for answer in answers
        ]
        if conclusion:
            report["conclusion"] = conclusion

    def _add(self, resource: Json) -> Json:
        self.entries.append(resource)
        return resource

    def _performer(self) -> Json:
        return {
            "resourceType": "PractitionerRole",
            "id": self.case.uuid("nilar-performer"),
            "meta": {"profile": [NILAR + "nilar-practitioner-role"]},
            "organization": {
                "identifier": {"system": ENH, "value": self.laboratory.number},
                "display": self.laboratory.name,
            },
        }

    def _specimen(self, day: dt.date, material: str) -> Json:
        number = f"TEST-{self.case.uuid('nilar-number')[:8].upper()}"
        return {
            "resourceType": "Specimen",
            "id": self.case.uuid("nilar-specimen"),
            "meta": {"profile": [NILAR + "nilar-specimen"]},
            "accessionIdentifier": {"value": number},
            "type": {"text": material},
            "subject": self.case.subject,
            "collection": {"collectedDateTime": self.case.instant(day, 8)},
        }

    def _observation(
        self, day: dt.date, issued: dt.date, answer: Answer, report: Json, performer: Json,
        specimen: Json,
    ) -> Json:  # fmt: skip
        analysis = analyses()[answer.key]
        code = plain(analysis.system, analysis.code, analysis.name)
        made: Json = {
            "resourceType": "Observation",
            "id": self.case.uuid("nilar-observation"),
            "meta": {"profile": [NILAR + "nilar-observation"], "tag": [code]},
            "extension": [
                {"url": NILAR + "diagnosticreportref", "valueReference": _reference(report)}
            ],
            "status": report["status"],
            "category": report["category"],
            "code": concept(code, text=analysis.name),
            "subject": self.case.subject,
            "effectiveDateTime": self.case.instant(day, 8),
            "issued": self.case.instant(issued, 14),
            "performer": [performer],
            "specimen": specimen,
        }
        if isinstance(answer.value, str):
            made["valueCodeableConcept"] = concept(
                plain(ANSWER, answer.value, answer.value), text=answer.value
            )
            return made
        made["valueQuantity"] = {"value": answer.value, "unit": analysis.unit}
        deviation = _deviation(analysis, answer.value)
        if deviation:
            made["interpretation"] = [concept(plain(DEVIATION, *_DEVIATIONS[deviation]))]
        limits = _limits(analysis)
        if limits:
            made["referenceRange"] = [limits]
        return made


def _reference(resource: Json) -> Json:
    kind = resource["resourceType"]
    return {"reference": f"{kind}/{resource['id']}", "type": kind}


def _deviation(analysis: Analysis, value: float) -> str:
    if analysis.high is not None and value > analysis.high:
        return "H"
    if analysis.low is not None and value < analysis.low:
        return "L"
    return ""


def _limits(analysis: Analysis) -> Json:
    made: Json = {}
    for name, limit in (("low", analysis.low), ("high", analysis.high)):
        if limit is not None:
            made[name] = {"value": limit, "unit": analysis.unit}
    if made:
        low, high = (f"{x:g}" if x is not None else "" for x in (analysis.low, analysis.high))
        made["text"] = f"{low}-{high} {analysis.unit}".strip()
    return made
