"""The header of a document, in the order of the CDA schema (eHDSI header templates HDR.100-110)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ips.cda.names import Document, oid_of, pairs
from ips.cda.write import dispensation
from ips.cda.write.context import Context, Resource
from ips.cda.write.datatypes import (
    LOINC,
    addresses,
    human_name,
    moment,
    pair,
    person,
    telecoms,
    time,
)
from ips.cda.write.element import Element, add, templates
from ips.cda.write.people import (
    Party,
    author,
    custodian_organization,
    entity,
    function_code,
    patient_identifiers,
)
from ips.loss import Fate

_REGIONS = {"nb": "nb-NO", "nn": "nn-NO", "no": "no-NO", "en": "en-GB", "da": "da-DK",
            "sv": "sv-SE", "se": "se-NO", "fi": "fi-FI"}  # fmt: skip
"""Language tags of eHDSILanguage name a country; a bare language gets the one of its home."""

_LEVELS = {"N": "normal", "R": "restricted", "V": "very restricted"}
_PROFESSION = ("The source does not say the prescriber's profession in ISCO-08, which MyHealth@EU "
               "requires (author/functionCode).")  # fmt: skip
_PREFERRED = "1.3.6.1.4.1.19376.1.5.3.1.2.4"


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes one document and its twin of the other level.

    Attributes:
        own: id of this document, an OID.
        twin: id of the document of the other level.
        both: id of the set, the same for both.
        dispense: the dispensation that the document tells of; None for other documents.
    """

    own: str
    twin: str
    both: str
    dispense: Resource | None = None


def write(
    parent: Element, kind: Document, identity: Identity, composition: Resource, patient: Resource,
    context: Context,
) -> None:  # fmt: skip
    """Append the whole header to ``ClinicalDocument``."""
    _identity(parent, kind, identity, composition, context)
    _record_target(parent, patient, context)
    _authors(parent, kind, composition, context)
    _custodian(parent, composition, context)
    _authenticator(parent, composition, context)
    _participants(parent, patient, context)
    if identity.dispense:
        dispensation.order(parent, identity.dispense, context)
    if kind.key == "ps":
        _service_event(parent, composition, context)
    related = add(parent, "relatedDocument", typeCode="XFRM")
    add(add(related, "parentDocument"), "id", root=identity.twin)


def _identity(
    parent: Element, kind: Document, identity: Identity, composition: Resource, context: Context
) -> None:
    add(parent, "typeId", root="2.16.840.1.113883.1.3", extension="POCD_HD000040")
    templates(parent, kind.template)
    add(parent, "id", root=identity.own)
    oid, name = oid_of(LOINC)
    add(parent, "code", code=kind.loinc, codeSystem=oid, codeSystemName=name,
        displayName=kind.display)  # fmt: skip
    add(parent, "title", kind.titles[context.lang])
    date = moment(composition.get("date"))
    if len(date) == 8:
        date += "000000+0000"  # the time zone is mandatory; a bare day has none
        context.note("Composition.date", composition.get("date"), Fate.APPROXIMATE,
                     "The day has no time; midnight UTC is written.")  # fmt: skip
    add(parent, "effectiveTime", value=date)
    level = str(composition.get("confidentiality") or "N")
    level = level if re.fullmatch(r"[A-Z]{1,3}", level) else "N"
    add(parent, "confidentialityCode", code=level, codeSystem="2.16.840.1.113883.5.25",
        displayName=_LEVELS.get(level, ""))  # fmt: skip
    add(parent, "languageCode", code=document_language(composition))
    add(parent, "setId", root=identity.both)


def document_language(composition: Resource) -> str:
    """Return the language of the document with its country (eHDSILanguage); Norwegian if unsaid."""
    return region(str(composition.get("language") or "nb-NO"))


def region(tag: str) -> str:
    """Return a language tag with a country; ``und`` for what is no tag."""
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", tag):
        return "und"
    return tag if "-" in tag else _REGIONS.get(tag.lower(), f"{tag.lower()}-{tag.upper()}")


def _record_target(parent: Element, patient: Resource, context: Context) -> None:
    role = add(add(parent, "recordTarget"), "patientRole")
    patient_identifiers(role, patient)
    addresses(role, patient, most=9)
    telecoms(role, patient)
    one = person(role, "patient", patient)
    _gender(one, patient, context)
    birth = moment(patient.get("birthDate"))
    add(one, "birthTime", value=birth) if birth else add(one, "birthTime", nullFlavor="UNK")
    languages = patient.get("communication", ())
    for spoken in languages:
        codes = [c.get("code") for c in spoken.get("language", {}).get("coding", ())]
        if codes and codes[0]:
            said = add(one, "languageCommunication")
            add(said, "languageCode", code=region(str(codes[0])))
            if "preferred" in spoken:
                add(said, "preferenceInd", value="true" if spoken["preferred"] else "false")
    context.account(
        "Patient", patient,
        ("identifier", "name", "gender", "birthDate", "address", "telecom", "communication",
         "contact", "generalPractitioner"),
        obligations=("X1.1.1", "X1.1.2"),
    )  # fmt: skip


def _gender(parent: Element, patient: Resource, context: Context) -> None:
    gender = str(patient.get("gender") or "")
    found = pairs("gender").get(gender)
    if found is None:
        add(parent, "administrativeGenderCode", nullFlavor="UNK")
        return
    pair(parent, "administrativeGenderCode", found, context)
    context.note("Patient.gender", gender, Fate.EXACT if found.exact else Fate.APPROXIMATE,
                 found.reason, obligations=("X1.1.1",))  # fmt: skip


def _authors(parent: Element, kind: Document, composition: Resource, context: Context) -> None:
    written, professed = 0, False
    for reference in composition.get("author", ()):
        party = Party(reference, context)
        if party:
            author(parent, party, composition.get("date"))
            written += 1
            professed = professed or party.function() is not None
    if kind.key == "ep" and not professed:
        context.note("Composition.author.code", "", Fate.NOT_CARRIED, _PROFESSION,
                     obligations=("X1.2",))  # fmt: skip
    if not written:
        element = add(parent, "author")
        time(element, "time", composition.get("date"))
        add(add(element, "assignedAuthor"), "id", nullFlavor="NI")


def _custodian(parent: Element, composition: Resource, context: Context) -> None:
    made = add(add(parent, "custodian"), "assignedCustodian")
    custodian_organization(made, _keeper(composition, context))


def _keeper(composition: Resource, context: Context) -> Resource:
    """Return the custodian; where none is named, the organisation of an author."""
    found = context.resolve(composition.get("custodian"))
    if found:
        return found
    for reference in composition.get("author", ()):
        party = Party(reference, context)
        if party.organization:
            return party.organization
    return {}


def _authenticator(parent: Element, composition: Resource, context: Context) -> None:
    """Append who answers for the document: the legal attester, else the custodian.

    A summary that a program assembled has no signature of a clinician; the organisation that keeps
    it is then the one that answers.
    """
    attesters = [a for a in composition.get("attester", ()) if a.get("party")]
    attesters.sort(key=lambda one: one.get("mode") != "legal")
    chosen = attesters[0] if attesters else {}
    party = Party(chosen.get("party"), context)
    if not party:
        party.organization = _keeper(composition, context)
    element = add(parent, "legalAuthenticator")
    time(element, "time", chosen.get("time") or composition.get("date"))
    add(element, "signatureCode", code="S")
    entity(element, party)


def _participants(parent: Element, patient: Resource, context: Context) -> None:
    for reference in patient.get("generalPractitioner", ()):
        party = Party(reference, context)
        if party:
            _preferred(parent, party)
    for number, contact in enumerate(patient.get("contact", ())):
        _contact(parent, contact, f"Patient.contact[{number}]", context)


def _preferred(parent: Element, party: Party) -> None:
    """Append the preferred health professional or organisation to ask about the patient."""
    element = add(parent, "participant", typeCode="IND")
    templates(element, _PREFERRED)
    add(element, "functionCode", code="PCP", codeSystem="2.16.840.1.113883.5.88",
        displayName="primary care physician")  # fmt: skip
    made = add(element, "associatedEntity", class_="PRS")
    contact = party.role if party.role.get("telecom") else party.person or party.organization
    addresses(made, party.person or party.organization)
    telecoms(made, contact)
    if party.person or party.display:
        person(made, "associatedPerson", party.person or {"name": [{"text": party.display}]})
    if party.organization:
        scoping = add(made, "scopingOrganization")
        add(scoping, "name", str(party.organization.get("name") or ""))


def _contact(parent: Element, contact: Resource, path: str, context: Context) -> None:
    element = add(parent, "participant", typeCode="IND")
    templates(element, _PREFERRED)
    made = add(element, "associatedEntity", class_="NOK")
    _relation(made, contact, path, context)
    addresses(made, contact)
    telecoms(made, contact)
    names = contact.get("name")
    if isinstance(names, dict):
        human_name(add(made, "associatedPerson"), names)
    context.account(path, contact, ("relationship", "name", "telecom", "address"))


def _relation(parent: Element, contact: Resource, path: str, context: Context) -> None:
    """Append the relationship in RoleCode, from the national list or from RoleCode itself."""
    known = pairs("relation")
    by_code = {one.code: one for one in known.values()}
    for concept in contact.get("relationship", ()):
        for coding in concept.get("coding", ()):
            value = str(coding.get("code") or "")
            found = known.get(value) or by_code.get(value)
            if found:
                pair(parent, "code", found, context)
                context.note(f"{path}.relationship", value, Fate.EXACT)
                return
    if contact.get("relationship"):
        context.note(f"{path}.relationship", contact["relationship"], Fate.NOT_CARRIED,
                     "The relationship has no counterpart in the European list.")  # fmt: skip


def _service_event(parent: Element, composition: Resource, context: Context) -> None:
    """Append what the summary documents: care up to its last update (EHDS Annex I)."""
    event = add(add(parent, "documentationOf"), "serviceEvent", class_="PCPR", moodCode="EVN")
    period: Any = next((e["period"] for e in composition.get("event", ()) if e.get("period")), {})
    span = add(event, "effectiveTime")
    if moment(period.get("start")):
        add(span, "low", value=moment(period["start"]))
    add(span, "high", value=moment(period.get("end")) or moment(composition.get("date")))
    for reference in composition.get("author", ()):
        party = Party(reference, context)
        if party.person:
            performer = add(event, "performer", typeCode="PPRF")
            function_code(performer, party)
            entity(performer, party)
