"""The tables of the documents hold what the Regulation lists, and errors are told at once."""

from __future__ import annotations

import re

import pytest

import data
from data.errors import InputError
from data.loaders.catalogue import catalogue
from gap.certification.facts import ehr_keys, ncp_keys, read
from gap.certification.tables import (
    Document,
    Fill,
    Needed,
    domains,
    fields,
    load_fields,
    steps,
)


def obligations_of(document: Document) -> set[str]:
    return {f.obligation for f in fields() if f.document is document}


def test_the_checklist_has_every_point_of_annex_iii():
    rows = {o.id for o in catalogue().obligations.values() if o.part == "Annex III"}
    assert rows <= obligations_of(Document.TECHNICAL)


def test_the_declaration_has_every_point_of_annex_iv():
    rows = {o.id for o in catalogue().obligations.values() if o.part == "Annex IV"}
    assert rows == obligations_of(Document.DECLARATION)


def test_the_sheet_has_every_point_of_article_38_2():
    assert obligations_of(Document.SHEET) == {f"E38.2{p}" for p in "abcde"}


def test_a_field_refers_to_the_article_of_its_obligation():
    for field in fields():
        wanted = catalogue().obligations[field.obligation].ref
        if field.document is Document.DATABASE:
            wanted = wanted.split("(")[0]
        assert field.ref.startswith(wanted), field.id


def test_every_row_names_its_source():
    assert all(row.source for row in (*fields(), *domains(), *steps()))
    assert all(f.ref in f.source for f in fields())


def test_the_database_asks_for_nothing_that_the_regulation_does_not_name():
    """EHDS Art 49(2) and (4): the list of an act to come, and the results of Art 40."""
    always = {f.act for f in fields()
              if f.document is Document.DATABASE and f.needed is Needed.ALWAYS}  # fmt: skip
    assert always == {"act-49-4", "act-40-4"}


def test_nobody_but_the_signer_can_say_responsibility_conformity_and_signature():
    unsaid = {f.obligation for f in fields() if f.fill in (Fill.SIGNER, Fill.CONFORMITY)}
    assert unsaid == {"X4.3", "X4.4", "X4.7"}
    assert not any(f.key for f in fields() if f.fill in (Fill.SIGNER, Fill.CONFORMITY))


def test_there_are_the_six_domains_of_the_audit_framework():
    assert [d.en for d in domains()] == [
        "Contractual compliance", "Organisational", "Operations and services",
        "Information security", "Semantic interoperability", "Technical interoperability",
    ]  # fmt: skip


def test_the_steps_end_in_production_after_tests_audit_and_decision():
    order = [s.id for s in steps()]
    wanted = ["preparatory", "conformance", "security-tests", "audit", "recommendation", "go-live"]
    assert [s for s in order if s in wanted] == wanted


def test_the_check_by_the_commission_is_a_step_of_the_regulation():
    step = next(s for s in steps() if s.id == "compliance-check")
    assert (step.stage, "Art 23(4), 23(9)" in step.source) == ("decision", True)


def test_identification_is_part_of_the_security_of_a_contact_point():
    """EHDS Art 16(4), not the log-in of citizens to access services (Art 16(1))."""
    security = next(d for d in domains() if d.id == "security").obligations
    assert "E16.4" in security
    assert "E16.1a" not in security


def test_fetching_search_masks_is_for_the_asking_side_only():
    assert next(s for s in steps() if s.id == "search-masks").systems == ("ncp-b",)


def test_no_sentence_of_the_regulation_is_copied(oracles):
    law = (oracles / "regulation" / "oj-l-2025-327-en.txt").read_text(encoding="utf-8").lower()
    words = re.sub(r"\W+", " ", law)
    for field in fields():
        for text in (field.en, field.remark_en):
            said = re.sub(r"\W+", " ", text.lower()).split()
            runs = (" ".join(said[i : i + 12]) for i in range(len(said) - 11))
            assert not [run for run in runs if run in words], field.id


def test_all_errors_of_a_table_are_told_with_their_line(tmp_path):
    lines = data.path("certification", "fields.csv").read_text(encoding="utf-8").splitlines()
    file = tmp_path / "fields.csv"
    file.write_text("\n".join([
        lines[0],
        lines[1].replace("X3.1a", "X9.9z"),
        lines[2].replace("facts,", "guess,", 1),
        lines[3].replace("doc-interaction", ""),
    ]), encoding="utf-8")  # fmt: skip
    with pytest.raises(InputError) as error:
        load_fields(file)
    places = [p.where.rpartition(":")[2] for p in error.value.problems]
    assert places == ["2", "3", "4"]


def facts(tmp_path, text: str, keys=None):
    file = tmp_path / "facts.csv"
    file.write_text(text, encoding="utf-8")
    return read(file, keys or ehr_keys())


def test_facts_without_a_value_are_not_stated(tmp_path):
    assert facts(tmp_path, "key,what,value\nversion,Version,4.2\npurpose,Purpose,\n") == {
        "version": "4.2"}  # fmt: skip


def test_the_quote_before_a_telephone_number_is_taken_away(tmp_path):
    found = facts(tmp_path, "key,value\nmanufacturer-contact,'+47 00 00 00 00\n")
    assert found == {"manufacturer-contact": "+47 00 00 00 00"}


def test_unknown_and_doubled_facts_are_told_at_once(tmp_path):
    with pytest.raises(InputError) as error:
        facts(tmp_path, "key,value\nversoin,1\nversion,2\nversion,3\n")
    assert len(error.value.problems) == 2
    assert "version" in error.value.problems[0].remedy


def test_the_facts_of_a_contact_point_are_its_steps(tmp_path):
    found = facts(tmp_path, "key,value\naudit,report 7\n", ncp_keys())
    assert found == {"audit": "report 7"}
