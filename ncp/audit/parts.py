"""Parts of FHIR AuditEvents that the international and the Norwegian form share."""

from __future__ import annotations

from typing import Any

from ncp.audit.message import urn
from ncp.audit.texts import text
from ncp.audit.transaction import Party, Transaction
from ncp.model import PatientId

Json = dict[str, Any]

ENTITY = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
URI = "urn:ietf:rfc:3986"
CATEGORY = "EHDS Article 14(1)"
"""``entity.detail.type`` of the category of data, EHDS Annex II 3.2(c); the value is its letter."""
ORIGIN = "origin"
"""``entity.detail.type`` of a system that the data came from, EHDS Annex II 3.2(e)."""

_REASONS = {"TREATMENT": ("TREAT", "treatment"), "EMERGENCY": ("ETREAT", "Emergency Treatment")}


def coding(system: str, code: str, display: str = "") -> Json:
    """Return a Coding without empty members."""
    members = {"system": system, "code": code, "display": display}
    return {key: value for key, value in members.items() if value}


def concept(system: str, code: str, display: str = "") -> Json:
    """Return a CodeableConcept of one coding."""
    return {"coding": [coding(system, code, display)]}


def purposes(purpose: str) -> list[Json]:
    """Return the purpose of use as HL7 ActReason; one that has no such code stays words."""
    known = _REASONS.get(purpose)
    return [concept(REASON, *known) if known else {"text": purpose}]


def party(service: Party) -> Json:
    """Return a reference to a contact point: by home community, with the certificate's name."""
    who: Json = {"type": "Device"}
    if service.home:
        who["identifier"] = {"system": URI, "value": urn(service.home)}
    who["display"] = service.name or "N/A"
    return who


def network(address: str) -> Json:
    """Return the network member of an agent, or nothing where the address is not known."""
    if not address:
        return {}
    kind = "2" if address.replace(".", "").isdigit() or ":" in address else "1"
    return {"network": {"address": address, "type": kind}}


def audit_source(transaction: Transaction) -> Json:
    """Return who observed the event: the own contact point, an application server."""
    kind = coding("http://terminology.hl7.org/CodeSystem/security-source-type", "4",
                  "Application Server")  # fmt: skip
    return {"site": transaction.source_id, "observer": party(transaction.own), "type": [kind]}


def identifier(patient: PatientId) -> Json:
    """Return a patient's identifier."""
    return {"system": urn(patient.root), "value": patient.extension}


def patient_entity(patient: PatientId) -> Json:
    """Return the person whose data it was."""
    return {
        "what": {"type": "Patient", "identifier": identifier(patient)},
        "type": coding(ENTITY, "1", "Person"),
        "role": coding(ROLE, "1", "Patient"),
    }


def document_entity(unique_id: str) -> Json:
    """Return a document that was listed, fetched or provided."""
    root, _, extension = unique_id.partition("^")
    if extension:
        known = {"system": urn(root), "value": extension}
    else:
        is_oid = root.replace(".", "").isdigit()
        known = {"system": URI, "value": urn(root) if is_oid else root}
    return {
        "what": {"type": "DocumentReference", "identifier": known},
        "type": coding("http://hl7.org/fhir/resource-types", "DocumentReference"),
        "role": coding(ROLE, "3", "Report"),
    }


def object_entity(value: str, name: str, role: str) -> Json:
    """Return another object of the event, such as an assertion."""
    return {
        "what": {"identifier": {"value": value}},
        "type": coding(ENTITY, "2", "System Object"),
        "role": coding(ROLE, role),
        "name": name,
    }


def category_entity(transaction: Transaction) -> Json | None:
    """Return the categories and origins of the data, or None where there are none.

    Neither BALP nor the Norwegian profile has a place of their own for them; EHDS Annex II 3.2(c)
    and (e) ask for them.
    """
    letters, origins = transaction.letters, transaction.origins
    details = [{"type": CATEGORY, "valueString": letter} for letter in letters]
    details += [{"type": ORIGIN, "valueString": origin} for origin in origins]
    if not details:
        return None
    name = "; ".join(text(f"category.{letter}", "en") for letter in letters) or "data"
    return {
        "type": coding(ENTITY, "4", "Other"),
        "role": coding(ROLE, "4", "Domain Resource"),
        "name": name,
        "detail": details,
    }
