"""Vaccinations, as SYSVAK has them: FHIR Immunization with SYSVAK, 7447 or ATC codes.

SYSVAK's own messages are not published; the register's content (vaccine code, product, date, batch,
dose number, place) is read in FHIR form, a Bundle of Immunization.
"""

from __future__ import annotations

from typing import Any

from ips.sources.base import VACCINE, Origin, Reading, Resource, Source
from ips.sources.clinical import deleted
from ips.sources.codes import bare_codes, concept
from ips.sources.datatypes import identifier, notes, pack, quantity
from ips.sources.fhirfile import FhirFile
from ips.sources.node import Node

KIND = "sysvak"
TYPES = frozenset({"Immunization"})

_NO_VACCINES = "787482006"


def read(content: bytes, *, name: str, lenient: bool = False) -> Source:
    """Read vaccinations.

    Raises:
        InputError: unreadable, two patients, or faults in the data (warnings when lenient).
    """
    reading = Reading(name, KIND, lenient=lenient)
    file = FhirFile.read(content, reading)
    for node in file.of_type(*TYPES):
        entry(node, file)
    file.finish({*TYPES, "OperationOutcome"})
    return reading.finish()


def entry(node: Node, file: FhirFile) -> None:
    """Read one vaccination into the source of its file."""
    if deleted(node):
        return
    made = immunization(node, file)
    if _NO_VACCINES in bare_codes(made["vaccineCode"]):
        node.reading.source.statements.add("no-known-immunizations")
        node.reading.exact(node.at("vaccineCode"), "no-known-immunizations", VACCINE)
        return
    told = bare_codes(made.get("reportOrigin", {}))
    origin = Origin(recorded=made.get("recorded", ""), recorder=_performer(made),
                    from_patient="recall" in told)  # fmt: skip
    node.reading.add(made, str(node.value.get("id", "")), origin)
    node.rest(VACCINE)


def immunization(node: Node, file: FhirFile) -> Resource:
    """Return an Immunization."""
    code = concept(node.node("vaccineCode"), VACCINE, hint="7447")
    if not code:
        node.reading.fault("the vaccination names no vaccine", node.at("vaccineCode"),
                           rule="Immunization.vaccineCode 1..1")  # fmt: skip
    manufacturer = node.node("manufacturer")
    maker = file.agent(manufacturer) if manufacturer else ""
    made = pack(
        resourceType="Immunization",
        identifier=[i for i in map(identifier, node.nodes("identifier")) if i],
        status=node.code("status", ("completed", "entered-in-error", "not-done")) or "completed",
        statusReason=concept(node.node("statusReason"), VACCINE),
        vaccineCode=code or {"text": "Ukjent vaksine"},
        patient=file.subject(node.node("patient")), **_occurrence(node),
        recorded=node.moment("recorded"), lotNumber=node.text("lotNumber"),
        manufacturer={"reference": maker} if maker.startswith("Organization/") else None,
        expirationDate=node.date("expirationDate"),
        site=concept(node.node("site"), VACCINE),
        route=concept(node.node("route"), VACCINE, hint="7477"),
        doseQuantity=quantity(node.node("doseQuantity"), VACCINE, units="7480"),
        reportOrigin=concept(node.node("reportOrigin")),
        performer=_performers(node, file), note=notes(node), protocolApplied=_protocol(node),
        reasonCode=[c for c in (concept(p, VACCINE) for p in node.nodes("reasonCode")) if c],
    )  # fmt: skip
    primary = node.flag("primarySource")
    if primary is not None:
        made["primarySource"] = primary
    if "lotNumber" in made:
        node.reading.exact(node.at("lotNumber"), made["lotNumber"], VACCINE)
    return made


def _occurrence(node: Node) -> dict[str, Any]:
    when = node.moment("occurrenceDateTime")
    if when:
        node.reading.exact(node.at("occurrenceDateTime"), when, VACCINE)
        return {"occurrenceDateTime": when}
    said = node.text("occurrenceString")
    return {"occurrenceString": said or "ukjent"}


def _performers(node: Node, file: FhirFile) -> list[dict[str, Any]]:
    made = []
    for part in node.nodes("performer"):
        who = file.agent(part.node("actor"), node)
        if who:
            made.append(pack(function=concept(part.node("function")), actor={"reference": who}))
    return made


def _performer(made: Resource) -> str:
    return next((str(p["actor"]["reference"]) for p in made.get("performer", [])), "")


def _protocol(node: Node) -> list[dict[str, Any]]:
    made = []
    for part in node.nodes("protocolApplied"):
        number, series = part.whole("doseNumberPositiveInt"), part.whole("seriesDosesPositiveInt")
        words = part.text("doseNumberString")
        part.skip("series", "authority")
        found = pack(
            targetDisease=[
                c for c in (concept(p, VACCINE) for p in part.nodes("targetDisease")) if c
            ],
            seriesDosesPositiveInt=series if series and series >= 1 else None,
        )
        if number and number >= 1:
            made.append(found | {"doseNumberPositiveInt": number})
        elif words or found:
            made.append(found | {"doseNumberString": words or "ukjent"})
    return made
