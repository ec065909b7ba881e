"""A CDA document becomes a FHIR document: head, sections, and everything accounted for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import orjson

from data.errors import InputError, Problem
from ips import xml
from ips.cda.read import header
from ips.cda.read.common import Work
from ips.cda.read.datatypes import Json, concept, identifier, moment
from ips.cda.read.narrative import Narrative
from ips.cda.read.node import Node, Reading
from ips.cda.read.prescriptions import Prescriber
from ips.cda.read.resources import Resources
from ips.cda.read.sections import finished, read_sections
from ips.loss import Fate, LossReport
from ips.summary.copying import default, stable_id
from ips.summary.entries import Context, conform
from ips.summary.tables import canonical

CDA = "urn:hl7-org:v3"
SUMMARY = "60591-5"
_ORIGINAL = "The content is in the attached file."
_REFERENCE = re.compile(rb'"reference":"([^"]*)"')
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_EU_PATIENT = "http://hl7.eu/fhir/base/StructureDefinition/patient-eu-core"


@dataclass(frozen=True, slots=True)
class ReadBack:
    """A document read from CDA.

    Attributes:
        bundle: FHIR R4 document Bundle: an IPS for a patient summary, MPD resources with a
            Composition for a prescription or a dispensation.
        loss: the fate of every element of the CDA.
    """

    bundle: dict[str, Any]
    loss: LossReport


def to_fhir(content: bytes, *, name: str = "document") -> ReadBack:
    """Read a MyHealth@EU document of any wave, level 1 or 3, into FHIR R4.

    Implements: CDA R2; MyHealth@EU templates of waves 2 to 8; IPS 2.0.0; MPD 1.0.0.

    Args:
        content: the XML.
        name: name of the file, for error messages.

    Raises:
        InputError: not CDA, or without what a document cannot be without (one patient, a time of
            creation, a kind).
    """
    root_element = xml.parse(content, name=name)
    if xml.local(root_element) != "ClinicalDocument" or xml.namespace(root_element) != CDA:
        raise InputError(
            Problem("this is not a CDA document", f"{name}:/{xml.local(root_element)}",
                    "the root is ClinicalDocument in the namespace urn:hl7-org:v3",
                    "give a document of MyHealth@EU")
        )  # fmt: skip
    reading = Reading()
    root = Node(root_element, reading, "")
    return _document(root, reading, name)


def _document(root: Node, reading: Reading, name: str) -> ReadBack:
    problems: list[Problem] = []
    kind, time, stamp = _essentials(root, problems)
    who = header.patient(root, problems)
    if problems:
        raise InputError([Problem(p.what, f"{name}:{p.where}", p.rule, p.remedy)
                          for p in problems])  # fmt: skip
    profile = "ips" if kind.get("coding", [{}])[0].get("code") == SUMMARY else ""
    own_id = _own_id(root, name)
    source = _source(own_id)
    patient_url = f"urn:uuid:{stable_id(f'Patient|{source}|{who}'.encode())}"
    resources = Resources(reading, patient_url, source, profile)
    language = _language(root)
    head: Json = {
        "status": "final", "type": kind, "subject": {"reference": patient_url},
        "date": time, "author": header.authors(root, resources, time), **header.facts(root),
    }  # fmt: skip
    keeper = header.custodian(root, resources)
    if keeper:
        head["custodian"] = {"reference": keeper}
    for key, value in (("attester", header.attesters(root, resources)),
                       ("event", header.event(root, resources)),
                       ("relatesTo", header.related(root))):  # fmt: skip
        if value:
            head[key] = value
    header.participants(root, resources, who)
    work = Work(reading, resources, Narrative(), language)
    prescriber = Prescriber(head["author"][0], time, _order(root) or own_id)
    body = root.at("component/structuredBody")
    if body is not None:
        read = read_sections(body, work, prescriber)
        head["section"] = finished(read, profile, language)
        listed = {read_.key for read_ in read}
        reading.note("structuredBody", f"{len(listed)} sections", Fate.EXACT)
    else:
        head["section"] = [*finished([], profile, language), _attached(root, work, kind)]
    if not head["section"]:
        del head["section"]
    head.setdefault("title", kind.get("text") or "Document")
    head.setdefault("confidentiality", "N")
    _header_leftovers(root, reading)
    return ReadBack(_bundle(head, who, resources, own_id, stamp, language), reading.loss)


def _essentials(root: Node, problems: list[Problem]) -> tuple[Json, str, str]:
    """Return kind, time and instant of the document; note what is missing."""
    kind = concept(root.one("code"))
    if not kind.get("coding"):
        problems.append(
            Problem("the document does not say what it is", "/ClinicalDocument/code",
                    "CDA R2: ClinicalDocument.code is mandatory", "ask the sender for the LOINC "
                    "code of the document")
        )  # fmt: skip
    node = root.one("effectiveTime")
    time = moment(node)
    if len(time) < 10:
        problems.append(
            Problem("the document does not say when it was made", "/ClinicalDocument/effectiveTime",
                    "CDA R2: effectiveTime is mandatory, a day at least, with time zone",
                    "ask the sender for a document with its time of creation")
        )  # fmt: skip
    stamp = time if "T" in time else f"{time}T00:00:00Z"
    if node is not None and time and "T" not in time:
        node.note(time, Fate.APPROXIMATE, "The instant of the bundle is taken as midnight UTC.")
    return kind, time, stamp


def _own_id(root: Node, name: str) -> Json:
    node = root.one("id")
    made = identifier(node) if node is not None else {}
    if made.get("system"):
        return made
    urn = f"urn:uuid:{stable_id(f'{name}|{made}'.encode())}"
    if node is not None:
        node.note(str(made.get("value", "")), Fate.APPROXIMATE,
                  "The document has no globally unique id; one is made for it.")  # fmt: skip
    return {"system": "urn:ietf:rfc:3986", "value": urn}


def _source(own_id: Json) -> str:
    """Return the URI of the document, for meta.source of its entries."""
    if str(own_id["value"]).startswith("urn:uuid:"):
        return str(own_id["value"])
    name = f"{own_id['system']}|{own_id['value']}"
    return f"urn:uuid:{stable_id(name.encode())}"


def _language(root: Node) -> str:
    node = root.one("languageCode")
    said = node.get("code") if node is not None else ""
    if header.LANGUAGE.fullmatch(said):
        if node is not None:
            node.note(said, Fate.EXACT)
        return said
    if node is not None and said:
        node.note(said, Fate.NOT_CARRIED, "This is no language tag (BCP 47).")
    return "und"


def _order(root: Node) -> Json:
    """Return the prescription that a dispensation fulfils."""
    for fulfilment in root.many("inFulfillmentOf"):
        order = fulfilment.one("order")
        for node in order.many("id") if order is not None else []:
            made = identifier(node)
            if made:
                node.note(made["value"], Fate.EXACT)
                return made
    return {}


def _attached(root: Node, work: Work, kind: Json) -> Json:
    """Return the section that carries the file of a level 1 document."""
    text = root.at("component/nonXMLBody/text")
    data = (
        re.sub(r"\s+", "", "".join(str(part) for part in text.element.itertext()))
        if text is not None
        else ""
    )
    div = work.narrative.div(None, work.language, _ORIGINAL)
    body: Json = {"title": kind.get("text") or "Original document", "code": dict(kind),
                  "text": {"status": "generated", "div": div}}  # fmt: skip
    if text is None or not data:
        return body
    media = text.get("mediaType") or "application/pdf"
    if (
        not _BASE64.fullmatch(data)
        or len(data) % 4
        or not re.fullmatch(r"[\w.+-]+/[\w.+-]+", media)
    ):
        text.note(media, Fate.NOT_CARRIED, "The attached file is not readable as base64.")
        return body
    text.use()
    text.note(media, Fate.EXACT)
    attachment = {"contentType": media, "data": data}
    url = work.resources.add(
        "DocumentReference",
        {"status": "current", "docStatus": "final", "type": kind,
         "subject": {"reference": work.resources.patient},
         "content": [{"attachment": attachment}]},
        text.where,
    )  # fmt: skip
    body["entry"] = [{"reference": url}]
    return body


def _header_leftovers(root: Node, reading: Reading) -> None:
    for child in root.children():
        if child.name != "component":
            reading.leftovers(child.element, child.where)


def _bundle(
    head: Json, who: Json, resources: Resources, own_id: Json, stamp: str, language: str
) -> Json:
    profile = resources.profile
    context = Context(profile or "none", resources.patient, resources.reading.loss)
    patient = conform({"resourceType": "Patient", **who}, "Patient", context, resources.patient)
    if not profile:
        patient["meta"] = {"profile": [_EU_PATIENT]}
    composition: Json = {"resourceType": "Composition"}
    id_ = stable_id(f"Composition|{resources.source}|{stamp}".encode())
    composition["id"] = id_
    if profile:
        composition["meta"] = {"profile": [canonical("Composition", profile)]}
    if language != "und":
        composition["language"] = language
    composition |= head
    if profile:
        composition["type"] = _as_pattern(head["type"])
    entries = [(f"urn:uuid:{id_}", composition), (resources.patient, patient),
               *_reached(resources, composition, patient)]  # fmt: skip
    bundle: Json = {"resourceType": "Bundle", "id": stable_id(f"Bundle|{id_}".encode())}
    if profile:
        bundle["meta"] = {"profile": [canonical("Bundle", profile)]}
    if language != "und":
        bundle["language"] = language
    return bundle | {
        "identifier": own_id,
        "type": "document",
        "timestamp": stamp,
        "entry": [{"fullUrl": url, "resource": resource} for url, resource in entries],
    }


def _as_pattern(kind: Json) -> Json:
    coding = [c for c in kind["coding"] if c.get("code") == SUMMARY]
    rest = [c for c in kind["coding"] if c not in coding]
    first = {"system": "http://loinc.org", "code": SUMMARY, "display": "Patient summary Document"}
    return {**kind, "coding": [first, *rest]}


def _reached(resources: Resources, *roots: Json) -> list[tuple[str, Json]]:
    """Return what the head leads to; a document holds nothing else (FHIR R4 documents)."""
    seen: set[str] = set()
    waiting = list(roots)
    while waiting:
        written = orjson.dumps(waiting.pop(), default=default)
        for reference in _REFERENCE.findall(written):
            url = reference.decode()
            if url in resources.entries and url not in seen:
                seen.add(url)
                waiting.append(resources.entries[url])
    for url, resource in resources.entries.items():
        if url not in seen:
            resources.reading.note(
                str(resource["resourceType"]), url, Fate.NOT_CARRIED,
                "Nothing in the document leads to it.",
            )  # fmt: skip
    return [(url, resource) for url, resource in resources.entries.items() if url in seen]
