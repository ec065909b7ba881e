"""Writes the FHIR AuditEvent of an event by IHE's Basic Audit Log Patterns (BALP 1.1.4).

What leaves a country is a Privacy Disclosure at its source, what arrives one at its recipient; a
search over FHIR is a Patient Query; the assertion adds the SAML pattern. A profile is claimed only
when all that it asks for is known.
"""

from __future__ import annotations

import base64
import uuid
from typing import Any

from ncp.audit.message import instant, urn
from ncp.audit.norway import is_national, trust_framework
from ncp.audit.parts import (
    audit_source,
    category_entity,
    coding,
    concept,
    document_entity,
    network,
    object_entity,
    party,
    patient_entity,
    purposes,
)
from ncp.audit.table import EventRow, event
from ncp.audit.transaction import Event, Party, Transaction
from ncp.model import Operation, PatientId

Json = dict[str, Any]

BALP = "https://profiles.ihe.net/ITI/BALP/"
PROFILE = BALP + "StructureDefinition/IHE.BasicAudit."
DCM = "http://dicom.nema.org/resources/ontology/DCM"
DISCLOSE = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
REST = "http://hl7.org/fhir/restful-interaction"
V3 = "http://terminology.hl7.org/CodeSystem/v3-"
SNOMED = "http://snomed.info/sct"
IHE_EVENT = "urn:ihe:event-type-code"
_SAML_CLASSES = "urn:oasis:names:tc:SAML:2.0:ac:classes"
_QUERY = "110112"
_SUBMISSIONS = (Operation.DISPENSE, Operation.DISCARD, Event.PUBLICATION)


def events(transaction: Transaction) -> list[Json]:
    """Return the FHIR R4 AuditEvents of an event, one set for each patient.

    The first of a set follows BALP; where the contact point is Norwegian and a person asked, the
    second follows ``no-domain-Trustframework-Auditevent``. Both carry what EHDS Annex II 3.2 (a)
    to (e) asks for.

    Raises:
        ValueError: the event does not happen on that side.
    """
    row = event(transaction.operation, transaction.side)
    found = []
    for patient in transaction.patients or (None,):
        found.append(_Event(transaction, row, patient).write())
        if patient is not None and is_national(transaction):
            found.append(trust_framework(transaction, patient))
    return found


class _Event:
    """Builds one AuditEvent."""

    def __init__(self, transaction: Transaction, row: EventRow, patient: PatientId | None) -> None:
        self.t = transaction
        self.row = row
        self.patient = patient
        self.disclosure = row.event_id in ("110106", "110107")
        self.submits = transaction.operation in _SUBMISSIONS
        searches = isinstance(transaction.operation, Operation) and row.event_id == _QUERY
        self.rest = searches and transaction.transport == "FHIR"

    def write(self) -> Json:
        t, row = self.t, self.row
        # What is exported is read, what is imported is created, whatever ATNA calls the action.
        action = {"110106": "R", "110107": "C"}.get(row.event_id, row.action)
        resource: Json = {
            "resourceType": "AuditEvent",
            "id": _identity(t, self.patient),
            "type": self._type(),
            "subtype": self._subtypes(),
            "action": action,
            "period": {"start": instant(t.started), "end": instant(t.ended)},
            "recorded": instant(t.ended),
            "outcome": str(int(t.outcome)),
        }
        if t.failure:
            resource["outcomeDesc"] = t.failure
        if t.why:
            resource["purposeOfEvent"] = purposes(t.why)
        resource["agent"] = self._agents()
        resource["source"] = audit_source(t)
        entities = self._entities()
        if entities:
            resource["entity"] = entities
        profiles = self._profiles()
        if profiles:
            resource["meta"] = {"profile": [PROFILE + name for name in profiles]}
        return resource

    def _type(self) -> Json:
        if self.rest:
            return coding("http://terminology.hl7.org/CodeSystem/audit-event-type", "rest")
        code = self.row.event_id if self.disclosure else _QUERY
        return coding(DCM, code, {"110106": "Export", "110107": "Import"}.get(code, "Query"))

    def _subtypes(self) -> list[Json]:
        found = []
        if self.disclosure:
            found.append(coding(DISCLOSE, "disclose"))
        if self.t.transport == "FHIR" and isinstance(self.t.operation, Operation):
            found.append(coding(REST, self._interaction()))
        code = self.row.type_code
        if code.startswith("ITI-"):
            found.append(coding(IHE_EVENT, code, self.row.operation))
        else:  # codes of MyHealth@EU have no registered system
            found.append({"code": code, "display": self.row.operation})
        return found

    def _interaction(self) -> str:
        if self.row.event_id == _QUERY:
            return "search-type"
        return "transaction" if self.submits else "read"

    def _agents(self) -> list[Json]:
        # BALP: the query flows from the client, a document from who holds it.
        to_provider = self.submits or not self.disclosure
        first, last = self.t.consumer, self.t.provider
        source, target = (first, last) if to_provider else (last, first)
        found = [
            self._service("110153", "Source Role ID", source),
            self._service("110152", "Destination Role ID", target),
        ]
        found += self._user()
        if self.disclosure and len(self.t.origins) == 1:
            custodian = {"type": concept(SNOMED, "159541003"), "requestor": False,
                         "who": {"display": self.t.origins[0]}}  # fmt: skip
            found.append(custodian)
        if self.t.next_of_kin:
            kin = self.t.next_of_kin
            found.append({
                "type": concept(V3 + "RoleClass", "NOK"), "requestor": False,
                "who": {"identifier": {"system": urn(kin.root), "value": kin.extension}},
            })  # fmt: skip
        return found

    def _service(self, code: str, display: str, service: Party) -> Json:
        asks = self.t.professional is None and service == self.t.consumer
        agent: Json = {"type": concept(DCM, code, display), "who": party(service),
                       "requestor": asks}  # fmt: skip
        return agent | network(service.address)

    def _user(self) -> list[Json]:
        person = self.t.professional
        if person is None:
            return []
        part = "AUT" if self.submits else "IRCP"
        kinds = [coding(V3 + "ParticipationType", part)]
        if self.t.assertion_id:
            kinds.insert(0, coding(BALP + "CodeSystem/UserAgentTypes", "UserSamlAgent"))
        identifier = {"system": self.t.issuer, "value": person.name_id}
        user: Json = {
            "type": {"coding": kinds},
            "role": [concept(urn(person.role.system), person.role.code, person.role.display)],
            "who": {"identifier": {k: v for k, v in identifier.items() if v},
                    "display": person.name},
            "name": person.name,
            "requestor": True,
        }  # fmt: skip
        if extensions := self._extensions():
            user["extension"] = extensions
        if self.t.place:
            user["location"] = {"display": self.t.place}
        if self.t.assertion_id:
            user["policy"] = [self.t.assertion_id]
        if self.t.why:
            user["purposeOfUse"] = purposes(self.t.why)
        return [user, *self._organizations()]

    def _extensions(self) -> list[Json]:
        assert self.t.professional is not None
        found: list[Json] = []
        if self.t.assurance:
            system, _, code = self.t.assurance.rpartition(":")
            known = concept(system, code) if system == _SAML_CLASSES else {"text": self.t.assurance}
            found.append({"url": BALP + "StructureDefinition/ihe-assuranceLevel",
                          "valueCodeableConcept": known})  # fmt: skip
        other = (
            (BALP + "CodeSystem/OtherIdentifierTypes", "SAML-subject-id", self.t.professional.name),
            ("http://terminology.hl7.org/CodeSystem/v2-0203", "NPI", self.t.professional.npi),
        )
        for system, code, value in other:
            if value:
                found.append({"url": BALP + "StructureDefinition/ihe-otherId",
                              "valueIdentifier": {"type": concept(system, code),
                                                  "value": value}})  # fmt: skip
        return found

    def _organizations(self) -> list[Json]:
        person = self.t.professional
        assert person is not None
        found: list[Json] = []
        if person.organization or person.organization_id:
            who: Json = {}
            if person.organization_id:
                who["identifier"] = {"value": person.organization_id}
            if person.organization:
                who["display"] = person.organization
            found.append({"type": concept(V3 + "RoleClass", "PROV"), "who": who,
                          "requestor": False})  # fmt: skip
        home = person.home_community or self.t.consumer.home
        if home:
            found.append({
                "type": concept("urn:ihe:iti:xca:2010", "homeCommunityId"), "requestor": False,
                "who": {"identifier": {"system": "urn:ietf:rfc:3986", "value": urn(home)}},
            })  # fmt: skip
        return found

    def _entities(self) -> list[Json]:
        t = self.t
        found = [patient_entity(self.patient)] if self.patient else []
        if self.row.event_id == _QUERY and t.query:
            found.append({
                "type": coding("http://terminology.hl7.org/CodeSystem/audit-entity-type", "2"),
                "role": coding("http://terminology.hl7.org/CodeSystem/object-role", "24"),
                "query": base64.b64encode(t.query).decode("ascii"),
            })  # fmt: skip
        found += [document_entity(document) for document in t.documents]
        if t.submission_set:
            found.append(object_entity(t.submission_set, "Submission set", "20"))
        if {"target", "translation"} & set(self.row.objects):
            found += [object_entity(each, self.row.target_name, "13") for each in t.objects]
        if category := category_entity(t):
            found.append(category)
        if t.request_id:
            found.append({
                "type": coding(BALP + "CodeSystem/BasicAuditEntityType", "XrequestId"),
                "what": {"identifier": {"value": t.request_id}},
            })  # fmt: skip
        return found

    def _profiles(self) -> list[str]:
        t = self.t
        connected = bool(t.consumer.address and t.provider.address)
        found = []
        if self.disclosure and connected and self.patient and t.documents:
            own_is_source = (t.side == "A") is not self.submits
            found.append("PrivacyDisclosure." + ("Source" if own_is_source else "Recipient"))
        if self.rest and connected and t.done and t.query:
            found.append("PatientQuery" if self.patient else "Query")
        if t.professional and t.assertion_id:
            # In the comprehensive pattern an organisation has both a name and a number.
            whole = bool(t.professional.organization) == bool(t.professional.organization_id)
            level = "Comprehensive" if whole else "Minimal"
            found.append(f"SAMLaccessTokenUse.{level}")
        return found


def _identity(transaction: Transaction, patient: PatientId | None) -> str:
    """Return an id that is the same whenever the event is written again."""
    parts = (
        transaction.side, str(transaction.operation), transaction.request_id,
        transaction.response_id, instant(transaction.ended), patient.cx if patient else "",
    )  # fmt: skip
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "|".join(parts)))
