"""References: do they lead to something in the document, and to the right kind of thing."""

from __future__ import annotations

from ips.conformance.context import Judge, Place, short
from ips.conformance.model import CORE, Json, Node

REFERENCE = "http://hl7.org/fhir/StructureDefinition/Reference"


def check(judge: Judge, node: Node, value: Json, place: Place) -> None:
    """Judge one Reference."""
    reference = value.get("reference")
    if not isinstance(reference, str):
        return
    target = judge.document.resolve(reference, place)
    said = value.get("type") if isinstance(value.get("type"), str) else None
    if target is None:
        _missing(judge, reference, node, place)
        kind = _named_type(reference) or said
    else:
        kind = str(target.get("resourceType"))
    if said is not None and said != kind:
        what = f"says that it refers to a {short(said)}, and refers to {kind}"
        judge.note("Reference.type", "error", what, place, REFERENCE)
    targets = [t for type_ in node.types if type_.code == "Reference" for t in type_.targets]
    if not targets or kind is None:
        return
    candidates = [t for t in targets if _type_of(judge, t) in (kind, "Resource", "DomainResource")]
    if not candidates:
        allowed = ", ".join(sorted({_type_of(judge, t) for t in targets}))
        what = f"refers to {kind}; allowed: {allowed}"
        judge.note(f"{node.id}.target", "error", what, place, node.source)
    elif target is not None and not any(judge.conforms(target, t, place) for t in candidates):
        names = ", ".join(sorted(t.rsplit("/", 1)[-1] for t in candidates))
        what = f"refers to a {kind} that does not meet {names}"
        judge.note(f"{node.id}.target-profile", "error", what, place, node.source)


def _missing(judge: Judge, reference: str, node: Node, place: Place) -> None:
    if reference.startswith("#"):
        what = f"«{short(reference)}» is not contained in the resource"
        judge.note("ref-1", "error", what, place, REFERENCE)
        return
    if not judge.document.is_bundle:
        return
    # A document must hold what its Composition refers to; the rest may lie elsewhere.
    required = place.resource.get("resourceType") == "Composition"
    what = f"«{short(reference, 120)}» does not lead to an entry of the bundle"
    severity = "error" if required and judge.document.is_document else "warning"
    judge.note("bundle.reference.closure", severity, what, place, node.source)


def _named_type(reference: str) -> str | None:
    """Return the resource type that a reference names in its URL."""
    parts = reference.split("/_history/", 1)[0].split("/")
    named = len(parts) >= 2 and parts[-2][:1].isupper() and parts[-2].isalpha()
    return parts[-2] if named else None


def _type_of(judge: Judge, profile: str) -> str:
    definition = judge.document.package.definition(profile)
    return definition.type if definition is not None else profile.removeprefix(CORE)
