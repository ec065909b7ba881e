"""Provenance of an entry: who recorded it, who changed it, who said it, and in which source."""

from __future__ import annotations

from typing import Any

from ips.reconcile import PEOPLE
from ips.sources.base import Origin, Resource, Source
from ips.sources.datatypes import pack

PARTICIPANT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

SYSTEMS = {
    "kj-critical-info": "Kjernejournal (kritisk informasjon)",
    "sfm-medication": "Sentral forskrivningsmodul (legemiddelliste)",
    "m25": "Reseptformidleren (legemidler i bruk, M25.1)",
    "sysvak": "SYSVAK (Nasjonalt vaksinasjonsregister)",
    "provesvar": "Pasientens prøvesvar",
    "maledata": "Pasientens måledata",
    "dhg": "Digitalt helsekort for gravide",
    "no-basis": "Folkeregisteret og helsetjenestens registre",
    "fhir": "FHIR-kilde",
}
"""What each kind of source is called where people read."""

# Parts of an entry (the product, the device, the specimen) share the provenance of the entry.
_PARTS = PEOPLE | {"Medication", "Device", "Specimen", "Patient"}


def provenance_of(
    resource: Resource, told_by: list[tuple[Source, Origin | None]]
) -> Resource | None:
    """Return the Provenance of a resource; None for people and for parts of an entry.

    Args:
        resource: the reconciled resource.
        told_by: each source that told of it, with what is known of its origin there.
    """
    kind, identity = resource["resourceType"], resource["id"]
    if kind in _PARTS:
        return None
    agents: list[dict[str, Any]] = []
    entities: list[dict[str, Any]] = []
    for source, origin in told_by:
        for agent in [*_agents(origin), _custodian(source)]:
            if agent not in agents:
                agents.append(agent)
        entities.append({"role": "source", "what": {"display": _shown(source, origin)}})
    recorded = _recorded(told_by)
    made = pack(
        resourceType="Provenance", id=f"prov-{kind}-{identity}"[:64],
        target=[{"reference": f"{kind}/{identity}"}], recorded=recorded, agent=agents,
        entity=entities,
    )  # fmt: skip
    if not recorded:
        made["_recorded"] = {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}
    return made


def _agents(origin: Origin | None) -> list[dict[str, Any]]:
    if origin is None:
        return []
    found = []
    if origin.recorder:
        found.append(_agent("author", {"reference": origin.recorder}))
    if origin.updater and origin.updater != origin.recorder:
        found.append(_agent("author", {"reference": origin.updater}))
    if origin.from_patient:
        found.append(_agent("informant", {"reference": "Patient/patient"}))
    return found


def _custodian(source: Source) -> dict[str, Any]:
    return _agent("custodian", {"display": SYSTEMS.get(source.kind, source.kind)})


def _agent(code: str, who: dict[str, str]) -> dict[str, Any]:
    display = {"author": "Author", "informant": "Informant", "custodian": "Custodian"}[code]
    return {"type": {"coding": [{"system": PARTICIPANT, "code": code, "display": display}]},
            "who": who}  # fmt: skip


def _shown(source: Source, origin: Origin | None) -> str:
    text = f"{SYSTEMS.get(source.kind, source.kind)}: {source.name}"
    if origin and origin.informant:
        text += f" (kilde: {origin.informant})"
    return text


def _recorded(told_by: list[tuple[Source, Origin | None]]) -> str:
    """The latest time that is known to the second: ``recorded`` is an instant."""
    times = []
    for source, origin in told_by:
        times += [origin.updated, origin.recorded] if origin else []
        times.append(source.date)
        moments = [time for time in times if "T" in time]
        if moments:
            return moments[0]
    return ""
