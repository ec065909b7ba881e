"""A small patient summary about nobody, and where the official examples lie."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson
import pytest

from ips.conformance.compile import read_package
from ips.conformance.hl7_validator import home, is_prepared

Json = dict[str, Any]

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
XHTML = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'
URLS = {
    name: f"urn:uuid:00000000-0000-4000-8000-00000000000{at}"
    for at, name in enumerate(("composition", "patient", "author", "allergy", "problem", "drug"))
}


def concept(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def narrative(text: str) -> Json:
    return {"status": "generated", "div": XHTML.format(text)}


def section(title: str, code: str, *entries: str) -> Json:
    made: Json = {"title": title, "code": concept(LOINC, code), "text": narrative(title)}
    if entries:
        made["entry"] = [{"reference": URLS[e]} for e in entries]
    return made


def summary() -> Json:
    """Return a small IPS document that breaks nothing."""
    hl7 = "http://terminology.hl7.org/CodeSystem/"
    patient = {"reference": URLS["patient"]}
    resources: dict[str, Json] = {
        "composition": {
            "resourceType": "Composition",
            "status": "final",
            "type": concept(LOINC, "60591-5"),
            "subject": patient,
            "date": "2026-01-31T10:00:00+01:00",
            "author": [{"reference": URLS["author"]}],
            "title": "Patient summary",
            "section": [
                section("Problems", "11450-4", "problem"),
                section("Allergies", "48765-2", "allergy"),
                section("Medication", "10160-0", "drug"),
            ],
        },
        "patient": {
            "resourceType": "Patient",
            "name": [{"family": "Prøve", "given": ["Kari"]}],
            "gender": "female",
            "birthDate": "1980-02-29",
        },
        "author": {"resourceType": "Organization", "name": "Prøvesykehuset"},
        "allergy": {
            "resourceType": "AllergyIntolerance",
            "clinicalStatus": concept(hl7 + "allergyintolerance-clinical", "active"),
            "verificationStatus": concept(hl7 + "allergyintolerance-verification", "confirmed"),
            "code": concept(SNOMED, "764146007"),
            "patient": patient,
        },
        "problem": {
            "resourceType": "Condition",
            "clinicalStatus": concept(hl7 + "condition-clinical", "active"),
            "code": concept(SNOMED, "38341003"),
            "subject": patient,
        },
        "drug": {
            "resourceType": "MedicationStatement",
            "status": "active",
            "medicationCodeableConcept": concept("http://www.whocc.no/atc", "C09AA05"),
            "subject": patient,
            "effectiveDateTime": "2025-06-01",
        },
    }
    return {
        "resourceType": "Bundle",
        "meta": {"profile": ["http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips"]},
        "identifier": {"system": "urn:ietf:rfc:3986", "value": URLS["composition"]},
        "type": "document",
        "timestamp": "2026-01-31T10:00:00+01:00",
        "entry": [{"fullUrl": URLS[n], "resource": r} for n, r in resources.items()],
    }


def resource(document: Json, kind: str) -> Json:
    """Return the first resource of a type."""
    found: Json = next(
        e["resource"] for e in document["entry"] if e["resource"]["resourceType"] == kind
    )
    return found


def absent(reason: str) -> None:
    """Skip where an oracle is absent; fail in CI, where it must be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def official_examples() -> dict[str, Json]:
    """Return the examples of the IPS package, which the official validator's folder holds."""
    folder = home() / ".fhir" / "packages" / "hl7.fhir.uv.ips#2.0.0" / "package" / "example"
    files = [f for f in sorted(folder.glob("*.json")) if not f.name.startswith(".")]
    if not files:
        absent("hl7.fhir.uv.ips#2.0.0 is not prepared (tools/hl7_validator/prepare.py)")
    return {f.stem: orjson.loads(f.read_bytes()) for f in files}


def need_validator() -> None:
    if not is_prepared():
        absent("the official validator is not prepared (tools/hl7_validator/prepare.py)")


def package_examples(packages: Path, name: str) -> dict[str, Json]:
    """Return the instances in a package of HL7 Europe."""
    _, resources, _ = read_package(packages / f"{name}.tgz")
    skipped = ("StructureDefinition", "ValueSet", "CodeSystem", "ImplementationGuide")
    return {
        f"{r['resourceType']}-{r['id']}": r
        for r in resources
        if r["resourceType"] not in skipped and r["resourceType"] != "ActorDefinition"
    }
