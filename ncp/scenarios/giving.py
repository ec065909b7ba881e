"""eDispensations for tests: made from the prescription that was fetched, as a pharmacy does it.

Source: MyHealth@EU eD template 1.3.6.1.4.1.12559.11.10.1.3.1.1.2, MPD 1.0.0.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace
from decimal import Decimal

from lxml import etree

from data.errors import InputError
from ips.cda.read import to_fhir
from ips.cda.write import to_cda
from ips.prescription import Product, Supply, dispense
from ips.xml import parse
from ncp.codes import HL7
from ncp.countries import country
from ncp.model import DocumentEntry, DocumentKind, PatientId, Submission
from ncp.scenarios.model import Unable
from ncp.tables import document_kinds

_V = f"{{{HL7}}}"


def dispensation(
    prescription: bytes, *, now: dt.datetime, country_b: str, quantity: str = "",
    substituted: bool = False,
) -> bytes:  # fmt: skip
    """Return a pivot eDispensation of one package of a prescription, with an id of its own.

    Args:
        prescription: the ePrescription as fetched.
        now: when it is handed over.
        country_b: of the pharmacy.
        quantity: packages, when it shall be another number than one.
        substituted: another product was given.

    Raises:
        Unable: the prescription cannot be read or does not allow it.
    """
    try:
        bundle = to_fhir(_active(prescription), name="prescription").bundle
        supply = Supply(Decimal(1), now, "Test Pharmacy", country_b, ("1", "1.2.752.99"),
                        "Farma Testsson")  # fmt: skip
        made = dispense(bundle, Product("Test package"), supply)
        root = parse(to_cda(made.bundle, form="pivot", level=3, lang="en").xml,
                     name="dispensation")  # fmt: skip
    except InputError as error:
        raise Unable(f"no dispensation can be made of the prescription: {error}") from None
    if quantity:
        for supplied in root.iter(f"{_V}supply"):
            for found in supplied.findall(f"{_V}quantity"):
                found.set("value", quantity)
    if substituted:
        _mark_substituted(root)
    return renamed(etree.tostring(root, encoding="UTF-8", xml_declaration=True))


def _active(prescription: bytes) -> bytes:
    """A pharmacy that has not seen that it was called back."""
    root = parse(prescription, name="prescription")
    for status in root.iterfind(f".//{_V}entry/{_V}substanceAdministration/{_V}statusCode"):
        status.set("code", "active")
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def renamed(content: bytes) -> bytes:
    """Return a document with a new id."""
    return _with(content, f"{_V}id", root=f"2.25.{uuid.uuid4().int}")


def of_nobody(content: bytes) -> bytes:
    """Return a dispensation of a prescription that does not exist."""
    root = parse(content, name="dispensation")
    for path in (f"{_V}inFulfillmentOf/{_V}order/{_V}id",
                 f".//{_V}entryRelationship/{_V}substanceAdministration/{_V}id"):  # fmt: skip
        for found in root.findall(path):
            found.attrib.pop("extension", "")
            found.set("root", f"2.25.{uuid.uuid4().int}")
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def about(content: bytes, patient: PatientId) -> bytes:
    """Return a dispensation that is about another patient."""
    return _with(content, f"{_V}recordTarget/{_V}patientRole/{_V}id", root=patient.root,
                 extension=patient.extension)  # fmt: skip


def identity(content: bytes) -> str:
    """Return ``root^extension`` of a document, or its root."""
    found = parse(content, name="document").find(f"{_V}id")
    parts = (found.get("root"), found.get("extension")) if found is not None else ()
    return "^".join(p for p in parts if p)


def submission(
    content: bytes, kind: DocumentKind, patient: PatientId, set_id: str, *, now: dt.datetime,
    country_b: str, name: str = "", format_code: str = "",
) -> Submission:  # fmt: skip
    """Return a document with its metadata, as it is provided.

    Args:
        content: the document.
        kind: dispensation or discard.
        patient: whose.
        set_id: of the submission set.
        now: time of the submission.
        country_b: who sends.
        name: unique id where the content has none to read.
        format_code: another than that of the kind.
    """
    home = country(country_b).home_community
    agreed = document_kinds()[kind]
    entry = DocumentEntry(
        name or identity(content), f"urn:uuid:{uuid.uuid4()}", patient, kind, 3,
        agreed.formats[3][0], agreed.type_title, now, home, home, country=country_b,
        author_person="Farma Testsson",
        author_institution=f"Test Pharmacy^^^^^&{home}&ISO^^^^1",
    )  # fmt: skip
    if format_code:
        entry = replace(entry, format_code=format_code)
    return Submission(entry, content, set_id, f"{now:%Y%m%d%H%M%S}")


def _with(content: bytes, path: str, **attributes: str) -> bytes:
    root = parse(content, name="document")
    found = root.find(path)
    if found is None:
        raise Unable("the document has no identifier to change")
    if "extension" not in attributes:
        found.attrib.pop("extension", "")
    for key, value in attributes.items():
        found.set(key, value)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _mark_substituted(root: etree._Element) -> None:
    for supply in root.iter(f"{_V}supply"):
        if supply.get("moodCode") != "EVN":
            continue
        relation = etree.SubElement(supply, f"{_V}entryRelationship", {"typeCode": "COMP"})
        act = etree.SubElement(relation, f"{_V}act", {"classCode": "ACT", "moodCode": "EVN"})
        etree.SubElement(act, f"{_V}code",
                         {"code": "SUBST", "codeSystem": "2.16.840.1.113883.5.6"})  # fmt: skip
