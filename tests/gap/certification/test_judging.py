"""Shown, stated and unknown are never mixed up."""

from __future__ import annotations

import pytest

from data.errors import InputError
from gap.analysis import Analysis
from gap.certification import Origin, Standing, ehr_system, ncp, point, region
from gap.certification.tables import Document
from gap.evidence import Covers, Environment, with_evidence
from gap.roadmap import PlanVerdict
from gap.schemes import scheme
from tests.gap.builders import finding, judge, obligation, system
from tests.gap.evidence.builders import record
from tests.reports.analyses import shipped

POINT = "X2.1.1"


def stand(*findings, evidence=(), on=POINT, **fields):
    """Return the point of one system after findings and evidence."""
    judged = judge([obligation(on, **fields)], [system("one")], findings)
    analysis = Analysis(judged, scheme("level"))
    weighed = with_evidence(analysis, evidence) if evidence else None
    scored = weighed.analysis if weighed else analysis
    return point(scored, judged.systems["one"], judged.catalogue.obligations[on], weighed)


def test_what_nobody_assessed_is_shown_by_nobody():
    assert stand().standing is Standing.NOBODY


@pytest.mark.parametrize("grade", ["claimed", "documented"])
def test_a_statement_is_not_shown(grade):
    assert stand(finding(POINT, 3, grade=grade)).standing is Standing.CLAIMED


@pytest.mark.parametrize("grade", ["tested", "verified"])
def test_a_tested_finding_on_the_whole_is_shown(grade):
    assert stand(finding(POINT, 3, grade=grade)).standing is Standing.SHOWN


def test_a_part_is_a_part_however_well_it_is_tested():
    assert stand(finding(POINT, 2, grade="verified")).standing is Standing.PART


def test_a_finding_on_some_categories_leaves_the_others_unknown():
    found = stand(finding(POINT, 3, "a b", grade="tested"), categories=("a", "b", "c"))
    assert found.standing is Standing.PART
    assert found.unassessed == ("c",)


def test_one_tested_and_one_stated_category_are_not_shown():
    found = stand(finding(POINT, 3, "a", grade="tested"), finding(POINT, 3, "b", grade="claimed"),
                  categories=("a", "b"))  # fmt: skip
    assert found.standing is Standing.CLAIMED


def test_what_is_found_to_lack_lacks():
    assert stand(finding(POINT, 0)).standing is Standing.LACKING


def test_a_failed_test_contradicts_a_statement():
    found = stand(finding(POINT, 3), evidence=[record(POINT, "fail")])
    assert found.standing is Standing.CONTRADICTED
    assert len(found.records) == 1


def test_a_pass_of_a_part_shows_nothing_whole():
    found = stand(finding(POINT, 3), evidence=[record(POINT, "pass")])
    assert found.standing is Standing.CLAIMED


def test_a_pass_of_the_whole_in_production_shows_a_stated_point():
    whole = record(POINT, "pass", covers=Covers.WHOLE, environment=Environment.PRODUCTION)
    assert stand(finding(POINT, 3), evidence=[whole]).standing is Standing.SHOWN


def test_a_test_of_another_system_is_not_ours():
    found = stand(finding(POINT, 3), evidence=[record(POINT, "fail", of="ehds")])
    assert (found.standing, found.records) == (Standing.CLAIMED, ())


def test_what_does_not_apply_is_said_so():
    assert stand(verbs_any=("view",), actors=("HDAB",)).standing is Standing.NOT_APPLICABLE


def analysis():
    return shipped("norway-2026-11")


def ehr(ident="sfm", facts=None):
    found = analysis()
    return ehr_system(found, found.judgement.systems[ident], facts or {})


def test_annex_ii_has_all_its_points_for_a_manufacturer():
    ids = {p.obligation.id for p in ehr().essentials}
    assert {"X2.1.1", "X2.1.4", "X2.2.1", "X2.2.6", "X2.3.1", "X2.3.2e", "X2.3.4"} <= ids
    assert "X2.D1" not in ids, "a recommendation is no requirement"


def test_the_duties_of_the_manufacturer_are_there_point_by_point():
    """EHDS Art 30(1)(a) to (o), 30(2) to (5), 31(1), 37, 39, 40(3), 41, 44(7), 49(2)."""
    refs = {p.obligation.ref for p in ehr().duties}
    wanted = {f"Art 30(1)({letter})" for letter in "abcdefghijklmno"}
    wanted |= {f"Art 30({n})" for n in range(2, 6)} | {f"Art 41({n})" for n in (1, 2, 3)}
    wanted |= {"Art 25(1)", "Art 26(1)", "Art 28(a)", "Art 31(1)", "Art 37(1)", "Art 37(3)",
               "Art 38(1)", "Art 39(1)", "Art 39(2)", "Art 39(3)", "Art 39(4)", "Art 40(3)",
               "Art 44(3)", "Art 44(7)", "Art 49(2)", "Art 104 point 3"}  # fmt: skip
    assert wanted <= refs


@pytest.mark.parametrize("ident", ["sfm", "dips-nord", "kjernejournal"])
def test_no_duty_of_the_manufacturer_is_said_not_to_apply(ident):
    found = ehr(ident).duties
    assert Standing.NOT_APPLICABLE not in {p.standing for p in found}
    by_id = {p.obligation.id: p.standing for p in found}
    assert by_id["E30.1o"] is Standing.NOBODY, "EHDS Art 30(1)(o): a register of complaints"


def test_a_viewer_has_no_duty_to_give_an_interface():
    by_id = {p.obligation.id: p.standing for p in ehr("ncp-b").essentials}
    assert by_id["X2.2.1"] is Standing.NOT_APPLICABLE, "EHDS Annex II 2.1: store or intermediate"
    assert by_id["X2.2.3"] is not Standing.NOT_APPLICABLE


def test_the_manufacturer_is_missing_until_stated_and_never_taken_from_the_owner():
    empty = {e.field.id: e for e in ehr().documents[Document.DECLARATION]}
    assert empty["D2n"].origin is Origin.MISSING
    given = ehr(facts={"manufacturer-name": "Eksempel AS"})
    stated = {e.field.id: e for e in given.documents[Document.DECLARATION]}
    assert (stated["D2n"].origin, stated["D2n"].value) == (Origin.FACTS, "Eksempel AS")


def test_no_fact_can_sign_or_declare():
    facts = {f.key: "x" for f in (e.field for es in ehr().documents.values() for e in es) if f.key}
    left = ehr(facts=facts).missing(Document.DECLARATION)
    assert {e.field.obligation for e in left} == {"X4.3", "X4.4", "X4.7"}


def test_a_system_that_is_no_ehr_system_has_no_annex_ii():
    with pytest.raises(InputError):
        ehr("ncp-a")


def test_a_contact_point_has_six_domains_and_its_own_steps():
    found = analysis()
    asking = ncp(found, found.judgement.systems["ncp-b"], {"audit": "report 7"})
    giving = ncp(found, found.judgement.systems["ncp-a"], {})
    assert len(asking.domains) == len(giving.domains) == 6
    assert {s.step.id for s in asking.steps} - {s.step.id for s in giving.steps} == {"search-masks"}
    assert [s.stated for s in asking.steps if s.step.id == "audit"] == ["report 7"]
    assert not any(s.stated for s in giving.steps)


def test_a_system_that_is_no_contact_point_is_refused():
    found = analysis()
    with pytest.raises(InputError):
        ncp(found, found.judgement.systems["sfm"], {})


@pytest.mark.parametrize("code", ["nord", "midt", "vest", "sor-ost", "municipal", "national"])
def test_a_region_has_its_systems_and_at_most_three_risks(code):
    found = region(analysis(), code)
    assert {s.system.region for s in found.systems} == {code}
    assert len(found.risks) <= 3
    assert all(r.verdict is not PlanVerdict.IN_TIME for r in found.risks)
    assert found.unassessed == found.cells - sum(s.assessed for s in found.systems)


def test_the_first_risk_is_a_plan_that_misses_its_date():
    late = finding("E03.2", 2, planned_date="2030-01-01")
    judged = judge([obligation("E03.1", weight=3), obligation("E03.2")],
                   [system("one", region="nord")], [finding("E03.1", 0), late])  # fmt: skip
    risks = region(Analysis(judged, scheme("level")), "nord").risks
    assert [r.obligation.id for r in risks] == ["E03.2", "E03.1"]


def test_an_unknown_region_is_told_with_the_known_ones():
    with pytest.raises(InputError) as error:
        region(analysis(), "atlantis")
    assert "sor-ost" in error.value.problems[0].remedy
