"""The Norwegian trust framework in the audit: the attest, and its AuditEvent profile.

Sources: Tillitsrammeverket, information model v1.1; HL7 Norway hl7.fhir.no.domain.auditevent 0.9.8
(``no-domain-Trustframework-Auditevent``). Numbers stand in ``identifier.value``; the examples of
the guide have them in ``identifier.id`` by mistake.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from ips.identifiers import HPR
from ncp.audit.message import instant, urn
from ncp.audit.parts import (
    audit_source,
    category_entity,
    coding,
    document_entity,
    identifier,
    purposes,
)
from ncp.audit.transaction import CareRelation, Named, Transaction
from ncp.model import Coded, Operation, PatientId

Json = dict[str, Any]

PROFILE = "http://hl7.no/fhir/StructureDefinition/no-domain-Trustframework-Auditevent"
EXTENSION = "http://hl7.no/fhir/StructureDefinition/auditevent-"
_SUBMISSIONS = (Operation.DISPENSE, Operation.DISCARD)


def care_relation(attest: Mapping[str, Any]) -> CareRelation:
    """Return what an attest says about why somebody looks.

    Args:
        attest: ``nhn:tillitsrammeverk:parameters`` with ``practitioner``, ``care_relationship`` (or
            ``care_relation``, as the specification calls it) and ``toa``; members may be absent.
    """
    person = attest.get("practitioner") or {}
    care = attest.get("care_relationship") or attest.get("care_relation") or {}
    decision = care.get("decision_ref") or {}
    attested = attest.get("toa")
    return CareRelation(
        person=_named(person.get("identifier")),
        authorization=_coded(person.get("authorization")),
        legal_entity=_named(person.get("legal_entity")),
        point_of_care=_named(person.get("point_of_care")),
        department=_named(person.get("department")),
        service=_coded(care.get("healthcare_service")),
        purpose=_coded(care.get("purpose_of_use")),
        details=_coded(care.get("purpose_of_use_details")),
        decision_id=str(decision.get("id") or ""),
        decision_text=str(decision.get("description") or ""),
        user_selected=decision.get("user_selected"),
        attested=attested if isinstance(attested, int) else None,
    )


def _named(member: Mapping[str, Any] | None) -> Named:
    member = member or {}
    return Named(*(str(member.get(key) or "") for key in ("system", "id", "name")))


def _coded(member: Mapping[str, Any] | None) -> Coded | None:
    if not member or not member.get("code"):
        return None
    return Coded(str(member["code"]), str(member.get("system") or ""),
                 str(member.get("text") or ""))  # fmt: skip


def is_national(transaction: Transaction) -> bool:
    """Whether a Norwegian contact point audits what a person did with a patient's data."""
    return (
        transaction.own.country == "NO"
        and transaction.professional is not None
        and isinstance(transaction.operation, Operation)
    )


def trust_framework(transaction: Transaction, patient: PatientId) -> Json:
    """Return the AuditEvent of the Norwegian profile; one event has one patient.

    Implements ``no-domain-Trustframework-Auditevent``: agent.who is a PractitionerRole, the patient
    is an extension, the decision and its time are another where the attest has them.
    """
    t = transaction
    contained = _practitioner(t)
    contained.append({"resourceType": "Patient", "id": "patient",
                      "identifier": [identifier(patient)]})  # fmt: skip
    extensions: list[Json] = [
        {"url": EXTENSION + "patient-extension", "valueReference": {"reference": "#patient"}}
    ]
    if t.care and t.care.service:
        contained.append(_encounter(t.care.service))
        extensions.insert(0, {"url": EXTENSION + "encounter-extension",
                              "valueReference": {"reference": "#encounter"}})  # fmt: skip
    if t.care and t.care.attested is not None:
        extensions.append(_decision(t.care))
    name = "|".join((PROFILE, t.side, str(t.operation), t.request_id, instant(t.ended), patient.cx))
    resource: Json = {
        "resourceType": "AuditEvent",
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
        "meta": {"profile": [PROFILE]},
        "contained": contained,
        "extension": extensions,
        "type": coding("http://dicom.nema.org/resources/ontology/DCM", "110110", "Patient Record"),
        "action": "C" if t.operation in _SUBMISSIONS else "R",
        "recorded": instant(t.ended),
        "outcome": str(int(t.outcome)),
        "purposeOfEvent": _purposes(t),
        "agent": [{"who": {"reference": "#role"}, "requestor": True}],
        "source": audit_source(t),
    }
    entities = [document_entity(document) for document in t.documents]
    if category := category_entity(t):
        entities.append(category)
    if entities:
        resource["entity"] = entities
    return resource


def _purposes(transaction: Transaction) -> list[Json]:
    care = transaction.care or CareRelation()
    found: list[Json] = purposes(transaction.why or "TREATMENT")
    if care.details:
        found[0].setdefault("coding", []).append(_plain(care.details))
    return found


def _plain(coded: Coded) -> Json:
    return coding(coded.system, coded.code, coded.display)


def _practitioner(transaction: Transaction) -> list[Json]:
    """Return the role, the person, the organisations and the place, each referenced by another."""
    person, care = transaction.professional, transaction.care or CareRelation()
    assert person is not None
    numbers: list[Json] = []
    if care.person.value:
        numbers.append({"system": care.person.system, "value": care.person.value})
    if person.npi:
        numbers.append({"system": HPR, "value": person.npi} if care.person.value
                       else {"value": person.npi})  # fmt: skip
    if not numbers:
        issuer = {"system": transaction.issuer} if transaction.issuer else {}
        numbers.append({**issuer, "value": person.name_id})
    code = care.authorization or Coded(person.role.code, urn(person.role.system),
                                       person.role.display)  # fmt: skip
    practitioner: Json = {
        "resourceType": "Practitioner", "id": "practitioner", "identifier": numbers,
        "name": [{"text": person.name}],
        "qualification": [{"code": {"coding": [_plain(code)]}}],
    }  # fmt: skip
    role: Json = {"resourceType": "PractitionerRole", "id": "role",
                  "practitioner": {"reference": "#practitioner"}}  # fmt: skip
    found = [practitioner, role]
    entity = care.legal_entity
    if not entity.value and not entity.name:
        entity = Named("", person.organization_id, person.organization)
    legal = _organization("legal-entity", entity)
    department = _organization("department", care.department)
    if department and legal:
        department["partOf"] = {"reference": "#legal-entity"}
    for organization in (legal, department):
        if organization:
            found.append(organization)
            role["organization"] = {"reference": f"#{organization['id']}"}
    return found + _location(transaction, care, role)


def _location(transaction: Transaction, care: CareRelation, role: Json) -> list[Json]:
    """Return the point of care: a place, and the unit that runs it where its number is known."""
    place = transaction.place or care.point_of_care.name
    unit = _organization("point-of-care", care.point_of_care)
    if not place and not unit:
        return []
    location: Json = {"resourceType": "Location", "id": "location"}
    if place:
        location["name"] = place
    if unit:
        location["managingOrganization"] = {"reference": "#point-of-care"}
    role["location"] = [{"reference": "#location"}]
    return [location, *([unit] if unit else [])]


def _organization(name: str, named: Named) -> Json | None:
    if not named.value and not named.name:
        return None
    found: Json = {"resourceType": "Organization", "id": name}
    if named.value:
        system = {"system": named.system} if named.system else {}
        found["identifier"] = [{**system, "value": named.value}]
    if named.name:
        found["name"] = named.name
    return found


def _encounter(service: Coded) -> Json:
    unknown = coding("http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "UNK")
    return {"resourceType": "Encounter", "id": "encounter", "status": "unknown", "class": unknown,
            "serviceType": {"coding": [_plain(service)]}}  # fmt: skip


def _decision(care: CareRelation) -> Json:
    parts: list[Json] = []
    if care.decision_id:
        parts.append({"url": "decision-ref-id", "valueString": care.decision_id})
    if care.decision_text:
        parts.append({"url": "decision-ref-description", "valueString": care.decision_text})
    if care.user_selected is not None:
        parts.append({"url": "decision-ref-user-selected", "valueBoolean": care.user_selected})
    parts.append({"url": "toa", "valueUnsignedInt": care.attested})
    return {"url": EXTENSION + "carerelation-metadata-extension", "extension": parts}
