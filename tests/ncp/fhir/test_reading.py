"""Identification and documents over ``/fhir`` (MyHealth@EU NCPeH API 9.1.0)."""

from __future__ import annotations

import pytest

from ips.conformance.engine import check_bundle
from ips.conformance.reader import read_document
from ncp.audit.journal import Filter, entries
from ncp.model import DocumentKind, Operation, PatientId
from tests.ncp.fhir.asking import BASE, codes, matches, system
from tests.ncp.service.asking import FNR, MRSA, WORKER

RESERVED = PatientId(FNR, "28917101193")


def journal(pipeline):
    with pipeline.point.store.connect() as connection:
        return [e.transaction for e in entries(connection, Filter())]


def assert_valid(resource):
    report = check_bundle(resource)
    assert report.extra["valid"], [r.message for r in report.results if r.severity == "error"]


def test_a_patient_is_found_with_the_minimal_data(doctor):
    answer = doctor.patients(WORKER)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/fhir+json"
    assert answer.headers["cache-control"] == "no-store"
    (patient,) = matches(answer.json())
    assert patient["name"][0]["family"] == "Parasol"
    assert {"identifier", "name", "gender", "birthDate"} <= patient.keys()
    assert "address" not in patient
    assert_valid(answer.json())


def test_the_number_of_a_patient_is_in_no_id_and_no_link(doctor):
    bundle = doctor.patients(WORKER).json()
    assert WORKER.extension not in str([bundle["link"], bundle["entry"][0]["fullUrl"]])


@pytest.mark.parametrize(("more", "found"), [
    ({"name": "parasol"}, 1), ({"name": "Par"}, 1), ({"name": "Nobody"}, 0),
    ({"gender": "male"}, 1), ({"gender": "female"}, 0),
    ({"birthdate": "1990"}, 1), ({"birthdate": "lt1990"}, 0),
])  # fmt: skip
def test_what_is_asked_besides_the_identifier_must_agree(doctor, more, found):
    patient = matches(doctor.patients(WORKER).json())[0]
    if "birthdate" in more:
        year = patient["birthDate"][:4]
        more = {"birthdate": more["birthdate"].replace("1990", year)}
    if "gender" in more and patient["gender"] == "female":
        more = {"gender": {"male": "female", "female": "male"}[more["gender"]]}
    answer = doctor.patients(WORKER, **more)
    assert len(matches(answer.json())) == found
    assert ("ERROR_PI_NO_MATCH" in codes(answer)) is not bool(found)


def test_elements_are_left_out_as_wished(doctor):
    (patient,) = matches(doctor.patients(WORKER, _elements="identifier,birthDate").json())
    assert patient.keys() == {"resourceType", "id", "meta", "identifier", "birthDate"}


def test_a_patient_is_read_by_the_id_that_was_found(doctor):
    (patient,) = matches(doctor.patients(WORKER).json())
    answer = doctor.get("Patient/" + patient["id"])
    assert answer.json()["name"] == patient["name"]
    assert doctor.get("Patient/unknown").status_code == 404


def test_whoever_stays_out_is_not_told_of(doctor):
    answer = doctor.patients(RESERVED)
    assert answer.status_code == 403
    assert codes(answer) == ["WARNING_PI_NO_CONSENT"]
    assert "28917101193" not in answer.text


def test_without_identifier_there_is_no_search(doctor):
    answer = doctor.get("Patient", None, {"name": "Parasol"})
    assert (answer.status_code, codes(answer)) == (400, ["ERROR_PI_MISSING_REQUIRED_FIELDS"])


@pytest.mark.parametrize("value", ["12345678901", "urn:oid:1.2.3", "urn:oid:x|1", "|", "a|b|c"])
def test_an_identifier_needs_its_authority(doctor, value):
    answer = doctor.get("Patient", None, {"identifier": value})
    assert (answer.status_code, codes(answer)) == (400, ["ERROR_PI_INCORRECT_FORMATTING"])


def test_documents_are_listed_and_read_as_json_and_xml(doctor, norway):
    answer = doctor.documents(WORKER, type="http://loinc.org|60591-5")
    assert answer.status_code == 200, answer.text
    (reference,) = matches(answer.json())
    assert_valid(answer.json())
    assert reference["status"] == "current"
    assert {"masterIdentifier", "type", "subject", "date", "description"} <= reference.keys()
    attachment = reference["content"][0]["attachment"]
    assert "data" not in attachment
    assert attachment["contentType"] == "application/fhir+json"
    as_json = doctor.get(attachment["url"], WORKER)
    bundle = as_json.json()
    assert (bundle["type"], bundle["entry"][0]["resource"]["resourceType"]) == (
        "document", "Composition")  # fmt: skip
    assert attachment["url"] == f"{BASE}/fhir/Bundle/{bundle['id']}"
    assert bundle["identifier"] == reference["masterIdentifier"]
    as_xml = doctor.get(attachment["url"], WORKER, Accept="application/fhir+xml")
    assert as_xml.headers["content-type"] == "application/fhir+xml"
    read = read_document(as_xml.content)
    assert [e["fullUrl"] for e in read["entry"]] == [e["fullUrl"] for e in bundle["entry"]]
    done = [t.operation for t in journal(norway)]
    assert done == [Operation.PS_LIST, Operation.PS_RETRIEVE, Operation.PS_RETRIEVE]
    last = journal(norway)[-1]
    assert (last.transport, last.category, last.done) == ("FHIR", "a", True)
    assert last.professional.name == "Astrid Testsson"
    assert last.patients == (WORKER,)


def test_format_in_the_url_counts_more_than_accept(doctor):
    answer = doctor.patients(WORKER, _format="xml")
    assert read_document(answer.content)["total"] == 1
    assert answer.text.startswith("<?xml")
    plus = doctor.get("Patient", None, {"identifier": system(WORKER)},
                      Accept="application/fhir+xml;q=0.2, application/fhir+json")  # fmt: skip
    assert plus.json()["total"] == 1


def test_a_form_that_is_not_given_is_refused_before_anything_is_done(doctor, norway):
    answer = doctor.get("Patient", None, {"identifier": system(WORKER)}, Accept="text/turtle")
    assert answer.status_code == 406
    assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize(("more", "found"), [
    ({}, 2), ({"type": "60591-5"}, 1), ({"type": "http://loinc.org|57833-6"}, 1),
    ({"type": "http://loinc.org|60591-5,http://loinc.org|57833-6"}, 2),
    ({"date": "ge2020-01-01"}, 2), ({"date": "lt2020"}, 0),
    ({"contenttype": "application/fhir+json"}, 2), ({"contenttype": "application/pdf"}, 0),
    ({"status": "current"}, 2), ({"status": "superseded"}, 0),
    ({"category": "Patient-Summaries"}, 1), ({"category": "http://other|x"}, 0),
    ({"type": "60591-5", "date": "ge2020-01-01", "contenttype": "application/fhir+json"}, 1),
])  # fmt: skip
def test_search_parameters_narrow_what_is_found(doctor, more, found):
    answer = doctor.documents(WORKER, **more)
    assert answer.status_code == 200, answer.text
    if "contenttype" in more and found == 0:
        found = len([r for r in matches(doctor.documents(WORKER).json()) if len(r["content"]) > 1])
    assert len(matches(answer.json())) == found


def test_a_search_may_be_posted_so_that_the_number_is_in_no_url(doctor):
    headers = doctor.headers(WORKER)
    answer = doctor.client.post(
        "/fhir/DocumentReference/_search",
        headers=headers,
        data={"patient.identifier": system(WORKER), "type": "60591-5"},
    )
    assert len(matches(answer.json())) == 1


def test_who_treats_another_patient_sees_nothing(doctor):
    bundle = doctor.documents(WORKER, type="60591-5").json()
    url = matches(bundle)[0]["content"][0]["attachment"]["url"]
    other = doctor.documents(WORKER, MRSA, type="60591-5")
    assert matches(other.json()) == []
    assert codes(other) == ["ERROR_PS_NOT_FOUND"]
    refused = doctor.get(url, MRSA)
    assert (refused.status_code, codes(refused)) == (404, ["ERROR_GENERIC_DOCUMENT_MISSING"])
    assert codes(doctor.get("Bundle/unknown", MRSA)) == codes(refused)


def test_documents_need_a_treatment_relationship(doctor):
    answer = doctor.get("DocumentReference", None,
                        {"patient.identifier": system(WORKER), "type": "60591-5"})  # fmt: skip
    assert (answer.status_code, codes(answer)[:1]) == (401, ["1001"])
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_pharmacist_does_not_see_the_summary(pharmacist, norway):
    named = pharmacist.documents(WORKER, type="60591-5")
    assert (named.status_code, codes(named)[:1]) == (403, ["4703"])
    everything = matches(pharmacist.documents(WORKER).json())
    kinds = {r["type"]["coding"][0]["code"] for r in everything}
    assert kinds == {DocumentKind.EPRESCRIPTION.value}
    assert journal(norway)[0].error_code == "4703"


def test_closed_documents_are_refused_or_left_out(doctor):
    closed = PatientId(FNR, "29824803127")
    named = doctor.documents(closed, type="57833-6")
    assert (named.status_code, codes(named)) == (403, ["ERROR_EP_NO_CONSENT"])
    rest = doctor.documents(closed)
    assert {r["type"]["coding"][0]["code"] for r in matches(rest.json())} == {"60591-5"}


def test_every_summary_is_a_valid_document(doctor, samples):
    for person in samples.persons[:12]:
        answer = doctor.documents(person.ids[0], type="60591-5")
        for reference in matches(answer.json()) if answer.status_code == 200 else ():
            url = reference["content"][0]["attachment"]["url"]
            assert_valid(doctor.get(url, person.ids[0]).json())


def test_unknown_parameters_are_told_or_refused(doctor):
    lenient = doctor.patients(WORKER, colour="blue")
    assert lenient.json()["total"] == 1
    note = [e["resource"] for e in lenient.json()["entry"] if e["search"]["mode"] == "outcome"]
    assert note[0]["issue"][0]["severity"] == "warning"
    assert_valid(lenient.json())
    strict = doctor.get("Patient", None, {"identifier": system(WORKER), "colour": "blue"},
                        Prefer="handling=strict")  # fmt: skip
    assert strict.status_code == 400
    modifier = doctor.get("Patient", None, {"identifier:of-type": "x"})
    assert modifier.status_code == 400


@pytest.mark.parametrize("date", ["yesterday", "2026-13-01", "xx2026", "2026-02-30", "ge", "-1"])
def test_bad_dates_are_refused(doctor, date):
    assert doctor.documents(WORKER, date=date).status_code == 400


def test_what_is_not_offered_is_404_or_405(doctor):
    assert doctor.get("Observation", WORKER).status_code == 404
    answer = doctor.client.delete("/fhir/DocumentReference/1", headers=doctor.headers(WORKER))
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, PUT")


def test_the_capability_statement_is_open_valid_and_true(doctor):
    for form in ("json", "xml"):
        answer = doctor.client.get("/fhir/metadata", params={"_format": form})
        statement = read_document(answer.content)
        assert_valid(statement)
    rest = statement["rest"][0]
    assert {i["code"] for i in rest["interaction"]} == {"transaction", "batch"}
    for resource in rest["resource"]:
        for parameter in resource.get("searchParam", ()):
            value = {"date": "2026", "reference": "x"}.get(parameter["type"], "x|x")
            answer = doctor.get(resource["type"], WORKER, {parameter["name"]: value},
                                Prefer="handling=strict")  # fmt: skip
            assert "not known" not in answer.text
