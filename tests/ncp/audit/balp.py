"""IHE's Basic Audit Log Patterns as checks, written from the profiles (BALP 1.1.4), not from us."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
DCM = "http://dicom.nema.org/resources/ontology/DCM"
ENTITY = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
ROLE = "http://terminology.hl7.org/CodeSystem/object-role"


def has(codings: list[Json], system: str, code: str) -> bool:
    return any((c.get("system"), c.get("code")) == (system, code) for c in codings)


def agents(event: Json, system: str, code: str) -> list[Json]:
    return [a for a in event["agent"] if has(a.get("type", {}).get("coding", []), system, code)]


def entities(event: Json, code: str) -> list[Json]:
    return [e for e in event.get("entity", [])
            if (e["type"].get("system"), e["type"]["code"]) == (ENTITY, code)]  # fmt: skip


def patient(event: Json) -> None:
    (found,) = entities(event, "1")
    assert (found["role"]["system"], found["role"]["code"]) == (ROLE, "1")
    assert found["what"].get("type") == "Patient"


def disclosure(event: Json, source: bool) -> None:
    assert "modifierExtension" not in event
    assert has([event["type"]], DCM, "110106" if source else "110107")
    assert event["action"] == ("R" if source else "C")
    lifecycle = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
    assert has(event["subtype"], lifecycle, "disclose")
    assert event["recorded"]
    assert event["outcome"]
    (sender,) = agents(event, DCM, "110153")
    (receiver,) = agents(event, DCM, "110152")
    for agent in (sender, receiver):
        assert agent["who"]
        assert agent["network"]["address"]
    # val-audit-source
    assert (sender if source else receiver)["who"] == event["source"]["observer"]
    custodians = agents(event, "http://snomed.info/sct", "159541003")
    assert len(custodians) <= 1
    assert len(event["entity"]) >= 2
    patient(event)


def patient_query(event: Json) -> None:
    assert has([event["type"]], "http://terminology.hl7.org/CodeSystem/audit-event-type", "rest")
    assert has(event["subtype"], "http://hl7.org/fhir/restful-interaction", "search-type")
    assert (event["action"], event["outcome"]) == ("E", "0")
    for code in ("110153", "110152"):
        (agent,) = agents(event, DCM, code)
        assert agent["who"]
        assert agent["network"]
        assert "media" not in agent
    users = agents(event, "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP")
    assert len(users) <= 1
    (query,) = entities(event, "2")
    assert (query["role"]["system"], query["role"]["code"]) == (ROLE, "24")
    assert query["query"]
    assert not {"what", "lifecycle", "detail"} & set(query)
    patient(event)


def saml(event: Json, comprehensive: bool) -> None:
    types = "https://profiles.ihe.net/ITI/BALP/CodeSystem/UserAgentTypes"
    users = agents(event, types, "UserSamlAgent")
    assert users
    for user in users:
        assert user["who"]["identifier"]["value"]
        assert user["requestor"] is True
        assert len(user["policy"]) == 1
        assert not {"altId", "media", "network"} & set(user)
    if not comprehensive:
        return
    for agent in agents(event, "http://terminology.hl7.org/CodeSystem/v3-RoleClass", "PROV"):
        assert agent["who"]["display"]
        assert agent["who"]["identifier"]["value"]
        bare(agent)
    for agent in agents(event, "urn:ihe:iti:xca:2010", "homeCommunityId"):
        assert agent["who"]["identifier"]
        bare(agent)


def bare(agent: Json) -> None:
    forbidden = {"role", "altId", "name", "location", "policy", "media", "network", "purposeOfUse"}
    assert not forbidden & set(agent)
    assert agent["requestor"] is False


PROFILES = {
    "PrivacyDisclosure.Source": lambda event: disclosure(event, True),
    "PrivacyDisclosure.Recipient": lambda event: disclosure(event, False),
    "PatientQuery": patient_query,
    "SAMLaccessTokenUse.Minimal": lambda event: saml(event, False),
    "SAMLaccessTokenUse.Comprehensive": lambda event: saml(event, True),
}
