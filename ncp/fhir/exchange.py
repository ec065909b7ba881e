"""The interface between contact points: ``/fhir``.

Source: MyHealth@EU NCPeH API 9.1.0; who asks is said as OpenNCP 9 does (bearer token with the
assertions, header ``CountryCode``).
"""

from __future__ import annotations

from ncp.fhir import capability, documents, imaging, patients, provision
from ncp.fhir.call import FhirCall, of_professional
from ncp.fhir.desk import Desk, Interaction, Public
from ncp.fhir.outcomes import declined
from ncp.fhir.settings import Settings
from ncp.fhir.token import Bearer, read
from ncp.fhir.wire import Asked
from ncp.service.point import Point

INTERACTIONS = (
    Interaction("GET", "Patient", patients.search),
    Interaction("POST", "Patient/_search", patients.search),
    Interaction("GET", "Patient/{id}", patients.read_one),
    Interaction("GET", "DocumentReference", documents.search),
    Interaction("POST", "DocumentReference/_search", documents.search),
    Interaction("GET", "DocumentReference/{id}", documents.read_reference),
    Interaction("GET", "Bundle/{id}", documents.read_bundle),
    Interaction("GET", "Binary/{id}", documents.read_binary, files=True),
    Interaction("POST", "DocumentReference", provision.create),
    Interaction("PUT", "DocumentReference/{id}", provision.update),
    Interaction("POST", "", provision.bundle),
)
IMAGING = (
    Interaction("GET", "ImagingStudy", imaging.search),
    Interaction("POST", "ImagingStudy/_search", imaging.search),
)
"""Where the national side has imaging studies."""


def desk(point: Point, settings: Settings) -> Desk:
    """Return what answers ``/fhir``."""

    def caller(asked: Asked) -> FhirCall:
        now = point.clock()
        bearer = read(asked.header("authorization"), trust=point.trust, now=now,
                      audience=asked.base, peer=asked.peer, secret=settings.secret)  # fmt: skip
        _meant_for(point, asked)
        return of_professional(point, asked, bearer, now)

    def stranger(asked: Asked) -> FhirCall:
        return of_professional(point, asked, Bearer(()), point.clock())

    public = (Public("GET", "metadata", lambda asked: capability.exchange(point, asked.base)),)
    interactions = (*INTERACTIONS, *(IMAGING if imaging.offered(point) else ()))
    return Desk(point, interactions, public, caller, stranger)


def _meant_for(point: Point, asked: Asked) -> None:
    """Check the header by which a portal says which country it means, where it is sent."""
    said = asked.header("countrycode").upper()
    if said and said != point.country.code:
        raise declined(400, "value", f"the request is meant for {said[:2]}, this is "
                       f"{point.country.code}", "CountryCode", "ERROR_PI_GENERIC")  # fmt: skip
