"""Vaccinations, laboratory answers, measurements, the maternity record and no-basis people."""

from __future__ import annotations

from typing import Any

import pytest

from data.errors import InputError
from ips import sources
from ips.loss import Fate
from ips.sources import Source
from tests.ips.sources.samples import NUMBER, OID, OTHER, SUBJECT, Json, searchset, to_bytes

PATIENT = {"reference": "Patient/patient"}


def of(source: Source, kind: str) -> list[Json]:
    return [r for r in source.resources if r["resourceType"] == kind]


def vaccination(**more: Any) -> Json:
    return {
        "resourceType": "Immunization", "id": "v1", "status": "completed", "patient": SUBJECT,
        "vaccineCode": {"coding": [{"system": OID + "7447", "code": "16"}], "text": "Priorix"},
        "occurrenceDateTime": "2019-05-06", **more,
    }  # fmt: skip


def test_a_vaccination_gets_atc_and_snomed_beside_the_national_code() -> None:
    source = sources.read_any(searchset(vaccination(lotNumber="A1")), "vaccinations.json")
    assert source.kind == "sysvak"
    (made,) = of(source, "Immunization")
    codes = {c["code"] for c in made["vaccineCode"]["coding"]}
    assert {"J07BD52", "16"} <= codes
    assert made["vaccineCode"]["text"] == "Priorix"
    assert (made["lotNumber"], made["patient"]) == ("A1", PATIENT)


def test_vaccinations_by_own_account_and_by_mistake() -> None:
    recall = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/immunization-origin",
                          "code": "recall"}]}  # fmt: skip
    source = sources.read_any(
        searchset(vaccination(primarySource=False, reportOrigin=recall),
                  vaccination(id="v2", status="entered-in-error")),
        "vaccinations.json",
    )  # fmt: skip
    (made,) = of(source, "Immunization")
    assert made["primarySource"] is False
    assert source.origins[f"Immunization/{made['id']}"].from_patient
    assert any(i.source_value == "Immunization/v2" for i in source.loss.items)


def test_a_vaccination_without_vaccine_is_a_fault() -> None:
    with pytest.raises(InputError, match="names no vaccine"):
        sources.read_any(searchset(vaccination(vaccineCode={})), "vaccinations.json")


NILAR = "http://nhn.no/fhir/nilar/StructureDefinition/"


def laboratory() -> bytes:
    return searchset(
        {
            "resourceType": "DiagnosticReport", "id": "r", "status": "final", "subject": SUBJECT,
            "meta": {"profile": [NILAR + "nilar-diagnostic-report"]},
            "code": {"coding": [{"system": OID + "8202", "code": "CLIN"}]},
            "issued": "2024-03-02T10:00:00+01:00", "effectiveDateTime": "2024-03-01",
            "extension": [{"url": NILAR + "comment", "valueString": "Hemolysert prøve"}],
            "performer": [{"identifier": {"system": "ENH", "value": "100100223"},
                           "display": "Oppdiktet laboratorium"}],
            "result": [{"reference": "Observation/o1"}, {"reference": "Observation/gone"}],
            "specimen": [{"reference": "Specimen/s"}],
        },
        {"resourceType": "Specimen", "id": "s", "type": {"text": "Blod"}, "subject": SUBJECT},
        {
            "resourceType": "Observation", "id": "o1", "status": "final", "subject": SUBJECT,
            "code": {"coding": [{"system": "http://ehelse.no/fhir/CodeSystem/no-kodeverk-7280-nlk",
                                 "code": "NPU03230", "display": "P-Kalium"}]},
            "valueQuantity": {"value": 5.6, "unit": "mmol/L"},
            "interpretation": [{"coding": [{"system": OID + "8244", "code": "1"}]}],
            "referenceRange": [{"low": {"value": 3.5, "unit": "mmol/L"}, "text": "3,5-4,4"}],
            "hasMember": [{"reference": "Observation/o2"}], "specimen": {"reference": "Specimen/s"},
        },
        {
            "resourceType": "Observation", "id": "o2", "status": "final", "subject": SUBJECT,
            "code": {"coding": [{"system": OID + "8212", "code": "LOKAL1", "display": "Noe"}]},
            "valueCodeableConcept": {"coding": [{"system": OID + "8340", "code": "Neg"}]},
        },
    )  # fmt: skip


def test_laboratory_answers_are_linked_and_translated() -> None:
    source = sources.read_any(laboratory(), "laboratory.json")
    assert source.kind == "provesvar"
    first, second = of(source, "Observation")
    (report,), (specimen,) = of(source, "DiagnosticReport"), of(source, "Specimen")
    assert first["code"]["coding"][0] == {
        "system": "http://loinc.org",
        "code": "2823-3",
        "display": first["code"]["coding"][0]["display"],
    }
    assert first["valueQuantity"]["code"] == "mmol/L"
    assert first["interpretation"][0]["coding"][0]["code"] == "H"
    assert first["hasMember"] == [{"reference": f"Observation/{second['id']}"}]
    assert first["specimen"] == {"reference": f"Specimen/{specimen['id']}"}
    assert report["result"] == [{"reference": f"Observation/{first['id']}"}]
    assert "Hemolysert prøve" in report["conclusion"]
    assert any("not in the file" in w.what for w in source.warnings)
    # Only the one that the report names has its laboratory and its date.
    assert first["performer"] == report["performer"]
    assert first["effectiveDateTime"] == "2024-03-01"
    assert "performer" not in second


def test_a_local_code_travels_as_text_with_a_reason() -> None:
    source = sources.read_any(laboratory(), "laboratory.json")
    local = [i for i in source.loss.items if "LOKAL1" in i.source_value]
    assert [i.fate for i in local] == [Fate.AS_TEXT]
    assert of(source, "Observation")[1]["code"]["text"] == "Noe"


def measurement(code: str, system: str = "http://loinc.org", **more: Any) -> Json:
    return {
        "resourceType": "Observation", "id": code, "status": "registered", "subject": SUBJECT,
        "code": {"coding": [{"system": system, "code": code}]},
        "effectiveDateTime": "2026-06-02T12:00:00+02:00", "performer": [SUBJECT], **more,
    }  # fmt: skip


def test_measurements_are_vital_signs_taken_by_the_patient() -> None:
    pressure = measurement("85354-9", component=[
        {"code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
         "valueQuantity": {"value": 120, "unit": "mmHg", "code": "mm[Hg]",
                           "system": "http://unitsofmeasure.org"}}])  # fmt: skip
    score = measurement("763264000", "http://snomed.info/sct", valueInteger=4)
    source = sources.read_any(searchset(pressure, score), "measurements.json")
    assert source.kind == "maledata"
    first, second = of(source, "Observation")
    assert first["category"][0]["coding"][0]["code"] == "vital-signs"
    assert second["category"][0]["coding"][0]["code"] == "survey"
    assert first["performer"] == [PATIENT]
    assert second["valueInteger"] == 4
    assert source.origins[f"Observation/{first['id']}"].from_patient
    assert not of(source, "Practitioner")


def maternity(**parts: Any) -> bytes:
    metadata = {"lastUpdated": "2025-01-16T23:30:26.927", "lastUpdatedBy": {
        "orgNr": "100100223", "orgName": "Oppdiktet helsestasjon", "hprNr": "900000999",
        "hprRole": "JO", "name": "Målebånd, Test"}}  # fmt: skip
    wrapped = {
        key: [{"metadata": metadata, **one} for one in part] if isinstance(part, list)
        else {"metadata": metadata, **part}
        for key, part in parts.items()
    }  # fmt: skip
    mother = {"nin": NUMBER, "firstName": "Oppdiktet", "lastName": "Prøve"}
    return to_bytes({"recordStatus": {"status": "ACTIVE"}, "mother": mother, **wrapped})


def test_a_pregnancy_has_status_and_due_date() -> None:
    source = sources.read_any(
        maternity(
            currentPregnancy={"estimatedDueDate": "2025-06-01", "estimatedDueDateMethod": "LMP"}
        ),
        "maternity.json",
    )
    assert source.kind == "dhg"
    due, state = of(source, "Observation")
    assert (due["code"]["coding"][0]["code"], due["valueDateTime"]) == ("11779-6", "2025-06-01")
    assert state["valueCodeableConcept"]["coding"][0]["code"] == "77386006"
    assert state["hasMember"] == [{"reference": f"Observation/{due['id']}"}]
    assert due["effectiveDateTime"] == "2025-01-16T23:30:26.927+01:00"
    assert source.patient is not None
    assert source.patient["gender"] == "female"


def test_a_terminated_record_states_no_pregnancy() -> None:
    content = maternity(currentPregnancy={"lastMenstrualPeriod": "2024-01-01"})
    ended = content.replace(b'"ACTIVE"', b'"TERMINATED"')
    codes = [
        o["code"]["coding"][0]["code"] for o in of(sources.read_any(ended, "m"), "Observation")
    ]
    assert "82810-3" not in codes


def test_an_appointment_gives_vital_signs_and_protein() -> None:
    visit = {"appointmentDate": "2025-02-01", "motherWeight": 70.5, "bloodPressure": "118/74",
             "proteinInUrineTestResult": "Spor", "edema": "NEW"}  # fmt: skip
    source = sources.read_any(maternity(antenatalAppointments=[visit]), "maternity.json")
    weight, pressure, protein = of(source, "Observation")
    assert weight["valueQuantity"]["value"] == 70.5
    assert [c["valueQuantity"]["value"] for c in pressure["component"]] == [118, 74]
    assert protein["valueCodeableConcept"]["text"] == "Spor"
    assert {o["effectiveDateTime"] for o in (weight, pressure, protein)} == {"2025-02-01"}
    assert any(i.source_value == "NEW" for i in source.loss.items)


@pytest.mark.parametrize(
    ("group", "rhesus", "code"),
    [("A", "Neg", "278152006"), ("O", "Pos", "278147001"), ("AB", "", "165743006")],
)
def test_blood_groups_are_those_of_the_european_value_set(
    group: str, rhesus: str, code: str
) -> None:
    tests = {"bloodGroup": group, "rhesusD": rhesus}
    source = sources.read_any(maternity(clinicalTests=tests), "maternity.json")
    (made,) = of(source, "Observation")
    assert made["valueCodeableConcept"]["coding"][0]["code"] == code


def test_anti_d_is_a_medicine_that_was_given() -> None:
    rhesus = {"antiDProphylaxis": {"given": True, "date": "2025-03-04", "gestationalAge": "28+1"}}
    source = sources.read_any(maternity(rhesusDNegative=rhesus), "maternity.json")
    (made,) = of(source, "MedicationStatement")
    assert made["medicationCodeableConcept"]["coding"][0]["code"] == "J06BB01"
    assert (made["status"], made["effectiveDateTime"]) == ("completed", "2025-03-04")
    refused = {"antiDProphylaxis": {"given": False}}
    assert not of(sources.read_any(maternity(rhesusDNegative=refused), "m"), "MedicationStatement")


def test_what_the_record_has_beyond_its_description_is_reported() -> None:
    source = sources.read_any(maternity(geneticDisorders={"text": "needle"}), "maternity.json")
    assert any("needle" in i.source_value for i in source.loss.items)


BASIS = "http://hl7.no/fhir/StructureDefinition/"


def person(**more: Any) -> Json:
    return {
        "resourceType": "Patient", "id": "p", "birthDate": "1983-05-16", "gender": "female",
        "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": NUMBER}],
        "name": [{"family": "Prøve", "given": ["Oppdiktet"], "extension": [
            {"url": BASIS + "no-basis-middlename", "valueString": "Midt"}]}],
        "address": [{"line": ["Veien 1"], "city": "STED", "district": "Kommune", "_district": {
            "extension": [{"url": BASIS + "no-basis-municipalitycode",
                           "valueCoding": {"code": "0301"}}]}}],
        **more,
    }  # fmt: skip


def test_a_norwegian_patient_keeps_names_and_address() -> None:
    source = sources.read_any(to_bytes(person()), "patient.json")
    assert source.kind == "no-basis"
    assert source.patient is not None
    assert source.patient["name"][0]["given"] == ["Oppdiktet", "Midt"]
    assert source.patient["name"][0]["text"] == "Oppdiktet Midt Prøve"
    assert source.patient["address"][0]["district"] == "Kommune"
    assert any("0301" in i.source_value for i in source.loss.items)
    assert not source.warnings


def test_a_d_number_under_the_wrong_system_is_put_right_with_a_warning() -> None:
    number = "55507608360"
    wrong = [{"system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": number}]
    source = sources.read_any(to_bytes(person(identifier=wrong, birthDate="1976-10-15")), "p.json")
    assert source.patient is not None
    assert source.patient["identifier"][0]["system"].endswith(".4.2")
    assert any("another kind" in w.what for w in source.warnings)


def test_a_birth_date_that_the_number_contradicts_is_doubtful() -> None:
    source = sources.read_any(to_bytes(person(birthDate="1990-01-01")), "patient.json")
    assert any("birth date differs" in w.what for w in source.warnings)


def test_mixed_content_of_any_fhir_file_is_read_by_type() -> None:
    condition = {"resourceType": "Condition", "id": "c", "subject": SUBJECT,
                 "code": {"coding": [{"system": OID + "7110", "code": "I10"}]}}  # fmt: skip
    content = searchset(condition, vaccination(), measurement("29463-7"), person())
    source = sources.read_any(content, "all.json")
    assert source.kind == "fhir"
    kinds = {r["resourceType"] for r in source.resources}
    assert {"Condition", "Immunization", "Observation"} <= kinds
    assert len(of(source, "Observation")) == 1


def test_a_file_about_someone_else_inside_is_refused() -> None:
    other = {"identifier": {"system": "FNR", "value": OTHER}}
    with pytest.raises(InputError, match="more than one patient"):
        sources.read_any(searchset(person(), vaccination(patient=other)), "all.json")
