"""Invented people: patients, clinicians and organisations, as no-basis resources.

no-basis 2.2 Patient, Practitioner, Organization and HumanName (middle name as extension, neither
given nor family); addresses and names that cannot be taken for real ones; no telephone numbers.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field

from ips.generate.codes import HL7, Json, coding, concept

FNR = "urn:oid:2.16.578.1.12.4.1.4.1"
DNR = "urn:oid:2.16.578.1.12.4.1.4.2"
HPR = "urn:oid:2.16.578.1.12.4.1.4.4"
ENH = "urn:oid:2.16.578.1.12.4.1.4.101"
HER = "urn:oid:2.16.578.1.12.4.1.2"
NO_BASIS = "http://hl7.no/fhir/StructureDefinition/"

_NAMESPACE = uuid.UUID("6f1d0c52-8d0e-5e53-9a7b-0c1f7a4e2d11")


@dataclass(frozen=True, slots=True)
class Person:
    """A patient who does not exist."""

    number: str
    given: str
    family: str
    birth: dt.date
    female: bool
    middle: str = ""
    d_number: bool = False
    language: str = "nb"
    interpreter: bool = False
    citizenship: str = "NO"
    marital: str = ""
    next_of_kin: tuple[str, str, str] | None = None
    """Given name, family name and relation (no-basis-family-relation)."""

    @property
    def system(self) -> str:
        """The identifier system of the number."""
        return DNR if self.d_number else FNR

    @property
    def identifier(self) -> Json:
        """The number as a bare FHIR Identifier."""
        return {"system": self.system, "value": self.number}

    @property
    def display(self) -> str:
        """The name as one line."""
        return " ".join(part for part in (self.given, self.middle, self.family) if part)


@dataclass(frozen=True, slots=True)
class Organisation:
    """A health service that does not exist."""

    name: str
    number: str
    her_id: str

    def resource(self, identity: str, profile: str = NO_BASIS + "no-basis-Organization") -> Json:
        """Return the organisation as a FHIR Organization."""
        return {
            "resourceType": "Organization",
            "id": identity,
            "meta": {"profile": [profile]},
            "identifier": [
                {"use": "official", "system": HER, "value": self.her_id},
                {"use": "official", "system": ENH, "value": self.number},
            ],
            "name": self.name,
        }


@dataclass(frozen=True, slots=True)
class Clinician:
    """A health professional who does not exist; ``role`` is a code of list 9060."""

    hpr: str
    given: str
    family: str
    organisation: Organisation
    role: str = "LE"

    @property
    def display(self) -> str:
        """Family name first, as Kjernejournal shows it."""
        return f"{self.family}, {self.given}"

    def resource(self, identity: str, profile: str = NO_BASIS + "no-basis-Practitioner") -> Json:
        """Return the clinician as a FHIR Practitioner."""
        return {
            "resourceType": "Practitioner",
            "id": identity,
            "meta": {"profile": [profile]},
            "identifier": [
                {
                    "use": "official",
                    "type": concept({"system": "http://hl7.no/fhir/NamingSystem/HPR",
                                     "code": "HPR-nummer"}),
                    "system": HPR,
                    "value": self.hpr,
                }
            ],
            "active": True,
            "name": [{"use": "official", "family": self.family, "given": [self.given]}],
        }  # fmt: skip


@dataclass
class Case:
    """One patient with the people around, and ids that are the same in every run."""

    name: str
    person: Person
    clinician: Clinician
    day: dt.date
    """The day on which the sources were fetched; nothing in them is later."""
    _count: dict[str, int] = field(default_factory=dict)

    def uuid(self, kind: str) -> str:
        """Return the next id of a kind: stable for the case, the number and the order."""
        self._count[kind] = count = self._count.get(kind, 0) + 1
        return str(uuid.uuid5(_NAMESPACE, f"{self.name}|{self.person.number}|{kind}|{count}"))

    def instant(self, day: dt.date, hour: int = 9, minute: int = 30) -> str:
        """Return a FHIR dateTime in Norwegian time."""
        return f"{day.isoformat()}T{hour:02}:{minute:02}:00{offset(day)}"

    @property
    def subject(self) -> Json:
        """A FHIR Reference to the patient by number, as Norwegian services write it."""
        return {"type": "Patient", "identifier": self.person.identifier,
                "display": self.person.display}  # fmt: skip


def offset(day: dt.date) -> str:
    """Return the UTC offset of Norway on a day: summer time from late March to late October."""
    start = _last_sunday(day.year, 3)
    end = _last_sunday(day.year, 10)
    return "+02:00" if start <= day < end else "+01:00"


def _last_sunday(year: int, month: int) -> dt.date:
    last = dt.date(year, month, 31)
    return last - dt.timedelta(days=(last.weekday() + 1) % 7)


def patient(case: Case) -> Json:
    """Return ``patient.json``: a no-basis Patient."""
    person = case.person
    kind = ("DNR", "D-nummer") if person.d_number else ("FNR", "Fødselsnummer")
    made: Json = {
        "resourceType": "Patient",
        "id": case.uuid("patient"),
        "meta": {"profile": [NO_BASIS + "no-basis-Patient"]},
        "identifier": [
            {"use": "official", "type": concept(coding("8327", *kind)),
             "system": person.system, "value": person.number}
        ],
        "active": True,
        "name": [_name(person)],
        "gender": "female" if person.female else "male",
        "birthDate": person.birth.isoformat(),
        "address": [_address()],
        "communication": [_language(person)],
        "generalPractitioner": [
            {
                "type": "Practitioner",
                "identifier": {"system": HPR, "value": case.clinician.hpr},
                "display": case.clinician.display,
            }
        ],
    }  # fmt: skip
    extensions = _extensions(person)
    if extensions:
        made["extension"] = extensions
    if person.marital:
        system = "http://hl7.no/fhir/CodeSystem/no-basis-marital-status"
        made["maritalStatus"] = concept({"system": system, "code": person.marital})
    if person.next_of_kin:
        made["contact"] = [_contact(person.next_of_kin)]
    return made


def _name(person: Person) -> Json:
    name: Json = {"use": "official", "family": person.family, "given": [person.given]}
    if person.middle:
        name["extension"] = [
            {"url": NO_BASIS + "no-basis-middlename", "valueString": person.middle}
        ]
    return name


def _address() -> Json:
    # 9999 is no Norwegian postcode, and no place is called Testfjorden kommune.
    return {
        "extension": [{"url": NO_BASIS + "no-basis-address-official", "valueBoolean": True}],
        "use": "home",
        "type": "both",
        "line": ["Eksempelveien 1"],
        "city": "TESTFJORD",
        "district": "Testfjorden",
        "postalCode": "9999",
        "country": "NO",
    }


def _language(person: Person) -> Json:
    return {
        "language": concept({"system": "urn:ietf:bcp:47", "code": person.language}),
        "preferred": True,
    }


def _extensions(person: Person) -> list[Json]:
    made: list[Json] = []
    if person.citizenship != "NO":
        code = {"system": "urn:iso:std:iso:3166", "code": person.citizenship}
        made.append(
            {
                "url": "http://hl7.org/fhir/StructureDefinition/patient-citizenship",
                "extension": [{"url": "code", "valueCodeableConcept": concept(code)}],
            }
        )
    if person.interpreter:
        made.append(
            {
                "url": "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired",
                "valueBoolean": True,
            }
        )
    return made


def _contact(kin: tuple[str, str, str]) -> Json:
    given, family, relation = kin
    system = "http://hl7.no/fhir/CodeSystem/no-basis-family-relation"
    return {
        "relationship": [
            concept(
                {"system": system, "code": relation},
                {"system": HL7 + "v2-0131", "code": "N", "display": "Next-of-Kin"},
            )
        ],
        "name": {"family": family, "given": [given]},
    }
