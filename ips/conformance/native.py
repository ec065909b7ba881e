"""The invariants that every document meets often, written out.

Each is keyed by its expression exactly as the guides publish it: another wording falls back to
FHIRPath. A test holds every one of them against the FHIRPath evaluation.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Rule = Callable[[Any], bool | None]
"""True or False where the answer is sure, None where FHIRPath has to say."""

ALLERGY = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
CONDITION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


NOTHING: dict[str, Any] = {}


def _entries(value: Any) -> list[Any]:
    entries = value.get("entry")
    return entries if isinstance(entries, list) else []


def _resources(value: Any) -> list[Any]:
    return [e["resource"] for e in _entries(value) if "resource" in e]


def _all_have(names: frozenset[str], element: str, reference: bool) -> Rule:
    """All resources of some types have an element, or a reference in it."""

    def run(value: Any) -> bool | None:
        for entry in _entries(value):
            resource = entry.get("resource") or NOTHING
            if resource.get("resourceType") in names:
                found = resource.get(element)
                if not found or (
                    reference and not (isinstance(found, dict) and "reference" in found)
                ):
                    return None
        return True

    return run


def _nowhere(element: str) -> Rule:
    def run(value: Any) -> bool | None:
        return True if not any(element in e for e in _entries(value)) else None

    return run


def _distinct_urls(value: Any) -> bool | None:
    urls = [e["fullUrl"] for e in _entries(value) if "fullUrl" in e]
    return True if len(set(urls)) == len(urls) else None


def _one_composition(value: Any) -> bool:
    return not any(
        e.get("resource", {}).get("resourceType") == "Composition" for e in _entries(value)[1:]
    )


def _begins_with(kind: str, name: str) -> Rule:
    def run(value: Any) -> bool | None:
        if value.get("type") != kind:
            return True if "type" in value else None
        entries = value.get("entry", [])
        if not isinstance(entries, list):
            # One entry without an array around it breaks another rule, which tells it better.
            return None
        return bool(entries) and entries[0].get("resource", {}).get("resourceType") == name

    return run


def _identified(value: Any) -> bool | None:
    identifier = value.get("identifier")
    if value.get("type") != "document":
        return True if "type" in value else None
    known = isinstance(identifier, dict) and "system" in identifier and "value" in identifier
    return True if known else None


def _dated(value: Any) -> bool | None:
    other = "type" in value and value["type"] != "document"
    return True if other or isinstance(value.get("timestamp"), str) else None


def _not_erroneous(system: str, element: str) -> Rule:
    def run(value: Any) -> bool | None:
        if element not in value:
            return True
        status = value.get("verificationStatus")
        codings = status.get("coding") if isinstance(status, dict) else ()
        wrong = any(
            c.get("system") == system and c.get("code") == "entered-in-error" for c in codings or ()
        )
        return not wrong

    return run


def _component_codes(value: Any) -> bool | None:
    return True if "component" not in value else None


def _period(value: Any) -> bool | None:
    start, end = value.get("start"), value.get("end")
    if start is None or end is None:
        return True
    same = isinstance(start, str) and isinstance(end, str) and len(start) == len(end) == 10
    return start <= end if same else None


def _present(*names: str) -> Rule:
    absent = frozenset(names).isdisjoint
    return lambda value: None if absent(value) else True


RULES: dict[str, Rule] = {
    "entry.search.empty() or (type = 'searchset')": _nowhere("search"),
    (
        "entry.all(request.exists() = (%resource.type = 'batch' or %resource.type = 'transaction' "
        "or %resource.type = 'history'))"
    ): lambda v: (
        True
        if v.get("type") == "document" and not any("request" in e for e in _entries(v))
        else None
    ),
    (
        "entry.all(response.exists() = (%resource.type = 'batch-response' or "
        "%resource.type = 'transaction-response' or %resource.type = 'history'))"
    ): lambda v: (
        True
        if v.get("type") == "document" and not any("response" in e for e in _entries(v))
        else None
    ),
    (
        "(type = 'history') or entry.where(fullUrl.exists())"
        ".select(fullUrl&resource.meta.versionId).isDistinct()"
    ): _distinct_urls,
    (
        "type = 'document' implies (identifier.system.exists() and identifier.value.exists())"
    ): _identified,
    "type = 'document' implies (timestamp.hasValue())": _dated,
    "type = 'document' implies entry.first().resource.is(Composition)": _begins_with(
        "document", "Composition"
    ),
    "type = 'message' implies entry.first().resource.is(MessageHeader)": _begins_with(
        "message", "MessageHeader"
    ),
    "entry.tail().where(resource is Composition).empty()": _one_composition,
    "fullUrl.contains('/_history/').not()": lambda v: (
        True if isinstance(v.get("fullUrl"), str) and "/_history/" not in v["fullUrl"] else None
    ),
    (
        "value.exists() or hasMember.exists() or component.exists() or dataAbsentReason.exists()"
    ): _present("valueQuantity", "valueCodeableConcept", "valueDateTime", "component"),
    "fullUrl.exists() implies fullUrl.contains('/_history/').not()": lambda v: (
        True if isinstance(v.get("fullUrl"), str) and "/_history/" not in v["fullUrl"] else None
    ),
    "code.empty() or system.exists()": lambda v: (
        True if isinstance(v.get("system"), str) and v["system"] else None
    ),
    (
        "value.empty() or extension("
        "'http://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.value').empty()"
    ): lambda v: True if "extension" not in v else None,
    "resource.exists() or request.exists() or response.exists()": _present("resource"),
    (
        f"verificationStatus.coding.where(system = '{ALLERGY}' and code = 'entered-in-error')"
        ".exists() or clinicalStatus.exists()"
    ): _present("clinicalStatus"),
    (
        f"verificationStatus.coding.where(system = '{ALLERGY}' and code = 'entered-in-error')"
        ".empty() or clinicalStatus.empty()"
    ): _not_erroneous(ALLERGY, "clinicalStatus"),
    (
        f"verificationStatus.coding.where(system='{CONDITION}' and code='entered-in-error')"
        ".empty() or clinicalStatus.empty()"
    ): _not_erroneous(CONDITION, "clinicalStatus"),
    (
        "value.empty() or component.code.where(coding.intersect(%resource.code.coding).exists())"
        ".empty()"
    ): _component_codes,
    "start.hasValue().not() or end.hasValue().not() or (start <= end)": _period,
    "(entry.reference.exists() or emptyReason.exists())": lambda v: (
        True if any(isinstance(e, dict) and "reference" in e for e in v.get("entry", ())) else None
    ),
}


_ALL_OF_TYPES = re.compile(
    r"^entry\.where\(((?:resource\.is\(\w+\)(?: or )?)+)\)\.empty\(\) or "
    r"entry\.where\(\1\)\.all\(resource\.(\w+)(\.reference)?\.exists\(\)\)$"
)
"""How the EPS writes that all entries of some types have an element."""


def rule(expression: str) -> Rule | None:
    """Return the written-out form of an invariant, if there is one."""
    found = RULES.get(expression)
    if found is not None:
        return found
    text = re.sub(r"\( | \)", lambda m: m[0].strip(), " ".join(expression.split()))
    shape = _ALL_OF_TYPES.match(text)
    if shape is None:
        return None
    return _all_have(frozenset(re.findall(r"is\((\w+)\)", shape[1])), shape[2], bool(shape[3]))
