"""Whether a person is who is asked for: identifiers find, demographics must agree when given."""

from __future__ import annotations

import pytest

from ncp.connector.people import agrees, person_of_fhir
from ncp.model import Address, PatientId, Person, Traits

PERSON = Person((PatientId("1.2", "3"),), "Ødegård-Næss", ("Åse", "Marie"), "F", "19560214")


@pytest.mark.parametrize("family", ["", "Ødegård-Næss", "ØDEGÅRD NÆSS", "Oedegaard-Naess",
                                    "Odegard Naess", "  ødegård   næss "])  # fmt: skip
def test_names_agree_in_every_spelling_of_the_letters(family):
    assert agrees(PERSON, Traits(family=family))


@pytest.mark.parametrize("given", ["", "Åse", "Marie", "Åse Marie", "aase", "ASE"])
def test_one_given_name_or_all_of_them(given):
    assert agrees(PERSON, Traits(given=given))


@pytest.mark.parametrize("birth", ["", "0", "00000000", "19560214", "19560200", "19560000",
                                   "1956", "19560214000000"])  # fmt: skip
def test_a_birth_date_agrees_as_far_as_it_is_known(birth):
    assert agrees(PERSON, Traits(birth_date=birth))


@pytest.mark.parametrize("gender", ["", "F", "UN"])
def test_an_undifferentiated_gender_fits_everyone(gender):
    assert agrees(PERSON, Traits(gender=gender))


def test_the_address_does_not_decide():
    assert agrees(PERSON, Traits(address=Address("Elsewhere 1", "Malmö", "111", "SE")))


@pytest.mark.parametrize("wrong", [
    {"family": "Hansen"}, {"given": "Anne"}, {"birth_date": "19560215"}, {"birth_date": "1957"},
    {"gender": "M"}, {"family": "Ødegård-Næss", "given": "Åse", "birth_date": "19570000"},
])  # fmt: skip
def test_what_does_not_agree_is_another_person(wrong):
    assert not agrees(PERSON, Traits(**wrong))


def test_the_national_number_comes_first_and_has_no_urn():
    patient = {"identifier": [{"system": "urn:oid:9.9", "value": "x"},
                              {"system": "urn:oid:2.16.578.1.12.4.1.4.2", "value": "y"},
                              {"system": "http://local", "value": "z"}],
               "name": [{"family": "F", "given": ["G"]}], "gender": "other",
               "birthDate": "1990-10-19"}  # fmt: skip
    person = person_of_fhir(patient, "p")
    assert person.ids == (PatientId("2.16.578.1.12.4.1.4.2", "y"), PatientId("9.9", "x"))
    assert (person.gender, person.birth_date) == ("UN", "19901019")
