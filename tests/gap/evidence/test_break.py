"""One thing broken in a document: the evidence of what it bears on fails, and nothing else."""

from __future__ import annotations

import copy
import datetime as dt

import pytest

from data.loaders import catalogue, systems
from data.loaders.assessments import Assessment
from data.results import Outcome
from gap.analysis import Analysis
from gap.evidence import Origin, of_report, with_evidence
from gap.judgement import Judgement
from gap.schemes import scheme
from ips.conformance.engine import check_bundle
from ips.summary.coverage import coverage
from tests.gap.builders import DAY

SYSTEM = "kjernejournal"
ORIGIN = Origin(SYSTEM, date=dt.date(2026, 11, 20), by="test", derived=True)


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    """A patient summary that keeps every rule."""
    import orjson

    from ehds.cli import run

    file = tmp_path_factory.mktemp("break") / "a.json"
    assert run(["ips", "build", "penicillin-anaphylaxis", "--profile", "eps", "-o", str(file)]) == 0
    return orjson.loads(file.read_bytes())


def levels(bundle):
    """Return the level of every cell of the system, with the evidence of one document."""
    nobody = Assessment("none", "t", "t", DAY, catalogue.catalogue().edition, "x", "n", "n", "", ())
    start = Analysis(Judgement(catalogue.catalogue(), systems.systems(), nobody, DAY),
                     scheme("level"))  # fmt: skip
    records = of_report(check_bundle(bundle, "eps"), "a.json", ORIGIN, coverage(bundle))
    weighed = with_evidence(start, records)
    cells = {(c.system.id, c.obligation.id): c.level for c in weighed.analysis.cells if c.assessed}
    return records, cells


def first(bundle, kind):
    return next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind)


@pytest.mark.parametrize(("kind", "element", "obligation"), [
    ("AllergyIntolerance", "code", "X1.1.4"), ("Immunization", "vaccineCode", "X1.1.6"),
])  # fmt: skip
def test_what_a_broken_element_bears_on_falls_and_nothing_else(document, kind, element, obligation):
    _, before = levels(document)
    broken = copy.deepcopy(document)
    del first(broken, kind)[element]
    records, after = levels(broken)
    failed = {o for r in records if r.fails for o in r.obligations}
    assert obligation in failed
    assert failed <= {obligation, "X1.1"}
    assert before[SYSTEM, obligation] > 0
    fallen = {key for key in before if after[key] < before[key]}
    assert fallen == {(SYSTEM, o) for o in failed}
    assert set(before) == set(after)
    assert {r.outcome for r in records if r.test.endswith("/verdict")} == {Outcome.FAIL}
