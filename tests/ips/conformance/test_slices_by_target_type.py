"""Slices told apart by the type of what a reference leads to (`type` on `resolve()`).

FHIR R4 Profiling, discriminators: the type is that of the target profile
(StructureDefinition.type), whatever its URL ends in; what fits several slices is an error.
"""

from __future__ import annotations

from data.results import Severity
from ips.conformance.engine import check_bundle
from tests.ips.conformance.documents import LOINC, URLS, Json, concept, resource, section, summary

OBSERVATION = "urn:uuid:00000000-0000-4000-8000-0000000000aa"
PREGNANCY = "Composition.section:sectionPregnancyHx.entry"


def with_observation(title: str, code: str) -> Json:
    document = summary()
    made = section(title, code)
    made["entry"] = [{"reference": OBSERVATION}]
    resource(document, "Composition")["section"].append(made)
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": concept(LOINC, "718-7"),
        "subject": {"reference": URLS["patient"]},
        "effectiveDateTime": "2026-01-30",
        "performer": [{"reference": URLS["author"]}],
        "valueQuantity": {"value": 12.1},
    }
    document["entry"].append({"fullUrl": OBSERVATION, "resource": observation})
    return document


def errors(document: Json) -> dict[str, str]:
    results = check_bundle(document, "eps").results
    return {r.id: r.message for r in results if r.severity is Severity.ERROR}


def test_an_observation_that_fits_several_slices_is_an_error() -> None:
    found = errors(with_observation("Pregnancy", "10162-6"))
    names = "pregnancyStatus, pregnancyOutcome, gestationalAge"
    assert found[f"{PREGNANCY}.slices"] == f"fits more than one slice: {names}"


def test_an_entry_is_held_to_the_profile_of_its_slice() -> None:
    found = errors(with_observation("Results", "30954-2"))
    slice_ = "Composition.section:sectionResults.entry:results-medicalTestResult"
    assert f"{slice_}.target-profile" in found


def test_an_entry_of_another_type_fits_no_slice() -> None:
    document = with_observation("Pregnancy", "10162-6")
    entry = resource(document, "Composition")["section"][-1]["entry"]
    entry[0]["reference"] = URLS["problem"]
    assert f"{PREGNANCY}.slices" not in errors(document)
