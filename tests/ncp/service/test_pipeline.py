"""Country A's answers: order, codes and statuses of the exchange (OpenNCP 9, gematik)."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from dataclasses import replace

import pytest
from lxml import etree
from sqlalchemy import text

from ncp.audit import Indicator
from ncp.audit.journal import entries
from ncp.audit.transaction import Event
from ncp.codes import DISPENSABLE, NOT_DISPENSABLE
from ncp.connector.base import Consent
from ncp.messages import xca
from ncp.model import DocumentKind, Operation, PatientId, Refusal, Traits, Weight
from ncp.service.hooks import Delivery, NoHooks
from ncp.service.wire import Incoming
from ncp.soap import SoapFault
from ncp.trust import issue
from tests.ncp.service.asking import (
    EP,
    FNR,
    HL7,
    MRSA,
    NORWAY,
    PS,
    WORKER,
    CountryB,
    ask,
    codes,
    dispensation,
    doctor,
    said,
)

RESERVED = PatientId(FNR, "28917101193")
CHILD = PatientId(FNR, "11821950742")
DYING = PatientId(FNR, "29824803127")
DISCARD = DocumentKind.DISCARD
SYNTHETIC = "05865301555"


def journal(pipeline):
    with pipeline.point.store.connect() as connection:
        return list(entries(connection, parts=("request", "response")))


def summary_id(pipeline, sweden, patient=MRSA) -> str:
    return next(e.unique_id for e in ask(pipeline, sweden.query(patient)).entries if e.level == 3)


def prescription(pipeline, pharmacy, patient=MRSA, *, fetch=True) -> tuple[str, bytes]:
    """Return id and content of a patient's prescription, retrieved as a pharmacy would."""
    entry = next(e for e in ask(pipeline, pharmacy.query(patient, EP)).entries if e.level == 3)
    if fetch:
        (got,) = ask(pipeline, pharmacy.retrieve(patient, entry.unique_id)).documents
        return entry.unique_id, got.content
    return entry.unique_id, pipeline.point.connector.content(entry.unique_id)


# Identification (ITI-55) -----------------------------------------------------------------------


def test_a_patient_is_identified_and_the_answer_names_who_keeps_the_record(norway, sweden):
    answer = ask(norway, sweden.identify(Traits(ids=(WORKER,), family="Parasol")))
    assert (answer.ack, answer.query_response) == ("AA", "OK")
    assert [p.ids for p in answer.persons] == [(WORKER,)]
    assert answer.homes == (NORWAY,)


def test_two_numbers_of_two_patients_are_two_matches(norway, sweden):
    assert len(ask(norway, sweden.identify(Traits(ids=(WORKER, MRSA)))).persons) == 2


@pytest.mark.parametrize("traits", [
    Traits(ids=(WORKER,), family="Paraply"), Traits(ids=(WORKER,), birth_date="19901020"),
    Traits(ids=(PatientId(FNR, "16858399649"),)),
], ids=["other name", "other birth date", "nobody has the number"])  # fmt: skip
def test_no_match_is_an_accepted_query_that_found_nothing(norway, sweden, traits):
    answer = ask(norway, sweden.identify(traits))
    assert (answer.ack, answer.query_response) == ("AA", "NF")
    assert answer.refusal.code == "ERROR_PI_NO_MATCH"
    assert answer.refusal.reason == "AnswerNotAvailable"


@pytest.mark.parametrize(("traits", "code", "reason"), [
    (Traits(family="Parasol"), "ERROR_PI_GENERIC", "DemographicsQueryNotAllowed"),
    (Traits(ids=(PatientId(FNR, SYNTHETIC[:-1] + "6"),)), "ERROR_PI_INCORRECT_FORMATTING",
     "InternalError"),
    (Traits(ids=(PatientId(FNR, "5865301555"),)), "ERROR_PI_INCORRECT_FORMATTING", "InternalError"),
    (Traits(ids=(PatientId("1.2.3", "x"),)), "ERROR_PI_MISSING_REQUIRED_FIELDS", "InternalError"),
], ids=["no identifier", "check digit", "ten digits", "unknown authority"])  # fmt: skip
def test_the_search_mask_is_judged_before_anyone_is_looked_for(
    norway, sweden, traits, code, reason
):
    answer = ask(norway, sweden.identify(traits))
    assert (answer.ack, answer.query_response) == ("AE", "AE")
    assert (answer.refusal.code, answer.refusal.reason) == (code, reason)


def test_the_wrong_receiver_is_refused_and_lenient_lets_it_pass(norway, sweden, make):
    misdirected = {"receiver": "1.2.3.4"}
    answer = ask(norway, sweden.identify(Traits(ids=(WORKER,)), **misdirected))
    assert answer.refusal.code == "ERROR_PI_GENERIC"
    assert "Home Community" in answer.refusal.text
    lenient = make(strict=False)
    assert ask(lenient, sweden.identify(Traits(ids=(WORKER,)), **misdirected)).persons


def test_a_reserved_patient_is_not_shown(norway, sweden):
    answer = ask(norway, sweden.identify(Traits(ids=(RESERVED,))))
    assert (answer.refusal.code, answer.persons) == ("WARNING_PI_NO_CONSENT", ())
    assert answer.refusal.reason == "InsufficientRights"
    assert b"Sykkelpumpe" not in journal(norway)[-1].parts["response"]


def test_without_permission_nobody_is_identified(norway, sweden):
    who = doctor(permissions=("PRD-003",))
    answer = ask(norway, sweden.identify(Traits(ids=(WORKER,)), professional=who))
    assert (answer.refusal.code, answer.persons) == ("4703", ())


# Query (ITI-38) --------------------------------------------------------------------------------


def test_a_summary_is_listed_for_the_patient_who_is_treated(norway, sweden):
    answer = ask(norway, sweden.query(MRSA))
    assert answer.status.word == "Success"
    assert {e.patient for e in answer.entries} == {MRSA}
    assert {e.home for e in answer.entries} == {NORWAY}


def test_another_patient_than_the_treated_one_is_not_found(norway, sweden):
    answer = ask(norway, sweden.query(MRSA, asked=WORKER))
    assert codes(answer) == ["ERROR_PS_NOT_FOUND"]
    assert answer.entries == ()


@pytest.mark.parametrize(("kind", "code", "status"), [
    (PS, "ERROR_PS_NOT_FOUND", "Success"), (EP, "ERROR_EP_NOT_FOUND", "Failure"),
    (DocumentKind.LABORATORY, "1104", "Success"),
])  # fmt: skip
def test_nothing_there_is_a_warning_whose_status_depends_on_the_kind(
    norway, sweden, kind, code, status
):
    answer = ask(norway, sweden.query(PatientId(FNR, "16858399649"), kind))
    assert codes(answer) == [code]
    assert answer.refusals[0].weight is Weight.WARNING
    assert answer.status.word == status


@pytest.mark.parametrize(("patient", "kind", "code"), [
    (RESERVED, PS, "ERROR_PS_NO_CONSENT"), (DYING, EP, "ERROR_EP_NO_CONSENT"),
])  # fmt: skip
def test_what_the_patient_has_forbidden_is_refused(norway, sweden, patient, kind, code):
    answer = ask(norway, sweden.query(patient, kind))
    assert (codes(answer), answer.status.word, answer.entries) == ([code], "Failure", ())


def test_a_block_holds_for_its_country_and_kind_only(norway, sweden):
    assert ask(norway, sweden.query(CHILD)).entries, "closed for another country"
    assert ask(norway, sweden.query(DYING)).entries, "another kind is closed"


def test_an_unknown_class_code_is_refused(norway, sweden):
    body = xca.query(xca.QueryRequest(MRSA, (PS,)))
    for value in body.iter("{*}Value"):
        value.text = value.text.replace(PS.value, "12345-6")
    answer = ask(norway, sweden.incoming("ITI-38", body, MRSA))
    assert codes(answer) == ["ERROR_GENERIC_SERVICE_SIGNIFIER_UNKNOWN"]
    assert answer.status.word == "Failure"


def test_a_kind_that_is_not_listed_is_refused(norway, sweden):
    answer = ask(norway, sweden.query(MRSA, DocumentKind.CONSENT))
    assert codes(answer) == ["ERROR_GENERIC_SERVICE_SIGNIFIER_UNKNOWN"]


def test_permissions_follow_the_kind(norway, sweden, pharmacy):
    assert codes(ask(norway, pharmacy.query(MRSA, PS))) == ["4703"]
    assert ask(norway, pharmacy.query(MRSA, EP)).entries


def test_a_prescription_called_back_is_listed_as_not_dispensable(norway, pharmacy):
    (entry, *_) = ask(norway, pharmacy.query(WORKER, EP)).entries
    assert NOT_DISPENSABLE in {e.code for e in entry.events}


# Retrieve (ITI-39) -----------------------------------------------------------------------------


def test_a_document_comes_as_it_is_and_as_an_attachment(norway, sweden):
    unique_id = summary_id(norway, sweden)
    raw = norway.handle(sweden.retrieve(MRSA, unique_id))
    assert raw.content_type.startswith("multipart/related")
    (document,) = said(raw).documents
    assert document.content == norway.point.connector.content(unique_id)
    assert document.reference.unique_id == unique_id


def test_another_patients_document_is_missing(norway, sweden):
    unique_id = summary_id(norway, sweden)
    answer = ask(norway, sweden.retrieve(WORKER, unique_id))
    assert codes(answer) == ["ERROR_GENERIC_DOCUMENT_MISSING"]
    assert (answer.status.word, answer.documents) == ("Failure", ())


@pytest.mark.parametrize("change", [{"place": "1.2.3"}, {}], ids=["repository", "id"])
def test_a_wrong_repository_or_id_is_missing(norway, sweden, change):
    wanted = summary_id(norway, sweden) if change else "2.25.1"
    answer = ask(norway, sweden.retrieve(MRSA, wanted, **change))
    assert codes(answer) == ["ERROR_GENERIC_DOCUMENT_MISSING"]


def test_one_of_two_is_a_partial_success(norway, sweden):
    unique_id = summary_id(norway, sweden)
    answer = ask(norway, sweden.retrieve(MRSA, unique_id, "2.25.1"))
    assert answer.status.word == "PartialSuccess"
    assert [d.reference.unique_id for d in answer.documents] == [unique_id]
    assert answer.refusals[0].location == "2.25.1"


def test_several_documents_in_one_request(norway, pharmacy):
    listed = ask(norway, pharmacy.query(PatientId(FNR, patient_of("everything")), EP)).entries
    ids = [e.unique_id for e in listed if e.level == 3]
    answer = ask(norway, pharmacy.retrieve(listed[0].patient, *ids))
    assert sorted(d.reference.unique_id for d in answer.documents) == sorted(ids)
    assert len(ids) == 2


def patient_of(name: str) -> str:
    import orjson

    import data

    patient = orjson.loads(data.path("patients", name, "patient.json").read_bytes())
    return patient["identifier"][0]["value"]


def test_a_pharmacist_does_not_get_a_summary(norway, sweden, pharmacy):
    unique_id = summary_id(norway, sweden)
    answer = ask(norway, pharmacy.retrieve(MRSA, unique_id))
    assert (codes(answer), answer.documents) == (["4703"], ())


def test_consent_withdrawn_after_the_list_is_obeyed(norway, sweden, monkeypatch):
    unique_id = summary_id(norway, sweden)
    monkeypatch.setattr(norway.point.connector, "consent", lambda *_: Consent(False, "blocked"))
    answer = ask(norway, sweden.retrieve(MRSA, unique_id))
    assert (codes(answer), answer.documents) == (["ERROR_PS_NO_CONSENT"], ())


# Submit (ITI-41) -------------------------------------------------------------------------------


def test_a_dispensation_closes_the_prescription_and_a_discard_opens_it(norway, pharmacy):
    _, content = prescription(norway, pharmacy)
    given = dispensation(content, "1")
    assert ask(norway, pharmacy.submit(MRSA, given)).status.word == "Success"
    (entry, *_) = ask(norway, pharmacy.query(MRSA, EP)).entries
    assert NOT_DISPENSABLE in {e.code for e in entry.events}
    taken_back = ask(norway, pharmacy.submit(MRSA, given, kind=DISCARD))
    assert taken_back.status.word == "Success"
    (entry, *_) = ask(norway, pharmacy.query(MRSA, EP)).entries
    assert DISPENSABLE in {e.code for e in entry.events}
    assert ask(norway, pharmacy.submit(MRSA, dispensation(content, "2"))).status.word == "Success"


def test_nothing_is_dispensed_twice(norway, pharmacy):
    _, content = prescription(norway, pharmacy)
    assert ask(norway, pharmacy.submit(MRSA, dispensation(content, "1"))).status.word == "Success"
    for number in "12":  # the same dispensation again, and another one
        answer = ask(norway, pharmacy.submit(MRSA, dispensation(content, number)))
        assert (codes(answer), answer.status.word) == (["4106"], "Failure")


def test_two_of_one_prescription_in_one_message_are_a_partial_success(norway, pharmacy):
    _, content = prescription(norway, pharmacy)
    both = [dispensation(content, number) for number in "12"]
    answer = ask(norway, pharmacy.submit(MRSA, *both))
    assert (codes(answer), answer.status.word) == (["4106"], "PartialSuccess")


def test_a_prescription_must_be_retrieved_first_by_the_country_that_dispenses(
    norway, pharmacy, make
):
    _, content = prescription(norway, pharmacy, fetch=False)
    answer = ask(norway, pharmacy.submit(MRSA, dispensation(content, "1")))
    assert (codes(answer), answer.status.word) == (["ERROR_ED_GENERIC"], "Failure")
    easy = make(need_retrieval=False)
    assert ask(easy, pharmacy.submit(MRSA, dispensation(content, "1"))).status.word == "Success"


def test_an_unknown_prescription_is_not_identifiable(norway, pharmacy):
    _, content = prescription(norway, pharmacy)
    unknown = etree.fromstring(content)
    for one in unknown.iter(f"{{{HL7}}}id"):
        if one.getparent().tag != f"{{{HL7}}}patientRole":
            one.set("root", "2.25.4711")
    given = dispensation(etree.tostring(unknown), "1")
    answer = ask(norway, pharmacy.submit(MRSA, given))
    assert codes(answer) == ["ERROR_ED_EPRESCRIPTION_NOT_IDENTIFIABLE"]


def test_more_than_was_prescribed_is_refused(norway, pharmacy):
    _, content = prescription(norway, pharmacy)
    answer = ask(norway, pharmacy.submit(MRSA, dispensation(content, "1", quantity="2")))
    assert codes(answer) == ["ERROR_ED_NOT_DISPENSABLE_EPRESCRIPTION"]


def test_a_prescription_called_back_is_not_dispensed(norway, pharmacy):
    _, content = prescription(norway, pharmacy, WORKER)
    answer = ask(norway, pharmacy.submit(WORKER, dispensation(content, "1")))
    assert codes(answer) == ["ERROR_ED_NOT_DISPENSABLE_EPRESCRIPTION"]


def test_a_forbidden_substitution_is_refused(norway, pharmacy):
    patient = PatientId(FNR, patient_of("everything"))
    listed = ask(norway, pharmacy.query(patient, EP)).entries
    fixed = next(e for e in listed if e.level == 3 and "N" in {c.code for c in e.events})
    (got,) = ask(norway, pharmacy.retrieve(patient, fixed.unique_id)).documents
    other = dispensation(got.content, "1", substituted=True)
    answer = ask(norway, pharmacy.submit(patient, other))
    assert codes(answer) == ["ERROR_ED_SUBSTITUTION_INFORMATION_NOT_ALLOWED"]
    same = dispensation(got.content, "2")
    assert ask(norway, pharmacy.submit(patient, same)).status.word == "Success"


def test_the_patient_must_be_the_same_in_assertion_metadata_and_document(norway, pharmacy):
    _, content = prescription(norway, pharmacy)
    stranger = dispensation(content, "1", patient=WORKER)
    assert codes(ask(norway, pharmacy.submit(MRSA, stranger))) == ["ERROR_ED_GENERIC"]
    theirs = pharmacy.submit(WORKER, dispensation(content, "1"),
                             assertions=pharmacy.assertions(MRSA))  # fmt: skip
    assert codes(ask(norway, theirs)) == ["ERROR_ED_GENERIC"]


def test_an_unknown_dispensation_is_not_discarded(norway, pharmacy):
    _, content = prescription(norway, pharmacy)
    answer = ask(norway, pharmacy.submit(MRSA, dispensation(content, "9"), kind=DISCARD))
    assert (codes(answer), answer.status.word) == (["ERROR_ED_DISCARD_FAILED"], "Failure")


@pytest.mark.parametrize(("content", "code"), [
    (b"<ClinicalDocument xmlns='urn:hl7-org:v3'><id root='1.2'/></ClinicalDocument>",
     "ERROR_ED_MISSING_REQUIRED_FIELDS"),
    (b"<other><id xmlns='urn:hl7-org:v3' root='1.2'/></other>", "ERROR_ED_INCORRECT_FORMATTING"),
])  # fmt: skip
def test_a_document_that_is_no_dispensation_is_refused(norway, pharmacy, content, code):
    assert codes(ask(norway, pharmacy.submit(MRSA, content))) == [code]


def test_the_national_side_learns_of_what_was_recorded_and_of_nothing_else(
    norway, pharmacy, monkeypatch, caplog
):
    told = []
    connector = norway.point.connector
    monkeypatch.setattr(connector, "dispensed", lambda n: told.append(("given", n)))
    monkeypatch.setattr(connector, "discarded", lambda n: told.append(("back", n)))
    unique_id, content = prescription(norway, pharmacy)
    given = dispensation(content, "1")
    ask(norway, pharmacy.submit(MRSA, given))
    ask(norway, pharmacy.submit(MRSA, given))
    ask(norway, pharmacy.submit(MRSA, given, kind=DISCARD))
    assert [(what, n.dispensation_id, n.country) for what, n in told] == [
        ("given", "1.2.752.99^1", "SE"), ("back", "1.2.752.99^1", "SE")]  # fmt: skip
    assert told[0][1].prescriptions == (unique_id,)
    monkeypatch.setattr(connector, "dispensed", lambda _: 1 / 0)
    with caplog.at_level(logging.ERROR, "ehds.ncp"):
        assert ask(norway, pharmacy.submit(MRSA, dispensation(content, "2"))).status.word == (
            "Success")  # fmt: skip
    assert "the connector did not take" in caplog.text


# Messages --------------------------------------------------------------------------------------


def test_a_replayed_message_is_refused_and_changes_nothing(norway, pharmacy):
    incoming = pharmacy.query(MRSA, EP)
    assert ask(norway, incoming).entries
    with pytest.raises(SoapFault) as caught:
        ask(norway, incoming)
    assert caught.value.detail == "wsa:DuplicateMessageID"
    assert b"AdhocQueryResponse" not in journal(norway)[-1].parts["response"]


def test_a_request_without_assertions_is_refused_in_its_own_terms(norway, sweden):
    answer = ask(norway, sweden.query(MRSA, assertions=[]))
    assert codes(answer) == ["ERROR_HPI_AUTHENTICATION_NOT_RECEIVED"]
    assert answer.entries == ()


def test_a_tampered_assertion_is_refused(norway, sweden):
    hcp, trc = sweden.assertions(MRSA)
    forged = [hcp, trc.replace(MRSA.extension.encode(), WORKER.extension.encode())]
    answer = ask(norway, sweden.query(WORKER, assertions=forged))
    assert answer.entries == ()
    assert codes(answer) == ["ERROR_SEC_DATA_INTEGRITY_NOT_ENSURED"]


def test_an_expired_assertion_is_refused(norway, sweden):
    before = sweden.now - dt.timedelta(hours=9)
    seal = sweden.certificates.seal
    hcp = issue.hcp(sweden.professional, seal, now=before)
    old = [hcp, issue.trc(hcp, MRSA, seal, now=before)]
    answer = ask(norway, sweden.query(MRSA, assertions=old))
    assert (codes(answer), answer.entries) == (["1001"], ())


@pytest.mark.parametrize(("change", "status", "says"), [
    ({"content_type": "text/xml"}, 415, "Content-Type"),
    ({"content_type": ""}, 415, "Content-Type"),
    ({"content": b"rubbish"}, 400, "not XML"),
    ({"content": b""}, 400, "empty"),
    ({"content": b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"}, 400, "document type"),
    ({"service": "XDR_Service"}, 400, "action"),
    ({"broken": "the request is larger than 32 MiB", "status": 413}, 413, "larger"),
])  # fmt: skip
def test_rubbish_gets_a_fault_and_an_entry_in_the_journal(norway, sweden, change, status, says):
    incoming = replace(sweden.query(MRSA), **change)
    answer = norway.handle(incoming)
    assert answer.status == status
    with pytest.raises(SoapFault) as caught:
        said(answer)
    assert says in caught.value.reason
    (entry,) = journal(norway)
    assert entry.transaction.operation is Event.COMMUNICATION_FAILURE
    assert entry.transaction.outcome is Indicator.MAJOR
    assert entry.transaction.wire.status == status


def test_an_envelope_of_another_soap_version_is_told(norway, sweden):
    old = sweden.query(MRSA)
    content = old.content.replace(b"http://www.w3.org/2003/05/soap-envelope",
                                  b"http://schemas.xmlsoap.org/soap/envelope/")  # fmt: skip
    with pytest.raises(SoapFault) as caught:
        said(norway.handle(replace(old, content=content)))
    assert caught.value.code == "VersionMismatch"


def test_an_error_of_ours_tells_nothing_of_the_inside(norway, sweden, monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError(f"secret of {SYNTHETIC}")

    monkeypatch.setattr(norway.point.connector, "documents", broken)
    with caplog.at_level(logging.CRITICAL + 1, "ehds.ncp"):
        answer = norway.handle(sweden.query(MRSA))
    assert answer.status == 500
    assert b"secret" not in answer.content
    assert b"internal error, reference" in answer.content
    assert journal(norway)[-1].transaction.outcome is Indicator.MAJOR


def test_a_number_is_masked_in_the_log(norway, sweden, monkeypatch, caplog):
    def broken(*_):
        raise LookupError(f"no {SYNTHETIC}")

    monkeypatch.setattr(norway.point.connector, "dispensed", broken)
    with caplog.at_level(logging.ERROR, "ehds.ncp"):
        _, content = prescription(norway, sweden, PatientId(FNR, SYNTHETIC))
        ask(norway, sweden.submit(PatientId(FNR, SYNTHETIC), dispensation(content, "1"),
                                  professional=doctor("2262")))  # fmt: skip
    assert "the connector did not take" in caplog.text
    assert SYNTHETIC not in caplog.text


def test_what_cannot_be_recorded_is_not_answered(norway, sweden, caplog):
    with norway.point.store.begin() as connection:
        connection.execute(text("DROP TABLE journal_part"))
    with caplog.at_level(logging.CRITICAL + 1, "ehds.ncp"):
        answer = norway.handle(sweden.query(MRSA))
    assert answer.status == 500
    assert b"AdhocQueryResponse" not in answer.content


def test_a_dispensation_that_cannot_be_recorded_did_not_happen(norway, pharmacy, caplog):
    _, content = prescription(norway, pharmacy)
    with norway.point.store.begin() as connection:
        connection.execute(text("ALTER TABLE journal_part RENAME TO away"))
    with caplog.at_level(logging.CRITICAL + 1, "ehds.ncp"):
        assert norway.handle(pharmacy.submit(MRSA, dispensation(content, "1"))).status == 500
    with norway.point.store.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO journal_part"))
    assert ask(norway, pharmacy.submit(MRSA, dispensation(content, "1"))).status.word == "Success"


# Audit -----------------------------------------------------------------------------------------


def test_every_exchange_is_in_the_journal_with_who_what_and_how_it_went(norway, pharmacy):
    unique_id, content = prescription(norway, pharmacy)
    ask(norway, pharmacy.submit(MRSA, dispensation(content, "1")))
    ask(norway, pharmacy.submit(MRSA, dispensation(content, "1")))
    kept = [e.transaction for e in journal(norway)]
    assert [t.operation for t in kept] == [
        Operation.EP_LIST, Operation.EP_RETRIEVE, Operation.DISPENSE, Operation.DISPENSE,
    ]  # fmt: skip
    assert [t.outcome for t in kept] == [0, 0, 0, 12]
    assert all(t.patients == (MRSA,) for t in kept)
    assert all(t.country_b == "SE" and t.professional.name == "Astrid Testsson" for t in kept)
    assert kept[1].documents == (unique_id,)
    assert [t.letters for t in kept] == ["b", "b", "c", "c"]
    assert kept[3].error_code == "4106"
    assert kept[0].provider.home == NORWAY
    assert kept[0].consumer.name


def test_the_admin_view_masks_patients(norway, sweden):
    ask(norway, sweden.query(MRSA))
    assert MRSA.extension not in str(norway.journal(10))
    norway.reset()
    assert norway.journal(10) == []


# Faults on demand ------------------------------------------------------------------------------


class Faulty(NoHooks):
    def refuse(self, operation):
        return Refusal("4104", "on demand") if operation is Operation.EP_LIST else None

    def entries(self, operation, found):
        return found[:0]

    def answer(self, operation, content):
        return content.replace(b"Astrid", b"Xstrid")

    def transport(self, operation):
        return Delivery(delay=1.5, status=503)


def test_hooks_take_hold_at_their_points(make, sweden):
    faulty = make(hooks=Faulty())
    assert codes(ask(faulty, sweden.query(MRSA, EP))) == ["4104"]
    raw = faulty.handle(sweden.query(MRSA))
    assert codes(said(raw)) == ["ERROR_PS_NOT_FOUND"]
    assert raw.delivery == Delivery(delay=1.5, status=503)


# Quirks ----------------------------------------------------------------------------------------


def test_germany_refuses_in_its_own_words(make, pharmacy, home):
    germany = make(quirks="gematik")
    _, content = prescription(germany, pharmacy)
    ask(germany, pharmacy.submit(MRSA, dispensation(content, "1")))
    again = ask(germany, pharmacy.submit(MRSA, dispensation(content, "2")))
    assert codes(again) == ["ERROR_ED_EPRESCRIPTION_NOT_IDENTIFIABLE"]
    nothing = ask(germany, pharmacy.query(PatientId(FNR, "16858399649"), EP))
    assert (codes(nothing), nothing.status.word) == (["ERROR_EP_NOT_FOUND"], "Failure")
    assert nothing.refusals[0].weight is Weight.ERROR
    closed = ask(germany, pharmacy.query(DYING, EP))
    assert codes(closed) == ["ERROR_NO_CONSENT"]


def test_openncp_says_error_in_the_query_ack_of_a_success(make, sweden):
    answer = ask(make(quirks="openncp"), sweden.identify(Traits(ids=(WORKER,))))
    assert answer.persons
    assert answer.query_response == "AE"


def test_openncp_retrieves_the_first_document_only(make, sweden):
    quirky = make(quirks="openncp")
    first = summary_id(quirky, sweden)
    answer = ask(quirky, sweden.retrieve(MRSA, first, "2.25.1"))
    assert (len(answer.documents), answer.refusals) == (1, ())


def test_postgresql_serves_the_same(make, pharmacy, postgresql_url):
    norway = make(store=postgresql_url)
    norway.reset()
    _, content = prescription(norway, pharmacy)
    assert ask(norway, pharmacy.submit(MRSA, dispensation(content, "1"))).status.word == "Success"
    assert codes(ask(norway, pharmacy.submit(MRSA, dispensation(content, "2")))) == ["4106"]
    assert len(norway.journal(10)) == 4


def test_ids_of_messages_are_new_and_relate_to_the_request(norway, sweden):
    number = f"urn:uuid:{uuid.uuid4()}"
    answer = norway.handle(sweden.query(MRSA, message_id=number))
    assert number.encode() in answer.content
    assert isinstance(sweden, CountryB)
    assert isinstance(sweden.query(MRSA), Incoming)
