"""A document entry as ebXML ExtrinsicObject, in lists (ITI-38) and submissions (ITI-41).

Source: IHE ITI TF-3 4.2.3.2; the metadata of MyHealth@EU as OpenNCP 9 writes it (practice setting
«Not Used», facility type = country, event codes of a prescription).
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterable
from functools import lru_cache

from lxml import etree

from ncp import tables
from ncp.codes import (
    APPROVED,
    AUTHOR,
    CLASS_CODE,
    CONFIDENTIALITY_CODE,
    ENTRY_PATIENT,
    ENTRY_UNIQUE,
    EVENT_CODE,
    FACILITY_CODE,
    FORMAT_CODE,
    FORMAT_SCHEME,
    FORMAT_SCHEME_PDF,
    HL7_CONFIDENTIALITY,
    ISO_3166,
    LOINC,
    PRACTICE_CODE,
    PRACTICE_SCHEME,
    RIM,
    STABLE_DOCUMENT,
    TRANSFORM,
    TYPE_CODE,
    bare,
    urn,
)
from ncp.messages.building import add
from ncp.messages.ebxml.values import (
    ASSOCIATION,
    CLASS,
    DESCRIPTION,
    EXTERNAL,
    EXTRINSIC,
    NAME,
    OBJECTS,
    VERSION,
    author,
    classify,
    coded,
    first,
    identify,
    localized,
    new_id,
    said,
    slot,
    slots,
)
from ncp.messages.reading import Findings, hl7_time, read_time
from ncp.model import Coded, DocumentEntry, DocumentKind, PatientId

_SOURCE = "IHE ITI TF-3 4.2.3.2"
_CONFIDENTIAL = {"N": "Normal", "R": "Restricted", "V": "Very restricted"}
_PLAIN_PDF = "urn:ihe:iti:xds-sd:pdf:2008"


def add_entry(
    parent: etree._Element, entry: DocumentEntry, patient_info: Iterable[str] = ()
) -> None:
    """Append the ExtrinsicObject of a document.

    Args:
        parent: a RegistryObjectList.
        entry: the document; ``created`` to the second is what the wire carries.
        patient_info: values of sourcePatientInfo (submissions only).

    Raises:
        InputError: a character that XML cannot carry.
    """
    parent.append(copy.deepcopy(_element(entry, tuple(patient_info))))


@lru_cache(maxsize=256)
def _element(entry: DocumentEntry, patient_info: tuple[str, ...]) -> etree._Element:
    """Build the element; the same documents are listed again and again."""
    attributes = {"id": entry.entry_id, "lid": entry.entry_id, "mimeType": entry.mime_type,
                  "objectType": STABLE_DOCUMENT, "status": APPROVED}  # fmt: skip
    if entry.home:
        attributes["home"] = urn(entry.home)
    element = add(etree.Element(OBJECTS, nsmap={"rim": RIM}), EXTRINSIC, attributes)
    slot(element, "creationTime", hl7_time(entry.created))
    slot(element, "languageCode", entry.language)
    slot(element, "sourcePatientId", entry.patient.cx)
    slot(element, "sourcePatientInfo", *patient_info)
    slot(element, "repositoryUniqueId", entry.repository)
    slot(element, "serviceStartTime", entry.started)
    slot(element, "size", "" if entry.size is None else str(entry.size))
    slot(element, "hash", entry.hash)
    localized(element, NAME, entry.title)
    localized(element, DESCRIPTION, entry.description)
    add(element, VERSION, {"versionName": "1.1"})
    _classifications(element, entry)
    identify(element, entry.entry_id, ENTRY_PATIENT, entry.patient.cx,
             "XDSDocumentEntry.patientId")  # fmt: skip
    identify(element, entry.entry_id, ENTRY_UNIQUE, entry.unique_id,
             "XDSDocumentEntry.uniqueId")  # fmt: skip
    return element


def _classifications(element: etree._Element, entry: DocumentEntry) -> None:
    kind = tables.document_kinds()[entry.kind]
    pdf = entry.format_code == _PLAIN_PDF
    country = tables.countries().get(entry.country)
    facility = Coded(entry.country, ISO_3166, country.name_en if country else "")
    owner = entry.entry_id
    author(element, owner, AUTHOR, {
        "authorPerson": entry.author_person, "authorInstitution": entry.author_institution,
        "authorSpecialty": entry.author_specialty,
    })  # fmt: skip
    codes = [
        (CLASS_CODE, Coded(entry.kind, LOINC, kind.class_title)),
        (TYPE_CODE, Coded(entry.kind, LOINC, kind.type_title)),
        (FORMAT_CODE, Coded(entry.format_code, FORMAT_SCHEME_PDF if pdf else FORMAT_SCHEME,
                            "PDF/A coded document" if pdf else kind.format_title)),
        (CONFIDENTIALITY_CODE, Coded(entry.confidentiality, HL7_CONFIDENTIALITY,
                                     _CONFIDENTIAL.get(entry.confidentiality, ""))),
        (PRACTICE_CODE, Coded("Not Used", PRACTICE_SCHEME, "Not Used")),
        *((EVENT_CODE, event) for event in entry.events),
    ]  # fmt: skip
    if entry.country:
        codes.append((FACILITY_CODE, facility))
    for scheme, code in codes:
        classify(element, owner, scheme, code)


def add_pairs(parent: etree._Element, entries: Iterable[DocumentEntry]) -> None:
    """Append one association for each pair: the PDF is a transformation of the structured one."""
    done: set[frozenset[str]] = set()
    for entry in sorted(entries, key=lambda e: e.level):
        pair = frozenset((entry.entry_id, entry.pair))
        if entry.pair and pair not in done:
            done.add(pair)
            source, target = entry.entry_id, entry.pair
            if entry.level == 3:
                source, target = target, source
            add(parent, ASSOCIATION, {"id": new_id(), "associationType": TRANSFORM,
                                      "sourceObject": source, "targetObject": target})  # fmt: skip


def read_pairs(objects: etree._Element) -> dict[str, str]:
    """Return the other level of the same content, by entry id, from the associations."""
    pairs: dict[str, str] = {}
    for one in objects.iterchildren(ASSOCIATION):
        if one.get("associationType", "").endswith(":XFRM"):
            source, target = one.get("sourceObject", ""), one.get("targetObject", "")
            pairs[source], pairs[target] = target, source
    return pairs


def read_entry(
    element: etree._Element, pairs: dict[str, str], found: Findings
) -> DocumentEntry | None:
    """Read an ExtrinsicObject.

    Returns:
        The entry; None where the class code is not known, or where patient, id or time are
        missing, which is told as a grave finding.
    """
    entry_id = element.get("id", "")
    where = f"/ExtrinsicObject[@id='{entry_id}']"
    values, codes = slots(element), _codes(element)
    kind = _kind(codes)
    if kind is None:
        said_code = codes[CLASS_CODE][0].code if CLASS_CODE in codes else ""
        found.add("xds-class-code", f"the class code «{said_code}» is not known", where, _SOURCE,
                  grave=True)  # fmt: skip
        return None
    identifiers = {
        e.get("identificationScheme", ""): e.get("value", "").strip()
        for e in element.iterchildren(EXTERNAL)
    }
    patient = _patient(identifiers.get(ENTRY_PATIENT) or first(values.get("sourcePatientId")))
    created = _time(first(values.get("creationTime")))
    unique = identifiers.get(ENTRY_UNIQUE, "")
    for what, value in (("patientId", patient), ("creationTime", created), ("uniqueId", unique)):
        if not value:
            found.add(f"xds-{what}", f"the entry has no readable {what}", where, _SOURCE,
                      grave=True)  # fmt: skip
    if patient is None or created is None or not unique:
        return None
    format_code = codes[FORMAT_CODE][0].code if FORMAT_CODE in codes else ""
    _judge(codes, values, where, found)
    return DocumentEntry(
        unique, entry_id, patient, kind, tables.document_kinds()[kind].level(format_code),
        format_code, said(element, NAME), created, bare(element.get("home", "")),
        first(values.get("repositoryUniqueId")), first(values.get("languageCode")),
        element.get("mimeType", ""), _size(values, where, found), first(values.get("hash")),
        said(element, DESCRIPTION), _one(codes, FACILITY_CODE), *_author(element),
        tuple(codes.get(EVENT_CODE, ())), pairs.get(entry_id, ""),
        first(values.get("serviceStartTime")), _one(codes, CONFIDENTIALITY_CODE),
    )  # fmt: skip


def _codes(element: etree._Element) -> dict[str, list[Coded]]:
    found: dict[str, list[Coded]] = {}
    for child in element.iterchildren(CLASS):
        scheme = child.get("classificationScheme", "")
        if scheme != AUTHOR:
            found.setdefault(scheme, []).append(coded(child))
    return found


def _one(codes: dict[str, list[Coded]], scheme: str) -> str:
    return codes[scheme][0].code if scheme in codes else ""


def _kind(codes: dict[str, list[Coded]]) -> DocumentKind | None:
    """The class code; a discard is known by its format too (OpenNCP sends both ways)."""
    discard = tables.document_kinds()[DocumentKind.DISCARD].formats[3]
    if _one(codes, FORMAT_CODE) in discard:
        return DocumentKind.DISCARD
    try:
        return DocumentKind(_one(codes, CLASS_CODE))
    except ValueError:
        return None


def _patient(text: str) -> PatientId | None:
    try:
        return PatientId.parse(text)
    except ValueError:
        return None


def _time(text: str) -> dt.datetime | None:
    try:
        return read_time(text)
    except ValueError:
        return None


def _size(values: dict[str, list[str]], where: str, found: Findings) -> int | None:
    size = first(values.get("size"))
    if size.isascii() and size.isdigit():
        return int(size)
    found.want(not size, "xds-size", f"the size «{size}» is no number", where, _SOURCE)
    return None


def _author(element: etree._Element) -> tuple[str, str, str]:
    """Person, institution and specialty of the first author; lists of MyHealth@EU have one."""
    for child in element.iterchildren(CLASS):
        if child.get("classificationScheme") == AUTHOR:
            values = slots(child)
            return (first(values.get("authorPerson")), first(values.get("authorInstitution")),
                    first(values.get("authorSpecialty")))  # fmt: skip
    return "", "", ""


def _judge(
    codes: dict[str, list[Coded]], values: dict[str, list[str]], where: str, found: Findings
) -> None:
    """Note what IHE requires of an entry and this one lacks."""
    for name, scheme in (("typeCode", TYPE_CODE), ("formatCode", FORMAT_CODE),
                         ("confidentialityCode", CONFIDENTIALITY_CODE),
                         ("healthcareFacilityTypeCode", FACILITY_CODE),
                         ("practiceSettingCode", PRACTICE_CODE)):  # fmt: skip
        found.want(scheme in codes, f"xds-{name}", f"the entry has no {name}", where, _SOURCE)
    for name in ("languageCode", "sourcePatientId"):
        found.want(first(values.get(name)), f"xds-{name}", f"the entry has no {name}", where,
                   _SOURCE)  # fmt: skip
