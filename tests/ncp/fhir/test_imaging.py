"""Imaging studies over ``/fhir`` (MyHealth@EU NCPeH API 9.1.0, draft)."""

from __future__ import annotations

import copy

import pytest

from ips.conformance.engine import check_bundle
from ncp.audit.journal import Filter, entries
from ncp.connector.base import Consent
from ncp.model import DocumentKind, Operation
from tests.ncp.fhir.asking import B, codes, matches, system, web
from tests.ncp.fhir.test_national_side import National
from tests.ncp.service.asking import MRSA, WORKER

DCM, SCT = "http://dicom.nema.org/resources/ontology/DCM", "http://snomed.info/sct"
UID = "urn:oid:2.16.578.1.34.1000.1"
STUDY = {
    "resourceType": "ImagingStudy", "id": "national-7", "status": "available",
    "identifier": [{"system": "urn:dicom:uid", "value": UID}],
    "subject": {"reference": "Patient/national-1"}, "started": "2026-02-03T10:15:00+01:00",
    "modality": [{"system": DCM, "code": "CT"}],
    "endpoint": [{"reference": "Endpoint/pacs"}],
    "referrer": {"reference": "Practitioner/9", "display": "Kari Lege"},
    "basedOn": [{"reference": "ServiceRequest/4"}],
    "reasonCode": [{"coding": [{"system": SCT, "code": "233604007"}]}],
    "series": [{"uid": "2.16.578.1.34.1000.1.1", "modality": {"system": DCM, "code": "CT"},
                "bodySite": {"system": SCT, "code": "51185008"},
                "endpoint": [{"reference": "Endpoint/pacs"}],
                "instance": [{"uid": "2.16.578.1.34.1000.1.1.1", "sopClass": {
                    "system": "urn:ietf:rfc:3986", "code": "urn:oid:1.2.840.10008.5.1.4.1.1.2"}}]}],
}  # fmt: skip


class Pictures(National):
    """The samples with two imaging studies; consent as the test wants it."""

    permitted = True

    def studies(self, patient):
        if patient != WORKER:
            return []
        older = {**copy.deepcopy(STUDY), "started": "2020", "modality": [{"code": "MR"}],
                 "identifier": [{"system": "urn:dicom:uid", "value": UID + "2"}]}  # fmt: skip
        del older["series"]
        return [older, copy.deepcopy(STUDY)]

    def consent(self, patient, kind, country):
        return Consent(self.permitted or kind is not DocumentKind.IMAGES)


@pytest.fixture
def national(samples):
    return Pictures(samples)


@pytest.fixture
def pipeline(make, national):
    return make(connector=national)


@pytest.fixture
def asker(pipeline, sweden):
    return B(sweden, web(pipeline))


def studies(asker, patient=WORKER, treated=None, **more):
    return asker.get("ImagingStudy", treated or patient,
                     {"patient.identifier": system(patient), **more})  # fmt: skip


def test_a_study_is_found_and_says_nothing_of_the_inside(asker, pipeline):
    answer = studies(asker, started="ge2026")
    (found,) = matches(answer.json())
    assert check_bundle(answer.json()).extra["valid"]
    assert found["subject"]["identifier"]["value"] == WORKER.extension
    series = {k: v for k, v in STUDY["series"][0].items() if k != "endpoint"}
    assert (found["series"], found["started"]) == ([series], STUDY["started"])
    for national in ("Endpoint/", "Practitioner/", "ServiceRequest/", "national-"):
        assert national not in answer.text
    assert found["referrer"] == {"display": "Kari Lege"}
    with pipeline.point.store.connect() as connection:
        done = list(entries(connection, Filter()))[-1].transaction
    assert (done.operation, done.category, done.documents) == (Operation.ORCD_LIST, "d", (UID,))


@pytest.mark.parametrize(("more", "found"), [
    ({}, 2), ({"modality": "CT"}, 1), ({"modality": f"{DCM}|CT,MR"}, 2), ({"modality": "US"}, 0),
    ({"identifier": f"urn:dicom:uid|{UID}"}, 1), ({"started": "2026-02-03"}, 1),
    ({"started": "lt2026"}, 1), ({"started": "gt2026-02-03T09:16Z"}, 0),
    ({"reason": f"{SCT}|233604007"}, 2), ({"reason": "1"}, 0), ({"bodysite": "51185008"}, 1),
    ({"dicom-class": "urn:oid:1.2.840.10008.5.1.4.1.1.2"}, 1), ({"status": "available"}, 2),
    ({"modality": "CT", "started": "ge2026", "bodysite": "51185008"}, 1),
], ids=str)  # fmt: skip
def test_what_is_asked_for_narrows_what_is_found(asker, more, found):
    answer = studies(asker, **more)
    assert answer.status_code == 200, answer.text
    assert len(matches(answer.json())) == found
    assert codes(answer) == ([] if found else ["1104"])


def test_studies_come_in_pages_and_are_found_by_post(asker):
    answer = asker.client.post(
        "/fhir/ImagingStudy/_search", headers=asker.headers(WORKER),
        data={"patient.identifier": system(WORKER), "_count": "1", "_elements": "started"},
    )  # fmt: skip
    (first,) = matches(answer.json())
    assert first.keys() == {"resourceType", "id", "meta", "status", "subject", "started"}
    (following,) = [x["url"] for x in answer.json()["link"] if x["relation"] == "next"]
    (second,) = matches(asker.get(following, WORKER).json())
    assert (first["started"][:4], second["started"]) == ("2026", "2020")


def test_who_may_not_see_sees_nothing(asker, pharmacy, pipeline, national):
    assert matches(studies(asker, WORKER, MRSA).json()) == []
    assert (
        asker.get("ImagingStudy", None, {"patient.identifier": system(WORKER)}).status_code == 401
    )
    refused = studies(B(pharmacy, web(pipeline)))
    assert (refused.status_code, codes(refused)[:1]) == (403, ["4703"])
    assert asker.get("ImagingStudy", WORKER).status_code == 400
    national.permitted = False
    assert codes(studies(asker)) == ["4701"]


def test_only_a_country_with_studies_says_that_it_has_some(asker, doctor):
    def told(one):
        rest = one.client.get("/fhir/metadata").json()["rest"][0]
        return {r["type"]: {p["name"] for p in r.get("searchParam", ())} for r in rest["resource"]}

    assert {"identifier", "modality", "patient", "started", "reason", "bodysite",
            "dicom-class"} <= told(asker)["ImagingStudy"]  # fmt: skip
    assert check_bundle(asker.client.get("/fhir/metadata").json()).extra["valid"]
    assert "ImagingStudy" not in told(doctor)
    assert studies(doctor).status_code == 404
