"""A maternity record under reading: versions with their authors, and findings as Observations."""

from __future__ import annotations

import re
from typing import Any

from ips import identifiers
from ips.loss import Fate
from ips.sources.base import PREGNANCY, Origin, Reading
from ips.sources.codes import plain
from ips.sources.datatypes import UCUM, pack
from ips.sources.node import Node, show
from ips.sources.people import People
from ips.sources.results import CATEGORY

SUBJECT = {"reference": "Patient/patient"}
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"


class Record:
    """One record: its parts, who wrote them, and the observations made of them."""

    def __init__(self, record: Node, reading: Reading) -> None:
        self.record = record
        self.reading = reading
        self.people = People(reading)

    def origin(self, node: Node) -> Origin:
        """Return who wrote the latest version of a part, and when (``metadata``)."""
        meta = node.node("metadata")
        meta.skip("id", "version", "created", "createdBy", "status")
        who = meta.node("lastUpdatedBy")
        who.skip("userType", "userId")
        number, name = who.text("hprNr"), who.text("name")
        person = self.people.person(
            {"system": identifiers.HPR, "value": number} if number else {}, name)  # fmt: skip
        orgnr, place_name = who.text("orgNr"), who.text("orgName")
        valid = not identifiers.check(identifiers.ENH, orgnr)
        place = self.people.place(
            {"system": identifiers.ENH, "value": orgnr} if orgnr and valid else {}, place_name
        )
        code = who.text("hprRole")
        role = self.people.join(person, place, code) if person else place
        when = meta.moment("lastUpdated")
        return Origin(recorded=when, recorder=role)

    def observe(
        self,
        node: Node,
        element: str,
        code: dict[str, Any],
        value: dict[str, Any],
        *,
        when: str = "",
        category: str = "",
        obligations: tuple[str, ...] = PREGNANCY,
        extra: dict[str, Any] | None = None,
    ) -> str:
        """Add an Observation; its date is that of the finding, else of the version it stands in."""
        origin = self.origin(node)
        recorder = origin.recorder
        made = pack(
            resourceType="Observation", status="final",
            category=[plain(CATEGORY, category)] if category else [], code=code, subject=SUBJECT,
            effectiveDateTime=when or origin.recorded or self.reading.source.date,
            performer=[{"reference": recorder}] if recorder else [],
        ) | value | (extra or {})  # fmt: skip
        coded = code.get("coding", [{}])[0].get("system", "")
        fate = Fate.EXACT if coded in (LOINC, SNOMED) else Fate.AS_TEXT
        reason = "" if fate is Fate.EXACT else "The record gives no code; the name is text."
        self.reading.lose(
            node.at(element), show(node.value.get(element, "")), fate, reason, obligations
        )
        return self.reading.add(made, f"{_slug(node.path)}-{element}", origin)


def _slug(path: str) -> str:
    """A place as part of an id: ``antenatalAppointments[0]`` is ``antenatalAppointments-0``."""
    return re.sub(r"[^A-Za-z0-9]+", "-", path.split(".")[-1]).strip("-")


def amount(value: float, unit: str, code: str) -> dict[str, Any]:
    """Return a Quantity in UCUM."""
    return pack(value=value, unit=unit, system=UCUM, code=code)
