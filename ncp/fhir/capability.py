"""What the interfaces offer, as CapabilityStatements that are true to what is there.

Sources: FHIR R4 CapabilityStatement; MyHealth@EU NCPeH API 9.1.0 (responding contact point);
hl7.eu/fhir/health-data-api 1.0.0-ballot (Document Access Provider with submission option).
"""

from __future__ import annotations

from collections.abc import Mapping

from ncp.fhir import documents, imaging, patients
from ncp.fhir.paging import LARGEST
from ncp.fhir.wire import Json
from ncp.service.point import Point

_DATE = "2026-11-22"
_PARAMETER = "http://hl7.org/fhir/SearchParameter/"
_DEFINITIONS = {
    "Patient": {
        "identifier": "Patient-identifier", "_id": "Resource-id", "active": "Patient-active",
        "name": "Patient-name", "family": "individual-family", "given": "individual-given",
        "birthdate": "individual-birthdate", "gender": "individual-gender",
        "address": "individual-address", "address-city": "individual-address-city",
        "address-country": "individual-address-country",
        "address-postalcode": "individual-address-postalcode",
        "address-state": "individual-address-state", "telecom": "individual-telecom",
    },
    "DocumentReference": {
        "patient": "clinical-patient", "type": "clinical-type", "identifier": "clinical-identifier",
        "date": "DocumentReference-date", "contenttype": "DocumentReference-contenttype",
        "category": "DocumentReference-category", "status": "DocumentReference-status",
        "_id": "Resource-id",
    },
    "ImagingStudy": {
        "patient": "clinical-patient", "identifier": "clinical-identifier",
        "modality": "ImagingStudy-modality", "started": "ImagingStudy-started",
        "reason": "ImagingStudy-reason", "bodysite": "ImagingStudy-bodysite",
        "dicom-class": "ImagingStudy-dicom-class", "status": "ImagingStudy-status",
    },
}  # fmt: skip
_NOTES = {
    "patient.identifier": "Chained: urn:oid:<authority>|<value>",
    "creation": "Attachment.creation",
}
_EVERYWHERE = [
    {
        "name": "_count",
        "type": "number",
        "documentation": f"Matches of a page, at most {LARGEST}; the rest: link «next»",
    },
    {"name": "_elements", "type": "string", "documentation": "Elements that are wanted"},
]
_SMART = "http://terminology.hl7.org/CodeSystem/restful-security-service"


def exchange(point: Point, base: str) -> Json:
    """Return the CapabilityStatement of ``/fhir``."""
    security = {"cors": False, "description":
                "Mutual TLS, and a bearer token (JWT) with the claims HCP and TRC: SAML assertions "
                "in base64; signed with RS256 and x5c, or HS512 where agreed."}  # fmt: skip
    resources = [
        _resource("Patient", ("read", "search-type"), patients.PARAMETERS),
        _resource("DocumentReference", ("read", "search-type", "create", "update"),
                  documents.PARAMETERS, update=True),
        _resource("Bundle", ("read",)),
        _resource("Binary", ("read",)),
    ]  # fmt: skip
    if imaging.offered(point):
        resources.append(_resource(imaging.KIND, ("search-type",), imaging.PARAMETERS))
    made = _statement(point, base, "MyHealth@EU NCPeH API of country A", security, resources)
    made["rest"][0]["interaction"] = [{"code": "transaction"}, {"code": "batch"}]
    return made


def ehr(point: Point, base: str) -> Json:
    """Return the CapabilityStatement of ``/ehr``."""
    security = {
        "cors": False,
        "service": [{"coding": [{"system": _SMART, "code": "SMART-on-FHIR"}]}],
        "description": "SMART Backend Services: client_credentials with private_key_jwt at "
        f"{base}/auth/token; see {base}/.well-known/smart-configuration.",
    }
    patient = _resource("Patient", ("read", "search-type"),
                        {**patients.PARAMETERS, **patients.EHR_PARAMETERS})  # fmt: skip
    patient["operation"] = [
        {"name": "match", "definition": "http://hl7.org/fhir/OperationDefinition/Patient-match",
         "documentation": "onlyCertainMatches must be true"}
    ]  # fmt: skip
    resources = [
        patient,
        _resource("DocumentReference", ("read", "search-type", "create", "update"),
                  documents.EHR_PARAMETERS, update=True),
        _resource("Bundle", ("read",)),
        _resource("Binary", ("read",)),
    ]  # fmt: skip
    return _statement(point, base, "EU Health Data API of country A", security, resources)


def _statement(point: Point, base: str, title: str, security: Json, resources: list[Json]) -> Json:
    return {
        "resourceType": "CapabilityStatement", "status": "active", "date": _DATE,
        "kind": "instance", "fhirVersion": "4.0.1", "title": title,
        "description": f"What {base} offers.",
        "format": ["application/fhir+json", "application/fhir+xml"],
        "software": {"name": "ehds"},
        "implementation": {"description": f"{title}: {point.country.name_en}", "url": base},
        "rest": [{"mode": "server", "security": security, "resource": resources,
                  "searchParam": _EVERYWHERE}],
    }  # fmt: skip


def _resource(
    kind: str, interactions: tuple[str, ...], parameters: Mapping[str, str] | None = None, *,
    update: bool = False,
) -> Json:  # fmt: skip
    made: Json = {"type": kind, "interaction": [{"code": one} for one in interactions]}
    if update:
        made |= {"updateCreate": True, "documentation": "Update with status entered-in-error takes "
                 "back; nothing else is changed."}  # fmt: skip
    if parameters:
        made["searchParam"] = [_parameter(kind, *pair) for pair in parameters.items()]
    return made


def _parameter(kind: str, name: str, type_: str) -> Json:
    made = {"name": name, "type": type_}
    known = _DEFINITIONS.get(kind, {}).get(name)
    if known:
        made["definition"] = _PARAMETER + known
    if name in _NOTES:
        made["documentation"] = _NOTES[name]
    return made
