"""What country A answered is compared with what was asked, the patient before all."""

from __future__ import annotations

import pytest
import responses

from ncp.client import Client, Transport
from ncp.client.answers import grave
from ncp.model import DocumentKind, DocumentReference, PatientId, Person, Refusal, Traits, Weight
from tests.ncp.client.answering import (
    NORWAY,
    OTHER,
    PATIENT,
    PERSON,
    document,
    entry,
    gives,
    identifies,
    lists,
    takes,
)
from tests.ncp.client.test_transport import XCA, XCPD, XDR


@pytest.fixture
def client(partner, asker) -> Client:
    return Client(partner, asker, transport=Transport(partner))


def rules(answer) -> list[str]:
    return [finding.id for finding in grave(answer.findings)]


@responses.activate
def test_a_good_answer_has_nothing_against_it(client) -> None:
    responses.add_callback(responses.POST, XCPD, identifies(PERSON))
    answer = client.identify(Traits(ids=(PATIENT,), birth_date="19840318"))
    assert answer.findings == ()
    assert answer.refused is None


@responses.activate
def test_no_patient_is_a_refusal_with_its_code(client) -> None:
    responses.add_callback(responses.POST, XCPD, identifies())
    assert client.identify(Traits(ids=(PATIENT,))).refused.code == "ERROR_PI_NO_MATCH"


@responses.activate
def test_a_patient_with_another_birth_date_is_told(client) -> None:
    responses.add_callback(responses.POST, XCPD, identifies(PERSON))
    answer = client.identify(Traits(ids=(PATIENT,), birth_date="19850318"))
    assert rules(answer) == ["b-person-birth"]


@pytest.mark.parametrize("asked", ["1984", "19840000", "198403"])
@responses.activate
def test_a_birth_date_that_is_known_in_part_agrees(client, asked) -> None:
    responses.add_callback(responses.POST, XCPD, identifies(PERSON))
    assert rules(client.identify(Traits(ids=(PATIENT,), birth_date=asked))) == []


@responses.activate
def test_a_birth_date_that_ends_in_zero_is_compared_in_full(client) -> None:
    person = Person((PATIENT,), "Regnjakke", (), "F", "19840310")
    responses.add_callback(responses.POST, XCPD, identifies(person))
    assert rules(client.identify(Traits(ids=(PATIENT,), birth_date="19840311"))) == [
        "b-person-birth"]  # fmt: skip


@responses.activate
def test_a_patient_without_the_asked_identifier_is_told(client) -> None:
    responses.add_callback(responses.POST, XCPD, identifies(PERSON))
    answer = client.identify(Traits(ids=(PatientId("1.2.3", "4"),)))
    assert [f.id for f in answer.findings] == ["b-person-id"]


@responses.activate
def test_a_listed_document_of_another_patient_is_grave(client) -> None:
    responses.add_callback(responses.POST, XCA, lists(entry(), entry("2.25.8", OTHER)))
    answer = client.query(PATIENT)
    assert rules(answer) == ["b-list-patient"]
    assert answer.findings[-1].location == "2.25.8"


@responses.activate
def test_a_listed_document_of_another_kind_is_told(client) -> None:
    responses.add_callback(responses.POST, XCA, lists(entry()))
    answer = client.query(PATIENT, DocumentKind.EPRESCRIPTION)
    assert "b-list-kind" in [f.id for f in answer.findings]


@responses.activate
def test_an_answer_to_another_question_is_grave(client) -> None:
    responses.add_callback(responses.POST, XCA, lists(entry(), relates="urn:uuid:another"))
    assert rules(client.query(PATIENT)) == ["b-relates-to"]


@responses.activate
def test_an_empty_list_with_a_warning_is_no_document(client) -> None:
    # OpenNCP 9: no patient summary is a warning with status Success (ITI-38 decision table).
    warning = Refusal("ERROR_PS_NOT_FOUND", "none", Weight.WARNING)
    responses.add_callback(responses.POST, XCA, lists(refusals=(warning,)))
    answer = client.query(PATIENT)
    assert answer.status.word == "Success"
    assert answer.refused.code == "ERROR_PS_NOT_FOUND"


@responses.activate
def test_an_error_counts_before_a_warning(client) -> None:
    both = (Refusal("WARNING_PS_GENERIC", "", Weight.WARNING), Refusal("4703", "no"))
    responses.add_callback(responses.POST, XCA, lists(refusals=both))
    assert client.query(PATIENT).refused.code == "4703"


@responses.activate
def test_nothing_without_any_reason_is_still_a_refusal(client) -> None:
    responses.add_callback(responses.POST, XCA, lists())
    assert client.query(PATIENT).refused.code == "ERROR_GENERIC"


@responses.activate
def test_a_document_that_was_not_asked_for_is_left_out_and_told(client) -> None:
    responses.add_callback(
        responses.POST, XCA, gives(("2.25.7", document()), ("2.25.9", document(OTHER)))
    )
    answer = client.retrieve(PATIENT, [DocumentReference(NORWAY, NORWAY, "2.25.7")])
    assert [one.reference.unique_id for one in answer.documents] == ["2.25.7"]
    assert rules(answer) == ["b-retrieve-asked"]


@responses.activate
def test_a_report_that_is_refused_says_why(client) -> None:
    responses.add_callback(responses.POST, XDR, takes(Refusal("4106", "dispensed already")))
    answer = client.dispense(PATIENT, document())
    assert answer.refused.code == "4106"


@responses.activate
def test_a_report_with_a_warning_is_taken(client) -> None:
    responses.add_callback(responses.POST, XDR, takes(
        Refusal("WARNING_ED_GENERIC", "odd", Weight.WARNING)))  # fmt: skip
    answer = client.dispense(PATIENT, document())
    assert answer.refused is None
    assert [r.code for r in answer.refusals] == ["WARNING_ED_GENERIC"]
