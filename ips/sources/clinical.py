"""Allergies and conditions out of FHIR resources of a source, and who recorded them.

Kjernejournal's extensions are understood wherever they stand.
"""

from __future__ import annotations

from typing import Any

from ips.loss import Fate
from ips.sources.base import ALERT, ALLERGY, PROBLEM, Origin, Resource
from ips.sources.codes import aside, category, concept, first_code
from ips.sources.datatypes import notes, pack, timed
from ips.sources.fhirfile import FhirFile
from ips.sources.node import Node

HL7 = "http://terminology.hl7.org/CodeSystem/"
ALLERGY_CLINICAL = HL7 + "allergyintolerance-clinical"
ALLERGY_VERIFICATION = HL7 + "allergyintolerance-verification"
CONDITION_CLINICAL = HL7 + "condition-clinical"
CONDITION_VERIFICATION = HL7 + "condition-ver-status"
DELETED = "The source has deleted this entry (entered in error)."

_ALLERGY_CLINICAL = ("active", "inactive", "resolved")
_ALLERGY_VERIFICATION = ("unconfirmed", "confirmed", "refuted", "entered-in-error")
_CONDITION_CLINICAL = ("active", "recurrence", "relapse", "inactive", "remission", "resolved")
_CONDITION_VERIFICATION = ("unconfirmed", "provisional", "differential", "confirmed", "refuted",
                           "entered-in-error")  # fmt: skip
_PATIENT_SAID = "3"
"""Volven 7498: the patient's own information."""


def origin(node: Node, file: FhirFile, recorder: str, recorded: str) -> Origin:
    """Read who recorded and changed a resource (Kj extensions) for its provenance.

    Args:
        node: the resource.
        file: where references lead.
        recorder: name of the element that refers to the recorder.
        recorded: name of the element with the time of registration; may be empty.
    """
    who = [file.agent(part, node) for part in node.nodes(recorder)]
    first = node.moment(recorded) if recorded else ""
    first = first or node.extension("KjRecordedDate", "recordedDate").moment("valueDateTime")
    changed = node.extension("KjUpdatedDateTime", "updatedDateTime").moment("valueDateTime")
    updater = ""
    for extension in node.extensions("KjUpdater", "Updater"):
        extension.skip("url")
        updater = file.agent(extension.node("valueReference"), node)
    meta = node.node("meta")
    meta.skip("versionId", "profile", "source", "tag")
    stored = meta.moment("lastUpdated")
    changed = changed or stored
    informant, patient_said = _informant(node)
    return Origin(recorded=first, recorder=next(filter(None, who), ""), updated=changed,
                  updater=updater, informant=informant, from_patient=patient_said)  # fmt: skip


def _informant(node: Node) -> tuple[str, bool]:
    said, from_patient = [], False
    for extension in node.extensions("KjSourceOfInformation", "sourceOfInformation",
                                     "no-basis-sourceofinformation"):  # fmt: skip
        extension.skip("url")
        holder = extension.extension("source") if "extension" in extension else extension
        coding = holder.node("valueCoding")
        if not coding:
            listed = holder.node("valueCodeableConcept").nodes("coding")
            coding = listed[0] if listed else coding
        coding.skip("system", "userSelected")
        code, display = coding.text("code"), coding.text("display")
        from_patient = from_patient or code == _PATIENT_SAID
        if code or display:
            said.append(display or code)
            node.reading.lose(extension.path, f"7498|{code} {display}", Fate.AS_TEXT,
                              "Who the information came from travels as text in the provenance.",
                              ("X1.1.15",) if code == _PATIENT_SAID else (), "7498")  # fmt: skip
    return ", ".join(said), from_patient


def valid_until(node: Node) -> str:
    """Return until when the entry is to be shown (KjValidUntil), empty when nothing is said."""
    extension = node.extension("KjValidUntil", "validUntil")
    return extension.moment("valueDateTime") or extension.date("valueDate")


def until_note(node: Node, made: Resource) -> None:
    """Carry KjValidUntil as a note: until when to warn is not when the thing itself ends."""
    until = valid_until(node)
    if until:
        text = f"Varsles til {until[:10]}"
        made.setdefault("note", []).append({"text": text})
        node.reading.lose(node.at("extension[KjValidUntil]"), until, Fate.AS_TEXT,
                          "Until when the entry is to be shown travels as a note.")  # fmt: skip


def _status(node: Node, key: str, system: str, allowed: tuple[str, ...]) -> tuple[str, Any]:
    part = node.node(key)
    code = first_code(part)
    for coding in part.nodes("coding"):
        coding.skip("system", "code", "display", "version", "userSelected")
    part.skip("text")
    if code and code not in allowed:
        node.reading.fault(f"«{code[:40]}» is not a value of {key}", part.path,
                           rule=f"required value set of {key}")  # fmt: skip
        code = ""
    return code, {"coding": [{"system": system, "code": code}]} if code else None


def deleted(node: Node) -> bool:
    """Report a resource that its source has deleted; true when it is one."""
    verification = node.value.get("verificationStatus")
    code = (
        first_code(Node(verification, "", node.reading)) if isinstance(verification, dict) else ""
    )
    if "entered-in-error" in (code, node.value.get("status")):
        kind = f"{node.value['resourceType']}/{node.value.get('id', '')}"
        node.skip(*node.value)
        node.reading.lose(node.path, kind, Fate.NOT_CARRIED, DELETED)
        return True
    return False


def allergy(node: Node, file: FhirFile) -> Resource:
    """Return an AllergyIntolerance (KjAllergyIntolerance, no-basis-AllergyIntolerance)."""
    category = [c for c in node.texts("category")
                if c in ("food", "medication", "environment", "biologic")]  # fmt: skip
    hint = "" if "medication" in category else "7514"
    code_node = node.node("code")
    code = concept(code_node, ALLERGY, hint=hint)
    verification, verified = _status(node, "verificationStatus", ALLERGY_VERIFICATION,
                                     _ALLERGY_VERIFICATION)  # fmt: skip
    _, clinical = _status(node, "clinicalStatus", ALLERGY_CLINICAL, _ALLERGY_CLINICAL)
    made = pack(
        resourceType="AllergyIntolerance", clinicalStatus=clinical, verificationStatus=verified,
        type=node.code("type", ("allergy", "intolerance")), category=category,
        criticality=node.code("criticality", ("low", "high", "unable-to-assess")), code=code,
        patient=file.subject(node.node("patient")), **timed(node, "onset", ALLERGY),
        recordedDate=node.moment("recordedDate"), note=notes(node), reaction=_reactions(node),
        lastOccurrence=node.moment("lastOccurrence"),
    )  # fmt: skip
    _presumed(node, made, verification)
    for extension in code_node.extensions("KjInactiveIngredient", "inactiveIngredient"):
        if extension.flag("valueBoolean"):
            made.setdefault("note", []).append({"text": "Reaksjon på hjelpestoff i legemidlet"})
            node.reading.lose(extension.path, "true", Fate.AS_TEXT,
                              "That an excipient caused the reaction travels as a note.",
                              ALLERGY)  # fmt: skip
    if "criticality" in made:
        node.reading.exact(node.at("criticality"), made["criticality"], ALLERGY)
    until_note(node, made)
    return made


def _presumed(node: Node, made: Resource, verification: str) -> None:
    """7521 Sannsynlig: R4 has no ``presumed``; unconfirmed does not overclaim."""
    said = False
    for extension in node.node("verificationStatus").extensions("Presumed"):
        said = extension.flag("valueBoolean") is True or said
    if not said or verification == "refuted":
        return
    made["verificationStatus"] = {
        "coding": [{"system": ALLERGY_VERIFICATION, "code": "unconfirmed"}]
    }
    made.setdefault("note", []).append({"text": "Sannsynlig (presumed)"})
    node.reading.lose(
        node.at("verificationStatus"),
        "7521|2 Sannsynlig",
        Fate.APPROXIMATE,
        "FHIR R4 has no «presumed»: unconfirmed, with a note.",
        ALLERGY,
        "7521",
    )


def _reactions(node: Node) -> list[dict[str, Any]]:
    made = []
    for part in node.nodes("reaction"):
        shown = [c for c in (concept(m, ALLERGY, hint="7497") for m in part.nodes("manifestation"))
                 if c]  # fmt: skip
        substance = concept(part.node("substance"), ALLERGY)
        if not shown and not substance and not part.value.get("description"):
            part.rest(ALLERGY)
            continue
        made.append(pack(
            substance=substance, manifestation=shown or [{"text": "Ukjent reaksjon"}],
            description=part.text("description"), onset=part.moment("onset"),
            severity=part.code("severity", ("mild", "moderate", "severe")),
            exposureRoute=concept(part.node("exposureRoute"), ALLERGY), note=notes(part),
        ))  # fmt: skip
    return made


def condition(node: Node, file: FhirFile, *, hint: str = "7110") -> Resource:
    """Return a Condition (the four KjCondition profiles, or any other).

    Args:
        node: the resource.
        file: where references lead.
        hint: national list that the code is taken from where the source names none.
    """
    clinical, clinical_concept = _status(node, "clinicalStatus", CONDITION_CLINICAL,
                                         _CONDITION_CLINICAL)  # fmt: skip
    _, verified = _status(node, "verificationStatus", CONDITION_VERIFICATION,
                          _CONDITION_VERIFICATION)  # fmt: skip
    code_node = node.node("code")
    code = concept(code_node, PROBLEM, hint=hint, beside=("7513",))
    made = pack(
        resourceType="Condition", clinicalStatus=clinical_concept, verificationStatus=verified,
        category=[c for c in (category(p, "7651", ALERT) for p in node.nodes("category")) if c],
        severity=concept(node.node("severity"), PROBLEM), code=code,
        bodySite=[c for c in (concept(p, PROBLEM) for p in node.nodes("bodySite")) if c],
        subject=file.subject(node.node("subject")), **timed(node, "onset", PROBLEM),
        recordedDate=node.moment("recordedDate"), note=notes(node), evidence=_evidence(node),
    )  # fmt: skip
    for words in aside(
        code_node, "7513", "The consequence of a condition travels as a note.", PROBLEM
    ):
        made.setdefault("note", []).append({"text": f"Konsekvens: {words}"})
    if clinical in ("inactive", "resolved", "remission"):
        made |= timed(node, "abatement", PROBLEM)
    until_note(node, made)
    return made


def _evidence(node: Node) -> list[dict[str, Any]]:
    """Laryngoscopy grade (7515) and mask ventilation (7516), told apart by their list."""
    made = []
    for part in node.nodes("evidence"):
        codes = [c for c in (concept(p, PROBLEM) for p in part.nodes("code")) if c]
        if codes:
            made.append({"code": codes})
    return made
