"""What one run of the checker knows: the document, its entries, its findings so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from data.results import Outcome, Result, Severity
from ips.conformance.fhirpath.values import Env
from ips.conformance.model import Definition, Json, Node, ProfilePackage, Type
from ips.conformance.obligations import of_rule
from ips.conformance.terminology import Terminology

_SEVERITY = {"error": Severity.ERROR, "warning": Severity.WARNING}


@dataclass(slots=True)
class Place:
    """Where a value stands: its path in the document and the resources around it."""

    path: str
    resource: Json
    root: Json
    base: str = ""
    """fullUrl of the entry, against which relative references are read."""

    def at(self, step: str) -> Place:
        """Return the place of a child."""
        return Place(f"{self.path}{step}", self.resource, self.root, self.base)


@dataclass
class Findings:
    """Collects results; the same fault found by two profiles is told once."""

    results: list[Result] = field(default_factory=list)
    seen: set[tuple[str, str, str]] = field(default_factory=set)
    errors: int = 0
    undecided: int = 0

    def add(
        self,
        rule: str,
        severity: str,
        message: str,
        place: Place,
        source: str,
        outcome: Outcome = Outcome.FAIL,
    ) -> None:
        """Note one finding."""
        self.add_at(place.path, rule, severity, message, source, outcome)

    def add_at(
        self,
        path: str,
        rule: str,
        severity: str,
        message: str,
        source: str,
        outcome: Outcome = Outcome.FAIL,
    ) -> None:
        """Note one finding by its path alone."""
        key = (path, rule.rpartition(".")[2], message)
        if key in self.seen:
            return
        self.seen.add(key)
        if severity == "error" and outcome is Outcome.FAIL:
            self.errors += 1
        if outcome is Outcome.SKIP:
            self.undecided += 1
        weight = _SEVERITY.get(severity, Severity.INFORMATION)
        obligations = of_rule(rule, source)
        self.results.append(Result(rule, outcome, weight, message, path, obligations, (), source))

    def merge(self, other: Findings) -> None:
        """Take over what another walk over the same place found."""
        for result in other.results:
            key = (result.location, result.id.rpartition(".")[2], result.message)
            if key not in self.seen:
                self.seen.add(key)
                self.results.append(result)
                failed = result.outcome is Outcome.FAIL and result.severity is Severity.ERROR
                self.errors += failed
                self.undecided += result.outcome is Outcome.SKIP


@dataclass
class Document:
    """The resource under judgement and how references in it resolve."""

    root: Json
    package: ProfilePackage
    terminology: Terminology
    by_url: dict[str, Json] = field(default_factory=dict)
    paths: dict[int, str] = field(default_factory=dict)
    full_urls: dict[int, str] = field(default_factory=dict)
    clean: set[tuple[int, str]] = field(default_factory=set)
    tried: set[tuple[int, str]] = field(default_factory=set)
    """Entries by profiles whose verdict is final, though there is something to tell."""
    walked: dict[tuple[int, str], Findings] = field(default_factory=dict)
    """What was found in entries by one definition, without what that imposes."""
    links: dict[int, list[int]] = field(default_factory=dict)
    verdicts: dict[tuple[int, str], bool | None] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Json, package: ProfilePackage) -> Document:
        """Index the entries of a bundle (a single resource has none)."""
        document = cls(root, package, Terminology(package))
        entries = root.get("entry") if root.get("resourceType") == "Bundle" else None
        for at, entry in enumerate(entries if isinstance(entries, list) else ()):
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if not isinstance(resource, dict):
                continue
            document.paths[id(resource)] = f"Bundle.entry[{at}].resource"
            url = entry.get("fullUrl")
            if isinstance(url, str):
                document.by_url.setdefault(url, resource)
                document.full_urls[id(resource)] = url
        return document

    @cached_property
    def by_type_id(self) -> dict[str, Json]:
        """The entries by type and id, as a relative reference names them."""
        found: dict[str, Json] = {}
        entries = self.root.get("entry")
        for entry in entries if self.is_bundle and isinstance(entries, list) else ():
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if isinstance(resource, dict):
                kind, key = resource.get("resourceType"), resource.get("id")
                if isinstance(kind, str) and isinstance(key, str):
                    found.setdefault(f"{kind}/{key}", resource)
        return found

    @property
    def is_bundle(self) -> bool:
        """Whether references can be expected to resolve inside."""
        return self.root.get("resourceType") == "Bundle"

    @property
    def is_document(self) -> bool:
        """Whether the bundle is a document, with a Composition that everything hangs on."""
        return self.is_bundle and self.root.get("type") == "document"

    def resolve(self, reference: str, place: Place) -> Json | None:
        """Return the target of a reference, or None when it is not in the document."""
        if reference.startswith("#"):
            if reference == "#":
                return place.root
            contained = place.root.get("contained")
            for inner in contained if isinstance(contained, list) else ():
                if isinstance(inner, dict) and inner.get("id") == reference[1:]:
                    return inner
            return None
        if "#" in reference or "/_history/" in reference:
            reference = reference.split("/_history/", 1)[0].split("#", 1)[0]
        found = self.by_url.get(reference)
        if found is None and ":" not in reference:
            base = place.base
            if base.startswith(("http://", "https://")) and base.count("/") > 3:
                found = self.by_url.get(base.rsplit("/", 2)[0] + "/" + reference)
            else:
                found = self.by_type_id.get(reference)
        return found


class Judge(Protocol):
    """What the checks of single elements need of the walker."""

    document: Document

    def note(
        self, rule: str, severity: str, message: str, place: Place, source: str, skip: bool = False
    ) -> None:
        """Note a finding."""
        ...

    def conforms(self, resource: Json, url: str, place: Place) -> bool:
        """Whether a resource meets a profile."""
        ...

    def verdict(self, resource: Json, url: str, place: Place) -> bool | None:
        """The same; None when a required binding could not be judged."""
        ...

    def definition(self, definition: Definition, value: Any, place: Place) -> None:
        """Judge a value by a definition."""
        ...

    def object(self, node: Node, value: Json, place: Place) -> None:
        """Judge an object by the children of a node."""
        ...

    def value(self, node: Node, value: Any, beside: Any, kind: Type, place: Place) -> None:
        """Judge one repetition of an element."""
        ...

    def content_roots(self, node: Node, kind: Type) -> list[Node]:
        """Return the nodes that say what may stand in a value."""
        ...

    def env(self, place: Place) -> Env:
        """Return what invariants at a place can see."""
        ...


def short(value: Any, limit: int = 80) -> str:
    """Return a value as it may stand in a message: short, on one line."""
    text = str(value)
    if not text.isprintable():
        text = "".join(c if c.isprintable() or c.isspace() else "�" for c in text)
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
