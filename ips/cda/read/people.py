"""Persons, organisations and devices of a document: names, addresses, roles.

Implements CDA R2 ``assignedEntity``, ``assignedAuthor``, ``associatedEntity`` (reference: header
table of the MyHealth@EU documents).
"""

from __future__ import annotations

from typing import Any

from lxml import etree

from ips.cda.read.datatypes import Json, concept, identifiers
from ips.cda.read.node import Node, clean, words
from ips.cda.read.resources import Resources
from ips.loss import Fate

_USES = {"H": "home", "HP": "home", "HV": "home", "WP": "work", "DIR": "work", "PUB": "work",
         "TMP": "temp", "BAD": "old"}  # fmt: skip
_SCHEMES = {"tel": "phone", "fax": "fax", "mailto": "email", "http": "url", "https": "url",
            "sms": "sms"}  # fmt: skip
_LINES = frozenset(
    [
        "streetAddressLine",
        "streetName",
        "houseNumber",
        "houseNumberNumeric",
        "additionalLocator",
        "postBox",
        "unitID",
        "deliveryAddressLine",
        "careOf",
        "buildingNumberSuffix",
        "streetNameBase",
    ]
)


def name(node: Node | None) -> Json:
    """Return the HumanName of a PN; empty when it has no part."""
    if node is None or node.null:
        return {}
    node.use()
    parts: dict[str, list[str]] = {}
    for child in node.children():
        said = clean(words(child.element))
        if said:
            parts.setdefault(child.name, []).append(said)
    result: Json = {}
    if "family" in parts:
        result["family"] = " ".join(parts["family"])
    for key in ("given", "prefix", "suffix"):
        if key in parts:
            result[key] = parts[key]
    text = clean(words(node.element))
    if not result and text:
        return {"text": text}
    return result


def address(node: Node) -> Json:
    """Return the Address of an AD; empty when it has no part."""
    if node.null:
        return {}
    node.use()
    result: dict[str, Any] = {}
    lines: list[str] = []
    for child in node.children():
        said = clean(words(child.element))
        if not said:
            continue
        if child.name in _LINES:
            lines.append(said)
        elif child.name in ("city", "postalCode", "state", "country"):
            result[child.name] = said
        elif child.name == "county":
            result["district"] = said
        else:
            lines.append(said)
    if lines:
        result["line"] = lines
    if not result:
        text = clean(words(node.element))
        result = {"text": text} if text else {}
    use = _USES.get((node.get("use").split() or [""])[0], "")
    if result and use:
        result["use"] = use
    return result


def telecom(node: Node) -> Json:
    """Return the ContactPoint of a TEL; empty when it has no value."""
    raw = clean(node.get("value"))
    if node.null or not raw:
        return {}
    scheme, colon, rest = raw.partition(":")
    system = _SCHEMES.get(scheme.lower()) if colon else None
    if system is None:
        system = "email" if "@" in raw else "phone"
        rest = raw
    value = raw if system == "url" else rest.strip()
    if not value:
        return {}
    result = {"system": system, "value": value}
    uses = node.get("use").split()
    use = "mobile" if "MC" in uses else _USES.get(uses[0] if uses else "", "")
    return {**result, "use": use} if use else result


def contacts(node: Node) -> Json:
    """Return ``address`` and ``telecom`` of an element, as far as they say something."""
    result: Json = {}
    addresses = [made for child in node.many("addr") if (made := address(child))]
    telecoms = [made for child in node.many("telecom") if (made := telecom(child))]
    if addresses:
        result["address"] = addresses
    if telecoms:
        result["telecom"] = telecoms
    return result


def organization(node: Node | None, resources: Resources) -> str:
    """Return the reference of an organisation; empty when nothing is said of it."""
    if node is None:
        return ""
    content: Json = {}
    ids = identifiers(node)
    if ids:
        content["identifier"] = ids
    named = node.one("name")
    title = clean(named.text()) if named else ""
    if title:
        content["name"] = title
    content |= contacts(node)
    for part in content.get("address", ()), content.get("telecom", ()):
        for one in part:
            if one.get("use") == "home":  # FHIR org-2, org-3
                del one["use"]
    if not content:
        return ""
    whole = node.one("asOrganizationPartOf")
    if whole is not None:
        parent = organization(whole.one("wholeOrganization"), resources)
        if parent:
            content["partOf"] = {"reference": parent}
    return resources.add("Organization", content)


def practitioner(node: Node, person: str, resources: Resources) -> str:
    """Return the reference of a person with their ids; empty when there is neither."""
    inner = node.one(person)
    content: Json = {}
    ids = identifiers(node)
    named = name(inner.one("name")) if inner else {}
    if ids:
        content["identifier"] = ids
    if named:
        content["name"] = [named]
    if not named:
        return ""
    content |= contacts(node)
    return resources.add("Practitioner", content)


def device(node: Node, resources: Resources) -> str:
    """Return the reference of an authoring device."""
    content: Json = {}
    software, model = node.one("softwareName"), node.one("manufacturerModelName")
    names = [
        {"name": clean(found.text()), "type": kind}
        for found, kind in ((software, "manufacturer-name"), (model, "model-name"))
        if found and found.text()
    ]
    if names:
        content["deviceName"] = names
    code = concept(node.one("code"))
    if code:
        content["type"] = code
    content.setdefault("type", {"text": "Authoring device"})
    return resources.add("Device", content)


def entity(node: Node | None, resources: Resources, function: Json | None = None) -> str:
    """Return the reference of an assigned entity: role, person, device or organisation.

    A document names the same people again and again; those are read once.

    Args:
        node: ``assignedEntity``, ``assignedAuthor`` or ``associatedEntity``.
        resources: gets what the entity consists of.
        function: the function in which it acted, a CodeableConcept.
    """
    if node is None:
        return ""
    said = b"" if function else etree.tostring(node.element, with_tail=False)
    known = resources.people.get(said)
    if known is not None:
        node.use()
        return known
    notes = len(node.reading.loss.items)
    made = _entity(node, resources, function or {})
    # What nothing is noted of, here or among the leftovers, and what leads nowhere else, says the
    # same wherever it stands.
    silent = len(node.reading.loss.items) == notes and not any(node.reading.unread(node.element))
    if said and silent and b"reference" not in said:
        resources.people[said] = made
    return made


def _entity(node: Node, resources: Resources, function: Json) -> str:
    person = "associatedPerson" if node.one("associatedPerson") else "assignedPerson"
    who = practitioner(node, person, resources)
    machine = node.one("assignedAuthoringDevice")
    if not who and machine is not None:
        made = device(machine, resources)
        _leave(node, "representedOrganization", resources)
        return made
    where = organization(
        node.one("representedOrganization") or node.one("scopingOrganization"), resources
    )
    codes = [code for code in (function, concept(node.one("code"))) if code]
    if not who:
        return where or _nameless(node, resources)
    if not where and not codes:
        return who
    content: Json = {"practitioner": {"reference": who}}
    if where:
        content["organization"] = {"reference": where}
    if codes:
        content["code"] = codes
    return resources.add("PractitionerRole", content)


def _leave(node: Node, name_: str, resources: Resources) -> None:
    """Read an organisation that has no link of its own in FHIR; it stays in the document."""
    found = node.one(name_)
    if found is not None and organization(found, resources):
        found.note("", Fate.APPROXIMATE,
                   "FHIR does not tie a device to the organisation that runs it.")  # fmt: skip


def _nameless(node: Node, resources: Resources) -> str:
    """Return a person of whom only numbers or contacts are known."""
    ids = identifiers(node)
    content = {**({"identifier": ids} if ids else {}), **contacts(node)}
    return resources.add("Practitioner", content) if content else ""
