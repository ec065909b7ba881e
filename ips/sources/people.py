"""Patients, health professionals and organisations of a source (no-basis 2.2).

Professionals are written in many ways: as resources, contained, or only as an identifier with a
name beside it. Each becomes one Practitioner, Organization and PractitionerRole, told apart by the
HPR number and the organisation's number, or by name where there is no number.
"""

from __future__ import annotations

import re
from typing import Any

from ips import identifiers
from ips.loss import Fate, LossReport
from ips.sources.base import CONTACT, PERSONAL, Reading, Resource
from ips.sources.codes import concept, national
from ips.sources.datatypes import address, human_name, identifier, pack, period, telecom
from ips.sources.node import Node

_GENDERS = ("male", "female", "other", "unknown")
_TAIL = re.compile(r",?\s*(?:HPR|HER|\+?\d)[^,]*$")


class People:
    """The people of one source, each once."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self._known: dict[tuple[str, ...], str] = {}

    def practitioner(self, node: Node, wanted_id: str = "") -> str:
        """Take in a Practitioner resource and return its reference."""
        numbers = [part for part in map(identifier, node.nodes("identifier")) if part]
        public = [n for n in numbers if n.get("system") not in identifiers.PERSON_SYSTEMS]
        if len(public) < len(numbers):
            self.reading.lose(node.at("identifier"), "(national identity number)", Fate.NOT_CARRIED,
                              "The health professional's own identity number stays in Norway.",
                              PERSONAL)  # fmt: skip
        names = [part for part in map(human_name, node.nodes("name")) if part]
        made = pack(
            resourceType="Practitioner", identifier=public, active=node.flag("active"),
            name=names, telecom=[t for t in map(telecom, node.nodes("telecom")) if t],
            gender=node.code("gender", _GENDERS), qualification=_qualifications(node),
        )  # fmt: skip
        node.set_aside("birthDate", "The health professional's birth date stays in Norway.")
        return self._once(made, wanted_id or str(node.value.get("id", "")))

    def organization(self, node: Node, wanted_id: str = "") -> str:
        """Take in an Organization resource and return its reference."""
        made = pack(
            resourceType="Organization",
            identifier=[part for part in map(identifier, node.nodes("identifier")) if part],
            active=node.flag("active"),
            type=[c for c in map(concept, node.nodes("type")) if c],
            name=node.text("name"),
            telecom=[t for t in map(telecom, node.nodes("telecom")) if t],
            address=[a for a in map(address, node.nodes("address")) if a],
        )
        if "name" not in made:
            made["name"] = _unnamed(made)
        return self._once(made, wanted_id or str(node.value.get("id", "")))

    def role(self, node: Node, practitioner: str = "", organization: str = "") -> str:
        """Take in a PractitionerRole, bare or contained, and return its reference.

        Args:
            node: the PractitionerRole.
            practitioner: reference of its Practitioner, where the source has one as a resource.
            organization: reference of its Organization, likewise.
        """
        who = practitioner or self.named_practitioner(node.node("practitioner"))
        where = organization or self.named_organization(node.node("organization"))
        node.skip("practitioner", "organization")
        codes = [c for c in (concept(part, hint="9060") for part in node.nodes("code")) if c]
        specialties = [c for c in map(concept, node.nodes("specialty")) if c]
        if not who and not where:
            return ""
        if not who:
            return where
        made = pack(
            resourceType="PractitionerRole",
            practitioner={"reference": who},
            organization={"reference": where} if where else None,
            code=codes, specialty=specialties, period=period(node.node("period")),
        )  # fmt: skip
        return self._once(made, str(node.value.get("id", "")))

    def named_practitioner(self, node: Node) -> str:
        """Return the Practitioner behind a Reference that only carries identifier and display."""
        number, name = identifier(node.node("identifier")), node.text("display")
        node.skip("reference", "type")
        return self.person(number, name)

    def person(self, number: dict[str, Any], name: str) -> str:
        """Return the Practitioner with a number and a written name; empty when neither is given."""
        if number.get("system") in identifiers.PERSON_SYSTEMS:
            number = {}
        shown = _TAIL.sub("", name).strip(" ,")
        if not number and not shown:
            return ""
        made = pack(
            resourceType="Practitioner",
            identifier=[number] if number else [],
            name=[written_name(shown)] if shown else [{"text": "(ukjent navn)"}],
        )
        return self._once(made, "")

    def named_organization(self, node: Node) -> str:
        """Return the Organization behind a Reference that only carries identifier and display."""
        number, name = identifier(node.node("identifier")), node.text("display")
        node.skip("reference", "type")
        return self.place(number, name)

    def place(self, number: dict[str, Any], name: str) -> str:
        """Return the Organization with a number and a name; empty when neither is given."""
        if not number and not name:
            return ""
        made = pack(resourceType="Organization", identifier=[number] if number else [], name=name)
        if "name" not in made:
            made["name"] = _unnamed(made)
        return self._once(made, "")

    def join(self, who: str, where: str, category: str) -> str:
        """Return the PractitionerRole of a professional at a place, with a category of 9060."""
        if not where and not category:
            return who
        notes = LossReport()
        code = national("PractitionerRole.code", "9060", category, "", notes) if category else {}
        made = pack(
            resourceType="PractitionerRole",
            practitioner={"reference": who},
            organization={"reference": where} if where else None,
            code=[code] if code else [],
        )
        if _key(made) not in self._known:
            self.reading.loss.extend(notes)
        return self._once(made, "")

    def _once(self, made: Resource, wanted_id: str) -> str:
        key = _key(made)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self.reading.add(made, wanted_id)
        return known


def _key(made: Resource) -> tuple[str, ...]:
    kind = str(made["resourceType"])
    if kind == "PractitionerRole":
        codes = sorted(c["code"] for part in made.get("code", []) for c in part.get("coding", [])
                       if "code" in c)  # fmt: skip
        return (kind, made["practitioner"]["reference"],
                made.get("organization", {}).get("reference", ""), *codes)  # fmt: skip
    numbers = sorted(f"{i.get('system', '')}|{i['value']}" for i in made.get("identifier", []))
    if numbers:
        return (kind, numbers[0])
    name = made.get("name", "")
    return (kind, name if isinstance(name, str) else str(name))


def _unnamed(made: Resource) -> str:
    """An organisation must have a name (Organization-uv-ips); without one, its number names it."""
    labels = {identifiers.HER: "HER-id", identifiers.ENH: "Org.nr.", identifiers.RESH: "RESH-id"}
    for number in made.get("identifier", []):
        return f"{labels.get(number.get('system', ''), 'Id')} {number['value']}"
    return "(ukjent virksomhet)"


def _qualifications(node: Node) -> list[dict[str, Any]]:
    made = []
    for part in node.nodes("qualification"):
        part.skip("identifier", "issuer")
        code = concept(part.node("code"), hint="9060")
        if code:
            made.append(pack(code=code, period=period(part.node("period"))))
    return made


def written_name(text: str) -> dict[str, Any]:
    """Return a HumanName out of one line: «Family, Given» or «Given Family»."""
    family, comma, given = text.partition(",")
    if comma and family.strip() and given.strip():
        return {"text": text, "family": family.strip(), "given": given.split()}
    words = text.split()
    if len(words) > 1:
        return {"text": text, "family": words[-1], "given": words[:-1]}
    return {"text": text, "family": text}


def patient(node: Node, people: People) -> Resource:
    """Return the FHIR Patient of a no-basis Patient (or sfm-Patient).

    A birth date that the identity number contradicts is doubtful, not wrong: numbers issued from
    2032 carry none, and corrected birth dates keep their number.
    """
    numbers = [part for part in map(identifier, node.nodes("identifier")) if part]
    for number in numbers:
        node.reading.exact(node.at("identifier"), number.get("system", ""), PERSONAL)
    birth = node.date("birthDate")
    _compare_birth(node, numbers, birth)
    made = pack(
        resourceType="Patient", identifier=numbers, active=node.flag("active"),
        name=[part for part in map(human_name, node.nodes("name")) if part],
        telecom=[t for t in map(telecom, node.nodes("telecom")) if t],
        gender=node.code("gender", _GENDERS), birthDate=birth,
        address=[a for a in map(address, node.nodes("address")) if a],
        maritalStatus=concept(node.node("maritalStatus")),
        contact=_contacts(node), communication=_languages(node),
        generalPractitioner=_general_practitioners(node, people),
    )  # fmt: skip
    if node.flag("deceasedBoolean") is not None:
        made["deceasedBoolean"] = node.flag("deceasedBoolean")
    elif node.moment("deceasedDateTime"):
        made["deceasedDateTime"] = node.moment("deceasedDateTime")
    citizenship = _citizenship(node)
    if citizenship:
        made["extension"] = citizenship
    for key in ("gender", "birthDate", "name"):
        if key in made:
            node.reading.exact(node.at(key), "(given)", PERSONAL)
    return made


def _compare_birth(node: Node, numbers: list[dict[str, Any]], birth: str) -> None:
    for number in numbers:
        try:
            says = identifiers.person_number(number["value"]).birth_date
        except ValueError:
            continue
        if says and birth and not says.isoformat().startswith(birth):
            node.reading.warn(
                "the birth date differs from the one in the identity number",
                node.at("birthDate"),
                remedy="compare with Folkeregisteret",
            )


def _citizenship(node: Node) -> list[dict[str, Any]]:
    """HL7 patient-citizenship is carried as it stands: IPS allows any extension of FHIR core."""
    url = "http://hl7.org/fhir/StructureDefinition/patient-citizenship"
    made = []
    for extension in node.extensions("patient-citizenship"):
        extension.skip("url")
        parts = []
        for part in extension.nodes("extension"):
            part.skip("url")
            if part.value.get("url") == "code":
                code = concept(part.node("valueCodeableConcept"), PERSONAL)
                parts += [{"url": "code", "valueCodeableConcept": code}] if code else []
            elif part.value.get("url") == "period":
                span = period(part.node("valuePeriod"))
                parts += [{"url": "period", "valuePeriod": span}] if span else []
        if parts:
            made.append({"url": url, "extension": parts})
    return made


def _contacts(node: Node) -> list[dict[str, Any]]:
    made = []
    for contact in node.nodes("contact"):
        names = human_name(contact.node("name"))
        part = pack(
            relationship=[c for c in map(concept, contact.nodes("relationship")) if c],
            name=names, telecom=[t for t in map(telecom, contact.nodes("telecom")) if t],
            address=address(contact.node("address")),
        )  # fmt: skip
        if part.keys() & {"name", "telecom", "address"}:
            node.reading.exact(contact.path, "(next of kin)", CONTACT)
            made.append(part)
    return made


def _languages(node: Node) -> list[dict[str, Any]]:
    made = []
    for part in node.nodes("communication"):
        language = concept(part.node("language"), PERSONAL)
        if language:
            made.append(pack(language=language, preferred=part.flag("preferred")))
    return made


def _general_practitioners(node: Node, people: People) -> list[dict[str, Any]]:
    made = []
    for part in node.nodes("generalPractitioner"):
        if part.value.get("identifier") or part.value.get("display"):
            reference = people.named_practitioner(part)
            if reference:
                made.append({"reference": reference})
        elif part.value.get("reference"):
            part.set_aside_whole("The general practitioner is not in the source.", PERSONAL)
    return made
