"""The head of a document: patient, authors, custodian, signature, contacts, other documents.

Implements CDA R2 header as the MyHealth@EU documents use it (HDR.100 to HDR.110).
"""

from __future__ import annotations

import re

from data.errors import Problem
from ips.cda.read import people, tables
from ips.cda.read.common import HL7
from ips.cda.read.datatypes import Json, concept, identifier, identifiers, moment, period
from ips.cda.read.node import Node, clean
from ips.cda.read.resources import Resources
from ips.loss import Fate
from ips.summary.systems import absent

LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}")
_CARE = frozenset({"PCPR", "ACT", "ENC"})
_CONFIDENTIALITY = frozenset(["U", "L", "M", "N", "R", "V"])
_RELATES = {"XFRM": "transforms", "RPLC": "replaces", "APND": "appends"}
_VERSION = "http://hl7.org/fhir/StructureDefinition/composition-clinicaldocument-versionNumber"
_CONTACT_SYSTEMS = {"PRS": "", "NOK": "NOK", "ECON": "ECON", "GUARD": "GUARD", "AGNT": "AGNT",
                    "CAREGIVER": "CAREGIVER"}  # fmt: skip


def patient(root: Node, problems: list[Problem]) -> Json:
    """Return the content of the Patient.

    Args:
        root: ClinicalDocument.
        problems: gets what makes the document unreadable.
    """
    targets = root.many("recordTarget")
    roles = [role for target in targets if (role := target.one("patientRole"))]
    if len(roles) != 1:
        problems.append(
            Problem(
                "the document names no patient" if not roles else "the document names several "
                "patients", "/ClinicalDocument/recordTarget", "one document, one patient",
                "ask the sender for a document about one patient",
            )
        )  # fmt: skip
        return {}
    role = roles[0]
    content: Json = {}
    ids = identifiers(role)
    if ids:
        content["identifier"] = ids
    content |= people.contacts(role)
    person = role.one("patient")
    if person is not None:
        content |= _person(person)
        _guardians(person, content)
    return content


def _person(person: Node) -> Json:
    content: Json = {}
    names = [made for node in person.many("name") if (made := people.name(node))]
    if names:
        content["name"] = names
    gender = person.one("administrativeGenderCode")
    if gender is not None:
        code = gender.get("code")
        found = tables.meaning("gender", code)
        if found:
            content["gender"] = found.value
            gender.note(code, Fate.EXACT)
        elif code or gender.null:
            content["gender"] = "unknown"
            gender.note(code or gender.null, Fate.APPROXIMATE, "FHIR has no such gender code.")
    birth = moment(person.one("birthTime"))
    if birth:
        content["birthDate"] = birth[:10]
    languages = []
    for node in person.many("languageCommunication"):
        code_node = node.one("languageCode")
        code = code_node.get("code") if code_node else ""
        if code:
            tag = {"coding": [{"system": "urn:ietf:bcp:47", "code": code}]}
            if not LANGUAGE.fullmatch(code):
                node.note(code, Fate.NOT_CARRIED, "This is no language tag (BCP 47).")
                continue
            spoken: Json = {"language": tag}
            preferred = node.one("preferenceInd")
            if preferred is not None and preferred.get("value") in ("true", "false"):
                spoken["preferred"] = preferred.get("value") == "true"
            languages.append(spoken)
    if languages:
        content["communication"] = languages
    return content


def _guardians(person: Node, content: Json) -> None:
    for guardian in person.many("guardian"):
        made: Json = {"relationship": [_role("GUARD")]}
        named = people.name(guardian.at("guardianPerson/name"))
        contact = people.contacts(guardian)
        _contact(made, named, contact)
        organisation = guardian.at("guardianOrganization/name")
        if organisation is not None and organisation.text():
            made.setdefault("name", {"text": clean(organisation.text())})
        if made.keys() - {"relationship"}:
            content.setdefault("contact", []).append(made)


_RELATION = {"NOK": ("N", "Next-of-Kin"), "ECON": ("C", "Emergency Contact")}
"""Role classes that FHIR's preferred list (v2-0131) has too."""


def _role(code: str) -> Json:
    if code in _RELATION:
        other, display = _RELATION[code]
        return {"coding": [{"system": HL7 + "v2-0131", "code": other, "display": display}]}
    return {"coding": [{"system": HL7 + "v3-RoleClass", "code": code}]}


def _contact(made: Json, named: Json, contact: Json) -> None:
    """Fill a Patient.contact, which has one address."""
    if named:
        made["name"] = named
    if contact.get("telecom"):
        made["telecom"] = contact["telecom"]
    if contact.get("address"):
        made["address"] = contact["address"][0]


def participants(root: Node, resources: Resources, patient_content: Json) -> None:
    """Read contacts and the preferred professional into the Patient."""
    for node in root.many("participant"):
        entity = node.one("associatedEntity")
        if entity is None:
            continue
        function = node.one("functionCode")
        role = function.get("code") if function else ""
        kind = entity.get("classCode")
        if role == "PCP" or kind in ("PROV", "ASSIGNED"):
            url = people.entity(entity, resources)
            if function is not None and role:
                function.note(role, Fate.EXACT)
            if url:
                patient_content.setdefault("generalPractitioner", []).append({"reference": url})
            continue
        named = people.name(entity.at("associatedPerson/name"))
        relationship = [_role(kind)] if kind in _CONTACT_SYSTEMS and kind != "PRS" else []
        code = concept(entity.one("code"))
        made: Json = {}
        _contact(made, named, people.contacts(entity))
        organisation = people.organization(entity.one("scopingOrganization"), resources)
        if organisation:
            made["organization"] = {"reference": organisation}
        if made:
            if relationship or code:
                made["relationship"] = [*relationship, *([code] if code else [])]
            patient_content.setdefault("contact", []).append(made)


def authors(root: Node, resources: Resources, made_at: str) -> list[Json]:
    """Return the authors; the reason is told where nobody is named.

    Args:
        root: ClinicalDocument.
        resources: gets the authors.
        made_at: the time of the document, which FHIR has instead of one time for each author.
    """
    found = []
    for node in root.many("author"):
        function = concept(node.one("functionCode"))
        url = people.entity(node.one("assignedAuthor"), resources, function or None)
        time = moment(node.one("time"))
        if time == made_at:
            node.note(time, Fate.EXACT)
        elif time:
            node.note(time, Fate.NOT_CARRIED, "FHIR has one date of the document, not one of "
                      "each author.")  # fmt: skip
        if url and {"reference": url} not in found:
            found.append({"reference": url})
    return found or [{"display": "Not told", **absent()}]


def custodian(root: Node, resources: Resources) -> str:
    """Return the reference of the organisation that keeps the document."""
    return people.organization(
        root.at("custodian/assignedCustodian/representedCustodianOrganization"), resources
    )


def attesters(root: Node, resources: Resources) -> list[Json]:
    """Return who has signed, legally or as a professional."""
    found = []
    for name, mode in (("legalAuthenticator", "legal"), ("authenticator", "professional")):
        for node in root.many(name):
            made: Json = {"mode": mode}
            time = moment(node.one("time"))
            if time:
                made["time"] = time
            signature = node.one("signatureCode")
            if signature is not None:
                signature.get("code")
            url = people.entity(node.one("assignedEntity"), resources)
            if url:
                made["party"] = {"reference": url}
            found.append(made)
    return found


def event(root: Node, resources: Resources) -> list[Json]:
    """Return the care that a summary documents, its last update and who took part."""
    found = []
    for documentation in root.many("documentationOf"):
        node = documentation.one("serviceEvent")
        if node is None:
            continue
        kind = node.get("classCode") or "PCPR"
        care = {"coding": [{"system": HL7 + "v3-ActClass", "code": kind}]}
        made: Json = {"code": [care if kind in _CARE else {"text": clean(kind)}]}
        more = concept(node.one("code"))
        if more:
            made["code"].append(more)
        span = period(node.one("effectiveTime"))
        if span:
            made["period"] = span
        who = []
        for performer in node.many("performer"):
            function = concept(performer.one("functionCode"))
            url = people.entity(performer.one("assignedEntity"), resources, function or None)
            time = period(performer.one("time"))
            if time:
                performer.note(" ".join(time.values()), Fate.NOT_CARRIED,
                               "FHIR keeps the time of the care as a whole only.")  # fmt: skip
            if url:
                who.append({"reference": url})
        if who:
            made["detail"] = who
        found.append(made)
    return found


def related(root: Node) -> list[Json]:
    """Return the documents that this one transforms, replaces or adds to."""
    found = []
    for node in root.many("relatedDocument"):
        code = _RELATES.get(node.get("typeCode"), "")
        parent = node.one("parentDocument")
        for id_ in parent.many("id") if parent else []:
            made = identifier(id_)
            if made and code:
                found.append({"code": code, "targetIdentifier": made})
            elif made:
                id_.note(made["value"], Fate.NOT_CARRIED, "FHIR has no such relation.")
    return found


def facts(root: Node) -> Json:
    """Return confidentiality, title, version and identifiers of the document."""
    result: Json = {}
    secret = root.one("confidentialityCode")
    if secret is not None:
        code = secret.get("code")
        if code in _CONFIDENTIALITY:
            result["confidentiality"] = code
            secret.note(code, Fate.EXACT)
        elif code:
            secret.note(code, Fate.NOT_CARRIED, "FHIR has no such confidentiality.")
    title = root.one("title")
    if title is not None and title.text():
        result["title"] = clean(title.text())
    version = root.one("versionNumber")
    if version is not None and version.get("value"):
        result["extension"] = [{"url": _VERSION, "valueString": clean(version.get("value"))}]
    for name in ("setId", "id"):
        node = root.one(name)
        made = identifier(node) if node is not None else {}
        if made:
            result.setdefault("identifier", made)
    return result
