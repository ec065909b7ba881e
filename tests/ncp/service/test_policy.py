"""What country A lets a country have: agreements, the prescription that is named, validity."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from data.errors import InputError
from ncp.codes import DISPENSABLE, NOT_DISPENSABLE
from ncp.connector.records import Records
from ncp.model import DocumentKind, Operation, Traits
from ncp.service import query
from ncp.service.agreements import Agreements
from ncp.trust import issue
from tests.ncp.service.asking import EP, MRSA, PS, WORKER, CountryB, ask, codes, dispensation
from tests.ncp.service.test_pipeline import prescription

HEAD = "country,services,source\n"


def agreed(tmp_path, rows: str):
    file = tmp_path / "agreements.csv"
    file.write_text(HEAD + rows)
    return file


def about(b: CountryB, patient, number: str, pin: str = "") -> list[bytes]:
    """Return assertions about one prescription."""
    seal = b.certificates.seal
    hcp = issue.hcp(b.professional, seal, now=b.now)
    return [hcp, issue.trc(hcp, patient, seal, now=b.now, purpose="TREATMENT",
                           prescription_id=number, pin=pin)]  # fmt: skip


# Agreements -------------------------------------------------------------------------------------


def test_a_country_gets_what_is_agreed_and_nothing_else(make, sweden, pharmacy, tmp_path):
    """Country not agreed: PolicyViolation, location ends with its code (gemSpec_NCPeH_FD)."""
    norway = make(agreements=agreed(tmp_path, "SE,ps,Invented\nDK,ps ep dispense,Invented\n"))
    assert ask(norway, sweden.identify(Traits(ids=(WORKER,)))).persons
    assert ask(norway, sweden.query(MRSA, PS)).entries
    (found, *_) = norway.point.connector.documents(MRSA, EP)
    number = found.unique_id
    for incoming, code in (
        (pharmacy.query(MRSA, EP), "ERROR_EP_GENERIC"),
        (pharmacy.retrieve(MRSA, number), "ERROR_EP_GENERIC"),
        (pharmacy.submit(MRSA, b"<ClinicalDocument xmlns='urn:hl7-org:v3'><id root='1.2'/>"
                         b"</ClinicalDocument>"), "ERROR_ED_GENERIC"),
    ):  # fmt: skip
        answer = ask(norway, incoming)
        assert (codes(answer)[:1], answer.status.word) == ([code], "Failure")
        assert answer.refusals[0].location.endswith("SE")


def test_a_country_without_agreement_identifies_nobody(make, sweden, tmp_path):
    norway = make(agreements=agreed(tmp_path, "DK,ps ep,Invented\nSE,,Invented: nothing yet\n"))
    answer = ask(norway, sweden.identify(Traits(ids=(WORKER,))))
    assert not answer.persons
    assert (answer.refusal.code, answer.refusal.reason) == ("ERROR_PI_GENERIC", "PolicyViolation")


def test_a_wrong_table_of_agreements_is_told_with_all_its_rows(tmp_path):
    file = agreed(tmp_path, "XX,ps,a\nSE,ps everything,b\n")
    with pytest.raises(InputError) as caught:
        Agreements.read(file)
    said = str(caught.value)
    assert "XX" in said
    assert "everything" in said


def test_who_may_read_may_not_dispense(tmp_path):
    table = Agreements.read(agreed(tmp_path, "SE,ep,Invented\n"))
    table.check("SE", Operation.EP_RETRIEVE)
    with pytest.raises(Exception, match="ERROR_ED_GENERIC"):
        table.check("SE", Operation.DISPENSE)


# One prescription named -------------------------------------------------------------------------


def test_an_assertion_about_one_prescription_shows_that_one_only(norway, pharmacy):
    number, _ = prescription(norway, pharmacy)
    shown = ask(norway, pharmacy.query(MRSA, EP, assertions=about(pharmacy, MRSA, number)))
    assert number in {e.unique_id for e in shown.entries}
    other = ask(norway, pharmacy.query(MRSA, EP, assertions=about(pharmacy, MRSA, "1.2^3")))
    assert not other.entries
    assert codes(other) == ["ERROR_EP_NOT_FOUND"]


def test_another_prescription_than_the_named_one_is_not_given_away(norway, pharmacy):
    number, content = prescription(norway, pharmacy)
    wrong = about(pharmacy, MRSA, "1.2^3")
    answer = ask(norway, pharmacy.retrieve(MRSA, number, assertions=wrong))
    assert codes(answer) == ["4207"]
    assert not answer.documents
    answer = ask(norway, pharmacy.submit(MRSA, dispensation(content, "1"), assertions=wrong))
    assert (codes(answer), answer.status.word) == (["4207"], "Failure")
    right = about(pharmacy, MRSA, number)
    assert ask(norway, pharmacy.retrieve(MRSA, number, assertions=right)).documents
    answer = ask(norway, pharmacy.submit(MRSA, dispensation(content, "1"), assertions=right))
    assert answer.status.word == "Success"


class Locked:
    """A national side that opens a prescription with its PIN."""

    def __init__(self, inner: Records) -> None:
        self._inner = inner

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def opens(self, _unique_id: str, pin: str) -> bool:
        return pin == "4711"


def test_the_pin_of_a_prescription_is_asked_of_the_national_side(make, samples, pharmacy):
    norway = make(Locked(samples))
    number = ask(norway, pharmacy.query(MRSA, EP)).entries[0].unique_id
    assert codes(ask(norway, pharmacy.retrieve(MRSA, number))) == ["4207"]
    for pin, expected in (("4712", ["4207"]), ("4711", [])):
        given = about(pharmacy, MRSA, number, pin)
        assert codes(ask(norway, pharmacy.retrieve(MRSA, number, assertions=given))) == expected


# Validity ---------------------------------------------------------------------------------------


class Expiring(Locked):
    """The samples, with their validity taken seriously."""

    expire = True

    def opens(self, _unique_id: str, _pin: str) -> bool:
        return True


def test_a_prescription_that_is_no_longer_valid_is_closed_and_not_dispensed(
    make, samples, pharmacy, monkeypatch
):
    norway = make(Expiring(samples))
    number, content = prescription(norway, pharmacy)
    described, today = query._described(content), dt.datetime.now(dt.UTC).date()
    for days, mark, expected in ((0, DISPENSABLE, []), (-1, NOT_DISPENSABLE, [
        "ERROR_ED_NOT_DISPENSABLE_EPRESCRIPTION"])):  # fmt: skip
        until = replace(described, valid_until=today + dt.timedelta(days=days))
        monkeypatch.setattr(query, "_described", lambda _content, until=until: until)
        (entry, *_) = ask(norway, pharmacy.query(MRSA, EP)).entries
        assert entry.kind is DocumentKind.EPRESCRIPTION
        assert mark in {e.code for e in entry.events}
        if expected:
            refused = ask(norway, pharmacy.submit(MRSA, dispensation(content, str(days))))
            assert codes(refused) == expected
    assert number
