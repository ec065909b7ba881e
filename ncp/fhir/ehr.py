"""The interface for EHR systems of the own country: ``/ehr``.

Source: hl7.eu/fhir/health-data-api 1.0.0-ballot: ITI-67, ITI-68, ITI-78, ITI-105, ITI-119 with
SMART Backend Services.
"""

from __future__ import annotations

from ncp.fhir import capability, documents, patients, publish, smart
from ncp.fhir.call import FhirCall, of_system
from ncp.fhir.desk import Desk, Interaction, Public
from ncp.fhir.settings import Settings
from ncp.fhir.wire import Asked
from ncp.service.point import Point

INTERACTIONS = (
    Interaction("GET", "Patient", patients.search),
    Interaction("POST", "Patient/_search", patients.search),
    Interaction("POST", "Patient/$match", patients.match),
    Interaction("GET", "Patient/{id}", patients.read_one),
    Interaction("GET", "DocumentReference", documents.search),
    Interaction("POST", "DocumentReference/_search", documents.search),
    Interaction("GET", "DocumentReference/{id}", documents.read_reference),
    Interaction("GET", "Bundle/{id}", documents.read_bundle),
    Interaction("GET", "Binary/{id}", documents.read_binary, files=True),
    Interaction("POST", "DocumentReference", publish.create),
    Interaction("PUT", "DocumentReference/{id}", publish.update),
)


def desk(point: Point, settings: Settings) -> Desk:
    """Return what answers ``/ehr``."""
    tokens = smart.Tokens(point, settings)

    def caller(asked: Asked) -> FhirCall:
        known = tokens.check(asked.header("authorization"))
        return of_system(point, asked, known.client, known.scopes, point.clock())

    def stranger(asked: Asked) -> FhirCall:
        return of_system(point, asked, "", frozenset(), point.clock())

    public = (
        Public("GET", "metadata", lambda asked: capability.ehr(point, asked.base)),
        Public("GET", ".well-known/smart-configuration", smart.configuration),
        Public("POST", "auth/token", tokens.give),
    )
    return Desk(point, INTERACTIONS, public, caller, stranger)
