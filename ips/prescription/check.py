"""Rules of prescriptions and dispensations that no profile states (MPD 1.0.0 has no document).

MPD judges each resource alone. What makes a prescription recognisable in another State is in the
annex of Implementing Directive 2012/52/EU; what makes a dispensation traceable, in EHDS Art 23(6).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from data.results import Outcome, Report, Result, Severity
from ips.conformance.engine import check_bundle
from ips.prescription import urls
from ips.prescription.bundle import Resource, target
from ips.prescription.received import as_resource

CROSS_BORDER = "Implementing Directive 2012/52/EU, Annex"
ART_23 = "Regulation (EU) 2025/327 Art 23(6)"
REQUEST = ("X1.2",)
DISPENSATION = ("X1.3", "E23.6c")


def check(resource: Resource) -> Report:
    """Judge an ePrescription or eDispensation: its profiles, and the rules of this module.

    Args:
        resource: a Bundle of type collection, or a MedicationRequest or MedicationDispense alone.

    Raises:
        InputError: not a FHIR resource.
    """
    report = check_bundle(resource)
    results = [*report.results, *_rules(resource)]
    valid = not any(
        r.severity is Severity.ERROR and r.outcome in (Outcome.FAIL, Outcome.ERROR) for r in results
    )
    profiles = [urls.REQUEST, urls.DISPENSE, CROSS_BORDER]
    return replace(report, results=tuple(results),
                   extra={**report.extra, "profiles": profiles, "valid": valid})  # fmt: skip


def _rules(bundle: Resource) -> Iterator[Result]:
    requests = as_resource(bundle, "MedicationRequest")
    dispenses = as_resource(bundle, "MedicationDispense")
    if not requests and not dispenses:
        yield _fail("rx-content", "neither prescription nor dispensation in the document", "Bundle",
                    "MPD 1.0.0", (*REQUEST, *DISPENSATION))  # fmt: skip
    yield from _dangling(bundle)
    for number, request in enumerate(requests):
        yield from _request(bundle, request, f"MedicationRequest[{number}]")
    for number, dispense in enumerate(dispenses):
        yield from _dispense(bundle, dispense, f"MedicationDispense[{number}]")


def _fail(
    rule: str, message: str, place: str, source: str, obligations: tuple[str, ...],
    severity: Severity = Severity.ERROR,
) -> Result:  # fmt: skip
    return Result(rule, Outcome.FAIL, severity, message, place, obligations, (), source)


def _dangling(bundle: Resource) -> Iterator[Result]:
    """In a collection that travels alone, an urn:uuid that is not in it leads nowhere."""
    known = {e.get("fullUrl") for e in bundle.get("entry", ()) if isinstance(e, dict)}
    for number, entry in enumerate(bundle.get("entry", ())):
        for found in _references(entry.get("resource") if isinstance(entry, dict) else None):
            if found.startswith("urn:uuid:") and found not in known:
                yield _fail("rx-reference", f"{found} is not in the document",
                            f"Bundle.entry[{number}]", "FHIR R4 Bundle, resolving references",
                            REQUEST)  # fmt: skip


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        reference = node.get("reference")
        if isinstance(reference, str):
            yield reference
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _request(bundle: Resource, request: Resource, place: str) -> Iterator[Result]:
    if not _identified(request):
        yield _fail("rx-identifier", "the prescription has no identifier that a dispensation could "
                    "name", f"{place}.identifier", ART_23, ("X1.2", "E23.6c"))  # fmt: skip
    missing = [
        *_patient(target(bundle, request.get("subject"))),
        *_prescriber(bundle, request),
        *_product(bundle, request),
        *_order(request),
    ]
    for rule, what, where in missing:
        yield _fail(f"rx-2012-52-{rule}", f"{what} is missing", f"{place}{where}", CROSS_BORDER,
                    REQUEST, Severity.WARNING)  # fmt: skip


def _identified(resource: Resource) -> bool:
    return any(isinstance(i, dict) and i.get("value") for i in resource.get("identifier", ()))


def _patient(patient: Resource) -> Iterator[tuple[str, str, str]]:
    name = _name(patient)
    if not (name.get("family") and name.get("given")):
        yield "patient-name", "the patient's surname or first name", ".subject"
    if not patient.get("birthDate"):
        yield "birth-date", "the patient's date of birth", ".subject"


def _name(person: Resource) -> dict[str, Any]:
    names = [n for n in person.get("name", ()) if isinstance(n, dict)]
    return names[0] if names else {}


def _prescriber(bundle: Resource, request: Resource) -> Iterator[tuple[str, str, str]]:
    role = target(bundle, request.get("requester"))
    person = target(bundle, role.get("practitioner")) or role
    place = target(bundle, role.get("organization"))
    name = _name(person)
    if not (name.get("family") and name.get("given")):
        yield "prescriber-name", "the prescriber's surname or first name", ".requester"
    if not (role.get("code") or role.get("specialty") or person.get("qualification")):
        yield "qualification", "the prescriber's professional qualification", ".requester"
    contacts = [t for r in (role, person, place) for t in r.get("telecom", ())]
    if not contacts:
        yield "contact", "how to reach the prescriber", ".requester"
    addresses = [a for r in (place, person) for a in r.get("address", ())]
    if not addresses:
        yield "work-address", "the prescriber's work address", ".requester"
    elif not any(a.get("country") for a in addresses):
        yield "member-state", "the State in the prescriber's work address", ".requester"


def _product(bundle: Resource, request: Resource) -> Iterator[tuple[str, str, str]]:
    drug = target(bundle, request.get("medicationReference"))
    if not drug:
        if not request.get("medicationCodeableConcept"):
            yield "product", "the medicine", ".medication"
        return
    if not drug.get("form"):
        yield "form", "the pharmaceutical form", ".medication"
    ingredients = [i for i in drug.get("ingredient", ()) if isinstance(i, dict)]
    if not ingredients and not drug.get("code"):
        yield "common-name", "the common name of the medicine", ".medication"
    if not any(i.get("strength") for i in ingredients):
        yield "strength", "the strength", ".medication"


def _order(request: Resource) -> Iterator[tuple[str, str, str]]:
    if not request.get("authoredOn"):
        yield "issue-date", "the date of issue", ".authoredOn"
    orders = request.get("dispenseRequest") or {}
    if not orders.get("quantity") and not orders.get("extension"):
        yield "quantity", "the quantity", ".dispenseRequest"
    if not request.get("dosageInstruction"):
        yield "dosage", "the dosage regimen", ".dosageInstruction"


def _dispense(bundle: Resource, dispense: Resource, place: str) -> Iterator[Result]:
    for reference in dispense.get("authorizingPrescription", ()):
        named = isinstance(reference, dict) and (
            (reference.get("identifier") or {}).get("value")
            or _identified(target(bundle, reference))
        )
        if named:
            return
    yield _fail("rx-authority", "the dispensation names no prescription by its identifier",
                f"{place}.authorizingPrescription", ART_23, DISPENSATION)  # fmt: skip
