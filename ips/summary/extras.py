"""Entries that the document adds: known absence, alerts from conditions, documents for the EPS."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from ips.summary.copying import stable_id
from ips.summary.systems import (
    ALLERGY_CLINICAL,
    CONDITION_CATEGORY,
    CONDITION_CLINICAL,
    FLAG_DETAIL,
    HL7,
    LOINC,
    SNOMED,
    absent,
    concept,
)
from ips.summary.tables import Section, canonical

Resource = dict[str, Any]
Entry = tuple[str, Resource]
"""``urn:uuid:...`` and the resource."""


def _entry(kind: str, profile: str, seed: str, content: Resource) -> Entry:
    name = kind.split(".")[0]
    id_ = stable_id(f"{name}|{seed}".encode())
    resource: Resource = {"resourceType": name, "id": id_}
    url = canonical(kind, profile)
    if url:
        resource["meta"] = {"profile": [url]}
    return f"urn:uuid:{id_}", {**resource, **content}  # a meta of the content wins


def known_absence(section: Section, profile: str, patient: str) -> list[Entry]:
    """Return the entries that say «none known» because a source states it.

    Implements: IPS 2.0.0, empty sections: known absence is a SNOMED CT code in a normal entry.

    Returns:
        the entry of the section first, then what it refers to.
    """
    code = concept(SNOMED, *section.absent, text=section.absent_nb)
    seed = f"none|{section.key}|{patient}"
    subject = {"reference": patient}
    if section.key == "devices":
        device = _entry("Device", profile, seed, {"type": code})
        use = _entry(
            "DeviceUseStatement", profile, seed,
            {"status": "active", "subject": subject, "_timingDateTime": absent(),
             "device": {"reference": device[0]}},
        )  # fmt: skip
        return [use, device]
    contents: dict[str, tuple[str, Resource]] = {
        "allergies": (
            "AllergyIntolerance",
            {"clinicalStatus": concept(ALLERGY_CLINICAL, "active"), "code": code,
             "patient": subject},
        ),
        "problems": (
            "Condition",
            {"clinicalStatus": concept(CONDITION_CLINICAL, "active"),
             "category": [concept(CONDITION_CATEGORY, "problem-list-item", "Problem List Item")],
             "code": code, "subject": subject},
        ),
        "medications": (
            "MedicationStatement",
            {"status": "unknown", "medicationCodeableConcept": code, "subject": subject,
             "_effectiveDateTime": absent("not-applicable")},
        ),
        "procedures": (
            "Procedure",
            {"status": "unknown", "code": code, "subject": subject,
             "_performedDateTime": absent("not-applicable")},
        ),
        "immunizations": (
            "Immunization",
            {"status": "not-done", "vaccineCode": code, "patient": subject,
             "_occurrenceDateTime": absent("not-applicable")},
        ),
    }  # fmt: skip
    kind, content = contents[section.key]
    return [_entry(kind, profile, seed, content)]


def alert_for(
    condition: Resource, fullurl: str, profile: str, patient: str, category: str
) -> Entry:
    """Return the alert that points to a condition which clinicians must see at once.

    Kjernejournal lists trouble with anaesthesia and infection as critical information; the IPS
    has its place for that in Alerts, which holds flags only, while the facts are in the condition.

    Args:
        condition: conformant.
        fullurl: its reference in the document.
        profile: ``ips`` or ``eps``.
        patient: the patient's reference.
        category: the word for the category «safety».
    """
    detail = {"url": FLAG_DETAIL, "valueReference": {"reference": fullurl}}
    content = {
        "extension": [detail],
        "status": "active",
        "category": [concept(HL7 + "flag-category", "safety", "Safety", category)],
        "code": condition["code"],
        "subject": {"reference": patient},
    }
    if "meta" in condition and "source" in condition["meta"]:
        url, flag = _entry("Flag", profile, fullurl, content)
        flag["meta"]["source"] = condition["meta"]["source"]
        return url, flag
    return _entry("Flag", profile, fullurl, content)


def directive_document(consent: Resource, text: str, profile: str) -> Entry:
    """Return an advance directive as the EPS can carry it: a document reference.

    EPS 1.0.0-xtehr eps-bundle-subject-ref asks every Consent of the bundle for ``subject``, which
    R4 does not have, so no EPS with a Consent entry can be valid. The section also admits
    DocumentReference: it carries the directive as text for people, and the Consent whole and
    structured as a contained resource that the invariant does not reach.

    Args:
        consent: conformant, with its references already those of the document.
        text: the directive in words, in the language of the document.
        profile: ``eps``.
    """
    meta = consent.get("meta", {})
    inner = {key: value for key, value in consent.items() if key not in ("meta", "contained")}
    inner["id"] = "directive"
    content: Resource = {
        "contained": [inner, *consent.get("contained", ())],
        "status": "current",
        "docStatus": "final",
        "type": concept(LOINC, "42348-3", "Advance healthcare directives"),
        "category": consent["category"],
        "subject": consent["patient"],
    }
    if "T" in consent.get("dateTime", ""):
        content["date"] = consent["dateTime"]  # an instant needs the time of day
    if consent.get("performer"):
        content["author"] = consent["performer"]
    content |= _as_text(text)
    content["context"] = {"related": [{"reference": "#directive"}]}
    kept = {part: meta[part] for part in ("source", "security", "tag") if part in meta}
    return _entry(
        "DocumentReference", profile, consent["id"], {"meta": kept, **content} if kept else content
    )


def observations_document(
    section: Section, text: str, entries: Sequence[Entry], profile: str, patient: str
) -> Entry:
    """Return the document reference that stands for the observations of a section in an EPS.

    EPS 1.0.0-xtehr slices the entries of pregnancy and of social history by resource type alone
    and has several slices for Observation, so every observation matches more than one slice and
    no EPS that lists one there can be valid. The observations stay entries of the bundle, where
    their slices are sound, and are reached through ``context.related``.
    """
    urls = [url for url, _ in entries]
    content: Resource = {
        "status": "current",
        "docStatus": "final",
        "type": concept(LOINC, section.loinc, section.display),
        "subject": {"reference": patient},
        **_as_text(text),
        "context": {"related": [{"reference": url} for url in urls]},
    }
    return _entry("DocumentReference", profile, "|".join(urls), content)


def _as_text(text: str) -> Resource:
    data = base64.b64encode(text.encode()).decode()
    attachment = {"contentType": "text/plain;charset=utf-8", "data": data, "title": text[:80]}
    return {"description": text, "content": [{"attachment": attachment}]}
