"""Real e-prescription messages of a test patient (NHN): nothing is lost without being named."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from ips.conformance.engine import check_bundle
from ips.conformance.hl7_validator import Validator
from ips.conformance.output import is_valid
from ips.conformance.reader import read_document
from ips.prescription import OutsideScope, build
from ips.summary.output import to_json
from tests.ips.prescription.accounts import unaccounted, unforeseen

pytestmark = pytest.mark.oracle


@pytest.fixture(scope="module")
def messages(oracles: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(oracles / "eresept" / "0182a496.zip") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    return {name: content for name, content in files.items()
            if b"eresept/m1/" in content and b'V="ERM1"' in content}  # fmt: skip


@pytest.fixture(scope="module")
def medicines(messages: dict[str, bytes]) -> dict[str, bytes]:
    return {name: c for name, c in messages.items() if b"ReseptDokLegemiddel" in c}


def test_every_prescription_is_read_without_silent_loss(messages: dict[str, bytes]) -> None:
    assert len(messages) >= 6
    for name, content in messages.items():
        try:
            loss = build(content, name=name).loss
        except OutsideScope as outside:
            loss = outside.loss
            assert b"ReseptDokHandelsvare" in content
        assert unaccounted(content, loss) == [], name
        assert unforeseen(loss) == [], name


def test_every_medicine_gives_a_valid_prescription(medicines: dict[str, bytes]) -> None:
    assert len(medicines) >= 4
    for name, content in medicines.items():
        report = check_bundle(read_document(to_json(build(content, name=name).bundle)))
        assert is_valid(report), name


@pytest.mark.slow
@pytest.mark.xdist_group("hl7-validator")
def test_the_official_validator_finds_no_error(
    official: Validator, medicines: dict[str, bytes], tmp_path: Path
) -> None:
    from ips.prescription.samples import fest, samples

    for number, content in enumerate(medicines.values()):
        (tmp_path / f"oracle{number}.json").write_bytes(to_json(build(content).bundle))
    for sample in samples().values():
        if sample.kind in ("M1", "M9.6") and sample.id != "goods":
            bundle = build(sample.path.read_bytes(), fest().read_bytes()).bundle
            (tmp_path / f"{sample.id}.json").write_bytes(to_json(bundle))
    verdicts = official.judge(sorted(tmp_path.glob("*.json")))
    assert [(v.file, v.errors) for v in verdicts if not v.valid] == []
