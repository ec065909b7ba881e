"""Extensions: is the definition known, does the value meet it, may it stand here."""

from __future__ import annotations

from ips.conformance.context import Judge, Place, short
from ips.conformance.model import Json, Node

CROSS_VERSION = "/StructureDefinition/extension-"


def extension(judge: Judge, node: Node, value: Json, place: Place) -> None:
    """Judge one extension (ext-1, its definition, its context)."""
    source = "http://hl7.org/fhir/StructureDefinition/Extension"
    valued = any(key.startswith(("value", "_value")) for key in value)
    if ("extension" in value) == valued:
        what = "an extension has either a value or extensions, not both and not neither"
        judge.note("ext-1", "error", what, place, source)
    url = value.get("url")
    if not isinstance(url, str) or ":" not in url:
        # Inside a complex extension the url is a name; its own definition judges it.
        return
    definition = judge.document.package.definition(url)
    if definition is None or definition.type != "Extension":
        _unknown(judge, url, place)
        return
    if definition.root in judge.content_roots(node, node.types[0]):
        return
    judge.definition(definition, value, place)


def _unknown(judge: Judge, url: str, place: Place) -> None:
    modifier = ".modifierExtension" in place.path
    known_form = url.startswith("http://hl7.org/fhir/") and CROSS_VERSION in url
    if url.startswith("http://hl7.org/fhir/StructureDefinition/"):
        what = f"the extension {short(url, 120)} is not defined by FHIR"
        judge.note("Extension.url.unknown", "error", what, place, url)
    elif modifier:
        what = f"the modifier extension {short(url, 120)} is not known: it may change the meaning"
        judge.note("Extension.modifier.unknown", "warning", what, place, url)
    else:
        kind = "comes from another version of FHIR" if known_form else "is not known here"
        what = f"the extension {short(url, 120)} {kind}; its content is not judged"
        judge.note("Extension.url.unknown", "information", what, place, url, skip=True)
