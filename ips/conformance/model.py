"""The compiled constraint tables as objects: definitions, their element trees, value sets."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import orjson

import data
from data.errors import EnvironmentProblem, Problem
from ips.conformance.compile import FORMAT, compile_package
from ips.conformance.fhirpath.values import capital

Json = dict[str, Any]
"""Parsed JSON."""

CORE = "http://hl7.org/fhir/StructureDefinition/"

PRIMITIVES = frozenset(
    [
        "base64Binary",
        "boolean",
        "canonical",
        "code",
        "date",
        "dateTime",
        "decimal",
        "id",
        "instant",
        "integer",
        "markdown",
        "oid",
        "positiveInt",
        "string",
        "time",
        "unsignedInt",
        "uri",
        "url",
        "uuid",
        "xhtml",
    ]
)


@dataclass(frozen=True, slots=True)
class Type:
    """One allowed type of an element: FHIR code, profiles on it, targets of a reference."""

    code: str
    profiles: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Invariant:
    """One rule written in FHIRPath."""

    key: str
    severity: str
    human: str
    expression: str
    source: str


@dataclass(slots=True)
class Slicing:
    """How the repetitions of an element are told apart."""

    discriminators: tuple[tuple[str, str], ...]
    rules: str
    ordered: bool


_ABSENT = object()


class Node:
    """One element of a definition with what is demanded of it."""

    def __init__(self, raw: Json, definition: Definition, parent: Node | None) -> None:
        self.definition = definition
        self.name: str = raw["n"]
        self.slice: str = raw.get("k", "")
        last = f"{self.name}:{self.slice}" if self.slice else self.name
        self.id: str = f"{parent.id}.{last}" if parent else self.name
        self.min: int = raw.get("m", 0)
        self.max: int = raw.get("x", 1)
        self.is_list = "l" in raw
        self.types = tuple(Type(t[0], *(tuple(part) for part in t[1:])) for t in raw.get("t", ()))
        self.fixed: Any = raw.get("f", _ABSENT)
        self.pattern: Any = raw.get("p", _ABSENT)
        self.binding: list[str] | None = raw.get("b")
        self.max_value_set: str | None = raw.get("bm")
        self.max_length: int | None = raw.get("ml")
        self.content_of: str | None = raw.get("cr")
        self.invariants = tuple(definition.invariants[i] for i in raw.get("i", ()))
        slicing = raw.get("sl")
        self.slicing = (
            Slicing(tuple((d[0], d[1]) for d in slicing[0]), slicing[1], slicing[2])
            if slicing
            else None
        )
        self.slices = [Node(s, definition, parent) for s in raw.get("s", ())]
        self.children = [Node(c, definition, self) for c in raw.get("c", ())]

    @property
    def has_fixed(self) -> bool:
        """Whether a fixed value is demanded."""
        return self.fixed is not _ABSENT

    @property
    def has_pattern(self) -> bool:
        """Whether a pattern is demanded."""
        return self.pattern is not _ABSENT

    @property
    def source(self) -> str:
        """The link to the rule's origin: canonical of the definition and element."""
        return f"{self.definition.url}#{self.id}"

    @cached_property
    def by_key(self) -> dict[str, tuple[Node, Type]]:
        """Every JSON name that may stand here, with its element and type."""
        keys: dict[str, tuple[Node, Type]] = {}
        for child in self.children:
            if child.name.endswith("[x]"):
                for type_ in child.types:
                    keys.setdefault(child.name[:-3] + capital(type_.code), (child, type_))
            else:
                keys[child.name] = (child, child.types[0] if child.types else Type(""))
        return keys

    @cached_property
    def required(self) -> list[Node]:
        """Children that must stand here, or have a slice that must."""
        return [c for c in self.children if c.min or any(s.min for s in c.slices)]

    @cached_property
    def type_by_code(self) -> dict[str, Type]:
        """The allowed types by FHIR code."""
        return {t.code: t for t in reversed(self.types)}

    @cached_property
    def slices_by_resource(self) -> dict[str, list[Node]]:
        """The slices that hold a resource with a profile, by the type of the resource."""
        index: dict[str, list[Node]] = {}
        for candidate in self.slices:
            resource = candidate.child("resource")
            types = resource.types if resource is not None else ()
            for code in dict.fromkeys(t.code for t in types if t.profiles):
                index.setdefault(code, []).append(candidate)
        return index

    def child(self, name: str) -> Node | None:
        """Return a child by element name; a choice also by its stem."""
        return next((c for c in self.children if c.name in (name, name + "[x]")), None)

    def walk(self) -> Iterator[Node]:
        """Yield this node and everything below, slices included."""
        yield self
        for below in (*self.children, *self.slices):
            yield from below.walk()


@dataclass
class Definition:
    """A resource, data type, extension or profile."""

    url: str
    raw: Json
    invariants: list[Invariant]
    package: str

    @cached_property
    def root(self) -> Node:
        """The tree of elements."""
        return Node(self.raw["root"], self, None)

    @cached_property
    def type(self) -> str:
        """The FHIR type that is defined or constrained."""
        return str(self.raw["type"])

    @cached_property
    def is_profile(self) -> bool:
        """Whether it constrains another definition."""
        return "base" in self.raw

    @cached_property
    def imposes(self) -> tuple[str, ...]:
        """Profiles that hold as well wherever this one does."""
        return tuple(self.raw.get("imposes", ()))

    @cached_property
    def by_path(self) -> dict[str, Node]:
        """Elements by path, for contentReference."""
        return {node.id: node for node in self.root.walk() if not node.slice}


@dataclass
class ProfilePackage:
    """Everything that judging needs: the base of FHIR R4 and the guides on top of it."""

    definitions: dict[str, Definition] = field(default_factory=dict)
    value_sets: dict[str, Json] = field(default_factory=dict)
    code_systems: dict[str, frozenset[str]] = field(default_factory=dict)
    packages: list[Json] = field(default_factory=list)
    cache: dict[Any, Any] = field(default_factory=dict)
    types: dict[str, Definition] = field(default_factory=dict)

    def add(self, table: Json) -> None:
        """Add a compiled table; what it defines replaces what was there."""
        if table.get("format") != FORMAT:
            name = table.get("package", {}).get("name", "?")
            raise EnvironmentProblem(
                Problem(f"the table of {name} has another layout", remedy="compile it again")
            )
        invariants = [Invariant(**entry) for entry in table["invariants"]]
        name = table["package"]["name"]
        for url, raw in table["definitions"].items():
            self.definitions[url] = Definition(url, raw, invariants, name)
        self.types.clear()
        self.value_sets.update(table["valuesets"])
        for url, codes in table["codesystems"].items():
            self.code_systems.setdefault(url, frozenset(codes))
        self.packages.append(table["package"])

    def definition(self, url: str) -> Definition | None:
        """Return a definition by canonical; a version after ``|`` is not compared."""
        found = self.definitions.get(url)
        return found if found is not None else self.definitions.get(url.split("|", 1)[0])

    def type(self, code: str) -> Definition | None:
        """Return the base definition of a FHIR type."""
        try:
            return self.types[code]
        except KeyError:
            found = self.definitions.get(CORE + code)
            if found is not None:
                self.types[code] = found
            return found

    def with_package(self, source: Path | bytes) -> ProfilePackage:
        """Compile another package on top of this one."""
        from ips.conformance.valuesets import OPEN_SYSTEMS

        systems = [
            {"url": url, "content": "complete", "concept": [{"code": c} for c in sorted(codes)]}
            for url, codes in self.code_systems.items()
            if url not in OPEN_SYSTEMS
        ]
        extended = ProfilePackage(
            dict(self.definitions), dict(self.value_sets), dict(self.code_systems), [*self.packages]
        )
        extended.add(compile_package(source, code_systems=systems))
        return extended


def load_tables(files: Iterable[Path]) -> ProfilePackage:
    """Load compiled tables; later ones win."""
    package = ProfilePackage()
    for file in files:
        try:
            package.add(orjson.loads(gzip.decompress(file.read_bytes())))
        except (OSError, EOFError, orjson.JSONDecodeError) as error:
            raise EnvironmentProblem(
                Problem(f"the table cannot be read: {error}", str(file), remedy="install again")
            ) from None
    return package


ORDER = (
    "hl7.fhir.uv.extensions.r4",
    "hl7.fhir.r4.core",
    "hl7.terminology.r4",
    "hl7.fhir.eu.extensions.r4",
    "ihe.pharm.mpd.r4",
    "hl7.fhir.uv.ips",
    "hl7.fhir.eu.base",
    "hl7.fhir.eu.mpd",
    "hl7.fhir.eu.eps",
)


@lru_cache(maxsize=1)
def shipped() -> ProfilePackage:
    """Return the tables that the product carries (data/profiles/)."""
    return load_tables(data.path("profiles", f"{name}.json.gz") for name in ORDER)
