"""What is worth a warning and breaks nothing is told, wherever it stands, and of every profile."""

from __future__ import annotations

import calendar
import copy
from typing import Any

import pytest

from ips.conformance.engine import EPS_BUNDLE, IPS_BUNDLE, chosen_profiles, walk
from ips.conformance.model import shipped
from ips.conformance.primitives import CHECKS
from ips.conformance.quick import FORMS
from ips.conformance.remarks import ways
from tests.ips.conformance.documents import SNOMED, Json, concept, resource, summary

FOREIGN = concept("https://example.org/codes", "ours")


def told(document: Json, profile: str = IPS_BUNDLE, quick: bool = True) -> list[Any]:
    return walk(document, (profile,), shipped(), quick).results


def rules(document: Json, where: str) -> set[str]:
    return {r.id for r in told(document) if r.location == where}


def with_foreign_code() -> Json:
    document = summary()
    resource(document, "Patient")["maritalStatus"] = copy.deepcopy(FOREIGN)
    return document


def test_a_code_outside_an_extensible_value_set_is_a_warning_where_it_stands() -> None:
    (found,) = [r for r in told(with_foreign_code()) if "binding" in r.id]
    assert found.id == "Patient.maritalStatus.binding"
    assert found.severity.value == "warning"
    assert found.location == "Bundle.entry[1].resource.maritalStatus"


def test_it_is_told_in_each_of_several_places() -> None:
    document = summary()
    patient = resource(document, "Patient")
    patient["identifier"] = [
        {"system": "https://example.org/ids", "value": str(n), "type": copy.deepcopy(FOREIGN)}
        for n in range(3)
    ]
    found = [r.location for r in told(document) if r.id == "Identifier.type.binding"]
    assert found == [f"Bundle.entry[1].resource.identifier[{n}].type" for n in range(3)]


def test_an_error_beside_a_warning_is_told_as_well() -> None:
    document = with_foreign_code()
    resource(document, "Patient")["gender"] = "woman"
    patient = "Bundle.entry[1].resource"
    assert rules(document, f"{patient}.maritalStatus") == {"Patient.maritalStatus.binding"}
    assert rules(document, f"{patient}.gender") == {"Patient.gender.binding"}


def test_what_is_contained_is_judged_where_it_stands() -> None:
    document = with_foreign_code()
    patient = resource(document, "Patient")
    patient["contained"] = [{"resourceType": "Organization", "id": "own", "name": ["no array"]}]
    patient["managingOrganization"] = {"reference": "#own"}
    where = "Bundle.entry[1].resource.contained[0].name"
    assert rules(document, where) == {"Organization.name.array"}


def test_what_cannot_be_judged_of_a_mandatory_value_set_is_told() -> None:
    document = summary()
    age = {"value": 2, "system": "http://unitsofmeasure.org", "code": "a"}
    resource(document, "AllergyIntolerance")["onsetAge"] = age
    assert rules(document, "Bundle.entry[3].resource.onset") == {"Age.binding.not-at-hand"}


def change(document: Json, what: str) -> None:
    """Make one of the changes that the quick checks have to look at twice."""
    patient, drug = resource(document, "Patient"), resource(document, "MedicationStatement")
    absent = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
    beside = {"extension": [{"url": absent, "valueCode": "unknown"}]}
    if what == "leap day":
        patient["birthDate"] = "1980-02-29"
    elif what == "no date, with a reason":
        drug["_effectiveDateTime"] = beside
        del drug["effectiveDateTime"]
    elif what == "no date, with a wrong reason":
        drug["_effectiveDateTime"] = {"extension": [{"url": absent, "valueCode": "no-such"}]}
        del drug["effectiveDateTime"]
    elif what == "a reason and another date":
        drug["_effectiveDateTime"] = beside
        drug["effectivePeriod"] = {"start": drug.pop("effectiveDateTime")}
    elif what == "a code beside a primitive":
        patient["_birthDate"] = {
            "extension": [{"url": "https://example.org/x", "valueCodeableConcept": FOREIGN}]
        }
    elif what == "the same object twice":
        patient["maritalStatus"] = FOREIGN
        patient["communication"] = [{"language": FOREIGN}, {"language": FOREIGN}]
    elif what == "text for a concept":
        patient["maritalStatus"] = "married"
    elif what == "a number for a code":
        patient["maritalStatus"] = {"coding": [{"system": SNOMED, "code": 5}]}
    elif what == "an array beside a single value":
        patient["_maritalStatus"] = ["x"]


CHANGES = (
    "leap day",
    "no date, with a reason",
    "no date, with a wrong reason",
    "a reason and another date",
    "a code beside a primitive",
    "the same object twice",
    "text for a concept",
    "a number for a code",
    "an array beside a single value",
)


@pytest.mark.parametrize("profile", [IPS_BUNDLE, EPS_BUNDLE], ids=["ips", "eps"])
@pytest.mark.parametrize("what", CHANGES)
def test_quick_and_thorough_tell_the_same_in_the_same_order(what: str, profile: str) -> None:
    document = with_foreign_code()
    change(document, what)
    assert told(document, profile) == told(document, profile, quick=False)


@pytest.mark.parametrize("form", ["date", "dateTime", "instant"])
def test_the_leap_day_exists_in_leap_years_alone(form: str) -> None:
    clock = "T10:00:00Z" if form == "instant" else ""
    for year in range(1000, 3000):
        found = FORMS[form](f"{year}-02-29{clock}") is not None
        assert found == calendar.isleap(year), year


def test_quick_text_has_no_control_characters() -> None:
    for number in range(0x20):
        for text in (f"{chr(number)}x", f"x{chr(number)}x"):
            assert bool(FORMS["string"](text)) == CHECKS["string"](text), ascii(text)


def test_a_type_that_is_no_list_of_codings_says_nothing_about_the_document() -> None:
    document = summary()
    resource(document, "Composition")["type"] = {"coding": 5}
    del document["meta"]
    assert chosen_profiles(document, None, shipped()) == ()


def test_the_ways_lead_to_what_is_remarked_on_and_nowhere_else() -> None:
    document = summary()
    patient = resource(document, "Patient")
    name = patient["name"][0]
    assert ways(patient, [id(name)]) == {id(patient), id(patient["name"]), id(name)}
    entry = document["entry"][1]
    expected = {id(document), id(document["entry"]), id(entry), id(patient)}
    assert ways(document, [id(patient)]) == expected
