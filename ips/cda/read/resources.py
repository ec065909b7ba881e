"""The resources of the bundle in the making: ids that follow from content, each thing once."""

from __future__ import annotations

from typing import Any

import orjson

from ips.cda.read.node import Reading
from ips.summary.copying import default, stable_id
from ips.summary.entries import Context, conform
from ips.summary.kinds import kind

Json = dict[str, Any]


class Resources:
    """Collects resources; equal content is one resource.

    Attributes:
        patient: the patient's reference.
        source: URI of the document that everything is from.
        profile: ``ips`` for a summary, empty for a prescription or dispensation.
        entries: resources by ``urn:uuid:...``, in the order they were added.
        people: references by the XML of the persons and organisations that were read.
    """

    def __init__(self, reading: Reading, patient: str, source: str, profile: str) -> None:
        self.reading = reading
        self.patient = patient
        self.source = source
        self.profile = profile
        self.entries: dict[str, Json] = {}
        self.people: dict[bytes, str] = {}

    def add(self, name: str, content: Json, seed: str = "", profile: str = "") -> str:
        """Add a resource and return its reference.

        Args:
            name: resource type.
            content: its elements.
            seed: what tells it from another of the same content (the place of a clinical entry).
            profile: canonical to claim instead of that of the summary.
        """
        made: Json = {"resourceType": name, **content}
        content_ = [made, self.source, seed]
        id_ = stable_id(orjson.dumps(content_, default=default, option=orjson.OPT_SORT_KEYS))
        url = f"urn:uuid:{id_}"
        if url in self.entries:
            return url
        made["meta"] = {"source": self.source} if seed else {}
        context = Context(self.profile or "none", self.patient, self.reading.loss)
        made = conform(made, kind(made), context, url)
        if profile:
            made["meta"] = {"profile": [profile], **made.get("meta", {})}
        self.entries[url] = {key: value for key, value in made.items() if value not in ({}, [])}
        return url
