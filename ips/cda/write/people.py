"""Persons and organisations: authors, performers, informants, the custodian, who answers."""

from __future__ import annotations

from typing import Any

from ips.cda.names import oid_of, pairs
from ips.cda.write.context import Context, Resource
from ips.cda.write.datatypes import (
    addresses,
    identifier,
    identifiers,
    is_code,
    pair,
    person,
    telecoms,
    time,
)
from ips.cda.write.element import Element, add

ISCO = "urn:oid:2.16.840.1.113883.2.9.6.2.7"


class Party:
    """Whoever a Reference points to: a person, the role the person has, the organisation."""

    def __init__(self, reference: Any, context: Context) -> None:
        self.written = context.people
        found = context.resolve(reference)
        kind = found.get("resourceType", "")
        self.display = str((reference or {}).get("display") or "")
        self.role: Resource = found if kind == "PractitionerRole" else {}
        self.person: Resource = found if kind in ("Practitioner", "RelatedPerson") else {}
        self.organization: Resource = found if kind == "Organization" else {}
        self.device: Resource = found if kind == "Device" else {}
        if self.role:
            self.person = context.resolve(self.role.get("practitioner"))
            self.organization = context.resolve(self.role.get("organization"))

    def __bool__(self) -> bool:
        """Return whether anybody was found."""
        return bool(self.person or self.organization or self.device or self.display)

    def key(self) -> tuple[int | str, ...]:
        """Return what tells this party from the others of the document."""
        return (id(self.role) if self.role else 0, id(self.person) if self.person else 0,
                id(self.organization) if self.organization else 0, self.display)  # fmt: skip

    def function(self) -> Resource | None:
        """Return the coding of the profession in ISCO-08; None when there is none."""
        concepts = [
            *self.role.get("code", ()),
            *(q["code"] for q in self.person.get("qualification", ()) if q.get("code")),
        ]
        for concept in concepts:
            for one in concept.get("coding", ()):
                if one.get("system") == ISCO and is_code(one.get("code")):
                    return dict(one)
        return None


def merged(first: Party, second: Party) -> Party:
    """Return one party of a person and the organisation that stands beside it."""
    first.person = first.person or second.person
    first.organization = first.organization or second.organization
    first.role = first.role or second.role
    return first


def function_code(parent: Element, party: Party, name: str = "functionCode") -> None:
    """Append the profession, where it is known."""
    coding = party.function()
    if coding:
        oid, system = oid_of(ISCO)
        add(parent, name, code=str(coding["code"]), codeSystem=oid, codeSystemName=system,
            displayName=str(coding.get("display") or ""))  # fmt: skip


def entity(parent: Element, party: Party, name: str = "assignedEntity") -> Element:
    """Append an assigned entity: identifier, address, telephone, person, organisation.

    A document names the same people again and again; the second time the same is written again.
    """
    known = party.written.get((name, *party.key()))
    if known is not None:
        parent.parts.append(known)
        return known
    element = party.written[(name, *party.key())] = add(parent, name)
    holder = party.person if party.person.get("identifier") else party.role
    identifiers(element, holder if holder.get("identifier") else party.organization)
    contact = party.role if party.role.get("telecom") else party.person
    addresses(element, party.person)
    telecoms(element, contact)
    if party.person or (party.display and not party.organization):
        given = party.person or {"name": [{"text": party.display}]}
        person(element, "assignedPerson", given)
    if party.organization:
        organization(element, party.organization)
    return element


def organization(
    parent: Element, found: Resource, name: str = "representedOrganization", most: int = 0
) -> None:
    """Append an organisation: identifier, name, telephone, address."""
    element = add(parent, name)
    identifiers(element, found)
    add(element, "name", str(found.get("name") or "")) if found.get("name") else add(
        element, "name", nullFlavor="NI"
    )
    telecoms(element, found, most=most)
    addresses(element, found)


def author(parent: Element, party: Party, moment: Any, *, function: bool = True) -> Element:
    """Append an author: a person, a program or an organisation, and when it wrote.

    Args:
        parent: the document or the act.
        party: who wrote.
        moment: when, as FHIR dateTime.
        function: the profession stands with it.
    """
    element = add(parent, "author")
    if function:
        function_code(element, party)
    time(element, "time", moment)
    if not party.device:
        entity(element, party, "assignedAuthor")
        return element
    made = add(element, "assignedAuthor")
    identifiers(made, party.device)
    addresses(made, {})
    telecoms(made, {})
    device = add(made, "assignedAuthoringDevice")
    names = [n.get("name") for n in party.device.get("deviceName", ()) if n.get("name")]
    versions = [v.get("value") for v in party.device.get("version", ()) if v.get("value")]
    add(device, "softwareName", " ".join([*names[:1], *versions[:1]]) or party.display or "–")
    return element


def recorded(
    parent: Element, resource: Resource, context: Context, recorder: str = "",
    asserter: str = "", date: str = "",
) -> tuple[str, ...]:  # fmt: skip
    """Append who wrote an entry down (author) and, where it is the patient, who told (informant).

    Args:
        parent: the act.
        resource: the FHIR resource.
        context: the document.
        recorder: name of the element that says who wrote it down; may be empty.
        asserter: name of the element that says who told; may be empty.
        date: name of the element that says when.

    Returns:
        the names of the elements that were written.
    """
    written: list[str] = []
    telling: list[str] = []
    for name in filter(None, (recorder, asserter)):
        party = Party(resource.get(name), context)
        if party and not written:
            author(parent, party, resource.get(date), function=False)
            written += [name, date]
        elif name in resource and context.is_patient(resource[name]):
            telling.append(name)
    if telling:
        informant_self(parent, context)
    return (*written, *telling)


def informant_self(parent: Element, context: Context) -> None:
    """Append the patient as the one who told."""
    related = add(add(parent, "informant"), "relatedEntity", class_="PRS")
    pair(related, "code", pairs("relation")["self"], context)


def custodian_organization(parent: Element, found: Resource) -> None:
    """Append the organisation that keeps the document; its identifier is mandatory."""
    organization(parent, found, "representedCustodianOrganization", most=1)


def patient_identifiers(parent: Element, patient: Resource) -> None:
    """Append the identifiers of the patient, the official one first."""
    given = [one for one in patient.get("identifier", ()) if isinstance(one, dict)]
    given.sort(key=lambda one: one.get("use") != "official")
    written = [identifier(parent, one) for one in given]
    if not any(one is not None for one in written):
        add(parent, "id", nullFlavor="NI")
