"""One prescription or dispensation as a FHIR document, for MyHealth@EU, which exchanges documents.

MPD 1.0.0 has no document. The Composition says what the head of the CDA document says: type
(57833-6 prescription, 60593-1 dispensation), who wrote it, when, for whom, one section with one
entry (MyHealth@EU ePrescription and eDispensation).
"""

from __future__ import annotations

import html
from typing import Any

from data.errors import InputError, Problem
from ips.prescription import urls
from ips.prescription.bundle import Collection, Resource, target
from ips.prescription.received import as_resource
from ips.sources.datatypes import pack
from ips.summary.copying import stable_id

LOINC = "http://loinc.org"
_KINDS = {
    "MedicationRequest": (("57833-6", "Prescription for medication"),
                          ("57828-6", "Prescription list"), "Resept"),
    "MedicationDispense": (("60593-1", "Medication dispensed.extended Document"),
                           ("60590-7", "Medication dispensed.brief Document"), "Utlevering"),
}  # fmt: skip


def as_document(bundle: Resource) -> Resource:
    """Return the document Bundle of a collection with one prescription or one dispensation.

    Raises:
        InputError: none or several of them: MyHealth@EU exchanges each as its own document.
    """
    found = [(kind, one) for kind in _KINDS for one in as_resource(bundle, kind)]
    if len(found) != 1:
        raise InputError(
            Problem(f"{len(found)} prescriptions and dispensations in the file", "Bundle",
                    rule="MyHealth@EU: one document for each",
                    remedy="build each prescription on its own")
        )  # fmt: skip
    kind, item = found[0]
    into = Collection()
    composition = into.add(_composition(bundle, kind, item))
    head = next(e for e in into.bundle("")["entry"] if e["fullUrl"] == composition)
    entries = [head, *bundle["entry"]]
    identity = stable_id(f"document|{composition}".encode())
    moment = _moment(bundle, kind, item)
    return pack(
        resourceType="Bundle", id=identity,
        identifier={"system": urls.GUID, "value": f"urn:uuid:{identity}"}, type="document",
        timestamp=moment if "T" in moment else "", entry=entries,
    )  # fmt: skip


def _moment(bundle: Resource, kind: str, item: Resource) -> str:
    if bundle.get("timestamp"):
        return str(bundle["timestamp"])
    field = "authoredOn" if kind == "MedicationRequest" else "whenHandedOver"
    return str(item.get(field) or "")


def _composition(bundle: Resource, kind: str, item: Resource) -> Resource:
    (code, display), (section, name), title = _KINDS[kind]
    url = next(e["fullUrl"] for e in bundle["entry"] if e["resource"] is item)
    number = next(iter(item.get("identifier", ())), None)
    return pack(
        resourceType="Composition", language=item.get("language", "nb-NO"), identifier=number,
        status="final", type={"coding": [{"system": LOINC, "code": code, "display": display}]},
        subject=item.get("subject"), date=_moment(bundle, kind, item), author=[_author(item)],
        title=title, confidentiality="N", custodian=_custodian(bundle, item),
        section=[{
            "title": title,
            "code": {"coding": [{"system": LOINC, "code": section, "display": name}]},
            "text": _narrative(bundle, item), "entry": [{"reference": url}],
        }],
    )  # fmt: skip


def _author(item: Resource) -> Any:
    performers = item.get("performer")
    if isinstance(performers, list):
        return performers[0]["actor"] if performers else urls.absent()
    return item.get("requester") or urls.absent()


def _custodian(bundle: Resource, item: Resource) -> Any:
    """The organisation of who wrote it keeps it, where it is in the document."""
    actor = target(bundle, _author(item))
    if actor.get("resourceType") == "Organization":
        return _author(item)
    return actor.get("organization")


def _narrative(bundle: Resource, item: Resource) -> dict[str, str]:
    drug = target(bundle, item.get("medicationReference"))
    name = str((drug.get("code") or {}).get("text") or "")
    words = [str(d["text"]) for d in item.get("dosageInstruction", ()) if d.get("text")]
    amount = item.get("quantity") or (item.get("dispenseRequest") or {}).get("quantity") or {}
    shown = f"{amount.get('value', '')} {amount.get('unit', '')}".strip()
    cells = "".join(f"<td>{html.escape(text)}</td>" for text in (name, "; ".join(words), shown))
    heads = "".join(f"<th>{text}</th>" for text in ("Legemiddel", "Dosering", "Mengde"))
    table = f"<table><thead><tr>{heads}</tr></thead><tbody><tr>{cells}</tr></tbody></table>"
    div = f'<div xmlns="http://www.w3.org/1999/xhtml" lang="nb" xml:lang="nb">{table}</div>'
    return {"status": "generated", "div": div}
