"""Measurements at home from Pasientens måledata (PMD 2.0, ``vkp-Observation-*``): vital signs."""

from __future__ import annotations

from ips.sources import results
from ips.sources.base import PATIENT_DATA, RESULT, Reading, Source
from ips.sources.codes import codes_of
from ips.sources.fhirfile import FhirFile
from ips.sources.node import Node

KIND = "maledata"
TYPES = frozenset({"Observation"})

LOINC = "http://loinc.org"
VITAL_SIGNS = frozenset(
    {
        "85353-1",
        "9279-1",
        "8867-4",
        "2708-6",
        "59408-5",
        "8310-5",
        "8302-2",
        "9843-4",
        "29463-7",
        "39156-5",
        "85354-9",
        "8480-6",
        "8462-4",
    }
)
"""LOINC codes of the FHIR vital signs profiles (R4)."""


def read(content: bytes, *, name: str, lenient: bool = False) -> Source:
    """Read measurements.

    Raises:
        InputError: unreadable, two patients, or faults in the data (warnings when lenient).
    """
    reading = Reading(name, KIND, lenient=lenient)
    file = FhirFile.read(content, reading)
    for node in file.of_type(*TYPES):
        entry(node, file)
    file.finish({*TYPES, "OperationOutcome", "Device"})
    return reading.finish()


def is_vital_sign(node: Node) -> bool:
    """Return whether an Observation is a vital sign by its LOINC code."""
    return any(system == LOINC and code in VITAL_SIGNS
               for system, code in codes_of(node.value.get("code")))  # fmt: skip


def entry(node: Node, file: FhirFile) -> None:
    """Read one measurement; scores and questionnaires are surveys, not vital signs."""
    if results.skip_deleted(node):
        return
    category = "vital-signs" if is_vital_sign(node) else "survey"
    made = results.observation(node, file, category, RESULT)
    made["category"] = [c for c in made["category"] if not _contradicts(c, category)]
    origin = results.taken(node, made)
    node.reading.add(made, str(node.value.get("id", "")), origin)
    node.set_aside("device", "The measuring device is not in the file.", PATIENT_DATA)
    node.rest(RESULT)


def _contradicts(part: dict[str, object], category: str) -> bool:
    """A source that calls a score a vital sign would break the vital signs profile."""
    codes = {code for system, code in codes_of(part) if system == results.CATEGORY}
    return bool(codes & {"vital-signs"}) and category != "vital-signs"
