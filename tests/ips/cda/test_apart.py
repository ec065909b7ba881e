"""A Bundle with several prescriptions becomes one document for each."""

from __future__ import annotations

from typing import Any

from ips.cda.apart import apart


def bundle(*numbers: str) -> dict[str, Any]:
    entries: list[dict[str, Any]] = []
    for n, number in enumerate(numbers):
        request = {"resourceType": "MedicationRequest", "id": f"r{n}",
                   "identifier": [{"value": number}],
                   "medicationReference": {"reference": f"urn:m{n}"},
                   "subject": {"reference": "Patient/p"}}  # fmt: skip
        medicine = {"resourceType": "Medication", "id": f"m{n}"}
        entries += [{"fullUrl": f"urn:r{n}", "resource": request},
                    {"fullUrl": f"urn:m{n}", "resource": medicine}]  # fmt: skip
    patient = {"resourceType": "Patient", "id": "p", "managingOrganization": {"reference": "urn:o"}}
    organization = {"resourceType": "Organization", "id": "o"}
    entries += [{"fullUrl": "urn:p", "resource": patient},
                {"fullUrl": "urn:o", "resource": organization}]  # fmt: skip
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def ids(one: dict[str, Any]) -> list[str]:
    return [entry["resource"]["id"] for entry in one["entry"]]


def test_each_has_what_it_refers_to_and_nothing_else() -> None:
    made = dict(apart(bundle("urn:uuid:a-1", "b/../2")))
    assert list(made) == ["a-1", "b-..-2"]
    assert ids(made["a-1"]) == ["r0", "m0", "p", "o"]
    assert ids(made["b-..-2"]) == ["r1", "m1", "p", "o"]


def test_one_prescription_stays_as_it_is() -> None:
    given = bundle("1")
    assert apart(given) == [("1", given)]


def test_the_same_number_twice_gives_two_names() -> None:
    assert [name for name, _ in apart(bundle("1", "1"))] == ["1", "1-2"]


def test_a_number_that_is_no_file_name_becomes_one() -> None:
    assert [name for name, _ in apart(bundle("../..", ""))] == ["1", "2"]


def test_nothing_gives_nothing() -> None:
    assert apart({"resourceType": "Bundle"}) == []
