"""A collection of resources with ids that follow from their content (MPD 1.0.0 examples)."""

from __future__ import annotations

from typing import Any

import orjson

from ips.summary.copying import clean, default, stable_id

Resource = dict[str, Any]

_DOUBTFUL_ABROAD = (b"\xc2", b"\xe1", b"\xe2", b"\xe3", b"\xef")
"""Bytes of JSON whose text may hold what FHIR or XML forbid, beside the escapes. Text of nothing
but space need not be looked for: the readers strip it, and what is empty then is left out."""


class Collection:
    """Resources under construction; the same content is kept once."""

    def __init__(self) -> None:
        self._entries: dict[str, Resource] = {}

    def add(self, resource: Resource) -> str:
        """Take in a resource whose references are in already; return its ``urn:uuid`` URL."""
        content = _written(resource)
        if content is None:
            resource = clean(resource)
            content = orjson.dumps(resource, default=default, option=orjson.OPT_SORT_KEYS)
        identity = stable_id(content)
        url = f"urn:uuid:{identity}"
        if url not in self._entries:
            made = self._entries[url] = {"resourceType": resource["resourceType"], "id": identity}
            made.update(resource)
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


def _written(resource: Resource) -> bytes | None:
    """Return the JSON of a resource that needs no cleaning (``copying.clean``), else None."""
    try:
        content = orjson.dumps(resource, default=default, option=orjson.OPT_SORT_KEYS)
    except (TypeError, ValueError):  # text that is no Unicode
        return None
    if b"\\" in content:
        return None
    if not content.isascii():
        for mark in _DOUBTFUL_ABROAD:
            if mark in content:
                return None
    return content


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
