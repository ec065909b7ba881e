"""CDA read into FHIR, judged by HL7's own validator: from abroad, and our own there and back."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

import data
from data.errors import EhdsError
from ips.cda.apart import apart
from ips.cda.read import to_fhir
from ips.cda.write import to_cda
from ips.conformance.hl7_validator import Validator, Verdict
from ips.prescription import build, build_dispensation
from ips.prescription.samples import fest, samples
from ips.record import load
from ips.summary import assemble
from ips.summary.output import to_json

pytestmark = [pytest.mark.oracle, pytest.mark.slow, pytest.mark.xdist_group("hl7-validator")]

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
FORMS = ("pivot", "friendly")
Bundle = dict[str, Any]


def messages(oracles: Path) -> Iterator[tuple[str, Bundle]]:
    """Every prescription and dispensation that is shipped, and every real one, in MPD.

    A list (M9.6) gives each of its prescriptions on its own.
    """
    contents = {sample.id: sample.path.read_bytes() for sample in samples().values()}
    with zipfile.ZipFile(oracles / "eresept" / "0182a496.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith(".xml")]
        contents |= {f"real-{Path(name).stem}": archive.read(name) for name in names}
    products = fest().read_bytes()
    for name, content in contents.items():
        make = build_dispensation if b"Utleveringsrapport" in content else build
        try:
            bundle = make(content, products).bundle
        except EhdsError:
            continue  # another message, or goods only: tests/ips/prescription names each of them
        parts = apart(bundle)
        for number, (_, part) in enumerate(parts):
            yield f"{name}-{number}" if len(parts) > 1 else name, part


def summaries() -> Iterator[tuple[str, Bundle]]:
    for file in sorted(data.path("patients").glob("*/patient.json")):
        name = file.parent.name
        for profile in ("ips", "eps"):
            yield f"{name}-{profile}", assemble(load(name), profile=profile, now=NOW).bundle


def there_and_back(bundle: Bundle, form: str) -> Bundle:
    return to_fhir(to_cda(bundle, form=form, level=3).xml).bundle  # type: ignore[arg-type]


def documents(oracles: Path) -> Iterator[tuple[str, Bundle]]:
    for file in sorted((oracles / "cda-samples").glob("*.xml")):
        read = to_fhir(file.read_bytes()).bundle
        yield f"abroad-{file.stem}", read
        for form in FORMS:
            yield f"abroad-{file.stem}-{form}", there_and_back(read, form)
    for name, bundle in summaries():
        # IPS as pivot and EPS as friendly, so that each sample goes both ways.
        form = FORMS[name.endswith("eps")]
        yield f"summary-{name}", there_and_back(bundle, form)
    for name, bundle in messages(oracles):
        for form in FORMS:
            yield f"rx-{name}-{form}", there_and_back(bundle, form)


@pytest.fixture(scope="module")
def verdicts(
    official: Validator, oracles: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Verdict]:
    """The verdict on every document by its name, from one run."""
    folder = tmp_path_factory.mktemp("documents")
    for name, bundle in documents(oracles):
        (folder / f"{name}.json").write_bytes(to_json(bundle))
    found = official.judge(sorted(folder.glob("*.json")))
    return {Path(verdict.file).stem: verdict for verdict in found}


@pytest.mark.parametrize(
    ("kind", "least"), [("abroad", 3 * 8), ("summary", 2 * 10), ("rx", 2 * 10), ("rx-real", 2 * 16)]
)
def test_the_official_validator_finds_no_error(
    verdicts: dict[str, Verdict], kind: str, least: int
) -> None:
    chosen = {name: one for name, one in verdicts.items() if name.startswith(f"{kind}-")}
    assert len(chosen) >= least
    assert {name: one.errors for name, one in chosen.items() if not one.valid} == {}


@pytest.mark.parametrize("form", FORMS)
def test_the_schema_accepts_what_was_read_and_written_again(oracles: Path, form: str) -> None:
    schema = etree.XMLSchema(etree.parse(oracles / "cda-schema" / "CDA_Pharma.xsd"))
    for file in sorted((oracles / "cda-samples").glob("*.xml")):
        written = to_cda(to_fhir(file.read_bytes()).bundle, form=form, level=3)  # type: ignore[arg-type]
        schema.assertValid(etree.fromstring(written.xml))


@pytest.mark.parametrize("form", FORMS)
def test_the_schema_accepts_every_real_prescription(oracles: Path, form: str) -> None:
    schema = etree.XMLSchema(etree.parse(oracles / "cda-schema" / "CDA_Pharma.xsd"))
    for name, bundle in messages(oracles):
        made = etree.fromstring(to_cda(bundle, form=form, level=3).xml)  # type: ignore[arg-type]
        assert schema.validate(made), (name, schema.error_log)
