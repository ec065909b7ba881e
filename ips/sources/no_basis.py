"""People from national registers: no-basis patients, professionals and organisations."""

from __future__ import annotations

from ips.sources.base import Reading, Source
from ips.sources.fhirfile import FhirFile

KIND = "no-basis"
TYPES = frozenset({"Patient", "Practitioner", "PractitionerRole", "Organization"})


def read(content: bytes, *, name: str, lenient: bool = False) -> Source:
    """Read a patient, with professionals and organisations beside.

    Raises:
        InputError: unreadable, two patients, or faults in the data (warnings when lenient).
    """
    reading = Reading(name, KIND, lenient=lenient)
    file = FhirFile.read(content, reading)
    entries(file)
    file.finish(set(TYPES))
    return reading.finish()


def entries(file: FhirFile) -> None:
    """Read the professionals and organisations of a file."""
    for node in file.of_type("PractitionerRole", "Practitioner", "Organization"):
        file.take_agent(node)
