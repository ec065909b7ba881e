"""Country B beside a country A that runs, over mutual TLS: what a tester does in a day."""

from __future__ import annotations

import datetime as dt
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest
from sqlalchemy.exc import OperationalError

from data.errors import EnvironmentProblem
from ips.prescription import Product, Supply
from ncp.audit import Event
from ncp.audit.evidence import read_evidence
from ncp.audit.journal import entries, load
from ncp.audit.verification import verify
from ncp.client import Asker, Client
from ncp.client.asker import professional
from ncp.client.dispensing import edispensation
from ncp.client.failures import Unreachable
from ncp.client.partner import at_home
from ncp.client.transport import Limits, Transport
from ncp.codes import DISPENSABLE, NOT_DISPENSABLE
from ncp.model import DocumentKind, DocumentReference, Operation, PatientId, Traits
from ncp.soap import read
from ncp.store import Store
from ncp.trust import certs
from tests.ncp.client.answering import FNR, NORWAY, OTHER

EP = DocumentKind.EPRESCRIPTION
WHEN = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
"""A moment in the validity of the sample prescriptions."""
pytestmark = pytest.mark.slow


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@contextmanager
def country_b(norway, role: str = "221", store: Store | None = None, **more):
    partner = at_home(norway.home, "SE", now=now())
    seal = certs.load(norway.home / "certs" / "SE").seal
    with Client(partner, Asker(professional("SE", role, **more), seal), store=store) as client:
        yield client


def test_a_patient_is_found_and_the_summary_read(norway) -> None:
    with country_b(norway) as client:
        found = client.identify(Traits((OTHER,), birth_date="19661209"))
        assert found.persons[0].family == "Skistavtrinse"
        listed = client.query(OTHER)
        got = client.retrieve(OTHER, listed.entries)
        one = client.read(got.documents[0], OTHER, listed.entries[0])
    assert [found.findings, listed.findings, got.findings] == [(), (), ()]
    assert one.safe
    assert one.bundle["type"] == "document"
    assert not [r for r in one.report.results if r.outcome == "fail"]
    assert got.reply.server.endswith("NO_SERVER")


def test_a_prescription_is_dispensed_once_and_taken_back(norway) -> None:
    with country_b(norway, "2262") as client:
        listed = client.query(OTHER, EP)
        got = client.retrieve(OTHER, [e for e in listed.entries if e.level == 3])
        made = edispensation(
            got.documents[0].content, Product("Selexid 400 mg"),
            Supply(1, WHEN, "Apoteket Storken", "SE"),
        )  # fmt: skip
        assert made.person.ids[0] == OTHER
        state = {e.code for e in listed.entries[0].events}
        assert DISPENSABLE in state
        taken = client.dispense(OTHER, made.content, person=made.person)
        assert (taken.status.word, taken.refusals) == ("Success", ())
        again = client.dispense(OTHER, made.content, person=made.person)
        assert again.refused.code == "4106"
        after = {e.code for e in client.query(OTHER, EP).entries[0].events}
        assert NOT_DISPENSABLE in after
        assert client.discard(OTHER, made.content).status.word == "Success"
        assert client.discard(OTHER, made.content).refused.code == "ERROR_ED_DISCARD_FAILED"
        assert DISPENSABLE in {e.code for e in client.query(OTHER, EP).entries[0].events}


def test_a_doctor_may_not_dispense_and_a_pharmacist_not_read_the_summary(norway) -> None:
    with country_b(norway) as doctor, country_b(norway, "2262") as pharmacist:
        assert doctor.query(OTHER, EP).refused.code == "4703"
        assert pharmacist.query(OTHER).refused.code == "4703"


def test_an_unknown_patient_and_an_unknown_document_are_refused(norway) -> None:
    with country_b(norway) as client:
        nobody = client.identify(Traits((PatientId(FNR, "13816812345"),)))
        assert nobody.refused is not None
        missing = client.retrieve(OTHER, [DocumentReference(NORWAY, NORWAY, "2.25.404")])
        assert missing.refused is not None


def test_both_sides_tell_of_the_same_exchange(norway, tmp_path) -> None:
    with closing(Store(tmp_path / "b.db")) as store:
        with country_b(norway, store=store) as client:
            found = client.identify(Traits((OTHER,)))
            listed = client.query(OTHER)
            got = client.retrieve(OTHER, listed.entries)
            client.read(got.documents[0], OTHER, listed.entries[0])
            seal = client.asker.seal
        with store.connect() as connection:
            ours = list(entries(connection))
            assert verify(connection).sound
            proof = load(connection, [2], ("nro",))[2]["nro"]
        with closing(Store(norway.home / "store.db")) as theirs, theirs.connect() as connection:
            known = {e.transaction.request_id: e.transaction for e in entries(connection)
                     if e.transaction.side == "A"}  # fmt: skip
    assert [e.transaction.operation for e in ours] == [
        Event.AUTHENTICATION, Operation.IDENTIFY, Event.TRC_ASSERTION, Operation.PS_LIST,
        Operation.PS_RETRIEVE, Event.TRANSLATION,
    ]  # fmt: skip
    for answer, category in ((found, ""), (listed, "a"), (got, "a")):
        sent = answer.reply.sent
        mine = next(e.transaction for e in ours if e.transaction.request_id == sent.message_id)
        other = known[sent.message_id]
        assert mine.patients == other.patients
        assert mine.response_id == other.response_id == answer.response_id
        assert mine.assertion_id == other.assertion_id
        assert (mine.side, mine.outcome, mine.letters) == ("B", 0, category)
        assert mine.consumer.name == other.consumer.name
    # Evidence of origin: the body that was sent, signed with the seal of country B.
    evidence = read_evidence(proof, seal.certificate)
    assert evidence.proves(read(*found.reply.sent.written).body)


def test_a_refusal_and_a_country_that_is_away_are_recorded(norway, tmp_path) -> None:
    with closing(Store(tmp_path / "b.db")) as store:
        with country_b(norway, "2262", store) as client:
            client.query(OTHER)
            away = replace(client.partner, url="https://localhost:1")
            transport = Transport(away, Limits(connect=1, attempts=1))
            with (
                Client(away, client.asker, store=store, transport=transport) as nobody,
                pytest.raises(Unreachable) as told,
            ):
                nobody.query(OTHER)
        with store.connect() as connection:
            refused, lost = [e.transaction for e in entries(connection)][-2:]
    assert told.value.problems[0].what.startswith("country A cannot be reached: ")
    assert (refused.error_code, refused.outcome) == ("4703", 12)
    assert lost.operation is Event.COMMUNICATION_FAILURE
    assert lost.error_code == "ERROR_GENERIC_CONNECTION_NOT_POSSIBLE"
    assert lost.patients == (OTHER,)


def test_a_journal_that_cannot_be_written_says_what_took_place(
    norway, tmp_path, monkeypatch
) -> None:
    def full(*_arguments):
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    with closing(Store(tmp_path / "b.db")) as store, country_b(norway, store=store) as client:
        monkeypatch.setattr("ncp.client.recording.append", full)
        with pytest.raises(EnvironmentProblem) as told:
            client.identify(Traits((OTHER,)))
    assert "disk is full" in told.value.problems[0].what
    assert "took place all the same" in told.value.problems[0].remedy


def test_a_stranger_is_not_let_in_and_a_stranger_is_not_asked(norway, tmp_path) -> None:
    stranger = certs.make(tmp_path / "certs" / "SE", "SE")
    partner = at_home(norway.home, "SE", now=now())
    asker = Asker(professional("SE"), stranger.seal)
    theirs = replace(partner, certificate=stranger.folder / "client.pem",
                     key=stranger.folder / "client.key")  # fmt: skip
    for wrong in (theirs, replace(partner, ca=stranger.ca_file)):
        transport = Transport(wrong, Limits(attempts=1))
        with Client(wrong, asker, transport=transport) as client, pytest.raises(Unreachable):
            client.identify(Traits((OTHER,)))


def test_a_seal_of_a_stranger_is_refused(norway, tmp_path) -> None:
    stranger = certs.make(tmp_path / "certs" / "SE", "SE")
    partner = at_home(norway.home, "SE", now=now())
    with Client(partner, Asker(professional("SE"), stranger.seal)) as client:
        refused = client.identify(Traits((OTHER,))).refused
    assert refused.code == "ERROR_SEC_DATA_INTEGRITY_NOT_ENSURED"
