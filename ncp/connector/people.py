"""Persons: as a CDA document or a FHIR Patient names them, and whether they are who is asked for.

ITI-55: an identifier finds, and what else is given must agree with it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from lxml import etree

from data.errors import InputError, Problem
from ips.identifiers import PERSON_SYSTEMS
from ncp import codes
from ncp.model import Address, PatientId, Person, Traits

_NS = {"v": codes.HL7}
_GENDERS = {"male": "M", "female": "F", "other": "UN", "unknown": "UN"}
_LETTERS = (("æ", "ae"), ("ä", "ae"), ("ø", "oe"), ("ö", "oe"), ("å", "aa"), ("ü", "ue"),
            ("ß", "ss"), ("đ", "d"), ("ŋ", "n"), ("ł", "l"))  # fmt: skip


def person(role: etree._Element, name: str) -> Person:
    """Return the person of a CDA ``patientRole``.

    Raises:
        InputError: without any identifier.
    """
    ids = tuple(
        PatientId(str(one.get("root")), str(one.get("extension")))
        for one in role.iterfind("v:id", _NS) if one.get("root") and one.get("extension")
    )  # fmt: skip
    if not ids:
        raise InputError(Problem("the patient has no identifier", name,
                                 rule="MyHealth@EU recordTarget: id 1..*"))  # fmt: skip
    patient = role.find("v:patient", _NS)

    def texts(path: str) -> list[str]:
        found = role.findall(path, _NS)
        return [" ".join("".join(map(str, one.itertext())).split()) for one in found]

    def first(path: str) -> str:
        return next(filter(None, texts(path)), "")

    def attribute(path: str, key: str) -> str:
        found = patient.find(path, _NS) if patient is not None else None
        return str(found.get(key) or "") if found is not None else ""

    return Person(
        ids, " ".join(texts("v:patient/v:name/v:family")),
        tuple(filter(None, texts("v:patient/v:name/v:given"))),
        attribute("v:administrativeGenderCode", "code"),
        attribute("v:birthTime", "value")[:8],
        Address(first("v:addr/v:streetAddressLine"), first("v:addr/v:city"),
                first("v:addr/v:postalCode"), first("v:addr/v:country")),
    )  # fmt: skip


def person_of_fhir(patient: dict[str, Any], name: str) -> Person:
    """Return the person of a FHIR Patient: national identifiers with OID systems.

    Raises:
        InputError: without an identifier that can be asked for.
    """
    ids = tuple(
        PatientId(str(one["system"]).removeprefix("urn:oid:"), str(one["value"]))
        for one in patient.get("identifier", ())
        if str(one.get("system", "")).startswith("urn:oid:") and one.get("value")
    )  # fmt: skip
    national = {system.removeprefix("urn:oid:") for system in PERSON_SYSTEMS}
    ids = tuple(sorted(ids, key=lambda i: i.root not in national))
    if not ids:
        raise InputError(Problem("the patient has no identifier with an OID", name,
                                 rule="ITI-55: patients are found by identifier"))  # fmt: skip
    names = patient.get("name") or [{}]
    official = next((n for n in names if n.get("use") == "official"), names[0])
    home: dict[str, Any] = next(iter(patient.get("address", ())), {})
    return Person(
        ids, str(official.get("family", "")), tuple(official.get("given", ())),
        _GENDERS.get(str(patient.get("gender", "")), "UN"),
        str(patient.get("birthDate", "")).replace("-", ""),
        Address(", ".join(home.get("line", ())), str(home.get("city", "")),
                str(home.get("postalCode", "")), str(home.get("country", ""))),
    )  # fmt: skip


def agrees(person: Person, traits: Traits) -> bool:
    """Return whether what was asked with fits a person; what was not given fits everyone.

    Names are compared without case and accents, with Nordic and German letters also in their
    spelling of the machine-readable zone (``Ødegård``, ``Oedegaard``). The address does not
    decide: people move, and country B often sends its own.
    """
    given = " ".join(person.given)
    return (
        _same(traits.family, person.family)
        and (_same(traits.given, given) or any(_same(traits.given, one) for one in person.given))
        and traits.gender in ("", "UN", person.gender)
        and _same_day(traits.birth_date, person.birth_date)
    )


def _same(asked: str, known: str) -> bool:
    return not asked.strip() or bool(_spellings(asked) & _spellings(known))


def _spellings(text: str) -> set[str]:
    base = " ".join(re.sub(r"[-'’.]", " ", unicodedata.normalize("NFC", text).casefold()).split())
    long = base
    for letter, spelled in _LETTERS:
        long = long.replace(letter, spelled)
    plain = base.replace("ø", "o").replace("æ", "ae").replace("đ", "d").replace("ł", "l")
    return {_bare(base), _bare(long), _bare(plain)}


def _bare(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _same_day(asked: str, known: str) -> bool:
    """Compare dates as far as both know them: zeros stand for what is unknown (DE, NCPeH)."""
    if not asked.strip("0") or not known:
        return True
    day, mine = asked[:8].ljust(8, "0"), known[:8].ljust(8, "0")
    parts = ((0, 4), (4, 6), (6, 8))
    return all(
        day[a:b] == mine[a:b] or not day[a:b].strip("0") or not mine[a:b].strip("0")
        for a, b in parts
    )  # fmt: skip
