"""The small parts of ebXML metadata: slots, classifications, external identifiers, texts.

Source: ebXML RIM 3.0; IHE ITI TF-3 4.2.3 (attributes), 4.2.5 (identifiers).
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from lxml import etree

from ncp.codes import CLASSIFICATION, EXTERNAL_IDENTIFIER, RIM
from ncp.messages.building import add
from ncp.model import Coded

SLOT = f"{{{RIM}}}Slot"
VALUES = f"{{{RIM}}}ValueList"
VALUE = f"{{{RIM}}}Value"
NAME = f"{{{RIM}}}Name"
DESCRIPTION = f"{{{RIM}}}Description"
LOCALIZED = f"{{{RIM}}}LocalizedString"
CLASS = f"{{{RIM}}}Classification"
EXTERNAL = f"{{{RIM}}}ExternalIdentifier"
EXTRINSIC = f"{{{RIM}}}ExtrinsicObject"
PACKAGE = f"{{{RIM}}}RegistryPackage"
ASSOCIATION = f"{{{RIM}}}Association"
VERSION = f"{{{RIM}}}VersionInfo"
OBJECTS = f"{{{RIM}}}RegistryObjectList"


def new_id() -> str:
    """Return a new ``urn:uuid:...`` (RFC 9562 version 4; a list needs dozens of them)."""
    random = os.urandom(16).hex()
    return f"urn:uuid:{random[:8]}-{random[8:12]}-4{random[13:16]}-a{random[17:20]}-{random[20:]}"


def slot(parent: etree._Element, name: str, *values: str) -> None:
    """Append a slot; without a value none is written."""
    if any(values):
        inner = add(add(parent, SLOT, {"name": name}), VALUES)
        for value in values:
            add(inner, VALUE, text=value)


def localized(parent: etree._Element, tag: str, said: str) -> None:
    """Append a name or description; an empty one is left out."""
    if said:
        add(add(parent, tag), LOCALIZED, {"value": said})


def classify(parent: etree._Element, owner: str, scheme: str, coded: Coded) -> None:
    """Append a classification: a code of a scheme, its system and display."""
    element = _classification(parent, owner, scheme, coded.code)
    slot(element, "codingScheme", coded.system)
    localized(element, NAME, coded.display)


def author(parent: etree._Element, owner: str, scheme: str, slots: dict[str, str]) -> None:
    """Append the author of an entry or a submission set; without any value none is written."""
    if any(slots.values()):
        element = _classification(parent, owner, scheme, "")
        for name, value in slots.items():
            slot(element, name, value)


def _classification(parent: etree._Element, owner: str, scheme: str, code: str) -> etree._Element:
    return add(
        parent,
        CLASS,
        {
            "id": new_id(),
            "objectType": CLASSIFICATION,
            "classificationScheme": scheme,
            "classifiedObject": owner,
            "nodeRepresentation": code,
        },
    )


def identify(parent: etree._Element, owner: str, scheme: str, value: str, name: str) -> None:
    """Append an external identifier."""
    element = add(
        parent,
        EXTERNAL,
        {
            "id": new_id(),
            "objectType": EXTERNAL_IDENTIFIER,
            "registryObject": owner,
            "identificationScheme": scheme,
            "value": value,
        },
    )
    localized(element, NAME, name)


def slots(element: etree._Element) -> dict[str, list[str]]:
    """Return the slots of an element: values by name, blanks around them taken off."""
    found: dict[str, list[str]] = {}
    for child in element.iterchildren(SLOT):
        values = found.setdefault(child.get("name", ""), [])
        for inner in child.iterchildren(VALUES):
            values += [(v.text or "").strip() for v in inner.iterchildren(VALUE)]
    return found


def first(values: Iterable[str] | None) -> str:
    """Return the first value that is not empty."""
    return next((value for value in values or () if value), "")


def said(element: etree._Element, tag: str) -> str:
    """Return the text of a name or description."""
    for child in element.iterchildren(tag):
        for inner in child.iterchildren(LOCALIZED):
            return inner.get("value", "")
    return ""


def coded(element: etree._Element) -> Coded:
    """Return the code that a classification gives."""
    return Coded(
        element.get("nodeRepresentation", ""),
        first(slots(element).get("codingScheme")),
        said(element, NAME),
    )
