"""The envelope of KITH messages (Hodemelding 1.2) and base64 inside it.

A message may stand alone, in a MsgHead, or as base64 inside another one (M9.12 carries M25.1 so).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from lxml import etree

from data.errors import InputError
from ips import identifiers, xml
from ips.sources.base import Reading, Resource
from ips.sources.datatypes import pack
from ips.sources.element import Element
from ips.sources.people import People

MAX_NESTING = 4
"""M9.12 holds a MsgHead with an M25.1 with a ReseptDokLegemiddel: three levels."""

_GENDERS = {"1": "male", "2": "female", "0": "unknown", "9": "unknown"}
_CONTAINERS = ("Base64Container", "VarerIBrukB64")


def find(root: etree._Element, wanted: str, reading: Reading, level: int = 0) -> Iterator[Element]:
    """Yield every element of a local name, inside base64 containers too."""
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        if xml.local(element) == wanted:
            yield Element(element, reading)
        elif xml.local(element) in _CONTAINERS and level < MAX_NESTING:
            inner = decoded(Element(element, reading), reading)
            if inner is not None:
                yield from find(inner, wanted, reading, level + 1)


def decoded(container: Element, reading: Reading) -> etree._Element | None:
    """Return the XML in a base64 element; damage is noted as an error."""
    text = "".join(container.value.split())
    if not text:
        return None
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        reading.error("not valid base64", container.path, rule="RFC 4648",
                      remedy="the message is damaged; fetch it again")  # fmt: skip
        return None
    try:
        return xml.parse(content, name=f"{reading.source.name}{container.path}")
    except InputError as error:
        reading.problems += error.problems
        return None


def head_of(element: Element) -> Element:
    """Return the MsgInfo of the message that an element stands in; empty when it has none."""
    here = element.element
    while here is not None and xml.local(here) != "MsgHead":
        here = here.getparent()
    return Element(here, element.reading).child("MsgInfo")


def sender(info: Element, people: People) -> str:
    """Return the reference of the health professional or organisation that sent the message."""
    organisation = info.child("Sender").child("Organisation")
    where = people.place(_number(organisation), organisation.text("OrganisationName"))
    person = organisation.child("HealthcareProfessional")
    name = " ".join(filter(None, (person.text("GivenName"), person.text("MiddleName"),
                                  person.text("FamilyName"))))  # fmt: skip
    return people.person(_number(person), name) or where


def _number(element: Element) -> dict[str, Any]:
    """The best identifier of a person (HPR) or organisation (organisation number before HER)."""
    found: dict[str, dict[str, Any]] = {}
    for part in element.children("Ident"):
        kind, value = part.code("TypeId").code, part.text("Id")
        system = identifiers.normalise_system(kind)
        if value and ":" in system and system not in identifiers.PERSON_SYSTEMS:
            found[system] = {"system": system, "value": value}
    for system in (identifiers.HPR, identifiers.ENH, identifiers.HER, identifiers.RESH):
        if system in found:
            return found[system]
    return next(iter(found.values()), {})


def patient(info: Element) -> Resource | None:
    """Return the Patient of a message head; None when it names none."""
    found = info.child("Patient")
    if not found:
        return None
    numbers = [n for n in (_person_number(part) for part in found.children("Ident")) if n]
    given = [word for word in (found.text("GivenName"), found.text("MiddleName")) if word]
    family = found.text("FamilyName")
    name = pack(text=" ".join([*given, family]).strip(), family=family, given=given)
    return pack(
        resourceType="Patient", identifier=numbers, name=[name] if name else [],
        gender=_GENDERS.get(found.code("Sex").code),
        address=[a for a in map(_address, found.children("Address")) if a],
    )  # fmt: skip


def _person_number(part: Element) -> dict[str, Any]:
    value, kind = part.text("Id"), part.code("TypeId").code
    if not value:
        return {}
    system = identifiers.normalise_system(kind)
    if ":" not in system and system != identifiers.HNR:
        return pack(type=pack(text=part.code("TypeId").display or kind), value=value)
    wrong = identifiers.check(system, value)
    if wrong:
        part.reading.fault(f"identifier: {wrong}", part.path, rule="check digits of the number",
                           remedy="compare with the register")  # fmt: skip
    return {"use": "official", "system": identifiers.kind_of(system, value), "value": value}


def bare_patient(number: str, reading: Reading, place: str) -> Resource | None:
    """Return a Patient who is known by the national number alone (M9.12 ``Fnr``)."""
    if not number:
        return None
    wrong = identifiers.check(identifiers.FNR, number)
    if wrong:
        reading.fault(f"identifier: {wrong}", place, rule="check digits of the number")
    system = identifiers.kind_of(identifiers.FNR, number)
    return {"resourceType": "Patient",
            "identifier": [{"use": "official", "system": system, "value": number}]}  # fmt: skip


def _address(part: Element) -> dict[str, Any]:
    country = part.code("Country").code
    return pack(use="home" if part.code("Type").code in ("H", "HP") else None,
                line=[line for line in (part.text("StreetAdr"),) if line], city=part.text("City"),
                postalCode=part.text("PostalCode"), district=part.code("County").display,
                country=country)  # fmt: skip
