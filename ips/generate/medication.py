"""The medication list as SFM Basis answers ``$getMedication``: Parameters with a document Bundle.

Shapes after SFM Basis API 3 (sfm-MedicationBundle, -Composition, -Medication, -MedicationStatement,
-PLL-info, -MedicationDispense).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from ips.generate.codes import ATC, FEST, HL7, LOINC, Json, coding, concept, plain
from ips.generate.people import Case
from ips.generate.treatment import Treatment

SFM = "http://ehelse.no/fhir/StructureDefinition/"
SYSTEM = "http://ehelse.no/fhir/CodeSystem/"
_SECTIONS = {
    "sectionMedication": ("Medication", "List of Medication statements"),
    "sectionPLLinfo": ("PllInfo", "PLL Info"),
    "sectionAllergies": ("Allergies", "Section allergies"),
    "sectionDispense": ("sectionDispense", "Section dispense"),
    "sectionOtherPrescriptions": ("Other Prescriptions", "List of non medical prescriptions"),
}


@dataclass
class Answer:
    """Collects the bundle of one answer; every entry gets a ``urn:uuid:`` of its own."""

    case: Case
    entries: list[Json] = field(default_factory=list)
    sections: dict[str, list[Json]] = field(default_factory=lambda: {k: [] for k in _SECTIONS})

    def add(self, resource: Json, profile: str, display: str, section: str = "") -> Json:
        """Add a resource and return a Reference to it, as SFM writes references."""
        url = f"urn:uuid:{self.case.uuid('sfm-url')}"
        resource = {
            "resourceType": resource["resourceType"],
            "id": self.case.uuid("sfm-id"),
            "meta": {"profile": [profile]},
            **resource,
        }
        self.entries.append({"fullUrl": url, "resource": resource})
        reference = {"reference": url, "type": profile, "display": display}
        if section:
            self.sections[section].append(reference)
        return reference


def answer(
    case: Case,
    treatments: list[Treatment],
    *,
    allergies: tuple[Json, ...] = (),
    dispensed: tuple[int, ...] = (),
    empty_reason: str = "unavailable",
) -> Json:
    """Return ``medication.json``.

    Args:
        case: the patient.
        treatments: entries of the list, in order.
        allergies: KjAllergyIntolerance resources that SFM repeats from Kjernejournal.
        dispensed: indexes of treatments that a pharmacy has dispensed.
        empty_reason: why the medication section is empty when it is: ``nilknown`` states that the
            patient uses no medicine, ``unavailable`` says that nothing was found.
    """
    made = Answer(case)
    prescriber = made.add(_practitioner(case), SFM + "sfm-Practitioner", _who(case))
    office = made.add(
        case.clinician.organisation.resource("", SFM + "sfm-Organization")
        | {"id": case.uuid("org")},
        SFM + "sfm-Organization",
        f"HER: {case.clinician.organisation.her_id}",
    )
    subject = made.add(_patient(case), SFM + "sfm-Patient", case.person.display)
    for index, treatment in enumerate(treatments):
        medicine = made.add(_medication(treatment), SFM + "sfm-Medication", treatment.medicine.name)
        statement = _statement(case, treatment, medicine, subject, prescriber)
        reference = made.add(
            statement, SFM + "sfm-MedicationStatement", treatment.medicine.name, "sectionMedication"
        )
        if index in dispensed:
            dispense = _dispense(case, treatment, statement, reference, medicine, subject, office)
            made.add(dispense, SFM + "sfm-MedicationDispense", "sfm-MedicationDispense",
                     "sectionDispense")  # fmt: skip
    for allergy in allergies:
        made.add(allergy, allergy["meta"]["profile"][0], "KjAllergyIntolerance", "sectionAllergies")
    if any(treatment.listed for treatment in treatments):
        made.add(_list_info(case, subject, prescriber), SFM + "sfm-PLL-info", "M25.1",
                 "sectionPLLinfo")  # fmt: skip
    return _parameters(case, _bundle(made, subject, prescriber, office, empty_reason), treatments)


def _bundle(made: Answer, subject: Json, prescriber: Json, office: Json, empty_reason: str) -> Json:
    case = made.case
    composition = {
        "resourceType": "Composition",
        "id": case.uuid("sfm-composition"),
        "meta": {"profile": [SFM + "sfm-MedicationComposition"]},
        "identifier": {"use": "official", "value": case.uuid("sfm-document")},
        "status": "final",
        "type": concept(plain(LOINC, "11503-0", "Medical records")),
        "subject": subject,
        "date": case.day.isoformat(),
        "author": [prescriber, office],
        "title": "Medication summary",
        "confidentiality": "N",
        "section": [
            _section(code, entries, empty_reason if code == "sectionMedication" else "unavailable")
            for code, entries in made.sections.items()
        ],
    }
    first = {"fullUrl": f"urn:uuid:{case.uuid('sfm-url')}", "resource": composition}
    return {
        "resourceType": "Bundle",
        "id": case.uuid("sfm-bundle"),
        "meta": {
            "lastUpdated": case.instant(case.day),
            "source": "http://base-fhir.example.org/Patient/$getMedication",
            "profile": [SFM + "sfm-MedicationBundle"],
        },
        "type": "document",
        "timestamp": case.instant(case.day),
        "entry": [first, *made.entries],
    }


def _section(code: str, entries: list[Json], empty_reason: str) -> Json:
    title, display = _SECTIONS[code]
    section: Json = {
        "title": title,
        "code": concept(plain(SYSTEM + "sfm-section-types", code, display)),
        "text": {
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{display}</div>',
        },
    }
    if entries:
        section["entry"] = entries
    else:
        reasons = {"nilknown": "Nil Known", "unavailable": "Unavailable"}
        section["emptyReason"] = concept(
            plain(HL7 + "list-empty-reason", empty_reason, reasons[empty_reason])
        )
    return section


def _parameters(case: Case, bundle: Json, treatments: list[Treatment]) -> Json:
    fine = concept(plain(SYSTEM + "sfm-kj-rf-error-code", "0", "OK"))
    now = case.instant(case.day)
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "medication", "resource": bundle},
            {"name": "KJHentetTidspunkt", "valueDateTime": now},
            {"name": "RFHentetTidspunkt", "valueDateTime": now},
            {"name": "KJFeilkode", "valueCodeableConcept": fine},
            {"name": "RFM96Feilkode", "valueCodeableConcept": fine},
            {"name": "RFM912Feilkode", "valueCodeableConcept": fine},
            {"name": "KJHarLegemidler", "valueBoolean": bool(treatments)},
            {"name": "KJHarLaste", "valueBoolean": False},
            {"name": "RFHarLaste", "valueBoolean": False},
        ],
    }


def _who(case: Case) -> str:
    return f"{case.clinician.given} {case.clinician.family}, HPR: {case.clinician.hpr}"


def _practitioner(case: Case) -> Json:
    made = case.clinician.resource("", SFM + "sfm-Practitioner")
    return {key: value for key, value in made.items() if key not in ("id", "meta")}


def _patient(case: Case) -> Json:
    person = case.person
    kind = "DNR" if person.d_number else "FNR"
    naming = {"system": f"http://hl7.no/fhir/NamingSystem/{kind}", "code": f"{kind}-nummer"}
    name: Json = {"family": person.family, "given": [person.given]}
    if person.middle:
        url = "http://hl7.no/fhir/StructureDefinition/no-basis-middlename"
        name["extension"] = [{"url": url, "valueString": person.middle}]
    return {
        "resourceType": "Patient",
        "identifier": [
            {"use": "official", "type": concept(naming), "system": person.system,
             "value": person.number}
        ],
        "active": True,
        "name": [name],
        "gender": "female" if person.female else "male",
        "birthDate": person.birth.isoformat(),
    }  # fmt: skip


def _medication(treatment: Treatment) -> Json:
    medicine = treatment.medicine
    kind = ("3", "Legemiddelpakning") if medicine.item else ("1", "Legemiddelvirkestoff")
    registered = concept(plain(SYSTEM + "sfm-festregistrationtype", *kind))
    details = [{"url": "registreringstype", "valueCodeableConcept": registered}]
    group = {"url": "prescriptiongroup",
             "valueCodeableConcept": concept(coding("7421", medicine.group))}  # fmt: skip
    return {
        "resourceType": "Medication",
        "extension": [
            {
                "extension": [group],
                "url": "http://hl7.no/fhir/StructureDefinition/no-basis-prescriptiongroup",
            },
            {"extension": details, "url": SFM + "sfm-medicationdetails"},
        ],
        "identifier": [
            {"use": "official", "type": {"text": "identifier"}, "value": medicine.fest_id}
        ],
        "code": concept(
            plain(FEST, medicine.fest_id, medicine.name),
            plain(ATC, medicine.atc, medicine.atc_name),
        ),
        "status": "active",
        "form": concept(coding("7448", medicine.form, medicine.form_name)),
    }


def _statement(
    case: Case, treatment: Treatment, medicine: Json, subject: Json, prescriber: Json
) -> Json:
    extensions: list[Json] = [_prescription(case, treatment)]
    if treatment.listed:
        extensions.append({"url": "effectiveDateTime", "valueDate": treatment.start.isoformat()})
    if treatment.stop:
        extensions.append(_registered(case, prescriber, "3", "Seponert av", treatment.stop.day))
    extensions.append(_registered(case, prescriber, "1", "Forskrevet av", treatment.start))
    allowed = {"url": "genericSubstitutionAccepted", "valueBoolean": treatment.substitution}
    extensions.append({"extension": [allowed], "url": SFM + "sfm-generic-substitution"})
    if treatment.stop:
        extensions.append(_discontinuation(case, treatment))
    names = (["PLL"] if treatment.listed else []) + (["ReseptId"] if treatment.kind != "U" else [])
    return {
        "resourceType": "MedicationStatement",
        "extension": extensions,
        "identifier": [
            {"use": "usual", "type": {"text": name}, "value": case.uuid(f"sfm-{name}")}
            for name in names
        ],
        "status": "stopped" if treatment.stop else "active",
        "medicationReference": medicine,
        "subject": subject,
        "dosage": [_dosage(treatment)],
    }


def _dosage(treatment: Treatment) -> Json:
    area = {"url": "text", "valueString": treatment.medicine.use_area}
    return {
        "extension": [
            {
                "url": SFM + "sfm-use",
                "valueCodeableConcept": concept(coding("9101", treatment.use)),
            },
            {"extension": [area], "url": SFM + "sfm-application-area"},
        ],
        "sequence": 1,
        "text": treatment.dosage,
    }


def _prescription(case: Case, treatment: Treatment) -> Json:
    written, until = treatment.prescribed(case.day)
    parts: list[Json] = [{"url": "reseptdate", "valueDate": written.isoformat()}]
    if treatment.kind != "U":
        parts.append({"url": "expirationdate", "valueDate": until.isoformat()})
    parts += [
        {"url": "dssn", "valueString": treatment.dosage},
        {"url": "reit", "valueString": str(treatment.reiterations if treatment.kind != "U" else 0)},
        {"url": "itemgroup", "valueCodeableConcept": concept(coding("7402", "L"))},
    ]
    if treatment.reimbursement:
        parts.append({"url": "reimbursementparagraph", "valueCodeableConcept":
                      concept(coding("7427", *treatment.reimbursement))})  # fmt: skip
    if treatment.doses:
        parts.append(_structured(treatment))
    if treatment.kind == "E":
        status = {"url": "status", "valueCodeableConcept": concept(coding("7408", "E"))}
        parts.append({"extension": [status], "url": "rfstatus"})
    parts += [
        {"url": "lastchanged", "valueDateTime": case.instant(written)},
        {"url": "typeresept", "valueCodeableConcept": concept(coding("7491", treatment.kind))},
    ]
    return {"extension": parts, "url": SFM + "sfm-reseptamendment"}


def _structured(treatment: Treatment) -> Json:
    parts: list[Json] = [{"url": "starttime", "valueDate": treatment.start.isoformat()}]
    if treatment.end:
        parts.append({"url": "endtime", "valueDate": treatment.end.isoformat()})
    for time, amount in treatment.doses:
        dose = [
            {"url": "amount", "valueQuantity": {"value": amount, "unit": treatment.medicine.unit}},
            {"url": "interval", "valueQuantity": {"value": 1, "unit": "Døgn"}},
            {"url": "accurate", "valueBoolean": False},
            {"url": "timerange", "valueCodeableConcept": concept(coding("8325", time))},
        ]
        parts.append({"extension": dose, "url": "repeatingdosage"})
    return {"extension": parts, "url": "ereseptdosing"}


def _registered(case: Case, who: Json, role: str, display: str, day: dt.date) -> Json:
    approved = plain(SYSTEM + "sfm-medicationstatement-registration-status", "3", "Godkjent")
    kind = plain(SYSTEM + "sfm-performer-roles", role, display)
    return {
        "extension": [
            {"url": "status", "valueCodeableConcept": concept(approved)},
            {"url": "type", "valueCodeableConcept": concept(kind)},
            {"url": "provider", "valueReference": who},
            {"url": "timestamp", "valueDateTime": case.instant(day)},
        ],
        "url": SFM + "sfm-regInfo",
    }


def _discontinuation(case: Case, treatment: Treatment) -> Json:
    assert treatment.stop is not None
    parts: list[Json] = [
        {"url": "timedate", "valueDateTime": case.instant(treatment.stop.day)},
        {"url": "reason", "valueCodeableConcept": concept(coding("7494", treatment.stop.reason))},
    ]
    if treatment.stop.note:
        parts.append({"url": "note", "valueString": treatment.stop.note})
    return {"extension": parts, "url": SFM + "sfm-discontinuation"}


def _dispense(
    case: Case, treatment: Treatment, statement: Json, reference: Json, medicine: Json,
    subject: Json, office: Json,
) -> Json:  # fmt: skip
    prescription = next(
        i["value"] for i in statement["identifier"] if i["type"]["text"] == "ReseptId"
    )
    handed = min(treatment.prescribed(case.day)[0] + dt.timedelta(days=5), case.day)
    identity = case.uuid("sfm-m10")
    return {
        "resourceType": "MedicationDispense",
        "extension": [
            {
                "extension": [
                    {"url": "cancellation", "valueBoolean": False},
                    {"url": "concluded", "valueBoolean": False},
                    {"url": "prescriptionid", "valueString": prescription},
                ],
                "url": SFM + "sfm-dispenseinfo",
            }
        ],
        "identifier": [{"use": "official", "type": {"text": "M10id"}, "value": identity}],
        "status": "completed",
        "medicationReference": medicine,
        "subject": subject,
        "performer": [{"actor": office}],
        "authorizingPrescription": [reference],
        "quantity": {"value": 1},
        "whenHandedOver": handed.isoformat(),
        "dosageInstruction": [{"text": treatment.dosage}],
        "substitution": {"wasSubstituted": False},
    }


def _list_info(case: Case, subject: Json, author: Json) -> Json:
    date = {"url": "PLLdate", "valueDateTime": case.instant(case.day)}
    return {
        "resourceType": "Basic",
        "extension": [{"extension": [date], "url": SFM + "sfm-pllInformation"}],
        "identifier": [{"use": "usual", "value": case.uuid("sfm-pll")}],
        "code": concept(plain(SYSTEM + "sfm-message-type", "M25.1", "PLL")),
        "subject": subject,
        "author": author,
    }
