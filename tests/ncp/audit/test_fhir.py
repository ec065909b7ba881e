"""The AuditEvents are valid R4, keep the profiles they claim, and hold what the law asks for."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from data.results import Outcome, Severity
from ips.conformance.engine import check_bundle
from ips.conformance.hl7_validator import Validator
from ncp.audit import Event, Indicator, Party, events
from ncp.audit.duties import examine
from ncp.audit.facts import operation as by_name
from ncp.audit.table import events as rows
from ncp.model import Operation
from tests.ncp.audit import balp
from tests.ncp.audit.transactions import (
    DOCTOR,
    DOCUMENT,
    NORWAY,
    OTHER,
    PATIENT,
    exchange,
    norwegian,
)

EVERY = [(by_name(op), side, way) for op, side in rows() for way in ("SOAP", "FHIR")]
NATIONAL = "http://hl7.no/fhir/StructureDefinition/no-domain-Trustframework-Auditevent"
NOT_AT_HAND = "Extension_EXT_Unknown_NotHere"
CLAIM = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."


def claimed(event: dict) -> list[str]:
    return [p.removeprefix(CLAIM) for p in event.get("meta", {}).get("profile", [])]


def plain(event: dict) -> dict:
    """Return an event to be judged by FHIR R4 alone; the other profiles are not at hand."""
    return {key: value for key, value in event.items() if key != "meta"}


@pytest.mark.parametrize(("operation", "side", "way"), EVERY)
def test_every_event_is_valid_fhir_r4(operation, side, way):
    for event in events(exchange(operation, side, transport=way)):
        found = check_bundle(plain(event)).results
        graves = [r for r in found if r.severity is Severity.ERROR]
        assert [r for r in graves if r.outcome in (Outcome.FAIL, Outcome.ERROR)] == []


@pytest.mark.oracle
@pytest.mark.slow
@pytest.mark.xdist_group("hl7-validator")
def test_the_official_validator_finds_no_error(official: Validator, tmp_path: Path):
    made = [e for op, side, way in EVERY if way == "SOAP"
            for e in events(exchange(op, side))] + events(norwegian())  # fmt: skip
    files = []
    for number, event in enumerate(made):
        files.append(tmp_path / f"{number}.json")
        files[-1].write_text(json.dumps(plain(event)), encoding="utf-8")
    # The definitions of BALP's and HL7 Norway's extensions are not at hand here.
    found = [e for v in official.judge(files) for e in v.errors if e["id"] != NOT_AT_HAND]
    assert found == []


@pytest.mark.parametrize(("operation", "side", "way"), EVERY)
def test_every_event_keeps_the_patterns_that_it_claims(operation, side, way):
    first = events(exchange(operation, side, transport=way))[0]
    for name in claimed(first):
        balp.PROFILES[name](first)


@pytest.mark.parametrize(
    ("operation", "side", "way", "name"),
    [
        (Operation.PS_RETRIEVE, "A", "SOAP", "PrivacyDisclosure.Source"),
        (Operation.EP_RETRIEVE, "B", "SOAP", "PrivacyDisclosure.Recipient"),
        (Operation.DISPENSE, "A", "SOAP", "PrivacyDisclosure.Recipient"),
        (Operation.DISPENSE, "B", "SOAP", "PrivacyDisclosure.Source"),
        (Operation.IDENTIFY, "A", "FHIR", "PatientQuery"),
        (Operation.ORCD_LIST, "B", "FHIR", "PatientQuery"),
        (Operation.PS_LIST, "A", "SOAP", "SAMLaccessTokenUse.Comprehensive"),
    ],
)
def test_the_pattern_fits_the_event(operation, side, way, name):
    assert name in claimed(events(exchange(operation, side, transport=way))[0])


def test_no_pattern_is_claimed_that_what_is_known_does_not_fill():
    unconnected = exchange(Operation.PS_RETRIEVE, consumer=Party("b"), assertion_id="")
    assert claimed(events(unconnected)[0]) == []
    failed = exchange(Operation.PS_LIST, transport="FHIR", outcome=Indicator.MAJOR)
    assert "PatientQuery" not in claimed(events(failed)[0])


def test_soap_queries_are_no_restful_ones():
    event = events(exchange(Operation.PS_LIST))[0]
    assert event["type"]["code"] == "110112"
    assert {"system": "urn:ihe:event-type-code", "code": "ITI-38",
            "display": "PatientService::List"} in event["subtype"]  # fmt: skip
    (query,) = [e for e in event["entity"] if "query" in e]
    assert base64.b64decode(query["query"]) == b"<query/>"


def test_one_event_for_each_patient():
    made = events(exchange(Operation.IDENTIFY, patients=(PATIENT, OTHER), provider=Party()))
    numbers = [balp.entities(e, "1")[0]["what"]["identifier"]["value"] for e in made]
    assert numbers == [PATIENT.extension, OTHER.extension]
    assert len({e["id"] for e in made}) == 2


def test_the_same_event_has_the_same_id():
    assert events(exchange(Operation.PS_LIST)) == events(exchange(Operation.PS_LIST))


@pytest.mark.parametrize("operation", [o for o in Operation if "OrCD" not in o])
@pytest.mark.parametrize("side", ["A", "B"])
def test_each_event_holds_the_five_things_of_annex_ii_3_2(operation, side):
    made = exchange(operation, side) if side == "A" else norwegian(operation)
    for event in events(made):
        outcomes = {r.source[-2]: r.outcome for r in examine(event)}
        expected = dict.fromkeys("abcde", Outcome.PASS)
        if operation is Operation.IDENTIFY and claimed(event) != [NATIONAL]:
            expected |= {"c": Outcome.OMIT, "e": Outcome.OMIT}
        if operation is Operation.IDENTIFY and claimed(event) == [NATIONAL]:
            continue  # it has no subtype, and an identification has no category
        if any(code.get("code") == "ITI-41" for code in event.get("subtype", ())):
            expected["e"] = Outcome.OMIT  # who submits reads no data
        assert outcomes == expected, event


@pytest.mark.parametrize(
    ("letter", "changes"),
    [
        ("a", {"professional": None}),
        ("b", {"professional": None}),
        ("c", {"category": "", "operation": Operation.ORCD_LIST}),
        ("e", {"origins": ()}),
    ],
)
def test_what_is_missing_is_found(letter, changes):
    operation = changes.pop("operation", Operation.PS_RETRIEVE)
    event = events(exchange(operation, **changes))[0]
    (found,) = [r for r in examine(event) if r.id.endswith(letter)]
    assert found.outcome is Outcome.FAIL
    assert f"X2.3.2{letter}" in found.obligations


def test_the_time_is_asked_for():
    event = events(exchange(Operation.PS_RETRIEVE))[0]
    del event["recorded"]
    (found,) = [r for r in examine(event) if r.id.endswith("d")]
    assert found.outcome is Outcome.FAIL


def test_category_and_origin_stand_in_the_event():
    event = events(exchange(Operation.EP_RETRIEVE, origins=("Reseptformidleren", "SFM")))[0]
    details = [d for e in event["entity"] for d in e.get("detail", [])]
    assert details == [
        {"type": "EHDS Article 14(1)", "valueString": "b"},
        {"type": "origin", "valueString": "Reseptformidleren"},
        {"type": "origin", "valueString": "SFM"},
    ]


def test_a_document_with_root_and_extension_keeps_both():
    event = events(exchange(Operation.PS_RETRIEVE))[0]
    root, _, extension = DOCUMENT.partition("^")
    (document,) = [e for e in event["entity"] if e["type"]["code"] == "DocumentReference"]
    assert document["what"]["identifier"] == {"system": f"urn:oid:{root}", "value": extension}


def test_the_norwegian_profile():
    """hl7.fhir.no.domain.auditevent 0.9.8 and the mapping of the attest, reference 7.2 and 7.3."""
    _, event = events(norwegian())
    assert event["meta"]["profile"] == [NATIONAL]
    inside = {r["id"]: r for r in event["contained"]}
    (agent,) = event["agent"]
    role = inside[agent["who"]["reference"].removeprefix("#")]
    assert role["resourceType"] == "PractitionerRole"
    person = inside["practitioner"]
    assert {"system": "urn:oid:2.16.578.1.12.4.1.4.4", "value": "1234567"} in person["identifier"]
    assert person["qualification"][0]["code"]["coding"][0]["code"] == "LE"
    assert role["organization"] == {"reference": "#department"}
    assert inside["department"]["partOf"] == {"reference": "#legal-entity"}
    assert inside["legal-entity"]["identifier"][0]["value"] == "100100673"
    assert inside["location"]["managingOrganization"] == {"reference": "#point-of-care"}
    codes = {c["code"] for p in event["purposeOfEvent"] for c in p["coding"]}
    assert codes == {"TREAT", "15"}
    extensions = {e["url"].rsplit("auditevent-", 1)[1]: e for e in event["extension"]}
    assert extensions["patient-extension"]["valueReference"] == {"reference": "#patient"}
    assert inside["patient"]["identifier"][0]["value"] == "191212121212"
    assert extensions["encounter-extension"]["valueReference"] == {"reference": "#encounter"}
    assert inside["encounter"]["serviceType"]["coding"][0]["code"] == "S03"
    decision = {e["url"]: e for e in extensions["carerelation-metadata-extension"]["extension"]}
    assert decision["decision-ref-id"]["valueString"] == "beslutning-9"
    assert decision["decision-ref-description"]["valueString"] == "Innlagt"
    assert decision["decision-ref-user-selected"]["valueBoolean"] is True
    assert decision["toa"]["valueUnsignedInt"] == 1795348800
    assert not any("id" in i for r in inside.values() for i in r.get("identifier", []))


def test_every_contained_resource_is_referenced():
    """FHIR R4 dom-3."""
    _, event = events(norwegian())
    text = json.dumps({k: v for k, v in event.items() if k != "contained"}) + json.dumps(
        event["contained"]
    )
    for resource in event["contained"]:
        assert f'"#{resource["id"]}"' in text


def test_a_foreign_contact_point_writes_no_norwegian_event():
    assert len(events(exchange(Operation.PS_LIST, "B"))) == 1
    assert len(events(exchange(Operation.PS_LIST, "A"))) == 2


def test_without_attest_the_norwegian_event_has_what_the_assertion_says():
    _, event = events(exchange(Operation.PS_LIST, "A", provider=NORWAY))
    inside = {r["id"]: r for r in event["contained"]}
    assert inside["practitioner"]["name"] == [{"text": DOCTOR.name}]
    assert [e["url"].rsplit("-", 2)[-2] for e in event["extension"]] == ["patient"]


def test_the_next_of_kin_is_an_agent():
    event = events(exchange(Event.NOK_ASSERTION, "B"))[0]
    system = "http://terminology.hl7.org/CodeSystem/v3-RoleClass"
    (kin,) = balp.agents(event, system, "NOK")
    assert kin["who"]["identifier"]["value"] == OTHER.extension
