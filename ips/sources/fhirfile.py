"""Opening a FHIR R4 source file: a Bundle, Parameters, a list or one resource.

The file keeps track of whom it is about: subjects are compared, a second patient is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from ips import identifiers
from ips.sources import jsontext, people
from ips.sources.base import Reading, Resource
from ips.sources.codes import first_code
from ips.sources.datatypes import identifier, pack
from ips.sources.node import META, Node
from ips.sources.people import People, written_name

MAX_RESOURCES = 20_000


class FhirFile:
    """The resources of one file, found by reference, and the people in it."""

    def __init__(self, value: Any, reading: Reading) -> None:
        self.reading = reading
        self.people = People(reading)
        self.resources: list[Node] = []
        self.parameters: list[Node] = []
        self.timestamp = ""
        self._envelopes: list[Node] = []
        self._index: dict[str, Node] = {}
        self._agents: dict[int, str] = {}
        self._patients: dict[str, dict[str, Any]] = {}
        self._names: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        self._open(value, "")
        reading.stop()

    @classmethod
    def read(cls, content: bytes, reading: Reading) -> FhirFile:
        """Open the bytes of a file.

        Raises:
            InputError: not readable as JSON or not FHIR.
        """
        value, warnings = jsontext.parse(content, name=reading.source.name)
        reading.source.warnings += warnings
        return cls(value, reading)

    def of_type(self, *kinds: str) -> Iterator[Node]:
        """Yield the resources of some types, in order."""
        for node in self.resources:
            if node.value["resourceType"] in kinds:
                yield node

    def _open(self, value: Any, url: str) -> None:
        """Take a value apart into resources."""
        if isinstance(value, list):
            for item in value:
                self._open(item, "")
            return
        if not isinstance(value, dict):
            self.reading.error("a FHIR resource was expected", rule="FHIR R4 JSON: an object")
            return
        kind = value.get("resourceType")
        if not isinstance(kind, str) or not kind.isalnum() or not kind[0].isupper():
            self.reading.error("an object without resourceType", url or "the file",
                               rule="FHIR R4 JSON",
                               remedy="check that this is a FHIR resource")  # fmt: skip
        elif kind == "Bundle":
            self._open_bundle(value)
        elif kind == "Parameters":
            self._open_parameters(value)
        else:
            self._take(value, kind, url)

    def _open_bundle(self, value: dict[str, Any]) -> None:
        bundle = Node(value, "Bundle", self.reading)
        made, stored = bundle.moment("timestamp"), bundle.node("meta").moment("lastUpdated")
        self.timestamp = self.timestamp or made or stored
        bundle.node("meta").skip(*META)
        bundle.skip("type", "total", "link", "identifier")
        self._envelopes.append(bundle)
        for entry in bundle.nodes("entry"):
            entry.skip("search", "link", "request", "response")
            resource = entry.raw("resource")
            if resource is not None:
                self._open(resource, entry.text("fullUrl"))

    def _open_parameters(self, value: dict[str, Any]) -> None:
        envelope = Node(value, "Parameters", self.reading)
        self._envelopes.append(envelope)
        for parameter in envelope.nodes("parameter"):
            resource = parameter.raw("resource")
            parameter.skip("name")
            if resource is not None:
                self._open(resource, "")
            else:
                self.parameters.append(parameter)

    def _take(self, value: dict[str, Any], kind: str, url: str) -> None:
        if len(self.resources) >= MAX_RESOURCES:
            if len(self.resources) == MAX_RESOURCES:
                self.reading.error(f"more than {MAX_RESOURCES} resources in one file")
            return
        node = Node(value, f"{kind}[{self._counts[kind]}]", self.reading)
        self._counts[kind] += 1
        self.resources.append(node)
        identity = value.get("id")
        if url:
            self._index[url] = node
        if isinstance(identity, str):
            self._index.setdefault(f"{kind}/{identity}", node)

    def resolve(self, reference: str, inside: Node | None = None) -> Node | None:
        """Return the resource that a reference points to, contained ones included."""
        if reference.startswith("#") and inside is not None:
            for contained in inside.nodes("contained"):
                if contained.value.get("id") == reference[1:]:
                    contained.skip("resourceType", "id", "meta")
                    return contained
            return None
        found = self._index.get(reference)
        if found is None and "/" in reference:
            parts = reference.split("/_history/")[0].rstrip("/").split("/")
            found = self._index.get("/".join(parts[-2:]))
        return found

    def agent(self, node: Node, inside: Node | None = None) -> str:
        """Return our reference of a professional or organisation that a source Reference means."""
        reference = node.text("reference")
        target = self.resolve(reference, inside) if reference else None
        if target is not None:
            node.skip("identifier", "display", "type")
            if target.value.get("resourceType") == "Patient":
                return "Patient/patient"
            return self._agent(target)
        if self._is_patient(node, reference):
            return self.subject(node)["reference"]
        number = identifier(node.node("identifier"))
        display = node.text("display")
        node.skip("type")
        places = (identifiers.ENH, identifiers.HER, identifiers.RESH)
        if number.get("system") in places or "organization" in reference.lower():
            return self.people.place(number, display)
        return self.people.person(number, display)

    def _is_patient(self, node: Node, reference: str) -> bool:
        """Measurements at home are performed by the patient, who is known by number."""
        kind, number = node.value.get("type"), node.value.get("identifier")
        if kind == "Patient" or "Patient/" in reference:
            return True
        value = number.get("value") if isinstance(number, dict) else None
        return kind is None and isinstance(value, str) and value in self._patients

    def take_agent(self, node: Node) -> str:
        """Take in a professional or organisation that stands in the file by itself."""
        return self._agent(node)

    def drop(self, nodes: list[Node]) -> None:
        """Leave out resources that have been read already."""
        gone = {id(node) for node in nodes}
        self.resources = [node for node in self.resources if id(node) not in gone]

    def _agent(self, target: Node) -> str:
        key = id(target.value)
        if key not in self._agents:
            self._agents[key] = ""  # a role that refers to itself ends here
            self._agents[key] = self._make_agent(target)
            if target in self.resources:
                target.rest()
        return self._agents[key]

    def _make_agent(self, target: Node) -> str:
        kind = target.value.get("resourceType")
        if kind == "Practitioner":
            return self.people.practitioner(target)
        if kind == "Organization":
            return self.people.organization(target)
        if kind == "PractitionerRole":
            who, where = target.node("practitioner"), target.node("organization")
            return self.people.role(target, self._resolved(who, "Practitioner"),
                                    self._resolved(where, "Organization"))  # fmt: skip
        return ""

    def _resolved(self, node: Node, kind: str) -> str:
        target = self.resolve(str(node.value.get("reference", "")))
        if target is None or target.value.get("resourceType") != kind:
            return ""
        return self._agent(target)

    def subject(self, node: Node) -> dict[str, str]:
        """Note whom a resource is about, and return the reference that our resources carry."""
        reference, display = node.text("reference"), node.text("display")
        node.skip("type")
        target = self.resolve(reference) if reference else None
        if target is None:
            number = identifier(node.node("identifier"))
            self._note_patient(number, reference, display)
        else:
            node.skip("identifier")
        return {"reference": "Patient/patient"}

    def _note_patient(self, number: dict[str, Any], reference: str, display: str) -> None:
        key = number.get("value") or reference
        if key:
            self._patients.setdefault(key, number)
            self._names.setdefault(key, display)

    def patient(self) -> Resource | None:
        """Return the patient of the file, and refuse a file about two.

        A patient without a resource of its own is known by number and name only.
        """
        made = [people.patient(node, self.people) for node in self.of_type("Patient")]
        for node in self.of_type("Patient"):
            node.rest()
        numbers = {n["value"] for p in made for n in p.get("identifier", [])}
        strangers = [key for key, number in self._patients.items()
                     if number and key not in numbers]  # fmt: skip
        unknown = [key for key, number in self._patients.items() if not number]
        bare = len(strangers) + (len(unknown) if not made and not strangers else 0)
        several = len(made) + (len(strangers) if numbers or not made else 0)
        if several > 1 or (not made and bare > 1):
            self.reading.error("the file is about more than one patient",
                               rule="one record, one patient",
                               remedy="give each patient a file of their own")  # fmt: skip
            return None
        if made:
            return _named(made[0], next(iter(self._names.values()), ""))
        for key in strangers or unknown:
            number = self._patients[key]
            named = _named({"resourceType": "Patient"}, self._names[key])
            return named | pack(identifier=[number] if number else [])
        return None

    def finish(self, kinds: set[str]) -> None:
        """Report resources of types that the format does not have, and read the patient."""
        patient = self.patient()
        if patient is not None:
            self.reading.source.patient = {"resourceType": "Patient", "id": "patient"} | patient
        self.reading.source.date = self.reading.source.date or self.timestamp
        for node in self.resources:
            kind = node.value["resourceType"]
            if kind not in kinds and kind not in _PEOPLE:
                self.reading.warn(f"a {kind} is not read from this kind of file", node.path)
                node.set_aside_whole("The reader of this format does not know the resource type.")
            elif kind in _AGENTS and id(node.value) not in self._agents:
                node.set_aside_whole("Nothing that is carried refers to this one.")
        for envelope in self._envelopes:
            envelope.rest()


_AGENTS = frozenset({"Practitioner", "PractitionerRole", "Organization"})
_PEOPLE = _AGENTS | {"Patient"}


def _named(made: Resource, name: str) -> Resource:
    if name and "name" not in made:
        made["name"] = [written_name(name)]
    return made


def profiles(node: Node) -> list[str]:
    """Return the names of the profiles that a resource claims, without their address."""
    meta = node.value.get("meta")
    claimed = meta.get("profile") if isinstance(meta, dict) else None
    found = [claimed] if isinstance(claimed, str) else claimed
    return [p.split("|")[0].rstrip("/").rsplit("/", 1)[-1]
            for p in (found if isinstance(found, list) else []) if isinstance(p, str)]  # fmt: skip


def category_code(node: Node) -> str:
    """Return the code of the first category of a resource, without reading it."""
    listed = node.value.get("category")
    for part in listed if isinstance(listed, list) else []:
        if isinstance(part, dict):
            code = first_code(Node(part, "", node.reading))
            if code:
                return code
    found = node.value.get("category")
    return first_code(Node(found, "", node.reading)) if isinstance(found, dict) else ""
