"""The medication list of Reseptformidleren: M25.1 ``LegemidlerIBruk`` with its allergies.

Read alone, in a MsgHead, or inside the answer M9.12 (base64). Each EnkeltoppforingLIB becomes a
MedicationStatement; each ``Allergi`` (component KI 2013) an AllergyIntolerance.
"""

from __future__ import annotations

from typing import Any

from ips import identifiers, xml
from ips.loss import Fate
from ips.sources import m1, msghead
from ips.sources.base import ALLERGY, MEDICINE, Origin, Reading, Resource, Source
from ips.sources.clinical import ALLERGY_CLINICAL, ALLERGY_VERIFICATION
from ips.sources.codes import national
from ips.sources.datatypes import pack
from ips.sources.element import Element
from ips.sources.people import People
from ips.sources.treatment import Drug, Treatment, guid, statement

KIND = "m25"
ROOT = "LegemidlerIBruk"
SUBJECT = {"reference": "Patient/patient"}
MAX_ENTRIES = 300

_GROUPS_OF_2013 = frozenset("234567")
_MULTIDOSE = "Messages between doctor and multidose pharmacy have no place in the summary."


def read(content: bytes, *, name: str, lenient: bool = False) -> Source:
    """Read an M25.1 message, or an M9.12 that carries one.

    Raises:
        InputError: unreadable, no medication list inside, two patients, or faults in the data.
    """
    reading = Reading(name, KIND, lenient=lenient)
    root = xml.parse(content, name=reading.source.name)
    people = People(reading)
    patients: list[Resource | None] = _asked_for(root, reading)
    found = False
    for message in msghead.find(root, ROOT, reading):
        found = True
        info = msghead.head_of(message)
        patients.append(msghead.patient(info))
        _message(message, info, people)
    if not found and not _empty_answer(root, reading):
        reading.error(f"no {ROOT} in the message", xml.xpath(root), rule="M25.1 (ERM251) or M9.12",
                      remedy="check that this is a medication list message")  # fmt: skip
    _settle_patient(patients, reading)
    return reading.finish()


def _asked_for(root: Any, reading: Reading) -> list[Resource | None]:
    """The patient of an M9.12 is known by the number alone."""
    found = []
    for answer in msghead.find(root, "M912", reading):
        patient = answer.child("Pasient")
        number = patient.text("Fnr")
        found.append(msghead.bare_patient(number, reading, patient.path))
        doctor = patient.child("Multidoselege")
        doctor.reading.lose(
            doctor.path, doctor.text("Navn"), Fate.NOT_CARRIED, _MULTIDOSE
        ) if doctor else None
    return found


def _empty_answer(root: Any, reading: Reading) -> bool:
    """An M9.12 without a list says that no medication list exists, not that nothing is used."""
    for answer in msghead.find(root, "M912", reading):
        reading.warn(
            "Reseptformidleren has no medication list (M25.1) for the patient", answer.path
        )
        reading.lose(answer.path, "M9.12", Fate.NOT_CARRIED,
                     "That no shared list exists does not mean that no medicine is used.",
                     MEDICINE)  # fmt: skip
        return True
    return False


def _settle_patient(patients: list[Resource | None], reading: Reading) -> None:
    named = [patient for patient in patients if patient and patient.get("identifier")]
    numbers = {p["identifier"][0]["value"] for p in named}
    if len(numbers) > 1:
        reading.error("the message is about more than one patient", rule="one record, one patient",
                      remedy="give each patient a file of their own")  # fmt: skip
    best = max((p for p in patients if p), key=len, default=None)
    if best:
        reading.source.patient = {"resourceType": "Patient", "id": "patient"} | best


def _message(message: Element, info: Element, people: People) -> None:
    reading = message.reading
    kind = info.code("Type").code
    if kind in ("ERM252", "ERM253"):
        reading.warn(f"{kind} is a question or delivery message of multidose, not the list itself",
                     message.path, remedy="use M25.1 (ERM251) where there is one")  # fmt: skip
    sent = info.moment("GenDate")
    reading.source.date = reading.source.date or sent
    reading.source.author = reading.source.author or msghead.sender(info, people)
    for number, entry in enumerate(message.children("EnkeltoppforingLIB")):
        if number == MAX_ENTRIES:
            reading.error(f"more than {MAX_ENTRIES} entries in one medication list", message.path)
            break
        _entry(entry, people, sent)
    for number, allergy in enumerate(message.children("Allergi")):
        _allergy(allergy, number, sent)
    for name in ("Rolle", "Pakkeinfo", "Vikar"):
        message.set_aside(name, _MULTIDOSE, MEDICINE)
    message.set_aside(
        "Merknad", "A remark to the whole list has no place in the summary.", MEDICINE
    )
    message.rest(MEDICINE)


def _entry(entry: Element, people: People, sent: str) -> None:
    """One line of the list."""
    reading = entry.reading
    treatment = Treatment(entry.path, Drug(entry.path))
    identity, prescription = entry.text("Id"), entry.text("ReseptId")
    treatment.identifiers = [guid(kind, value) for kind, value in
                             (("PLL", identity), ("ReseptId", prescription)) if value]  # fmt: skip
    treatment.kind = entry.code("Type")
    treatment.asserted = entry.moment("SistEndret")
    _product(entry, treatment)
    treatment.start = entry.date("DatoOppstart") or treatment.start
    _stopped(entry, treatment, sent)
    _roles(entry, treatment, people)
    for name in ("UtlopsdatoResept", "MedEndring"):
        entry.set_aside(name, "Belongs to the prescription, not to the medicine in use.", MEDICINE)
    for name in ("Sporsmal", "Svar", "DatoForsteDose", "DatoSisteDose", "UtleveringB64",
                 "SisteUtlevering"):  # fmt: skip
        entry.set_aside(name, _MULTIDOSE, MEDICINE)
    drug, made = statement(treatment, reading, SUBJECT)
    made["medicationReference"] = {"reference": reading.add(drug, identity)}
    reading.add(made, identity, Origin(recorded=treatment.asserted, recorder=treatment.recorder))
    entry.rest(MEDICINE)


def _product(entry: Element, treatment: Treatment) -> None:
    """The prescription stands in base64, or as XML in the same place."""
    container = entry.child("ReseptDokLegemiddelB64")
    inside = next(xml.children(container.element), None) if container.element is not None else None
    if inside is None and container:
        inside = msghead.decoded(container, entry.reading)
    if inside is None:
        entry.reading.fault(
            "the entry holds no prescription",
            container.path,
            rule="M25.1 EnkeltoppforingLIB/ReseptDokLegemiddelB64",
        )
        return
    if xml.local(inside) != "ReseptDokLegemiddel":
        inside = next(
            (
                e
                for e in inside.iter()
                if isinstance(e.tag, str) and xml.local(e) == "ReseptDokLegemiddel"
            ),
            inside,
        )
    container.skip_all()
    m1.fill(Element(inside, entry.reading, container.path), treatment)


def _stopped(entry: Element, treatment: Treatment, sent: str) -> None:
    """Seponering ends the treatment; one that lies ahead of the message has not ended it yet."""
    stop = entry.child("Seponering")
    if not stop:
        return
    when = stop.moment("Tidspunkt")
    treatment.end = when or treatment.end
    ahead = bool(when and sent) and when[:10] > sent[:10]
    treatment.status = "active" if ahead else "stopped"
    treatment.stopped_why = stop.code("Arsak")
    note = stop.text("Merknad")
    if note:
        treatment.notes.append(note)


def _roles(entry: Element, treatment: Treatment, people: People) -> None:
    """Role R prescribed, I instituted, S stopped (7490)."""
    for role in entry.children("Rolle"):
        code = role.code("Rolle")
        who = _professional(role, people) or _organisation(role, people)
        if code.code == "R" and who:
            treatment.recorder = who
        elif who:
            role.reading.lose(role.path, f"7490|{code.code} {code.display}", Fate.NOT_CARRIED,
                              "Who instituted or stopped the treatment has no place beside who "
                              "prescribed it.", MEDICINE, "7490")  # fmt: skip


def _professional(role: Element, people: People) -> str:
    person = role.child("Helseperson")
    name = " ".join(filter(None, (person.text("Fornavn"), person.text("Etternavn"))))
    number = person.child("HprId").text("Id")
    person.child("HprId").skip("TypeId")
    person.set_aside("Spesialitet", "The speciality has no place in the summary.")
    return people.person({"system": identifiers.HPR, "value": number} if number else {}, name)


def _organisation(role: Element, people: People) -> str:
    place = role.child("Organisasjon")
    name = ", ".join(filter(None, (place.text("Inst"), place.text("Dept"))))
    number = place.child("HerId").text("Id")
    place.child("HerId").skip("TypeId")
    place.skip("InstitusjonsID")
    return people.place({"system": identifiers.HER, "value": number} if number else {}, name)


def _allergy(node: Element, number: int, sent: str) -> None:
    """``ki:Allergi``: a reaction to a medicine, as Kjernejournal had it in 2013."""
    reading = node.reading
    drug = node.child("Legemiddelreaksjon")
    code = _substance(drug)
    reaction = _reaction(node)
    refuted = node.flag("Avkreftet")
    status = "inactive" if refuted else "active"
    made = pack(
        resourceType="AllergyIntolerance",
        clinicalStatus={"coding": [{"system": ALLERGY_CLINICAL, "code": status}]},
        verificationStatus={"coding": [{"system": ALLERGY_VERIFICATION, "code": "refuted"}]}
        if refuted else None,
        category=["medication"], code=code, patient=SUBJECT,
        note=[{"text": text} for text in _remarks(node, drug) if text],
        reaction=[{"manifestation": [reaction]}] if reaction else [],
    )  # fmt: skip
    source = node.code("Kilde")
    if source:
        reading.lose(
            node.child("Kilde").path,
            f"7498|{source.code} {source.display}",
            Fate.AS_TEXT,
            "Who the information came from travels as text in the provenance.",
            (),
            "7498",
        )
    from_patient = source.code == "3"
    if from_patient:
        made["asserter"] = SUBJECT
    origin = Origin(updated=node.moment("Oppdatert") or sent, from_patient=from_patient,
                    informant=source.display or source.code)  # fmt: skip
    reading.add(made, f"allergi-{number + 1}", origin)
    node.rest(ALLERGY)


def _substance(drug: Element) -> dict[str, Any]:
    """The product by its ATC codes, its brand and its substances; the first name is the text."""
    codings: list[dict[str, str]] = []
    names = [drug.text("Varenavn"), *(s.value for s in drug.children("Virkestoff"))]
    for part in drug.children("Atc"):
        atc = part.as_code()
        found = national(part.path, "7180", atc.code, atc.display, drug.reading.loss, ALLERGY)
        codings += found.get("coding", [])
        names.append(atc.display)
    named = [name for name in dict.fromkeys(names) if name]
    if named and not codings:
        drug.reading.lose(drug.path, ", ".join(named), Fate.AS_TEXT,
                          "The source gives only a name.", ALLERGY)  # fmt: skip
    return pack(coding=codings, text=", ".join(named)) or {"text": "(ukjent legemiddel)"}


def _reaction(node: Element) -> dict[str, Any]:
    """7497: in the edition of 2013 the codes 2 to 7 are groups of reactions, today single ones."""
    part = node.child("Reaksjon")
    if not part:
        return {}
    code = part.as_code()
    group = code.display.casefold().startswith(("reaksjon", "andre reaksjon"))
    if code.code in _GROUPS_OF_2013 and (group or not code.display):
        text = code.display or f"Reaksjonstype {code.code} (utgaven av listen er ukjent)"
        node.reading.lose(part.path, f"7497|{code.code} {code.display}", Fate.AS_TEXT,
                          "In the edition of 2013 this code is a group, today a single reaction.",
                          ALLERGY, "7497")  # fmt: skip
        return {"text": text}
    return national(part.path, "7497", code.code, code.display, node.reading.loss, ALLERGY)


def _remarks(node: Element, drug: Element) -> list[str]:
    excipient = drug.flag("Hjelpestoffreaksjon")
    if excipient:
        node.reading.lose(
            drug.child("Hjelpestoffreaksjon").path,
            "true",
            Fate.AS_TEXT,
            "That an excipient caused the reaction travels as a note.",
            ALLERGY,
        )
    return [node.text("Kommentar"), "Reaksjon på hjelpestoff i legemidlet" if excipient else ""]
