"""The fields of SFM's medicines and prescriptions (sfm-Medication, sfm-reseptamendment …)."""

from __future__ import annotations

from ips.loss import Fate
from ips.sources.base import MEDICINE
from ips.sources.codes import concept, first_code
from ips.sources.fhirfile import FhirFile
from ips.sources.node import Node
from ips.sources.treatment import Code, Dose, Drug, Phase, Treatment

ADMINISTRATIVE = "Belongs to the prescription, not to the medicine in use."
_PRESCRIPTION = {
    "reseptdate": ADMINISTRATIVE, "expirationdate": ADMINISTRATIVE,
    "festupdate": "The age of the product register says nothing about the patient.",
    "numberofpackages": ADMINISTRATIVE, "amount": ADMINISTRATIVE, "reit": ADMINISTRATIVE,
    "itemgroup": ADMINISTRATIVE, "rfstatus": ADMINISTRATIVE, "recallinfo": ADMINISTRATIVE,
    "reimbursementparagraph": "Norwegian reimbursement has no meaning abroad.",
    "lockedresept": ADMINISTRATIVE, "guardiantransparencyreservation": ADMINISTRATIVE,
    "indoctorsname": ADMINISTRATIVE, "createeresept": ADMINISTRATIVE,
}  # fmt: skip
BESIDE = {
    "sfm-generic-substitution": ADMINISTRATIVE,
    "sfm-deliverysummary": "Deliveries are in the dispensations, where SFM gives them.",
    "sfm-administration": "How the pharmacy packs the medicine has no place in the summary.",
    "sfm-intervention": "The pharmacy's intervention has no place in the summary.",
    "sfm-dispenseinfo": "The pharmacy's own handling of the dispensation has no place in it.",
}


def concept_code(node: Node) -> str:
    """Return the first code of a CodeableConcept and count it as read."""
    for coding in node.nodes("coding"):
        coding.skip("system", "code", "display", "version", "userSelected")
    node.skip("text")
    return first_code(node)


def _coded(node: Node) -> Code:
    """Return the first coding of a CodeableConcept with its words, counted as read."""
    codings = node.nodes("coding")
    for coding in codings:
        coding.skip("system", "userSelected", "version")
    found = [Code(c.text("code"), c.text("display")) for c in codings]
    text = node.text("text")
    return next((c for c in found if c), Code("", text))


def drug(node: Node, file: FhirFile) -> Drug:
    """Return the medicine of an sfm-Medication."""
    made = Drug(node.path)
    code = node.node("code")
    made.name = code.text("text")
    for coding in code.nodes("coding"):
        system = coding.text("system")
        value, display = coding.text("code"), coding.text("display")
        if system.endswith("/atc"):
            made.atc = Code(value, display)
        elif "7424" in system:
            file.reading.lose(coding.path, f"7424|{value} {display}", Fate.NOT_CARRIED,
                              "The kind of preparation has no place in the summary.",
                              MEDICINE, "7424")  # fmt: skip
        else:
            made.fest, made.fest_name = value, display
    made.name = made.name or made.fest_name
    made.form = _coded(node.node("form"))
    for extension in node.extensions("no-basis-prescriptiongroup"):
        extension.set_aside_whole(
            "The Norwegian prescription group has no meaning abroad.", MEDICINE
        )
    for extension in node.extensions("sfm-medicationdetails"):
        extension.skip("url")
        made.brand = extension.extension("name").text("valueString")
        kind = extension.extension("registreringstype")
        kind.set_aside_whole(
            "How FEST registers the product has no place in the summary.", MEDICINE
        )
        for pack_info in extension.extensions("packinginfoprescription"):
            pack_info.set_aside_whole("The pack belongs to the prescription.", MEDICINE)
    made.name = made.name or node.extension("sfm-name").text("valueString")
    node.set_aside("amount", "The pack size belongs to the prescription.", MEDICINE)
    node.set_aside("identifier", "The number of the product stands in its code.", MEDICINE)
    node.skip("status")
    made.ingredients = [
        part for part in (_ingredient(p, file) for p in node.nodes("ingredient")) if part
    ]
    recipe = node.extension("sfm-recipe")
    recipe.set_aside_whole("The pharmacy's recipe has no place in the summary.", MEDICINE)
    return made


def _ingredient(node: Node, file: FhirFile) -> str:
    """A part of a mixture as text: name and strength; its codes stay with the recipe."""
    reference = node.node("itemReference")
    reference.skip("type")
    target = file.resolve(reference.text("reference"))
    name = reference.text("display") or concept(node.node("itemCodeableConcept")).get("text", "")
    if target is not None:
        code = target.node("code")
        name = (
            name
            or code.text("text")
            or next((c.text("display") for c in code.nodes("coding") if c.value.get("display")), "")
        )
    strength = node.node("strength")
    parts = [_words(strength.node("numerator")), _words(strength.node("denominator"))]
    words = f"{name} {'/'.join(filter(None, parts))}".strip()
    if words:
        node.reading.lose(node.path, words, Fate.AS_TEXT,
                          "A part of a mixture travels as text.", MEDICINE)  # fmt: skip
    for extension in node.extensions("sfm-adqs"):
        extension.set_aside_whole("The pharmacy's recipe has no place in the summary.", MEDICINE)
    return words


def _words(node: Node) -> str:
    value, unit = node.number("value"), node.text("unit")
    node.skip("system", "code")
    return f"{value:g} {unit}".strip() if value is not None else ""


def prescription(extension: Node, found: Treatment) -> None:
    """sfm-reseptamendment: the prescription behind the entry."""
    if not extension:
        return
    found.kind = _coded(extension.extension("typeresept").node("valueCodeableConcept"))
    found.asserted = found.asserted or extension.extension("lastchanged").moment("valueDateTime")
    note = extension.extension("note").text("valueString")
    if note:
        found.notes.append(note)
    full = extension.extension("dssn").text("valueString")
    found.text = found.text or full
    if full:
        extension.reading.lose(
            extension.at("extension[dssn]"),
            full,
            Fate.AS_TEXT,
            "The label is carried as dosage text and instructions.",
            MEDICINE,
        )
    code = extension.extension("reimbursementcode").node("valueCodeableConcept")
    reason = concept(code, MEDICINE)
    if reason:
        found.indications.append(reason)
    for dosing in extension.extensions("ereseptdosing"):
        found.phases.append(_phase(dosing))
    for tail, reason_why in _PRESCRIPTION.items():
        for part in extension.extensions(tail):
            part.set_aside_whole(reason_why, MEDICINE)


def _phase(node: Node) -> Phase:
    node.skip("url")
    start, end = node.extension("starttime"), node.extension("endtime")
    phase = Phase(start.date("valueDate") or start.date("valueDateTime"),
                  end.date("valueDate") or end.date("valueDateTime"))  # fmt: skip
    for part in node.extensions("repeatingdosage"):
        phase.doses.append(_dose(part))
    for part in node.extensions("asneededdosage", "dosageasneeded", "neededdosage"):
        dose = _dose(part)
        dose.as_needed = True
        phase.doses.append(dose)
    return phase


def _dose(node: Node) -> Dose:
    node.skip("url")
    amount = node.extension("amount").node("valueQuantity")
    interval = node.extension("interval").node("valueQuantity")
    for part in (amount, interval):
        part.skip("system", "code")
    clock = node.extension("time", "clock", "exacttime").text("valueTime")
    accurate = node.extension("accurate")
    accurate.skip("valueBoolean")
    return Dose(
        node.path, amount=amount.number("value"), unit=amount.text("unit"),
        every=interval.number("value"), time_unit=interval.text("unit"),
        when=_coded(node.extension("timerange").node("valueCodeableConcept")),
        at=[clock] if len(clock) == 8 else [],
    )  # fmt: skip


def stopped(extension: Node, found: Treatment) -> None:
    """sfm-discontinuation: when and why the treatment ended."""
    if not extension:
        return
    found.end = extension.extension("timedate").moment("valueDateTime") or found.end
    found.stopped_why = _coded(extension.extension("reason").node("valueCodeableConcept"))
    note = extension.extension("note").text("valueString")
    if note:
        found.notes.append(note)


def dosage(node: Node, found: Treatment) -> None:
    """The dosage in words, its use (9101), its reason (7488) and its precautions (7479)."""
    for number, part in enumerate(node.nodes("dosage")):
        part.skip("sequence")
        text = part.text("text")
        if number == 0:
            found.text = text or found.text
        elif text:
            found.text = f"{found.text}\n{text}".strip()
        found.use = _coded(part.extension("sfm-use").node("valueCodeableConcept")) or found.use
        area = part.extension("sfm-application-area")
        words = area.extension("text").text("valueString")
        coded = _coded(area.extension("coded").node("valueCodeableConcept"))
        found.indication = found.indication or words or coded.display
        for short in part.extensions("sfm-shortdosage"):
            short.set_aside_whole("The short form says the same as the dosage text.", MEDICINE)
        for beside in part.extensions("sfm-administration"):
            beside.set_aside_whole(BESIDE["sfm-administration"], MEDICINE)
        found.instructions += [_coded(p) for p in part.nodes("additionalInstruction")]
        found.patient_instruction = found.patient_instruction or part.text("patientInstruction")
