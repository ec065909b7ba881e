"""The mapping agrees with what the rules themselves say, and nothing in it points nowhere."""

from __future__ import annotations

import json

import pytest

from data.errors import InputError
from data.loaders.catalogue import catalogue
from data.results import Outcome
from gap.evidence import Covers, Origin, Raw, Strength, read
from gap.evidence.coverage import State, coverage, fitting, proving_nothing
from gap.evidence.coverage import tests as all_tests
from gap.evidence.mapping import bearing, read_mapping, shipped, stale_from
from ips.conformance.obligations import of_rule
from ncp.audit.duties import examine
from ncp.scenarios.loading import shipped as scenarios
from tests.gap.evidence.builders import TESTED

HEAD = "pattern,obligations,categories,covers,derived,why_nb,why_en\n"


def bears(test, carried=(), what="", derived=False):
    """Return what a result of a test bears on by the shipped mapping."""
    raw = Raw(test, what, Outcome.PASS, carried=tuple(carried))
    return bearing(shipped(), raw, derived=derived).obligations


def test_every_obligation_that_the_mapping_or_a_rule_names_exists():
    named = {o for test in all_tests() for o in test.obligations}
    named |= {o for rule in shipped() for o in rule.obligations if o != "carried"}
    named |= {o for s in scenarios() for o in s.obligations}
    assert named <= set(catalogue().obligations)


def test_every_row_of_the_mapping_is_about_a_test_of_the_catalogue_of_tests():
    for rule in shipped():
        sample = rule.pattern.replace("*", "1")
        assert any(rule.fits(test.id) for test in all_tests()) or any(
            test.id.endswith("*") and sample.startswith(test.id[:-1]) for test in all_tests()
        ), rule.where


def test_every_test_of_the_catalogue_of_tests_is_spoken_of_by_the_mapping():
    assert [test.id for test in all_tests() if not fitting(test.id)] == []


def test_every_scenario_is_a_test():
    listed = {test.id: test.obligations for test in all_tests()}
    for scenario in scenarios():
        assert set(listed[f"ehds.ncp/{scenario.id}"]) == set(scenario.obligations)


def test_the_rows_of_the_log_entries_agree_with_the_checks_themselves():
    results = examine({"resourceType": "AuditEvent"})
    assert len(results) == 5
    for result in results:
        assert bears(f"ehds.audit/{result.id}") == result.obligations
        assert bears(f"ehds.audit/{result.id.replace('audit-', 'journal-')}") == result.obligations


def test_what_the_journal_command_prints_is_evidence(tmp_path):
    """``ehds ncp journal --complete --format json``, given back as evidence."""
    file = tmp_path / "journal.json"
    results = [r.to_dict() for r in examine({"resourceType": "AuditEvent"})]
    for result in results:
        result["id"] = result["id"].replace("audit-", "journal-")
    file.write_text(json.dumps({"schema": "ehds.journal-duties/1", "results": results}), "utf-8")
    told = [r.obligations for r in read([file], Origin("kjernejournal", date=TESTED))]
    assert told == [("X2.3.2a", "E09.2c"), ("X2.3.2b", "E09.2c"), ("X2.3.2c", "E09.2e"),
                    ("X2.3.2d", "E09.2d"), ("X2.3.2e",)]  # fmt: skip


def test_no_look_at_a_log_shows_all_that_the_person_is_to_be_told():
    """EHDS Art 9(2): free, without delay, in the access service; a log shows none of that."""
    whole = {o for rule in shipped() if rule.covers is Covers.WHOLE for o in rule.obligations}
    assert whole == {f"X2.3.2{letter}" for letter in "abcde"}


def test_a_document_id_in_the_log_is_no_category():
    """EHDS Annex II 3.2(c) asks for categories, Art 9(2)(c) for which data."""
    found = bears("gazelle/iti39-documentUniqueId-audit-ncpA")
    assert "X2.3.2c" not in found
    assert "E09.2e" in found


@pytest.mark.parametrize("test", ["PSA-34", "EPA-12"])
def test_refusing_another_patients_document_says_nothing_of_the_rules_of_the_other_state(test):
    """EHDS Art 11(4) is about which State's rules apply."""
    (scenario,) = [s for s in scenarios() if s.id == test]
    assert "E11.4" not in scenario.obligations


def test_a_purpose_that_is_accepted_shows_no_log_entry():
    """EHDS Art 11(5): the emergency access is logged and easy to reach."""
    (scenario,) = [s for s in scenarios() if s.id == "ASR-80"]
    assert "E11.5c" not in scenario.obligations


def test_what_waits_for_the_testing_environment_is_not_asked_of_a_test():
    """EHDS Art 40(4): the common specifications are not adopted."""
    states = {line.obligation.id: line.state for line in coverage()}
    assert states["E40.3a"] is State.WAITS


def test_the_rows_of_the_cross_validation_agree_with_the_checks_themselves():
    from gap.evidence.families import FAMILIES

    for member in FAMILIES["crosscheck"]():
        assert bears(f"gazelle/{member.id}") == member.obligations


@pytest.mark.parametrize("profile", [
    "http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips",
    "http://hl7.eu/fhir/eps/StructureDefinition/bundle-eu-eps",
])  # fmt: skip
def test_the_verdict_on_a_summary_claims_no_more_than_its_rules_bear_on(profile):
    """A sound document of a system is issued in the format too (EHDS Art 15(4))."""
    assert set(bears("ehds.ips/verdict")) <= {*of_rule("Bundle.type", profile), "E15.4a"}


def test_a_summary_that_we_made_does_not_show_what_the_system_can_send():
    assert bears("ehds.ips/verdict") == ("X1.1", "X2.2.1", "E15.4a")
    assert bears("ehds.ips/verdict", derived=True) == ("X1.1",)
    assert bears("ehds.ncp/IDN-01", ["E16.4"], derived=True) == ()


def test_a_foreign_test_bears_only_on_what_it_names():
    assert bears("junit/a.b") == ()
    assert bears("junit/a.b", ["X2.3.2c"]) == ("X2.3.2c",)
    assert bears("hl7-validator/verdict") == ()


def test_a_table_of_ones_own_may_speak_of_some_documents_only(tmp_path):
    file = tmp_path / "own.csv"
    file.write_text(f"{HEAD}hl7-validator/verdict@*ips*,X1.1,a,part,,Fordi,Because\n", "utf-8")
    rules = (*read_mapping(file), *shipped())
    asked = [bearing(rules, Raw("hl7-validator/verdict", what, Outcome.PASS)).obligations
             for what in ("my-ips.json", "lab.json")]  # fmt: skip
    assert asked == [("X1.1",), ()]


def test_a_wrong_table_is_told_whole_with_its_lines(tmp_path):
    file = tmp_path / "own.csv"
    file.write_text(f"{HEAD}junit/*,X2.3.2z,a,part,,Fordi,Because\n"
                    "junit/*,X1.1,z,part,,Fordi,Because\n"
                    "junit/*,X1.1,a,most,,Fordi,\n", "utf-8")  # fmt: skip
    with pytest.raises(InputError) as caught:
        read_mapping(file)
    told = [(p.where.rpartition(":")[2], p.what) for p in caught.value.problems]
    assert [line for line, _ in told] == ["2", "3", "4", "4"]
    assert "X2.3.2z" in told[0][1]


def test_a_pass_of_an_authority_lasts_longer_than_that_of_the_maker():
    ages = {s: (stale_from("junit/a", s, TESTED) - TESTED).days for s in Strength}
    assert ages[Strength.MAKER] < ages[Strength.THIRD_PARTY] < ages[Strength.AUTHORITY]


def test_every_binding_obligation_has_a_test_or_a_reason():
    lines = coverage()
    assert [line.obligation.id for line in lines] == [
        o.id for o in catalogue().obligations.values() if o.binding
    ]
    for line in lines:
        assert line.tests or (line.reason_nb and line.reason_en), line.obligation.id
        assert (line.state is State.TESTED) == any(
            not test.only_faults for test in all_tests() if line.obligation.id in test.obligations
        ), line.obligation.id


def test_no_obligation_has_both_a_test_and_a_reason_that_it_cannot_have_one():
    untestable = {State.IN_THE_SYSTEM, State.BY_PEOPLE, State.BY_OPERATOR, State.WAITS}
    assert [x.obligation.id for x in coverage() if x.state in untestable and x.tests] == []


def test_tests_that_prove_nothing_are_told():
    silent = {test.id for test in proving_nothing()}
    assert {"junit/*", "sarif/*", "inferno/*"} <= silent
    assert "ehds.ips/verdict" not in silent


def test_a_row_that_shows_a_part_of_one_obligation_does_not_lessen_another():
    """The whole journal shows Annex II 3.2(a) whole, and what the person is told only in part."""
    bears = bearing(shipped(), Raw("ehds.audit/journal-annex-ii-3.2-a", "journal", Outcome.PASS))
    assert set(bears.obligations) == {"X2.3.2a", "E09.2c"}
    assert bears.fully == ("X2.3.2a",)
