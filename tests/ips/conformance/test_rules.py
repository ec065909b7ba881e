"""What the guides demand, one rule at a time, on a document that is otherwise in order."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from data.errors import InputError
from data.results import Outcome, Severity
from ips.conformance.engine import EPS_BUNDLE, check_bundle
from ips.conformance.output import is_valid
from tests.ips.conformance.documents import (
    LOINC,
    URLS,
    Json,
    concept,
    narrative,
    resource,
    section,
    summary,
)


def errors(document: Json, profile: str | None = None) -> dict[str, str]:
    """Return rule ids and places of everything that makes a document invalid."""
    report = check_bundle(document, profile)
    return {
        r.id: r.location
        for r in report.results
        if r.severity is Severity.ERROR and r.outcome is Outcome.FAIL
    }


def composition(document: Json) -> Json:
    return resource(document, "Composition")


def first_section(document: Json) -> Json:
    found: Json = composition(document)["section"][0]
    return found


def test_a_correct_summary_has_no_error_and_no_warning() -> None:
    report = check_bundle(summary())
    assert is_valid(report)
    assert [r.id for r in report.results if r.severity is not Severity.INFORMATION] == []


BROKEN: dict[str, tuple[Callable[[Json], object], str]] = {
    "IPS Bundle.identifier 1..1": (lambda d: d.pop("identifier"), "Bundle.identifier.min"),
    "IPS Bundle.timestamp 1..1": (lambda d: d.pop("timestamp"), "Bundle.timestamp.min"),
    "bdl-9: a document has an identifier": (lambda d: d.pop("identifier"), "bdl-9"),
    "bdl-10: a document has a date": (lambda d: d.pop("timestamp"), "bdl-10"),
    "bdl-11: a document begins with its Composition": (
        lambda d: d["entry"].append(d["entry"].pop(0)),
        "bdl-11",
    ),
    "bdl-7: fullUrl is unique": (
        lambda d: d["entry"][4].update(fullUrl=d["entry"][3]["fullUrl"]),
        "bdl-7",
    ),
    "bdl-8: fullUrl without version": (
        lambda d: d["entry"][3].update(fullUrl="https://example.org/Organization/1/_history/2"),
        "bdl-8",
    ),
    "bdl-ips-1: one Composition only": (
        lambda d: d["entry"].append(
            {
                "fullUrl": "urn:uuid:" + "1" * 8 + "-0000-4000-8000-" + "1" * 12,
                "resource": composition(d),
            }
        ),
        "bdl-ips-1",
    ),
    "Bundle.type is document": (lambda d: d.update(type="collection"), "Bundle.type.fixed"),
    "section of problems is required": (
        lambda d: composition(d)["section"].pop(0),
        "Composition.section:sectionProblems.min",
    ),
    "section of allergies is required": (
        lambda d: composition(d)["section"].pop(1),
        "Composition.section:sectionAllergies.min",
    ),
    "section of medication is required": (
        lambda d: composition(d)["section"].pop(2),
        "Composition.section:sectionMedications.min",
    ),
    "a section stands once": (
        lambda d: composition(d)["section"].append(section("Again", "11450-4", "problem")),
        "Composition.section:sectionProblems.max",
    ),
    "section.title 1..1": (
        lambda d: first_section(d).pop("title"),
        "Composition.section:sectionProblems.title.min",
    ),
    "section.text 1..1": (
        lambda d: first_section(d).pop("text"),
        "Composition.section:sectionProblems.text.min",
    ),
    "ips-comp-1: an entry or a reason for none": (
        lambda d: first_section(d).pop("entry"),
        "ips-comp-1",
    ),
    "cmp-2: no reason for emptiness beside entries": (
        lambda d: first_section(d).update(
            emptyReason=concept(
                "http://terminology.hl7.org/CodeSystem/list-empty-reason", "unavailable"
            )
        ),
        "cmp-2",
    ),
    "no section in a section": (
        lambda d: first_section(d).update(section=[section("Inner", "51848-0")]),
        "Composition.section:sectionProblems.section.max",
    ),
    "a section entry of a type that is not allowed": (
        lambda d: first_section(d)["entry"].append({"reference": URLS["author"]}),
        "Composition.section:sectionProblems.entry.target",
    ),
    "Composition.type is the patient summary": (
        lambda d: composition(d).update(type=concept(LOINC, "34133-9")),
        "Composition.type.pattern",
    ),
    "Composition.author 1..*": (lambda d: composition(d).pop("author"), "Composition.author.min"),
    "Composition.subject leads to an entry": (
        lambda d: composition(d)["subject"].update(
            reference="urn:uuid:" + URLS["drug"][9:-1] + "9"
        ),
        "bundle.reference.closure",
    ),
    "required binding": (
        lambda d: resource(d, "Patient").update(gender="F"),
        "Patient.gender.binding",
    ),
    "a code that its system does not have": (
        lambda d: resource(d, "Condition").update(
            severity=concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "severe")
        ),
        "Coding.code.unknown",
    ),
    "a day that does not exist": (
        lambda d: resource(d, "Patient").update(birthDate="1981-02-29"),
        "Patient.birthDate.format",
    ),
    "a number as text": (
        lambda d: resource(d, "Patient").update(multipleBirthInteger="2"),
        "Patient.multipleBirth[x].format",
    ),
    "an unknown element": (
        lambda d: resource(d, "Patient").update(shoeSize=38),
        "Patient.unknown-element",
    ),
    "an array where a single value stands": (
        lambda d: resource(d, "Patient").update(gender=["female"]),
        "Patient.gender.array",
    ),
    "a single value where an array stands": (
        lambda d: resource(d, "Patient").update(name={"family": "Prøve"}),
        "Patient.name.array",
    ),
    "two values of a choice": (
        lambda d: resource(d, "MedicationStatement").update(
            effectivePeriod={"start": "2025-06-01"}
        ),
        "MedicationStatement.effective[x].max",
    ),
    "ait-1: a confirmed allergy has a clinical status": (
        lambda d: resource(d, "AllergyIntolerance").pop("clinicalStatus"),
        "ait-1",
    ),
    "con-4: abatement makes it inactive": (
        lambda d: resource(d, "Condition").update(abatementDateTime="2025-01-01"),
        "con-4",
    ),
    "per-1: start before end": (
        lambda d: resource(d, "Patient")["name"][0].update(
            period={"start": "2025-01-02", "end": "2025-01-01"}
        ),
        "per-1",
    ),
    "ext-1: a value or extensions": (
        lambda d: resource(d, "Patient").update(extension=[{"url": "https://example.org/x"}]),
        "ext-1",
    ),
    "an extension of FHIR that FHIR does not have": (
        lambda d: resource(d, "Patient").update(
            extension=[{"url": "http://hl7.org/fhir/StructureDefinition/no", "valueString": "x"}]
        ),
        "Extension.url.unknown",
    ),
    "an extension with the wrong type of value": (
        lambda d: resource(d, "Patient").update(
            extension=[
                {
                    "url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace",
                    "valueString": "x",
                }
            ]
        ),
        "Extension.value[x].min",
    ),
    "dom-3: what is contained is referred to": (
        lambda d: resource(d, "Condition").update(
            contained=[{"resourceType": "Organization", "id": "x", "name": "X"}]
        ),
        "dom-3",
    ),
    "an orphan entry": (
        lambda d: d["entry"].append(
            {
                "fullUrl": "urn:uuid:00000000-0000-4000-8000-0000000000aa",
                "resource": {"resourceType": "Organization", "name": "X"},
            }
        ),
        "bundle.entry.unreachable",
    ),
    "an entry without fullUrl": (lambda d: d["entry"][2].pop("fullUrl"), "bundle.fullUrl.missing"),
    "script in the narrative": (
        lambda d: first_section(d).update(text=narrative("<script>x</script>")),
        "txt-1",
    ),
    "an empty narrative": (lambda d: first_section(d).update(text=narrative(" ")), "txt-2"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_an_error_with_its_id(name: str) -> None:
    change, rule = BROKEN[name]
    document = summary()
    change(document)
    assert rule in errors(document)


def test_a_finding_says_where_why_and_which_obligation() -> None:
    document = summary()
    resource(document, "AllergyIntolerance")["criticality"] = "medium"
    (found,) = [r for r in check_bundle(document).results if r.severity is Severity.ERROR][:1]
    assert found.id == "AllergyIntolerance.criticality.binding"
    assert found.location == "Bundle.entry[3].resource.criticality"
    assert "AllergyIntolerance-uv-ips#AllergyIntolerance.criticality" in found.source or (
        "StructureDefinition/AllergyIntolerance#" in found.source
    )
    assert "X1.1.4" in found.obligations


def test_known_absence_and_unavailable_information_are_both_valid() -> None:
    document = summary()
    first = first_section(document)
    del first["entry"]
    system = "http://terminology.hl7.org/CodeSystem/list-empty-reason"
    first["emptyReason"] = concept(system, "unavailable")
    document["entry"] = [
        e for e in document["entry"] if e["resource"]["resourceType"] != "Condition"
    ]
    resource(document, "AllergyIntolerance")["code"] = concept(
        "http://snomed.info/sct", "716186003"
    )
    assert errors(document) == {}


def test_a_section_that_no_profile_names_is_allowed() -> None:
    document = summary()
    composition(document)["section"].append(section("Other", "51848-0"))
    assert errors(document) == {}


def test_the_same_summary_lacks_what_the_european_one_demands() -> None:
    found = errors(summary(), "eps")
    assert "Composition.section:sectionProceduresHx.min" in found
    assert "Composition.section:sectionMedicalDevices.min" in found


def test_a_european_summary_is_judged_by_the_international_profile_as_well() -> None:
    document = summary()
    document["meta"]["profile"] = [EPS_BUNDLE]
    del document["timestamp"]
    sources = {r.source.partition("#")[0] for r in check_bundle(document).results}
    assert EPS_BUNDLE in sources


def test_a_document_without_profile_is_judged_by_the_type_of_its_composition() -> None:
    document = summary()
    del document["meta"]
    composition(document)["section"].pop(0)
    assert "Composition.section:sectionProblems.min" in errors(document)


def test_an_unknown_profile_is_told_and_the_base_is_judged() -> None:
    document = summary()
    patient = resource(document, "Patient")
    patient["meta"] = {"profile": ["https://example.org/StructureDefinition/patient"]}
    report = check_bundle(document)
    assert is_valid(report)
    assert "meta.profile.unknown" in {r.id for r in report.results}


def gestational_age(code: str) -> Json:
    profile = "observation-pregnancy-gestationalAge-eu-eps"
    return {
        "resourceType": "Observation",
        "meta": {"profile": [f"http://hl7.eu/fhir/eps/StructureDefinition/{profile}"]},
        "status": "final",
        "code": concept(LOINC, code),
        "subject": {"reference": "Patient/1"},
        "effectiveDateTime": "2026-01-01",
    }


def test_a_required_binding_that_cannot_be_judged_is_never_a_silent_pass() -> None:
    results = check_bundle(gestational_age("33072-0")).results
    (found,) = [r for r in results if r.id.endswith("not-at-hand")]
    assert found.outcome is Outcome.SKIP
    known = check_bundle(gestational_age("11884-4")).results
    assert [r for r in known if "binding" in r.id] == []


def test_codes_of_the_removed_absent_unknown_system_are_warned_about() -> None:
    document = summary()
    resource(document, "AllergyIntolerance")["code"] = concept(
        "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips", "no-known-allergies"
    )
    report = check_bundle(document)
    assert "Coding.system.removed" in {r.id for r in report.results}


def test_a_single_prescription_is_judged_by_the_profile_that_it_claims() -> None:
    request = {
        "resourceType": "MedicationRequest",
        "meta": {
            "profile": ["http://hl7.eu/fhir/mpd/StructureDefinition/MedicationRequest-eu-mpd"]
        },
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": "Paracetamol"},
        "subject": {"display": "Kari Prøve"},
    }
    assert {"MedicationRequest.authoredOn.min", "MedicationRequest.requester.min"} <= set(
        errors(request)
    )


def test_a_resource_that_is_nested_without_end_is_refused() -> None:
    extension: Json = {"url": "https://example.org/e", "valueString": "x"}
    for _ in range(3000):
        extension = {"url": "https://example.org/e", "extension": [extension]}
    with pytest.raises(InputError):
        check_bundle({"resourceType": "Patient", "extension": [extension]})
    assert check_bundle(summary()).extra["valid"]


@pytest.mark.parametrize("said", ["Device", "Pasient"])
def test_a_reference_says_no_other_type_than_what_it_leads_to(said: str) -> None:
    document = summary()
    resource(document, "AllergyIntolerance")["patient"]["type"] = said
    assert "Reference.type" in errors(document)
    resource(document, "AllergyIntolerance")["patient"]["type"] = "Patient"
    assert errors(document) == {}


def test_a_reference_that_leads_nowhere_still_says_an_allowed_type() -> None:
    document = summary()
    elsewhere = {"reference": "urn:uuid:00000000-0000-4000-8000-0000000000ff", "type": "Location"}
    resource(document, "AllergyIntolerance")["recorder"] = elsewhere
    assert "AllergyIntolerance.recorder.target" in errors(document)
    elsewhere["type"] = "Practitioner"
    assert errors(document) == {}


def test_there_is_no_year_nought() -> None:
    document = summary()
    resource(document, "AllergyIntolerance")["recordedDate"] = "0000"
    assert "AllergyIntolerance.recordedDate.format" in errors(document)
    resource(document, "AllergyIntolerance")["recordedDate"] = "0800"
    assert errors(document) == {}


def test_a_report_names_the_profiles_that_the_document_claims() -> None:
    document = summary()
    claimed = document["meta"]["profile"]
    assert claimed
    assert check_bundle(document).extra["profiles"] == claimed
    bare = check_bundle({"resourceType": "Basic", "code": {"text": "x"}})
    assert bare.extra["profiles"] == ["FHIR R4 Basic"]
