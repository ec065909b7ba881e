"""Patients and documents of a country as FHIR resources.

Sources: MyHealth@EU NCPeH API 9.1.0 (PatientMinimalMyHealthEu, DocumentReferenceMyHealthEu);
hl7.eu/fhir/health-data-api 1.0.0-ballot (DocumentReference: subject, date, custodian); FHIR R4.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence

from ncp.audit.transaction import CATEGORY_OF_KIND
from ncp.codes import ATC, EDQM, HL7_CONFIDENTIALITY
from ncp.fhir import names
from ncp.fhir.wire import FHIR_JSON, Json
from ncp.model import Coded, DocumentEntry, Person
from ncp.tables import document_kinds

LOINC = "http://loinc.org"
URI = "urn:ietf:rfc:3986"
PRIORITY = "http://hl7.eu/fhir/health-data-api/CodeSystem/eehrxf-document-priority-category-cs"
PDF = "application/pdf"
GENDERS = {"M": "male", "F": "female", "UN": "other"}
_CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
_PRIORITIES = {
    "a": ("Patient-Summaries", "patient summaries"),
    "b": ("Electronic-Prescriptions", "electronic prescriptions"),
    "c": ("Electronic-Dispensations", "electronic dispensations"),
    "d": ("Medical-Imaging", "medical imaging studies and related imaging reports"),
    "e": ("Laboratory-Reports", "medical test results, including laboratory and other diagnostic "
          "results and related reports"),
    "f": ("Discharge-Reports", "discharge reports"),
}  # fmt: skip
_SYSTEMS = {
    ATC: "http://www.whocc.no/atc",
    EDQM: "http://standardterms.edqm.eu",
    HL7_CONFIDENTIALITY: _CONFIDENTIALITY,
}
_OID = re.compile(r"[0-2](\.(0|[1-9]\d*))+")


def patient(person: Person, *, address: bool = False) -> Json:
    """Return a Patient with the minimal data of identification.

    Args:
        person: who.
        address: the address too (EHR side).
    """
    made: Json = {
        "resourceType": "Patient",
        "id": names.of_patient(person.ids[0]).id,
        "identifier": [{"system": f"urn:oid:{i.root}", "value": i.extension} for i in person.ids],
        "active": True,
        "name": [{k: v for k, v in (("use", "official"), ("family", person.family),
                                    ("given", list(person.given))) if v}],
    }  # fmt: skip
    if person.gender:
        made["gender"] = GENDERS.get(person.gender, "unknown")
    if birth := _date(person.birth_date):
        made["birthDate"] = birth
    home = person.address
    parts = {"line": [home.street] if home.street else [], "city": home.city,
             "postalCode": home.postal_code, "country": home.country}  # fmt: skip
    if address and any(parts.values()):
        made["address"] = [{key: value for key, value in parts.items() if value}]
    return made


def reference(entries: Sequence[DocumentEntry], base: str, person: Person | None = None) -> Json:
    """Return the DocumentReference of one document.

    Args:
        entries: its levels, the structured one first.
        base: URL of the interface, for the attachments.
        person: the patient, for the name.
    """
    entry = entries[0]
    kind = document_kinds()[entry.kind]
    made: Json = {
        "resourceType": "DocumentReference",
        "id": names.of_entry(entry).id,
        "masterIdentifier": identifier(entry.unique_id),
        "status": "current",
        "docStatus": "final",
        "type": type_of(entry),
        "subject": _subject(entry, person),
        "date": instant(entry.created),
        "custodian": {"display": entry.author_institution or f"Contact point of {entry.country}"},
        "description": entry.description or kind.title,
        "securityLabel": [_concept(_CONFIDENTIALITY, entry.confidentiality)],
        "content": [_content(one, base) for one in entries],
    }
    if letter := CATEGORY_OF_KIND.get(entry.kind):
        made["category"] = [_concept(PRIORITY, *_PRIORITIES[letter])]
    authors = [a for a in (entry.author_person, entry.author_institution) if a]
    if authors:
        made["author"] = [{"display": one} for one in authors]
    if entry.events:
        made["context"] = {"event": [_event(one) for one in entry.events]}
    return made


def type_of(entry: DocumentEntry) -> Json:
    """Return the kind of a document: LOINC, or the code that MyHealth@EU has minted."""
    kind = document_kinds()[entry.kind]
    loinc = re.fullmatch(r"\d+-\d", entry.kind)
    coding = {"system": LOINC, "code": str(entry.kind)} if loinc else {"code": str(entry.kind)}
    return {"coding": [coding], "text": kind.title}


def identifier(unique_id: str) -> Json:
    """Return the identifier of a document: ``root^extension``, or an OID alone."""
    root, _, extension = unique_id.partition("^")
    if not extension and _OID.fullmatch(root):
        return {"system": URI, "value": f"urn:oid:{root}"}
    return {"system": f"urn:oid:{root}", "value": extension} if extension else {"value": root}


def instant(moment: dt.datetime) -> str:
    """Return an instant of FHIR, UTC to the second."""
    return f"{moment.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def searchset(
    resources: Iterable[Json], base: str, link: str, outcome: Json | None = None, *,
    total: int | None = None, following: str = "",
) -> Json:  # fmt: skip
    """Return a Bundle with what a search found.

    Args:
        resources: the matches on this page.
        base: URL of the interface.
        link: what was searched, below the base.
        outcome: notes beside the matches.
        total: how many matches there are on all pages; those on this one without it.
        following: the next page, below the base; empty where this is the last.
    """
    found = list(resources)
    entries = [{"fullUrl": f"{base}/{one['resourceType']}/{one['id']}", "resource": one,
                "search": {"mode": "match"}} for one in found]  # fmt: skip
    if outcome:
        named = {"id": "outcome", **outcome}
        entries.append({"fullUrl": f"{base}/OperationOutcome/outcome", "resource": named,
                        "search": {"mode": "outcome"}})  # fmt: skip
    links = [{"relation": name, "url": f"{base}/{url}"}
             for name, url in (("self", link), ("next", following)) if url]  # fmt: skip
    made: Json = {"resourceType": "Bundle", "type": "searchset",
                  "total": len(found) if total is None else total, "link": links}  # fmt: skip
    return {**made, "entry": entries} if entries else made


def only(resource: Json, elements: Sequence[str]) -> Json:
    """Return a resource with the elements that ``_elements`` names (and those it cannot lack)."""
    if not elements:
        return resource
    kept = {"resourceType", "id", *elements}
    if resource["resourceType"] == "DocumentReference":
        kept |= {"status", "content"}
    made = {key: value for key, value in resource.items() if key in kept}
    made["meta"] = {"tag": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
                             "code": "SUBSETTED"}]}  # fmt: skip
    return made


def _subject(entry: DocumentEntry, person: Person | None) -> Json:
    named = {"type": "Patient", "identifier": {
        "system": f"urn:oid:{entry.patient.root}", "value": entry.patient.extension}}  # fmt: skip
    whose = names.of_patient(person.ids[0] if person else entry.patient).id
    return {"reference": f"Patient/{whose}", **named}


def _content(entry: DocumentEntry, base: str) -> Json:
    identity = names.of_entry(entry).id
    media, where = media_of(entry), "Bundle" if media_of(entry) == FHIR_JSON else "Binary"
    attachment = {"contentType": media, "language": entry.language,
                  "url": f"{base}/{where}/{identity}", "title": entry.title,
                  "creation": instant(entry.created)}  # fmt: skip
    return {"attachment": {key: value for key, value in attachment.items() if value}}


def media_of(entry: DocumentEntry) -> str:
    """Return what a level of a document is over FHIR: a Bundle, or the original file."""
    return FHIR_JSON if entry.level == 3 else media_of_original(entry.format_code)


def media_of_original(format_code: str) -> str:
    """Return the type of the file in a document without structure."""
    for name in ("png", "jpeg"):
        if f":{name}:" in format_code:
            return f"image/{name}"
    return PDF


def _event(coded: Coded) -> Json:
    system = _SYSTEMS.get(coded.system, f"urn:oid:{coded.system}"
                          if _OID.fullmatch(coded.system) else "")  # fmt: skip
    if not system:
        return {"text": coded.display or coded.code}
    return _concept(system, coded.code, coded.display)


def _concept(system: str, code: str, display: str = "") -> Json:
    coding = {"system": system, "code": code, **({"display": display} if display else {})}
    return {"coding": [coding]}


def _date(digits: str) -> str:
    """Return ``yyyyMMdd`` as a FHIR date, only as far as it is known."""
    if not re.fullmatch(r"\d{4,8}", digits) or digits.startswith("0000"):
        return ""
    parts = [digits[:4]]
    for part in (digits[4:6], digits[6:8]):
        if part in ("", "00"):
            break
        parts.append(part)
    return "-".join(parts)
