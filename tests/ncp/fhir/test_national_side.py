"""What the national side gives, loses or refuses, as it is told over FHIR."""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import replace

import pytest

from ips.conformance.engine import check_bundle
from ncp.connector.base import PERMITTED
from ncp.model import DocumentEntry, DocumentKind, Refusal
from ncp.service.hooks import NoHooks
from tests.ncp.fhir.asking import B, codes, matches, web
from tests.ncp.service.asking import NORWAY, WORKER

PDF = b"%PDF-1.7 a report"
REPORT = f"""<ClinicalDocument xmlns="urn:hl7-org:v3"><component><nonXMLBody>
<text mediaType="application/pdf" representation="B64">{base64.b64encode(PDF).decode()}</text>
</nonXMLBody></component></ClinicalDocument>""".encode()


class National:
    """The samples, with a laboratory report as PDF, and things that go wrong."""

    expire = False

    def __init__(self, samples) -> None:
        self.samples, self.gone, self.down = samples, False, False

    def find(self, traits):
        if self.down:
            raise Refusal("ERROR_PI_REGISTRY_NOT_AVAILABLE", "The registry is not available.")
        return self.samples.find(traits)

    def documents(self, patient, kind):
        if self.down:
            raise Refusal("ERROR_PI_REGISTRY_NOT_AVAILABLE", "The registry is not available.")
        if kind is not DocumentKind.LABORATORY:
            return self.samples.documents(patient, kind)
        if self.gone:
            return []
        return [DocumentEntry(
            "2.16.578.1.9^report", "urn:uuid:2b1ff0a2-5b1b-4a8d-9c6e-6f6f0d9c0001", patient,
            kind, 1, "urn:eHDSI:orcd:pdf:2021", "Laboratory report",
            dt.datetime(2026, 3, 1, tzinfo=dt.UTC), NORWAY, NORWAY, country="NO")]  # fmt: skip

    def content(self, unique_id):
        return REPORT if unique_id == "2.16.578.1.9^report" else self.samples.content(unique_id)

    def consent(self, patient, kind, country):
        return PERMITTED

    def dispensed(self, notice):
        """Nothing to tell."""

    discarded = dispensed


@pytest.fixture
def national(samples):
    return National(samples)


@pytest.fixture
def asker(make, national, sweden):
    return B(sweden, web(make(connector=national)))


def report(asker):
    answer = asker.documents(WORKER, type="http://loinc.org|11502-2")
    judged = check_bundle(answer.json())
    assert judged.extra["valid"], [(r.message, r.location) for r in judged.results]
    (found,) = matches(answer.json())
    return found["content"][0]["attachment"]


def test_a_report_without_structure_is_given_as_its_pdf(asker):
    attachment = report(asker)
    assert attachment["contentType"] == "application/pdf"
    assert "/fhir/Binary/" in attachment["url"]
    plain = asker.get(attachment["url"], WORKER)
    assert (plain.headers["content-type"], plain.content) == ("application/pdf", PDF)
    wrapped = asker.get(attachment["url"], WORKER, Accept="application/fhir+json").json()
    assert (wrapped["resourceType"], base64.b64decode(wrapped["data"])) == ("Binary", PDF)
    assert asker.get(attachment["url"], WORKER, Accept="text/html").status_code == 406
    as_bundle = attachment["url"].replace("/Binary/", "/Bundle/")
    assert asker.get(as_bundle, WORKER).status_code == 404


@pytest.mark.parametrize(("more", "found"), [
    ({"contenttype": "application/pdf"}, 1), ({"contenttype": "application/fhir+json"}, 0),
    ({"date": "2026-03-01"}, 1), ({"date": "2026-03"}, 1), ({"date": "gt2026-03-01"}, 0),
    ({"date": "ge2026-03-01"}, 1), ({"date": "lt2026-03-01"}, 0), ({"date": "ne2026"}, 0),
    ({"date": "sa2026-02"}, 1), ({"date": "eb2026-03-01"}, 0), ({"date": "le2026-03"}, 1),
    ({"date": "ge2026-03-01T00:00:00Z"}, 1), ({"date": "lt2026-03-01T00:00:00Z"}, 0),
    ({"identifier": "urn:oid:2.16.578.1.9|report"}, 1),
    ({"identifier": "urn:oid:2.16.578.1.9|other"}, 0),
    ({"creation": "2026-03-01"}, 1),
])  # fmt: skip
def test_a_report_is_found_by_its_date_and_form(asker, more, found):
    answer = asker.documents(WORKER, type="11502-2", **more)
    assert len(matches(answer.json())) == found


def test_what_is_no_longer_there_is_gone(asker, national):
    url = report(asker)["url"]
    national.gone = True
    answer = asker.get(url, WORKER)
    assert (answer.status_code, codes(answer)) == (410, ["ERROR_GENERIC_DOCUMENT_MISSING"])


def test_a_national_side_that_is_down_is_told(asker, national):
    national.down = True
    answer = asker.patients(WORKER)
    assert (answer.status_code, codes(answer)) == (503, ["ERROR_PI_REGISTRY_NOT_AVAILABLE"])
    answer = asker.documents(WORKER, type="60591-5")
    assert (answer.status_code, codes(answer)) == (503, ["ERROR_PS_REGISTRY_NOT_AVAILABLE"])


class Faults(NoHooks):
    def refuse(self, operation):
        return Refusal("ERROR_PI_GENERIC", "on demand")


def test_faults_on_demand_hold_over_fhir_too(make, sweden):
    answer = B(sweden, web(make(hooks=Faults()))).patients(WORKER)
    assert (answer.status_code, codes(answer)) == (400, ["ERROR_PI_GENERIC"])


class Broken(National):
    def find(self, traits):
        raise RuntimeError("a secret of the inside, about 59909002146")


def test_an_error_inside_tells_a_number_and_nothing_else(make, samples, sweden, caplog):
    answer = B(sweden, web(make(connector=Broken(samples)))).patients(WORKER)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "59909002146" not in answer.text + caplog.text


def test_both_levels_of_one_content_are_one_reference(make, samples, sweden):
    class Twins(National):
        def documents(self, patient, kind):
            found = samples.documents(patient, kind)
            if kind is not DocumentKind.PATIENT_SUMMARY:
                return found
            first, other = found[0], "urn:uuid:2b1ff0a2-5b1b-4a8d-9c6e-6f6f0d9c0002"
            second = replace(first, unique_id="2.16.578.1.9^pdf", level=1, pair=first.entry_id,
                             entry_id=other)  # fmt: skip
            return [second, replace(first, pair=other)]

    asker = B(sweden, web(make(connector=Twins(samples))))
    (reference,) = matches(asker.documents(WORKER, type="60591-5").json())
    forms = [c["attachment"]["contentType"] for c in reference["content"]]
    assert forms == ["application/fhir+json", "application/pdf"]
