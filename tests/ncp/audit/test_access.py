"""The patient learns who saw what, when, from which system, in plain words (EHDS Art 9)."""

from __future__ import annotations

import datetime as dt

import pytest

from ncp.audit import Event, Indicator
from ncp.audit.access import Access, letter, who_saw
from ncp.audit.journal import Filter, record
from ncp.audit.masking import hide, masked
from ncp.model import Coded, HealthProfessional, Operation, PatientId
from tests.ncp.audit.transactions import NOON, OTHER, PATIENT, exchange


@pytest.fixture
def accesses(sqlite_store):
    later = NOON + dt.timedelta(days=1)
    made = [
        exchange(Operation.IDENTIFY, documents=()),
        exchange(Operation.PS_LIST),
        exchange(Operation.PS_RETRIEVE),
        exchange(Operation.EP_RETRIEVE, ended=later, outcome=Indicator.MAJOR, error_code="4703",
                 purpose="EMERGENCY"),
        exchange(Operation.PS_RETRIEVE, patients=(OTHER,)),
        exchange(Event.TRC_ASSERTION, "B"),
        exchange(Operation.ORCD_RETRIEVE, category="ef", origins=("Pasientens prøvesvar",)),
    ]  # fmt: skip
    for each in made:
        with sqlite_store.begin() as connection:
            record(connection, each, b"q", b"r")
    with sqlite_store.connect() as connection:
        yield who_saw(connection, PATIENT)


def test_it_lists_every_access_to_ones_own_data_and_nothing_else(accesses):
    assert [a.entry for a in accesses] == [7, 4, 3, 2, 1]
    assert [a.deed for a in accesses] == ["retrieve", "retrieve", "retrieve", "list", "identify"]


def test_what_article_9_2_asks_for_is_there(accesses):
    access = accesses[2]
    assert (access.name, access.role, access.organisation) == ("Anna Lind", "221", "Region Väst")
    assert access.country == "SE"
    assert access.when == NOON + dt.timedelta(milliseconds=42)
    assert access.categories == "a"
    assert access.documents
    assert access.origins == ("Kjernejournal",)


def test_a_refused_attempt_is_told_as_such(accesses):
    assert [a.refused for a in accesses] == [False, True, False, False, False]


def test_the_letter_in_norwegian(accesses):
    text = letter(accesses, PATIENT.extension, "nb")
    assert "Hvem så hva om 13*********" in text
    assert PATIENT.extension not in text
    assert "Søndag 22. november 2026 kl. 13:00:00" in text  # the time in Norway
    assert "Anna Lind (lege), Region Väst i Sverige (Östra sjukhuset)" in text
    assert "Opplysninger: pasientoppsummering" in text
    assert "Opplysninger: prøvesvar, også fra laboratorier, epikriser" in text
    assert "Kilde: Kjernejournal" in text
    assert "Formål: helsehjelp" in text
    assert "Formål: øyeblikkelig hjelp" in text
    assert "Fikk ikke svar: ingenting ble vist." in text
    assert "artikkel 9 nr. 3" in text


def test_the_letter_in_english(accesses):
    text = letter(accesses, PATIENT.extension, "en", numbers=True)
    assert f"Who saw what of {PATIENT.extension}" in text
    assert "Sunday 22 November 2026 at 13:00:00" in text
    assert "Anna Lind (medical doctor), Region Väst, Sweden" in text
    assert "Data: patient summary" in text
    assert "Article 9(3)" in text


def test_summer_time_is_kept():
    july = dt.datetime(2026, 7, 1, 12, 0, tzinfo=dt.UTC)
    access = Access(1, july, "", "", "", "", "", "EL", "retrieve", "", (), "HMARKT", (), False)
    text = letter([access], "x", "nb")
    assert "kl. 14:00:00" in text
    assert "ukjent person (yrke ikke oppgitt), ukjent virksomhet i Hellas" in text
    assert "Formål: HMARKT" in text


def test_a_profession_outside_the_list_is_shown_as_the_country_wrote_it(sqlite_store):
    doctor = HealthProfessional("x", "X", Coded("9999", display="Vedlikehaldar"), country="DK")
    with sqlite_store.begin() as connection:
        record(connection, exchange(Operation.PS_LIST, professional=doctor), b"q", b"r")
    with sqlite_store.connect() as connection:
        assert "X (Vedlikehaldar)" in letter(who_saw(connection, PATIENT), "1", "nb")


def test_nothing_seen_is_said_too(sqlite_store):
    with sqlite_store.connect() as connection:
        found = who_saw(connection, PATIENT)
    assert letter(found, PATIENT.extension, "nb").startswith("Ingen oppslag er journalført om 13")
    assert letter(found, PATIENT.extension, "en").startswith("No access")


def test_limits_apply(sqlite_store):
    for operation in (Operation.PS_LIST, Operation.PS_RETRIEVE):
        with sqlite_store.begin() as connection:
            record(connection, exchange(operation), b"q", b"r")
    with sqlite_store.connect() as connection:
        only = who_saw(connection, PATIENT, Filter(operations=(Operation.PS_LIST,)))
        none = who_saw(connection, PATIENT, Filter(operations=(Event.TRC_ASSERTION,)))
    assert [a.entry for a in only] == [1]
    assert none == []


def test_numbers_of_every_country_are_masked():
    assert masked("13816812345") == "13*********"
    assert masked("191212121212") == "19**********"
    assert masked("2-1234-W7") == "2-*******"
    assert masked("13816812345^^^&1.2&ISO") == "13*********"
    assert masked("1") == "1***"
    swede = PatientId("1.2.752.129.2.1.3.1", "KX-77-19")
    assert hide({"a": ["see KX-77-19", 7, None]}, [swede]) == {"a": ["see KX******", 7, None]}
    assert hide("13816812345", []) == "13*********"
    assert hide("1.2.3^12", [PatientId("1.2", "12")]) == "1.2.3^12"
