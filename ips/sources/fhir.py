"""Any other FHIR R4 file of one patient: every resource type that some reader understands."""

from __future__ import annotations

from ips.sources import immunizations, kj, nilar, no_basis, pmd, sfm
from ips.sources.base import Reading, Source
from ips.sources.fhirfile import FhirFile

KIND = "fhir"


def read(content: bytes, *, name: str, lenient: bool = False) -> Source:
    """Read a FHIR file of mixed content.

    Raises:
        InputError: unreadable, two patients, or faults in the data (warnings when lenient).
    """
    reading = Reading(name, KIND, lenient=lenient)
    file = FhirFile.read(content, reading)
    vitals = [node for node in file.of_type("Observation") if pmd.is_vital_sign(node)]
    for node in vitals:
        pmd.entry(node, file)
    # The rest of the observations are results; the vital signs must not be read twice.
    file.drop(vitals)
    for node in file.of_type(*kj.TYPES):
        kj.entry(node, file)
    for node in file.of_type(*immunizations.TYPES):
        immunizations.entry(node, file)
    nilar.entries(file)
    sfm.entries(file)
    no_basis.entries(file)
    file.finish({*kj.TYPES, *immunizations.TYPES, *nilar.TYPES, *sfm.TYPES, "OperationOutcome"})
    return reading.finish()
