"""The Norwegian attest: what travels, what does not, and what must be added."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import InputError
from ips.loss import Fate, Loss
from ncp.model import HealthProfessional, Operation
from ncp.trust import issue, policy
from ncp.trust.attest import Chosen, from_attest, patients
from tests.ncp.trust.conftest import NOW, PATIENT, World

OID = "urn:oid:2.16.578.1.12.4.1"
ATTEST: dict[str, Any] = {
    "type": "nhn:tillitsrammeverk:parameters",
    "practitioner": {
        "identifier": {"id": "17838400655", "name": "Test Lege", "system": f"{OID}.4.1",
                       "authority": "https://www.skatteetaten.no"},
        "hpr_nr": {"id": "0000000", "system": f"{OID}.4.4"},
        "authorization": {"code": "LE", "text": "Lege", "system": f"{OID}.1.9060"},
        "legal_entity": {"id": "100100100", "name": "Test HF", "system": f"{OID}.4.101"},
        "point_of_care": {"id": "100100101", "name": "Test sykehus", "system": f"{OID}.4.101"},
        "department": {"id": "1234", "name": "Medisin", "system": f"{OID}.4.102"},
    },
    "care_relationship": {
        "healthcare_service": {"code": "S03", "text": "Indremedisin", "system": f"{OID}.1.8655"},
        "purpose_of_use": {"code": "TREAT", "system": "urn:oid:2.16.840.1.113883.1.11.20448"},
        "purpose_of_use_details": {"code": "15", "system": f"{OID}.1.9151"},
        "decision_ref": {"id": "a1", "user_selected": True},
    },
    "patients": [{"identifier": {"id": PATIENT.extension, "system": f"{OID}.4.1"},
                  "point_of_care": {"id": "100100101", "system": f"{OID}.4.101"}}],
    "toa": 1795348800,
}  # fmt: skip


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return the attest with one member replaced, or taken out for None."""
    attest = copy.deepcopy(ATTEST)
    *above, last = path.split(".")
    here = attest
    for name in above:
        here = here[name]
    if value is None:
        here.pop(last)
    else:
        here[last] = value
    return attest


def fates(losses: list[Loss]) -> dict[str, Fate]:
    return {loss.element: loss.fate for loss in losses}


def problems(attest: Any, chosen: Chosen | None = None) -> list[str]:
    with pytest.raises(InputError) as caught:
        from_attest(attest, chosen)
    return [problem.where for problem in caught.value.problems]


def test_the_attest_becomes_the_professional_of_the_mapping() -> None:
    professional, _ = from_attest(ATTEST)
    assert professional == HealthProfessional(
        "0000000", "Test Lege", policy.role("221").coded, "TREATMENT", "Test sykehus", "Hospital",
        "Test HF", "urn:hl7ii:2.16.578.1.12.4.1.4.101:100100100", "2.16.578.1.12.4.5.10.1",
        "0000000", "Indremedisin", "", policy.role("221").permissions, "NO",
    )  # fmt: skip


def test_every_attribute_of_the_attest_has_a_fate() -> None:
    _, losses = from_attest(ATTEST)
    assert fates(losses) == {
        "practitioner.identifier.name": Fate.EXACT,
        "practitioner.identifier.id": Fate.NOT_CARRIED,
        "practitioner.hpr_nr.id": Fate.EXACT,
        "practitioner.authorization": Fate.EXACT,
        "practitioner.legal_entity.name": Fate.EXACT,
        "practitioner.legal_entity.id": Fate.EXACT,
        "practitioner.point_of_care.name": Fate.EXACT,
        "practitioner.point_of_care.id": Fate.NOT_CARRIED,
        "practitioner.department": Fate.NOT_CARRIED,
        "care_relationship.healthcare_service": Fate.APPROXIMATE,
        "care_relationship.purpose_of_use": Fate.EXACT,
        "care_relationship.purpose_of_use_details": Fate.NOT_CARRIED,
        "care_relationship.decision_ref": Fate.NOT_CARRIED,
        "patients[0].identifier": Fate.NOT_CARRIED,
        "patients[0].point_of_care": Fate.NOT_CARRIED,
        "toa": Fate.NOT_CARRIED,
    }
    assert all(loss.reason for loss in losses if loss.fate is not Fate.EXACT)


def test_no_national_identity_number_leaves() -> None:
    professional, losses = from_attest(ATTEST)
    assert "17838400655" not in f"{professional} {losses}"


def test_what_comes_of_an_attest_is_believed_abroad(world: World) -> None:
    professional, _ = from_attest(ATTEST)
    hcp = issue.hcp(professional, world.norway.seal, now=NOW)
    (patient,) = patients(ATTEST)
    assert patient == PATIENT
    trc = issue.trc(hcp, patient, world.norway.seal, now=NOW)
    trusted = world.verify([hcp, trc], Operation.PS_LIST)
    assert (trusted.country, trusted.warnings) == ("NO", ())


@pytest.mark.parametrize("wrapped", [
    [ATTEST], {"authorization_details": ATTEST}, {"authorization_details": [{"type": "x"}, ATTEST]},
])  # fmt: skip
def test_the_attest_is_found_where_helseid_puts_it(wrapped: Any) -> None:
    assert from_attest(wrapped)[0].name_id == "0000000"


def test_the_name_of_the_specification_is_read_too() -> None:
    attest = copy.deepcopy(ATTEST)
    attest["care_relation"] = attest.pop("care_relationship")
    assert from_attest(attest)[0].purpose == "TREATMENT"


@pytest.mark.parametrize(("code", "role"), [
    ("SP", "2221"), ("FA1", "2262"), ("AT", "3213"), ("JO", "2222"), ("PS", "2269"),
])  # fmt: skip
def test_professions_become_roles_of_the_exchange(code: str, role: str) -> None:
    attest = changed("practitioner.authorization", {"code": code, "system": f"{OID}.1.9060"})
    assert from_attest(attest)[0].role == policy.role(role).coded


@pytest.mark.parametrize("code", ["HF", "AA", "VE", "XX", "??"])
def test_a_profession_without_role_is_not_guessed(code: str) -> None:
    attest = changed("practitioner.authorization", {"code": code, "system": f"{OID}.1.9060"})
    assert problems(attest) == ["practitioner.authorization"]
    chosen, losses = from_attest(attest, Chosen(role="2269"))
    assert chosen.role.code == "2269"
    assert fates(losses)["practitioner.authorization"] is Fate.NOT_CARRIED


def test_a_profession_whose_list_is_not_stated_is_not_guessed() -> None:
    assert problems(changed("practitioner.authorization", {"code": "LE"})) == [
        "practitioner.authorization"
    ]


@pytest.mark.parametrize(("system", "code", "purpose"), [
    ("urn:oid:2.16.840.1.113883.1.11.20448", "COC", "TREATMENT"),
    ("urn:oid:2.16.840.1.113883.1.11.20448", "ETREAT", "EMERGENCY"),
    ("urn:oid:1.0.14265.1", "1", "TREATMENT"),
])  # fmt: skip
def test_purposes(system: str, code: str, purpose: str) -> None:
    attest = changed("care_relationship.purpose_of_use", {"code": code, "system": system})
    assert from_attest(attest)[0].purpose == purpose


def test_an_emergency_among_the_details_counts() -> None:
    attest = changed("care_relationship.purpose_of_use_details", {"code": "AKUTT"})
    assert from_attest(attest)[0].purpose == "EMERGENCY"


def test_another_purpose_than_care_is_refused() -> None:
    research = {"code": "HRESCH", "system": "urn:oid:2.16.840.1.113883.1.11.20448"}
    attest = changed("care_relationship.purpose_of_use", research)
    assert problems(attest) == ["care_relationship.purpose_of_use"]


def test_what_the_client_sends_lacks_names_and_says_so() -> None:
    attest = copy.deepcopy(ATTEST)
    del attest["practitioner"]["identifier"]
    for member in ("legal_entity", "point_of_care"):
        del attest["practitioner"][member]["name"]
    assert problems(attest) == ["practitioner.identifier.name"]
    professional, losses = from_attest(attest, Chosen(name="Test Lege"))
    assert professional.locality == "100100101"
    assert fates(losses)["practitioner.point_of_care.id"] is Fate.AS_TEXT


def test_everything_that_is_missing_is_told_at_once() -> None:
    assert problems({"practitioner": {}}) == [
        "practitioner.authorization", "practitioner.identifier.name", "practitioner.hpr_nr.id",
        "practitioner.point_of_care", "care_relationship.purpose_of_use"]  # fmt: skip


def test_a_number_of_another_register_is_no_hpr_number() -> None:
    attest = changed("practitioner.hpr_nr", {"id": "1", "system": f"{OID}.4.1"})
    assert problems(attest) == ["practitioner.hpr_nr.system"]


@pytest.mark.parametrize(("list_id", "code", "facility"), [
    ("8655", "S03", "Hospital"), ("8663", "KA01", "Resident Physician"), ("8663", "KP02", "Other"),
])  # fmt: skip
def test_the_service_says_the_type_of_facility(list_id: str, code: str, facility: str) -> None:
    attest = changed("care_relationship.healthcare_service",
                     {"code": code, "system": f"{OID}.1.{list_id}"})  # fmt: skip
    assert from_attest(attest)[0].facility_type == facility


def test_a_pharmacist_without_service_is_of_a_pharmacy() -> None:
    attest = changed("care_relationship.healthcare_service", None)
    attest["practitioner"]["authorization"]["code"] = "FA1"
    attest["practitioner"]["authorization"]["text"] = ""
    assert from_attest(attest)[0].facility_type == "Pharmacy"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["practitioner", "identifier", "id", "code", "system",
                                       "authorization", "patients", "authorization_details"]),
                      inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(JSON)
def test_any_json_is_an_attest_or_told_to_be_none(content: Any) -> None:
    with contextlib.suppress(InputError):
        from_attest(content)
    with contextlib.suppress(InputError):
        patients(content)
