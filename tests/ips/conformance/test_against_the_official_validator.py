"""Our verdict beside that of HL7's own validator (docs/conformance.md, «How we know»)."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from ips.conformance.engine import check_bundle
from ips.conformance.hl7_validator import Difference, Validator, compare
from tests.ips.conformance.documents import (
    Json,
    official_examples,
    package_examples,
    summary,
)
from tests.ips.conformance.mutate import mutants

pytestmark = [pytest.mark.oracle, pytest.mark.slow, pytest.mark.xdist_group("hl7-validator")]

SEED = 20261122
BROKEN_UPSTREAM = "Bundle-Instance-Bundle-1a24e60d-9b12-4109-a50a-07249a4f21c3"
"""An EPS example that its own package breaks (FHIR-55424): both validators refuse it."""


STOPS_THE_VALIDATOR = "BodyStructure-example-body-structure-eu"
"""Carries an R5 extension that the official validator cannot load: it gives no verdict."""


def differences(official: Validator, documents: dict[str, Json], folder: Path) -> list[Difference]:
    files, reports = [], []
    for name, document in documents.items():
        file = folder / f"{name}.json"
        file.write_bytes(orjson.dumps(document))
        files.append(file)
        reports.append((file, check_bundle(document)))
    return compare(reports, official.judge(files))


def test_agreement_on_the_examples_of_the_guides(
    official: Validator, tmp_path: Path, oracles: Path
) -> None:
    documents = official_examples()
    for name in ("hl7.fhir.eu.eps#1.0.0-xtehr", "hl7.fhir.eu.mpd#1.0.0", "hl7.fhir.eu.base#2.0.0"):
        documents |= package_examples(oracles / "fhir-packages", name)
    del documents[STOPS_THE_VALIDATOR]
    documents["small-summary"] = summary()
    assert differences(official, documents, tmp_path) == []


def test_agreement_on_broken_examples(official: Validator, tmp_path: Path) -> None:
    broken = dict(mutants(official_examples(), 100, SEED))
    found = differences(official, broken, tmp_path)
    assert len(found) <= 5, found
    # An error that only the official validator sees would be a document that we wrongly call valid.
    assert [d for d in found if not d.ours] == []


def test_the_examples_of_the_ips_have_no_error() -> None:
    invalid = {n for n, d in official_examples().items() if not check_bundle(d).extra["valid"]}
    assert invalid == set()


def test_the_upstream_defect_in_the_eps_is_seen(oracles: Path) -> None:
    examples = package_examples(oracles / "fhir-packages", "hl7.fhir.eu.eps#1.0.0-xtehr")
    invalid = {n for n, d in examples.items() if not check_bundle(d).extra["valid"]}
    assert invalid == {BROKEN_UPSTREAM}
