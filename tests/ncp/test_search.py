"""The search mask says what a request about a patient lacks or has wrong."""

from __future__ import annotations

import re

import pytest

from data.errors import InputError
from ncp import tables
from ncp.model import PatientId, Traits

NORWAY = tables.search_mask("NO")
FNR, DNR = "2.16.578.1.12.4.1.4.1", "2.16.578.1.12.4.1.4.2"
PERSON = PatientId(FNR, "29824803127")


def told(*ids: PatientId, country: str = "NO", birth_date: str = "") -> list[str]:
    traits = Traits(ids, birth_date=birth_date)
    return [r.code for r in tables.search_mask(country).check(traits)]


def test_a_national_number_is_enough():
    assert told(PERSON) == []
    assert told(PERSON, birth_date="19480229") == []


@pytest.mark.parametrize("ids", [(), (PatientId(FNR, ""),)])
def test_without_any_identifier_only_identifiers_are_allowed(ids):
    (refusal,) = NORWAY.check(Traits(ids, "Nordmann", "Kari"))
    assert (refusal.code, refusal.reason) == ("ERROR_PI_GENERIC", "DemographicsQueryNotAllowed")


def test_an_identifier_of_another_country_is_no_answer_to_ours():
    (refusal,) = NORWAY.check(Traits((PatientId("1.2.208.176.1.2", "0101010000"),)))
    assert (refusal.code, refusal.reason) == ("ERROR_PI_MISSING_REQUIRED_FIELDS", "InternalError")
    assert FNR in refusal.text
    assert DNR in refusal.text


@pytest.mark.parametrize("number", ["1", "29824803128", "2982480312", "298248031277", "abc"])
def test_a_number_of_the_wrong_form_or_check_digit_is_told(number):
    (refusal,) = NORWAY.check(Traits((PatientId(FNR, number),)))
    assert refusal.code == "ERROR_PI_INCORRECT_FORMATTING"
    assert number not in refusal.text or len(number) < 4, "the number itself is not repeated"


def test_digits_of_another_script_are_no_digits():
    assert told(PatientId("1.2.752.129.2.1.3.1", "٠١٢٣٤٥٦٧٨٩٠١"), country="SE") == [
        "ERROR_PI_INCORRECT_FORMATTING"
    ]


def test_everything_that_is_wrong_is_told_at_once():
    assert (
        told(PatientId(FNR, "1"), PatientId(DNR, "2"), birth_date="29 February")
        == ["ERROR_PI_INCORRECT_FORMATTING"] * 3
    )


@pytest.mark.parametrize("date", ["0", "00000000", "19560000", "1956"])
def test_a_birth_date_may_be_padded(date):
    """gematik pads what is unknown with zeros."""
    assert told(PERSON, birth_date=date) == []


def test_germany_asks_for_number_and_access_code():
    number = PatientId("1.2.276.0.76.4.8", "X110571344")
    code = PatientId("1.2.276.0.76.4.298", "ABC123")
    assert told(number, code, country="DE") == []
    assert told(number, country="DE") == ["ERROR_PI_MISSING_REQUIRED_FIELDS"]
    assert told(number, PatientId(code.root, "ABC12"), country="DE") == [
        "ERROR_PI_INCORRECT_FORMATTING"
    ]


def test_cyprus_asks_for_the_birth_date_too():
    number = PatientId("2.16.840.1.113883.3.9143.1.1", "42")
    assert told(number, country="CY") == ["ERROR_PI_MISSING_REQUIRED_FIELDS"]
    assert told(number, country="CY", birth_date="19560101") == []


def test_what_is_our_own_proposal_says_so():
    assert NORWAY.status == "inferred"
    assert tables.search_mask("DK").status == "published"


def test_every_format_is_a_regular_expression():
    for mask in tables.search_masks().values():
        assert mask.identifiers
        for field in mask.fields:
            re.compile(field.format)


def test_a_country_without_a_known_mask_is_told():
    with pytest.raises(InputError, match="no search mask"):
        tables.search_mask("RO")
