"""The medication list of SFM Basis API: an answer to ``$getMedication``.

Parameters with a document Bundle (sfm-MedicationBundle) and the error codes of the two registers
behind it. Every sfm-MedicationStatement becomes a MedicationStatement; what SFM says beyond that is
carried or reported (SFM profiles ``http://ehelse.no/fhir/StructureDefinition/sfm-*``).
"""

from __future__ import annotations

from typing import Any

from ips.loss import Fate
from ips.sources import kj
from ips.sources.base import MEDICINE, Origin, Reading, Resource, Source
from ips.sources.clinical import deleted
from ips.sources.codes import concept, first_code
from ips.sources.datatypes import identifier, notes, pack, quantity
from ips.sources.fhirfile import FhirFile
from ips.sources.node import Node
from ips.sources.sfm_fields import (
    ADMINISTRATIVE,
    BESIDE,
    concept_code,
    dosage,
    drug,
    prescription,
    stopped,
)
from ips.sources.treatment import Drug, Treatment, medication, statement

KIND = "sfm-medication"

_STATUS = ("active", "completed", "entered-in-error", "intended", "stopped", "on-hold", "unknown",
           "not-taken")  # fmt: skip
_DISPENSE_STATUS = ("preparation", "in-progress", "cancelled", "on-hold", "completed",
                    "entered-in-error", "stopped", "declined", "unknown")  # fmt: skip
_ERROR_CODES = {"KJFeilkode": "Kjernejournal", "RFM96Feilkode": "Reseptformidleren (M9.6)",
                "RFM912Feilkode": "Reseptformidleren (M9.12)"}  # fmt: skip
TYPES = frozenset({"MedicationStatement", "MedicationDispense", "Medication", "Substance"})


def read(content: bytes, *, name: str, lenient: bool = False) -> Source:
    """Read an answer of SFM.

    Raises:
        InputError: unreadable, two patients, or faults in the data (warnings when lenient).
    """
    reading = Reading(name, KIND, lenient=lenient)
    file = FhirFile.read(content, reading)
    complete = _register_answers(file)
    entries(file)
    for node in file.of_type("AllergyIntolerance"):
        kj.entry(node, file)
    for node in file.of_type("Basic"):
        _basic(node, file)
    for node in file.of_type("Composition"):
        _composition(node, file, complete=complete)
    file.finish({*TYPES, "Composition", "Basic", "AllergyIntolerance", "OperationOutcome"})
    return reading.finish()


def entries(file: FhirFile) -> None:
    """Read the treatments and dispensations of a file; medicines come with them."""
    statements = _Statements(file)
    for node in file.of_type("MedicationStatement"):
        statements.read(node)
    for node in file.of_type("MedicationDispense"):
        _dispense(node, file, statements)
    for node in file.of_type("Medication"):
        statements.unused(node)


def _register_answers(file: FhirFile) -> bool:
    """Return whether both registers answered in full; each gap is a warning."""
    complete = True
    for parameter in file.parameters:
        name = parameter.text("name")
        if name in _ERROR_CODES:
            code = first_code(parameter.node("valueCodeableConcept"))
            if code not in ("", "0"):
                complete = False
                file.reading.warn(f"{_ERROR_CODES[name]} answered with error {code[:20]}: the list "
                                  "may be incomplete", parameter.path,
                                  remedy="fetch the list again")  # fmt: skip
        elif name in ("KJHarLaste", "RFHarLaste"):
            if parameter.flag("valueBoolean"):
                complete = False
                file.reading.lose(parameter.path, name, Fate.NOT_CARRIED,
                                  "Locked prescriptions exist that this answer does not show.",
                                  MEDICINE)  # fmt: skip
                file.reading.warn("locked prescriptions exist that the answer does not show",
                                  parameter.path)  # fmt: skip
        elif name == "RFHentetTidspunkt":
            file.reading.source.date = parameter.moment("valueDateTime")
    return complete


class _Statements:
    """Reads the treatments of one answer, and remembers which medicines they used."""

    def __init__(self, file: FhirFile) -> None:
        self.file = file
        self.reading = file.reading
        self.made: dict[int, str] = {}
        self.medicines: dict[int, str] = {}

    def read(self, node: Node) -> None:
        """Read one sfm-MedicationStatement."""
        if deleted(node):
            return
        treatment = self._treatment(node)
        subject = self.file.subject(node.node("subject"))
        drug, made = statement(treatment, self.reading, subject)
        made |= self._medicine(node, drug)
        origin = Origin(
            recorded=treatment.recorded or treatment.asserted,
            recorder=treatment.recorder,
            updated=treatment.asserted,
        )
        reference = self.reading.add(made, str(node.value.get("id", "")), origin)
        self.made[id(node.value)] = reference
        node.rest(MEDICINE)

    def _medicine(self, node: Node, drug: Resource) -> dict[str, Any]:
        target = self._target(node)
        if target is None:
            return {"medicationCodeableConcept": drug["code"]}
        key = id(target.value)
        if key not in self.medicines:
            self.medicines[key] = self.reading.add(drug, str(target.value.get("id", "")))
            target.rest(MEDICINE)
        return {"medicationReference": {"reference": self.medicines[key]}}

    def _target(self, node: Node) -> Node | None:
        reference = node.node("medicationReference")
        reference.skip("type")
        target = self.file.resolve(reference.text("reference"), node)
        if target is not None and target.value.get("resourceType") == "Medication":
            reference.skip("display")
            return target
        return None

    def drug(self, node: Node) -> Drug:
        """Return the medicine of a statement or dispensation."""
        target = self._target(node)
        if target is not None:
            return drug(target, self.file)
        shown = node.node("medicationReference").text("display")
        code = concept(node.node("medicationCodeableConcept"), MEDICINE)
        return Drug(node.at("medication"), name=shown or code.get("text", ""))

    def _treatment(self, node: Node) -> Treatment:
        found = Treatment(node.path, self.drug(node))
        found.status = node.code("status", _STATUS) or "unknown"
        found.identifiers = [i for i in map(identifier, node.nodes("identifier")) if i]
        found.indications = [
            c for c in (concept(p, MEDICINE) for p in node.nodes("reasonCode")) if c
        ]
        found.notes = [note["text"] for note in notes(node)]
        found.start = node.extension("effectivedatetime").date("valueDate")
        found.start = found.start or node.extension("effectivedatetime").moment("valueDateTime")
        if node.node("effectivePeriod") or node.value.get("effectiveDateTime"):
            found.start = found.start or node.node("effectivePeriod").moment("start")
            found.end = node.node("effectivePeriod").moment("end")
            found.start = found.start or node.moment("effectiveDateTime")
        found.asserted = node.moment("dateAsserted")
        prescription(node.extension("sfm-reseptamendment"), found)
        stopped(node.extension("sfm-discontinuation"), found)
        self._who(node, found)
        for tail, reason in BESIDE.items():
            for extension in node.extensions(tail):
                extension.set_aside_whole(reason, MEDICINE)
        dosage(node, found)
        part_of = node.nodes("partOf")
        for part in part_of:
            part.set_aside_whole("A newer entry of the list replaces this one.", MEDICINE)
        return found

    def _who(self, node: Node, found: Treatment) -> None:
        """sfm-regInfo: who prescribed (1), who instituted (2), who stopped (3)."""
        told: list[tuple[str, str, str, str]] = []
        for extension in node.extensions("sfm-regInfo"):
            extension.skip("url")
            role = concept_code(extension.extension("type").node("valueCodeableConcept"))
            extension.extension("status").set_aside("valueCodeableConcept", ADMINISTRATIVE)
            who = self.file.agent(extension.extension("provider").node("valueReference"), node)
            when = extension.extension("timestamp").moment("valueDateTime")
            told.append((role, who, when, extension.path))
        told.sort(key=lambda one: one[0] not in ("", "1"))
        for number, (role, who, when, path) in enumerate(told):
            if number == 0:
                found.recorder, found.recorded = who, when
                found.asserted = found.asserted or when
            else:
                self.reading.lose(path, f"{role} {when}".strip(), Fate.NOT_CARRIED,
                                  "Who instituted or stopped the treatment has no place beside "
                                  "who prescribed it.", MEDICINE)  # fmt: skip

    def unused(self, node: Node) -> None:
        """Report a medicine that no entry of the list refers to."""
        if id(node.value) not in self.medicines:
            node.set_aside_whole("No entry of the list refers to this medicine.", MEDICINE)


def _dispense(node: Node, file: FhirFile, statements: _Statements) -> None:
    """sfm-MedicationDispense: what the pharmacy handed over."""
    if deleted(node):
        return
    drug = statements.drug(node)
    performers = [file.agent(p.node("actor"), node) for p in node.nodes("performer")]
    based_on = []
    for part in node.nodes("authorizingPrescription"):
        part.skip("type", "display")
        target = file.resolve(part.text("reference"))
        if target is not None and id(target.value) in statements.made:
            based_on.append(statements.made[id(target.value)])
    lines = [p.text("text") for p in node.nodes("dosageInstruction")]
    substitution = node.node("substitution")
    made = pack(
        resourceType="MedicationDispense",
        identifier=[i for i in map(identifier, node.nodes("identifier")) if i],
        status=node.code("status", _DISPENSE_STATUS) or "unknown",
        subject=file.subject(node.node("subject")),
        performer=[{"actor": {"reference": p}} for p in performers if p],
        quantity=quantity(node.node("quantity"), MEDICINE),
        whenHandedOver=node.moment("whenHandedOver"),
        dosageInstruction=[{"text": line} for line in lines if line],
        substitution=pack(wasSubstituted=substitution.flag("wasSubstituted")), note=notes(node),
    )  # fmt: skip
    made |= statements._medicine(node, medication(drug, file.reading))
    if based_on:
        file.reading.lose(node.at("authorizingPrescription"), ", ".join(based_on), Fate.NOT_CARRIED,
                          "In FHIR R4 a dispensation refers to a MedicationRequest only.",
                          ("X1.3",))  # fmt: skip
    for tail, reason in BESIDE.items():
        for extension in node.extensions(tail):
            extension.set_aside_whole(reason, ("X1.3",))
    when = made.get("whenHandedOver", "")
    file.reading.add(made, str(node.value.get("id", "")), Origin(recorded=when))
    node.rest(("X1.3",))


def _basic(node: Node, file: FhirFile) -> None:
    """sfm-PLL-info gives author and date of the list; sfm-BandaPrescription is no medicine."""
    message = concept_code(node.node("code"))
    info = node.extension("sfm-pllInformation")
    if message == "M25.1" and info:
        file.reading.source.author = file.agent(node.node("author"), node)
        file.reading.source.date = (info.extension("PLLdate").moment("valueDateTime")
                                    or file.reading.source.date)  # fmt: skip
        file.reading.exact(node.path, "M25.1", MEDICINE)
        info.skip("url")
        for part in info.nodes("extension"):
            part.set_aside_whole("Who packs and follows up the multidose has no place here.")
        node.set_aside("identifier", "The number of the message has no place in the summary.")
        file.subject(node.node("subject"))
        node.skip("created")
        node.rest()
        return
    reason = (
        "Messages between doctor and multidose pharmacy have no place in the summary."
        if message.startswith("M25")
        else "Trade goods and nutrition (not medicines) have no section in the summary."
    )
    node.set_aside_whole(reason, MEDICINE)


def _composition(node: Node, file: FhirFile, *, complete: bool) -> None:
    """Take over what empty sections state; their order and titles are SFM's own."""
    node.skip(
        "identifier",
        "status",
        "type",
        "subject",
        "date",
        "title",
        "confidentiality",
        "author",
        "custodian",
        "attester",
        "relatesTo",
    )
    for section in node.nodes("section"):
        section.skip("title", "text", "entry", "mode", "orderedBy")
        code = concept_code(section.node("code"))
        reason = concept_code(section.node("emptyReason"))
        if reason != "nilknown":
            continue
        if code == "sectionMedication" and complete:
            file.reading.source.statements.add("no-known-medications")
            file.reading.exact(section.path, f"{code}: {reason}", MEDICINE)
        elif code == "sectionAllergies":
            file.reading.lose(section.path, f"{code}: {reason}", Fate.NOT_CARRIED,
                              "Kjernejournal lists critical allergies only: none there is not the "
                              "same as no known allergy.", ("X1.1.4",))  # fmt: skip
    if not file.reading.source.author:
        for part in node.nodes("author")[:1]:
            file.reading.source.author = file.agent(part, node)
    node.rest()
