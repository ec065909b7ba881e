"""Laboratory answers from Pasientens prøvesvar: NILAR 1.5 reports, results, specimens."""

from __future__ import annotations

from ips.sources import results
from ips.sources.base import LABORATORY, Reading, Resource, Source
from ips.sources.fhirfile import FhirFile
from ips.sources.node import Node

KIND = "provesvar"
TYPES = frozenset({"DiagnosticReport", "Observation", "Specimen"})


def read(content: bytes, *, name: str, lenient: bool = False) -> Source:
    """Read laboratory answers.

    Raises:
        InputError: unreadable, two patients, or faults in the data (warnings when lenient).
    """
    reading = Reading(name, KIND, lenient=lenient)
    file = FhirFile.read(content, reading)
    entries(file)
    file.finish({*TYPES, "ServiceRequest", "OperationOutcome"})
    return reading.finish()


def entries(file: FhirFile) -> None:
    """Read the specimens, observations and reports of a file, and link them."""
    links = _Links(file)
    for node in file.of_type("Specimen"):
        links.add(node, results.specimen(node, file))
    for node in file.of_type("Observation"):
        links.add(node, results.observation(node, file, "laboratory"))
    for node in file.of_type("DiagnosticReport"):
        links.add(node, results.report(node, file))
    links.connect()


class _Links:
    """Turns references between resources of the file into references between ours."""

    def __init__(self, file: FhirFile) -> None:
        self.file = file
        self.references: dict[int, str] = {}
        self.pairs: list[tuple[Node, Resource]] = []

    def add(self, node: Node, made: Resource) -> None:
        """Take a resource in, unless its source has deleted it."""
        if results.skip_deleted(node):
            return
        identity = str(node.value.get("id", ""))
        reference = self.file.reading.add(made, identity, results.taken(node, made))
        self.references[id(node.value)] = reference
        self.pairs.append((node, self.file.reading.source.resources[-1]))

    def connect(self) -> None:
        """Set specimen, members and results; give results the laboratory that reported them."""
        made = {self.references[id(node.value)]: resource for node, resource in self.pairs}
        for node, resource in self.pairs:
            kind = resource["resourceType"]
            specimens = self._targets(node, "specimen")
            if specimens and kind == "Observation":
                resource["specimen"] = specimens[0]
            elif specimens and kind == "DiagnosticReport":
                resource["specimen"] = specimens
            members = self._targets(node, "hasMember")
            if members and kind == "Observation":
                resource["hasMember"] = members
            found = self._targets(node, "result") if kind == "DiagnosticReport" else []
            if found:
                resource["result"] = found
            for result in found:
                _inherit(made.get(result["reference"], {}), resource)
            self._set_aside(node)

    def _targets(self, node: Node, key: str) -> list[dict[str, str]]:
        found = []
        for part in node.nodes(key):
            part.skip("type", "display", "identifier")
            target = self.file.resolve(part.text("reference"), node)
            reference = self.references.get(id(target.value)) if target is not None else None
            if reference:
                found.append({"reference": reference})
            elif part.value.get("reference"):
                self.file.reading.warn(f"{key} refers to something that is not in the file",
                                       part.path)  # fmt: skip
        return found

    def _set_aside(self, node: Node) -> None:
        node.set_aside("basedOn", "The request behind the answer has no place in the summary.")
        node.set_aside("request", "The request behind the answer has no place in the summary.")
        node.rest(LABORATORY)


def _inherit(result: Resource, report: Resource) -> None:
    """A result without performer or date has those of its report."""
    for key in ("performer", "effectiveDateTime", "effectivePeriod"):
        dated = key != "performer" and (
            "effectiveDateTime" in result or "effectivePeriod" in result
        )
        if result and key in report and key not in result and not dated:
            result[key] = report[key]
