"""What both interfaces answer, judged by the official HL7 validator (base FHIR R4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from ips.conformance.hl7_validator import Validator
from tests.ncp.fhir.asking import matches, system
from tests.ncp.service.asking import MRSA, WORKER


@pytest.mark.oracle
@pytest.mark.slow
@pytest.mark.xdist_group("hl7-validator")
def test_the_official_validator_finds_no_error(official: Validator, doctor, ehr, tmp_path: Path):
    found = doctor.documents(WORKER)
    url = matches(found.json())[0]["content"][0]["attachment"]["url"]
    answers = [
        doctor.patients(WORKER), doctor.patients(WORKER, name="Nobody"), found,
        doctor.documents(MRSA, WORKER, type="60591-5"), doctor.patients(WORKER, colour="blue"),
        doctor.patients(WORKER, _elements="identifier"), doctor.get(url, WORKER),
        doctor.get("Patient", None, {"identifier": "x"}), doctor.get("Observation", None),
        doctor.client.get("/fhir/metadata"), ehr.client.get("/ehr/metadata"),
        ehr.get("Patient", "system/Patient.rs", {"identifier": system(WORKER)}),
        ehr.get("DocumentReference", "system/DocumentReference.rs",
                {"patient.identifier": system(MRSA)}),
    ]  # fmt: skip
    files = []
    for number, answer in enumerate(answers):
        files.append(tmp_path / f"{number:02}.json")
        files[-1].write_bytes(answer.content)
    in_xml = doctor.get("DocumentReference", WORKER, {"patient.identifier": system(WORKER)},
                        Accept="application/fhir+xml")  # fmt: skip
    files.append(tmp_path / "99.xml")
    files[-1].write_bytes(in_xml.content)
    wrong = {Path(one.file).name: one.errors for one in official.judge(files) if not one.valid}
    assert wrong == {}
