"""The head of the document: Composition, who made it, who keeps it, where each entry is from."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from ips.summary.copying import stable_id
from ips.summary.narrative import TAGS
from ips.summary.phrases import Speaker
from ips.summary.systems import HL7, LOINC, concept
from ips.summary.tables import canonical

Resource = dict[str, Any]
Entry = tuple[str, Resource]

ORGANISATION = "urn:oid:2.16.578.1.12.4.1.4.101"
"""Organisation numbers of Enhetsregisteret (no-basis-Organization, slice ENH)."""


def author(profile: str, version: str) -> Entry:
    """Return the device that puts the document together; no clinician has signed it."""
    id_ = stable_id(f"Device|ehds|{version}".encode())
    meta = {"profile": [canonical("Device", profile)]}
    name = {"name": "ehds", "type": "manufacturer-name"}
    return f"urn:uuid:{id_}", {
        "resourceType": "Device",
        "id": id_,
        "meta": meta,
        "deviceName": [name],
        "type": {"text": "Document assembly software"},
        "version": [{"value": version}],
    }


def custodian(profile: str) -> Entry:
    """Return the organisation that keeps the national sources: Norsk helsenett."""
    content = {
        "meta": {"profile": [canonical("Organization", profile)]},
        "identifier": [{"system": ORGANISATION, "value": "994598759"}],
        "name": "Norsk helsenett SF",
        "address": [{"country": "NO"}],
    }
    id_ = stable_id(b"Organization|994598759")
    return f"urn:uuid:{id_}", {"resourceType": "Organization", "id": id_, **content}


def composition(
    *,
    profile: str,
    id_: str,
    timestamp: str,
    patient: Entry,
    author_url: str,
    custodian_url: str,
    sections: Sequence[Resource],
    sources: Sequence[str],
    speak: Speaker,
) -> Entry:
    """Return the Composition (IPS 2.0.0 Composition-uv-ips, EPS composition-eu-eps)."""
    say, tag = speak.words, TAGS[speak.lang]
    text = say["composition.text"].format(
        name=person_name(patient[1]) or say["no-name"],
        date=speak.date(timestamp),
        sources=", ".join(sources) or say["composition.from-nothing"],
    )
    div = (
        f'<div xmlns="http://www.w3.org/1999/xhtml" lang="{tag}" xml:lang="{tag}">'
        f"<p>{html.escape(text)}</p></div>"
    )
    return f"urn:uuid:{id_}", {
        "resourceType": "Composition",
        "id": id_,
        "meta": {"profile": [canonical("Composition", profile)]},
        "language": tag,
        "text": {"status": "generated", "div": div},
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{id_}"},
        "status": "final",
        "type": concept(LOINC, "60591-5", "Patient summary Document"),
        "subject": {"reference": patient[0]},
        "date": timestamp,
        "author": [{"reference": author_url}],
        "title": say["title"],
        "confidentiality": "N",
        "custodian": {"reference": custodian_url},
        "section": list(sections),
    }


def person_name(person: Mapping[str, Any]) -> str:
    """Return the name of a Patient or Practitioner as one line; empty when there is none."""
    names = person.get("name", ())
    chosen = next((n for n in names if n.get("use") == "official"), names[0] if names else {})
    parts = [*chosen.get("given", ()), chosen.get("family", "")]
    return str(chosen.get("text") or " ".join(part for part in parts if part))


_ASSEMBLER = HL7 + "provenance-participant-type"


def provenance(
    source: str, targets: Sequence[str], timestamp: str, author_url: str, seed: str
) -> Entry:
    """Return the Provenance of the entries of one source.

    Args:
        source: name of the source, a URI or words.
        targets: references of the entries in the document.
        timestamp: time of the document.
        author_url: the device that assembled it.
        seed: what makes the id unique to the document.
    """
    id_ = stable_id(f"Provenance|{source}|{seed}".encode())
    agent = {
        "type": concept(_ASSEMBLER, "assembler", "Assembler"),
        "who": {"reference": author_url},
    }
    return f"urn:uuid:{id_}", {
        "resourceType": "Provenance",
        "id": id_,
        "target": [{"reference": target} for target in targets],
        "recorded": timestamp,
        "agent": [agent],
        "entity": [{"role": "source", "what": {"display": source}}],
    }
