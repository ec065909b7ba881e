"""What a summary must hold: sections, known absence, provenance, stable ids, honest losses."""

from __future__ import annotations

import copy
import datetime as dt
import json
from typing import Any

import pytest

from data.errors import InputError
from ips.loss import Fate
from ips.summary import Built, assemble, build
from ips.summary.output import to_json
from tests.ips.summary import samples

EMPTY = "http://terminology.hl7.org/CodeSystem/list-empty-reason"
MANDATORY = {"ips": {"11450-4", "48765-2", "10160-0"},
             "eps": {"11450-4", "48765-2", "10160-0", "47519-4", "46264-8"}}  # fmt: skip
NONE_KNOWN = {"48765-2": "716186003", "11450-4": "160245001", "10160-0": "787481004",
              "47519-4": "787480003", "46264-8": "787483001"}  # fmt: skip


def made(record: samples.FakeRecord, profile: str = "ips", lang: str = "nb") -> Built:
    return build(record, profile=profile, lang=lang, now=samples.NOW)


def sections(built: Built) -> dict[str, dict[str, Any]]:
    composition = built.bundle["entry"][0]["resource"]
    return {s["code"]["coding"][0]["code"]: s for s in composition["section"]}


def resources(built: Built, name: str) -> list[dict[str, Any]]:
    return [e["resource"] for e in built.bundle["entry"] if e["resource"]["resourceType"] == name]


def by_url(built: Built) -> dict[str, dict[str, Any]]:
    return {e["fullUrl"]: e["resource"] for e in built.bundle["entry"]}


@pytest.mark.parametrize("profile", ["ips", "eps"])
def test_the_document_has_the_exact_head_that_ips_asks_for(profile: str) -> None:
    bundle = made(samples.full_record(), profile).bundle
    composition, patient = (entry["resource"] for entry in bundle["entry"][:2])
    assert bundle["type"] == "document"
    assert bundle["identifier"].keys() == {"system", "value"}
    assert bundle["timestamp"] == composition["date"] == "2026-11-22T12:00:00+01:00"
    assert composition["status"] == "final"
    assert composition["type"]["coding"][0]["code"] == "60591-5"
    assert patient["resourceType"] == "Patient"
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(set(urls)) == len(urls)
    assert all(e["fullUrl"] == f"urn:uuid:{e['resource']['id']}" for e in bundle["entry"])


@pytest.mark.parametrize("profile", ["ips", "eps"])
def test_every_reference_lands_inside_the_document(profile: str) -> None:
    built = made(samples.full_record(), profile)
    known = set(by_url(built))

    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["reference"]] if isinstance(node.get("reference"), str) else []
            return own + [r for value in node.values() for r in references(value)]
        return [r for value in node for r in references(value)] if isinstance(node, list) else []

    outside = {r for r in references(built.bundle) if not r.startswith("#")} - known
    assert outside == set()


@pytest.mark.parametrize("profile", ["ips", "eps"])
def test_nothing_recorded_is_no_information_and_never_none_known(profile: str) -> None:
    found = sections(made(samples.empty_record(), profile))
    assert set(found) == MANDATORY[profile]
    for section in found.values():
        assert "entry" not in section
        assert section["emptyReason"]["coding"][0]["system"] == EMPTY
        assert section["emptyReason"]["coding"][0]["code"] == "unavailable"


@pytest.mark.parametrize("profile", ["ips", "eps"])
def test_known_absence_is_its_code_only_where_a_source_states_it(profile: str) -> None:
    record = samples.empty_record(
        "no-known-allergies", "no-known-problems", "no-known-medications",
        "no-known-procedures", "no-known-devices",
    )  # fmt: skip
    built = made(record, profile)
    entries = by_url(built)
    for loinc in MANDATORY[profile]:
        section = sections(built)[loinc]
        assert "emptyReason" not in section
        assert NONE_KNOWN[loinc] in json.dumps(
            [entries[e["reference"]] for e in section["entry"]] + resources(built, "Device")
        )


def test_a_statement_that_another_source_contradicts_gives_way_and_is_reported() -> None:
    record = samples.full_record()
    record.statements = {"no-known-allergies"}
    built = made(record)
    assert "716186003" not in to_json(built.bundle).decode()
    assert any(item.element == "statement.no-known-allergies" for item in built.loss.items)


def test_ids_follow_from_content_and_not_from_time() -> None:
    first = made(samples.full_record())
    again = made(samples.full_record())
    later = build(samples.full_record(), profile="ips", lang="nb",
                  now=samples.NOW + dt.timedelta(days=1))  # fmt: skip
    assert to_json(first.bundle) == to_json(again.bundle)
    assert first.bundle["id"] != later.bundle["id"]
    clinical = {"AllergyIntolerance", "Condition", "Medication", "Observation", "Patient"}
    of = lambda built: {u for u, r in by_url(built).items() if r["resourceType"] in clinical}  # noqa: E731
    assert of(first) == of(later)


def test_the_record_is_left_as_it_was() -> None:
    record = samples.full_record()
    before = copy.deepcopy(record)
    made(record)
    assert record == before


@pytest.mark.parametrize("profile", ["ips", "eps"])
def test_the_fast_path_gives_the_same_bytes_as_the_gated_one(profile: str) -> None:
    for record in (samples.full_record(), samples.empty_record()):
        gated = build(record, profile=profile, lang="en", now=samples.NOW)
        fast = assemble(record, profile=profile, lang="en", now=samples.NOW)
        assert to_json(gated.bundle) == to_json(fast.bundle)
        assert gated.loss == fast.loss


def test_every_entry_of_a_source_has_a_provenance() -> None:
    built = made(samples.full_record())
    proven = {t["reference"] for p in resources(built, "Provenance") for t in p["target"]}
    clinical = {"AllergyIntolerance", "Condition", "MedicationStatement", "Observation", "Consent",
                "Immunization", "Procedure", "DeviceUseStatement", "Flag"}  # fmt: skip
    assert {u for u, r in by_url(built).items() if r["resourceType"] in clinical} <= proven


def test_what_the_patient_measured_is_marked_in_data_and_in_words() -> None:
    built = made(samples.full_record())
    pressure = next(r for r in resources(built, "Observation") if "component" in r)
    assert pressure["meta"]["security"][0]["code"] == "PATAST"
    assert "oppgitt av pasienten selv" in sections(built)["8716-3"]["text"]["div"]


def test_what_the_patient_told_a_professional_is_marked_as_reported() -> None:
    record = samples.full_record()
    record.provenance = [
        {"resourceType": "Provenance", "id": "x", "recorded": "2026-01-01T10:00:00+01:00",
         "target": [{"reference": "AllergyIntolerance/a1"}],
         "agent": [{"who": {"reference": "Patient/p"}}]}
    ]  # fmt: skip
    allergy = resources(made(record), "AllergyIntolerance")[0]
    assert allergy["meta"]["security"][0]["code"] == "PATRPT"


def test_trouble_with_anaesthesia_and_infection_are_alerts_that_point_to_the_condition() -> None:
    built = made(samples.full_record())
    entries = by_url(built)
    flags = [entries[e["reference"]] for e in sections(built)["104605-1"]["entry"]]
    pointed = {
        entries[x["valueReference"]["reference"]]["code"]["text"]
        for flag in flags for x in flag.get("extension", ())
    }  # fmt: skip
    assert pointed == {"Intubasjonsproblem", "MRSA"}
    assert all(flag["status"] == "active" for flag in flags)


def test_an_eps_holds_no_consent_entry_and_loses_none_of_it() -> None:
    """EPS eps-bundle-subject-ref asks Consent for ``subject``, which R4 does not have."""
    built = made(samples.full_record(), "eps")
    assert resources(built, "Consent") == []
    entry = by_url(built)[sections(built)["42348-3"]["entry"][0]["reference"]]
    assert entry["resourceType"] == "DocumentReference"
    inner = next(r for r in entry["contained"] if r["resourceType"] == "Consent")
    original = resources(made(samples.full_record(), "ips"), "Consent")[0]
    for key in ("scope", "category", "dateTime", "policyRule", "provision", "status"):
        assert inner[key] == original[key]
    assert entry["context"]["related"] == [{"reference": f"#{inner['id']}"}]


def test_an_eps_reaches_pregnancy_observations_through_a_document() -> None:
    """EPS slices that section by type alone, so an Observation matches several slices."""
    built = made(samples.full_record(), "eps")
    entries = by_url(built)
    listed = [entries[e["reference"]] for e in sections(built)["10162-6"]["entry"]]
    assert [r["resourceType"] for r in listed] == ["DocumentReference"]
    related = [entries[r["reference"]] for r in listed[0]["context"]["related"]]
    assert {r["code"]["coding"][0]["code"] for r in related} == {"82810-3", "11778-8"}


def test_deleted_refuted_and_expired_entries_stay_out_and_are_reported() -> None:
    record = samples.full_record()
    ver = samples.HL7 + "condition-ver-status"
    record.resources = [
        samples.allergy(verificationStatus=samples.coded(
            samples.HL7 + "allergyintolerance-verification", "entered-in-error")),
        {**samples.infection(), "verificationStatus": samples.coded(ver, "refuted")},
        samples.flag(period={"end": "2026-11-21"}),
        samples.consent(status="inactive"),
    ]  # fmt: skip
    built = made(record)
    for name in ("AllergyIntolerance", "Condition", "Flag", "Consent"):
        assert resources(built, name) == []
    lost = [i.element for i in built.loss.items if i.fate is Fate.NOT_CARRIED]
    assert lost == ["AllergyIntolerance/a1", "Condition/c2", "Flag/f1", "Consent/k1"]


def test_a_refuted_allergy_stays_visible_as_refuted_and_last() -> None:
    record = samples.full_record()
    status = samples.coded(samples.HL7 + "allergyintolerance-verification", "refuted")
    inactive = samples.coded(samples.HL7 + "allergyintolerance-clinical", "inactive")
    refuted = samples.allergy("a0", verificationStatus=status, clinicalStatus=inactive)
    record.resources.insert(0, refuted)
    built = made(record)
    section = sections(built)["48765-2"]
    last = by_url(built)[section["entry"][-1]["reference"]]
    assert last["verificationStatus"] == status
    assert "AVKREFTET" in section["text"]["div"]


def test_a_national_extension_stays_at_home_and_is_reported() -> None:
    record = samples.full_record()
    record.resources[0]["extension"] = [
        {"url": "http://nhn.no/kj/fhir/StructureDefinition/KjUpdatedDateTime",
         "valueDateTime": "2026-01-01"},
        {"url": "http://hl7.org/fhir/StructureDefinition/allergyintolerance-abatement",
         "valueDateTime": "2026-02-02"},
    ]  # fmt: skip
    built = made(record)
    kept = resources(built, "AllergyIntolerance")[0]["extension"]
    assert [e["url"].rsplit("/")[-1] for e in kept] == ["allergyintolerance-abatement"]
    assert any("KjUpdatedDateTime" in item.source_value for item in built.loss.items)


def test_an_unknown_modifier_extension_keeps_the_entry_out() -> None:
    record = samples.full_record()
    record.resources[0]["modifierExtension"] = [{"url": "http://x.no/not", "valueBoolean": True}]
    built = made(record)
    assert resources(built, "AllergyIntolerance") == []
    assert any("modifier" in item.reason for item in built.loss.items)


def test_a_reference_to_nowhere_is_reported_and_leaves_its_words() -> None:
    record = samples.full_record()
    record.resources[0]["recorder"] = {"reference": "Practitioner/9", "display": "Lege Ukjent"}
    built = made(record)
    assert resources(built, "AllergyIntolerance")[0]["recorder"] == {"display": "Lege Ukjent"}
    assert any(i.source_value == "Practitioner/9" for i in built.loss.items)


def test_missing_mandatory_values_say_why_they_are_missing() -> None:
    record = samples.full_record()
    record.resources = [
        {"resourceType": name, "id": name, "status": status, "patient": samples.PATIENT}
        for name, status in (("Immunization", "completed"), ("AllergyIntolerance", None))
    ]
    for resource in record.resources:
        if resource["status"] is None:
            del resource["status"]
    record.patient = {"resourceType": "Patient", "id": "p"}
    built = made(record, "eps")
    patient = built.bundle["entry"][1]["resource"]
    absent = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
    assert patient["_birthDate"]["extension"][0]["url"] == absent
    assert patient["name"][0]["_text"]["extension"][0]["url"] == absent
    assert "_occurrenceDateTime" in resources(built, "Immunization")[0]
    assert resources(built, "AllergyIntolerance")[0]["code"]["coding"][0]["code"] == "unknown"


@pytest.mark.parametrize(
    ("period", "kept"),
    [
        ({"start": "2023-11-27", "end": "2023-11-27T17:00:18.73+01:00"},
         {"start": "2023-11-27", "end": "2023-11-27"}),
        ({"start": "2024-02-01", "end": "2024-01-01"}, {"start": "2024-02-01"}),
        ({"start": "2024-02", "end": "2024-02-10"}, {"start": "2024-02", "end": "2024-02"}),
        ({"start": "2024-01-01T10:00:00+01:00", "end": "2024-01-01T09:30:00Z"},
         {"start": "2024-01-01T10:00:00+01:00", "end": "2024-01-01T09:30:00Z"}),
    ],
)  # fmt: skip
def test_a_period_that_fhir_cannot_compare_is_mended_and_reported(
    period: dict[str, str], kept: dict[str, str]
) -> None:
    record = samples.full_record()
    record.resources = [{**samples.statement(), "effectivePeriod": dict(period)}]
    built = made(record)
    assert resources(built, "MedicationStatement")[0]["effectivePeriod"] == kept
    reported = any(item.element.endswith((".end", ".start")) or "Period" in item.element
                   for item in built.loss.items)  # fmt: skip
    assert reported is (period != kept)


def test_two_resources_of_one_name_are_refused() -> None:
    record = samples.full_record()
    record.resources.append(samples.allergy(criticality="low"))
    with pytest.raises(InputError, match="same name"):
        made(record)


@pytest.mark.parametrize(("profile", "lang"), [("cda", "nb"), ("ips", "sv")])
def test_unknown_profile_and_language_are_refused(profile: str, lang: str) -> None:
    with pytest.raises(InputError, match="unknown"):
        made(samples.empty_record(), profile, lang)
