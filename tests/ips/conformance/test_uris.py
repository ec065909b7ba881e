"""URIs that name nothing are refused where the official validator refuses them.

The table is the answer of HL7's validator 6.10.4 (`Type_Specific_Checks_DT_OID_Valid`,
`…_UUID_Valid`, `…_URI_OID`, `…_URI_UUID`, `…_Identifier_System`, `…_CANONICAL_ABSOLUTE`), but for
a dot at the end, which R4's regex for OIDs refuses and the validator lets pass in a URI.
"""

from __future__ import annotations

from typing import Any

import pytest

from ips.conformance.engine import check_bundle, walk
from ips.conformance.model import shipped

UUID = "87bb3155-d5bc-554d-9478-4a6c20205747"
EVERYWHERE = ("identifier", "coding", "uri", "oid", "url", "canonical")
NOT_AN_OID = ("oid",)
REFUSED: dict[str, tuple[str, ...]] = {
    "urn:oid:": EVERYWHERE,
    "urn:oid:2": EVERYWHERE,
    "urn:oid:2.16": EVERYWHERE,
    "urn:oid:2.999": EVERYWHERE,
    "urn:oid:1.2.3": EVERYWHERE,
    "urn:oid:1.2.840": EVERYWHERE,
    "urn:oid:2.16.0578.1": EVERYWHERE,
    "urn:oid:3.16.578.1": EVERYWHERE,
    "urn:oid:2.16.x": EVERYWHERE,
    "urn:oid:2.16.578.1.": EVERYWHERE,
    "urn:oid:1.2.3.4": (),
    "urn:oid:2.16.578": (),
    "urn:oid:2.16.578.1.12.4.1.1.7280": (),
    "urn:oid:1.3.6": (),
    "URN:OID:2.16.578.1": ("identifier", "oid", "canonical"),
    "oid:1.2.3.4.5": EVERYWHERE,
    "2.16.578.1.12": ("identifier", "oid", "canonical"),
    "urn:uuid:x": EVERYWHERE,
    f"urn:uuid:{UUID}": NOT_AN_OID,
    f"urn:uuid:{UUID.upper()}": EVERYWHERE,
    f"uuid:{UUID}": EVERYWHERE,
    f"URN:UUID:{UUID}": ("identifier", "oid", "canonical"),
    "http://example.org/x": NOT_AN_OID,
}


def patient(where: str, value: str) -> dict[str, Any]:
    if where == "identifier":
        return {"resourceType": "Patient", "identifier": [{"system": value, "value": "1"}]}
    if where == "coding":
        coded = {"coding": [{"system": value, "code": "x"}]}
        return {"resourceType": "Patient", "maritalStatus": coded}
    extension = {"url": "http://example.org/x", f"value{where.capitalize()}": value}
    return {"resourceType": "Patient", "extension": [extension]}


@pytest.mark.parametrize("value", sorted(REFUSED))
@pytest.mark.parametrize("where", EVERYWHERE)
def test_a_uri_is_judged_as_by_the_official_validator(where: str, value: str) -> None:
    document = patient(where, value)
    assert check_bundle(document).extra["valid"] is (where not in REFUSED[value])
    found = [walk(document, (), shipped(), quick).results for quick in (True, False)]
    assert [(r.id, r.location, r.message) for r in found[0]] == [
        (r.id, r.location, r.message) for r in found[1]
    ]


def test_an_identifier_that_is_a_uri_has_a_scheme() -> None:
    identifier = {"system": "urn:ietf:rfc:3986", "value": "2.16.578.1.12"}
    document = {"resourceType": "Patient", "identifier": [identifier]}
    assert [r.id for r in check_bundle(document).results if r.severity == "error"] == [
        "Identifier.value.absolute"
    ]
    identifier["value"] = "urn:oid:2.16.578.1.12"
    assert check_bundle(document).extra["valid"]


def test_the_message_says_what_an_oid_looks_like() -> None:
    found = check_bundle(patient("coding", "urn:oid:2")).results
    assert any("dotted number" in r.message for r in found)
