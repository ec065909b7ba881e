"""The official HL7 validator and the real answer of SFM against our documents."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import data
from ips.conformance.engine import check_bundle
from ips.conformance.hl7_validator import Validator
from ips.conformance.output import is_valid
from ips.generate import generate
from ips.record import load
from ips.summary import assemble, build
from ips.summary.output import to_json
from ips.summary.xmlout import to_xml
from tests.ips.summary import samples

CASES = sorted(p.name for p in data.path("patients").iterdir() if (p / "patient.json").is_file())
SFM = "getMedication-response.json"


@pytest.mark.parametrize("profile", ["ips", "eps"])
@pytest.mark.parametrize("case", CASES)
def test_every_sample_gives_a_document_that_our_check_passes(case: str, profile: str) -> None:
    bundle = build(load(case), profile=profile, now=samples.NOW).bundle
    report = check_bundle(json.loads(to_json(bundle)), profile)
    assert is_valid(report), [r for r in report.results if r.severity == "error"]


@pytest.mark.oracle
@pytest.mark.slow
@pytest.mark.xdist_group("hl7-validator")
def test_the_official_validator_finds_no_error_in_any_sample(
    official: Validator, tmp_path: Path, oracles: Path
) -> None:
    files = []
    for name in [*CASES, str(oracles / "sfm" / SFM)]:
        record = load(name)
        for profile, lang in (("ips", "nb"), ("eps", "en")):
            bundle = build(record, profile=profile, lang=lang, now=samples.NOW).bundle
            files.append(tmp_path / f"{Path(name).stem}-{profile}.json")
            files[-1].write_bytes(to_json(bundle))
    files.append(tmp_path / "one.xml")
    files[-1].write_bytes(to_xml(bundle))
    wrong = {Path(v.file).name: v.errors for v in official.judge(files) if not v.valid}
    assert wrong == {}


@pytest.mark.oracle
@pytest.mark.slow
@pytest.mark.xdist_group("hl7-validator")
def test_the_official_validator_finds_no_error_in_200_generated_patients(
    official: Validator, tmp_path: Path
) -> None:
    files = []
    for patient in generate(200, 20261122):
        folder = tmp_path / "records" / patient.id
        for name, content in patient.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        record = load(str(folder))
        for profile in ("ips", "eps"):
            bundle = assemble(record, profile=profile, now=samples.NOW).bundle
            assert is_valid(check_bundle(json.loads(to_json(bundle)), profile)), patient.id
            files.append(tmp_path / f"{patient.id}-{profile}.json")
            files[-1].write_bytes(to_json(bundle))
    wrong = {Path(v.file).name: v.errors for v in official.judge(files) if not v.valid}
    assert wrong == {}


@pytest.mark.oracle
def test_every_medication_of_the_real_sfm_answer_is_accounted_for(oracles: Path) -> None:
    path = oracles / "sfm" / SFM
    # The answer as published has commas too many; our reader says so and goes on.
    answer = json.loads(re.sub(r",(\s*[}\]])", r"\1", path.read_text(encoding="utf-8-sig")))
    bundles = [p["resource"] for p in answer["parameter"] if "resource" in p]
    sent = [
        e["resource"] for b in bundles for e in b.get("entry", ())
        if e["resource"]["resourceType"] == "MedicationStatement"
    ]  # fmt: skip
    built = build(load(str(path)), profile="eps", now=samples.NOW)
    text = to_json(built.bundle).decode()
    lost = " ".join(item.element for item in built.loss.items)
    assert sent
    for statement in sent:
        values = [i["value"].removeprefix("urn:uuid:") for i in statement["identifier"]]
        assert any(v in text for v in values) or statement["id"] in lost
