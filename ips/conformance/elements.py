"""The checks of single elements: how often, which format, which value, which code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from data.results import Outcome
from ips.conformance import narrative
from ips.conformance.context import Findings, Judge, Place, short
from ips.conformance.extensions import extension
from ips.conformance.fhirpath.values import Typed
from ips.conformance.invariants import broken
from ips.conformance.model import Json, Node, Type
from ips.conformance.primitives import CHECKS, expected, is_absolute
from ips.conformance.values import matches_fixed, matches_pattern

URI_SYSTEM = "urn:ietf:rfc:3986"
"""The system of identifiers that are URIs themselves."""

REMOVED_SYSTEM = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"


def note(
    findings: Findings,
    rule: str,
    severity: str,
    message: str,
    place: Place,
    source: str,
    skip: bool = False,
) -> None:
    """Note a finding; `skip` says that something could not be judged."""
    outcome = Outcome.FAIL
    if skip:
        outcome = Outcome.SKIP if severity == "warning" else Outcome.NOT_ASSESSED
    findings.add(rule, severity, message, place, source, outcome)


def claimed(resource: Json) -> tuple[str, ...]:
    """Return the profiles that a resource says it meets."""
    meta = resource.get("meta")
    profiles = meta.get("profile") if isinstance(meta, dict) else None
    if not isinstance(profiles, list):
        return ()
    return tuple([url for url in profiles if isinstance(url, str)])


def cardinality(judge: Judge, node: Node, count: int, place: Place) -> None:
    """Judge how often an element or slice stands."""
    if count >= node.min and (count <= node.max or node.max == -1):
        return
    name = node.id.rpartition(".")[2]
    if count < node.min:
        what = f"{name} is missing" if count == 0 else f"{name} stands {count} times"
        what = f"{what}: at least {node.min} needed"
        judge.note(f"{node.id}.min", "error", what, place, node.source)
    if node.max != -1 and count > node.max:
        allowed = "not allowed here" if node.max == 0 else f"at most {node.max} allowed"
        what = f"{name} stands {count} times: {allowed}"
        judge.note(f"{node.id}.max", "error", what, place, node.source)


def primitive(judge: Judge, node: Node, value: Any, beside: Any, kind: Type, place: Place) -> None:
    """Judge a primitive and what stands beside it under its name with an underscore."""
    if beside is not None:
        _beside(judge, node, beside, place)
    if value is None:
        if beside is None:
            what = f"{node.name} has neither a value nor an extension"
            judge.note("ele-1", "error", what, place, node.source)
        return
    check = CHECKS.get(kind.code)
    if check is not None and not check(value):
        what = f"«{short(value)}» is not a {kind.code}: {expected(kind.code, value)}"
        judge.note(f"{node.id}.format", "error", what, place, node.source)
        return
    if kind.code == "xhtml":
        for key, what in narrative.problems(value):
            judge.note(key, "error", what, place, node.source)
        return
    if node.max_length is not None and isinstance(value, str) and len(value) > node.max_length:
        what = f"longer than {node.max_length} characters"
        judge.note(f"{node.id}.length", "error", what, place, node.source)
    constants(judge, node, value, place)
    bindings(judge, node, value, place)
    if node.invariants:
        for invariant in broken(node.invariants, Typed(value, kind.code), judge.env(place)):
            source = f"{invariant.source or node.definition.url}#{node.id}"
            judge.note(invariant.key, invariant.severity, invariant.human, place, source)


def _beside(judge: Judge, node: Node, beside: Any, place: Place) -> None:
    if not isinstance(beside, dict) or not beside:
        what = f"_{node.name} must be an object with id or extension"
        judge.note(f"{node.id}.type", "error", what, place, node.source)
        return
    if node.children:
        judge.object(node, beside, place)
        return
    element = judge.document.package.type("Element")
    if element is not None:
        judge.object(element.root, beside, place)


def constants(judge: Judge, node: Node, value: Any, place: Place) -> None:
    """Judge fixed and pattern values."""
    if node.has_fixed and not matches_fixed(value, node.fixed):
        what = f"must be {short(node.fixed)}, is {short(value)}"
        judge.note(f"{node.id}.fixed", "error", what, place, node.source)
    if node.has_pattern and not matches_pattern(value, node.pattern):
        what = f"must contain {short(node.pattern)}, is {short(value)}"
        judge.note(f"{node.id}.pattern", "error", what, place, node.source)


def bindings(judge: Judge, node: Node, value: Any, place: Place) -> None:
    """Judge required and extensible bindings; say which cannot be judged."""
    if node.binding is not None:
        _binding(judge, node, node.binding[0], node.binding[1], value, place)
    if node.max_value_set is not None:
        _binding(judge, node, "required", node.max_value_set, value, place)


def _binding(
    judge: Judge, node: Node, strength: str, canonical: str, value: Any, place: Place
) -> None:
    answer: bool | None
    if isinstance(value, dict) and not ("coding" in value or "code" in value):
        # Text without a code: not enough for a required binding, allowed by the others.
        answer = strength != "required" or not _is_concept(node)
    else:
        answer = judge.document.terminology.member_of(value, canonical)
    if answer:
        return
    rule, required = f"{node.id}.binding", strength == "required"
    name = canonical.rsplit("/", 1)[-1]
    if answer is None:
        what = f"membership of {name} ({strength}) cannot be judged: not at hand"
        severity = "warning" if required else "information"
        judge.note(f"{rule}.not-at-hand", severity, what, place, canonical, skip=True)
        return
    what = f"{_code_text(value)} is not in the value set {name} ({strength})"
    judge.note(rule, "error" if required else "warning", what, place, node.source)


def _is_concept(node: Node) -> bool:
    return any(t.code in ("CodeableConcept", "Coding") for t in node.types)


def _code_text(value: Any) -> str:
    if isinstance(value, dict):
        codings = value.get("coding", [value])
        if isinstance(codings, list):
            pairs = [
                f"{c.get('system', '')}#{c.get('code', '')}" for c in codings if isinstance(c, dict)
            ]
            return f"«{short(', '.join(pairs), 160)}»" if pairs else "a concept without code"
    return f"«{short(value)}»"


def right_resource(judge: Judge, node: Node, value: Any, kind: Type, place: Place) -> None:
    """Judge the type of a resource inside another."""
    if kind.code in ("Resource", "DomainResource") or not isinstance(value, dict):
        return
    actual = value.get("resourceType")
    if actual != kind.code:
        what = f"must be {kind.code}, is {short(actual, 40)}"
        judge.note(f"{node.id}.type", "error", what, place, node.source)


def whole_resource(judge: Judge, resource: Json, place: Place) -> None:
    """Judge what FHIR demands of every resource that can have text and contained resources."""
    source = "http://hl7.org/fhir/StructureDefinition/DomainResource"
    contained = resource.get("contained")
    if isinstance(contained, list):
        _contained(judge, resource, [c for c in contained if isinstance(c, dict)], place, source)


def _contained(
    judge: Judge, resource: Json, contained: list[Json], place: Place, source: str
) -> None:
    used = set(_references(resource))
    for at, inner in enumerate(contained):
        where = place.at(f".contained[{at}]")
        if "contained" in inner:
            judge.note("dom-2", "error", "a contained resource contains another", where, source)
        if f"#{inner.get('id')}" not in used and "#" not in set(_references(inner)):
            what = "the contained resource is not referred to"
            judge.note("dom-3", "error", what, where, source)
        meta = inner.get("meta")
        if isinstance(meta, dict) and ("versionId" in meta or "lastUpdated" in meta):
            what = "a contained resource must not have versionId or lastUpdated"
            judge.note("dom-4", "error", what, where, source)
        if isinstance(meta, dict) and "security" in meta:
            what = "a contained resource must not have a security label"
            judge.note("dom-5", "error", what, where, source)


def _references(value: Any) -> Iterator[str]:
    """Yield every text that may be a reference into the resource."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
    elif isinstance(value, str) and value.startswith("#"):
        yield value


def _coding(judge: Judge, node: Node, value: Json, place: Place) -> None:
    """Judge whether a code exists, where its code system is at hand."""
    system, code = value.get("system"), value.get("code")
    if not isinstance(system, str) or not isinstance(code, str):
        return
    if system == REMOVED_SYSTEM:
        what = "the code system absent-unknown-uv-ips was removed in IPS 2.0.0"
        judge.note("Coding.system.removed", "warning", what, place, node.source)
    elif judge.document.terminology.exists(system, code) is False:
        # Codes come and go between versions; the tables hold one, and a named one may be another.
        versioned = "version" in value
        what = f"«{short(code)}» is not a code of {short(system, 120)}"
        if versioned:
            what += f" as it is at hand (version {short(value['version'], 20)} is named)"
        severity = "warning" if versioned else "error"
        judge.note("Coding.code.unknown", severity, what, place, node.source)


def _identifier(judge: Judge, node: Node, value: Json, place: Place) -> None:
    """Judge whether the system of an identifier is a URI that names its scheme."""
    system, text = value.get("system"), value.get("value")
    if isinstance(system, str) and not is_absolute(system):
        what = f"«{short(system, 120)}» is no absolute URI; an OID is written urn:oid:…"
        judge.note("Identifier.system.absolute", "error", what, place.at(".system"), node.source)
    elif system == URI_SYSTEM and isinstance(text, str) and ":" not in text:
        what = f"«{short(text)}» is no URI, which the system {URI_SYSTEM} stands for"
        judge.note("Identifier.value.absolute", "error", what, place.at(".value"), node.source)


def clean_identifier(value: Json) -> bool:
    """Whether `_identifier` surely has nothing to say."""
    system = value.get("system")
    if system is None:
        return True
    return is_absolute(system) and (system != URI_SYSTEM or ":" in value.get("value", ":"))


BY_TYPE: dict[str, Callable[[Judge, Node, Json, Place], None]] = {
    "Coding": _coding,
    "Extension": extension,
    "Identifier": _identifier,
}
"""Checks that belong to a data type wherever it stands."""
