"""A collection of resources with ids that follow from their content (MPD 1.0.0 examples)."""

from __future__ import annotations

from typing import Any

import orjson

from ips.summary.copying import clean, default, stable_id

Resource = dict[str, Any]


class Collection:
    """Resources under construction; the same content is kept once."""

    def __init__(self) -> None:
        self._entries: dict[str, Resource] = {}

    def add(self, resource: Resource) -> str:
        """Take in a resource whose references are in already; return its ``urn:uuid`` URL."""
        resource = clean(resource)
        identity = stable_id(orjson.dumps(resource, default=default, option=orjson.OPT_SORT_KEYS))
        url = f"urn:uuid:{identity}"
        kind = resource["resourceType"]
        rest = {key: value for key, value in resource.items() if key != "resourceType"}
        self._entries.setdefault(url, {"resourceType": kind, "id": identity, **rest})
        return url

    def bundle(self, timestamp: str) -> Resource:
        """Return the Bundle, requests and dispensations first.

        Args:
            timestamp: FHIR instant of the message; empty when it gives none.
        """
        first = ("MedicationRequest", "MedicationDispense")
        entries = sorted(self._entries.items(), key=lambda e: e[1]["resourceType"] not in first)
        identity = stable_id("|".join(sorted(self._entries)).encode())
        made: Resource = {"resourceType": "Bundle", "id": identity, "type": "collection"}
        if timestamp:
            made["timestamp"] = timestamp
        made["entry"] = [{"fullUrl": url, "resource": resource} for url, resource in entries]
        return made


def only(bundle: Resource, kind: str) -> list[Resource]:
    """Return the resources of one type in a Bundle."""
    return [
        entry["resource"]
        for entry in bundle.get("entry", ())
        if isinstance(entry, dict)
        and isinstance(entry.get("resource"), dict)
        and entry["resource"].get("resourceType") == kind
    ]


def target(bundle: Resource, reference: Any) -> Resource:
    """Return the resource of the bundle that a Reference points to; {} when it is not in it."""
    wanted = reference.get("reference") if isinstance(reference, dict) else None
    if not isinstance(wanted, str) or not wanted:
        return {}
    for entry in bundle.get("entry", ()):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict):
            continue
        name = f"{resource.get('resourceType')}/{resource.get('id')}"
        url = entry.get("fullUrl")
        if wanted in (url, name) or (isinstance(url, str) and url.endswith(f"/{wanted}")):
            return resource
    return {}
