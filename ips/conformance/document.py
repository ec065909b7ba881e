"""Rules of a document bundle that no single element carries (FHIR R4 Documents, Bundle)."""

from __future__ import annotations

from typing import Any

from ips.conformance.context import Document, Findings, Place, short
from ips.conformance.model import Json

SOURCE = "http://hl7.org/fhir/R4/documents.html#content"
BUNDLE = "http://hl7.org/fhir/R4/bundle.html#references"


NESTED = (dict, list)
NEEDS_FULL_URL = ("document", "message", "collection", "searchset", "history")
"""In other bundles an entry may be about to get its URL."""


def check(document: Document, findings: Findings) -> None:
    """Judge fullUrls and that everything in a document hangs together."""
    root = document.root
    entries = root.get("entry")
    if not document.is_bundle or not isinstance(entries, list):
        return
    named = root.get("type") in NEEDS_FULL_URL
    for at, entry in enumerate(entries):
        if isinstance(entry, dict):
            if named and "fullUrl" not in entry:
                what, where = "the entry has no fullUrl", f"Bundle.entry[{at}]"
                findings.add_at(where, "bundle.fullUrl.missing", "error", what, BUNDLE)
            _full_url(entry, at, findings)
    if root.get("type") == "document" and entries:
        _reachable(document, entries, findings)


def _full_url(entry: Json, at: int, findings: Findings) -> None:
    url, resource = entry.get("fullUrl"), entry.get("resource")
    if not isinstance(url, str) or not isinstance(resource, dict) or url[:9] == "urn:uuid:":
        return
    where = f"Bundle.entry[{at}].fullUrl"
    if ":" not in url:
        what = "the fullUrl is not absolute"
        findings.add_at(where, "bundle.fullUrl.absolute", "error", what, BUNDLE)
        return
    identity = resource.get("id")
    if url.startswith(("http://", "https://")) and isinstance(identity, str):
        tail = f"{resource.get('resourceType')}/{identity}"
        if not url.endswith("/" + tail):
            what = f"the fullUrl does not end in {short(tail)}, the type and id of its resource"
            findings.add_at(where, "bundle.fullUrl.id", "error", what, BUNDLE)


def _reachable(document: Document, entries: list[Any], findings: Findings) -> None:
    """Note entries that the Composition does not lead to, directly or through others."""
    resources = [e.get("resource") for e in entries if isinstance(e, dict)]
    first = resources[0] if resources else None
    if not isinstance(first, dict):
        return
    links = {id(r): _targets(document, r) for r in resources if isinstance(r, dict)}
    forward = _closure({id(first)}, links)
    if len(forward) == len(links):
        return
    apart = [key for key in links if key not in forward]
    both = {key: [*links[key]] for key in apart}
    for key in apart:
        for target in links[key]:
            both.setdefault(target, []).append(key)
    around = _closure(forward, both)
    for at, resource in enumerate(resources):
        if isinstance(resource, dict) and id(resource) not in forward:
            orphan = id(resource) not in around
            what = "the Composition does not lead to this entry"
            if not orphan:
                what += ", though it refers to one that belongs to the document"
            severity, where = "error" if orphan else "warning", f"Bundle.entry[{at}]"
            findings.add_at(where, "bundle.entry.unreachable", severity, what, SOURCE)


def _closure(start: set[int], links: dict[int, list[int]]) -> set[int]:
    seen = set(start)
    stack = list(start)
    while stack:
        for target in links.get(stack.pop(), ()):
            if target not in seen:
                seen.add(target)
                stack.append(target)
    return seen


def _targets(document: Document, resource: Json) -> list[int]:
    """Return the identities of the entries that a resource refers to."""
    known = document.links.get(id(resource))
    if known is not None:
        return known
    place = Place("", resource, resource, document.full_urls.get(id(resource), ""))
    found: list[int] = []
    stack: list[Any] = [resource]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            reference = value.get("reference")
            if isinstance(reference, str) and not reference.startswith("#"):
                target = document.resolve(reference, place)
                if target is not None:
                    found.append(id(target))
            stack += [v for v in value.values() if isinstance(v, NESTED)]
        else:
            stack += [v for v in value if isinstance(v, NESTED)]
    return found


def narratives(document: Document, findings: Findings) -> None:
    """Note resources without narrative (dom-6, best practice)."""
    source = "http://hl7.org/fhir/StructureDefinition/DomainResource"
    entries = document.root.get("entry") if document.is_bundle else None
    if not isinstance(entries, list):
        places = [(document.root, str(document.root.get("resourceType")))]
    else:
        places = [
            (e["resource"], f"Bundle.entry[{at}].resource")
            for at, e in enumerate(entries)
            if isinstance(e, dict) and isinstance(e.get("resource"), dict)
        ]
    what = "the resource has no narrative"
    for resource, path in places:
        if "text" not in resource and resource.get("resourceType") not in WITHOUT_TEXT:
            findings.add_at(path, "dom-6", "information", what, source)


WITHOUT_TEXT = ("Bundle", "Binary", "Parameters")
"""Resources that cannot have narrative."""
