"""One prescription as MedicationRequest-eu-mpd (MPD 1.0.0; EHDS Annex I(2))."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from data.errors import Problem
from data.loaders.tables import Problems, read_csv
from ips import terms
from ips.eresept.m1 import Kind, Prescription
from ips.eresept.recall import Recall
from ips.eresept.values import coded, flag
from ips.loss import APPROXIMATE, AS_TEXT, EXACT, NOT_CARRIED
from ips.prescription import dosing, urls
from ips.prescription.bundle import Resource
from ips.prescription.mixture import recipe
from ips.prescription.notes import concept, exact, lose, text
from ips.prescription.supply import supply
from ips.sources.datatypes import pack
from ips.sources.element import Element
from ips.sources.m1_doses import stretches

STATUS_COLUMNS = ("list", "code", "status", "exact", "reason")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ICPC_CHAPTERS = "ABDFHKLNPRSTUWXYZ"
_COURSES = {"1": ("continuous", "Continuous long term therapy"),
            "2": ("acute", "Short course (acute) therapy")}  # fmt: skip
"""Volven 9101 to course of therapy; pairing by this project."""
_NOTE = "It travels as a note."
_NATIONAL = {
    "Frikort": "The exemption card holds in Norway only.",
    "Vernepliktig": "Who pays for conscripts concerns Norway only.",
    "SoktIndividRefusjon": "Reimbursement holds in Norway only.",
    "Vergeinnsynsreservasjon": "The hold against a guardian's access has no field.",
    "TilEgenPraksis": "Prescriptions for a doctor's own practice have no field.",
    "RekvLegensNavn": "How the label names the prescriber has no field.",
    "Instituert": "Who began the treatment has no field beside who prescribes it.",
    "EkspAnm": "How a Norwegian pharmacy is asked to send the medicine concerns Norway only.",
    "Utlending": "Rights of foreigners in Norway do not concern another country.",
    "OppdatertFest": "The age of the sender's FEST concerns Norway only.",
    "LastResept": "The lock against other pharmacies' look-up has no field.",
    "UtskrevetSykehus": "Who carries the cost of hospital prescriptions concerns Norway only.",
}
_PERSONAL = ("Utlending", "Instituert", "EkspAnm")
"""Those of them that hold details of a person."""
_CAUTIONS = {
    "LastResept": "the prescription is locked: only who has its reference may see it",
    "TilEgenPraksis": "the medicine is for the doctor's own practice, not for a patient",
    "Vergeinnsynsreservasjon": "guardians shall not see the prescription",
}
"""What must be known before a prescription crosses a border, where the message says so."""


@cache
def statuses() -> dict[tuple[str, str], tuple[str, str]]:
    """Return FHIR status and reason (empty when exact) by list and code."""
    problems = Problems()
    rows = read_csv(Path(__file__).with_name("status.csv"), STATUS_COLUMNS, problems)
    problems.stop()
    return {(row["list"], row["code"]): (row["status"], row["reason"]) for row in rows}


def request(
    prescription: Prescription,
    *,
    subject: str,
    requester: dict[str, Any],
    medication: str,
    route: dict[str, Any],
    recall: Recall | None,
) -> Resource:
    """Return the MedicationRequest of a prescription and note every element of it.

    Args:
        subject: URL of the Patient.
        requester: Reference of who prescribed.
        medication: URL of the Medication.
        route: CodeableConcept, from FEST; empty when unknown.
        recall: the recall that concerns it, if one does.
    """
    resept, document = prescription.resept, prescription.document
    prescribed = prescription.prescribed
    status, why, notes = _state(prescription, recall)
    notes += _notes(prescription)
    phases = list(stretches(prescribed))
    dosage = dosing.dosages(prescribed, phases, route)
    rendered = prescribed.text("DosVeiledEnkel")
    extensions = _extensions(dosing.period(phases), rendered)
    written = resept.date("Forskrivningsdato")
    exact(resept.child("Forskrivningsdato"))
    if not written:
        resept.reading.fault("the prescription has no date", resept.path,
                             rule="M1: Forskrivningsdato 1..1; MPD authoredOn 1..1")  # fmt: skip
    made = pack(
        resourceType="MedicationRequest", meta=pack(source=_source(prescription),
                                                    profile=[urls.REQUEST]),
        language="nb-NO", extension=extensions, identifier=_identifiers(prescription),
        status=status, statusReason=why, intent="order",
        medicationReference={"reference": medication}, subject={"reference": subject},
        authoredOn=written, requester=requester, reasonCode=_reasons(document, prescribed),
        courseOfTherapyType=_course(prescribed.child("Bruk")),
        note=[{"text": one} for one in notes], dosageInstruction=dosage,
        **supply(resept, document, written),
    )  # fmt: skip
    if not written:
        made["_authoredOn"] = urls.absent()
    exact(document.child("Varegruppekode"))
    _aside(resept)
    return made


def _source(prescription: Prescription) -> str:
    return _guid(prescription.id) if _is_guid(prescription.id) else ""


def _is_guid(value: str) -> bool:
    return _GUID.fullmatch(value) is not None


def _guid(value: str) -> str:
    return f"urn:uuid:{value.lower()}"


def identifier(value: str) -> dict[str, Any]:
    """Return the Identifier of a prescription by its ReseptId."""
    if _is_guid(value):
        return {"system": urls.GUID, "value": _guid(value)}
    return {"type": {"text": "ReseptId"}, "value": value}


def _identifiers(prescription: Prescription) -> list[dict[str, Any]]:
    made = []
    if prescription.id:
        made.append(identifier(prescription.id))
        exact(prescription.message.info.child("MsgId"))
    else:
        prescription.resept.reading.warn("the prescription stands without its MsgHead, so it has "
                                         "no id", prescription.resept.path)  # fmt: skip
    number = text(prescription.resept.child("RefNr"), APPROXIMATE,
                  "The reference number has no public identifier system.")  # fmt: skip
    return [*made, {"type": {"text": "RefNr"}, "value": number}] if number else made


def _state(
    prescription: Prescription, recall: Recall | None
) -> tuple[str, dict[str, Any], list[str]]:
    """Return status, its reason as CodeableConcept, and remarks of a recall."""
    reading, place = prescription.resept.reading, prescription.resept.path
    status, reason = "active", prescription.reason
    if prescription.status:
        status = _status("7408", prescription.status.code, prescription)
    notes = []
    if recall:
        reason = recall.reason
        notes = [t for t in (recall.remark, f"Erstattet av resept {recall.replacement}"
                             if recall.replacement else "") if t]  # fmt: skip
        if recall.replacement:
            reading.lose(f"{recall.path}/NyReseptId", recall.replacement, AS_TEXT,
                         f"A prescription names the one before it, not the one after. {_NOTE}",
                         ("X1.2",))  # fmt: skip
    if not (recall or (prescription.status.code == "T" and reason)):
        return status, {}, notes
    status = _status("7500", reason.code, prescription)
    if status == "unknown":
        status = "cancelled"
    why = terms.codeable_concept(
        "7500", reason.code, reason.display, element=f"{place}/(recall)", loss=reading.loss,
        obligations=("X1.2",),
    ) if reason else {}  # fmt: skip
    return status, why, notes


def _status(number: str, code: str, prescription: Prescription) -> str:
    status, reason = statuses().get(
        (number, code), ("unknown", f"The code is not in list {number}.")
    )
    fate = APPROXIMATE if reason else EXACT
    prescription.resept.reading.lose(f"{prescription.resept.path}/(status)", f"{number}|{code}",
                                     fate, reason, ("X1.2",), number)  # fmt: skip
    return status


def _extensions(period: dict[str, str], rendered: str) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    if period:
        made.append({"url": urls.DOSE_PERIOD, "valuePeriod": period})
    if rendered:
        made.append({"url": urls.RENDERED_REQUEST, "valueMarkdown": rendered})
    return made


def _course(use: Element) -> dict[str, Any]:
    code = coded(use)
    if code.code == "3":
        lose(use, EXACT, "", "9101")
        return {}
    if code.code in _COURSES:
        lose(use, APPROXIMATE, "The European terms speak of the length of the course; this "
             "project paired them.", "9101")  # fmt: skip
        meaning, display = _COURSES[code.code]
        national = pack(system=terms.normalise_system("9101"), code=code.code, display=code.words)
        return {"coding": [{"system": urls.COURSE, "code": meaning, "display": display}, national],
                "text": code.words}  # fmt: skip
    return concept(use, "9101")


def _reasons(document: Element, prescribed: Element) -> list[dict[str, Any]]:
    """Why: the reimbursement code is a diagnosis, the label says it in words."""
    made = []
    part = document.child("RefKode")
    code = coded(part)
    if code:
        made.append(
            terms.codeable_concept(
                _diagnosis_list(code.system, code.code), code.code, code.display,
                element=part.path, loss=part.reading.loss, obligations=("X1.2",),
            )
        )  # fmt: skip
        part.skip_all()
    words = text(prescribed.child("Bruksomrade"), AS_TEXT,
                 "What the medicine is for is free text on the label.")  # fmt: skip
    return [*made, {"text": words}] if words else made


def _diagnosis_list(system: str, code: str) -> str:
    """Return which list a reimbursement code is of: 7435 mixes ICD-10, ICPC-2 and its own.

    A code that both ICD-10 and ICPC-2 could have stays in 7435 and travels as text.
    """
    number = terms.list_id(system) or "7435"
    if number != "7435":
        return number
    if re.fullmatch(r"-\d+", code):
        return "7434"
    long = len(code.replace(".", "")) > 3
    return "7110" if code and (long or code[0].upper() not in _ICPC_CHAPTERS) else "7435"


def _notes(prescription: Prescription) -> list[str]:
    document, prescribed = prescription.document, prescription.prescribed
    found = [text(document.child("Merknad"))]
    found.append(_labelled(document.child("KomLegemdlAdm"), "Administrering"))
    found.append(_labelled(prescribed.child("AdministreringForskrivning"), "Administrering"))
    found.append(_short_form(prescribed))
    group = prescription.product.child("Reseptgruppe")
    code = coded(group)
    if code.code in ("A", "B"):
        found.append(f"Reseptgruppe {code.code}")
        lose(group, AS_TEXT, "The European prescription has no group; because special rules "
             f"hold for it, it is named. {_NOTE}", "7421")  # fmt: skip
    elif group:
        reason = terms.translate("7421", code.code).reason
        lose(group, NOT_CARRIED, reason, "7421")
    outside = document.child("LegemiddelUtenMt")
    if outside:
        found.append(f"Legemiddel uten markedsføringstillatelse i Norge: {outside.shown()}")
        lose(outside, AS_TEXT, f"That it is not authorised in Norway has no field. {_NOTE}")
    if prescription.kind is Kind.MIXTURE:
        words = recipe(prescription.product)
        found.append(f"Tilberedning: {words}" if words else "")
    lose(prescribed.child("IngenKombinasjon"), NOT_CARRIED,
         "Tells the sender's system how the dosage text was composed.")  # fmt: skip
    lose(document.child("RefHjemmel"), NOT_CARRIED, "Reimbursement holds in Norway only.",
         "7427")  # fmt: skip
    return [note for note in found if note]


def _labelled(part: Element, label: str) -> str:
    if part.element is None:
        return ""
    words = part.shown()
    lose(part, AS_TEXT, f"It has no field of its own. {_NOTE}")
    return f"{label}: {words}" if words else ""


def _short_form(prescribed: Element) -> str:
    """Kortdose (7478): its words are usually the dosage text itself."""
    part = prescribed.child("Kortdose")
    code = coded(part)
    if not code:
        return ""
    if code.original and code.original == prescribed.text("DosVeiledEnkel"):
        lose(part, AS_TEXT, "Its words are the dosage text.", "7478")
        return ""
    lose(part, AS_TEXT, f"No European code is paired. {_NOTE}", "7478")
    return f"Kortdose: {' – '.join(dict.fromkeys(filter(None, (code.display, code.original))))}"


def _aside(resept: Element) -> None:
    for part in resept.given(*_NATIONAL):
        lose(part, NOT_CARRIED, _NATIONAL[part.name],
             shown="(given)" if part.name in _PERSONAL else "")  # fmt: skip


def cautions(prescription: Prescription) -> list[Problem]:
    """Return what somebody must know before the prescription crosses a border."""
    resept, reading = prescription.resept, prescription.resept.reading
    group = coded(prescription.product.child("Reseptgruppe")).code
    found = []
    if group in ("A", "B"):
        found.append(
            (
                f"prescription group {group}: a medicine under special control",
                "Directive 2011/24/EU Art 11(6); the State decides whether it may cross",
            )
        )
    for part in resept.given(*_CAUTIONS):
        if flag(part):
            found.append((_CAUTIONS[part.name], f"M1: {part.name}"))
    return [Problem(what, f"{reading.source.name}: {resept.path}", rule) for what, rule in found]
