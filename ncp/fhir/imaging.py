"""Which imaging studies are there: what was done, when, of what; the pictures are elsewhere.

Source: MyHealth@EU NCPeH API 9.1.0, imaging study search (draft): identifier, modality, patient and
started; reason, bodysite and dicom-class besides. Offered where the national side has studies.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

from ncp.audit import categories
from ncp.fhir import names, paging
from ncp.fhir.call import FhirCall
from ncp.fhir.documents import patient_asked
from ncp.fhir.outcomes import Declined, issue_of, outcome
from ncp.fhir.params import Query, Token, read_query, span
from ncp.fhir.resources import only, searchset
from ncp.fhir.wire import Json, Result
from ncp.model import DocumentKind, Operation, PatientId, Refusal, Weight
from ncp.service.point import Point
from ncp.service.query import consent
from ncp.tables import document_kinds

KIND = "ImagingStudy"
PARAMETERS = {
    "patient": "reference", "patient.identifier": "token", "identifier": "token",
    "modality": "token", "started": "date", "reason": "token", "bodysite": "token",
    "dicom-class": "token", "status": "token",
}  # fmt: skip
_NAMESPACE = uuid.UUID("5f0d8c54-7a35-5b63-8d35-0c7a2f1b9a11")
"""Namespace of the ids that are made here (a fixed UUID of this product)."""
_IMAGES = DocumentKind.IMAGES
_ALWAYS = ("status", "subject")
"""What an ImagingStudy cannot lack."""


def offered(point: Point) -> bool:
    """Return whether the national side of a contact point has imaging studies."""
    return hasattr(point.connector, "studies")


def search(call: FhirCall) -> Result:
    """Answer ``ImagingStudy?patient.identifier=…&started=…``.

    Raises:
        Refusal: who asks may not, or the patient stays out.
        Declined: a parameter cannot be read, or no patient is among them.
    """
    assert call.asked is not None
    query = read_query(call.asked, [*PARAMETERS, "_elements", "_count", paging.CURSOR])
    call.category = categories([_IMAGES])
    call.permit([Operation.ORCD_LIST], f"{KIND}.s")
    call.hooked()
    patient = patient_asked(call, query)
    notes = query.warnings()
    found = [] if patient is None else _studies(call, patient)
    found = [one for one in found if _wanted(one, query)]
    if not found:
        nothing = Refusal(document_kinds()[_IMAGES].not_found,
                          "No imaging studies are registered for the given patient.",
                          Weight.WARNING)  # fmt: skip
        call.refusals.append(nothing)
        notes.append(issue_of(nothing))
    page = paging.page(found, _place, query)
    call.documents += [name for one in page.shown for name in _uids(one)]
    whose = names.of_patient(patient) if patient else None
    elements = [e for group in query.texts("_elements") for e in group if e]
    kept = [*elements, *_ALWAYS] if elements else []
    bundle = searchset(
        (only(one, kept) for one in page.shown), call.base,
        paging.link(KIND, query, whose.id if whose else ""), outcome(notes) if notes else None,
        total=page.total,
        following=paging.link(KIND, query, whose.id if whose else "", page.after)
        if page.after else "",
    )  # fmt: skip

    def keep(connection: Connection) -> None:
        names.remember(connection, [whose] if whose and page.shown else [])

    return Result(resource=bundle, keep=keep)


def _studies(call: FhirCall, patient: PatientId) -> list[Json]:
    """Return the studies of a patient as they may leave the country."""
    consent(call, patient, _IMAGES)
    found = call.point.connector.studies(patient) if offered(call.point) else ()  # type: ignore[attr-defined]
    return [_shown(one, patient) for one in found]


def _shown(study: Json, patient: PatientId) -> Json:
    """Return a study with the patient of this interface and without national addresses."""
    plain = {key: value for key, value in study.items() if key not in ("endpoint", "text", "meta")}
    made: Json = _unlinked(plain)
    for series in made.get("series") or ():
        series.pop("endpoint", None)
    name = "|".join(sorted(_uids(study))) or str(study.get("id"))
    made["id"] = str(uuid.uuid5(_NAMESPACE, f"{patient.cx}|{name}"))
    made["subject"] = {
        "reference": f"Patient/{names.of_patient(patient).id}", "type": "Patient",
        "identifier": {"system": f"urn:oid:{patient.root}", "value": patient.extension},
    }  # fmt: skip
    return made


def _unlinked(value: Any) -> Any:
    """Return a value whose references say what they are, and not where it lies nationally."""
    if isinstance(value, list):
        return [_unlinked(one) for one in value]
    if not isinstance(value, dict):
        return value
    made = {key: _unlinked(one) for key, one in value.items()}
    if str(made.get("reference", "#")).startswith("#"):
        return made
    del made["reference"]
    return made or {"display": "not given across the border"}


def _uids(study: Json) -> list[str]:
    return [str(one["value"]) for one in study.get("identifier") or () if one.get("value")]


def _place(study: Json) -> paging.Place:
    return paging.place(str(study.get("started", "")), str(study["id"]))


def _wanted(study: Json, query: Query) -> bool:
    series = [one for one in study.get("series") or () if isinstance(one, dict)]
    instances = [one for part in series for one in part.get("instance") or ()]
    reasons = _concepts(study.get("reasonCode") or ())
    known = {
        "identifier": [(str(i.get("system", "")), str(i.get("value", "")))
                       for i in study.get("identifier") or ()],
        "modality": _codings([*(study.get("modality") or ()),
                              *(part.get("modality") for part in series)]),
        "bodysite": _codings(part.get("bodySite") for part in series),
        "dicom-class": _codings(one.get("sopClass") for one in instances),
        "reason": reasons, "status": [("", str(study.get("status", "")))],
    }  # fmt: skip
    return _begun(study, query) and all(
        any(_fits(token, pair, name) for token in group for pair in pairs)
        for name, pairs in known.items() for group in query.tokens(name)
    )  # fmt: skip


def _fits(token: Token, pair: tuple[str, str], name: str) -> bool:
    return token.code == pair[1] if name == "status" else token.fits(*pair)


def _begun(study: Json, query: Query) -> bool:
    """Return whether a study began when it is asked for; one without a time did not."""
    groups = query.dates("started")
    text = str(study.get("started", ""))
    if not groups or not text:
        return not groups
    try:
        known = span(text, "started")
    except Declined:  # the national side has written no date
        return False
    return all(any(one.fits(known.start, known.end) for one in group) for group in groups)


def _codings(values: Iterable[Any]) -> list[tuple[str, str]]:
    return [(str(one.get("system", "")), str(one.get("code", "")))
            for one in values if isinstance(one, dict)]  # fmt: skip


def _concepts(values: Iterable[Any]) -> list[tuple[str, str]]:
    return _codings(coding for one in values if isinstance(one, dict)
                    for coding in one.get("coding") or ())  # fmt: skip
