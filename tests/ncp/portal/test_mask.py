"""The form of a country is its search mask, and a filled form is what is asked with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import InputError
from ncp import tables
from ncp.model import PatientId, Traits
from ncp.portal import mask

WORDS = st.text(alphabet="abcÆØÅ 0123456789", min_size=1, max_size=12).map(str.strip)


def test_norway_asks_for_one_of_two_numbers_and_may_ask_for_the_birth_date():
    keys = [(one.key, one.mandatory, one.choice) for one in mask.inputs("NO")]
    assert keys == [
        ("id-2.16.578.1.12.4.1.4.1", True, "person"), ("id-2.16.578.1.12.4.1.4.2", True, "person"),
        ("birthDate", False, ""),
    ]  # fmt: skip


def test_portugal_asks_for_prescription_and_pin():
    """InternationalSearch_PT.xml."""
    assert {mask.PRESCRIPTION, mask.PIN} <= {one.key for one in mask.inputs("PT")}


@pytest.mark.parametrize("code", [*tables.search_masks(), "AT"])
@given(data=st.data())
def test_a_filled_form_and_what_is_asked_with_are_the_same(code, data):
    fields = [one for one in mask.inputs(code) if one.key not in (mask.PRESCRIPTION, mask.PIN)]
    form = {}
    for one in fields:
        said = data.draw(WORDS)
        form[one.key] = f"1.2.3^{said or 1}" if one.key == mask.OPEN_ID else said
    asked = mask.traits(code, form)
    assert mask.traits(code, mask.values(code, asked)) == asked


def test_a_country_without_a_known_mask_takes_any_identifier():
    assert mask.known("AT") is None
    asked = mask.traits("AT", {mask.OPEN_ID: "1.2.3^77", "familyName": "Muster"})
    assert asked == Traits((PatientId("1.2.3", "77"),), "Muster")
    assert mask.faults("AT", asked) == {}
    with pytest.raises(InputError):
        mask.traits("AT", {mask.OPEN_ID: "77"})


def test_a_date_may_be_written_with_dashes():
    assert mask.traits("NO", {"birthDate": "1966-12-09"}).birth_date == "19661209"


def test_faults_stand_at_their_field():
    asked = mask.traits("NO", {"id-2.16.578.1.12.4.1.4.1": "1", "birthDate": "x"})
    found = mask.faults("NO", asked)
    assert {key: one.code for key, one in found.items()} == {
        "id-2.16.578.1.12.4.1.4.1": "ERROR_PI_INCORRECT_FORMATTING",
        "birthDate": "ERROR_PI_INCORRECT_FORMATTING",
    }
    (key,) = mask.faults("NO", mask.traits("NO", {}))
    assert key == "id-2.16.578.1.12.4.1.4.1"
