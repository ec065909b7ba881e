"""The people of a message (MsgHead 1.2) as the core profiles of HL7 Europe want them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from ips import identifiers
from ips.eresept.envelope import PRESCRIPTION, Message
from ips.eresept.values import coded
from ips.identifiers import PersonNumber
from ips.loss import APPROXIMATE, EXACT, NOT_CARRIED, Loss
from ips.prescription import urls
from ips.prescription.bundle import Collection, Resource
from ips.prescription.notes import PERSONAL, concept, exact, lose
from ips.sources.datatypes import pack
from ips.sources.element import Element

GENDERS = {"1": "male", "2": "female", "0": "unknown", "9": "unknown"}
"""Volven 3101 to FHIR."""

_ADDRESS_USES = {"H": "home", "HP": "home", "WP": "work", "RES": "work", "TMP": "temp"}
_ROUTING = "Routes the message in Norway and says nothing about the prescription."
_NATIONAL = identifiers.PERSON_SYSTEMS - {identifiers.DUF}
_AGENCIES = (identifiers.ENH, identifiers.HER, identifiers.RESH)


def patient(info: Element) -> Resource:
    """Return the Patient (patient-eu-core: a name and a birth date are mandatory there)."""
    found = info.child("Patient")
    if not found:
        info.reading.fault(
            "the message names no patient",
            info.path or info.reading.source.name,
            rule="MsgHead: MsgInfo/Patient",
            remedy="give the whole message",
        )
    numbers = [_person_number(part) for part in found.children("Ident")]
    made = pack(
        resourceType="Patient", meta={"profile": [urls.PATIENT]},
        identifier=[number for number, _ in numbers if number],
        name=[_name(found) or urls.absent()], gender=_gender(found),
        address=[a for a in map(_address, found.children("Address")) if a],
        telecom=[t for t in map(_telecom, found.children("TeleCom")) if t],
    )  # fmt: skip
    days = (read.birth_date for _, read in numbers if read)
    born = _birth_date(next(filter(None, days), None), found)
    return made | (born if born else {"_birthDate": urls.absent()})


def _birth_date(day: dt.date | None, place: Element) -> dict[str, Any]:
    """The message has no birth date; most national numbers carry it."""
    if day:
        place.reading.lose(f"{place.path}/(birth date)", "", APPROXIMATE,
                           "The message has no birth date; it is read out of the national "
                           "number.", PRESCRIPTION)  # fmt: skip
        return {"birthDate": day.isoformat()}
    place.reading.lose(f"{place.path}/(birth date)", "", NOT_CARRIED,
                       "Neither the message nor the number says it; the document says unknown.",
                       PRESCRIPTION)  # fmt: skip
    return {}


def requester(message: Message, into: Collection) -> dict[str, Any]:
    """Return the Reference of who prescribed; people and place are added to the collection."""
    info, resept = message.info, message.body
    organisation = info.child("Sender").child("Organisation")
    person = organisation.child("HealthcareProfessional")
    where = into.add(_organisation(organisation)) if organisation else ""
    who = into.add(_practitioner(person)) if person else ""
    role = concept(person.child("TypeHealthcareProfessional"), "9060")
    specialty = concept(resept.child("Spesialitet"), "7426")
    info.reading.loss.add_later(_left, organisation)
    if not who and not where:
        return urls.absent()
    made = pack(
        resourceType="PractitionerRole", meta={"profile": [urls.ROLE]},
        practitioner={"reference": who} if who else None,
        organization={"reference": where} if where else None,
        code=[role] if role else [], specialty=[specialty] if specialty else [],
    )  # fmt: skip
    return {"reference": into.add(made)}


def _left(part: Element, _: Sequence[Loss]) -> list[Loss]:
    """Return the notes on what nobody asked for; the notebook is used for these alone by now."""
    part.rest(PRESCRIPTION)
    return part.reading.loss.handed_over().items


def envelope(info: Element) -> None:
    """Note what the head of the message holds beside people: routing only."""
    for part in info.given("Type", "MIGversion", "ConversationRef", "Receiver"):
        lose(part, NOT_CARRIED, _ROUTING)


def _organisation(part: Element) -> Resource:
    numbers = [n for n in (_agency_number(i) for i in part.children("Ident")) if n]
    name = exact(part.child("OrganisationName")).value
    addresses = [a for a in map(_address, part.children("Address")) if a]
    if numbers and addresses and not any("country" in a for a in addresses):
        part.reading.lose(
            f"{part.path}/(country)", "NO", APPROXIMATE,
            "The message has no country; the organisation is in a Norwegian register.", ("X1.2",),
        )  # fmt: skip
        addresses[0]["country"] = "NO"
    return pack(
        resourceType="Organization", meta={"profile": [urls.ORGANIZATION]}, identifier=numbers,
        name=name or "(uten navn)",
        telecom=[t for t in map(_telecom, part.children("TeleCom")) if t], address=addresses,
    )  # fmt: skip


def _practitioner(part: Element) -> Resource:
    numbers = []
    for ident in part.children("Ident"):
        kind = identifiers.normalise_system(coded(ident.child("TypeId")).code)
        if kind == identifiers.HPR and ident.text("Id"):
            numbers.append({"system": identifiers.HPR, "value": ident.text("Id")})
            exact(ident)
        else:
            lose(ident, NOT_CARRIED, "Only the HPR number of a health professional leaves "
                 "Norway.", shown="(other number)")  # fmt: skip
    return pack(
        resourceType="Practitioner", meta={"profile": [urls.PRACTITIONER]}, identifier=numbers,
        name=[_name(part) or urls.absent()], gender=_gender(part),
        telecom=[t for t in map(_telecom, part.children("TeleCom")) if t],
        address=[a for a in map(_address, part.children("Address")) if a],
    )  # fmt: skip


def _name(part: Element) -> dict[str, Any]:
    given, middle, family = (part.child(n) for n in ("GivenName", "MiddleName", "FamilyName"))
    for element in (given, family):
        lose(element, EXACT, "", shown=PERSONAL)
    lose(middle, APPROXIMATE, "A Norwegian middle name is neither given nor family name; it "
         "travels as the last given name.", shown=PERSONAL)  # fmt: skip
    return pack(family=family.value, given=[n.value for n in (given, middle) if n.value])


def _gender(part: Element) -> str | None:
    sex = part.child("Sex")
    code = coded(sex).code
    if code in GENDERS:
        exact(sex)
    else:
        lose(sex, NOT_CARRIED, "The code is not in list 3101.", "3101")
    return GENDERS.get(code)


def _person_number(part: Element) -> tuple[dict[str, Any], PersonNumber | None]:
    """Return the Identifier, and what a national number says."""
    value, kind = part.text("Id"), coded(part.child("TypeId"))
    lose(part, EXACT, "", shown="(national number)")
    if not value:
        return {}, None
    system = identifiers.normalise_system(kind.code)
    if ":" not in system and system != identifiers.HNR:
        return pack(type=pack(text=kind.words), value=value), None
    wrong, read = "", None
    if system in _NATIONAL:
        try:
            read = identifiers.person_number(value, local=system == identifiers.HNR)
            system = read.system
        except ValueError as error:
            wrong = str(error)
    else:
        wrong = identifiers.check(system, value)
    if wrong:
        part.reading.fault(f"identifier: {wrong}", part.path, rule="check digits of the number",
                           remedy="compare with the register")  # fmt: skip
    return {"use": "official", "system": system, "value": value}, read


def _agency_number(part: Element) -> dict[str, Any]:
    system = identifiers.normalise_system(coded(part.child("TypeId")).code)
    value = part.text("Id")
    if value and system in _AGENCIES:
        exact(part)
        return {"system": system, "value": value}
    lose(part, NOT_CARRIED, "The kind of number is not used for organisations abroad.")
    return {}


def _address(part: Element) -> dict[str, Any]:
    kind = part.child("Type")
    use = _ADDRESS_USES.get(coded(kind).code)
    if use:
        lose(kind, APPROXIMATE, "FHIR knows home, work and temporary addresses only.", "3401")
    else:
        lose(kind, NOT_CARRIED, "The kind of address has no counterpart in FHIR.", "3401")
    for element in part.given("StreetAdr", "PostalCode", "City", "Country", "Postbox"):
        lose(element, EXACT, "", shown=PERSONAL)
    county = lose(part.child("County"), APPROXIMATE, "The name of the municipality travels, "
                  "its number does not.", "3402", PERSONAL)  # fmt: skip
    return pack(
        use=use, line=[t for t in (part.text("StreetAdr"), part.text("Postbox")) if t],
        city=part.text("City"), district=coded(county).display,
        postalCode=part.text("PostalCode"), country=coded(part.child("Country")).code,
    )  # fmt: skip


def _telecom(part: Element) -> dict[str, Any]:
    written = part.text("TeleAddress")
    lose(part, EXACT, "", shown="(contact point)")
    if not written:
        return {}
    scheme, _, value = written.partition(":")
    systems = {"tel": "phone", "mailto": "email", "fax": "fax"}
    if scheme.lower() in systems and value:
        return {"system": systems[scheme.lower()], "value": value}
    return {"system": "other", "value": written}
